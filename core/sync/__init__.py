"""The rules of keeping leads in step with a CRM: what is compared, who wins, what may be done. No sockets."""

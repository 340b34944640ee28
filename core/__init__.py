"""What is true without any outside system: values, rules, errors, settings. No sockets."""

"""The whole way in one run: from a file to a plan for the CRM."""

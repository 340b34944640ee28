"""A directory of JSON files as a CRM: the smallest there is, for trying and for keeping the interface honest."""

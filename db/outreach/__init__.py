"""Writing to people: campaigns, meetings, approvals, sending, and whom never."""

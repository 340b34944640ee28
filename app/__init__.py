"""The doors: the command line and the one-command start."""

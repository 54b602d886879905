"""Commands: one file a command, or a few that belong together; each is a function with its options."""

"""What searchkit promises of every engine: the same tests, of an index in a folder and of one on a real cluster."""

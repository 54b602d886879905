"""How do others use a searcher? Here is one; this room opens it to people and programs, today by the command line."""

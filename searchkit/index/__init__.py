"""From articles to segments and generations on disk: build, update, merge, verify, back up."""

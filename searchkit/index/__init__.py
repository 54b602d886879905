"""Here are articles; will they be found, and never lost? They become segments of a generation, on disk."""

"""The postings file: inverted, written, merged and read."""

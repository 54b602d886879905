"""Bytes on disk: files, flushes, arrays, strings and SQLite, checked where they are read. Knows no article."""

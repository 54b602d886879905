"""Keyword retrieval: analysis, query language, postings and BM25 scoring. Knows chunk rows, and no article."""

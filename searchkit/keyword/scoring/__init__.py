"""From a plan to rows and their BM25 scores."""

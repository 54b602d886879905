"""From a query to results: parse, filter, retrieve, fuse, rank, highlight, explain."""

"""An index on an OpenSearch cluster: what ``index/`` is on a disk."""

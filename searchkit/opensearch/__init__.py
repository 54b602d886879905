"""An index on an OpenSearch cluster: what ``index/`` is on a disk. ``opensearch-py`` is imported in ``client.py`` alone."""

"""Tests of ``searchkit/opensearch`` that need no cluster."""

"""The version of searchkit: it stands here once."""

__version__ = "0.1.0"

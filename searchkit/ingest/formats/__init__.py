"""One file a format: bytes or text of that form become articles, or parts of one."""

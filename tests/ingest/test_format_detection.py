"""What a file holds, by its first bytes."""

from searchkit.ingest.format_detection import detect_format


def test_pages_are_known_by_their_beginning() -> None:
    assert detect_format(b"\n<!DOCTYPE HTML><p>", "unknown") == "html"
    assert detect_format(b'<?xml version="1.0"?>\n<html xmlns="x">', "unknown") == "html"
    assert detect_format(b"A text about <html>", "unknown") == "unknown"

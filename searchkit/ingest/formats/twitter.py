"""Twitter's archive: posts as JSON that a script assigns to a name."""

from __future__ import annotations

from collections.abc import Iterator

from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.jsonl import read_json
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_POSTS = (b"tweets", b"tweet", b"note-tweet", b"noteTweet", b"community-tweet", b"communityTweet")


def read_twitter(data: bytes, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each post. Raises ``NotText`` for the archive's other files, which hold none."""
    name, _, content = data.partition(b"=")
    part = name.strip().removeprefix(b"window.").removeprefix(b"YTD.").partition(b".")[0].partition(b"[")[0]
    if part not in _POSTS:
        raise NotText(f"isn't an article: it is '{part.decode('ascii', 'replace')[:40]}' of Twitter's archive")
    return read_json(content.strip().rstrip(b";"), rows)

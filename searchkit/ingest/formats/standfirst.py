"""Standfirst: the summary that a page shows above its article."""

from __future__ import annotations

import re
from collections.abc import Sequence

from searchkit.ingest.formats.json_ld import Item, texts_of, title_key
from searchkit.ingest.formats.page_head import PageHead
from searchkit.ingest.formats.page_lines import AUTHOR, ELSEWHERE, LINK, OUTSIDE, STANDFIRST, TITLE, PageLine

_SUMMARIES = ("og:description", "description", "twitter:description", "dc.description", "sailthru.description")
_CUT = re.compile(r"(?:\[?(?:…|\.\.\.)\]?(?: ?\S{1,12})?|\[more\])\s?$", re.IGNORECASE)
_SHORTEST = 30
_LONGEST = 1200
"""Characters. Shorter ones are slogans and sections, longer ones are articles."""

_MOST_DESCRIPTIONS = 10
_LONGEST_PLACE = 25
"""Letters before a description that name where it was written: "Northford · ", "Berlin. "."""

_SURE_BEGINNING = 60
"""Letters of a cut description that tell which line it was cut from."""

_LINES_BELOW_TITLE = 8


def standfirst_of(article: Item, head: PageHead, lines: Sequence[PageLine], title: str) -> str:
    """Return the summary that a page shows: its description, whole, or what its element's name says stands first."""
    descriptions = [*texts_of(article.get("description")), *head.all(_SUMMARIES)][:_MOST_DESCRIPTIONS]
    keys = {title_key(_CUT.sub("", each)) for each in descriptions if len(each) >= _SHORTEST} - {title_key(title), ""}
    candidates = [line for line in lines if not line.all_of_it & (OUTSIDE | LINK | TITLE)]
    return _shown_description(candidates, keys) or _named(lines, title_key(title))


def _shown_description(lines: Sequence[PageLine], keys: set[str]) -> str:
    """Return the line that is the longest description shown, or ends with it, as after a place; a cut one whole."""
    longest = max(map(len, keys), default=0) + _LONGEST_PLACE
    best, length = "", 0
    for line in lines:
        text = line.text
        if not keys or not _SHORTEST <= len(text) <= _LONGEST:
            continue
        key = title_key(text)
        stands_first = bool(line.all_of_it & STANDFIRST)
        near = keys if stands_first or len(key) <= longest else ()
        matched = max((len(each) for each in near if _is_shown(each, key, cut=stands_first)), default=0)
        if matched > length:
            best, length = text, matched
    return best


def _is_shown(description: str, line: str, *, cut: bool) -> bool:
    if line.endswith(description) and len(line) - len(description) <= _LONGEST_PLACE:
        return True
    return cut and len(description) > _SURE_BEGINNING and line.startswith(description)


def _named(lines: Sequence[PageLine], title: str) -> str:
    """Return the line right below the title whose element's name says that it stands first."""
    below = -_LINES_BELOW_TITLE
    for i, line in enumerate(lines):
        if line.all_of_it & TITLE or title_key(line.text) == title:
            below = i
        elif i - below < _LINES_BELOW_TITLE and _is_named(line):
            return line.text
    return ""


def _is_named(line: PageLine) -> bool:
    marks = line.all_of_it
    return bool(marks & STANDFIRST) and not marks & (ELSEWHERE | AUTHOR) and _SHORTEST <= len(line.text) <= _LONGEST

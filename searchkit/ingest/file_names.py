"""File names: the date and the title that a file's name tells where the file itself tells none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath

from searchkit.ingest.article_builder import ParsedArticle, means
from searchkit.ingest.format_detection import FORMATS

_DATED = re.compile(
    r"(?P<year>1[6-9]\d\d|20\d\d)(?P<mark>[-_.]?)(?P<month>\d\d)(?P=mark)(?P<day>\d\d)(?![0-9])(?:[\s_.,-]+|$)"
)
_MARK_OF_PATH = re.compile(r"~[0-9a-f]{8}$")
_WORD = re.compile(r"[^\W\d_]{2,}")
_TITLED = frozenset({"markdown", "mdx", "org", "asciidoc", "rst"})
"""Formats of notes, whose programs show a file's name as its title."""

_UNDATED = frozenset({"html"})
"""A saved page has the date of its saving in its name."""


def named_by_file(draft: ParsedArticle, name: str, file_format: str, fields: Mapping[str, str]) -> ParsedArticle:
    """Return what a parser read, with date and title from the name of its file where it has none and they are there.

    Args:
        draft: What was read.
        name: The file's id: its path below its place.
        file_format: What kind of file it is.
        fields: The fields that are mapped, which are never taken from a name.
    """
    stem, day = _split(name)
    values: dict[str, object] = {}
    if day and file_format not in _UNDATED and "published" not in fields and not means(draft.values, "published"):
        values["published"] = day.isoformat()
    if file_format in _TITLED and "title" not in fields and not means(draft.values, "title") and _is_title(stem):
        values["title"] = stem[:1].upper() + stem[1:]
    return replace(draft, values={**draft.values, **values}) if values else draft


def _split(name: str) -> tuple[str, date | None]:
    """Return the words of a file's name, and the date that they begin with."""
    path = PurePosixPath(_MARK_OF_PATH.sub("", name))
    stem = path.stem if path.suffix.lower() in FORMATS else path.name
    day = None
    if match := _DATED.match(stem):
        try:
            day = date(int(match["year"]), int(match["month"]), int(match["day"]))
            stem = stem[match.end() :]
        except ValueError:
            pass
    words = stem if " " in stem else re.sub(r"[-_]+", " ", stem)
    return words.strip(), day


def _is_title(stem: str) -> bool:
    return len(_WORD.findall(stem)) > 1

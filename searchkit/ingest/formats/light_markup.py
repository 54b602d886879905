"""Light markup: what reStructuredText, Org and AsciiDoc have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from searchkit.ingest.article_builder import ParsedArticle, means, plain_text
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.front_matter import FrontMatter, lead
from searchkit.ingest.formats.sections import Block, join
from searchkit.ingest.text_cleanup import Vocabulary, glued, one_line

ITEM = re.compile(r"(?P<mark>[-*+•–]|\(?(?:\d{1,4}|#|[A-Za-z])[.)])[ \t]+(?P<text>\S.*)")
"""A list's item; its mark is a dash, or a number."""


def assembled(front: FrontMatter, title: str, blocks: Iterable[Block]) -> ParsedArticle:
    """Return the article of a document: its keys, its title where the keys have none, its blocks.

    Raises ``NotText`` where it has keys alone.
    """
    declared = one_line(plain_text(means(front.values, "title"), "title", " "))
    text, sections = join(blocks)
    text = text or lead(front.values)
    if front.values and not text and not title:
        raise NotText("has no text (front matter alone)")
    values = {"text": text} | {f"front {key}" if key == "text" else key: value for key, value in front.values.items()}
    if not declared:
        values["title"] = title
    return ParsedArticle(values=values, sections=sections, notes=front.notes)


def paragraph(lines: Sequence[str], vocabulary: Vocabulary) -> str:
    """Return lines as one paragraph."""
    return glued((line.strip() for line in lines), vocabulary)


def item_mark(mark: str) -> str:
    """Return a list's mark as it stands in a text: a dash, or the number with its stop."""
    return f"{mark.strip('().')}." if mark.strip("().").isalnum() else "-"


def indent_of(line: str) -> int:
    """Return how many columns a line is indented by."""
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def dedented(lines: Sequence[str]) -> list[str]:
    """Return lines without the indent that all of them share, and without blank ones around them."""
    expanded = [line.expandtabs(8) for line in lines]
    least = min((indent_of(line) for line in expanded if line.strip()), default=0)
    cut = [line[least:].rstrip() for line in expanded]
    while cut and not cut[0]:
        cut.pop(0)
    while cut and not cut[-1]:
        cut.pop()
    return cut

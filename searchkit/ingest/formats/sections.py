"""Sections: blocks of text, some of them headings, as one text with spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from searchkit.ingest.text_cleanup import clean, one_line
from searchkit.types import Section

LONGEST_HEADING = 200
"""Characters. What is longer was marked up as a heading for its looks (a whole lead paragraph, often)."""

_ATX_OR_FENCE = re.compile(r"^ {0,3}(?:(?P<fence>```|~~~).*|(?P<marks>#{1,6})[ \t]+(?P<text>.*))$", re.MULTILINE)
_LONGEST_MARKED_HEADING = 1_000
"""Characters of a heading with its marks, the address of a link among them."""

# None of these begins at one place and reads on to the end again and again: in "[[[[" that would be quadratic.
_CLOSING_MARKS = re.compile(r" #+$")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*\)")
_EMPHASIS = re.compile(rf"(\*\*|__|\*|`)(\S(?:.{{0,{LONGEST_HEADING}}}?\S)?)\1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading and the span of its line. Level 1 is the highest."""

    start: int
    end: int
    text: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, or where ``level`` isn't 0 a heading, with what separates it from the block before."""

    text: str
    level: int = 0
    gap: str = "\n\n"


def join(blocks: Iterable[Block]) -> tuple[str, tuple[Section, ...]]:
    """Return the blocks as one text, and its sections. Blank blocks are left out; headings stay in the text."""
    parts: list[str] = []
    headings: list[Heading] = []
    length = 0
    for block in blocks:
        words = clean(block.text)
        if not words.strip():
            continue
        if parts:
            parts.append(block.gap)
            length += len(block.gap)
        parts.append(words)
        if block.level and len(words) <= LONGEST_HEADING:
            headings.append(Heading(start=length, end=length + len(words), text=one_line(words), level=block.level))
        length += len(words)
    text = "".join(parts)
    return text, sections_under(text, headings)


def split_title(blocks: Sequence[Block], declared: str) -> tuple[str, list[Block]]:
    """Return a title and the blocks without it: the declared one, else the first heading of the first level.

    A first heading that differs from the declared title stays.
    """
    first = next((i for i, block in enumerate(blocks) if block.level == 1), None)
    if first is None:
        return declared, list(blocks)
    heading = one_line(blocks[first].text)
    if declared and heading.casefold() != declared.casefold():
        return declared, list(blocks)
    return declared or heading, [*blocks[:first], *blocks[first + 1 :]]


def sections_under(text: str, headings: Sequence[Heading]) -> tuple[Section, ...]:
    """Return the sections that headings, given in order, make of a text; none where there would be one without heading.

    What stands before the first heading is a section without one. A heading with nothing under it but a lower heading
    joins that one ("Caracas › Reactions"); with nothing at all under it, it is no heading but text, so that every
    word is in a section, or in a section's heading. Spans are trimmed of white space.
    """
    sections: list[Section] = []
    cuts = [(0, 0, ""), *_cuts(text, headings), (len(text), len(text), "")]
    for (_, after, heading), (end, _, _) in pairwise(cuts):
        body = text[after:end].strip()
        if body:
            start = text.index(body, after)
            sections.append(Section(heading=heading, start=start, end=start + len(body)))
    return tuple(sections) if any(section.heading for section in sections) else ()


def _cuts(text: str, headings: Sequence[Heading]) -> list[tuple[int, int, str]]:
    """Return where the section before ends, where the next one starts, and its heading."""
    cuts: list[tuple[int, int, str]] = []
    above: list[Heading] = []
    for i, heading in enumerate(headings):
        following = headings[i + 1] if i + 1 < len(headings) else None
        if text[heading.end : following.start if following else len(text)].strip():
            path = [*above, heading]
            cuts.append((path[0].start, heading.end, " › ".join(each.text for each in path)))
            above = []
        elif following and following.level > heading.level:
            above.append(heading)
        else:
            start = above[0].start if above else heading.start
            if not cuts or cuts[-1][2]:
                cuts.append((start, start, ""))
            above = []
    return cuts


def atx_headings(text: str) -> list[Heading]:
    """Find the lines of a text that are headings in Markdown's ``## form``, outside fenced code."""
    if "#" not in text:
        return []
    headings = []
    fence = ""
    for match in _ATX_OR_FENCE.finditer(text):
        if match["fence"]:
            fence = "" if fence == match["fence"] else fence or match["fence"]
        elif not fence and (heading := atx_text(match["text"])):
            headings.append(
                Heading(start=match.start(), end=match.end(), text=heading, level=len(match["marks"])),
            )
    return headings


def atx_text(text: str) -> str:
    """Return what an ATX heading says, without closing marks, emphasis and link syntax; empty where it's too long."""
    text = _CLOSING_MARKS.sub("", one_line(text[: 4 * _LONGEST_MARKED_HEADING]))
    if len(text) > _LONGEST_MARKED_HEADING:
        return ""
    text = _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", text)).strip()
    return text if text.strip("#") and len(text) <= LONGEST_HEADING else ""

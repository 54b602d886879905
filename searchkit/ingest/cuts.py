"""Here is a sentence that is too long; where may it be cut? Between clauses, words, or else graphemes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

_NOT_INSIDE = r"(?![\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}])"
_SPACED = (
    r"[\p{L}\p{N}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Yi}]]"
)
"""A letter or digit of a script with spaces: a word of it isn't to be cut."""

_BORDERS = (
    r"\n\s*",
    r"[,;:،؛—–][\"”’)»]*\s+|[、，；：。」』）]",
    r"\s+",
    r"\u200b",
    rf"(?<={_SPACED})(?:[;|]+|,+(?!\d)|(?<!\d),+)(?={_SPACED})",
    rf"(?<={_SPACED})[\p{{P}}\p{{S}}]*[\p{{P}}\p{{S}}--['’_\-.]][\p{{P}}\p{{S}}]*(?={_SPACED})",
    rf"(?<={_SPACED})[_\-.]+(?={_SPACED})",
)
"""What a cut may follow, the best first: a line's end, a clause's, a word's, a word's of a script without spaces; and
where a list or an address has no spaces at all, what parts its words: the rarer within a word or number, the better."""

_WINDOW = 256
"""Characters of a text that are divided into grapheme clusters at once."""

_REACH = 4
"""A border is looked for within a quarter of a part's length around the even cut."""


def cut(text: str, start: int, end: int, parts: int) -> list[tuple[int, int]]:
    """Cut ``text[start:end]`` into about ``parts`` spans of like length, without the spaces around them.

    No span begins or ends inside a grapheme cluster; one that is a single cluster is returned as it is.
    """
    step = (end - start) / max(parts, 2)
    borders = [start]
    for number in range(1, max(parts, 2)):
        border = _border(text, borders[-1], start + round(number * step), end, max(int(step / _REACH), 1))
        if borders[-1] < border < end:
            borders.append(border)
    return [
        stripped
        for first, last in zip(borders, [*borders[1:], end], strict=True)
        if (stripped := strip(text, first, last)) is not None
    ]


def strip(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the span without the spaces at its ends; None where nothing is left."""
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return first, first + len(stripped)


def cluster_end(text: str, position: int, known: int) -> int:
    """Return the first end of a grapheme cluster from ``position`` on; ``known`` is a border before it."""
    for border in _cluster_ends(text, known, len(text)):
        if border >= position:
            return border
    return len(text)


def last_cluster_end(text: str, known: int, position: int) -> int:
    """Return the last end of a grapheme cluster up to ``position``; ``known`` is a border before it."""
    last = known
    for border in _cluster_ends(text, known, len(text)):
        if border > position:
            break
        last = border
    return last


def _cluster_ends(text: str, known: int, end: int) -> Iterator[int]:
    """Yield the ends of the grapheme clusters of ``text[known:end]``; ``known`` is a border.

    Some characters at a time: of a row of flags the library counts all before each, which is quadratic.
    """
    at, window = known, _WINDOW
    while at < end:
        piece = text[at : min(at + window, end)]
        whole = at + len(piece) == end
        begun = at
        for match in _pattern(r"\X").finditer(piece):
            # The last of them may go on behind the window.
            if whole or match.end() < len(piece):
                at = begun + match.end()
                yield at
        window = _WINDOW if at > begun else 4 * window


@cache
def _pattern(expression: str) -> regex.Pattern[str]:
    """Compile an expression, not before a text is there to be cut: a search that shows short chunks needs none."""
    import regex

    return regex.compile(expression, regex.V1)


def _border(text: str, last: int, target: int, end: int, reach: int) -> int:
    """Return the best place for a cut near ``target``, between ``last`` and ``end``; ``last`` where there is none."""
    low, high = max(last + 1, target - reach), min(end - 1, target + reach)
    for border in _BORDERS:
        pattern = _pattern(rf"(?:{border}){_NOT_INSIDE}")
        found = [match.end() for match in pattern.finditer(text, low - 1, high + 1) if low <= match.end() <= high]
        if found:
            return min(found, key=lambda border: (abs(border - target), border))
    return _cluster_border(text, last, target, end)


def _cluster_border(text: str, last: int, target: int, end: int) -> int:
    """Return the first border of graphemes from ``target`` on that isn't the end, or else the last one before."""
    before = last
    for border in _cluster_ends(text, last, end):
        if border == end:
            break
        before = border
        if before >= target:
            break
    return before

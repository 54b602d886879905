"""Sentence splitter: where sentences end, and where one that is too long may be cut.

The rules: a line that ends a paragraph ends a sentence; Khmer and Tibetan stops, which sentencex lets pass; the spaces
of Thai, Lao and Khmer, which stand between phrases and sentences, not between words. Nothing ends inside a grapheme.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

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
        ends = [match.end() for match in pattern.finditer(text, low - 1, high + 1) if low <= match.end() <= high]
        if ends:
            return min(ends, key=lambda border: (abs(border - target), border))
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


_WIDE_SPACE = regex.compile(r"[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]")
"""Spaces of several bytes, before which sentencex 1.0 panics ("A\\u3000."), and lone surrogates, which it refuses."""

_OWN_ENDS = regex.compile(
    r"(?<=[។៕༎།])(?![។៕༎།])\s*"
    r"|(?<=[\u0e00-\u0eff\u1780-\u17ff][!?.\"”’)\]]*)\s+(?=[\"“‘(\[]*[\u0e00-\u0eff\u1780-\u17ff])"
)
"""Ends that sentencex doesn't see: Khmer and Tibetan stops; spaces between Thai, Lao or Khmer letters."""

_OWN_ENDS_HINT = regex.compile(r"[\u0e00-\u0fff\u1780-\u17ff]")

_QUOTES = regex.compile("[^\\w\\s.,]")
"""What may open a quotation to sentencex, and much that doesn't."""

_QUICK = 1 << 14
"""Characters, and so many of them quotation marks, that take sentencex a tenth of a second. Real text is taken as it
is: in a paragraph of 100,000 characters there may be 2,600 marks, and paragraphs end for themselves."""

_STOPS = frozenset('.!?…。！？．｡।॥؟۔።։។៕༎;:"”’»」』)）]')
_WRAPPED_LINE = (40, 120)
"""The length in characters of a line that an editor wrapped: shorter ones are titles, list items or verse, longer ones
are paragraphs."""


def sentence_spans(text: str, language: str | None = None) -> list[tuple[int, int]]:
    """Return the spans of a text's sentences, in order, without the spaces around them.

    Every character that isn't a space lies in exactly one span. ``language`` is a code such as ``en`` or ``pt-BR``;
    without one, or with one that has no rules of its own, the rules that suit most languages hold.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for end in _whole(text, sorted(_ends(text, language))):
        if (span := strip(text, start, end)) is not None:
            spans.append(span)
        start = end
    return spans


def _ends(text: str, language: str | None) -> set[int]:
    """Collect the ends of sentences and paragraphs, the end of the text among them."""
    ends = {sentence["end_index"] for sentence in _library_sentences(text, language)}
    ends.update(_paragraph_ends(text))
    if _OWN_ENDS_HINT.search(text):
        ends.update(match.end() for match in _OWN_ENDS.finditer(text))
    ends.add(len(text))
    return ends


def _library_sentences(text: str, language: str | None) -> list[dict[str, int]]:
    """Ask sentencex: ``start_index`` and ``end_index`` count characters."""
    import sentencex

    code = (language or "en").replace("_", "-").split("-")[0].lower()
    plain = _WIDE_SPACE.sub(" ", text)
    return [
        {name: first + sentence[name] for name in ("start_index", "end_index")}
        for first, last in _quick_parts(plain)
        for sentence in sentencex.get_sentence_boundaries(code, plain[first:last])
    ]


def _quick_parts(text: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text that sentencex is given: all of it, or of one that would take it ages some at a time.

    In a paragraph, which an empty line ends, it looks from each quotation mark for the one that closes it.
    """
    if len(text) <= _QUICK or len(_QUOTES.findall(text)) * len(text) <= _QUICK * _QUICK:
        yield 0, len(text)
        return
    start = 0
    while start < len(text):
        end = text.find("\n\n", start)
        end = len(text) if end < 0 else end + 2
        if len(_QUOTES.findall(text, start, end)) * (end - start) > _QUICK * _QUICK:
            end = min(end, start + _QUICK)
        yield start, end
        start = end


def _paragraph_ends(text: str) -> Iterator[int]:
    """Find the line ends where a paragraph ends: before an empty line, and where the line wasn't merely wrapped."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        if not _goes_on(text[start:end].strip(), text[end + 1 : end + 2]):
            yield end + 1
        start = end + 1


def _goes_on(line: str, following: str) -> bool:
    """Say whether a sentence may go on after the line, whose next line begins with ``following``."""
    if not line or not following or following.isspace() or line[-1] in _STOPS:
        return False
    shortest, longest = _WRAPPED_LINE
    return following.islower() or shortest <= len(line) <= longest


def _whole(text: str, ends: list[int]) -> Iterator[int]:
    """Drop the ends that fall inside a grapheme cluster."""
    last = 0
    for end in ends:
        if end > last and (
            end == len(text) or _is_apart(text[end - 1], text[end]) or cluster_end(text, end, last) == end
        ):
            yield end
            last = end


def _is_apart(before: str, after: str) -> bool:
    """Say whether two neighbours are surely of different clusters, which spares looking for their borders."""
    return before.isspace() or after.isspace() or (before.isascii() and after.isascii())

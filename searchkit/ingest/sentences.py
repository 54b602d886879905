"""Here is a text and its language; where do its sentences end? sentencex knows, and a few rules beside it.

The rules: a line that ends a paragraph ends a sentence; Khmer and Tibetan stops, which sentencex lets pass; the spaces
of Thai, Lao and Khmer, which stand between phrases and sentences, not between words. Nothing ends inside a grapheme.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from searchkit.ingest.cuts import cluster_end, strip

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

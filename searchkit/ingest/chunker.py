"""Chunker: whole sentences packed up to the encoder's limit, within one section.

Sizes are counted in the encoder's tokens. The encoder sees a chunk below the lines of its title and heading (see
``indexed_text``), so these count, too. A chunk repeats the last sentence of the one before, where that is short enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from searchkit.errors import SourceError
from searchkit.ingest.indexed_text import header
from searchkit.ingest.sentences import cut, sentence_spans, strip
from searchkit.types import Article, Chunk, Section

_OVERLAP_SHARE = 3
"""Repeated sentences take at most a third of a chunk."""

_TAIL_SHARE = 4
"""A last chunk under a quarter of the room is filled up from the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A sentence, or a part of one that was too long: its span, its tokens, and the tokens of the space before it.

    ``abuts`` says that no space is before it: then tokens may come out otherwise when it is joined to the piece before.
    """

    start: int
    end: int
    tokens: int
    gap: int
    abuts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The pieces ``first`` to ``last`` (not included) of a section: a chunk. ``size`` is its tokens by the pieces."""

    first: int
    last: int
    size: int


def pack(pieces: Sequence[Piece], room: int, overlap: int) -> list[Group]:
    """Return groups of at most ``room`` tokens, in order, that together hold every piece.

    A group begins with up to ``overlap`` pieces of the one before where they leave two thirds of the room to others.
    A piece larger than the room is a group of its own.
    """
    return [] if not pieces else _Packer(pieces, room, overlap).groups()


class _Packer:
    """The sizes of runs of pieces, and the room that they have."""

    def __init__(self, pieces: Sequence[Piece], room: int, overlap: int) -> None:
        self._pieces = pieces
        self._sums = [0, *accumulate(piece.gap + piece.tokens for piece in pieces)]
        self._room = room
        self._overlap = overlap

    def groups(self) -> list[Group]:
        borders = self._borders()
        groups = []
        for number, (start, last) in enumerate(pairwise(borders)):
            floor = borders[number - 1] if number else 0
            first = self._first(start, last, floor)
            groups.append(Group(first=first, last=last, size=self._size(first, last)))
        return groups

    def _borders(self) -> list[int]:
        """Return where groups begin, repeated pieces aside, and the number of pieces."""
        count, borders, start = len(self._pieces), [0], 0
        while start < count:
            first = self._first(start, start + 1, borders[-2] if len(borders) > 1 else 0)
            last = start + 1
            while last < count and self._size(first, last + 1) <= self._room:
                last += 1
            borders.append(last)
            start = last
        return self._balanced(borders)

    def _balanced(self, borders: list[int]) -> list[int]:
        """Fill a last group that is very short from the one before."""
        if len(borders) < 3 or self._size(borders[-2], borders[-1]) * _TAIL_SHARE >= self._room:
            return borders
        floor, border, count = borders[-3:]
        while border - 1 > floor and self._size(border - 1, count) <= self._size(floor, border - 1):
            border -= 1
        return [*borders[:-2], border, count]

    def _first(self, start: int, last: int, floor: int) -> int:
        """Return from where on pieces are repeated before ``start`` in a group that ends at ``last``."""
        for first in range(max(start - self._overlap, floor), start):
            repeated = self._size(first, start)
            if repeated * _OVERLAP_SHARE <= self._room and self._size(first, last) <= self._room:
                return first
        return start

    def _size(self, first: int, last: int) -> int:
        return self._sums[last] - self._sums[first] - self._pieces[first].gap


CountTokens = Callable[[Sequence[str]], list[int]]

CHARACTERS_PER_TOKEN = 16
"""A token stands for at most this many characters when sizes are counted.

It is 4 to 5 in running text. But WordPiece gives one token to any run of 100 letters and more, a line of Thai, a long
address, a file in base64, and a chunk of such runs would never be full.
"""

_SLACK = 2
"""Tokens below its limit from which on a chunk is counted again as a whole: the first word of a sentence may be cut up
otherwise at the beginning of a line."""

_SPARE = 16
"""Tokens to spare, and one for each 16 characters, by which a section is surely one chunk whatever its sentences are:
they aren't looked for then. Taken apart, they may count for more than together, and were packed by the sum."""

_SHORT = 4
"""Characters for each token of the limit above which a section isn't measured as a whole: it rarely fits."""

_Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A section on its way: its pieces, and the tokens that a chunk of it may have below its header."""

    heading: str
    pieces: Sequence[Piece]
    room: int


def split(
    article: Article, *, count_tokens: CountTokens, max_tokens: int, overlap_sentences: int = 1
) -> tuple[Chunk, ...]:
    """Return the article's chunks in the order of its text.

    ``count_tokens`` returns the number of tokens of each text, without special ones. It is called once an article, once
    more where a section is longer than a chunk, and again where a chunk is full to the brim, sentences are too long or
    follow each other without a space.
    ``max_tokens`` bounds the text that ``compose`` joins; a header counts up to two thirds of it, which leaves room for
    text.

    ``article.text[chunk.start:chunk.end] == chunk.text`` holds, a chunk begins and ends with a character that isn't a
    space, and every such character of every section lies in a chunk. An article without text has one empty chunk where
    it has a title or a heading, so that it can be found, and none otherwise.

    Raises ``SourceError`` where a section doesn't lie within the article's text.
    """
    sections = article.sections or (Section(heading="", start=0, end=len(article.text)),)
    _check(article, sections)
    parts = _parts(article, sections, count_tokens, max_tokens)
    chunks: list[Chunk] = []
    for part in parts:
        groups = pack(part.pieces, part.room, overlap_sentences)
        for start, end in _kept(article.text, part, groups, count_tokens):
            chunks.append(
                Chunk(
                    article_id=article.id,
                    ordinal=len(chunks),
                    start=start,
                    end=end,
                    text=article.text[start:end],
                    heading=part.heading,
                )
            )
    return tuple(chunks) or _empty(article, sections)


def _check(article: Article, sections: Sequence[Section]) -> None:
    for section in sections:
        if not 0 <= section.start <= section.end <= len(article.text):
            raise SourceError(
                f"The section '{section.heading}' of article '{article.id}' spans {section.start} to {section.end}, "
                f"its text has {len(article.text)} characters."
            )


def _empty(article: Article, sections: Sequence[Section]) -> tuple[Chunk, ...]:
    heading = next((section.heading for section in sections if section.heading.strip()), "")
    if not article.title.strip() and not heading:
        return ()
    return (Chunk(article_id=article.id, ordinal=0, start=0, end=0, text="", heading=heading),)


def _parts(
    article: Article, sections: Sequence[Section], count_tokens: CountTokens, max_tokens: int
) -> Iterator[_Part]:
    """Measure headers and short sections in one call, the sentences of others in another; cut what is too long."""
    text = article.text
    headers = [_header(article, section) for section in sections]
    wholes = [_whole(text, section, max_tokens) for section in sections]
    texts = dict.fromkeys([*headers, *(text[slice(*whole)] for whole in wholes if whole)])
    counts = dict(zip(texts, count_tokens(list(texts)), strict=True))
    rooms = [max(max_tokens - counts[above], max_tokens // 3, 1) for above in headers]
    alone = [_alone(text, whole, room, counts) for whole, room in zip(wholes, rooms, strict=True)]
    spans = [
        [] if is_alone else _sentences(article, section) for section, is_alone in zip(sections, alone, strict=True)
    ]
    texts = dict.fromkeys(piece for spans_ in spans for piece in _texts(text, spans_))
    if texts:
        counts |= zip(texts, count_tokens(list(texts)), strict=True)
    for section, sentences, is_alone, room in zip(sections, spans, alone, rooms, strict=True):
        pieces = [is_alone] if is_alone else _fitting(text, _pieces(text, sentences, counts), room, count_tokens)
        yield _Part(heading=section.heading, pieces=pieces, room=room)


def _whole(text: str, section: Section, max_tokens: int) -> _Span | None:
    """Return the span of a section's text, without the spaces around it, where it is short."""
    short = section.end - section.start <= _SHORT * max_tokens
    return strip(text, section.start, section.end) if short else None


def _alone(text: str, whole: _Span | None, room: int, counts: dict[str, int]) -> Piece | None:
    """Return a section as one piece where it surely fits into a chunk."""
    if whole is None:
        return None
    start, end = whole
    tokens = counts[text[start:end]]
    if tokens + (end - start) // CHARACTERS_PER_TOKEN + _SPARE > room:
        return None
    return Piece(start=start, end=end, tokens=_size(tokens, end - start), gap=0, abuts=False)


def _sentences(article: Article, section: Section) -> list[_Span]:
    """Return the section's sentences as spans of the article's text."""
    text = article.text[section.start : section.end]
    return [(start + section.start, end + section.start) for start, end in sentence_spans(text, article.language)]


def _header(article: Article, section: Section) -> str:
    """Return what stands before the text of the section's chunks, with the line end, which may be a token."""
    lines = header(article.title, section.heading)
    return f"{lines}\n" if lines else ""


def _texts(text: str, spans: Sequence[_Span]) -> Iterator[str]:
    """Yield what must be counted of sentences and of what stands between them."""
    for start, end in spans:
        yield _counted(text, start, end)
    for before, after in pairwise(spans):
        yield text[before[1] : after[0]].rstrip(" ")


def _counted(text: str, start: int, end: int) -> str:
    """Return the text with the space before it, which many tokenizers keep at the next word's token."""
    return text[start - 1 : end] if start and text[start - 1] == " " else text[start:end]


def _pieces(text: str, spans: Sequence[_Span], counts: dict[str, int]) -> list[Piece]:
    ends = [None, *(end for _, end in spans)]
    return [
        Piece(
            start=start,
            end=end,
            tokens=_size(counts[_counted(text, start, end)], end - start),
            gap=0 if before is None else counts[text[before:start].rstrip(" ")],
            abuts=before == start,
        )
        for before, (start, end) in zip(ends, spans, strict=False)
    ]


def _size(tokens: int, characters: int) -> int:
    return max(tokens, characters // CHARACTERS_PER_TOKEN, 1)


def _fitting(text: str, pieces: Sequence[Piece], room: int, count_tokens: CountTokens) -> Sequence[Piece]:
    """Cut the pieces that are too long for a chunk, again and again until each fits or can't be cut."""
    while cuts := {number: spans for number, piece in enumerate(pieces) if len(spans := _cut(text, piece, room)) > 1}:
        texts = dict.fromkeys(_counted(text, *span) for spans in cuts.values() for span in spans)
        counts = dict(zip(texts, count_tokens(list(texts)), strict=True))
        pieces = list(_replaced(text, pieces, cuts, counts))
    return pieces


def _cut(text: str, piece: Piece, room: int) -> list[_Span]:
    """Return the parts of a piece that is too long, aimed at nine tenths of the room; nothing of one that fits."""
    return cut(text, piece.start, piece.end, piece.tokens * 10 // (room * 9) + 1) if piece.tokens > room else []


def _replaced(
    text: str, pieces: Sequence[Piece], cuts: dict[int, list[_Span]], counts: dict[str, int]
) -> Iterator[Piece]:
    """Yield the pieces with the parts of those that were cut in their place."""
    for number, piece in enumerate(pieces):
        before: int | None = None
        for start, end in cuts.get(number, ()):
            yield Piece(
                start=start,
                end=end,
                tokens=_size(counts[_counted(text, start, end)], end - start),
                gap=piece.gap if before is None else len(text[before:start].rstrip(" ")),
                abuts=piece.abuts if before is None else before == start,
            )
            before = end
        if before is None:
            yield piece


def _kept(text: str, part: _Part, groups: Iterable[Group], count_tokens: CountTokens) -> list[_Span]:
    """Return the spans of the groups; those that prove too large when counted as a whole are halved."""
    groups = list(groups)
    while unsure := [number for number, group in enumerate(groups) if _is_unsure(part, group)]:
        sizes = count_tokens([text[slice(*_span(part, groups[number]))] for number in unsure])
        known = dict(zip(unsure, sizes, strict=True))
        if all(size <= part.room for size in sizes):
            break
        groups = [
            half for number, group in enumerate(groups) for half in _halves(group, known.get(number, 0), part.room)
        ]
    return [_span(part, group) for group in groups]


def _is_unsure(part: _Part, group: Group) -> bool:
    """Say whether the group's tokens may be more than the sum of its pieces' by which it was packed."""
    inner = part.pieces[group.first + 1 : group.last]
    return bool(inner) and (group.size > part.room - _SLACK or any(piece.abuts for piece in inner))


def _halves(group: Group, size: int, room: int) -> list[Group]:
    """Cut the group in the middle if ``size`` is too large."""
    if size <= room:
        return [group]
    middle = (group.first + group.last) // 2
    return [
        Group(first=group.first, last=middle, size=room),
        Group(first=middle, last=group.last, size=room),
    ]


def _span(part: _Part, group: Group) -> _Span:
    return part.pieces[group.first].start, part.pieces[group.last - 1].end

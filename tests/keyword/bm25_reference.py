"""Small archives for tests of the keyword leg, and the same answers worked out from lists of words, one by one.

Nothing here looks at a posting: what ``evaluator.py`` promises is spelled out over plain lists.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.postings.deletion_stats import deltas
from searchkit.keyword.postings.inverter import ChunkRow
from searchkit.keyword.postings.reader import PostingsReader
from searchkit.keyword.postings.writer import PostingsWriter
from searchkit.keyword.query.ast import (
    And,
    Boost,
    Compound,
    Every,
    Filter,
    Fuzzy,
    Maybe,
    Not,
    Nothing,
    Or,
    Pattern,
    Phrase,
    Term,
    Tree,
    Wish,
)
from searchkit.keyword.scoring.evaluator import KeywordMatches
from searchkit.keyword.scoring.segments import KeywordSegments, SegmentPostings

ANALYZER = Analyzer()
TITLE_WEIGHT = 2


@dataclass(frozen=True)
class Piece:
    """An article: its title, its chunks, and whether it was deleted later.

    ``repeated``: for each chunk how many words at its beginning the chunk before ends with, where the text goes on from
    there; None where it doesn't, and for chunks that aren't named.
    """

    chunks: Sequence[str]
    title: str = ""
    language: str | None = None
    deleted: bool = False
    repeated: Sequence[int | None] = ()

    @property
    def joins(self) -> list[int | None]:
        return [*self.repeated, *[None] * (len(self.chunks) - len(self.repeated))]

    @property
    def parts(self) -> list[ChunkRow]:
        return [
            ChunkRow(self.title, "", chunk, self.language, "", None if words is None else _characters(chunk, words))
            for chunk, words in zip(self.chunks, self.joins, strict=True)
        ]


def _characters(chunk: str, words: int) -> int:
    """Count the characters of the first words."""
    return len(" ".join(chunk.split()[:words]))


@contextmanager
def indexed(*segments: Sequence[Piece]) -> Iterator[KeywordSegments]:
    """Index articles, one list a segment, then delete those that are to be deleted."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield KeywordSegments(
            [
                stack.enter_context(_segment(Path(folder) / f"{number}.bin", pieces))
                for number, pieces in enumerate(segments)
            ]
        )


@contextmanager
def _segment(path: Path, pieces: Sequence[Piece]) -> Iterator[SegmentPostings]:
    with PostingsWriter(ANALYZER, TITLE_WEIGHT) as builder:
        for piece in pieces:
            for part in piece.parts:
                builder.add(*part)
        builder.write(path)
    rows = [piece.deleted for piece in pieces for _ in piece.chunks]
    with PostingsReader(path) as reader:
        gone = [part for piece in pieces if piece.deleted for part in piece.parts]
        yield SegmentPostings(
            postings=reader,
            article_of_row=np.repeat(np.arange(len(pieces), dtype=np.int32), [len(piece.chunks) for piece in pieces]),
            deleted=np.array(rows, dtype=bool) if gone else None,
            delta=deltas(reader, gone) if gone else None,
        )


@dataclass
class Row:
    """A chunk as words: the places of each term in each field."""

    article: int
    living: bool
    places: dict[str, dict[str, list[int]]] = field(default_factory=lambda: {"text": {}, "title": {}})
    surfaces: dict[str, set[str]] = field(default_factory=dict)
    forms: dict[str, dict[str, list[int]]] = field(default_factory=lambda: {"text": {}, "title": {}})
    whole: list[tuple[Row, int]] = field(default_factory=list)
    """The rows of the text that this one is a part of, and the position of each in it."""
    body: int = 0
    end: int = 0

    def length(self, name: str) -> int:
        return sum(map(len, self.places[name].values()))

    def add(self, name: str, start: int, text: str, language: str | None) -> int:
        for word in ANALYZER.words(text):
            expansion = ANALYZER.expand(word, language)
            for term, offset, surface in zip(expansion.terms, expansion.offsets, expansion.surfaces, strict=True):
                self.places[name].setdefault(term, []).append(start + offset)
                self.forms[name].setdefault(surface, []).append(start + offset)
                if name == "text":
                    self.surfaces.setdefault(surface, set()).add(term)
            start += expansion.advance
        return start


class Reference:
    """The whole archive as rows of words."""

    def __init__(self, *segments: Sequence[Piece], resolve: Callable[[Filter], set[int]] = lambda _: set()) -> None:
        self.rows: list[Row] = []
        self.resolve = resolve
        for article, piece in enumerate(piece for pieces in segments for piece in pieces):
            for chunk, repeated in zip(piece.chunks, piece.joins, strict=True):
                row = Row(article=article, living=not piece.deleted)
                at = 0
                for part in (*[piece.title] * TITLE_WEIGHT, ""):
                    at = row.add("text", at, part, piece.language) + 100
                row.body, row.end = at, row.add("text", at, chunk, piece.language)
                row.add("title", 0, piece.title, piece.language)
                begin = 0
                if repeated is not None:
                    before, place = self.rows[-1].whole[-1]
                    again = Row(article=article, living=True)
                    overlap = again.add("text", 0, " ".join(chunk.split()[:repeated]), piece.language)
                    begin = place + before.end - before.body - overlap
                    row.whole = self.rows[-1].whole
                row.whole.append((row, begin))
                self.rows.append(row)
        self.living = [row for row in self.rows if row.living]

    def evaluate(self, tree: Tree) -> tuple[list[float], list[bool], list[bool]]:
        """Return each row's score, whether it matches, and whether its article meets the conditions."""
        tree = self.expand(tree)
        allowed = [row.living and self.holds(tree, row.article) for row in self.rows]
        matched = [
            fine and (not asks(tree) or self.touches(tree, row)) for row, fine in zip(self.rows, allowed, strict=True)
        ]
        scores = [self.score(tree, row) if match else 0.0 for row, match in zip(self.rows, matched, strict=True)]
        return scores, matched, allowed

    def expand(self, tree: Tree) -> Tree:
        match tree:
            case Pattern():
                return self._union(tree.field, lambda word: _fits(tree.text, word))
            case Fuzzy():
                return self._union(tree.field, lambda word: edits(tree.word, word) <= tree.distance)
            case And() | Or():
                return type(tree)(children=tuple(map(self.expand, tree.children)))
            case Boost():
                return Boost(child=self.expand(tree.child), factor=tree.factor)
            case Not() | Maybe():
                return type(tree)(child=self.expand(tree.child))
            case _:
                return tree

    def _union(self, name: str, fits: Callable[[str], bool]) -> Term:
        words = {(word, term) for row in self.living for word, terms in row.surfaces.items() for term in terms}
        return Term(terms=tuple(sorted({term for word, term in words if fits(word)})), field=name)  # type: ignore[arg-type]

    def tf(self, leaf: Term | Phrase, row: Row) -> int:
        if isinstance(leaf, Term):
            return len(self._places(leaf, row))
        places = [set(self._places(unit, row)) for unit in leaf.units]
        starts = {start for start in places[0] if self._readable(leaf, places, 0, start)}
        return len(starts | (self._across(leaf, row) if leaf.units[0].field == "text" else set()))

    def _places(self, leaf: Term, row: Row) -> list[int]:
        if leaf.surfaces:
            return [place for form in leaf.surfaces for place in row.forms[leaf.field].get(form, ())]
        return [place for term in leaf.terms for place in row.places[leaf.field].get(term, ())]

    def _across(self, leaf: Phrase, row: Row) -> set[int]:
        """Return where a phrase begins in a row that is read in the whole text that the row is a part of."""
        places = [
            {
                place - part.body + begin
                for part, begin in row.whole
                for place in self._places(unit, part)
                if place >= part.body
            }
            for unit in leaf.units
        ]
        last = {start: max(n for n, (_, begin) in enumerate(row.whole) if begin <= start) for start in places[0]}
        return {
            start - row.whole[n][1] + row.body
            for start, n in last.items()
            if row.whole[n][0] is row and self._readable(leaf, places, 0, start)
        }

    def _readable(self, phrase: Phrase, places: list[set[int]], i: int, at: int) -> bool:
        if i == len(places) - 1:
            return True
        gap = phrase.offsets[i + 1] - phrase.offsets[i]
        following = range(at + gap, at + gap + phrase.slop)
        return any(self._readable(phrase, places, i + 1, place) for place in following if place in places[i + 1])

    def idf(self, leaf: Term | Phrase) -> float:
        if isinstance(leaf, Phrase):
            return sum(map(self.idf, leaf.units))
        df = sum(self.tf(leaf, row) > 0 for row in self.living)
        return math.log(1 + (len(self.living) - df + 0.5) / (df + 0.5))

    def bm25(self, leaf: Term | Phrase, row: Row) -> float:
        name = leaf.field if isinstance(leaf, Term) else leaf.units[0].field
        tf = self.tf(leaf, row)
        average = sum(one.length(name) for one in self.living) / len(self.living)
        return self.idf(leaf) * tf / (tf + 1.2 * ((1 - 0.75) + 0.75 * row.length(name) / average)) if tf else 0.0

    def holds(self, tree: Tree, article: int) -> bool:
        match tree:
            case Term() | Phrase():
                return any(self.tf(tree, row) for row in self.living if row.article == article)
            case Compound():
                return self.holds(tree.joined, article) or all(self.holds(part, article) for part in tree.parts)
            case And():
                return all(self.holds(child, article) for child in tree.children)
            case Or():
                wanted = [self.holds(child, article) for child in tree.children if not isinstance(child, Not)]
                fine = all(self.holds(child, article) for child in tree.children if isinstance(child, Not))
                return fine and (any(wanted) or not wanted)
            case Not():
                return not self.holds(tree.child, article)
            case Boost():
                return self.holds(tree.child, article)
            case Filter():
                return article in self.resolve(tree)
            case Nothing():
                return False
            case _:
                return True

    def score(self, tree: Tree, row: Row) -> float:
        match tree:
            case Term() | Phrase():
                return self.bm25(tree, row)
            case Compound():
                return sum(self.bm25(unit, row) for unit in (tree.joined, *tree.parts))
            case And() | Or():
                open_ = self._open(tree, row)
                return sum(self.score(child, row) for child in tree.children) if open_ else 0.0
            case Maybe():
                return self.score(tree.child, row)
            case Boost() | Wish():
                return tree.factor * self.score(tree.child, row)
            case _:
                return 0.0

    def touches(self, tree: Tree, row: Row) -> bool:
        match tree:
            case Term() | Phrase():
                return self.tf(tree, row) > 0
            case Compound():
                there = any(self.tf(unit, row) for unit in (tree.joined, *tree.parts))
                return there and self.holds(tree, row.article)
            case And():
                return self._open(tree, row) and any(self.touches(child, row) for child in tree.children if asks(child))
            case Or():
                wanted = [child for child in tree.children if not isinstance(child, Not)]
                return self._open(tree, row) and any(
                    self.touches(child, row) if asks(child) else self.holds(child, row.article) for child in wanted
                )
            case Maybe() | Boost() | Wish():
                return self.touches(tree.child, row)
            case _:
                return False

    def _open(self, tree: And | Or, row: Row) -> bool:
        gated = isinstance(tree, And) or any(isinstance(child, Not) for child in tree.children)
        return not gated or self.holds(tree, row.article)


def asks(tree: Tree) -> bool:
    """Say whether a tree asks for words, not for filters and exclusions alone."""
    match tree:
        case And() | Or():
            return any(map(asks, tree.children))
        case Maybe() | Boost():
            return asks(tree.child)
        case Filter() | Every() | Nothing() | Not():
            return False
        case _:
            return True


def edits(a: str, b: str) -> int:
    """Count the edits between two words (optimal string alignment), by the whole table."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            change = table[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            table[i][j] = min(change, table[i - 1][j] + 1, table[i][j - 1] + 1)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def _fits(pattern: str, word: str) -> bool:
    if not pattern or not word:
        return pattern.strip("*") == word
    if pattern[0] == "*":
        return _fits(pattern[1:], word) or _fits(pattern, word[1:])
    return pattern[0] in ("?", word[0]) and _fits(pattern[1:], word[1:])


def highlighted_terms(found: KeywordMatches) -> set[str]:
    """Return all terms that stand out in a chunk."""
    words = [
        word for leaf in found.highlights for word in ([leaf] if isinstance(leaf, Term) else [leaf.joined, *leaf.parts])
    ]
    return {term for word in words for term in word.terms}

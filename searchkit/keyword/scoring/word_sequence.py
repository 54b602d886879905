"""Word sequences: the rows in which words stand one after the other, found at little cost where there are none.

Most questions stand nowhere as they are. So the rarest of their words are asked first: where no chunk has all of them,
in it or beside it, there is nothing to read. Words are compared as terms are, in any of their forms. A sequence is read
in the article's text, wherever its chunks end, and stands in the row where it begins, as a phrase does
(``evaluator.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from searchkit.keyword.query.ast import Phrase, Term
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.keyword.scoring.native_executor import LeafPostings, plan_arrays
from searchkit.storage import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.analysis.analyzer import QueryWord
    from searchkit.keyword.postings.reader import FieldPostings
    from searchkit.keyword.query.ast import FieldName
    from searchkit.keyword.scoring.segments import KeywordSegments

    Numbers = NDArray[np.int64]

_RAREST = 4
"""Words that are looked for before a sequence is read: reading one costs what looking for eight does."""

_A_CHUNK = 100
"""Words of a sequence that reaches into no further chunk than the next."""


_NONE: Numbers = np.empty(0, np.int64)


def sequence_of(words: Sequence[QueryWord], field: FieldName = "text", *, slop: int = 1) -> Phrase | None:
    """Return some words as a sequence, each in any of its forms; None of fewer than two.

    ``slop`` less one is how many words more may stand between two of them.
    """
    units: list[Term] = []
    offsets: list[int] = []
    position = 0
    for word in words:
        for unit in word.in_phrase:
            units.append(Term(terms=unit.terms, field=field))
            offsets.append(position + unit.offset)
        position += word.advance
    return Phrase(units=tuple(units), offsets=tuple(offsets), slop=slop) if len(units) > 1 else None


def rows_with_all(
    index: KeywordSegments, words: Sequence[tuple[str, ...]], field: FieldName = "text", most: int = _RAREST
) -> Numbers:
    """Return the rows, ascending, that have the rarest of some words in them or beside them, deleted ones too.

    A word is given as its stems; the ``most`` rarest are looked for. There are none where a word is unknown. A row has
    the rarest word of all itself. Raises ``IndexCorrupt``.
    """
    counted: list[tuple[int, tuple[str, ...]]] = []
    for stems in dict.fromkeys(words):
        df = _df(index, field, stems)
        if not df:
            return _NONE
        counted.append((df, stems))
    counted.sort()
    rarest = [stems for _, stems in counted[:most]]
    reach = 0 if field == "title" else 1 + len(words) // _A_CHUNK
    if native.COMPILED is not None:
        return index.parts.common_rows(field, rarest, reach)
    parts = [_rows_near(segment.postings.field(field), rarest, reach) for segment in index.segments]
    rows = [part + base for part, base in zip(parts, index.bases, strict=False) if len(part)]
    return rows[0] if len(rows) == 1 else np.concatenate(rows) if rows else _NONE


def _rows_near(field: FieldPostings, words: Sequence[tuple[str, ...]], reach: int) -> Numbers:
    """Return the rows of a segment that have the first of some words, and all others at most ``reach`` rows away."""
    common = _NONE
    for number, stems in enumerate(words):
        lists = [field.postings(term_id)[0] for stem in stems if (term_id := field.term_id(stem)) is not None]
        if not lists:
            return _NONE
        own = lists[0] if len(lists) == 1 else np.unique(np.concatenate(lists))
        if not number:
            common = own.astype(np.int64)
            continue
        place = np.searchsorted(own, np.maximum(common - reach, 0))
        inside = place < len(own)
        common, place = common[inside], place[inside]
        common = common[own[place] <= common + reach]
        if not len(common):
            break
    return common


def rows_of_sequence(index: KeywordSegments, sequence: Phrase) -> Numbers:
    """Return the living rows, ascending, in which a sequence begins. Raises ``IndexCorrupt``."""
    if native.COMPILED is None:
        rows: Numbers = np.flatnonzero(evaluate(index, sequence).matched)
        return rows
    leaf = LeafPostings(index).leaf(sequence)
    index.parts.make_ready(frozenset({sequence.field}), articles=False)
    best, _ = index.parts.best(plan_arrays("all", 1), [leaf], [1.0], None, index.rows)
    return np.sort(best)


def _df(index: KeywordSegments, field: FieldName, stems: tuple[str, ...]) -> int:
    """Count the rows of a word, those of several stems more than once."""
    if native.COMPILED is None:
        return sum(index.df(field, stem) for stem in stems)
    term = index.parts.term
    df: int = term(field, stems[0]).df if len(stems) == 1 else sum([term(field, stem).df for stem in stems])
    return df

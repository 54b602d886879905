"""Word sequences: the rows in which words stand one after the other, found at little cost where there are none.

Most questions stand nowhere as they are. So the rarest of their words are asked first: where no article has all of
them, there is nothing to read. Words are compared as terms are, in any of their forms. A sequence is read in the
article's text, wherever its chunks end, and stands in the row where it begins, as a phrase does (``evaluator.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from searchkit.keyword.query.ast import Phrase, Term
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.storage import native

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.keyword.analysis.analyzer import QueryWord
    from searchkit.keyword.query.ast import FieldName
    from searchkit.keyword.scoring.segments import KeywordSegments

    Numbers = NDArray[np.int64]

_RAREST = 4
"""Words by whose articles the others are looked for: with four, 1 of 100 ordinary questions is read further."""


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


def articles_with_all(index: KeywordSegments, terms: Sequence[Term], most: int = _RAREST) -> Numbers:
    """Return the numbers, ascending, of the articles that have the ``most`` rarest of some words.

    There are none where a word is unknown. Raises ``IndexCorrupt``.
    """
    counted: list[tuple[int, Term]] = []
    for term in dict.fromkeys(terms):
        if not (df := _df(index, term)):
            return np.empty(0, np.int64)
        counted.append((df, term))
    counted.sort(key=lambda pair: pair[0])
    common = _articles(index, counted[0][1])
    for _, term in counted[1:most]:
        if not len(common):
            break
        common = common[np.isin(common, _articles(index, term))]
    return common


def rows_of_sequence(index: KeywordSegments, sequence: Phrase) -> Numbers:
    """Return the living rows, ascending, in which a sequence begins. Raises ``IndexCorrupt``."""
    if not len(articles_with_all(index, sequence.units)):
        return np.empty(0, np.int64)
    rows: Numbers = np.flatnonzero(evaluate(index, sequence).matched)
    return rows


def _df(index: KeywordSegments, term: Term) -> int:
    """Count the rows of a word, those of several stems more than once."""
    if native.COMPILED is None:
        return sum(index.df(term.field, stem) for stem in term.terms)
    parts = index.parts
    return sum([parts.term(term.field, stem).df for stem in term.terms])


def _articles(index: KeywordSegments, term: Term) -> Numbers:
    every = [index.postings(number, term.field, term.terms)[0] + base for number, base in enumerate(index.bases[:-1])]
    rows = every[0] if len(every) == 1 else np.concatenate([np.empty(0, np.int64), *every])
    articles = index.article_of_row[rows]
    first = np.ones(len(articles), dtype=bool)
    np.not_equal(articles[1:], articles[:-1], out=first[1:])
    return articles[first]

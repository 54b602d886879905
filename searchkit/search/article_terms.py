"""Article terms: the words by which more articles like one are looked for.

They are those of the highest ``tf * idf`` (Salton and Buckley 1988, Term-weighting approaches in automatic text
retrieval, doi 10.1016/0306-4573(88)90021-0): tf is how often the article has the word, idf what BM25 takes
(``keyword/scoring/bm25.py``). At most ``MOST`` are taken, as Lucene's MoreLikeThis takes, and none that no other chunk
has. What is chosen is asked for as words of a question are, each once: how often the article says a word has told that
it matters, and would drown the others if it counted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.ast import Term
from searchkit.keyword.query.query_terms import telling_words
from searchkit.keyword.scoring.segments import KeywordSegments

MOST = 25

_LEAST_DF = 2
"""Chunks that have a word: it stands in the article, and in one more at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleTerm:
    """A word that was chosen, as it stands in the article first, and why: ``weight`` is ``tf * idf``."""

    word: str
    term: Term
    tf: int
    idf: float

    @property
    def weight(self) -> float:
        """By how much it tells what the article is about."""
        return self.tf * self.idf


def article_terms(
    text: str, languages: Sequence[str | None], keyword: KeywordSegments, analyzer: Analyzer
) -> list[ArticleTerm]:
    """Return the words that tell most of a text, the most telling first; of equal ones the first by its letters.

    ``languages``: by which its words are analysed.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    words: dict[tuple[str, ...], str] = {}
    for word in telling_words(analyzer.query_terms(text, languages), languages):
        for unit in [unit for unit in word.units if not unit.joined] or word.units:
            counts[unit.terms] += 1
            words.setdefault(unit.terms, unit.surface)
    chosen = []
    for terms, tf in counts.items():
        df = max(keyword.df("text", term) for term in terms)
        if df >= _LEAST_DF:
            chosen.append(ArticleTerm(word=words[terms], term=Term(terms=terms), tf=tf, idf=keyword.idf(df)))
    return sorted(chosen, key=lambda each: (-each.weight, each.word))[:MOST]

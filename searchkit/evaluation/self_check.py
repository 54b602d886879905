"""Self check: an archive's own sentences are asked and must find their articles.

A sample of articles, the same every time, is asked for with two sentences of each: the first, and one from the middle
of its text. Titles aren't asked: a title stands in every chunk of its article, so finding it proves little. A sentence
of an article stands in it word for word, so this is far easier than what people ask, above all for the keyword
retriever: the figures tell that analysis, vectors and index fit together, in each language, not how relevant results
are. That takes judged queries. What to look for is a retriever that misses its own sentences, and two retrievers whose
ten best articles have nothing in common.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex

from searchkit.errors import VectorsMissing
from searchkit.ingest.sentences import sentence_spans
from searchkit.search.searcher import Searcher
from searchkit.types import Article, Mode, Progress, Query, Syntax

SAMPLE = 100
"""Articles that are asked for. With two sentences each a share is known to within .07 (95 %)."""

TOP = 10
LEAST_OF_A_LANGUAGE = 10
"""Articles of each language that are looked for, where it has so many."""

_LOOKED_AT = 20
"""So many times the sample is read at most, to find articles of rare languages."""

_WORDS = (5, 40)
_CHARACTERS = (12, 300)
"""A sentence is asked that has so many words, or characters where a script writes words without spaces."""

_UNSPACED = regex.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of Thai, Lao, Tibetan, Burmese, Khmer, Japanese and Chinese, which stand without spaces."""

LOW = {Mode.KEYWORD: 0.8, Mode.VECTOR: 0.5, Mode.HYBRID: 0.8}
"""Where a mode has fewer of its own sentences' articles among its first ten, something is amiss. Measured on English
collections: keyword .97 to 1, hybrid .95 to 1, vector .78 to .96; in languages that the encoder hardly knows (Arabic,
Thai) vector .35 to .4."""

LOW_OVERLAP = 0.05
"""The same of what the retrievers have in common: .31 to .37 there, .09 in Arabic and Thai."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of all sentences asked, the share whose own article came ``first``, and that had it among the first ``ten``."""

    first: float
    ten: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What was found of the sentences of one language ("" where unknown; None for all).

    ``modes``: the shares of each. ``overlap``: the mean share that both retrievers' first ten articles have in common;
    None where there aren't two retrievers. ``lost``: the share of sentences whose article is among no mode's first ten.
    """

    language: str | None
    sentences: int
    modes: Mapping[Mode, Share]
    overlap: float | None
    lost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """The report: how many articles were asked for, and passed over for want of a sentence; all, and each language.

    ``doubts``: what looks broken, in words. ``notes``: what the user should know of how it was done.
    """

    articles: int
    passed_over: int
    every: Group
    languages: tuple[Group, ...]
    doubts: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckedSentence:
    """A sentence that was asked: for each mode the ids of the first ten articles."""

    article: Article
    found: Mapping[Mode, tuple[str, ...]]

    def place(self, mode: Mode) -> int:
        """Return where the article stands, from 0; ``TOP`` where it isn't there."""
        ids = self.found[mode]
        return ids.index(self.article.id) if self.article.id in ids else TOP


def check_archive(searcher: Searcher, *, sample: int = SAMPLE, progress: Progress | None = None) -> SelfCheck:
    """Ask an index its own sentences. Raises as ``Searcher.ask`` does, but not where only vectors are missing."""
    chosen, passed_over = _chosen(searcher, sample)
    modes, notes = _modes(searcher)
    checked_sentences: list[_CheckedSentence] = []
    for number, (article, sentences) in enumerate(chosen, start=1):
        for text in sentences:
            queries = [Query(text=text, mode=mode, k=TOP, syntax=Syntax.WORDS) for mode in modes]
            ids = {query.mode: tuple(article_id for article_id, _ in searcher.rank(query)) for query in queries}
            checked_sentences.append(_CheckedSentence(article=article, found=ids))
        if progress is not None:
            progress("ask", number, len(chosen))
    counted = Counter(sentence.article.language or "" for sentence in checked_sentences)
    groups = tuple(
        _group(code, [sentence for sentence in checked_sentences if (sentence.article.language or "") == code])
        for code, _ in counted.most_common()
    )
    every = _group(None, checked_sentences)
    return SelfCheck(
        articles=len(chosen),
        passed_over=passed_over,
        every=every,
        languages=groups,
        doubts=_all_doubts(every, groups if len(groups) > 1 else ()),
        notes=notes,
    )


def _modes(searcher: Searcher) -> tuple[tuple[Mode, ...], tuple[str, ...]]:
    """Return the modes that can be asked, and a note where that aren't all."""
    try:
        searcher.rank(Query(text="a", mode=Mode.VECTOR, k=1))
    except VectorsMissing as error:
        return (Mode.KEYWORD,), (error.message,)
    return tuple(Mode), ()


def _chosen(searcher: Searcher, sample: int) -> tuple[list[tuple[Article, tuple[str, ...]]], int]:
    """Return the sampled articles with the sentences to ask, and how many had none.

    The order of an id's digest is as good as chance and always the same. Rare languages are sampled on until each has a
    few.
    """
    lacking = {code: min(LEAST_OF_A_LANGUAGE, number) for code, number in searcher.info().languages.items()}
    chosen: list[tuple[Article, tuple[str, ...]]] = []
    passed_over = 0
    for article in _in_chance_order(searcher, sample * _LOOKED_AT):
        language = article.language or ""
        if len(chosen) >= sample and not any(lacking.values()):
            break
        if len(chosen) >= sample and not lacking.get(language):
            continue
        sentences = own_sentences(article)
        if not sentences:
            passed_over += 1
            continue
        lacking[language] = max(0, lacking.get(language, 0) - 1)
        chosen.append((article, sentences))
    return chosen, passed_over


def _in_chance_order(searcher: Searcher, most: int) -> Iterator[Article]:
    ids = sorted(
        searcher.article_ids(), key=lambda article_id: hashlib.sha256(article_id.encode("utf-8", "replace")).digest()
    )
    for article_id in ids[:most]:
        article = searcher.article(article_id)
        if article is not None:
            yield article


def own_sentences(article: Article) -> tuple[str, ...]:
    """Return the first sentence of an article that can be asked, and the one nearest to the middle of its text."""
    spans = [
        (start, text)
        for start, end in sentence_spans(article.text, article.language)
        if (text := plain_sentence(article.text[start:end]))
    ]
    if not spans:
        return ()
    middle = min(spans, key=lambda span: abs(span[0] - len(article.text) / 2))
    return tuple(dict.fromkeys((spans[0][1], middle[1])))


def plain_sentence(text: str) -> str:
    """Return a sentence on one line; "" where it is too short or too long to be asked."""
    plain = " ".join(text.split())
    words = len(plain.split())
    characters = len(plain)
    if not _CHARACTERS[0] <= characters <= _CHARACTERS[1] or words > _WORDS[1]:
        return ""
    written_apart = 2 * len(_UNSPACED.findall(plain)) < characters
    return "" if written_apart and words < _WORDS[0] else plain


def _group(language: str | None, checked_sentences: Sequence[_CheckedSentence]) -> Group:
    modes = list(checked_sentences[0].found) if checked_sentences else []
    number = len(checked_sentences) or 1
    both = Mode.KEYWORD in modes and Mode.VECTOR in modes
    return Group(
        language=language,
        sentences=len(checked_sentences),
        modes={
            mode: Share(
                first=sum(sentence.place(mode) == 0 for sentence in checked_sentences) / number,
                ten=sum(sentence.place(mode) < TOP for sentence in checked_sentences) / number,
            )
            for mode in modes
        },
        overlap=sum(map(_overlap, checked_sentences)) / number if both else None,
        lost=sum(all(sentence.place(mode) == TOP for mode in modes) for sentence in checked_sentences) / number,
    )


def _overlap(sentence: _CheckedSentence) -> float:
    """Return which share of the shorter list of the two retrievers stands in the other, too."""
    keyword, vector = set(sentence.found[Mode.KEYWORD]), set(sentence.found[Mode.VECTOR])
    fewest = min(len(keyword), len(vector))
    return len(keyword & vector) / fewest if fewest else 0.0


def _all_doubts(every: Group, languages: Sequence[Group]) -> tuple[str, ...]:
    """Return the doubts about each language that has enough sentences; where there are none, those about all."""
    large_groups = [group for group in languages if group.sentences >= LEAST_OF_A_LANGUAGE]
    return tuple(doubt for group in large_groups for doubt in _doubts(group)) or tuple(_doubts(every))


def _doubts(group: Group) -> Iterator[str]:
    if not group.sentences:
        yield "No article has a sentence that could be asked."
        return
    where = "" if group.language is None else f" in {group.language or 'articles without a language'}"
    for mode, share in group.modes.items():
        if share.ten < LOW[mode]:
            yield f"{mode} finds only {share.ten:.0%} of its own sentences' articles{where} among its first ten."
    if group.overlap is not None and group.overlap < LOW_OVERLAP:
        yield f"The retrievers have next to nothing in common{where}: {group.overlap:.0%} of their first ten articles."

"""Known items: an index is asked for articles by title, URL and sentence, and has to name them first.

People look for articles that they have seen. Of a sample of articles, the same for the same seed, questions of these
kinds are made:

| kind | question |
|---|---|
| exact title | the title |
| title, a word gone | the title without one of its words, where it has five or more |
| title, letters exchanged | the title with two neighbouring letters of a word exchanged |
| URL | the URL |
| half title and outlet | the first half of the title, where that has two words or more, and the source |
| sentence | a sentence of five words or more |
| sentence, a word gone | one of seven or more, without one of its words inside |

An article is asked for only by what tells it apart: where another has the same title or URL, the same sentence, or
begins its title alike in the same outlet, the question is left out and counted. Success at 1 is the share of questions
of which the article comes first, at 10 that of those which have it among the first ten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from searchkit.evaluation.self_check import plain_sentence
from searchkit.index.article_keys import title_words
from searchkit.ingest.sentences import sentence_spans
from searchkit.ingest.url_key import url_key
from searchkit.search.searcher import Searcher
from searchkit.types import Article, Mode, Progress, Query, Syntax

SAMPLE = 200
"""Articles that are asked for by each kind of question: a share near 1 is known to within .02 (95 %)."""

TOP = 10

_LOOKED_AT = 5
"""So many times the sample is read at most: some articles have no URL, or a title that others have too."""

_ALIKE = 50
"""Articles among which another of the same title is looked for."""

_FEWEST_IN_TITLE = 5
_FEWEST_IN_SENTENCE = 7
"""Words of a title and of a sentence of which one is left out."""

_FEWEST_LETTERS = 4
"""Letters of a word of which two are exchanged."""


class Kind(StrEnum):
    """How an article is asked for."""

    TITLE = "exact title"
    TITLE_SHORTENED = "title, a word gone"
    TITLE_MISSPELT = "title, letters exchanged"
    URL = "URL"
    OUTLET = "half title and outlet"
    SENTENCE = "sentence"
    SENTENCE_SHORTENED = "sentence, a word gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItemQuestion:
    """A question, and the article that it is for."""

    kind: Kind
    text: str
    article_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItemQuestions:
    """The questions that were made of an index, and how many of each kind were left out: others have it, too."""

    questions: tuple[KnownItemQuestion, ...]
    ambiguous: Mapping[Kind, int]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """Of the questions of one kind asked in one mode, the shares whose article came ``first`` and among ``ten``."""

    kind: Kind
    mode: Mode
    questions: int
    ambiguous: int
    first: float
    ten: float
    missed: tuple[KnownItemQuestion, ...]
    """Those whose article didn't come first."""


def make_questions(searcher: Searcher, *, sample: int = SAMPLE, seed: int = 0) -> KnownItemQuestions:
    """Make known-item questions of an index: the same for the same articles, sample and seed.

    Raises as ``Searcher.article`` does.
    """
    questions: dict[Kind, list[KnownItemQuestion]] = {kind: [] for kind in Kind}
    ambiguous = dict.fromkeys(Kind, 0)
    for article in _in_chance_order(searcher, sample * _LOOKED_AT, seed):
        if all(len(those) >= sample for those in questions.values()):
            break
        for kind, text in _texts(article, Random(f"{seed} {article.id}")):
            if len(questions[kind]) >= sample:
                continue
            if _is_told_apart(searcher, article, kind, text):
                questions[kind].append(KnownItemQuestion(kind=kind, text=text, article_id=article.id))
            else:
                ambiguous[kind] += 1
    every = tuple(question for those in questions.values() for question in those)
    return KnownItemQuestions(questions=every, ambiguous=ambiguous, seed=seed)


def ask(
    searcher: Searcher,
    made: KnownItemQuestions,
    modes: Sequence[Mode] = (Mode.HYBRID,),
    *,
    progress: Progress | None = None,
) -> tuple[Success, ...]:
    """Ask an index known-item questions, as a person types them. Raises as ``Searcher.rank`` does."""
    places: dict[tuple[Kind, Mode], list[tuple[KnownItemQuestion, int]]] = {}
    for number, question in enumerate(made.questions, start=1):
        for mode in modes:
            ids = [article_id for article_id, _ in searcher.rank(Query(text=question.text, mode=mode, k=TOP))]
            place = ids.index(question.article_id) if question.article_id in ids else TOP
            places.setdefault((question.kind, mode), []).append((question, place))
        if progress is not None:
            progress("ask", number, len(made.questions))
    return tuple(
        Success(
            kind=kind,
            mode=mode,
            questions=len(those),
            ambiguous=made.ambiguous[kind],
            first=sum(place == 0 for _, place in those) / len(those),
            ten=sum(place < TOP for _, place in those) / len(those),
            missed=tuple(question for question, place in those if place),
        )
        for (kind, mode), those in places.items()
    )


def _in_chance_order(searcher: Searcher, most: int, seed: int) -> Iterator[Article]:
    """Yield articles in the order of their ids' digests, which is as good as chance and always the same."""

    def digest(article_id: str) -> bytes:
        return hashlib.sha256(f"{seed} {article_id}".encode("utf-8", "replace")).digest()

    for article_id in sorted(searcher.article_ids(), key=digest)[:most]:
        article = searcher.article(article_id)
        if article is not None:
            yield article


def _texts(article: Article, chance: Random) -> Iterator[tuple[Kind, str]]:
    """Yield the questions by which an article may be asked for."""
    title = " ".join(article.title.split())
    words = title.split()
    if title_words(title):
        yield Kind.TITLE, title
    if len(words) >= _FEWEST_IN_TITLE:
        yield Kind.TITLE_SHORTENED, _without_word(words, chance.randrange(len(words)))
    if misspelt := _misspelt(words, chance):
        yield Kind.TITLE_MISSPELT, misspelt
    if article.url and url_key(article.url):
        yield Kind.URL, article.url
    if article.source and len(words) >= _FEWEST_IN_TITLE - 1:
        yield Kind.OUTLET, f"{' '.join(words[: (len(words) + 1) // 2])} {article.source}"
    sentences = [
        text
        for start, end in sentence_spans(article.text, article.language)
        if (text := plain_sentence(article.text[start:end]))
    ]
    if sentences:
        yield Kind.SENTENCE, chance.choice(sentences)
    if long := [text for text in sentences if len(text.split()) >= _FEWEST_IN_SENTENCE]:
        parts = chance.choice(long).split()
        yield Kind.SENTENCE_SHORTENED, _without_word(parts, chance.randrange(1, len(parts) - 1))


def _without_word(words: Sequence[str], place: int) -> str:
    return " ".join((*words[:place], *words[place + 1 :]))


def _misspelt(words: Sequence[str], chance: Random) -> str:
    """Return the words with two neighbouring letters inside of one exchanged; "" where none is long enough."""
    pairs = [
        (number, place)
        for number, word in enumerate(words)
        if len(word) >= _FEWEST_LETTERS and word.isalpha()
        for place in range(len(word) - 1)
        if word[place].lower() != word[place + 1].lower()
    ]
    if not pairs:
        return ""
    number, place = chance.choice(pairs)
    word = words[number]
    changed = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join((*words[:number], changed, *words[number + 1 :]))


def _is_told_apart(searcher: Searcher, article: Article, kind: Kind, text: str) -> bool:
    """Say whether no other article has what an article is asked for by."""
    match kind:
        case Kind.URL:
            others = (searcher.article(article_id) for article_id in _ids(searcher, text, _ALIKE, Syntax.AUTO))
            return not any(other and other.id != article.id and _same_url(other, article) for other in others)
        case Kind.SENTENCE:
            return _ids(searcher, _quoted(text), 2) in ([], [article.id])
        case Kind.SENTENCE_SHORTENED:
            return _ids(searcher, f"{_quoted(text)}~3", 2) in ([], [article.id])
        case Kind.OUTLET:
            half = " ".join(text.split()[: -len((article.source or "").split())])
            return all(other.source != article.source for other in _others_titled(searcher, article, half))
        case _:
            taken = {title_words(text), title_words(article.title)}
            alike = (*_others_titled(searcher, article, text), *_others_titled(searcher, article, article.title))
            return all(title_words(other.title) not in taken for other in alike)


def _others_titled(searcher: Searcher, article: Article, words: str) -> list[Article]:
    """Return other articles in whose title some words stand together."""
    ids = _ids(searcher, f"title:{_quoted(words)}", _ALIKE)
    return [
        other for article_id in ids if article_id != article.id and (other := searcher.article(article_id)) is not None
    ]


def _same_url(one: Article, other: Article) -> bool:
    return bool(one.url and other.url and url_key(one.url) == url_key(other.url))


def _quoted(text: str) -> str:
    return f'"{text.translate(_QUOTES)}"'


_QUOTES = dict.fromkeys(map(ord, '"“”„‟«»＂\\'), " ")


def _ids(searcher: Searcher, text: str, k: int, syntax: Syntax = Syntax.EXPRESSION) -> list[str]:
    query = Query(text=text, mode=Mode.KEYWORD, k=k, syntax=syntax)
    return [article_id for article_id, _ in searcher.rank(query)]

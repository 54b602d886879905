#!/usr/bin/env python3
"""What is each choice worth? Builds and asks every collection with one thing changed, and prints a table.

    scripts/ablations.py --indexes DIR --collections DIR --scratch DIR cranfield xquad-en scifact:train

Each name is an index in the first folder, whose vectors are used again where a text stays the same, and a judged
collection (BEIR's layout) in the second ("samples": searchkit's own), after a colon a split of its judgements. Rows are
changes, columns collections: nDCG@10 by keyword and hybrid, then their means and what the hybrid's gains. A change is
of the configuration, or of a constant in the code, which is put back afterwards. With --only, some of the rows.

What is encoded anew takes some 20 chunks a second and core. So --sample scifact=1500 asks so many articles instead of
all: those of as many queries as half of them answer, and others; the row "as it is" is of the same. Indexes that were
changed stay in the scratch folder and are used again.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any
from unittest.mock import patch

import searchkit
from searchkit.config import IndexConfig, SearchConfig
from searchkit.encoders.loader import load
from searchkit.errors import ConfigError, SearchkitError
from searchkit.evaluation.judgments import Judgments, read_judged
from searchkit.evaluation.measures import depth_for, measure
from searchkit.evaluation.runs import make_run
from searchkit.index.build import rebuild
from searchkit.index.generation import open_generation
from searchkit.ingest.indexed_text import SearchedText, header
from searchkit.keyword.query.ast import Boost, Or, Phrase, Term, Tree
from searchkit.keyword.query.query_terms import QueryWords, word_weights
from searchkit.keyword.scoring.evaluator import evaluate
from searchkit.types import Mode

SAMPLES = Path(searchkit.__file__).parent / "samples"
MEASURE = "nDCG@10"
Figures = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is different: settings, and what is put in the place of names in the code.

    ``builds``: whether the code's change is one of the files, too.
    """

    index: Mapping[str, Any] = field(default_factory=dict)
    search: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)
    builds: bool = False

    @contextmanager
    def made(self) -> Iterator[None]:
        """Change the code for a while."""
        with ExitStack() as stack:
            for name, value in self.code.items():
                stack.enter_context(patch(name, value))
            yield


def _every_word(words: Sequence[Any], languages: Sequence[str | None]) -> list[float]:
    """Stand in for ``word_weights``: stop words stay."""
    return [1.0] * len(words)


_WEIGHTS = "searchkit.keyword.query.query_terms.word_weights"
_STEM = "searchkit.keyword.analysis.stemmer.WordStemmer.stem"
_word_weights = word_weights
_telling_leaves = QueryWords.telling_leaves


def _no_numbers(words: Sequence[Any], languages: Sequence[str | None]) -> list[float]:
    """Stand in for ``word_weights``: numbers go, too."""
    weights: list[float] = _word_weights(words, languages)
    without = [0.0 if word.surface.isdecimal() else weight for word, weight in zip(words, weights, strict=True)]
    return without if any(without) else weights


def _unstemmed(self: object, word: str, language: str | None) -> str:
    """Stand in for ``Stems.stem``."""
    return word


def _light(self: object, word: str, language: str | None) -> str:
    """Stand in for ``Stems.stem``: plurals alone, in English alone (the S stemmer of Harman 1991)."""
    if language != "en" or not word.isalpha():
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    return word[:-1] if word.endswith("s") and not word.endswith(("us", "ss")) else word


def _pairs(share: float, slop: int) -> dict[str, Any]:
    """Ask neighbouring words of a question as phrases, too (Metzler, Croft 2005); U stays that of the words."""

    def telling_leaves(self: QueryWords, text: str) -> list[Tree]:
        leaves = _telling_leaves(self, text)
        words = [leaf for leaf in leaves if isinstance(leaf, Term)]
        pairs = [Phrase(units=pair, offsets=(0, 1), slop=slop) for pair in pairwise(words)]
        return [*leaves, *(Boost(child=pair, factor=share) for pair in pairs)]

    def evaluated(index: Any, tree: Tree, **given: Any) -> Any:
        found = evaluate(index, tree, **given)
        if isinstance(tree, Or) and any(isinstance(child, Boost) for child in tree.children):
            words = Or(children=tuple(child for child in tree.children if not isinstance(child, Boost)))
            found.idf_sum = evaluate(index, words).idf_sum
        return found

    return {
        "searchkit.keyword.query.query_terms.QueryWords.telling_leaves": telling_leaves,
        "searchkit.search.retrieval.evaluate": evaluated,
    }


def _bm25(k1: float, b: float) -> Change:
    return Change(code={"searchkit.keyword.scoring.bm25.K1": k1, "searchkit.keyword.scoring.bm25.B": b})


def _votes(share: float, voters: int = 5) -> Change:
    return Change(code={"searchkit.search.ranking.VOTE": share, "searchkit.search.ranking.VOTERS": voters})


CHANGES: dict[str, Change] = {
    "as it is": Change(),
    "k1 .9, b .4": _bm25(0.9, 0.4),
    "k1 .9": _bm25(0.9, 0.75),
    "k1 1.6": _bm25(1.6, 0.75),
    "k1 2": _bm25(2.0, 0.75),
    "b .5": _bm25(1.2, 0.5),
    "b .9": _bm25(1.2, 0.9),
    "best chunk alone": _votes(0.0),
    "votes .1": _votes(0.1),
    "votes .2": _votes(0.2),
    "votes .3": _votes(0.3),
    "three voters": _votes(0.15, 3),
    "ten voters": _votes(0.15, 10),
    "cosines as they are": Change(
        code={"searchkit.search.language_bias.LanguageBias.towards": lambda self, vector: None}
    ),
    "no coverage, no neighbours": Change(search={"coverage_weight": 0.0, "neighbour_weight": 0.0}),
    "no neighbours": Change(search={"neighbour_weight": 0.0}),
    "no coverage": Change(search={"coverage_weight": 0.0}),
    "coverage .2": Change(search={"coverage_weight": 0.2}),
    "coverage .6": Change(search={"coverage_weight": 0.6}),
    "neighbours .2": Change(search={"neighbour_weight": 0.2}),
    "neighbours .4": Change(search={"neighbour_weight": 0.4}),
    "neighbours among 32": Change(code={"searchkit.search.neighbours.POOL": 32}),
    "neighbours among 64": Change(code={"searchkit.search.neighbours.POOL": 64}),
    "2 neighbours": Change(code={"searchkit.search.neighbours.NEAREST": 2}),
    "8 neighbours": Change(code={"searchkit.search.neighbours.NEAREST": 8}),
    "vector weight 2": Change(search={"vector_weight": 2.0}),
    "vector weight 2.4": Change(search={"vector_weight": 2.4}),
    "vector weight 3.2": Change(search={"vector_weight": 3.2}),
    "vector weight 3.5": Change(search={"vector_weight": 3.5}),
    "vector weight 4": Change(search={"vector_weight": 4.0}),
    "stop words kept": Change(code={_WEIGHTS: _every_word}),
    "numbers left out": Change(code={_WEIGHTS: _no_numbers}),
    "neighbours as phrases, .1": Change(code=_pairs(0.1, 1)),
    "neighbours as phrases, .2": Change(code=_pairs(0.2, 1)),
    "neighbours as phrases, .3": Change(code=_pairs(0.3, 1)),
    "neighbours within 4 words, .2": Change(code=_pairs(0.2, 4)),
    "no stemming": Change(code={_STEM: _unstemmed}, builds=True),
    "light stemming": Change(code={_STEM: _light}, builds=True),
    "title once": Change(index={"title_weight": 1}, builds=True),
    "title three times": Change(index={"title_weight": 3}, builds=True),
    "title four times": Change(index={"title_weight": 4}, builds=True),
    "title three times, k1 1.6, weight 3.2": Change(
        index={"title_weight": 3},
        search={"vector_weight": 3.2},
        code={"searchkit.keyword.scoring.bm25.K1": 1.6},
        builds=True,
    ),
    "chunks of 128 tokens": Change(index={"chunk_tokens": 128}, builds=True),
    "chunks of 192 tokens": Change(index={"chunk_tokens": 192}, builds=True),
    "no overlap": Change(index={"overlap_sentences": 0}, builds=True),
    "overlap of 2 sentences": Change(index={"overlap_sentences": 2}, builds=True),
    "vectors without title and heading": Change(
        code={
            "searchkit.ingest.indexed_text.SearchedText.joined": property(
                lambda self: self.text or header(self.title, self.heading)
            )
        },
        builds=True,
    ),
}
assert isinstance(SearchedText.joined, property)


class Remembering:
    """The default encoder; a query's vector is the same whatever else changes, and is kept."""

    def __init__(self) -> None:
        self._encoder = load(IndexConfig().encoder)
        self._queries: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_query(self, text: str) -> Any:
        """Return a query's vector."""
        if text not in self._queries:
            self._queries[text] = self._encoder.encode_query(text)
        return self._queries[text]


def measured(index: Path, judged: Judgments, config: SearchConfig, encoder: Any) -> Figures:
    """Return an index's figures by keyword and hybrid."""
    with searchkit.open(index, config=config, encoder=encoder) as searcher:
        runs = [
            make_run(searcher, judged.queries, mode=mode, depth=depth_for([MEASURE]))
            for mode in (Mode.KEYWORD, Mode.HYBRID)
        ]
    keyword, hybrid = (measure(run, judged.qrels, [MEASURE]).mean(MEASURE) for run in runs)
    return keyword, hybrid


def made_again(index: Path, place: Path, change: Change, chosen: Sequence[str] | None = None) -> Path:
    """Return a copy of an index, made again with the change, of some of its articles where these are named."""
    done = place / ".done"
    if not done.exists():
        rmtree(place, ignore_errors=True)
        copytree(index, place)
        with open_generation(place) as generation:
            config: IndexConfig = generation.manifest.config
        articles = None
        if chosen is not None:
            with searchkit.open(index) as searcher:
                articles = [one for name in chosen if (one := searcher.article(name)) is not None]
        rebuild(place, articles, config=replace(config, **change.index))
        done.touch()
    return place


def sampled(index: Path, judged: Judgments, most: int) -> tuple[list[str], Judgments]:
    """Choose articles, and the queries whose every answer is among them: by hashes, so always the same.

    Translations, whose ids are alike after a colon, stay together.
    """
    with searchkit.open(index) as searcher:
        every = searcher.article_ids()
    answers = {query: {one for one, grade in of.items() if grade > 0} for query, of in judged.qrels.items()}
    chosen: set[str] = set()
    for query in sorted(answers, key=_hash):
        if len(chosen | answers[query]) <= most // 2:
            chosen |= answers[query]
    for one in sorted(every, key=lambda name: _hash(name.rpartition(":")[2])):
        if len(chosen) >= most:
            break
        chosen.add(one)
    asked = [query for query, of in answers.items() if of <= chosen]
    kept = replace(
        judged,
        queries={query: judged.queries[query] for query in asked if query in judged.queries},
        qrels={query: judged.qrels[query] for query in asked},
    )
    return [name for name in every if name in chosen], kept


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()


def rows(
    changes: Sequence[str], names: Sequence[str], of: Callable[[str, Change, str], Figures]
) -> Iterator[tuple[str, list[Figures]]]:
    """Yield each change's figures, those of "as it is" first, which the others are compared with."""
    for title in dict.fromkeys(["as it is", *changes]):
        with CHANGES[title].made():
            yield title, [of(name, CHANGES[title], title) for name in names]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments, measure, print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="+")
    for option in ("--indexes", "--collections", "--scratch"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--only", action="append", choices=list(CHANGES), metavar="CHANGE", help=", ".join(CHANGES))
    parser.add_argument("--sample", action="append", default=[], metavar="NAME=ARTICLES")
    try:
        run(parser.parse_args(arguments))
    except SearchkitError as reason:
        print(f"error: {reason}", file=sys.stderr)
        return reason.exit_code
    return 0


def sample_sizes(given: Sequence[str], folders: Collection[str]) -> dict[str, int]:
    """Read ``NAME=ARTICLES``. Raises ``ConfigError`` for another form, or a name that isn't one of the folders."""
    most: dict[str, int] = {}
    for one in given:
        name, _, number = one.partition("=")
        if name not in folders or not number.isdecimal() or int(number) < 1:
            raise ConfigError(
                f"--sample {one} isn't understood.", hint="Write the name of a collection, = and a number."
            )
        most[name] = int(number)
    return most


def run(given: argparse.Namespace) -> None:
    """Measure and print the table. Raises ``SearchkitError`` for what can't be measured."""
    folders = {name: name.partition(":")[0] for name in given.names}
    most = sample_sizes(given.sample, folders.values())
    judged = {
        name: read_judged(
            SAMPLES if folders[name] == "samples" else given.collections / folders[name],
            split=name.partition(":")[2] or "test",
        )
        for name in given.names
    }
    for name in given.names:
        with open_generation(given.indexes / folders[name]):  # what isn't there is said before anything is measured
            pass
    chosen: dict[str, list[str]] = {}
    for name in given.names:
        if folders[name] in most:
            index = given.indexes / folders[name]
            chosen[name], judged[name] = sampled(index, judged[name], most[folders[name]])
    encoder = Remembering()

    def figures(name: str, change: Change, title: str) -> Figures:
        index = given.indexes / folders[name]
        if name in chosen:
            index = made_again(index, given.scratch / "sampled" / folders[name], Change(), chosen[name])
        if change.builds:
            part = re.sub(r"\W+", "-", title) + ("-sampled" if name in chosen else "")
            index = made_again(index, given.scratch / part / folders[name], change, chosen.get(name))
        return measured(index, judged[name], SearchConfig(**change.search), encoder)

    print("| | " + " | ".join(given.names) + " | mean | gain |\n" + "|---" * (len(given.names) + 3) + "|", flush=True)
    usual = 0.0
    for title, row in rows(given.only or list(CHANGES), given.names, figures):
        keyword, hybrid = (sum(column) / len(column) for column in zip(*row, strict=True))
        usual = usual or hybrid
        cells = [f"{one:.3f} / {two:.3f}" for one, two in [*row, (keyword, hybrid)]]
        print(f"| {title} | " + " | ".join(cells) + f" | {hybrid - usual:+.4f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())

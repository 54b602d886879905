"""Whatever an index went through, it answers like one built at once from the articles that remain."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import searchkit
from searchkit import Article, add, build, compact, delete, rebuild, update
from searchkit.errors import QueryError
from searchkit.search.searcher import Searcher
from tests.index.archive import article
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector

TEXTS = (
    None,
    "Die Gifte der Kinder. The gift of the children, gifts and the giving.",
    "Zebras crossed the old bridge.\n\nThe orchestra answered with Brahms, and S-300 batteries were silent.",
    "rice rice rice " * 40,
)
ARTICLES = st.builds(
    lambda number, text, language, more: article(number, text=text, language=language, **more),
    st.integers(0, 11),
    st.sampled_from(TEXTS),
    st.sampled_from(("en", "de", None)),
    st.sampled_from(({}, {}, {"source": "EL CORREO"}, {"fields": {"desk": "World", "tone": "grave"}})),
)
GIVEN = st.lists(ARTICLES, min_size=1, max_size=6, unique_by=lambda one: one.id)
FILTERS: tuple[dict[str, object], ...] = (
    {},
    {"source": "harbor ledger"},
    {"since": "2025-01-04", "language": ["de", "en"]},
    {"fields": {"desk": "world"}, "tag": "even"},
    {"fields": {"tone": "Grave"}, "source": ["el correo", "der boote"]},
)
QUESTIONS = (
    "oil of Venezuela",
    "gift* kinder",
    '"the old bridge" OR brahms~1',
    "title:report NOT rice",
    "s-300 pages:[2 TO 7]",
    "zebra orchesta giftz",
    "tone:grave",
)
ENCODER = WordEncoder(max_tokens=24)


class Stopped(WordEncoder):
    """The same encoder, stopped before its first vector."""

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        raise KeyboardInterrupt


FACETS = ("source", "tag", "year", "desk")


def answers(searcher: Searcher, text: str, mode: str, where: dict[str, object]) -> tuple[object, list[float]]:
    """Return all that a query gives but the scores, and the scores."""
    languages = searcher.info().languages
    facets = (*FACETS, *(["language"] if any(languages) else [])) if languages else ()
    try:
        answer = searcher.search(text, mode=mode, k=20, facets=facets, **where)  # type: ignore[arg-type]
    except QueryError as error:  # a field that no article has, or none any more
        return str(error), []
    shown = [(result.article, [(one.chunk, one.snippet) for one in result.chunks]) for result in answer.results]
    scores = [one.score for result in answer.results for one in result.chunks]
    return (shown, answer.suggestions, answer.notes, answer.facets), scores


def same_answers(grown: Path, fresh: Path) -> None:
    with searchkit.open(grown, encoder=ENCODER) as one, searchkit.open(fresh, encoder=ENCODER) as two:
        for name in ("articles", "chunks", "languages", "sources", "first_published", "last_published"):
            assert getattr(one.info(), name) == getattr(two.info(), name)
        for number, text in enumerate(QUESTIONS):
            for place, mode in enumerate(("keyword", "vector", "hybrid")):
                for where in (FILTERS[0], FILTERS[1 + (number + place) % 4]):
                    mine, scores = answers(one, text, mode, where)
                    theirs, expected = answers(two, text, mode, where)
                    assert mine == theirs, (text, mode, where)
                    assert scores == pytest.approx(expected, abs=1e-6), (text, mode, where)


class History(RuleBasedStateMachine):
    """An index, and the articles that should be in it."""

    @initialize(given=GIVEN)
    def build(self, given: Sequence[Article]) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.numbers = count()
        self.index = Path(self.folder.name) / "index"
        # Merge early, and cut builds into several segments.
        self.patches = [
            patch("searchkit.index.segment_merge.FACTOR", 3),
            patch("searchkit.index.segment_merge.SMALLEST", 6),
            patch("searchkit.index.segment_writer.SEGMENT_CHARACTERS", 400),
        ]
        for one in self.patches:
            one.start()
        build(self.index, given, encoder=ENCODER)
        self.living = {one.id: one for one in given}
        self.waits = False
        """Whether vectors may be missing that were never made."""

    @rule(given=GIVEN)
    def add(self, given: Sequence[Article]) -> None:
        add(self.index, given, encoder=ENCODER)
        self.living |= {one.id: one for one in given}

    @rule(given=GIVEN)
    def update_and_prune(self, given: Sequence[Article]) -> None:
        update(self.index, given, prune=True, prune_limit=1.0, encoder=ENCODER)
        self.waits = False
        self.living = {one.id: one for one in given}

    @rule(numbers=st.sets(st.integers(0, 11), min_size=1, max_size=4))
    def delete(self, numbers: set[int]) -> None:
        chosen = {f"a{number:03d}" for number in numbers}
        assert delete(self.index, chosen).deleted == len(chosen & self.living.keys())
        self.living = {one: content for one, content in self.living.items() if one not in chosen}

    @rule()
    def compact(self) -> None:
        compact(self.index)

    @precondition(lambda self: self.living)
    @rule()
    def rebuild(self) -> None:
        assert rebuild(self.index, encoder=ENCODER).vectors_encoded == 0 or self.waits
        self.waits = False

    @precondition(lambda self: self.living)
    @rule()
    def rebuild_until_it_can_be_searched_by_keyword(self) -> None:
        with suppress(KeyboardInterrupt):
            rebuild(self.index, list(self.living.values()), encoder=Stopped(max_tokens=24), keyword_first=True)
        self.waits = True

    def teardown(self) -> None:
        if not hasattr(self, "index"):
            return
        try:
            fresh = Path(self.folder.name) / "fresh"
            for one in self.patches:
                one.stop()
            build(fresh, self.living.values() or [article(0)], encoder=ENCODER)
            if not self.living:
                delete(fresh, "a000")
            elif self.waits:
                rebuild(self.index, encoder=ENCODER)
            same_answers(self.index, fresh)
        finally:
            self.folder.cleanup()


History.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestHistory = pytest.mark.slow(History.TestCase)

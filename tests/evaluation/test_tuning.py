from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import searchkit
from searchkit import Mode, SearchConfig, Searcher
from searchkit.config import Settings
from searchkit.errors import ConfigError
from searchkit.evaluation.judgments import Judgments
from searchkit.evaluation.measures import measure
from searchkit.evaluation.runs import Level, make_run
from searchkit.evaluation.tuning import FOLDS, LEAST_QUERIES, TuneReport, tune
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Vector

MEASURE = "nDCG@10"
BAD = 16.0


class Guessing(WordEncoder):
    """Knows chunks, and guesses at queries: its cosines are noise."""

    def __init__(self) -> None:
        super().__init__(dimension=4, name="guessing")
        self.queries = 0

    def encode_query(self, text: str) -> Vector:
        self.queries += 1
        return super().encode_query(f"guess {len(text)} {text[:3]}")

    def encode_chunks(self, texts: object, progress: object = None) -> Vector:
        return WordEncoder(dimension=4).encode_chunks(texts, progress)  # type: ignore[arg-type]


def judged_by_number(numbers: range) -> Judgments:
    """Ask for an article by words of its own, its number among them."""
    queries = {f"q{n}": f"report number {n} {article(n).text.split()[1]}" for n in numbers}
    return Judgments(name="numbers", queries=queries, qrels={f"q{n}": {f"a{n:03d}": 2} for n in numbers})


JUDGED = judged_by_number(range(24))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuning") / "index"
    built(folder, range(60))
    return folder


@pytest.fixture(scope="module")
def guessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuning") / "guessed"
    searchkit.build(folder, [article(number) for number in range(60)], encoder=Guessing())
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def opened_badly(index: Path, encoder: Guessing | None = None) -> Searcher:
    """Open an index with a weight that lets noise decide."""
    return searchkit.open(index, encoder=encoder or Guessing(), config=SearchConfig(vector_weight=BAD))


@pytest.fixture(scope="module")
def report(guessed: Path) -> TuneReport:
    with opened_badly(guessed) as opened:
        return tune(opened, JUDGED)


def mean_of(index: Path, weight: float, encoder: WordEncoder, level: Level = Level.ARTICLE) -> float:
    """Measure a search with a weight as ``evaluate`` does."""
    with searchkit.open(index, encoder=encoder, config=SearchConfig(vector_weight=weight)) as opened:
        run = make_run(opened, JUDGED.queries, mode=Mode.HYBRID, depth=10, level=level)
    return measure(run, JUDGED.qrels, [MEASURE]).mean(MEASURE)


def test_a_value_tried_is_what_a_search_with_it_gets(guessed: Path, report: TuneReport) -> None:
    curve = report.curve
    weights = [weight for weight, _ in curve]
    assert weights == sorted(weights)
    assert weights[0] == pytest.approx(BAD / 32, rel=0.01)
    assert weights[-1] == pytest.approx(BAD * 32, rel=0.01)
    means = dict(curve)
    assert len(set(means.values())) > 3
    for weight in (weights[0], weights[9], BAD, weights[-1]):
        assert means[weight] == pytest.approx(mean_of(guessed, float(weight), Guessing()), abs=1e-12)


def test_a_real_gain_is_found_and_said_on_queries_not_tuned_on(guessed: Path, report: TuneReport) -> None:
    with opened_badly(guessed) as opened:
        settings = report.settings(opened.info())
    weight = report.best
    assert isinstance(weight, float)
    assert weight < BAD / 4
    assert report.gain.real
    assert report.gain.interval.low > 0
    assert report.gain.p < 0.05
    assert report.chosen == report.best
    assert report.gain.first_mean == pytest.approx(mean_of(guessed, BAD, Guessing()), abs=1e-12)
    assert report.gain.other_mean <= max(mean for _, mean in report.curve)
    assert len(report.by_fold) == FOLDS
    assert settings.search == {"vector_weight": weight}
    assert settings.fingerprint == Guessing().fingerprint
    assert "on queries not tuned on" in settings.evidence
    assert "24 queries of numbers" in settings.evidence


def test_where_nothing_is_gained_the_defaults_are_kept_and_it_says_so(searcher: Searcher) -> None:
    queries = {f"q{n}": "zebra" for n in range(25)}
    report = tune(searcher, Judgments(name="nothing", queries=queries, qrels={query: {"a001": 1} for query in queries}))
    assert (report.gain.difference, report.gain.p) == (0.0, 1.0)
    assert not report.gain.real
    assert report.chosen == report.usual == report.best
    settings = report.settings(searcher.info())
    assert settings.search == {}
    assert settings.evidence.startswith("the defaults are kept")


def test_the_same_queries_in_any_order_tune_the_same(guessed: Path, report: TuneReport) -> None:
    turned = replace(
        JUDGED,
        queries=dict(reversed(JUDGED.queries.items())),
        qrels=dict(reversed(JUDGED.qrels.items())),
    )
    with opened_badly(guessed) as opened:
        other = tune(opened, turned)
    assert other.best == report.best
    assert other.by_fold == report.by_fold
    assert other.gain.other_mean == pytest.approx(report.gain.other_mean, abs=1e-12)


def test_a_query_is_asked_once_whatever_is_tried_and_always_the_same(guessed: Path, report: TuneReport) -> None:
    encoder = Guessing()
    with opened_badly(guessed, encoder) as opened:
        assert tune(opened, JUDGED) == report
    assert encoder.queries == len(JUDGED.queries)


def test_chunks_can_be_what_is_judged(guessed: Path) -> None:
    qrels = {query: {f"{one}#0": grade for one, grade in given.items()} for query, given in JUDGED.qrels.items()}
    with opened_badly(guessed) as opened:
        report = tune(opened, replace(JUDGED, qrels=qrels), level=Level.CHUNK, measure="MRR@10")
    assert report.gain.measure == "RR@10"
    assert report.gain.other_mean > 0.5


def test_settings_in_force_are_measured_against_what_was_found(guessed: Path, report: TuneReport) -> None:
    assert report.over_force is None
    assert report.better
    usual = searchkit.open(guessed, encoder=Guessing(), config=SearchConfig(vector_weight=0.5))
    with usual, opened_badly(guessed) as bad:
        kept = tune(usual, JUDGED, in_force=bad)
        # The other way about: what was found is better than the usual weight, and not than the one in force.
        stays = tune(bad, JUDGED, in_force=usual)
    assert kept.chosen == 0.5
    assert kept.over_force is not None
    assert kept.over_force.first_mean == pytest.approx(mean_of(guessed, BAD, Guessing()), abs=1e-12)
    assert kept.over_force.other_mean == pytest.approx(mean_of(guessed, 0.5, Guessing()), abs=1e-12)
    assert (kept.gain.real, kept.over_force.real, kept.better) == (False, True, True)
    assert stays.over_force is not None
    assert stays.over_force.first_mean == pytest.approx(mean_of(guessed, 0.5, Guessing()), abs=1e-12)
    assert (stays.gain.real, stays.over_force.real, stays.better) == (True, False, False)


def test_the_evidence_names_what_it_was_measured_against(guessed: Path) -> None:
    usual = searchkit.open(guessed, encoder=Guessing(), config=SearchConfig(vector_weight=0.5))
    with usual, opened_badly(guessed) as bad:
        settings = tune(usual, JUDGED, in_force=bad).settings(bad.info())
    assert settings.search == {}
    assert settings.evidence.startswith("the defaults are kept")
    assert "against the settings before, +0." in settings.evidence


@pytest.mark.parametrize("number", [0, 1, LEAST_QUERIES - 1])
def test_too_few_queries_are_refused_with_the_reason(searcher: Searcher, number: int) -> None:
    few = judged_by_number(range(number))
    with pytest.raises(ConfigError, match=rf"{number} judged queries .* any gain may be chance"):
        tune(searcher, few)


def test_legs_that_cannot_be_weighed_are_refused(index: Path) -> None:
    with (
        searchkit.open(index, encoder=WordEncoder(), config=SearchConfig(fusion="rrf")) as opened,
        pytest.raises(ConfigError, match="no two legs to weigh: fusion 'rrf'"),
    ):
        tune(opened, JUDGED)


@pytest.mark.parametrize("first", ['source:"Harbor Ledger"', "-oil"])
def test_queries_without_words_to_be_near_to_are_no_reason_to_refuse_the_rest(
    guessed: Path, report: TuneReport, first: str
) -> None:
    queries = {"q0": first, **{query: text for query, text in JUDGED.queries.items() if query != "q0"}}
    with opened_badly(guessed) as opened:
        other = tune(opened, replace(JUDGED, queries=queries))
    assert other.usual == report.usual
    assert other.gain.real


def test_an_index_without_vectors_has_nothing_to_tune(tmp_path: Path) -> None:
    articles = [article(number) for number in range(5)]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder(), keyword_first=True)
    with (
        searchkit.open(tmp_path / "index", encoder=WordEncoder(), generation=1) as opened,
        pytest.raises(ConfigError, match="no vectors yet"),
    ):
        tune(opened, JUDGED)


def test_a_query_that_cannot_be_asked_counts_nothing_and_is_told(searcher: Searcher) -> None:
    judged = replace(JUDGED, queries={**JUDGED.queries, "q3": " "})
    report = tune(searcher, judged)
    assert report.queries == 24
    assert any("'q3' couldn't be asked" in note for note in report.notes)
    with pytest.raises(ConfigError, match="None of the queries could be asked") as caught:
        tune(searcher, replace(JUDGED, queries=dict.fromkeys(JUDGED.queries, " ")))
    assert caught.value.hint == "Query 'q0' couldn't be asked: The query is empty."


def test_saved_settings_are_searched_with(guessed: Path, report: TuneReport, tmp_path: Path) -> None:
    with opened_badly(guessed) as opened:
        settings = report.settings(opened.info())
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(settings.to_dict()), encoding="utf-8")
    assert Settings.from_file(path) == settings
    config = SearchConfig.from_file(path)
    with searchkit.open(guessed, encoder=Guessing(), config=config) as opened:
        tuned = opened.search("report number 7").results
    plain = SearchConfig(vector_weight=settings.search["vector_weight"])
    with searchkit.open(guessed, encoder=Guessing(), config=plain) as opened:
        assert opened.search("report number 7").results == tuned


def test_settings_for_another_encoder_are_refused_by_a_search(index: Path) -> None:
    config = SearchConfig(made_for=Guessing().fingerprint)
    with (
        searchkit.open(index, encoder=WordEncoder(), config=config) as opened,
        pytest.raises(ConfigError, match="chosen for vectors of another encoder"),
    ):
        opened.search("oil")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "isn't a file of settings"),
        ("[]", "isn't a file of settings"),
        ('{"search": {}}', "isn't a file of settings"),
        ('{"search": {}, "encoder": "x", "fingerprint": "f", "weight": 1}', "no setting 'weight' in Settings"),
        ('{"search": {"vector_wait": 1}, "encoder": "x", "fingerprint": "f"}', "Did you mean 'vector_weight'"),
        ('{"search": {"vector_weight": "1"}, "encoder": "x", "fingerprint": "f"}', "can't be '1'"),
        ('{"search": {"vector_weight": NaN}, "encoder": "x", "fingerprint": "f"}', "vector_weight is nan"),
        ('{"search": {}, "encoder": "x", "fingerprint": ""}', "don't say for which encoder"),
        ('{"search": {}, "encoder": "x", "fingerprint": "f", "format": 2}', "have the form 2"),
        ('{"search": {"made_for": "f"}, "encoder": "x", "fingerprint": "f"}', "'made_for' is no setting"),
        ('{"search": [], "encoder": "x", "fingerprint": "f"}', "can't be \\[\\]"),
    ],
)
def test_a_file_that_holds_anything_else_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as raised:
        SearchConfig.from_file(path)
    assert "settings.json" in str(raised.value)

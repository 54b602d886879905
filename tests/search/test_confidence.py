"""How sure a result is, what that is read from, and what is left out for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from math import exp
from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import Article, Mode, Query, SearchConfig, Searcher
from searchkit.answer import confidence_word
from searchkit.errors import ConfigError, IndexCorrupt, QueryError
from searchkit.index.answer_baseline import as_question
from searchkit.index.general_questions import GENERAL_QUESTIONS
from searchkit.index.generation import open_generation
from searchkit.index.manifest import AnswerBaseline, AnswerMeans, ModeMeans, ScoreBaseline, publish, sealed
from searchkit.index.paths import IndexPaths
from searchkit.search.answer_shape import AnswerShape, shape_of
from searchkit.search.confidence import (
    GENERAL,
    PRIOR_QUESTIONS,
    SENTENCES,
    USUAL_GENERAL,
    USUAL_SENTENCES,
    WEIGHTS,
    ModeScale,
    archive_level,
    question_confidence,
)
from searchkit.search.fusion import Scale, hybrid, keyword_alone, vector_alone
from tests.index.archive import article
from tests.word_encoder import WordEncoder

ZERO = ScoreBaseline(queries=50, keyword=0.8, vector=0.3, words=0.7, nearness=0.25)
TEXT = "Patriot batteries at the eastern border of Poland"
NONSENSE = "quorl vebbish trandle ospi mirg"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("confidence") / "index"
    searchkit.build(folder, [article(n) for n in range(150)], encoder=WordEncoder())
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


SHAPE = AnswerShape(words=1.4, nearness=0.5, lead=0.4, coverage=0.7, top=2.8)
MANY = 10**9


def means(words: float, nearness: float, lead: float, coverage: float) -> ModeMeans:
    """Return the same means in each mode, of so many questions that the usual ones count nothing."""
    each = AnswerMeans(words=words, nearness=nearness, lead=lead, coverage=coverage)
    return ModeMeans(questions=MANY, hybrid=each, keyword=each, vector=each)


LEVELS = AnswerBaseline(general=means(0.9, 0.3, 0.3, 0.4), sentences=means(1.2, 0.4, 0.2, 0.5))


def odds(mode: Mode, scale: Scale, shape: AnswerShape = SHAPE, answers: AnswerBaseline = LEVELS) -> float:
    read = ModeScale(mode, scale, ZERO)
    question = question_confidence(shape, read, archive_level(read, answers))
    return sum(term.share for term in question.terms)


def test_a_question_is_read_from_four_numbers_and_the_level_of_the_archive() -> None:
    w = WEIGHTS[Mode.HYBRID]
    score = 1.4 - 0.7 + 2.0 * (0.5 - 0.25)
    general = w.score * (0.9 - 0.7 + 2.0 * (0.3 - 0.25)) + w.lead * 0.3 + w.coverage * 0.4
    sentences = w.score * (1.2 - 0.7 + 2.0 * (0.4 - 0.25)) + w.lead * 0.2 + w.coverage * 0.5
    own = w.constant + w.score * score + w.lead * 0.4 + w.coverage * 0.7
    assert odds(Mode.HYBRID, hybrid(9.0, 2.0)) == pytest.approx(own - GENERAL * general - SENTENCES * sentences)


def test_by_keyword_and_by_vector_they_are_on_the_scale_of_the_hybrid() -> None:
    w = WEIGHTS[Mode.KEYWORD]
    level = GENERAL * (w.score * (0.9 - 0.8) + w.lead * 0.3 + w.coverage * 0.4)
    level += SENTENCES * (w.score * (1.2 - 0.8) + w.lead * 0.2 + w.coverage * 0.5)
    expected = w.constant + w.score * (1.4 - 0.8) + w.lead * 0.4 + w.coverage * 0.7 - level
    assert odds(Mode.KEYWORD, keyword_alone(9.0)) == pytest.approx(expected)
    w = WEIGHTS[Mode.VECTOR]
    level = GENERAL * (w.score * 2.0 * (0.3 - 0.3) + w.lead * 2.0 * 0.3)
    level += SENTENCES * (w.score * 2.0 * (0.4 - 0.3) + w.lead * 2.0 * 0.2)
    expected = w.constant + w.score * 2.0 * (0.5 - 0.3) + w.lead * 2.0 * 0.4 - level
    assert odds(Mode.VECTOR, vector_alone(2.0)) == pytest.approx(expected)


def test_a_result_falls_off_with_its_score() -> None:
    question = question_confidence(SHAPE, ModeScale(Mode.HYBRID, hybrid(9.0, 2.0), ZERO), 1.5)
    z = sum(term.share for term in question.terms)
    assert question.of(2.8) == pytest.approx(1 / (1 + exp(-z)))
    assert question.of(2.3) == pytest.approx(1 / (1 + exp(-(z - WEIGHTS[Mode.HYBRID].below * 0.5))))
    assert [question.of(score) for score in (-1e6, 1e6)] == [0.0, 1.0]
    by_keyword = question_confidence(SHAPE, ModeScale(Mode.KEYWORD, keyword_alone(9.0), ZERO), 1.5)
    assert by_keyword.below == WEIGHTS[Mode.KEYWORD].below / 3


def test_words_at_random_stand_in_where_general_questions_do_worse() -> None:
    scale = hybrid(9.0, 2.0)
    better = AnswerBaseline(nonsense=means(1.1, 0.3, 0.3, 0.4), general=LEVELS.general, sentences=LEVELS.sentences)
    worse = AnswerBaseline(nonsense=means(0.1, 0.1, 0.1, 0.1), general=LEVELS.general, sentences=LEVELS.sentences)
    lost = odds(Mode.HYBRID, scale) - odds(Mode.HYBRID, scale, answers=better)
    assert lost == pytest.approx(GENERAL * WEIGHTS[Mode.HYBRID].score * 0.2)
    assert odds(Mode.HYBRID, scale, answers=worse) == odds(Mode.HYBRID, scale)


def test_an_index_that_was_not_asked_has_the_usual_level_and_few_questions_move_it_little() -> None:
    scale = hybrid(9.0, 2.8)
    none = odds(Mode.HYBRID, scale, answers=AnswerBaseline())
    usual = AnswerBaseline(
        general=replace(USUAL_GENERAL, questions=MANY), sentences=replace(USUAL_SENTENCES, questions=MANY)
    )
    assert none == pytest.approx(odds(Mode.HYBRID, scale, answers=usual))
    few, many = (
        odds(Mode.HYBRID, scale, answers=AnswerBaseline(sentences=replace(means(3.0, 0.9, 1.0, 1.0), questions=count)))
        for count in (PRIOR_QUESTIONS, MANY)
    )
    assert few - none == pytest.approx((many - none) / 2)


def test_a_tuned_weight_moves_the_zero_with_the_scores() -> None:
    as_nonsense = replace(SHAPE, words=0.7, nearness=0.25)
    levels = AnswerBaseline(general=means(0.7, 0.25, 0.3, 0.4), sentences=means(0.7, 0.25, 0.2, 0.5))
    light, heavy = (odds(Mode.HYBRID, hybrid(9.0, weight), as_nonsense, levels) for weight in (1.0, 9.0))
    assert light == pytest.approx(heavy)


def test_scores_of_one_day_tell_no_confidence(index: Path) -> None:
    with searchkit.open(index, encoder=WordEncoder(), config=SearchConfig(fusion="rrf")) as opened:
        answer = opened.search(TEXT, explain=True)
    assert answer.confidence is None
    assert answer.confidence_terms == ()
    assert answer.confidence_word is None


@pytest.mark.parametrize(
    ("confidence", "word"),
    [
        *((1.0, "sure"), (0.8, "sure"), (0.79, "likely"), (0.5, "likely"), (0.49, "unsure"), (0.2, "unsure")),
        *((0.19, "nothing here"), (0.0, "nothing here"), (None, None)),
    ],
)
def test_a_confidence_has_a_word(confidence: float | None, word: str | None) -> None:
    assert confidence_word(confidence) == word


@pytest.mark.parametrize("mode", tuple(Mode))
def test_the_shape_is_of_the_best_chunks_of_the_whole_archive(searcher: Searcher, mode: Mode) -> None:
    legs = searcher.legs(Query(text=TEXT, mode=mode))
    shape, rows = shape_of(legs), np.arange(legs.generation.rows)
    assert isinstance(legs.scale, Scale)
    words, scores = np.zeros(len(rows)), legs.score(rows)
    if legs.keyword is not None:
        bare = legs.keyword.uncovered.at(rows)
        words = bare / np.sqrt(legs.keyword.idf_sum)
        coverage = legs.keyword.coverage_of(rows, bare)
        chosen = coverage if mode is Mode.HYBRID else coverage[bare == bare.max()]
        assert shape.coverage == pytest.approx(chosen.max())
        assert 0 < shape.coverage <= 1
    nearness = legs.nearness(rows) if mode is Mode.HYBRID else legs.cosine(rows)
    alone = words + (0 if nearness is None else nearness * (legs.scale.vector or 0))
    best = int(alone.argmax())
    others = legs.generation.article_of_row != legs.generation.article_of_row[best]
    assert shape.words == pytest.approx(words[best])
    assert shape.nearness == pytest.approx(0.0 if nearness is None else nearness[best])
    assert shape.lead == pytest.approx(alone[best] - alone[others].max())
    assert shape.top == pytest.approx(scores.max())
    for filters in ({"language": "de"}, {"tag": "odd", "source": "el correo"}):
        answer = searcher.search(TEXT, mode=mode, k=1, explain=True, **filters)  # type: ignore[arg-type]
        free = searcher.search(TEXT, mode=mode, k=1, explain=True)
        assert answer.confidence_terms == free.confidence_terms


@pytest.mark.parametrize("mode", tuple(Mode))
def test_confidence_lies_between_0_and_1_and_falls_as_scores_fall(searcher: Searcher, mode: Mode) -> None:
    found = [one.confidence for one in searcher.search(TEXT, mode=mode, k=60).results]
    assert all(value is not None and 0 <= value <= 1 for value in found)
    assert found == sorted(found, reverse=True)  # type: ignore[type-var]


@pytest.mark.parametrize("mode", tuple(Mode))
def test_what_the_archive_covers_is_surer_than_nonsense(searcher: Searcher, mode: Mode) -> None:
    covered = searcher.search(TEXT, mode=mode, k=1).results[0].confidence
    nonsense = searcher.search(NONSENSE, mode=mode, k=1).results
    assert covered is not None
    assert covered > (0.5 if mode is Mode.VECTOR else 0.8)
    assert not nonsense or (nonsense[0].confidence or 0) < 0.2


@pytest.mark.parametrize("k", [1, 7, 100])
def test_confidence_does_not_depend_on_k_parts_or_filters(searcher: Searcher, k: int) -> None:
    every = {one.article.id: one.confidence for one in searcher.search(TEXT, k=1000).results}
    for filters in ({}, {"language": "de"}, {"tag": "odd", "source": "el correo"}, {"parts": ("articles",)}):
        for one in searcher.search(TEXT, k=k, **filters).results:  # type: ignore[arg-type]
            assert one.confidence == every[one.article.id]


def test_results_below_the_confidence_asked_for_are_left_out(searcher: Searcher) -> None:
    free = searcher.search(TEXT, k=50).results
    bar = free[3].confidence
    assert bar is not None
    held = searcher.search(TEXT, k=50, min_confidence=bar).results
    assert held == tuple(one for one in free if (one.confidence or 0) >= bar)
    assert len(held) < len(free)


def test_where_nothing_reaches_it_the_nearest_is_named(searcher: Searcher) -> None:
    answer = searcher.search(NONSENSE, min_confidence=0.5)
    assert answer.results == ()
    assert answer.nearest is not None
    assert answer.nearest == searcher.search(NONSENSE, k=1).results[0]
    assert any(note.startswith("Nothing relevant; the nearest was 'Report") for note in answer.notes)


def test_a_confidence_that_cannot_be_is_refused(index: Path, searcher: Searcher) -> None:
    with pytest.raises(QueryError, match="min_confidence is 2"):
        searcher.ask(Query(text=TEXT, min_confidence=2))
    with (
        searchkit.open(index, encoder=WordEncoder(), config=SearchConfig(fusion="rrf")) as opened,
        pytest.raises(QueryError, match="tell no confidence"),
    ):
        opened.search(TEXT, min_confidence=0.5)


def test_its_questions_are_asked_when_it_is_built_and_the_figures_handed_on(index: Path, tmp_path: Path) -> None:
    with open_generation(index) as generation:
        zero, answers = generation.manifest.zero, generation.manifest.answers
    assert zero is not None
    assert zero.queries == 34
    assert 0 < zero.words <= zero.keyword
    assert zero.nearness > 0
    assert answers.nonsense is not None
    assert answers.general is not None
    assert (answers.nonsense.questions, answers.general.questions) == (34, 6)
    assert answers.sentences is None, "each sentence has copies in other articles"
    assert answers.nonsense.hybrid.words == pytest.approx(zero.words)
    assert answers.nonsense.vector.nearness == pytest.approx(zero.vector)
    again = tmp_path / "again"
    searchkit.build(again, [article(n) for n in range(150)], encoder=WordEncoder())
    with open_generation(again) as generation:
        assert (generation.manifest.zero, generation.manifest.answers) == (zero, answers)
    searchkit.add(again, [article(n, text="Quite another text.") for n in range(140, 299)], encoder=WordEncoder())
    searchkit.compact(again)
    with open_generation(again) as generation:
        assert (generation.manifest.zero, generation.manifest.answers) == (zero, answers)
        assert zero.chunks == 150
    searchkit.add(again, [article(299)], encoder=WordEncoder())
    with open_generation(again) as generation:
        assert generation.manifest.zero is not None
        assert generation.manifest.zero.chunks == 300
    searchkit.rebuild(again, encoder=WordEncoder())
    with open_generation(again) as generation:
        assert generation.manifest.zero not in (zero, None)


def test_a_small_archive_asks_a_few_and_a_tiny_one_takes_the_usual_figures(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "small", [article(n) for n in range(20)], encoder=WordEncoder())
    with open_generation(tmp_path / "small") as generation:
        assert generation.manifest.zero is not None
        assert generation.manifest.zero.queries == 8
    searchkit.build(tmp_path / "tiny", [article(n, text=f"One word {n}") for n in range(3)], encoder=WordEncoder())
    with open_generation(tmp_path / "tiny") as generation:
        assert generation.manifest.answers.sentences is None
    for name in ("small", "tiny"):
        with searchkit.open(tmp_path / name, encoder=WordEncoder()) as opened:
            assert opened.search(TEXT).results[0].confidence is not None


def test_an_index_that_grows_asks_them_when_there_is_enough(tmp_path: Path, index: Path) -> None:
    path = tmp_path / "grown"
    searchkit.build(path, [article(n) for n in range(60)], encoder=WordEncoder())
    # What is deleted is asked no more, and a language of which nothing is left is no trouble.
    searchkit.delete(path, [f"a{n:03d}" for n in range(60) if n % 3 == 2])
    searchkit.add(path, [article(n) for n in range(100, 159)], encoder=WordEncoder())
    with open_generation(path) as generation:
        assert generation.manifest.zero is not None
        assert (generation.manifest.chunks, generation.manifest.zero.chunks) == (99, 60)
    searchkit.update(path, [article(n) for n in range(159, 190)], encoder=WordEncoder())
    with open_generation(path) as generation, open_generation(index) as other:
        grown, built_at_once = generation.manifest.zero, other.manifest.zero
    assert grown is not None
    assert built_at_once is not None
    assert grown.chunks == 130
    assert grown.words == pytest.approx(built_at_once.words, abs=0.3)
    assert grown.nearness == pytest.approx(built_at_once.nearness, abs=0.2)


def test_figures_are_taken_where_a_language_has_nothing_left(tmp_path: Path) -> None:
    path = tmp_path / "left"
    searchkit.build(path, [article(n, language="de" if n < 20 else "en") for n in range(50)], encoder=WordEncoder())
    searchkit.delete(path, [f"a{n:03d}" for n in range(20)])
    searchkit.add(path, [article(n, language="en") for n in range(100, 179)], encoder=WordEncoder())
    with open_generation(path) as generation:
        assert generation.manifest.zero is not None
        assert generation.manifest.zero.chunks == 109


@pytest.mark.parametrize("text", ['source:"Harbor Ledger"', "-oil", "tag:odd AND NOT language:de"])
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_what_asks_for_no_words_has_no_confidence_and_nothing_is_left_out(
    searcher: Searcher, text: str, mode: str
) -> None:
    free = searcher.search(text, mode=mode)
    assert free.results
    assert free.notes == ()
    assert all(one.confidence is None for one in free.results)
    held = searcher.search(text, mode=mode, min_confidence=0.5)
    assert held.results == free.results
    assert held.nearest is None
    assert any("no words by which to be confident" in note for note in held.notes)


@pytest.mark.parametrize("text", ["bat*", "bateries~", "title:report", '"the old bridge"', "the of"])
def test_what_asks_for_words_in_any_way_has_a_confidence(searcher: Searcher, text: str) -> None:
    results = searcher.search(text, mode="keyword").results
    assert results
    assert all(one.confidence is not None for one in results)


@pytest.mark.parametrize("values", [{"vector_weight": "3"}, {"vector_weight": True}, {"depth": 2.5}, {"fusion": None}])
def test_a_setting_of_another_type_is_refused_however_it_is_given(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="can't be") as raised:
        SearchConfig(**values)  # type: ignore[arg-type]
    assert "takes a value of type" in str(raised.value.hint)


def test_a_weight_below_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="vector_weight"):
        SearchConfig(vector_weight=0.0)
    assert SearchConfig().vector_weight is None


def test_own_sentences_are_asked_without_their_articles_and_copies_are_not_counted(tmp_path: Path) -> None:
    texts = [" ".join(f"word{number * 20 + place}" for place in range(20)) + "." for number in range(12)]
    every = [article(number, text=text) for number, text in enumerate(texts)]
    searchkit.build(tmp_path / "index", every, encoder=WordEncoder())
    copies = [article(number + 12, text=texts[number]) for number in range(9)]
    searchkit.build(tmp_path / "copied", [*every, *copies], encoder=WordEncoder())
    with open_generation(tmp_path / "index") as generation, open_generation(tmp_path / "copied") as copied:
        own = generation.manifest.answers.sentences
        assert copied.manifest.answers.sentences is None, "three of four questions have a copy"
    assert own is not None
    assert own.questions == 4
    assert max(own.keyword.words, own.keyword.coverage, own.hybrid.coverage) < 0.1, "no other text has the words"


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Five words are too few.", ""),
        ("Six words  are\nenough to ask.", "Six words are enough to ask."),
        (" ".join("abcdefghijklmnop"), " ".join("abcdefghijkl")),
        ("短句。", ""),
        ("委内瑞拉从俄罗斯购买了防空导弹系统。", "委内瑞拉从俄罗斯购买了防空导弹系统。"),
        ("空" * 40, "空" * 30),
    ],
)
def test_a_sentence_is_cut_to_the_length_of_a_question(sentence: str, question: str) -> None:
    assert as_question(sentence) == question


def test_any_beginning_of_the_general_questions_is_of_several_fields() -> None:
    assert len(set(GENERAL_QUESTIONS)) == len(GENERAL_QUESTIONS) == 48
    first = " ".join(GENERAL_QUESTIONS[:8])
    assert all(word in first for word in ("insulin", "treaty", "bread", "painted", "turbulent"))


def test_an_earlier_manifest_without_the_figures_is_read_and_a_forged_one_is_not(index: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(index, copy)
    paths = IndexPaths(copy)
    path = paths.manifest(1)
    values = json.loads(path.read_text(encoding="utf-8"))
    del values["answers"]
    path.write_text(json.dumps(sealed(values)), encoding="utf-8")
    publish(paths, 1)
    with searchkit.open(copy, encoder=WordEncoder()) as opened:
        assert opened.search(TEXT).confidence_word is not None
        assert not opened.info().confidence_measured
    means = {"words": 1.0, "nearness": float("nan"), "lead": 0.0, "coverage": 0.0}
    values["answers"] = {"general": {"questions": 3, "hybrid": means, "keyword": means, "vector": means}}
    path.write_text(json.dumps(sealed(values)), encoding="utf-8")
    publish(paths, 1)
    with pytest.raises(IndexCorrupt, match="best chunks are like"):
        searchkit.open(copy, encoder=WordEncoder())


def test_the_answer_says_how_sure_its_best_result_is_and_of_which_terms(searcher: Searcher) -> None:
    answer = searcher.search(TEXT, k=3, explain=True)
    assert answer.confidence == max(result.confidence or 0 for result in answer.results)
    assert answer.confidence_word == answer.results[0].confidence_word == "sure"
    z = sum(term.share for term in answer.confidence_terms)
    assert answer.confidence == pytest.approx(1 / (1 + exp(-z)), abs=0.05)
    values = answer.to_dict()
    assert values["confidence_word"] == values["results"][0]["confidence_word"] == "sure"
    assert [term["name"] for term in values["confidence_terms"]] == [term.name for term in answer.confidence_terms]
    assert searcher.search(TEXT, k=3).confidence_terms == ()
    nothing = searcher.search(NONSENSE, min_confidence=0.5)
    assert nothing.confidence_word == "nothing here"


def test_no_word_asked_for_has_no_word_for_how_sure_it_is(searcher: Searcher) -> None:
    answer = searcher.search("tag:odd", explain=True)
    assert (answer.confidence, answer.confidence_word, answer.confidence_terms) == (None, None, ())


STAGE = (
    Article(id="hamlet", title="To be or not to be", text="The actor said it twice, and more of me.", language="en"),
    Article(id="doctor", title="Doctor Who", text="The new series of it is what they wait for.", language="en"),
    Article(id="harbour", title="The harbour", text="Who pays for the harbour is what it was about.", language="en"),
    Article(id="boot", title="Das Boot", text="Der Film und die Musik, und das im Winter.", language="de"),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    folder = tmp_path_factory.mktemp("stage") / "index"
    searchkit.build(folder, STAGE, encoder=WordEncoder())
    with searchkit.open(folder, encoder=WordEncoder()) as opened:
        yield opened


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    "text", ["what", "The the the", "who is it", "what's that?", "tell me more", "der die das", "AND AND (", "IT IS"]
)
def test_a_question_of_words_that_say_nothing_covers_nothing(stage: Searcher, text: str, mode: Mode) -> None:
    answer = stage.search(text, mode=mode, explain=True)
    assert answer.results
    assert answer.confidence_word == "nothing here"
    assert "words that say nothing" in [term.name for term in answer.confidence_terms]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(("text", "first"), [("TO BE OR NOT TO BE", "hamlet"), ("doctor who", "doctor")])
def test_an_article_that_is_named_by_such_words_is_sure(stage: Searcher, text: str, first: str, mode: Mode) -> None:
    best = stage.search(text, mode=mode).results[0]
    assert (best.article.id, best.confidence_word) == (first, "sure")


@pytest.mark.parametrize("text", ["who pays", "WHO", "the US", "What is the Who?", "explain harbour", "die"])
def test_a_word_that_tells_keeps_the_confidence_that_it_had(stage: Searcher, text: str) -> None:
    names = [term.name for term in stage.search(text, explain=True).confidence_terms]
    assert "words that say nothing" not in names

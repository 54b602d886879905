"""Do the articles that a question names come first: by URL, title, or a sentence of theirs?"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit
from searchkit import Article, IndexConfig, Query, SearchConfig, Searcher
from searchkit.evaluation.known_items import Kind, ask, make_questions
from searchkit.index import articles_db
from searchkit.search.fusion import hybrid
from searchkit.search.named_articles import step_of
from searchkit.search.near_titles import edits, is_near_title
from searchkit.storage import native
from tests.index.golden import FOLDER
from tests.word_encoder import WordEncoder

MODES = ("hybrid", "keyword", "vector")
RETRIEVED = {"keyword", "vector", "coverage", "neighbours"}
"""What every chunk may have, whether the question names it or not."""

FILLING = " ".join(f"The harbour council met again about the ferry on day {day}." for day in range(30))
ARTICLES = (
    Article(
        id="ferry",
        title="Ferry strike enters its third week",
        text="Nobody crossed the bay on Monday. The pilots want a rest of eleven hours between two shifts. " + FILLING,
        url="https://www.harborledger.example/2024/05/ferry-strike/?utm_source=letter",
        source="Harbor Ledger",
    ),
    Article(
        id="ferries",
        title="The ferry strike, explained: ferry pilots and their third strike week",
        text="A ferry strike, week by week: the ferry strike's first week, the third week. " * 8,
        url="https://harborledger.example/ferry-strike-explained",
        source="Harbor Ledger",
    ),
    Article(
        id="bridge",
        title="Old bridge closes for repairs | Meridian Wire",
        text="The bridge at Elm Street is shut until June. Buses go round by the mill. " + FILLING,
        url="https://meridianwire.example/bridge?id=7&page=1",
        source="meridianwire.example",
    ),
    Article(
        id="repairs",
        title="Bridge repairs: bridge closes, bridge opens, bridge closes",
        text="Bridge repairs for the old bridge. Repairs, repairs, repairs close the bridge. " * 8,
        source="Harbor Ledger",
    ),
    Article(
        id="rain",
        title="Überschwemmung in Wörth: der Regen hört nicht auf",
        text="Seit Dienstag steht das Wasser in den Kellern der Altstadt, und die Pumpen laufen ohne Pause.",
        url="https://blatt.example/w%C3%B6rth/regen",
        language="de",
    ),
    Article(
        id="port",
        title="港口工人宣布罢工三天",
        text="港口工人周一宣布罢工三天，要求提高工资。码头已经关闭。",
        language="zh",
    ),
    Article(
        id="mina",
        title="إضراب عمال الميناء لثلاثة أيام",
        text="أعلن عمال الميناء يوم الاثنين إضرابا لثلاثة أيام للمطالبة بزيادة الأجور.",
        language="ar",
    ),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named") / "index"
    searchkit.build(folder, ARTICLES, encoder=WordEncoder(), config=IndexConfig(chunk_tokens=40))
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def first(searcher: Searcher, text: str, mode: str = "hybrid") -> tuple[str, str]:
    """Return the first article's id, and by what the question names it."""
    result = searcher.search(text, mode=mode, k=3, explain=True).results[0]
    legs = [part.leg for part in result.contributions if part.leg not in RETRIEVED | {"reranker"}]
    return result.article.id, ", ".join(legs)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://www.harborledger.example/2024/05/ferry-strike/?utm_source=letter", "ferry"),
        ("harborledger.example/2024/05/ferry-strike", "ferry"),
        ("HTTP://HarborLedger.example/2024/05/ferry-strike/amp/#top", "ferry"),
        ("https://amp.meridianwire.example/bridge?page=1&id=7&fbclid=x", "bridge"),
        ("https://blatt.example/wörth/regen", "rain"),
        ("<https://blatt.example/w%c3%b6rth/regen/>", "rain"),
    ],
)
def test_a_url_finds_its_article_first(searcher: Searcher, text: str, expected: str, mode: str) -> None:
    assert first(searcher, text, mode) == (expected, "exact URL")


def test_another_query_string_is_another_page(searcher: Searcher) -> None:
    assert first(searcher, "https://meridianwire.example/bridge?id=8&page=1")[1] == ""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ferry strike enters its third week", "ferry"),
        ("“FERRY STRIKE enters its third week!”", "ferry"),
        ("Old bridge closes for repairs | Meridian Wire", "bridge"),
        ("old bridge closes for repairs", "bridge"),
        ("Uberschwemmung in Worth, der Regen hort nicht auf", "rain"),
        ("港口工人宣布罢工三天", "port"),
        ("إضراب عمال الميناء لثلاثة أيام", "mina"),
    ],
)
def test_an_exact_title_finds_its_article_first(searcher: Searcher, text: str, expected: str, mode: str) -> None:
    assert first(searcher, text, mode) == (expected, "exact title")


@pytest.mark.parametrize(
    "text",
    [
        "Ferry strike enters its thrid week",  # neighbours exchanged
        "Ferry stwike enters its third week",  # a letter that is another
        "Ferry strike enters its week",  # a word gone
        "Ferry strike now enters its third week",  # a word too much
        "Ferrys trike enters its third week",  # a space in another place
    ],
)
def test_what_is_nearly_a_title_finds_its_article_first(searcher: Searcher, text: str) -> None:
    assert first(searcher, text, "keyword") == ("ferry", "nearly the title")


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
@pytest.mark.parametrize(
    ("text", "expected", "name"),
    [
        ("The pilots want a rest of eleven hours between two shifts", "ferry", "verbatim sentence"),
        ("the pilots want a rest — of “eleven” hours between two shifts.", "ferry", "verbatim sentence"),
        ("crossed the bay on Monday. The pilots want a rest", "ferry", "verbatim sentence"),
        ("The pilots want a rest of hours between two shifts", "ferry", "nearly verbatim"),
        ("Buses go round by the mill", "bridge", "verbatim sentence"),
        ("seit Dienstag steht das Wasser in den Kellern der Altstadt", "rain", "verbatim sentence"),
        ("港口工人周一宣布罢工三天，要求提高工资。码头已经关闭", "port", "verbatim sentence"),
        ("أعلن عمال الميناء يوم الاثنين إضرابا لثلاثة أيام للمطالبة", "mina", "verbatim sentence"),
    ],
)
def test_a_sentence_finds_its_article_first(searcher: Searcher, text: str, expected: str, name: str, mode: str) -> None:
    assert first(searcher, text, mode) == (expected, name)


@pytest.mark.parametrize(
    "text", ["the bridge at Elm Street is", "a rest of eleven hours", "steht das Wasser in den Kellern"]
)
def test_a_few_words_of_a_sentence_name_no_article(searcher: Searcher, text: str) -> None:
    assert first(searcher, text)[1] == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ferry strike enters its third week - Harbor Ledger", "ferry"),
        ("Ferry strike enters its third week | Harbor Ledger", "ferry"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_an_outlet_may_stand_behind_a_title(searcher: Searcher, text: str, expected: str, mode: str) -> None:
    assert first(searcher, text, mode) == (expected, "exact title")


def test_a_sentence_over_the_border_of_two_chunks_is_verbatim(searcher: Searcher) -> None:
    article = searcher.article("ferry")
    assert article is not None
    before, after = searcher.chunks("ferry")[:2]
    words = [*article.text[: before.end].split()[-6:], *article.text[before.end :].split()[:6]]
    assert after.start >= before.start
    names = [
        part.leg
        for result in searcher.search(" ".join(words), mode="keyword", explain=True).results
        if result.article.id == "ferry"
        for part in result.contributions
    ]
    assert "verbatim sentence" in names


@pytest.mark.parametrize(
    "text",
    ["bridge closes in the Meridian Wire", "meridianwire bridge closes", "bridge repairs meridianwire.example"],
)
def test_half_a_title_and_the_outlet_find_the_article_first(searcher: Searcher, text: str) -> None:
    assert first(searcher, text, "keyword") == ("bridge", "title and outlet")


@pytest.mark.parametrize(
    "text", ["Ferry strike enters its thrid week", "要求提高工资。码头已经关闭", "meridianwire bridge closes"]
)
def test_without_the_compiled_loops_all_is_the_same(
    searcher: Searcher, index: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = first(searcher, text, "keyword")
    monkeypatch.setattr(native, "COMPILED", None)
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        assert first(opened, text, "keyword") == compiled


def test_an_ordinary_question_names_nothing(searcher: Searcher) -> None:
    for text in ("what do the pilots want", "ferry strike", "bridge repairs in June", "old ferry", "repairs"):
        for result in searcher.search(text, explain=True).results:
            assert {part.leg for part in result.contributions} <= RETRIEVED


@pytest.mark.parametrize("mode", MODES)
def test_shares_and_votes_add_up_to_the_score(searcher: Searcher, mode: str) -> None:
    for text in ("Ferry strike enters its third week", "meridianwire.example/bridge?id=7&page=1"):
        for result in searcher.search(text, mode=mode, explain=True).results:
            assert sum(part.share for part in result.contributions) == pytest.approx(result.score)
            assert sum(vote.counts * vote.score for vote in result.votes) == pytest.approx(result.score)


@pytest.mark.parametrize("mode", MODES)
def test_scores_depend_neither_on_k_nor_on_filters(searcher: Searcher, mode: str) -> None:
    text = "Ferry strike enters its third week"
    whole = dict(searcher.rank(Query(text=text, mode=searchkit.Mode(mode), k=7)))
    assert list(whole.items())[:1] == list(searcher.rank(Query(text=text, mode=searchkit.Mode(mode), k=1)))
    filtered = searcher.search(text, mode=mode, source="Harbor Ledger", k=7).results
    assert {result.article.id: result.score for result in filtered}.items() <= whole.items()


def test_a_filter_and_an_expression_hold_for_what_is_named(searcher: Searcher) -> None:
    text = "Ferry strike enters its third week"
    ids = [result.article.id for result in searcher.search(text, source="meridianwire.example").results]
    assert "ferry" not in ids
    excluded = searcher.search("ferry strike enters third week -pilots", mode="keyword").results
    assert "ferry" not in [result.article.id for result in excluded]
    beside = searcher.search(f'source:"Harbor Ledger" {text}', explain=True).results[0]
    assert (beside.article.id, beside.contributions[-1].leg) == ("ferry", "exact title")


def test_ask_and_rank_agree(searcher: Searcher) -> None:
    for text in ("Ferry strike enters its third week", "港口工人宣布罢工三天", "bridge closes"):
        for mode in searchkit.Mode:
            query = Query(text=text, mode=mode)
            asked = [(result.article.id, result.score) for result in searcher.ask(query).results]
            ranked = list(searcher.rank(query))
            assert [article_id for article_id, _ in asked] == [article_id for article_id, _ in ranked]
            assert [score for _, score in asked] == pytest.approx([score for _, score in ranked])


def test_equal_titles_stand_by_score_and_then_by_id(tmp_path: Path) -> None:
    articles = [Article(id=name, title="Morning briefing today", text="The weather is fine.") for name in "cab"]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        results = searcher.search("morning briefing today", explain=True).results
    assert [result.article.id for result in results] == ["a", "b", "c"]
    assert len({result.score for result in results}) == 1


def test_deleted_and_added_articles_are_minded(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", ARTICLES[:4], encoder=WordEncoder())
    searchkit.add(tmp_path / "index", ARTICLES[4:], encoder=WordEncoder())
    searchkit.delete(tmp_path / "index", ["ferry"])
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert first(searcher, "https://blatt.example/w%C3%B6rth/regen") == ("rain", "exact URL")
        assert first(searcher, "港口工人宣布罢工三天") == ("port", "exact title")
        assert first(searcher, "Ferry strike enters its third week")[1] == ""
        assert first(searcher, "The pilots want a rest of eleven hours between two shifts")[1] == ""


def test_the_keys_are_written_and_give_what_is_made_without_them(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(articles_db, "IDS_FROM", 1)
    searchkit.build(tmp_path / "index", ARTICLES, encoder=WordEncoder())
    assert list((tmp_path / "index").rglob("ids.bin"))
    assert not list(index.rglob("ids.bin"))
    assert not searchkit.verify(tmp_path / "index", deep=True).faults
    texts = [article.title for article in ARTICLES] + [article.url for article in ARTICLES if article.url]
    with (
        searchkit.open(tmp_path / "index", encoder=WordEncoder()) as written,
        searchkit.open(index, encoder=WordEncoder()) as made,
    ):
        for text in texts:
            assert first(written, text) == first(made, text)


@pytest.mark.parametrize("version", [1, 2])
def test_indexes_of_before_name_their_articles_too(tmp_path: Path, version: int) -> None:
    with zipfile.ZipFile(FOLDER / f"{version}.zip") as archive:
        archive.extractall(tmp_path / "index")
    with searchkit.open(tmp_path / "index") as searcher:
        titled = [article for article_id in searcher.article_ids() if (article := searcher.article(article_id))]
        titles = [article for article in titled if article.title]
        assert titles
        for article in titles:
            assert first(searcher, article.title, "keyword")[1] == "exact title"


def test_a_reranker_moves_nothing_past_what_is_named(index: Path) -> None:
    class Contrary:
        def rerank(self, query: str, texts: list[str]) -> list[float]:
            return [-50.0 if "enters its third week" in text else 50.0 for text in texts]

    with searchkit.open(index, encoder=WordEncoder(), reranker=Contrary()) as searcher:
        assert searcher.search("Ferry strike enters its third week").results[0].article.id == "ferry"


@pytest.mark.parametrize("fusion", ["rrf", "minmax"])
def test_other_fusions_mind_it_too(index: Path, fusion: str) -> None:
    with searchkit.open(index, encoder=WordEncoder(), config=SearchConfig(fusion=fusion)) as searcher:
        assert searcher.search("Ferry strike enters its third week").results[0].article.id == "ferry"


def test_a_step_is_more_than_scores_can_differ_by() -> None:
    scale, config = hybrid(16.0, 2.8), SearchConfig(rerank_weight=2.0, time_weight=1.5, coverage_weight=0.4)
    step = step_of(scale, 16.0, config)
    assert step == pytest.approx(2 * 16 / 4 + 4 * 2.8 + (1 + 2.0 + 1.5 + 0.4))
    best, worst = scale.bound(1.5 * 16.0, 1.0) + 1.0 + 1.5 + 0.4, scale.bound(0.0, -1.0) - 1.0
    assert best - worst < step


def test_edits_are_counted() -> None:
    assert [edits(*pair) for pair in (("week", "week"), ("wek", "week"), ("ewek", "week"), ("", "abc"))] == [0, 1, 1, 3]


def test_a_word_that_the_archive_has_is_no_slip() -> None:
    title = ("iraq", "talks", "resume")
    assert is_near_title(("iraw", "talks", "resume"), title, lambda word: True)
    assert not is_near_title(("iran", "talks", "resume"), title, lambda word: word != "iran")
    assert is_near_title(("gnoe",), ("gone",), lambda word: True)
    assert not is_near_title(("form",), ("from",), lambda word: False)
    assert not is_near_title(("talks", "resume"), title, lambda word: True)
    assert is_near_title(tuple("港口工人宣布罢工四天"), tuple("港口工人宣布罢工三天"), lambda word: False)


def test_known_item_questions_are_the_same_for_the_same_seed(index: Path) -> None:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        made = make_questions(searcher, sample=5)
        assert make_questions(searcher, sample=5) == made
        assert make_questions(searcher, sample=5, seed=1) != made
        assert {question.kind for question in made.questions} >= {Kind.TITLE, Kind.URL, Kind.SENTENCE}
        shares = ask(searcher, made, (searchkit.Mode.KEYWORD, searchkit.Mode.HYBRID))
    assert {share.first for share in shares if share.kind in (Kind.TITLE, Kind.URL, Kind.SENTENCE)} == {1.0}

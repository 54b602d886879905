"""Is the passage found that a text quotes, with its place and the words that differ?"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit
from searchkit import Article, IndexConfig, Quotation, Searcher
from searchkit.errors import QueryError
from searchkit.storage import native
from searchkit.types import QuoteDifference
from tests.index.golden import FOLDER
from tests.word_encoder import WordEncoder

FILLING = " ".join(f"On day {day} the council weighed the matter of lamp {day} again." for day in range(40))
SPEECH = (
    "My friends, we did not choose this winter.\n\nBut we shall choose what we do with it: a lamp in every window, and"
    " bread on every table, until the thaw."
)
ARTICLES = (
    Article(id="speech", title="The mayor's winter speech", text=f"{FILLING}\n\n{SPEECH}\n\n{FILLING}", language="en"),
    Article(
        id="french",
        title="L'été des pêcheurs",
        text="L’été dernier, les pêcheurs de l’île ont « perdu » près de la moitié de leurs filets dans la tempête.",
        language="fr",
    ),
    Article(
        id="chinese",
        title="渔民",
        text="去年夏天，岛上的渔民在暴风雨中失去了将近一半的渔网。他们仍在等待援助。",
        language="zh",
    ),
    Article(
        id="arabic",
        title="الصيادون",
        text="في الصيف الماضي فقد صيادو الجزيرة ما يقرب من نصف شباكهم في العاصفة، وما زالوا ينتظرون المساعدة.",
        language="ar",
    ),
    Article(
        id="russian",
        title="Рыбаки",
        text="Прошлым летом рыбаки острова потеряли почти половину своих сетей во время шторма.",
        language="ru",
    ),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quotations") / "index"
    searchkit.build(folder, ARTICLES, encoder=WordEncoder(), config=IndexConfig(chunk_tokens=40))
    return folder


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        yield opened


def best(searcher: Searcher, text: str) -> Quotation:
    quotation = searcher.quote(text)[0]
    assert quotation.text == quotation.article.text[quotation.start : quotation.end]
    return quotation


LAMP = "a lamp in every window, and bread on every table"


@pytest.mark.parametrize(
    ("text", "article_id", "passage"),
    [
        (LAMP, "speech", LAMP),
        ("A LAMP IN EVERY WINDOW — and “bread” on every table!", "speech", LAMP),
        (
            "did not choose this winter. But we shall choose",
            "speech",
            "did not choose this winter.\n\nBut we shall choose",
        ),
        ("l'ete dernier les pecheurs de l'ile ont perdu", "french", "L’été dernier, les pêcheurs de l’île ont « perdu"),
        ("岛上的渔民在暴风雨中失去了", "chinese", "岛上的渔民在暴风雨中失去了"),
        ("失去了将近一半的渔网，他们仍在等待", "chinese", "失去了将近一半的渔网。他们仍在等待"),
        ("فقد صيادو الجزيرة ما يقرب من نصف شباكهم", "arabic", "فقد صيادو الجزيرة ما يقرب من نصف شباكهم"),
        ("рыбаки острова потеряли почти половину", "russian", "рыбаки острова потеряли почти половину"),
    ],
)
def test_a_passage_is_found_word_for_word(searcher: Searcher, text: str, article_id: str, passage: str) -> None:
    quotation = best(searcher, text)
    assert (quotation.article.id, quotation.text) == (article_id, passage)
    assert quotation.verbatim
    assert (quotation.share, quotation.differences, quotation.by) == (1.0, (), "words")


def difference(kind: str, typed: str, written: str) -> QuoteDifference:
    return QuoteDifference(kind=kind, typed=typed, written=written)


@pytest.mark.parametrize(
    ("text", "article_id", "differences"),
    [
        ("a lamp in every window and bread at every table", "speech", [difference("changed", "at", "on")]),
        ("a lamp in every window and bread on table", "speech", [difference("missing", "", "every")]),
        ("a bright lamp in every window and bread on every table", "speech", [difference("added", "bright", "")]),
        (
            "a lamb in every window and bread on every tabel",
            "speech",
            [difference("changed", "lamb", "lamp"), difference("changed", "tabel", "table")],
        ),
        ("We shall not choose this winter. But we shall choose", "speech", [difference("changed", "shall", "did")]),
        ("en été les pêcheurs de l'île ont perdu presque la moitié de leurs filets", "french", None),
        ("岛上的渔民在暴风雪中失去了将近一半的渔网", "chinese", [difference("changed", "雪", "雨")]),
        ("岛上渔民在暴风雨中失去了将近一半的渔网", "chinese", [difference("missing", "", "的")]),
        ("فقد صيادو الجزيرة نصف شباكهم في العاصفة", "arabic", [difference("missing", "", "ما يقرب من")]),
        ("рыбаки острова потеряли целую половину своих сетей", "russian", [difference("changed", "целую", "почти")]),
    ],
)
def test_a_passage_is_found_from_memory_and_what_differs_is_told(
    searcher: Searcher, text: str, article_id: str, differences: list[QuoteDifference] | None
) -> None:
    quotation = best(searcher, text)
    assert quotation.article.id == article_id
    assert not quotation.verbatim
    assert 0.5 <= quotation.share < 1.0
    if differences is not None:
        assert list(quotation.differences) == differences


def test_words_that_were_swapped_have_moved(searcher: Searcher) -> None:
    (only,) = best(searcher, "we shall choose what do we with it a lamp in every window").differences
    assert only.kind == "moved"
    assert only.typed in ("do", "we")


def test_a_passage_over_the_border_of_chunks_is_found(searcher: Searcher) -> None:
    article = searcher.article("speech")
    assert article is not None
    for chunk in searcher.chunks("speech")[1:6]:
        words = [*article.text[: chunk.start].split()[-5:], *article.text[chunk.start :].split()[:5]]
        assert best(searcher, " ".join(words)).verbatim


def test_without_the_compiled_loops_all_is_the_same(
    searcher: Searcher, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a lamb in every window and bread on table"
    compiled = searcher.quote(text)
    monkeypatch.setattr(native, "COMPILED", None)
    with searchkit.open(index, encoder=WordEncoder()) as opened:
        assert opened.quote(text) == compiled


def test_what_no_article_has_is_not_found(searcher: Searcher) -> None:
    assert searcher.quote("zebras juggle seven purple umbrellas") == ()


@pytest.mark.parametrize("text", ["", "two words", "…", "窗口"])
def test_too_short_a_text_is_refused(searcher: Searcher, text: str) -> None:
    with pytest.raises(QueryError, match="3 words or more"):
        searcher.quote(text)


def test_k_limits_the_passages(searcher: Searcher) -> None:
    text = "the council weighed the matter of lamp"
    assert len(searcher.quote(text, k=1)) == 1
    assert searcher.quote(text, k=2)[:1] == searcher.quote(text, k=1)
    with pytest.raises(QueryError):
        searcher.quote(text, k=0)


def test_a_deleted_article_is_not_quoted(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", ARTICLES[1:], encoder=WordEncoder())
    searchkit.delete(tmp_path / "index", ["russian"])
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as searcher:
        assert not any(one.by == "words" for one in searcher.quote("рыбаки острова потеряли почти половину"))


def test_an_index_of_before_is_quoted(tmp_path: Path) -> None:
    with zipfile.ZipFile(FOLDER / "1.zip") as archive:
        archive.extractall(tmp_path / "index")
    with searchkit.open(tmp_path / "index") as searcher:
        article = next(one for name in searcher.article_ids() if (one := searcher.article(name)) and one.text)
        words = article.text.split()[:6]
        assert article.id in {quotation.article.id for quotation in searcher.quote(" ".join(words))}


def test_where_words_fail_the_vectors_are_asked(tmp_path: Path, encoder: searchkit.Encoder) -> None:
    articles = [
        Article(id=f"a{n}", title=title, text=text)
        for n, (title, text) in enumerate(
            (
                ("Harbour", "The ferry pilots stopped working on Monday. They ask for longer rests."),
                ("Kitchen", "Boil the rice slowly. Add salt at the very end."),
                ("Garden", "Roses need pruning in spring. Tulips don't."),
            )
        )
    ]
    searchkit.build(tmp_path / "index", articles, encoder=encoder)
    with searchkit.open(tmp_path / "index", encoder=encoder) as searcher:
        quotations = searcher.quote("ship captains went on strike")
    assert quotations
    assert (quotations[0].article.id, quotations[0].by) == ("a0", "meaning")
    assert quotations[0].text == "The ferry pilots stopped working on Monday."

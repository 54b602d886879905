"""The fast ranking of the simplest queries is the ranking that every other query takes, to the last bit."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import searchkit
from searchkit import IndexConfig, Mode, Query, Searcher, Where
from searchkit.errors import IndexCorrupt
from searchkit.index import articles_db
from searchkit.index.articles_db import ArticlesWriter
from searchkit.index.manifest import fact_of, manifest_in_force
from searchkit.index.paths import IndexPaths
from searchkit.index.segment_reader import open_ids
from searchkit.index.verify import check_leg, verify
from searchkit.search.ranking import rank_articles
from searchkit.storage import native
from searchkit.types import Article
from tests.word_encoder import WordEncoder

compiled = pytest.mark.skipif(native.COMPILED is None, reason="no compiler was there when searchkit was installed")
WORDS = ("oil", "rice", "border", "wave", "Patriot", "S300", "the", "of", "Táchira", "zebra", "launchers", "launcher")
QUERIES = (
    "oil",
    "oil rice",
    "the oil of the border",
    "of the",
    "launcher launchers oil",
    "Oil OIL oil rice",
    "Táchira wave",
    "unheard",
    "oil unheard",
    "zebra Patriot wave border rice oil launchers",
    "what is oil?",
    "Oil, (rice) & the border: a wave!",
    "#oil - @rice…",
    "OIL OR NOT OIL",
    "RICE AND OIL",
    "oil\nrice",
    "AND oil",
    "oil AND",
)
WEIGHTED = ("what is oil?",)
"""Short questions, whose stop words count less than others: in a tree."""
SIMPLE = (
    "oil AND rice",
    "the AND oil AND border",
    "oil AND unheard",
    '"oil rice"',
    '"the oil border"',
    '"rice unheard"',
    "lau*",
    "l?unch*",
    "zzz*",
    "patriat~",
    "zzzzzzz~",
)
OTHERS = (
    "S300 oil",
    "oil-rice",
    "oil OR rice",
    "NOT oil",
    "title:oil",
    "oil AND oil",
    "oil  AND rice",
    "oil AND S300",
    '"oil"',
    '"oil oil"',
    '"oil S300"',
    '"oil rice"~2',
    '"oil',
    "border~2",
    "*",
    "*oil",
    "lau* oil",
    " oil*",
    "+oil",
    "oil^2",
    "Táchira~",
)
WHERES = (Where(), Where(sources=("b",)), Where(tags=("even",), languages=("en",)), Where(sources=("nobody",)))


def articles(numbers: range, draw: random.Random, *, long: bool) -> list[Article]:
    return [
        Article(
            id=f"{draw.randrange(10**6)}-{number}",
            title=draw.choice(WORDS) if long else "",
            text=". ".join(
                " ".join(draw.choices(WORDS[: draw.randint(2, len(WORDS))], k=draw.randint(1, 12)))
                for _ in range(draw.randint(1, 30 if long else 1))
            ),
            source=draw.choice("ab"),
            language="en",
            tags=("even",) if number % 2 == 0 else (),
        )
        for number in numbers
    ]


@pytest.fixture(scope="module", params=["one chunk each", "several chunks"])
def searcher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """Three segments, some of whose articles are deleted; the first has a file of ids."""
    folder, draw = tmp_path_factory.mktemp("fast") / "index", random.Random(7)
    long = request.param == "several chunks"
    config = IndexConfig(chunk_tokens=40) if long else IndexConfig()
    first = articles(range(400), draw, long=long)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(articles_db, "IDS_FROM", 100)
        searchkit.build(folder, first, encoder=WordEncoder(), config=config)
    for start in (400, 440):
        searchkit.add(folder, articles(range(start, start + 40), draw, long=long), encoder=WordEncoder())
    searchkit.delete(folder, [one.id for one in first[::7]])
    with searchkit.open(folder, encoder=WordEncoder()) as opened:
        assert opened.info().segments > 1
        yield opened


def placed(searcher: Searcher, query: Query) -> list[tuple[str, float]]:
    """Rank the way that every query can take: by tree, legs and candidates."""
    legs = searcher.legs(query)
    ranked = rank_articles(legs, query.k, 200)
    return list(zip(legs.generation.article_ids(ranked.keys), ranked.scores.tolist(), strict=True))


@pytest.mark.parametrize("where", WHERES)
@pytest.mark.parametrize("text", [*QUERIES, *SIMPLE])
def test_the_fast_way_and_the_long_one_end_alike(searcher: Searcher, text: str, where: Where) -> None:
    for k in (1, 2, 5, 37, 100, 1_000):
        query = Query(text=text, mode=Mode.KEYWORD, k=k, where=where)
        assert list(searcher.rank(query)) == placed(searcher, query)
    query = Query(text=text, mode=Mode.KEYWORD, k=4, where=where)
    assert list(searcher.rank(query)) == [(one.article.id, one.score) for one in searcher.ask(query).results]


@pytest.mark.parametrize("text", [*QUERIES, *SIMPLE])
def test_numpy_ends_alike_too(searcher: Searcher, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in (3, 30):
        query = Query(text=text, mode=Mode.KEYWORD, k=k)
        ours = searcher.rank(query)
        with monkeypatch.context() as patch:
            patch.setattr(native, "COMPILED", None)
            assert searcher.rank(query) == ours


@pytest.mark.parametrize("text", OTHERS)
def test_other_questions_end_as_an_answer_does(searcher: Searcher, text: str) -> None:
    query = Query(text=text, mode=Mode.KEYWORD, k=7)
    assert list(searcher.rank(query)) == placed(searcher, query)


@compiled
def test_simple_queries_are_ranked_fast_where_each_article_has_one_chunk(searcher: Searcher) -> None:
    with searcher._reading() as reading:
        for text in [*QUERIES, *SIMPLE]:
            assert (reading._fast_reader.read(text) is None) == (text in WEIGHTED)
        # Where too many tie with the last, all of them are looked at elsewhere.
        ranked = [reading.rank_fast(Query(text=text, mode=Mode.KEYWORD, k=3)) is not None for text in QUERIES]
        assert any(ranked) == reading.generation.rows_are_articles


def test_what_is_more_than_words_is_left_to_the_parser(searcher: Searcher) -> None:
    with searcher._reading() as reading:
        for text in OTHERS:
            assert reading._fast_reader.read(text) is None
        for mode in (Mode.HYBRID, Mode.VECTOR):
            assert reading.rank_fast(Query(text="oil", mode=mode)) is None


MIXED = (
    "oil rice",
    "the oil of la selva",
    "der Wald und das Oil",
    "la la la the",
    "casas AND oil",
    '"la selva"',
    "casa~",
)


def test_an_archive_of_several_languages_is_asked_for_the_stems_of_each(tmp_path: Path) -> None:
    texts = {
        "en": "The oil of the forests and the rice. Launchers.",
        "es": "La selva de las casas. El oil, la casa.",
        "de": "Der Wald und das Haus. Oil der Wälder, houses.",
    }
    made = [
        Article(id=f"{code}{number}", text=f"{text} {text[number:]}", language=code)
        for number in range(4)
        for code, text in texts.items()
    ]
    searchkit.build(tmp_path / "index", made, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index") as searcher, searcher._reading() as reading:
        for text in (*MIXED, *QUERIES, *SIMPLE):
            query = Query(text=text, mode=Mode.KEYWORD, k=5)
            if (asked := reading._fast_reader.read(text)) is not None:
                assert asked.tree == reading.parse(query).tree
            assert list(searcher.rank(query)) == placed(searcher, query)
        assert all(reading._fast_reader.read(text) is not None for text in MIXED)


def test_words_that_stand_between_spaces_are_read_as_in_a_sentence(searcher: Searcher) -> None:
    texts = (
        "Ōsaka 2nd x² ½ ４５ straße İzmir",
        "سلام мир שלום",
        "東京 大阪 oil",
        "한국 ไทย ພາສາ",
        "don t S 300 3D",
        *QUERIES,
    )
    with searcher._reading() as reading:
        read = [(text, asked) for text in texts if (asked := reading._fast_reader.read(text)) is not None]
        assert len(read) > len(QUERIES)
        for text, asked in read:
            assert asked.tree == reading.parse(Query(text=text)).tree


@pytest.mark.parametrize("text", SIMPLE)
def test_simple_expressions_ask_for_what_the_parser_makes_of_them(searcher: Searcher, text: str) -> None:
    with searcher._reading() as reading:
        asked = reading._fast_reader.read(text)
        assert asked is not None
        assert asked.tree == reading.parse(Query(text=text)).tree


def ids_file(path: Path, names: Sequence[str]) -> Path:
    """Write the file of ids of a segment that has articles of these names."""
    with ArticlesWriter(path.with_name("articles.sqlite")) as writer:
        for name in names:
            writer.add(Article(id=name, text="oil"), (), ())
        writer.finish()
    return path


def test_the_ids_of_a_large_segment_lie_in_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles_db, "IDS_FROM", 4)
    names = ["a", "bü", "日本/7", "x" * 300]
    with closing(open_ids(ids_file(tmp_path / "ids.bin", names), 4)) as ids:
        assert ids.some([3, 0, 2, 1, 0]) == [names[at] for at in (3, 0, 2, 1, 0)]
        if native.COMPILED is not None:
            numbers = np.array([7, 4, 0, 3], dtype=np.int64)
            assert native.COMPILED.strings([ids.arrays] * 2, numbers, None) == [names[at] for at in (3, 0, 0, 3)]
            for outside in (8, -1):
                with pytest.raises(ValueError, match="string"):
                    native.COMPILED.strings([ids.arrays] * 2, np.array([outside], dtype=np.int64), None)
    monkeypatch.setattr(articles_db, "IDS_FROM", 5)
    (tmp_path / "few").mkdir()
    assert not ids_file(tmp_path / "few" / "ids.bin", names).exists()


def test_a_file_of_ids_that_lies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles_db, "IDS_FROM", 3)
    path = ids_file(tmp_path / "ids.bin", ("one", "two", "three"))
    with pytest.raises(IndexCorrupt, match=r"ids\.bin"):
        open_ids(path, 4)
    raw = path.read_bytes()
    for old, new in ((b"onetwothree", b"\xff\xfe\xfdtwothree"), (bytes([3, 0, 0, 0, 6]), bytes([9, 0, 0, 0, 6]))):
        assert raw.count(old) == 1
        path.write_bytes(raw.replace(old, new))
        with pytest.raises(IndexCorrupt, match=r"ids\.bin"):
            open_ids(path, 3).some([0, 1, 2])
        if native.COMPILED is not None:
            with pytest.raises(ValueError, match=r"codec|string"):
                native.COMPILED.strings([open_ids(path, 3).arrays], np.arange(3), None)


def test_an_archive_gets_a_file_of_ids_and_verify_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles_db, "IDS_FROM", 3)
    folder = tmp_path / "index"
    made = [Article(id=f"id {number}", text="oil and rice", language="en") for number in range(9)]
    searchkit.build(folder, made, encoder=WordEncoder())
    path = next(folder.rglob("ids.bin"))
    assert not verify(folder, deep=True).faults
    with searchkit.open(folder) as searcher:
        found = searcher.rank(Query(text="rice", mode=Mode.KEYWORD, k=20))
    assert [one for one, _ in found] == sorted(one.id for one in made)
    path.write_bytes(path.read_bytes().replace(b"id 7", b"id 6"))
    assert [fault.path for fault in verify(folder, deep=True).faults] == [str(path)]
    paths = IndexPaths(folder)
    (fact,) = manifest_in_force(paths).segments
    lying = replace(fact, files={**fact.files, path.name: fact_of(path)})
    for deep in (False, True):
        with pytest.raises(IndexCorrupt, match=r"other ids than articles\.sqlite"):
            check_leg(paths, lying, path.name, 64, deep=deep)

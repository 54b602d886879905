"""What someone who knows Whoosh gets of ``searcher.whoosh()``: two segments, an article deleted from each."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from whoosh import collectors, query, scoring, sorting
from whoosh.filedb.filestore import ReadOnlyError
from whoosh.qparser import MultifieldParser, QueryParser
from whoosh.query import spans
from whoosh.reading import ReaderClosed
from whoosh.searching import Searcher as PlainSearcher

import searchkit
from searchkit import Searcher
from searchkit.errors import SearchkitError
from tests.word_encoder import WordEncoder

FIRST: list[dict[str, Any]] = [
    {
        "id": "ridge",
        "title": "On the ridge",
        "text": "Moscow's launchers guard Caracas. The missiles fly over the sea.",
        "published": "2025-10-21",
        "source": "Harbor Ledger",
        "tags": ["defence", "Russia"],
        "url": "https://example.org/ridge",
        "desk": "world",
    },
    {
        "id": "cocoa",
        "title": "Cocoa",
        "text": "The price of cacao has doubled. No missile was seen.",
        "published": "2024-01-02",
        "source": "Harbor Ledger",
        "tags": ["economy"],
    },
    {"id": "football", "title": "Football", "text": "The Vinotinto lost again.", "source": "Wire"},
    {
        "id": "gone",
        "title": "Gone",
        "text": "A missile that nobody sees, a zeppelin.",
        "source": "Nobody",
        "tags": ["lost"],
        "published": "2023-05-05",
    },
]
SECOND: list[dict[str, Any]] = [
    {
        "id": "base",
        "title": "Missile base",
        "text": "S-300 launchers stand near the sea, as air defence.",
        "published": "2025-11-01T10:00:00+02:00",
        "source": "wire",
        "authors": ["Ana Ruiz"],
    },
    {"id": "last", "title": "Last", "text": "Nothing of it, but a zeppelin.", "source": "Nobody"},
]
for article in (*FIRST, *SECOND):
    article["language"] = "en"
DELETED = ["gone", "last"]


def made(path: Path, *, afresh: bool = False) -> Path:
    first, second = ([each for each in some if not afresh or each["id"] not in DELETED] for some in (FIRST, SECOND))
    searchkit.build(path, first, encoder=WordEncoder())
    searchkit.add(path, second, encoder=WordEncoder())
    if not afresh:
        searchkit.delete(path, DELETED)
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("whoosh") / "index")


@pytest.fixture(scope="module")
def searcher(place: Path) -> Iterator[Searcher]:
    with searchkit.open(place, encoder=WordEncoder()) as opened:
        assert opened.info().segments == 2
        yield opened


@pytest.fixture
def whoosh(searcher: Searcher) -> Iterator[Any]:
    with searcher.whoosh() as opened:
        yield opened


def parsed(whoosh: Any, text: str, field: str = "text") -> Any:
    return QueryParser(field, schema=whoosh.schema).parse(text)


def ids(hits: Any) -> list[str]:
    return [hit["id"] for hit in hits]


def asked(whoosh: Any, text: str, **others: Any) -> list[str]:
    return ids(whoosh.search(parsed(whoosh, text), **others))


def test_it_is_whoosh_s_own_searcher_over_what_lives(whoosh: Any) -> None:
    assert isinstance(whoosh, PlainSearcher)
    assert (whoosh.doc_count(), whoosh.doc_count_all(), whoosh.reader().doc_count()) == (4, 6, 4)
    assert whoosh.notes == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("missiles", ["base", "cocoa", "ridge"]),
        ("launcher guarding", ["ridge"]),
        ("guard OR cacao", ["cocoa", "ridge"]),
        ("missile NOT cacao", ["base", "ridge"]),
        ("missile ANDNOT base", ["cocoa", "ridge"]),
        ("missile ANDMAYBE sea", ["base", "cocoa", "ridge"]),
        ("missile REQUIRE sea", ["base", "ridge"]),
        ("NOT missile", ["football"]),
        ("NOT zeppelin", ["base", "cocoa", "football", "ridge"]),
        ("zeppelin", []),
        ('"air defences"', ["base"]),
        ('"defence air"', []),
        ('"missile sea"', []),
        ('"missile sea"~4', ["ridge"]),
        ("S300", ["base"]),
        ("launch*", ["base", "ridge"]),
        ("mis?il", ["base", "cocoa", "ridge"]),
        ("title:missiles", ["base"]),
        ("source:wire", ["base", "football"]),
        ('source:"harbor ledger"', ["cocoa", "ridge"]),
        ("source:Nobody", []),
        ("tags:russia", ["ridge"]),
        ('authors:"ana ruiz"', ["base"]),
        ("desk:world", ["ridge"]),
        ("year:2025 missile", ["base", "ridge"]),
        ("published:2025", ["base", "ridge"]),
        ("published:20251101", ["base"]),
        ("published:[20240101 TO 20241231]", ["cocoa"]),
        ("id:cocoa", ["cocoa"]),
        ("*:*", ["base", "cocoa", "football", "ridge"]),
    ],
)
@pytest.mark.parametrize("limit", [10, None])
def test_the_parser_s_queries_find_what_they_mean(whoosh: Any, text: str, expected: list[str], limit: int) -> None:
    assert sorted(asked(whoosh, text, limit=limit)) == expected


@pytest.mark.parametrize(
    ("asked_for", "expected"),
    [
        (query.Term("text", "missil"), ["base", "cocoa", "ridge"]),
        (query.Term("text", "missiles"), []),
        (query.And([query.Term("text", "missil"), query.Not(query.Term("text", "sea"))]), ["cocoa"]),
        (query.AndNot(query.Term("text", "missil"), query.Term("text", "sea")), ["cocoa"]),
        (query.Or([query.Term("text", "missil"), query.Not(query.Term("text", "sea"))]), ["cocoa"]),
        (query.Not(query.Every()), []),
        (query.Phrase("text", ["near", "the", "sea"]), ["base"]),
        (query.Prefix("text", "launch"), ["base", "ridge"]),
        (query.Wildcard("text", "?ea"), ["base", "ridge"]),
        (query.Regex("text", "ca.*"), ["cocoa", "ridge"]),
        (query.FuzzyTerm("text", "misil"), ["base", "cocoa", "ridge"]),
        (query.TermRange("source", "h", "i"), ["cocoa", "ridge"]),
        (query.Every("published"), ["base", "cocoa", "ridge"]),
        (query.DateRange("published", datetime(2025, 1, 1), None), ["base", "ridge"]),
        (query.Term("published", datetime(2024, 1, 2)), ["cocoa"]),
        (spans.SpanFirst(query.Term("text", "missil")), ["base"]),
        (spans.SpanNear(query.Term("text", "missil"), query.Term("text", "sea"), slop=4), ["ridge"]),
        (spans.SpanNear(query.Term("text", "missil"), query.Term("text", "sea"), slop=3), []),
        (spans.SpanNot(query.Term("text", "missil"), query.Term("text", "cacao")), ["base", "cocoa", "ridge"]),
        (spans.SpanOr([query.Term("text", "guard"), query.Term("text", "cacao")]), ["cocoa", "ridge"]),
        (query.Term("nowhere", "missil"), []),
        (query.Term("text", "\ud800"), []),
    ],
    ids=str,
)
@pytest.mark.parametrize("limit", [10, None])
def test_query_classes_and_spans_find_what_they_mean(
    whoosh: Any, asked_for: Any, expected: list[str], limit: int
) -> None:
    assert sorted(ids(whoosh.search(asked_for, limit=limit))) == expected
    assert sorted(whoosh.stored_fields(row)["id"] for row in whoosh.docs_for_query(asked_for)) == expected


def test_an_aware_date_is_read_by_its_own_clock(whoosh: Any) -> None:
    at = datetime(2025, 11, 1, 10, tzinfo=timezone(timedelta(hours=2)))
    assert ids(whoosh.search(query.DateRange("published", at, at))) == ["base"]
    assert ids(whoosh.search(query.Term("published", at))) == ["base"]


def test_scores_are_those_of_a_search_by_keyword(searcher: Searcher, whoosh: Any) -> None:
    theirs = [(hit["id"], hit.score) for hit in whoosh.search(parsed(whoosh, "missiles OR launchers"))]
    ours = [
        (result.article.id, result.score) for result in searcher.search("missiles launchers", mode="keyword").results
    ]
    assert [name for name, _ in theirs] == [name for name, _ in ours]
    assert [score for _, score in theirs] == pytest.approx([score for _, score in ours])


def test_a_prefix_scores_the_same_whatever_it_stands_for(whoosh: Any) -> None:
    for text in ("launch*", "s*"):
        assert {hit.score for hit in whoosh.search(parsed(whoosh, text))} == {1.0}


def test_stored_fields_are_the_article_s_and_the_chunk_s(searcher: Searcher, whoosh: Any) -> None:
    assert whoosh.document(id="ridge") == {
        "id": "ridge",
        "chunk_id": "ridge#0",
        "title": "On the ridge",
        "text": FIRST[0]["text"],
        "url": "https://example.org/ridge",
        "source": "Harbor Ledger",
        "published": datetime(2025, 10, 21, tzinfo=UTC),
        "year": "2025",
        "language": "en",
        "tags": ["defence", "Russia"],
        "desk": "world",
    }
    [hit] = whoosh.search(parsed(whoosh, "air"))
    assert (hit["authors"], hit.get("url")) == (["Ana Ruiz"], None)
    chunk = searcher.chunk(hit["chunk_id"])
    assert chunk is not None
    assert hit["text"] == chunk.text


def test_documents_are_found_by_their_ids(whoosh: Any) -> None:
    row = whoosh.document_number(chunk_id="base#0")
    assert row == whoosh.document_number(id="base") == 4
    for chunk_id in ("base#1", "base#00", "base", "base#²", "gone#0"):
        assert whoosh.document_number(chunk_id=chunk_id) is None
    assert whoosh.document(id="gone") is None


def test_an_article_of_several_chunks_has_as_many_documents(tmp_path: Path) -> None:
    text = "\n\n".join(f"Paragraph {number} of the missile. " * 30 for number in range(4))
    searchkit.build(tmp_path / "index", [{"id": "long", "text": text, "language": "en"}], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index") as opened, opened.whoosh() as whoosh:
        chunks = opened.chunks("long")
        assert len(chunks) > 1
        hits = whoosh.search(query.Every(), limit=None)
        assert [(hit["chunk_id"], hit["text"]) for hit in hits] == [(chunk.id, chunk.text) for chunk in chunks]
        assert list(whoosh.lexicon("chunk_id")) == sorted(chunk.id.encode() for chunk in chunks)
        assert whoosh.document_number(chunk_id="long#1") == 1
        assert len(whoosh.search(query.Every(), collapse="id", limit=None)) == 1


def test_groups_and_sorting_come_from_columns(whoosh: Any) -> None:
    every = query.Every()
    assert whoosh.search(every, groupedby="source").groups() == {"Harbor Ledger": [0, 1], "Wire": [2, 4]}
    tags = sorting.FieldFacet("tags", allow_overlap=True)
    assert whoosh.search(every, groupedby=tags).groups() == {"defence": [0], "Russia": [0], "economy": [1]}
    assert whoosh.search(every, groupedby="year", maptype=sorting.Count).groups() == {"2025": 2, "2024": 1, None: 1}
    assert whoosh.search(every, groupedby="published").groups()[datetime(2025, 11, 1, 8, tzinfo=UTC)] == [4]
    assert ids(whoosh.search(every, sortedby="published")) == ["cocoa", "ridge", "base", "football"]
    newest = sorting.FieldFacet("published", reverse=True)
    assert ids(whoosh.search(every, sortedby=newest)) == ["base", "ridge", "cocoa", "football"]
    assert ids(whoosh.search(every, sortedby="title")) == ["cocoa", "football", "base", "ridge"]
    assert ids(whoosh.search(every, sortedby=["year", "title"])) == ["football", "cocoa", "base", "ridge"]
    backwards = sorting.FieldFacet("source", reverse=True)
    assert ids(whoosh.search(every, sortedby=backwards)) == ["football", "base", "ridge", "cocoa"]


def test_filter_and_mask_take_queries(whoosh: Any) -> None:
    assert asked(whoosh, "missile", filter=query.Term("source", "WIRE")) == ["base"]
    assert asked(whoosh, "missile", mask=query.Not(query.Term("source", "Wire"))) == ["base"]
    assert sorted(asked(whoosh, "missile", filter=query.Not(query.Term("text", "cacao")))) == ["base", "ridge"]


def test_collectors_pages_and_matched_terms(whoosh: Any) -> None:
    limited = collectors.TimeLimitCollector(whoosh.collector(limit=2), timelimit=10)
    whoosh.search_with_collector(parsed(whoosh, "missile"), limited)
    assert ids(limited.results()) == ["base", "cocoa"]
    page = whoosh.search_page(parsed(whoosh, "missile"), 2, pagelen=2)
    assert (page.total, ids(page)) == (3, ["ridge"])
    hit = whoosh.search(parsed(whoosh, "missile OR cacao"), terms=True)[0]
    assert sorted(hit.matched_terms()) == [("text", b"cacao"), ("text", b"missil")]
    assert asked(whoosh, "missile", collapse="source") == ["base", "cocoa"]


def test_matched_words_are_highlighted_in_all_their_forms(whoosh: Any) -> None:
    [hit] = whoosh.search(parsed(whoosh, "missile guarding"))
    assert hit.highlights("text") == (
        'Moscow\'s launchers <b class="match term0">guard</b> Caracas. '
        'The <b class="match term1">missiles</b> fly over the sea'
    )
    [hit] = whoosh.search(parsed(whoosh, "missiles", "title"))
    assert hit.highlights("title") == '<b class="match term0">Missile</b> base'


def test_what_is_like_an_article_and_what_tells_it_apart(whoosh: Any) -> None:
    row = whoosh.document_number(id="ridge")
    assert "caraca" in [term for term, _ in whoosh.key_terms([row], "text", numterms=8)]
    alike = ids(whoosh.more_like(row, "text", numterms=20))
    assert set(alike) == {"base", "cocoa", "football"}
    assert alike[0] == "base", "launchers, missiles and the sea are in both"
    assert ids(whoosh.search(parsed(whoosh, "guard"))[0].more_like_this("text", numterms=20)) == alike
    assert [term for term, _ in whoosh.key_terms_from_text("text", "missiles of Moscow", numterms=1)] == ["moscow"]
    assert "launcher" in dict(whoosh.search(parsed(whoosh, "sea")).key_terms("text", numterms=50))


def test_the_terms_of_a_row_are_those_that_were_indexed(whoosh: Any) -> None:
    for leaf, first in whoosh.leaf_searchers():
        for row in leaf.reader().all_doc_ids():
            for field in ("text", "title"):
                indexed = {}
                for term in leaf.lexicon(field):
                    matcher = leaf.postings(field, term)
                    matcher.skip_to(row)
                    if matcher.id() == row:
                        indexed[term.decode()] = matcher.value_as("positions")
                assert dict(whoosh.vector_as("positions", first + row, field)) == indexed
                counts = {term: len(positions) for term, positions in indexed.items()}
                assert dict(whoosh.vector_as("weight", first + row, field)) == counts


def test_the_reader_tells_terms_and_lengths_of_what_lives(whoosh: Any) -> None:
    reader = whoosh.reader()
    assert list(reader.all_terms()) == sorted(reader.all_terms())
    assert {name for name, _ in reader.all_terms()} == {*whoosh.schema.names()} - {"url"}
    assert ("text", b"zeppelin") not in reader.all_terms()
    assert ("tags", b"lost") not in reader.all_terms()
    assert [term.decode() for term in reader.lexicon("source")] == ["harbor ledger", "wire"]
    assert reader.doc_frequency("text", "missil") == 3
    assert reader.field_length("title") == 3 + 1 + 1 + 2
    assert reader.doc_field_length(4, "title") == 2
    assert [stored["id"] for stored in reader.all_stored_fields()] == ["ridge", "cocoa", "football", "base"]
    assert list(reader.terms_within("text", "misil", 1)) == ["missil"]
    assert reader.cursor("title").first() == "base"
    assert whoosh.suggest("text", "mislil") == ["missil"]
    assert whoosh.idf("text", "missil") < whoosh.idf("text", "cacao") < whoosh.idf("text", "zeppelin")


@pytest.mark.parametrize(
    "weighting",
    [
        scoring.TF_IDF(),
        scoring.BM25F(),
        scoring.BM25F(B=0.3, K1=2),
        scoring.Frequency(),
        scoring.PL2(),
        scoring.DFree(),
        scoring.MultiWeighting(scoring.TF_IDF(), title=scoring.BM25F()),
        None,
    ],
    ids=lambda model: type(model).__name__,
)
def test_own_scorers_see_an_index_as_if_built_afresh(
    searcher: Searcher, tmp_path: Path, weighting: scoring.WeightingModel
) -> None:
    def scored(opened: Searcher) -> list[tuple[str, float]]:
        with opened.whoosh(weighting=weighting) as whoosh:
            return [(hit["id"], hit.score) for hit in whoosh.search(parsed(whoosh, "missile OR launcher OR cacao"))]

    with searchkit.open(made(tmp_path / "afresh", afresh=True)) as afresh:
        expected = scored(afresh)
    assert scored(searcher) == expected
    assert len(expected) == 3


def test_a_scorer_of_one_s_own(searcher: Searcher) -> None:
    def newest_first(searcher: Any, fieldname: str, text: bytes, matcher: Any) -> float:
        return float(searcher.stored_fields(matcher.id())["published"].timestamp())

    with searcher.whoosh(weighting=scoring.FunctionWeighting(newest_first)) as whoosh:
        assert asked(whoosh, "missile") == ["base", "ridge", "cocoa"]
        assert asked(whoosh, "missile ANDMAYBE sea", limit=1) == ["base"]


def test_several_fields_are_asked_at_once(whoosh: Any) -> None:
    both = MultifieldParser(["title", "text"], schema=whoosh.schema)
    assert sorted(ids(whoosh.search(both.parse("football OR base")))) == ["base", "football"]


def test_a_word_is_one_term_of_its_stems_in_all_languages(tmp_path: Path) -> None:
    articles = [
        {"id": "en", "text": "The houses were burning near the cafés.", "language": "en"},
        {"id": "de", "text": "Die Häuser brannten.", "language": "de"},
        {"id": "zh", "text": "北京的导弹系统很新。", "language": "zh"},
    ]
    searchkit.build(tmp_path / "index", articles, encoder=WordEncoder())
    with searchkit.open(tmp_path / "index") as opened, opened.whoosh() as whoosh:
        for text, article in {
            "Haus": "de",
            '"houses were"': "en",
            "cafe": "en",
            "导弹": "zh",
            "houses NOT zzz": "en",
        }.items():
            [hit] = whoosh.search(parsed(whoosh, text))
            assert hit["id"] == article
            assert '<b class="match term0">' in hit.highlights("text")
        [hit] = whoosh.search(parsed(whoosh, "house"))
        [ours] = opened.search("house", mode="keyword").results
        assert hit.score == pytest.approx(ours.score)


def test_nothing_can_be_written(whoosh: Any) -> None:
    segment = whoosh.reader().segments()[0]
    for write in (
        lambda: segment.delete_document(0),
        lambda: segment.codec().per_document_writer(None, segment),
        lambda: segment.codec().field_writer(None, segment),
    ):
        with pytest.raises(ReadOnlyError, match=r"searchkit\.add"):
            write()
        with pytest.raises(SearchkitError):
            write()


def test_closed_it_says_so_and_may_be_closed_again(place: Path) -> None:
    with searchkit.open(place) as searcher:
        whoosh = searcher.whoosh()
        hit = whoosh.search(parsed(whoosh, "cacao"))[0]
        whoosh.close()
        for use in (
            lambda: whoosh.search(query.Every()),
            lambda: whoosh.stored_fields(0),
            lambda: whoosh.reader().doc_count(),
            lambda: ("text", "missil") in whoosh.reader(),
            lambda: hit["id"],
        ):
            with pytest.raises(SearchkitError, match="closed"):
                use()
            with pytest.raises(ReaderClosed):
                use()
        whoosh.close()
        assert asked(searcher.whoosh(), "cacao") == ["cocoa"]


def test_it_is_closed_with_its_searcher(place: Path) -> None:
    searcher = searchkit.open(place)
    with searcher.whoosh() as whoosh:
        searcher.close()
        with pytest.raises(SearchkitError, match="closed"):
            whoosh.search(query.Every())
    with pytest.raises(SearchkitError, match="closed"):
        searcher.whoosh()


def test_it_stays_in_the_generation_that_it_was_opened_on(tmp_path: Path) -> None:
    place = made(tmp_path / "index")
    with searchkit.open(place, encoder=WordEncoder()) as searcher, searcher.whoosh() as before:
        searchkit.add(place, [{"id": "new", "text": "A new missile.", "language": "en"}], encoder=WordEncoder())
        assert searcher.refresh()
        searchkit.compact(place)
        searchkit.gc(place)
        assert sorted(asked(before, "missile")) == ["base", "cocoa", "ridge"]
        with searcher.whoosh() as after:
            assert sorted(asked(after, "missile")) == ["base", "cocoa", "new", "ridge"]
        for renew in (before.refresh, before.up_to_date):
            with pytest.raises(SearchkitError, match="stays in the generation"):
                renew()


def test_one_that_nobody_has_any_more_lets_go_of_the_index(searcher: Searcher) -> None:
    whoosh = searcher.whoosh()
    assert len(whoosh.search(query.Every(), groupedby="source")) == 4
    gone = ref(whoosh)
    released = whoosh.released
    assert released.alive
    del whoosh
    assert gone() is None
    assert not released.alive


def test_threads_may_share_it(whoosh: Any) -> None:
    texts = ["missile", "launchers", "cacao OR sea", "NOT missile"]

    def ask(number: int) -> list[tuple[str, float]]:
        hits = whoosh.search(parsed(whoosh, texts[number % 4]), groupedby="source")
        return [(hit["id"], hit.score) for hit in hits]

    expected = [ask(number) for number in range(4)]
    with ThreadPoolExecutor(8) as threads:
        for number, hits in enumerate(threads.map(ask, range(80))):
            assert hits == expected[number % 4]


def test_an_index_without_articles_answers_nothing(tmp_path: Path) -> None:
    searchkit.build(tmp_path / "index", FIRST[:1], encoder=WordEncoder())
    searchkit.delete(tmp_path / "index", ["ridge"])
    with searchkit.open(tmp_path / "index") as searcher, searcher.whoosh() as whoosh:
        for text in ("missile", "NOT missile", "source:wire", "published:2025"):
            assert asked(whoosh, text, groupedby="source", sortedby="published") == []


def test_an_index_of_other_rules_is_told_of(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchkit.index.manifest.RULES", 99)
    with searchkit.open(place) as searcher, searcher.whoosh() as whoosh:
        [note] = whoosh.notes
        assert "the query by rules 99" in note

from __future__ import annotations

import random
from array import array
from collections.abc import Collection
from pathlib import Path

import pytest
import regex

import searchkit
from searchkit.answer import Snippet
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.ast import TEXT, Term, highlighted
from searchkit.keyword.query.query_terms import leaves_of
from searchkit.search import highlight
from searchkit.search.highlight import SNIPPET_CHARACTERS, Highlighter, snippet
from searchkit.storage import native
from searchkit.types import Article, Chunk
from tests.word_encoder import WordEncoder


def cut(text: str, query: str, language: str = "en", start: int = 0) -> Snippet:
    analyzer = Analyzer()
    words = analyzer.query_terms(query, (language,))
    leaves = [leaf for word in words for tree in leaves_of(word, TEXT) for leaf in highlighted(tree)]
    chunk = Chunk(article_id="a", ordinal=0, start=start, end=start + len(text), text=text)
    return snippet(chunk, leaves, analyzer, language)


def of(terms: Collection[str]) -> list[Term]:
    return [Term(terms=tuple(sorted(terms)))]


def marked(text: str, found: Snippet, start: int = 0) -> list[str]:
    return [text[first - start : last - start] for first, last in found.highlights]


def test_a_short_chunk_is_shown_whole_with_every_form_of_the_words() -> None:
    text = "Missiles guard Caracas. A missile was seen."
    found = cut(text, "missiles")
    assert found.text == text
    assert marked(text, found) == ["Missiles", "missile"]


def test_offsets_count_the_articles_characters() -> None:
    text = "Missiles guard Caracas."
    found = cut(text, "caracas", start=100)
    assert (found.start, found.end) == (100, 100 + len(text))
    assert found.highlights == ((115, 122),)


def test_a_long_chunk_is_cut_to_where_most_of_the_words_stand_at_a_sentences_beginning() -> None:
    text = (
        "Nothing to see here at all, said the mayor. " * 20 + "Radars and missiles guard Caracas. " + "So it is. " * 40
    )
    found = cut(text, "radars missiles Caracas")
    assert found.text.startswith("Radars and missiles")
    assert len(found.text) <= SNIPPET_CHARACTERS
    assert marked(text, found) == ["Radars", "missiles", "Caracas"]


def test_without_a_word_in_it_the_chunks_beginning_is_shown() -> None:
    text = "First things first. " * 40
    assert cut(text, "zebra").text.startswith("First things")
    assert cut(text, "zebra").highlights == ()


@pytest.mark.parametrize(
    ("language", "text", "query", "shown"),
    [
        ("zh", "俄罗斯防空导弹部署在委内瑞拉首都附近。", "防空导弹", ["防空导弹"]),
        ("ja", "ロシアの防空ミサイルがカラカスに配備された。", "防空", ["防空"]),
        ("th", "ขีปนาวุธของรัสเซียที่เมืองหลวง", "รัสเซีย", ["รัสเซีย"]),
        ("hi", "रूसी मिसाइलें काराकास में तैनात हैं।", "मिसाइलें", ["मिसाइलें"]),
        ("ar", "صواريخ روسية في كاراكاس", "صواريخ", ["صواريخ"]),
        ("es", "Nicolás Maduro habló de misiles.", "nicolas", ["Nicolás"]),
        ("en", "The S-300 and the S300 are one.", "S 300", ["S-300", "S300"]),
    ],
)
def test_words_are_marked_in_every_script(language: str, text: str, query: str, shown: list[str]) -> None:
    found = cut(text, query, language)
    assert marked(text, found) == shown
    borders = {0, *(match.end() for match in regex.finditer(r"\X", text))}
    assert all(place in borders for span in found.highlights for place in span)


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("S-400 and S-500 and S-600 stood by", "S-500", ["S-500"]),
        ("S-400, S 500 and S500, an S-500M, 500 of S", "s500", ["S", "500", "S500", "S-500M"]),
        ("Races of 10km, 12km and 10 km; x10", "10km", ["10km", "10", "km"]),
        ("v1 v2 v3 v9", "v9", ["v9"]),
        ("GPT-3 and GPT-4 and 4 more", "GPT-4", ["GPT-4"]),
        ("F-16AM, F-15 and F-16", "F-16", ["F-16AM", "F-16"]),
        ("An F/A-18E, a F-18 and an A-18", "F/A-18", ["F/A-18E"]),
        ("Covid spread", "COVID-19", ["Covid"]),
        ("A MiG-31 and another MiG flew", "MiG-29", ["MiG"]),
        ("S-400 and S-600 stood by", "S-500", []),
        ("Missile defence", "anti-missile", ["Missile"]),
        ("An anti-missile missile", "anti-missile", ["anti-missile"]),
        ("Vitamin C, C and C++", "C++", ["C++"]),
        ("Vitamin C and C", "C++", []),
        ("Disney raises prices", "Disney+", ["Disney"]),
        ("The AT & T building at the T", "AT&T", ["AT", "T"]),
        ("24 shops, 7 open, 24/7", "24/7", ["24/7"]),
        ("2024-05-06 and 05, 06 of 2024", "2024-05-06", ["2024-05-06"]),
        ("S-300 missiles and S-400 missile", "S-300 missiles", ["S-300", "missiles", "missile"]),
        ("Routes 66A, 66B and 66", "66A", ["66A"]),
    ],
)
def test_of_compounds_the_words_asked_for_are_marked(text: str, query: str, shown: list[str]) -> None:
    assert marked(text, cut(text, query)) == shown


def test_the_passage_with_the_compound_is_shown_among_others_with_its_parts() -> None:
    text = "The S-400 and S-5600 and S-6000 of 300 men. " * 20 + "There stood an S-300 battery. " + "So it is. " * 40
    passage = cut(text, "S-300")
    assert passage.text.startswith("There stood an S-300")
    assert marked(text, passage) == ["S-300"]


def test_searches_mark_the_compound_asked_for_in_every_mode(tmp_path: Path) -> None:
    text = "S-400 and S-500 and S-600 stood by"
    encoder = WordEncoder()
    searchkit.build(tmp_path / "index", [Article(id="a", text=text, language="en")], encoder=encoder)
    with searchkit.open(tmp_path / "index", encoder=encoder) as searcher:
        for query in ("S-500", '"S-500"', "S-500 AND stood", '+"S-500"'):
            for mode in ("keyword", "vector", "hybrid"):
                (result,) = searcher.search(query, mode=mode).results
                shown = marked(text, result.chunks[0].snippet)
                assert [word for word in shown if word[0] == "S"] == ["S-500"], (query, mode)


def test_highlights_stand_on_the_words_whatever_punctuation_is_between() -> None:
    draw, analyzer = random.Random(3), Analyzer()
    for _ in range(3_000):
        text = "".join(draw.choices("abcDE019 ''’‘´“”„«»–—…•€£.,-!?`\né", k=draw.randint(1, 40)))
        words = [(span, analyzer.expand(word, "en")) for word, *span in analyzer.word_spans(text)]
        if not words or any(one.advance > 1 and not one.joined for _, one in words):
            continue
        terms = set(draw.choice(words)[1].terms)
        passage = snippet(
            Chunk(article_id="a", ordinal=0, start=7, end=7 + len(text), text=text), of(terms), analyzer, "en"
        )
        highlighted = {place for start, end in passage.highlights for place in range(start - 7, end - 7)}
        asked = {place for (start, end), one in words if terms.intersection(one.terms) for place in range(start, end)}
        assert highlighted == asked


SIGNS = "aabbcdeABC019 ''’‘´“”„«»–—…•€£.,-!?`\n é\u00a0\u202f()[]:;#+&/@_。！中文字한국어ไทยรัसी\u0301שר\"ا\u064b"


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
def test_the_loops_cut_and_mark_as_python_does_whatever_the_text() -> None:
    draw, analyzer = random.Random(5), Analyzer()
    words: dict[str, set[str]] = {}
    together, told = Highlighter(analyzer), Highlighter(analyzer, lambda term: sorted(words.get(term, ())))
    marked = cut = 0
    for _ in range(60):
        chunks = []
        for _ in range(4):
            letters = SIGNS if draw.random() < 0.7 else "abc ABC.,'\n- "
            text = "".join(draw.choices(letters, k=draw.choice([0, 30, 60, 900])))
            chunks.append(Chunk(article_id="a", ordinal=0, start=7, end=7 + len(text), text=text))
        languages = [draw.choice(["en", "fr", "zh", None, "tr", "de"]) for _ in chunks]
        meant = [
            term
            for chunk, language in zip(chunks, languages, strict=True)
            for word in analyzer.words(chunk.text)
            for term in analyzer.expand(word, language).terms
        ]
        for chunk, language in zip(chunks, languages, strict=True):
            for word in analyzer.words(chunk.text):
                expansion = analyzer.expand(word, language)
                for term, surface in zip(expansion.terms, expansion.surfaces, strict=True):
                    words.setdefault(term, set()).add(surface)
        told._forget()  # as an index that has just been opened: its words don't change
        terms = frozenset(draw.sample(meant, min(len(meant), draw.randint(0, 6))))
        expected = [
            snippet(chunk, of(terms), analyzer, language) for chunk, language in zip(chunks, languages, strict=True)
        ]
        assert together.of(chunks, of(terms), languages) == expected
        assert told.of(chunks, of(terms), languages) == expected
        marked += sum(len(one.highlights) for one in expected)
        cut += sum(len(one.text) < len(chunk.text) for one, chunk in zip(expected, chunks, strict=True))
    assert marked > 500
    assert cut > 50


def test_snippets_without_the_loops_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Nothing in “places”, the mayor said. " * 20
    text += "The S-300's radars—and missiles—guard Caracas; 5\u00a0000 of them, U.S. aides said."
    chunk = Chunk(article_id="a", ordinal=0, start=11, end=11 + len(text), text=text)
    terms = {"radar", "missil", "s300", "us", "5000"}
    compiled = Highlighter(Analyzer()).of([chunk], of(terms), ["en"])
    monkeypatch.setattr(native, "COMPILED", None)
    assert Highlighter(Analyzer()).of([chunk], of(terms), ["en"]) == compiled
    assert marked(text, compiled[0], 11) == ["S-300's", "radars", "missiles", "5\u00a0000", "U.S."]


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
def test_the_loops_cut_and_mark_compounds_as_python_does() -> None:
    draw, analyzer = random.Random(7), Analyzer()
    together = Highlighter(analyzer)
    pieces = ["S-300", "S300", "S", "300", "S-400", "S-300VM", "km", "10km", "10", "storm", "C++", "C", "said.", "Oil;"]
    queries = [
        "S-300",
        "S-300 storm",
        "10km storm",
        "S 300 S-300",
        "C++ oil",
        "anti-storm S-400",
        "S-300 S-400",
        "AT&T",
    ]
    alike = cut = 0
    for _ in range(300):
        query = draw.choice(queries)
        words = analyzer.query_terms(query, ("en",))
        leaves = [leaf for word in words for tree in leaves_of(word, TEXT) for leaf in highlighted(tree)]
        some = draw.sample(pieces, draw.randint(1, 6)) + ["and", "the"] * draw.randint(0, 9)
        text = " ".join(draw.choices(some, k=draw.choice([5, 60, 300])))
        chunk = Chunk(article_id="a", ordinal=0, start=7, end=7 + len(text), text=text)
        expected = snippet(chunk, leaves, analyzer, "en")
        assert together.of([chunk], leaves, ["en"]) == [expected]
        alike += bool(expected.highlights)
        cut += len(expected.text) < len(text)
    assert alike > 100
    assert cut > 50


def test_what_tokens_mean_is_forgotten_and_learnt_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlight, "_FORGET_AT", 2)
    together = Highlighter(Analyzer())
    for word in ("missiles", "radars", "missile", "S-300"):
        text = f"The {word} of Caracas."
        chunk = Chunk(article_id="a", ordinal=0, start=0, end=len(text), text=text)
        (passage,) = together.of([chunk], of({"missil", "radar", "s300"}), ["en"])
        assert marked(text, passage) == [word]


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
def test_of_the_words_of_a_chunk_only_those_that_can_mean_a_term_are_stemmed(monkeypatch: pytest.MonkeyPatch) -> None:
    analyzer, stemmed = Analyzer(), []
    stem = analyzer.word_stemmer("en")
    monkeypatch.setattr(Analyzer, "word_stemmer", lambda *_: lambda word: stemmed.append(word) or stem(word))
    text = "MISSILES, radars and a missile guard the capital's (outer) defences."
    chunk = Chunk(article_id="a", ordinal=0, start=0, end=len(text), text=text)
    words = {"missil": ["missile", "missiles"]}
    (passage,) = Highlighter(analyzer, words.__getitem__).of([chunk], of({"missil"}), ["en"])
    assert marked(text, passage) == ["MISSILES", "missile"]
    assert sorted(stemmed) == ["missile", "missiles"]


ODD = ("mother", "l", "rock", "n", "300", "F", "16s", "they", "ll", "o", "brien", "US", "3", "5", "000", "km", "c", "x")


def kept(token: str, words: list[str]) -> bool:
    counts, _ = native.COMPILED.Tokens().scan([token], array("I", [0]), [native.COMPILED.word_bits(words)])
    return bool(array("I", counts)[0])


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "nl", "es", None])
def test_no_token_is_left_out_that_means_a_word_wanted(language: str | None) -> None:
    draw, analyzer = random.Random(7), Analyzer()
    for _ in range(2_000):
        parts = draw.choices(ODD, k=draw.randint(1, 5))
        token = "".join(part + draw.choice(["-", "'", "’", ".", "/", "&", ",", "", "+", "#", "@"]) for part in parts)
        for word in analyzer.words(token.replace("’", "'")):
            for surface in analyzer.expand(word, language).surfaces:
                assert kept(token, [surface]), (token, surface)


@pytest.mark.skipif(native.COMPILED is None, reason="the loops aren't compiled")
def test_tokens_that_mean_no_word_wanted_are_mostly_left_out() -> None:
    others = [
        "winner's",
        "guilt-free",
        "1979-1990",
        "$6,781",
        "40th",
        "show’s",
        "U.S.-Canada",
        "3.9",
        "it:Who",
        "a@b.c",
    ]
    assert not [token for token in others if kept(token, ["pandemic", "covid", "19", "covid19", "at&t", "7.0", ".net"])]
    assert all(kept(token, ["pandemic"]) for token in ["Córdoba", "#WHO", "@who", "😄"])


def test_all_of_an_article_is_highlighted_not_only_a_snippet(tmp_path: Path) -> None:
    filler = "Barges were counted again and again, and nothing else happened in the harbour. " * 20
    text = f"The ferries sailed. {filler} A ferry returned. {filler} No tram came."
    searchkit.build(tmp_path / "index", [{"id": "a", "text": text}], encoder=WordEncoder())
    with searchkit.open(tmp_path / "index", encoder=WordEncoder()) as opened:
        spans = opened.highlights("a", "ferry tram")
        assert [text[start:end] for start, end in spans] == ["ferries", "ferry", "tram"]
        assert [text[start:end] for start, end in opened.highlights("a", "title:x OR ferr*")] == ["ferries", "ferry"]
        assert opened.highlights("none", "ferry") == ()

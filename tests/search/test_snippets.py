from __future__ import annotations

import random

import pytest
import regex

from searchkit.index.keyword import loops
from searchkit.index.keyword.analysis import Analyzer
from searchkit.search import snippets
from searchkit.search.snippets import SNIPPET_CHARACTERS, Snippets, snippet
from searchkit.types import Chunk, Snippet


def cut(text: str, query: str, language: str = "en", start: int = 0) -> Snippet:
    analyzer = Analyzer()
    words = analyzer.query_terms(query, (language,))
    terms = {term for word in words for unit in word.units for term in unit.terms}
    chunk = Chunk(article_id="a", ordinal=0, start=start, end=start + len(text), text=text)
    return snippet(chunk, terms, analyzer, language)


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


def test_highlights_stand_on_the_words_whatever_punctuation_is_between() -> None:
    draw, analyzer = random.Random(3), Analyzer()
    for _ in range(3_000):
        text = "".join(draw.choices("abcDE019 ''’‘´“”„«»–—…•€£.,-!?`\né", k=draw.randint(1, 40)))
        words = [(span, analyzer.expand(word, "en")) for word, *span in analyzer.word_spans(text)]
        if not words or any(one.advance > 1 and not one.joined for _, one in words):
            continue
        terms = set(draw.choice(words)[1].terms)
        found = snippet(Chunk(article_id="a", ordinal=0, start=7, end=7 + len(text), text=text), terms, analyzer, "en")
        highlighted = {place for start, end in found.highlights for place in range(start - 7, end - 7)}
        asked = {place for (start, end), one in words if terms.intersection(one.terms) for place in range(start, end)}
        assert highlighted == asked


SIGNS = "aabbcdeABC019 ''’‘´“”„«»–—…•€£.,-!?`\n é\u00a0\u202f()[]:;#+&/@_。！中文字한국어ไทยรัसी\u0301שר\"ا\u064b"


@pytest.mark.skipif(loops.COMPILED is None, reason="the loops aren't compiled")
def test_the_loops_cut_and_mark_as_python_does_whatever_the_text() -> None:
    draw, analyzer = random.Random(5), Analyzer()
    words: dict[str, set[str]] = {}
    together, told = Snippets(analyzer), Snippets(analyzer, lambda term: sorted(words.get(term, ())))
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
            snippet(chunk, terms, analyzer, language) for chunk, language in zip(chunks, languages, strict=True)
        ]
        assert together.of(chunks, terms, languages) == expected
        assert told.of(chunks, terms, languages) == expected
        marked += sum(len(one.highlights) for one in expected)
        cut += sum(len(one.text) < len(chunk.text) for one, chunk in zip(expected, chunks, strict=True))
    assert marked > 500
    assert cut > 50


def test_snippets_without_the_loops_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Nothing in “places”, the mayor said. " * 20
    text += "The S-300's radars—and missiles—guard Caracas; 5\u00a0000 of them, U.S. aides said."
    chunk = Chunk(article_id="a", ordinal=0, start=11, end=11 + len(text), text=text)
    terms = {"radar", "missil", "s300", "us", "5000"}
    compiled = Snippets(Analyzer()).of([chunk], terms, ["en"])
    monkeypatch.setattr(loops, "COMPILED", None)
    assert Snippets(Analyzer()).of([chunk], terms, ["en"]) == compiled
    assert marked(text, compiled[0], 11) == ["S-300's", "radars", "missiles", "5\u00a0000", "U.S."]


def test_what_tokens_mean_is_forgotten_and_learnt_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snippets, "_FORGET_AT", 2)
    together = Snippets(Analyzer())
    for word in ("missiles", "radars", "missile", "S-300"):
        text = f"The {word} of Caracas."
        chunk = Chunk(article_id="a", ordinal=0, start=0, end=len(text), text=text)
        (found,) = together.of([chunk], {"missil", "radar", "s300"}, ["en"])
        assert marked(text, found) == [word]


@pytest.mark.skipif(loops.COMPILED is None, reason="the loops aren't compiled")
def test_of_the_words_of_a_chunk_only_those_that_can_mean_a_term_are_stemmed(monkeypatch: pytest.MonkeyPatch) -> None:
    analyzer, stemmed = Analyzer(), []
    stem = analyzer.word_stemmer("en")
    monkeypatch.setattr(Analyzer, "word_stemmer", lambda *_: lambda word: stemmed.append(word) or stem(word))
    text = "MISSILES, radars and a missile guard the capital's (outer) defences."
    chunk = Chunk(article_id="a", ordinal=0, start=0, end=len(text), text=text)
    words = {"missil": ["missile", "missiles"]}
    (found,) = Snippets(analyzer, words.__getitem__).of([chunk], {"missil"}, ["en"])
    assert marked(text, found) == ["MISSILES", "missile"]
    assert sorted(stemmed) == ["missile", "missiles"]

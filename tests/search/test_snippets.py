from __future__ import annotations

import random

import pytest
import regex

from searchkit.index.keyword.analysis import Analyzer
from searchkit.search.snippets import SNIPPET_CHARACTERS, snippet
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

"""Is every part of an article in a chunk, exactly, and is every chunk of a good size?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from searchkit.errors import SourceError
from searchkit.ingest.chunker import CHARACTERS_PER_TOKEN, split
from searchkit.ingest.indexed_text import compose
from searchkit.types import Article, Chunk, Encoder, Section
from tests.word_encoder import WordEncoder

words = WordEncoder().count_tokens


def characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def article(text: str, *, title: str = "", sections: tuple[Section, ...] = (), language: str | None = None) -> Article:
    return Article(id="a", text=text, title=title, sections=sections, language=language)


def texts(chunks: Sequence[Chunk]) -> list[str]:
    return [chunk.text for chunk in chunks]


def sentence(number: int, length: int = 10) -> str:
    return " ".join([f"Word{number}", *["word"] * (length - 2), "end."])


def prose(count: int, length: int = 10) -> str:
    return " ".join(sentence(number, length) for number in range(count))


def test_whole_sentences_are_packed_up_to_the_limit_with_one_repeated() -> None:
    chunks = split(article(prose(7)), count_tokens=words, max_tokens=40)
    assert texts(chunks) == [
        " ".join(sentence(number) for number in numbers) for numbers in ([0, 1, 2, 3], [3, 4, 5, 6])
    ]
    assert [chunk.id for chunk in chunks] == ["a#0", "a#1"]


def test_overlap_can_be_more_or_none() -> None:
    none = split(article(prose(8)), count_tokens=words, max_tokens=40, overlap_sentences=0)
    assert [len(chunk.text.split()) for chunk in none] == [40, 40]
    two = split(article(prose(12, 5)), count_tokens=words, max_tokens=40, overlap_sentences=2)
    assert two[1].text.startswith(f"{sentence(6, 5)} {sentence(7, 5)} {sentence(8, 5)}")


@pytest.mark.parametrize("separator", [",", ";", "|", "/", "&", "=", "—", "),(", '","', "_", "-", ".", "+", "->"])
@pytest.mark.parametrize("name", ["name{}", "{}", "имя{}", "don't{}"])
def test_a_list_without_spaces_is_cut_between_its_words(separator: str, name: str) -> None:
    names = [name.format(number) for number in range(1000, 1400)]
    chunks = split(article(separator.join(names)), count_tokens=characters, max_tokens=200)
    assert len(chunks) > 10
    assert [word for chunk in chunks for word in regex.findall(r"[\p{L}\p{N}']+", chunk.text)] == [
        word for name in names for word in regex.findall(r"[\p{L}\p{N}']+", name)
    ]


@pytest.mark.parametrize(("items", "separator"), [("S-300", ","), ("1,000", ";"), ("a.b", "/"), ("x,100y", ",")])
def test_what_parts_a_list_is_cut_at_rather_than_what_parts_its_items(items: str, separator: str) -> None:
    chunks = split(article(separator.join([items] * 400)), count_tokens=characters, max_tokens=200)
    assert len(chunks) > 5
    assert all(chunk.text.startswith(items) and chunk.text.rstrip(separator).endswith(items) for chunk in chunks)


def test_a_long_sentence_is_not_repeated() -> None:
    chunks = split(article(f"{sentence(0, 5)} {sentence(1, 20)} {sentence(2, 20)}"), count_tokens=words, max_tokens=30)
    assert texts(chunks) == [f"{sentence(0, 5)} {sentence(1, 20)}", sentence(2, 20)]


def test_a_repeated_sentence_leaves_room_for_a_new_one() -> None:
    chunks = split(article(f"{sentence(0, 20)} {sentence(1, 9)} {sentence(2, 28)}"), count_tokens=words, max_tokens=30)
    assert texts(chunks) == [f"{sentence(0, 20)} {sentence(1, 9)}", sentence(2, 28)]


def test_a_very_short_last_chunk_is_filled_up() -> None:
    chunks = split(article(prose(9)), count_tokens=words, max_tokens=80, overlap_sentences=0)
    assert [len(chunk.text.split()) for chunk in chunks] == [50, 40]


def test_the_lines_above_the_text_count() -> None:
    sections = (Section(heading="five words in a heading", start=0, end=len(prose(6))),)
    chunks = split(
        article(prose(6), title="a title of five words", sections=sections), count_tokens=words, max_tokens=40
    )
    assert [len(chunk.text.split()) for chunk in chunks] == [40 - 10, 40 - 10, 20]
    whole = article(prose(6), title="a title of five words", sections=sections)
    assert all(words([compose(whole, chunk).joined])[0] <= 40 for chunk in chunks)


def test_a_chunk_never_crosses_a_section() -> None:
    text = f"Intro.\nFirst\n{prose(3)}\nSecond\n{prose(2)}"
    first, second = text.index("First"), text.index("Second")
    sections = (
        Section(heading="", start=0, end=first),
        Section(heading="First", start=first + 6, end=second),
        Section(heading="Second", start=second + 7, end=len(text)),
    )
    chunks = split(article(text, sections=sections), count_tokens=words, max_tokens=100)
    assert [(chunk.heading, chunk.text, chunk.ordinal) for chunk in chunks] == [
        ("", "Intro.", 0),
        ("First", prose(3), 1),
        ("Second", prose(2), 2),
    ]


def test_an_article_without_text_can_be_found_by_its_title() -> None:
    (chunk,) = split(article(" \n ", title="Only a title"), count_tokens=words, max_tokens=40)
    assert (chunk.text, chunk.start, chunk.end, chunk.id) == ("", 0, 0, "a#0")
    headed = (Section(heading="Only a heading", start=0, end=0),)
    assert [chunk.heading for chunk in split(article("", sections=headed), count_tokens=words, max_tokens=40)] == [
        "Only a heading"
    ]
    assert split(article(""), count_tokens=words, max_tokens=40) == ()


@pytest.mark.parametrize(("start", "end"), [(0, 5), (-1, 2), (2, 1)])
def test_a_section_outside_the_text_is_an_error(start: int, end: int) -> None:
    sections = (Section(heading="Far", start=start, end=end),)
    with pytest.raises(SourceError, match="'Far' of article 'a'"):
        split(article("text", sections=sections), count_tokens=words, max_tokens=40)


def test_a_sentence_that_is_too_long_is_cut_between_clauses() -> None:
    clauses = [" ".join([f"clause{number}", *["word"] * 8, "end,"]) for number in range(10)]
    chunks = split(article(" ".join(clauses)), count_tokens=words, max_tokens=40)
    assert len(chunks) > 2
    assert all(chunk.text.startswith("clause") for chunk in chunks)
    assert all(chunk.text.endswith("end,") for chunk in chunks)


def test_or_between_words() -> None:
    chunks = split(article("word " * 100), count_tokens=words, max_tokens=40)
    assert sum(len(chunk.text.split()) for chunk in chunks) >= 100
    assert all(set(chunk.text.split()) == {"word"} for chunk in chunks)


def test_or_between_graphemes() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    chunks = split(article(family * 50), count_tokens=characters, max_tokens=23, overlap_sentences=0)
    assert "".join(texts(chunks)) == family * 50
    assert all(len(chunk.text) % len(family) == 0 for chunk in chunks)


def test_runs_that_a_tokenizer_takes_for_one_word_are_bounded() -> None:
    chunks = split(article("x" * 100_000), count_tokens=words, max_tokens=40, overlap_sentences=0)
    assert "".join(texts(chunks)) == "x" * 100_000
    assert max(len(chunk.text) for chunk in chunks) <= 40 * CHARACTERS_PER_TOKEN + CHARACTERS_PER_TOKEN


def test_tokens_are_counted_in_two_calls_however_many_sentences_there_are() -> None:
    calls = []

    def counted(texts: Sequence[str]) -> list[int]:
        calls.append(texts)
        return words(texts)

    split(article(prose(30), title="A title"), count_tokens=counted, max_tokens=45)
    assert len(calls) == 2


@pytest.mark.parametrize("spare", [0, 10_000])
def test_a_short_section_is_the_chunk_that_its_sentences_make(monkeypatch: pytest.MonkeyPatch, spare: int) -> None:
    monkeypatch.setattr("searchkit.ingest.chunker._SPARE", spare)  # with much to spare none is short enough
    text = "  One sentence here. Another one!\n\nA third,\twith 日本語。終わり。 And a last one \n "
    found = split(article(text, title="T"), count_tokens=words, max_tokens=60)
    assert [(chunk.start, chunk.end) for chunk in found] == [(2, len(text.rstrip()))]


def test_a_tokenizer_that_counts_more_for_the_whole_is_obeyed() -> None:
    def sticky(texts: Sequence[str]) -> list[int]:
        return [len(text) + text.count("。") ** 2 for text in texts]

    chunks = split(article("他走了。" * 40, language="zh"), count_tokens=sticky, max_tokens=40, overlap_sentences=0)
    assert "".join(texts(chunks)) == "他走了。" * 40
    assert all(sticky([chunk.text])[0] <= 40 for chunk in chunks)


SCRIPTS = [
    'He left the U.S. at 5 a.m. "Why?" No. 5, the S-300.\n\nIt\'s 3.5 million; ',
    "俄罗斯向委内瑞拉提供了防空系统。这是真的吗？“是的。”他说，",
    "今日は良い天気です。「そうですね。」と彼は言った、",
    "ประเทศไทยตั้งอยู่ในเอเชีย มีกรุงเทพเป็นเมืองหลวง\u200bคนไทย ",
    "यह एक वाक्य है। क्या यह सच है? हाँ॥ ",
    "هل هذا صحيح؟ نعم، هذا صحيح. ",
    "שָׁלוֹם. מה שלומך? ",
    "Россия поставила С-300; это правда? ",
    "ខ្មែរ។ ភាសា៕ ",
    "한국어 문장입니다. 정말요? ",
    "வணக்கம். நலமா? ",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f1e9\U0001f1ea\U0001f44d\U0001f3fd e\u0301\u0323 ",
    "\r\n\n \t\u3000\x85\u2028\x00\ufeff-\n",
    "x" * 60,
]
text_of_any_script = st.one_of(
    st.lists(st.sampled_from(SCRIPTS), max_size=12).map("".join),
    st.lists(st.sampled_from([*"".join(SCRIPTS)]), max_size=200).map("".join),
    st.text(max_size=200),
    st.text(st.characters(categories=["L", "M", "N", "P", "Z", "S", "Cc", "Cf", "Co"]), max_size=120),
)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    text = draw(text_of_any_script)
    borders = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    sections = tuple(
        Section(heading=draw(st.sampled_from(["", "A heading", "标题。"])), start=start, end=end)
        for start, end in zip(borders[::2], borders[1::2], strict=False)
    )
    title = draw(st.sampled_from(["", "Title", "俄罗斯向委内瑞拉提供了防空系统", "word " * 300]))
    language = draw(st.sampled_from([None, "en", "zh", "ja", "th", "hi", "ar", "de", "km"]))
    return Article(id="a", text=text, title=title, sections=sections, language=language)


def assert_sound(article: Article, chunks: Sequence[Chunk]) -> None:
    """Check spans, order, cover and graphemes."""
    covered: set[int] = set()
    for ordinal, chunk in enumerate(chunks):
        assert chunk.ordinal == ordinal
        assert article.text[chunk.start : chunk.end] == chunk.text
        assert chunk.text == chunk.text.strip()
        covered.update(range(chunk.start, chunk.end))
    sections = article.sections or (Section(heading="", start=0, end=len(article.text)),)
    inside = {place for section in sections for place in range(section.start, section.end)}
    assert {place for place in inside if not article.text[place].isspace()} <= covered <= inside
    for section in sections:
        text = article.text[section.start : section.end]
        borders = {match.end() + section.start for match in regex.finditer(r"\X", text)} | {section.start}
        for chunk in chunks:
            if chunk.heading == section.heading and section.start <= chunk.start < chunk.end <= section.end:
                assert chunk.start in borders or article.text[chunk.start - 1].isspace()
                assert chunk.end in borders or article.text[chunk.end].isspace()


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(articles(), st.integers(5, 60), st.integers(0, 3))
@example(Article(id="a", text="a\r\n\u0301b. \u0301c"), 5, 1)
@example(Article(id="a", text="\u0600 a" * 9), 5, 1)
def test_chunks_of_any_text_are_sound_and_small_enough(article: Article, limit: int, overlap: int) -> None:
    chunks = split(article, count_tokens=characters, max_tokens=limit, overlap_sentences=overlap)
    assert_sound(article, chunks)
    assert bool(chunks) == bool(article.text.strip() or article.title) or article.sections
    for chunk in chunks:
        above = len(compose(article, chunk).joined) - len(chunk.text)
        assert len(chunk.text) <= max(limit - above, limit // 3, 1) or len(regex.findall(r"\X", chunk.text)) == 1
    assert chunks == split(article, count_tokens=characters, max_tokens=limit, overlap_sentences=overlap)


@settings(deadline=None, max_examples=60)
@given(articles())
def test_the_default_encoder_never_cuts_a_chunk(encoder: Encoder, article: Article) -> None:
    limit = 160
    chunks = split(article, count_tokens=encoder.count_tokens, max_tokens=limit)
    assert_sound(article, chunks)
    sizes = encoder.count_tokens([compose(article, chunk).joined for chunk in chunks])
    assert all(
        size <= limit or len(regex.findall(r"\X", chunk.text)) == 1 for size, chunk in zip(sizes, chunks, strict=True)
    )


@pytest.mark.shared
def test_the_model_article_keeps_its_missiles_in_one_chunk(encoder: Encoder, shared: Path) -> None:
    title, _, text = (shared / "articles" / "000_0ab2af8a50018430.txt").read_text(encoding="utf-8").partition("\n")
    whole = article(text, title=title, language="en")
    chunks = split(whole, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens)
    assert_sound(whole, chunks)
    assert any("5,000 Russian-made Igla-S air defense missiles have been positioned" in chunk.text for chunk in chunks)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["xquad-xling", "digitalgov-known", "cranfield"])
def test_real_articles_of_many_languages_are_chunked_soundly(encoder: Encoder, shared: Path, name: str) -> None:
    lines = (shared / "collections" / name / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines[:: len(lines) // 60]:
        values = json.loads(line)
        whole = replace(article(values["text"], title=values["title"]), id=values["_id"])
        chunks = split(whole, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens)
        assert_sound(whole, chunks)
        sizes = encoder.count_tokens([compose(whole, chunk).joined for chunk in chunks])
        assert max(sizes, default=0) <= encoder.max_tokens

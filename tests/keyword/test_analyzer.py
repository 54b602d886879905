"""Which terms stand for a text, one rule at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.keyword.analysis.analyzer import MAX_TERM, Analyzer
from searchkit.keyword.analysis.compounds import MAX_JOINED
from searchkit.keyword.analysis.normalization import fold
from searchkit.keyword.analysis.stemmer import WordStemmer
from tests.keyword.chunks import SCRIPTS


def test_words_keep_inner_hyphens_apostrophes_dots_and_separators():
    text = "Russia's S-300, (U.S.) air-defence — don’t! 5,000 or 3.5; v2.0: rock'n'roll... a/b c_d"
    assert Analyzer().words(text) == [
        "Russia's", "S-300", "U.S.", "air-defence", "don’t", "5,000", "or", "3.5", "v2.0", "rock'n'roll",
        "a/b", "c", "d",
    ]  # fmt: skip


def test_words_end_where_another_way_of_writing_begins():
    assert Analyzer().words("COVID-19疫苗 iPhoneを ไทยlandไทย 한국2024년") == [
        "COVID-19", "疫苗", "iPhone", "を", "ไทย", "land", "ไทย", "한국", "2024", "년",
    ]  # fmt: skip


def test_vowel_signs_stay_inside_words():
    assert Analyzer().words("हिन्दी में مُحَمَّد ภาษาไทย") == ["हिन्दी", "में", "مُحَمَّد", "ภาษาไทย"]


def test_missing_spaces_after_a_full_stop_dont_make_acronyms():
    assert Analyzer().words("the end.Start of it.In W.Bush") == ["the", "end", "Start", "of", "it", "In", "W", "Bush"]


def test_word_spans_point_to_the_text():
    text = "Das Straßen-Café №5 😀 我们的 U.S."
    analyzer = Analyzer()
    spans = analyzer.word_spans(text)
    assert [word for word, _, _ in spans] == analyzer.words(text)
    assert all(text[start:end] == word for word, start, end in spans)


def test_a_compound_has_a_joined_form_and_parts():
    expansion = Analyzer().expand("S-300", "en")
    assert expansion.terms == ("s300", "s", "300")
    assert expansion.offsets == (0, 0, 1)
    assert (expansion.advance, expansion.joined) == (2, 1)


def test_a_compound_is_split_between_letters_and_digits_and_holds_its_series():
    expansion = Analyzer().expand("T72B3", "en")
    assert (expansion.terms, expansion.asked) == (("t72b3", "t", "72", "b3", "t72"), 4)
    assert Analyzer().expand("72B3", "en").terms == ("72b3", "72", "b3")
    assert Analyzer().expand("19th", "en").terms == ("19th",)


def test_surfaces_are_folded_but_not_stemmed():
    expansion = Analyzer().expand("Air-Défences", "en")
    assert expansion.surfaces == ("airdefences", "air", "defences")
    assert expansion.terms == ("airdef", "air", "defens")


@pytest.mark.parametrize("date", ["2020-01-15", "2020.01.15", "2020/01/15"])
def test_a_date_has_parts_and_one_joined_form_however_it_is_written(date: str):
    expansion = Analyzer().expand(date, "en")
    assert (expansion.terms, expansion.joined) == (("2020/01/15", "2020", "01", "15"), 1)


def test_a_long_chain_has_parts_and_no_joined_form():
    word = "-".join("abcdefgh"[: MAX_JOINED + 1])
    assert Analyzer().expand(word, None).joined == 0
    assert Analyzer().expand(word[:-2], None).joined == 1


def test_a_run_without_spaces_becomes_pairs_of_characters():
    expansion = Analyzer().expand("防空系统", "zh")
    assert (expansion.terms[: expansion.asked], expansion.offsets[: expansion.asked]) == (
        ("防空", "空系", "系统"),
        (0, 1, 2),
    )
    assert (expansion.terms[expansion.asked :], expansion.offsets[expansion.asked :]) == (
        tuple("防空系统"),
        (0, 1, 2, 3),
    )
    assert expansion.advance == 4
    assert Analyzer().expand("火", "zh").terms == ("火",)
    assert Analyzer().expand("ที่นี่", "th").terms == ("ที่นี่",)


def test_a_word_is_stemmed_with_its_marks_and_without_them():
    analyzer = Analyzer()
    assert analyzer.expand("ışıklar", "tr").terms == ("isik", "isiklar")
    assert analyzer.expand("ışık", "tr").terms == ("isik",)
    assert analyzer.expand("Nicolás", "es").terms == ("nicolas", "nicol")
    (word,) = analyzer.query_terms("Nicolás", ["es"])
    assert [unit.terms for unit in word.units] == [("nicol", "nicolas")]


def test_words_of_another_or_no_language_are_not_stemmed():
    assert Analyzer().expand("Missiles", None).terms == ("missiles",)
    assert Analyzer().expand("Missiles", "xx").terms == ("missiles",)


@pytest.mark.parametrize("tag", ["en", "EN", "en-GB", "en_US"])
def test_a_language_tag_counts_by_its_first_part(tag: str):
    assert Analyzer().expand("Missiles", tag).terms == ("missil",)


def test_every_stemmer_exists():
    stems = WordStemmer()
    languages = (
        "ar ca cs da de el en eo es et eu fa fi fr ga hi hu hy id it lt nb ne nl nn no pl pt ro ru sr st sv ta tr yi"
    )
    assert all(stems.stem("aaa", language) for language in languages.split())
    assert stems.stem("panzern", "de") == "panz"
    assert stems.stem("ракеты", "ru") == "ракет"


def test_words_with_digits_are_not_stemmed():
    assert WordStemmer().stem("a1ing", "en") == "a1ing"


def test_nothing_is_a_stop_word():
    assert [word.units[0].terms for word in Analyzer().query_terms("to be or not", ["en"])] == [
        ("to",), ("be",), ("or",), ("not",),
    ]  # fmt: skip


def test_a_query_word_unites_the_stems_of_all_languages_as_one_term():
    (word,) = Analyzer().query_terms("Panzern", ["de", "en", None])
    assert [unit.terms for unit in word.units] == [("panz", "panzern")]
    assert (word.surface, word.start, word.end, word.units[0].surface) == ("Panzern", 0, 7, "panzern")


def test_a_query_word_unites_what_an_elision_may_stand_for():
    (word,) = Analyzer().query_terms("L'Oréal", ["en", "fr"])
    assert [unit.terms for unit in word.units] == [("loreal",), ("l", "oreal"), ("oreal",)]


def test_a_query_word_has_its_joined_form_first():
    (word,) = Analyzer().query_terms("S-300", ["en", "de"])
    assert [(unit.terms, unit.offset, unit.joined) for unit in word.units] == [
        (("s300",), 0, True), (("s",), 0, False), (("300",), 1, False),
    ]  # fmt: skip
    assert word.advance == 2


def test_a_query_without_languages_is_not_stemmed():
    (word,) = Analyzer().query_terms("Missiles", [])
    assert word.units[0].terms == ("missiles",)


@pytest.mark.parametrize("text", ["", " ", "?!…", "😀", "❤️", "\ufe0f", "\0", "ـ", "--", "'"])
def test_what_holds_no_word_asks_for_nothing(text: str):
    assert Analyzer().query_terms(text, ["en", None]) == []


def test_endless_words_are_cut_alike_in_texts_and_queries():
    word = "x" * 5000
    (asked,) = Analyzer().query_terms(word, ["en"])
    assert asked.units[0].terms == Analyzer().expand(word + "yz", "en").terms
    assert len(asked.units[0].terms[0]) == MAX_TERM


@given(SCRIPTS)
@settings(deadline=None, max_examples=300)
def test_folding_twice_changes_nothing(text: str):
    assert fold(fold(text)) == fold(text)


@given(SCRIPTS)
@settings(deadline=None, max_examples=300)
def test_words_lie_in_the_text_in_order_and_stay_whole_when_read_again(text: str):
    analyzer = Analyzer()
    at = 0
    for word, start, end in analyzer.word_spans(text):
        assert at <= start < end
        assert text[start:end] == word
        assert analyzer.words(word) == [word]
        at = end


@given(SCRIPTS, st.sampled_from(["en", "fr", "tr", "ar", "zh", None]))
@settings(deadline=None, max_examples=300)
def test_every_expansion_is_sound_and_every_word_finds_itself(text: str, language: str | None):
    analyzer = Analyzer()
    terms, wanted = set(), set()
    for word in analyzer.words(text):
        expansion = analyzer.expand(word, language)
        assert len(expansion.terms) == len(expansion.offsets) == len(expansion.surfaces)
        assert all(expansion.terms)
        assert sorted(set(expansion.offsets)) == list(range(expansion.advance))
        assert bool(expansion.asked) == bool(expansion.terms)
        assert not any(character.isspace() for term in expansion.terms for character in term)
        terms.update(expansion.terms)
        wanted.update(expansion.terms[: expansion.asked])
    asked = {term for word in analyzer.query_terms(text, [language]) for unit in word.units for term in unit.terms}
    assert wanted <= asked <= terms


def test_threads_may_share_an_analyzer():
    analyzer, found = Analyzer(), []
    words = [f"missile{letter}s-{number}" for letter in "abcdefgh" for number in range(50)]

    def expand() -> None:
        found.append([analyzer.expand(word, "en") for word in words])

    threads = [threading.Thread(target=expand) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(other == found[0] for other in found)


def test_importing_the_analyzer_loads_no_stemmer_and_no_regex():
    code = (
        "import sys, searchkit.keyword.analysis.analyzer as a; a.Analyzer();"
        "print(sorted({'regex', 'Stemmer', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.shared
def test_a_question_finds_its_paragraph_in_its_language(shared: Path):
    folder = shared / "collections" / "xquad-xling"
    analyzer = Analyzer()
    paragraphs = {}
    for line in (folder / "corpus.jsonl").read_text().splitlines():
        article = json.loads(line)
        language = article["_id"].split(":")[0]
        words = analyzer.words(article["text"])
        paragraphs[article["_id"]] = {term for word in words for term in analyzer.expand(word, language).terms}
    best: dict[str, dict[str, str]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        query, paragraph, grade = line.split("\t")
        if grade == "2":
            best.setdefault(query.split(":")[0], {})[query] = paragraph
    texts = {line["_id"]: line["text"] for line in map(json.loads, (folder / "queries.jsonl").read_text().splitlines())}
    for language, pairs in best.items():
        others = [(name, terms) for name, terms in paragraphs.items() if name.startswith(f"{language}:")]
        found = 0
        for query, paragraph in pairs.items():
            units = [unit for word in analyzer.query_terms(texts[query], [language]) for unit in word.units]
            shared_words = {name: sum(bool(terms & set(unit.terms)) for unit in units) for name, terms in others}
            found += sorted(shared_words, key=lambda name: -shared_words[name])[:10].count(paragraph)
        assert found / len(pairs) > 0.9, language


@pytest.mark.slow
@given(st.text(st.sampled_from("abZ019.,-'`_ \t\n\"!?/+~*()#@&"), max_size=25))
@settings(deadline=None, derandomize=True, max_examples=1500)
def test_ascii_words_are_those_that_the_whole_expression_finds(text: str) -> None:
    # A Hebrew letter at the end, apart, keeps the short way from being taken.
    assert [*Analyzer().words(text), "ש"] == Analyzer().words(f"{text} ש")

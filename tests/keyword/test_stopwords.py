from __future__ import annotations

import pytest

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.ast import Compound, Phrase, Term, positive_leaves
from searchkit.keyword.query.parser import parse
from searchkit.keyword.query.query_terms import IN_SHORT, telling_words, word_weights
from searchkit.types import Syntax


def told(text: str, *languages: str | None) -> list[str]:
    return [word.surface for word in telling_words(Analyzer().query_terms(text, languages), languages)]


@pytest.mark.parametrize(
    ("text", "languages", "kept"),
    [
        ("Who sold the missiles to Caracas?", ("en",), ["sold", "missiles", "Caracas"]),
        ("Was sagt die Ministerin zu den Raketen?", ("en", "de"), ["sagt", "Ministerin", "Raketen"]),
        ("to be or not to be", ("en",), ["to", "be", "or", "not", "to", "be"]),
        ("Who sold the missiles?", ("th",), ["Who", "sold", "the", "missiles"]),
        ("Who sold the missiles?", (), ["Who", "sold", "the", "missiles"]),
        ("What Is The Impact Of Climate Change", ("en",), ["Impact", "Climate", "Change"]),
        ("WHAT IS THE US DOING IN IRAQ", ("en",), ["US", "IRAQ"]),
        ("", ("en",), []),
    ],
)
def test_words_that_say_nothing_are_left_out(text: str, languages: tuple[str, ...], kept: list[str]) -> None:
    assert told(text, *languages) == kept


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("war crimes", ("en", "de")),
        ("civil war", ("de", "en")),
        ("Die Hard", ("en", "de")),
        ("Doctor Who", ("en",)),
        ("the who", ("en",)),
        ("Down syndrome", ("en",)),
        ("Just Stop Oil", ("en",)),
        ("Estados Unidos", ("es",)),
        ("estados unidos aranceles acero", ("es",)),
        ("canicule été", ("fr",)),
        ("canicule été 2003 morts", ("fr",)),
        ("IT workers", ("en",)),
        ("AT&T earnings", ("en",)),
        ("war crimes tribunal opened", ("en", "de", "fr")),
        ("Just Stop Oil activists", ("en",)),
    ],
)
def test_every_word_of_a_short_question_or_of_another_language_is_kept(text: str, languages: tuple[str, ...]) -> None:
    assert told(text, *languages) == [word.surface for word in Analyzer().query_terms(text, languages)]


@pytest.mark.parametrize(
    ("text", "languages", "kept"),
    [
        ("What did the WHO say about measles in Chad?", ("en",), ["WHO", "say", "measles", "Chad"]),
        ("the new star of Doctor Who", ("en",), ["new", "star", "Doctor", "Who"]),
        ("a strike of IT workers in Berlin", ("en", "de"), ["strike", "IT", "workers", "Berlin"]),
        ("how common is Down syndrome in adults", ("en",), ["common", "Down", "syndrome", "adults"]),
        ("the civil war in Sudan", ("en", "de"), ["civil", "war", "Sudan"]),
        ("Wie war die Lage in Hamburg?", ("en", "de"), ["Lage", "Hamburg"]),
        ("la visita de Estados Unidos a la frontera", ("es",), ["visita", "Estados", "Unidos", "frontera"]),
    ],
)
def test_names_and_words_of_another_language_are_kept_in_long_questions(
    text: str, languages: tuple[str, ...], kept: list[str]
) -> None:
    assert told(text, *languages) == kept


@pytest.mark.parametrize(
    ("text", "languages", "less"),
    [
        ("What is DECnet?", ("en",), ["What", "is"]),
        ("WHAT IS DECNET", ("en", "de"), ["WHAT", "IS"]),
        ("was ist DECnet", ("en", "de"), ["was", "ist"]),
        ("the hague", ("en",), ["the"]),
        ("doctor who", ("en",), []),
        ("Doctor Who", ("en",), []),
        ("Just Stop Oil", ("en",), []),
        ("WHO report", ("en",), []),
        ("IT workers", ("en",), []),
        ("civil war", ("en", "de"), []),
        ("canicule été", ("fr",), []),
        ("Estados Unidos", ("es",), []),
        ("who is it", ("en",), []),
        ("the who", ("en",), []),
    ],
)
def test_stop_words_of_short_questions_count_less(text: str, languages: tuple[str, ...], less: list[str]) -> None:
    words = Analyzer().query_terms(text, languages)
    weights = word_weights(words, languages)
    assert [word.surface for word, weight in zip(words, weights, strict=True) if weight < 1] == less
    assert set(weights) <= {IN_SHORT, 1.0}


def test_a_note_says_what_was_left_out() -> None:
    (note,) = parse("Who sold the missiles to the rebels?", analyzer=Analyzer(), languages=["en"]).notes
    assert note == "Not searched by keyword, as words that most texts have: Who, the, to."
    assert parse("missiles for sale", analyzer=Analyzer(), languages=["en"]).notes == ()


def test_a_phrase_and_an_expression_keep_every_word() -> None:
    for text in ('"the who"', "the AND who", "+the +who"):
        parsed = parse(text, analyzer=Analyzer(), languages=["en"], syntax=Syntax.EXPRESSION)
        leaves = [leaf for leaf, _ in positive_leaves(parsed.tree)]
        units = [unit for leaf in leaves for unit in (leaf.units if isinstance(leaf, Phrase) else (leaf,))]
        assert all(isinstance(unit, (Term, Compound)) for unit in units)
        assert len(units) == 2

"""Do sentences end where a reader of each language would say?"""

from __future__ import annotations

import pytest

from searchkit.ingest.sentences import sentence_spans


def sentences(text: str, language: str | None = "en") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ["He lives in the U.S. and works.", "The U.S. Army came."]),
        ("en", ["Mr. Smith met Gen. Valery Gerasimov at 5 a.m. on Jan. 5.", "Then he left."]),
        ("en", ["They bought the S-300.", "It cost $3.5 million.", "It is No. 5 in the list."]),
        ("en", ['"We will come."', "He said so.", '"Really?" she asked.', "(He left.) What?!", "Yes."]),
        ("en", ["He said “Go.”", "Then (see p. 5)."]),
        ("de", ["Das ist am 3. Oktober passiert.", "Herr Dr. Müller kam."]),
        ("es", ["Hay 3.000 personas.", "¿Qué?", "¡Sí!"]),
        ("ru", ["Россия поставила С-300.", "Это правда?"]),
        ("el", ["Τι κάνεις;", "Καλά."]),
        ("hi", ["यह एक वाक्य है।", "क्या यह सच है?", "हाँ॥"]),
        ("ar", ["هل هذا صحيح؟", "نعم، هذا صحيح.", "والآن ننتهي."]),
        ("ur", ["یہ ایک ہے۔", "دو ہے۔"]),
        ("ko", ["안녕하세요.", "반갑습니다."]),
        ("am", ["አንድ።", "ሁለት።"]),
        ("hy", ["Մեկ։", "Երկու։"]),
        ("my", ["မြန်မာ။", "စာ။"]),
        ("km", ["ភាសា។", "ខ្មែរ៕", "ចប់"]),
        ("bo", ["བོད།", "སྐད།"]),
        ("th", ["ประเทศไทยอยู่ในเอเชีย", "มีกรุงเทพเป็นเมืองหลวง", "คนไทยพูดภาษาไทย"]),
        ("lo", ["ພາສາ", "ລາວ"]),
    ],
)
def test_sentences_of_languages_with_spaces(language: str, parts: list[str]) -> None:
    assert sentences(" ".join(parts), language) == parts
    assert sentences("  " + "\n\n".join(parts) + "\n", language) == parts


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("zh", ["俄罗斯向委内瑞拉提供了防空系统。", "这是真的吗？", "“是的。”", "他说。", "好！"]),
        ("ja", ["今日は良い天気です。", "「そうですね。」", "と彼は言った。", "本当？"]),
    ],
)
def test_sentences_of_languages_without_spaces(language: str, parts: list[str]) -> None:
    assert sentences("".join(parts), language) == parts
    assert sentences("".join(parts), None) == parts


@pytest.mark.parametrize("language", [None, "", "xx", "en-US", "pt_BR", "EN", "Klingon", "no such"])
def test_any_language_will_do(language: str | None) -> None:
    assert sentences("One ends. Two ends.", language) == ["One ends.", "Two ends."]


def test_a_paragraph_ends_a_sentence() -> None:
    assert sentences("A title without a stop\n\nThe text") == ["A title without a stop", "The text"]
    assert sentences("Milk\nBread\nButter") == ["Milk", "Bread", "Butter"]
    assert sentences("x" * 130 + "\nThe next") == ["x" * 130, "The next"]
    assert sentences("One\r\n\r\nTwo") == ["One", "Two"]


def test_a_wrapped_line_does_not() -> None:
    wrapped = "The experiment was made in a wind tunnel of the\nNavy, whose walls\nwere straight."
    assert sentences(wrapped) == [wrapped]


def test_nothing_is_no_sentence() -> None:
    assert sentences("") == []
    assert sentences(" \n\t\u3000 ") == []


@pytest.mark.parametrize("text", ['A\u3000."!', "A\x85.“\x85", "\ud800. A\u2028.", "Dr\u00a0A\u202f. B"])
def test_spaces_that_the_library_trips_over_do_no_harm(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_grapheme_is_never_cut() -> None:
    assert sentences("他走了。\u0301他回来了。", "zh") == ["他走了。\u0301他回来了。"]

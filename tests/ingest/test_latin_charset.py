from __future__ import annotations

import pytest

from searchkit.ingest.charset import decode

TEXTS = {
    "es": "El año pasado la señora Muñoz contó que el niño soñaba con un cañón pequeño en la montaña española.",
    "de": "Die Bürgermeisterin erklärte, daß über die Straße möglichst früh entschieden werden müsse.",
    "fr": "Le président a déclaré hier que l'été serait très sec et que les forêts brûleraient à nouveau.",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy, řekla včera večer ředitelka pražského divadla novinářům.",
    "pl": "Wczoraj wieczorem premier powiedział, że rząd podjął już decyzję o budowie nowej elektrowni.",
    "tr": "Başbakan dün akşam yaptığı açıklamada yeni köprünün gelecek yıl açılacağını söyledi.",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("es", "cp1252"),
        ("es", "latin-1"),
        ("de", "cp1252"),
        ("fr", "cp1252"),
        ("cs", "cp1250"),
        ("pl", "cp1250"),
        ("tr", "cp1254"),
    ],
)
def test_letters_of_a_latin_script_are_told_by_the_language(language: str, encoding: str) -> None:
    assert decode(TEXTS[language].encode(encoding)).text == TEXTS[language]

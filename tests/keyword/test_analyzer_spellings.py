"""Does what means the same find each other, however it is written?"""

from __future__ import annotations

from itertools import permutations

import pytest

from searchkit.keyword.analysis.analyzer import Analyzer

SAME = {
    "S-300": ["S-300", "S300", "s-300", "S‑300", "S‐300", "S 300", "Ｓ－３００", "S-300s", "S-300's", "S-300’s"],
    "Su-35": ["Su-35", "Su35", "SU-35", "su 35", "Su‑35", "Su-35s"],
    "T-72B3": ["T-72B3", "T72B3", "t-72b3", "T 72B3"],
    "COVID-19": ["COVID-19", "Covid19", "covid 19", "COVID‑19", "covid-19’s"],
    "MH17": ["MH17", "MH-17", "MH 17", "mh17"],
    "GPT-4.5": ["GPT-4.5", "GPT4.5", "gpt 4.5", "GPT-4,5"],
    "U.S.": ["U.S.", "U.S", "US", "u.s.", "U.S.'s", "U.S.’s"],
    "U.S.A.": ["U.S.A.", "USA", "u.s.a", "U.S.A"],
    "J.K.": ["J.K.", "JK", "j.k"],
    "don't": ["don't", "don’t", "dont", "Don´t", "don`t", "DON'T", "donʼt"],
    "Russia's": ["Russia's", "Russia’s", "Russia", "RUSSIA"],
    "O'Brien": ["O'Brien", "O’Brien", "OBrien", "o'brien", "O'Brien's"],
    "O Brien": ["O'Brien", "O Brien", "o’brien"],
    "air-defence": ["air-defence", "airdefence", "Air‑Defence", "AIR-DEFENCE"],
    "air defence": ["air-defence", "air defence", "Air‑Defence"],
    "air-defences": ["air-defences", "air-defence", "airdefences"],
    "anti-aircraft": ["anti-aircraft", "antiaircraft"],
    "e-mail": ["e-mail", "E-Mail", "email", "e‑mail"],
    "e-mails": ["e-mails", "e-mail", "emails", "email"],
    "state-of-the-art": ["state-of-the-art", "state of the art"],
    "U.S.-led": ["U.S.-led", "US-led", "U.S. led", "us led"],
    "5000": ["5,000", "5.000", "5000", "5\u00a0000", "5\u202f000", "5\u2009000", "5'000", "$5,000", "٥٠٠٠"],
    "1000000": ["1,000,000", "1.000.000", "1000000", "1\u00a0000\u00a0000", "10,00,000"],
    "3.5": ["3.5", "3,5", "$3.5", "€3,5", "٣٫٥"],
    "1234.56": ["1,234.56", "1.234,56", "1234.56", "1234,56", "1\u00a0234,56", "1'234.56"],
    "12.05.2020": ["12.05.2020", "12/05/2020", "12-05-2020", "12 05 2020"],
    "Nicolás": ["Nicolás", "Nicolas", "NICOLÁS", "Nicola\u0301s"],
    "Łódź": ["Łódź", "Lodz", "łódź", "ŁÓDŹ"],
    "Straße": ["Straße", "STRASSE", "strasse", "Straẞe"],
    "encyclopædia": ["encyclopædia", "encyclopaedia"],
    "co\u00adoperation": ["co\u00adoperation", "cooperation"],
    "ﬁnance": ["ﬁnance", "finance"],
    "İstanbul": ["İstanbul", "Istanbul", "istanbul", "ıstanbul"],
}


@pytest.mark.parametrize("spellings", SAME.values(), ids=SAME)
def test_every_usual_spelling_finds_every_other(spellings: list[str]):
    analyzer = Analyzer()
    missed = [pair for pair in permutations(spellings, 2) if not finds(analyzer, *pair, "en")]
    assert missed == []


@pytest.mark.parametrize(
    ("query", "text", "language"),
    [
        ("article", "l'article", "fr"),
        ("Ukraine", "d’Ukraine", "fr"),
        ("Ukraine", "jusqu'Ukraine", "fr"),
        ("arte", "dell'arte", "it"),
        ("home", "l'home", "ca"),
        ("collecció", "col·lecció", "ca"),
        ("collecció", "colŀecció", "ca"),
        ("Ankara", "Ankara'da", "tr"),
        ("Türkiye", "Türkiye’nin", "tr"),
        ("россия", "Росси́я", "ru"),
        ("ёлка", "елка", "ru"),
        ("Αθήνα", "ΑΘΗΝΑ", "el"),
        ("λόγος", "ΛΟΓΟΣ", "el"),
        ("محمد", "مُحَمَّد", "ar"),
        ("محمد", "محـــمد", "ar"),
        ("احمد", "أحمد", "ar"),
        ("می‌خواهم", "می خواهم", "fa"),
        ("ایران", "ايران", "fa"),
        ("שלום", "שָׁלוֹם", "he"),
        ('צה"ל', "צה״ל", "he"),
        ("疫苗", "我们的疫苗很好", "zh"),
        ("カタカナ", "ｶﾀｶﾅ", "ja"),
        ("ガス", "ｶﾞｽ", "ja"),
        ("防空", "俄罗斯的防空系统", "zh"),
        ("火", "火", "zh"),
        ("ประเทศ", "ประเทศไทย", "th"),
        ("한국", "한국어는", "ko"),
        ("COVID疫苗", "COVID-19疫苗", "zh"),
        ("हिन्दी", "हिन्दी", "hi"),
    ],
)
def test_it_holds_for_other_languages(query: str, text: str, language: str):
    assert finds(Analyzer(), query, text, language)


@pytest.mark.parametrize(
    ("query", "text", "language"),
    [
        ("й", "и", "ru"),
        ("їх", "іх", "uk"),
        ("दिन", "दान", "hi"),
        ("กา", "กี", "th"),
        ("300", "3000", "en"),
        ("3.5", "35", "en"),
        ("S-300", "S-400", "en"),
        ("0.125", "125", "en"),
    ],
)
def test_what_differs_stays_apart(query: str, text: str, language: str):
    assert not finds(Analyzer(), query, text, language)


def finds(analyzer: Analyzer, query: str, text: str, language: str) -> bool:
    """Say whether each word of a query holds in a text: its joined form is there, or all of its parts are."""
    terms = {term for word in analyzer.words(text) for term in analyzer.expand(word, language).terms}
    words = analyzer.query_terms(query, [language])
    return bool(words) and all(
        any(unit.joined and terms & set(unit.terms) for unit in word.units)
        or all(terms & set(unit.terms) for unit in word.units if not unit.joined)
        for word in words
    )

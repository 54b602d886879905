"""A byline's names, and nothing but names, as they are spelled."""

from __future__ import annotations

import pytest

from searchkit.ingest.formats.bylines import is_role, looks_like_person, names_in, without_outlets

BYLINES = [
    ("Jane Doe", "Jane Doe"),
    ("By Jane Doe", "Jane Doe"),
    ("BY JANE DOE AND JOE ROE", "JANE DOE+JOE ROE"),
    ("Jane Doe, Joe Roe and Ann Poe", "Jane Doe+Joe Roe+Ann Poe"),
    ("By Jane Doe, Staff Writer, and Joe Roe in Paris", "Jane Doe+Joe Roe"),
    ("Jane Doe Senior Political Correspondent", "Jane Doe"),
    ("Jane Doe | Joe Roe • Ann Poe", "Jane Doe+Joe Roe+Ann Poe"),
    ("Jane Doe; Jane Doe", "Jane Doe"),
    ("Jane Doe, PhD", "Jane Doe"),
    ("John Doe, Jr.", "John Doe, Jr."),
    ("Jane Doe, dpa", "Jane Doe"),
    ("Jane Doe and Reuters", "Jane Doe"),
    ("Jane Doe/Reuters", "Jane Doe+Reuters"),
    ("Reuters, AFP", "Reuters+AFP"),
    ("abc/xyz", "abc/xyz"),
    ("Doe, Jane", "Doe, Jane"),
    ("Dan Smith", "Dan Smith"),
    ("Jane and Joe Doe", "Jane and Joe Doe"),
    ("José Ortega y Gasset", "José Ortega y Gasset"),
    ("bell hooks-doe", "bell hooks-doe"),
    ("jane@example.org (Jane Doe)", "Jane Doe"),
    ("Jane Doe jane@example.org", "Jane Doe"),
    ("Jane Doe https://example.org/jane", "Jane Doe"),
    ("Jane Doe (Berlin)", "Jane Doe"),
    ("By Jane Doe for the Northford Ledger", "Jane Doe"),
    ("By Jane Doe Published March 4, 2025", "Jane Doe"),
    ("Analysis by Jane Doe", "Jane Doe"),
    ("Von Jane Doe und Joe Roe", "Jane Doe+Joe Roe"),
    ("Text: Max Muster, Fotos: Eva Muster", "Max Muster"),
    ("Von Max Muster, Korrespondent in Wien", "Max Muster"),
    ("Par Jean Dupont, correspondant à Berlin", "Jean Dupont"),
    ("Par Jean Dupont et Anne Martin", "Jean Dupont+Anne Martin"),
    ("Por Ana Costa e Rui Melo", "Ana Costa+Rui Melo"),
    ("Por Juan Pérez y Luis Gómez, periodistas", "Juan Pérez+Luis Gómez"),
    ("di Mario Rossi e Anna Bianchi", "Mario Rossi+Anna Bianchi"),
    ("Door Jan de Vries en Piet Bakker", "Jan de Vries+Piet Bakker"),
    ("Af Jens Hansen og Mette Holm", "Jens Hansen+Mette Holm"),
    ("Av Kari Nordmann", "Kari Nordmann"),
    ("Text: Anna Svensson och Lars Berg", "Anna Svensson+Lars Berg"),
    ("Jan Kowalski i Anna Nowak", "Jan Kowalski+Anna Nowak"),
    ("Автор: Иван Петров и Анна Иванова", "Иван Петров+Анна Иванова"),
    ("Іван Франко та Леся Кравець", "Іван Франко+Леся Кравець"),
    ("Ali Yılmaz ve Ayşe Demir", "Ali Yılmaz+Ayşe Demir"),
    ("Oleh Budi Santoso dan Sri Wahyuni", "Budi Santoso+Sri Wahyuni"),
    ("홍길동 기자", "홍길동"),
    ("山田太郎、佐藤花子", "山田太郎+佐藤花子"),
    ("撰文：王小明", "王小明"),
    ("अमित कुमार", "अमित कुमार"),
    ("بقلم محمد علي", "محمد علي"),
    ("מאת דנה כהן", "דנה כהן"),
    ("Από Μαρία Παπαδοπούλου", "Μαρία Παπαδοπούλου"),
    ("https://example.org/author/jane", ""),
    ("jane@example.org", ""),
    ("jane-doe", ""),
    ("Staff Writer", ""),
    ("Korrespondentin in Paris", ""),
    ("admin", ""),
    ("By", ""),
    ("4 min read", ""),
    ("Radio 4", "Radio 4"),
    (", ".join(f"{name} Doe" for name in ("Jane", "Joe", "Ann") * 100), "Jane Doe+Joe Doe+Ann Doe"),
    ("Foto: Eva Muster", ""),
    ("", ""),
    ("Jane Doe is a writer. " * 40, ""),
]


@pytest.mark.parametrize(("byline", "names"), BYLINES)
def test_the_names_in_a_byline(byline: str, names: str) -> None:
    assert names_in(byline) == (names.split("+") if names else [])


@pytest.mark.parametrize(
    ("names", "persons"),
    [
        (["Jane Doe", "Northford Ledger"], ["Jane Doe"]),
        (["The NORTHFORD Ledger"], []),
        (["Ledger Sport", "Jane Doe"], ["Jane Doe"]),
        (["Jane Doe Northford Ledger"], ["Jane Doe"]),
        (["Ledgerwood Doe"], ["Ledgerwood Doe"]),
    ],
)
def test_an_outlet_is_no_person(names: list[str], persons: list[str]) -> None:
    assert without_outlets(names, ["Northford Ledger", "ledger", ""]) == persons


@pytest.mark.parametrize("role", ["Staff writer", "Redakteurin", "Chief Political Editor", "Journaliste", "기자"])
def test_a_role_is_no_name(role: str) -> None:
    assert is_role(role)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jane Doe", True),
        ("Ludwig van der Berg", True),
        ("佐藤花子", True),
        ("The Editors", False),
        ("the end of the decade.", False),
        ("read more of her articles", False),
        ("Jane Doe Jr.", True),
        ("Radio 4", False),
    ],
)
def test_what_stands_in_a_byline_s_place_has_the_form_of_a_name(text: str, expected: bool) -> None:
    assert looks_like_person(text) is expected

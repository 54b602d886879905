"""Dates in the forms that newspapers of many languages print: each is the 4th of a month of 2025, most at 18:05."""

from __future__ import annotations

import pytest

from searchkit.ingest.article_builder import ParsedArticle, make_article
from searchkit.ingest.date_spelling import plain_spelling
from searchkit.ingest.dates import date_order, day_comes_first, has_two_readings, parse_date, parse_dated

FORMS = [
    ("en", "Tuesday 4 March 2025 at 18:05 GMT", "2025-03-04T18:05:00+00:00"),
    ("en", "Tue 4 Mar 2025 18.05 GMT", "2025-03-04T18:05:00+00:00"),
    ("en", "Published 4:05 PM EST, Tue March 4, 2025", "2025-03-04T16:05:00-05:00"),
    ("en", "Mar 4, 2025, 6:05 a.m. PT", "2025-03-04T06:05:00-08:00"),
    ("en", "March 4th, 2025 – 6:05pm", "2025-03-04T18:05:00+00:00"),
    ("en", "4 March 2025, 10:05 (UTC+1)", "2025-03-04T10:05:00+01:00"),
    ("en", "First published on Tue 4 Mar 2025 13.05 EST", "2025-03-04T13:05:00-05:00"),
    ("en", "Updated: March 5, 2025 | Published: March 4, 2025 9:05 a.m.", "2025-03-04T09:05:00+00:00"),
    ("en", "Posted at 18:05h, 4 March 2025", "2025-03-04T18:05:00+00:00"),
    ("en", "Tue Mar 04 2025 18:05:07 GMT-0300 (Brasilia Standard Time)", "2025-03-04T18:05:07-03:00"),
    ("en", "04-Mar-2025 18:05 IST", "2025-03-04T18:05:00+05:30"),
    ("en", "20250304T180507Z", "2025-03-04T18:05:07+00:00"),
    ("en", "2025-03-04 18:05:07 UTC", "2025-03-04T18:05:07+00:00"),
    ("en", "2025-03-04 18:05:07.123456 -0500", "2025-03-04T18:05:07.123456-05:00"),
    ("en", "2025/03/04 18:05", "2025-03-04T18:05:00+00:00"),
    ("en", "3/4/2025, 6:05:07 PM", "2025-03-04T18:05:07+00:00"),
    ("de", "Dienstag, 4. März 2025, 18:05 Uhr", "2025-03-04T18:05:00+00:00"),
    ("de", "04.03.2025 | 18:05 Uhr", "2025-03-04T18:05:00+00:00"),
    ("de", "4.3.25, 18.05 Uhr", "2025-03-04T18:05:00+00:00"),
    ("de", "Veröffentlicht am 04.03.2025 um 18:05 Uhr", "2025-03-04T18:05:00+00:00"),
    ("de", "Di., 04.03.2025, 18:05 MEZ", "2025-03-04T18:05:00+01:00"),
    ("de", "4. Juli 2025, 8 Uhr MESZ", "2025-07-04T08:00:00+02:00"),
    ("de", "4. Jänner 2025", "2025-01-04T00:00:00+00:00"),
    ("fr", "Publié le 4 mars 2025 à 18h05", "2025-03-04T18:05:00+00:00"),
    ("fr", "mardi 4 mars 2025 à 18 h 05", "2025-03-04T18:05:00+00:00"),
    ("fr", "le 04/03/2025 à 18:05", "2025-03-04T18:05:00+00:00"),
    ("fr", "1er août 2025", "2025-08-01T00:00:00+00:00"),
    ("fr", "4 févr. 2025 à 09:05", "2025-02-04T09:05:00+00:00"),
    ("fr", "4 déc. 2025, 18h", "2025-12-04T18:00:00+00:00"),
    ("es", "4 de marzo de 2025, 18:05 h", "2025-03-04T18:05:00+00:00"),
    ("es", "martes, 4 de marzo de 2025 a las 18:05", "2025-03-04T18:05:00+00:00"),
    ("es", "04 mar 2025 - 18:05 CET", "2025-03-04T18:05:00+01:00"),
    ("es", "04/03/2025 a las 18:05h.", "2025-03-04T18:05:00+00:00"),
    ("es", "Actualizado 4 sept. 2025 6:05 p. m.", "2025-09-04T18:05:00+00:00"),
    ("pt", "4 de março de 2025 às 18h05", "2025-03-04T18:05:00+00:00"),
    ("pt", "04/03/2025 18h05", "2025-03-04T18:05:00+00:00"),
    ("pt", "4 mar. 2025, 18:05 BRT", "2025-03-04T18:05:00-03:00"),
    ("it", "4 marzo 2025 alle 18:05", "2025-03-04T18:05:00+00:00"),
    ("it", "martedì 4 marzo 2025 ore 18:05", "2025-03-04T18:05:00+00:00"),
    ("it", "Pubblicato il 4 gennaio 2025", "2025-01-04T00:00:00+00:00"),
    ("nl", "dinsdag 4 maart 2025 om 18:05", "2025-03-04T18:05:00+00:00"),
    ("nl", "4 mrt 2025 18.05 uur", "2025-03-04T18:05:00+00:00"),
    ("sv", "Publicerad 4 mars 2025 kl. 18.05", "2025-03-04T18:05:00+00:00"),
    ("sv", "tisdag 4 mars 2025 18:05", "2025-03-04T18:05:00+00:00"),
    ("da", "4. marts 2025 kl. 18:05", "2025-03-04T18:05:00+00:00"),
    ("no", "4. mars 2025 kl. 18.05", "2025-03-04T18:05:00+00:00"),
    ("no", "Publisert 04.03.2025, kl. 18.05", "2025-03-04T18:05:00+00:00"),
    ("fi", "4.3.2025 klo 18.05", "2025-03-04T18:05:00+00:00"),
    ("fi", "4. maaliskuuta 2025", "2025-03-04T00:00:00+00:00"),
    ("pl", "4 marca 2025, 18:05", "2025-03-04T18:05:00+00:00"),
    ("pl", "04.03.2025 godz. 18:05", "2025-03-04T18:05:00+00:00"),
    ("cs", "4. března 2025 18:05", "2025-03-04T18:05:00+00:00"),
    ("hu", "2025. március 4. 18:05", "2025-03-04T18:05:00+00:00"),
    ("hu", "2025.03.04. 18:05", "2025-03-04T18:05:00+00:00"),
    ("ru", "4 марта 2025, 18:05", "2025-03-04T18:05:00+00:00"),
    ("ru", "4 марта 2025 года в 18:05 МСК", "2025-03-04T18:05:00+03:00"),
    ("ru", "18:05, 4 марта 2025", "2025-03-04T18:05:00+00:00"),
    ("uk", "4 березня 2025, 18:05", "2025-03-04T18:05:00+00:00"),
    ("tr", "4 Mart 2025 Salı 18:05", "2025-03-04T18:05:00+00:00"),
    ("tr", "04.03.2025 - 18:05", "2025-03-04T18:05:00+00:00"),
    ("id", "Selasa, 4 Maret 2025 18:05 WIB", "2025-03-04T18:05:00+07:00"),
    ("el", "4 Μαρτίου 2025, 18:05", "2025-03-04T18:05:00+00:00"),
    ("ja", "2025年3月4日 18時05分", "2025-03-04T18:05:00+00:00"),
    ("ja", "2025年3月4日(火) 18:05 JST", "2025-03-04T18:05:00+09:00"),
    ("ja", "2025年3月4日 午後6時5分", "2025-03-04T18:05:00+00:00"),
    ("ja", "2025/03/04 18:05", "2025-03-04T18:05:00+00:00"),
    ("ja", "令和7年3月4日", "2025-03-04T00:00:00+00:00"),
    ("ja", "2025年3月4日 18時", "2025-03-04T18:00:00+00:00"),
    ("zh", "2025年3月4日 18:05", "2025-03-04T18:05:00+00:00"),
    ("zh", "2025年03月04日18:05", "2025-03-04T18:05:00+00:00"),
    ("zh", "2025年3月4日 下午6:05", "2025-03-04T18:05:00+00:00"),
    ("zh", "2025年3月4日 下午6点05分", "2025-03-04T18:05:00+00:00"),
    ("ko", "2025년 3월 4일 18시 05분", "2025-03-04T18:05:00+00:00"),
    ("ko", "2025년 3월 4일 오전 9:05", "2025-03-04T09:05:00+00:00"),
    ("ko", "입력 2025.03.04 18:05", "2025-03-04T18:05:00+00:00"),
    ("ko", "2025.03.04. 오후 6:05", "2025-03-04T18:05:00+00:00"),
    ("ko", "2025-03-04 (화) 18:05", "2025-03-04T18:05:00+00:00"),
    ("ar", "4 مارس 2025", "2025-03-04T00:00:00+00:00"),
    ("ar", "٤ مارس ٢٠٢٥", "2025-03-04T00:00:00+00:00"),
    ("he", "4 במרץ 2025", "2025-03-04T00:00:00+00:00"),
    ("hi", "4 मार्च 2025, 18:05", "2025-03-04T18:05:00+00:00"),
    ("hi", "04 मार्च 2025, 06:05 PM IST", "2025-03-04T18:05:00+05:30"),
    ("th", "4 มีนาคม 2568", "2025-03-04T00:00:00+00:00"),
    ("vi", "04/03/2025 18:05 GMT+7", "2025-03-04T18:05:00+07:00"),
    ("vi", "Thứ Ba, 4/3/2025, 18:05 (GMT+7)", "2025-03-04T18:05:00+07:00"),
    ("ro", "4 martie 2025, 18:05", "2025-03-04T18:05:00+00:00"),
    ("bg", "4 март 2025 г., 18:05", "2025-03-04T18:05:00+00:00"),
]


@pytest.mark.parametrize(("language", "text", "expected"), FORMS, ids=[f"{each[0]}-{each[1]}" for each in FORMS])
def test_a_date_is_read_in_the_form_of_its_language(language: str, text: str, expected: str) -> None:
    moment = parse_dated(text, day_first=day_comes_first(language))
    assert (moment.isoformat() if moment else None) == expected


def test_the_forms_are_sixty_in_twelve_languages_at_least() -> None:
    assert len({text for _, text, _ in FORMS}) >= 60
    assert len({language for language, _, _ in FORMS}) >= 12


@pytest.mark.parametrize(
    ("text", "month_first", "day_first"),
    [
        ("03/04/2025", "2025-03-04", "2025-04-03"),
        ("03-04-25 18:05", "2025-03-04", "2025-04-03"),
        ("25/12/2024", "2024-12-25", "2024-12-25"),
        ("12/25/2024", "2024-12-25", "2024-12-25"),
        ("03.04.2025", "2025-04-03", "2025-04-03"),
        ("2025-03-04", "2025-03-04", "2025-03-04"),
        ("2025/03/04", "2025-03-04", "2025-03-04"),
        ("March 4, 2025", "2025-03-04", "2025-03-04"),
    ],
)
def test_the_order_of_day_and_month_is_told_where_a_date_leaves_it_open(
    text: str, month_first: str, day_first: str
) -> None:
    read = [parse_date(text, day_first=order) for order in (None, False, True)]
    assert [f"{moment:%F}" for moment in read if moment] == [month_first, month_first, day_first]
    assert has_two_readings(text) == (month_first != day_first)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["03/04/2025", "25/12/2024", "01/02/2025"], "day first"),
        (["03/04/2025", "12/25/2024 18:05"], "month first"),
        (["25/12/2024", "12/25/2024"], "both"),
        (["03/04/2025", "05-06-25"], None),
        (["25.12.2024", "2024-12-25", 1735084800, None, "25/13/2024", "00/12/2024", ""], None),
        (["Published: 25/12/2024"], "day first"),
        ([], None),
    ],
)
def test_dates_of_which_one_order_makes_none_tell_the_order(values: list[object], order: str | None) -> None:
    assert date_order(values) == order


@pytest.mark.parametrize(
    ("language", "first"),
    [
        *[("de", True), ("fr-CA", True), ("en", None), ("en-US", False), ("en_GB", True), ("en-IN", True)],
        *[("en-CA", None), ("ja", None), ("zh-Hant-TW", None), ("", None), (None, None)],
    ],
)
def test_a_language_tells_the_order_where_it_has_one(language: str | None, first: bool | None) -> None:
    assert day_comes_first(language) is first


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("午後6時5分", " 18:05"),
        ("午前0時", " 00:00"),
        ("下午6点半", " 18:30"),
        ("18時5分7秒", " 18:05:07"),
        ("오전 12:05", " 00:05"),
        ("오후 12시", " 12:00"),
        ("令和元年5月1日", "2019年5月1日"),
        ("昭和64年", "1989年"),
        ("٠٤/٠٣/٢٠٢٥", "04/03/2025"),
        ("๔ มีนาคม ๒๕๖๘", "4 มีนาคม 2025"),
        ("plain 18:05", "plain 18:05"),
        ("März 18:05", "März 18:05"),
    ],
)
def test_other_scripts_are_spelled_as_dates_are_read(text: str, plain: str) -> None:
    assert plain_spelling(text) == plain


@pytest.mark.parametrize(
    ("language", "day", "notes"),
    [
        ("de", "2025-04-03", ()),
        ("en", "2025-03-04", ("the date '03/04/2025' may have the day or the month first; the month was read first",)),
    ],
)
def test_an_article_is_dated_by_its_language_or_with_a_note(language: str, day: str, notes: tuple[str, ...]) -> None:
    values = {"id": "a", "title": "T", "date": "03/04/2025", "language": language}
    built = make_article(ParsedArticle(values=values))
    assert built.article.published_day is not None
    assert built.article.published_day.isoformat() == day
    assert built.notes == notes


@pytest.mark.parametrize("text", ["Version 7", "Copyright 2019", "24 Stunden", "Kapitel 3/4", "x 12:30", "第7号"])
def test_words_before_a_number_make_no_date(text: str) -> None:
    assert parse_date(text) is None

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from searchkit.keyword.query.time_expressions import LONGEST, may_name_time, read_time

NOW = datetime(2024, 2, 23, 15, 30, tzinfo=UTC)
"""A Friday."""

TODAY = (date(2024, 2, 23), date(2024, 2, 23))
YESTERDAY = (date(2024, 2, 22), date(2024, 2, 22))
THIS_WEEK = (date(2024, 2, 19), date(2024, 2, 25))
LAST_WEEK = (date(2024, 2, 12), date(2024, 2, 18))
LAST_MONTH = (date(2024, 1, 1), date(2024, 1, 31))
LAST_YEAR = (date(2023, 1, 1), date(2023, 12, 31))
MARCH = (date(2022, 3, 1), date(2022, 3, 31))
IDES = (date(2022, 3, 15), date(2022, 3, 15))
OCTOBER = (date(2023, 10, 1), date(2023, 10, 31))
YEAR = (date(2022, 1, 1), date(2022, 12, 31))
THREE_DAYS = (date(2024, 2, 20), date(2024, 2, 20))
THREE_WEEKS = (date(2024, 1, 29), date(2024, 2, 4))

NAMED = [
    ("Which airlines announced plans to merge this week?", THIS_WEEK),
    ("What happened last week in Berlin?", LAST_WEEK),
    ("last week's strikes", LAST_WEEK),
    ("Who resigned yesterday?", YESTERDAY),
    ("Yesterday's vote in parliament", YESTERDAY),
    ("what is open today", TODAY),
    ("Which laws passed last month?", LAST_MONTH),
    ("the storm of last year", LAST_YEAR),
    ("What happened in March 2022?", MARCH),
    ("What happened in Mar. 2022?", MARCH),
    ("the flood of March 15, 2022", IDES),
    ("the flood on 15 March 2022", IDES),
    ("the flood on the 15th of March 2022", IDES),
    ("2022-03-15 flood", IDES),
    ("Who won last October?", OCTOBER),
    ("Who won in 2022?", YEAR),
    ("In 2022, who won the election?", YEAR),
    ("Which bridge fell three weeks ago?", THREE_WEEKS),
    ("Which bridge fell 3 days ago?", THREE_DAYS),
    ("Was geschah letzte Woche in Berlin?", LAST_WEEK),
    ("Was geschah diese Woche?", THIS_WEEK),
    ("Wer trat gestern zurück?", YESTERDAY),
    ("Was geschah im März 2022?", MARCH),
    ("Was geschah am 15. März 2022?", IDES),
    ("Was geschah am 15.03.2022?", IDES),
    ("Wer gewann im Jahr 2022?", YEAR),
    ("Wer gewann letzten Oktober?", OCTOBER),
    ("Welche Brücke fiel vor 3 Wochen?", THREE_WEEKS),
    ("Que s'est-il passé la semaine dernière ?", LAST_WEEK),
    ("Qui a démissionné hier à Paris ?", YESTERDAY),
    ("Que s'est-il passé en mars 2022 ?", MARCH),
    ("Qui a gagné en octobre dernier ?", OCTOBER),
    ("Qui a gagné en 2022 ?", YEAR),
    ("¿Qué pasó la semana pasada?", LAST_WEEK),
    ("¿Quién dimitió ayer?", YESTERDAY),
    ("¿Qué pasó en marzo de 2022?", MARCH),
    ("¿Qué pasó el 15 de marzo de 2022?", IDES),
    ("¿Quién ganó en 2022?", YEAR),
    ("¿Qué puente cayó hace 3 días?", THREE_DAYS),
    ("Cosa è successo la settimana scorsa?", LAST_WEEK),
    ("Chi si è dimesso ieri?", YESTERDAY),
    ("Chi ha vinto nel 2022?", YEAR),
    ("Cosa è successo a marzo 2022?", MARCH),
    ("O que aconteceu na semana passada?", LAST_WEEK),
    ("Quem ganhou em 2022?", YEAR),
    ("O que aconteceu em março de 2022?", MARCH),
    ("Wat gebeurde er vorige week?", LAST_WEEK),
    ("Wie won in 2022?", YEAR),
    ("Что произошло на прошлой неделе?", LAST_WEEK),
    ("Кто ушёл в отставку вчера?", YESTERDAY),
    ("Что произошло в марте 2022 года?", MARCH),
    ("Что произошло 15 марта 2022 года?", IDES),
    ("Кто победил в 2022 году?", YEAR),
    ("上周发生了什么？", LAST_WEEK),
    ("昨天谁辞职了？", YESTERDAY),
    ("2022年3月发生了什么？", MARCH),
    ("2022年3月15日发生了什么？", IDES),
    ("2022年谁赢了？", YEAR),
    ("去年10月谁赢了？", OCTOBER),
    ("3天前哪座桥塌了？", THREE_DAYS),
    ("先週何が起きましたか", LAST_WEEK),
    ("２０２２年３月に何が起きましたか", MARCH),
    ("令和4年3月に何が起きましたか", MARCH),
    ("지난주에 무슨 일이 있었나요?", LAST_WEEK),
    ("2022년 3월에 무슨 일이 있었나요?", MARCH),
    ("สัปดาห์ที่แล้วเกิดอะไรขึ้น", LAST_WEEK),
    ("เมื่อวานนี้ใครลาออก", YESTERDAY),
    ("เกิดอะไรขึ้นในเดือนมีนาคม 2565", MARCH),
    ("ใครชนะในปี 2565", YEAR),
    ("ماذا حدث الأسبوع الماضي؟", LAST_WEEK),
    ("من استقال أمس؟", YESTERDAY),
    ("ماذا حدث في مارس 2022؟", MARCH),
    ("ماذا حدث في مارس ٢٠٢٢؟", MARCH),
    ("من فاز عام 2022؟", YEAR),
    ("पिछले सप्ताह क्या हुआ?", LAST_WEEK),
    ("मार्च 2022 में क्या हुआ?", MARCH),
    ("2022 में कौन जीता?", YEAR),
    ("Geçen hafta ne oldu?", LAST_WEEK),
    ("Dün kim istifa etti?", YESTERDAY),
    ("Mart 2022'de ne oldu?", MARCH),
    ("2022 yılında kim kazandı?", YEAR),
    ("Tuần trước chuyện gì đã xảy ra?", LAST_WEEK),
    ("Hôm qua ai từ chức?", YESTERDAY),
    ("Chuyện gì xảy ra vào tháng 3 năm 2022?", MARCH),
    ("Ai thắng năm 2022?", YEAR),
    ("Ce s-a întâmplat săptămâna trecută?", LAST_WEEK),
    ("Ce s-a întâmplat în martie 2022?", MARCH),
    ("Cine a câștigat în 2022?", YEAR),
    ("Τι έγινε την περασμένη εβδομάδα;", LAST_WEEK),
    ("Ποιος παραιτήθηκε χθες;", YESTERDAY),
    ("Τι έγινε τον Μάρτιο του 2022;", MARCH),
    ("Ποιος κέρδισε το 2022;", YEAR),
    ("Co się stało w zeszłym tygodniu?", LAST_WEEK),
    ("Co się stało w marcu 2022?", MARCH),
    ("Що сталося минулого тижня?", LAST_WEEK),
    ("Vad hände förra veckan?", LAST_WEEK),
]

RECENT = [
    "What is the latest on the strike?",
    "Who is currently prime minister?",
    "Wer ist derzeit Minister?",
    "Qui est actuellement ministre ?",
    "¿Quién es actualmente ministro?",
    "Кто недавно ушёл в отставку?",
    "目前的总理是谁？",
    "最新のニュース",
    "최근 뉴스",
    "ข่าวล่าสุด",
    "آخر الأخبار عن الإضراب",
    "son dakika grev",
    "tin mới nhất về đình công",
    "हाल ही में कौन जीता?",
]

UNDATED = [
    "Who guards the skies of Caracas?",
    "Who wrote 1984?",
    'What happens at the end of "1984"?',
    "themes in “1984”",
    "quotes in 1984 Orwell wrote",
    "in 2001: A Space Odyssey",
    "May the force be with you",
    "May I march in 5 parades?",
    "When did the army march on Rome?",
    "March of the Penguins",
    "Theresa May resigns",
    "the march of 5 miles",
    "May bugs in gardens",
    "What did the Mars 2020 rover find?",
    "April Smith songs",
    "circulation of USA Today",
    "Who sang Yesterday?",
    "Yesterday lyrics",
    "This Week with George Stephanopoulos",
    "The Week magazine",
    "an essay in 2000 words",
    "swim in 1500 meters",
    "a book of 1800 pages",
    "$2022 in savings",
    "Boeing 737 crash",
    "2022 World Cup winner",
    "top 2000 companies",
    "call 2022 now",
    "ISO 1999 noise standard",
    "the last week of the trial",
    "the last year of the war",
    "What was his last year like?",
    "my last month at work",
    "the last day of school",
    "wages since March 2022",
    "before 2020",
    "until last week",
    "between 2004 and 2014",
    "from March 2021 to May 2022",
    "floods of March 2021 and March 2022",
    "second half of the game",
    "the third minute",
    "one day in the life of Ivan Denisovich",
    "a week in Rome",
    "weekly newspapers",
    "a hundred years of solitude",
    "daylight saving time",
    "the day the earth stood still",
    "answer by noon at the latest",
    "recent data on shock waves",
    "history of the present",
    "it is time to go",
    "seasons of the year",
    "Wer wohnt hier?",
    "Wer schrieb 1984?",
    "Ein Mai in der Stadt",
    "der letzte Tag des Krieges",
    "Tage der Toten",
    "vor dem Haus",
    "hace frío en Madrid",
    "il y a un chat",
    "la marca 2022 de zapatos",
    "el mar y la mar",
    "Marta 2019 goals",
    "set 2019 to zero",
    "日本周边的国家",
    "日本月球研究",
    "2000年的历史",
    "一百年的孤独",
    "오늘날의 한국",
    "ประวัติศาสตร์ไทย",
    "كتاب ألف ليلة وليلة",
    "Bin bir gece masalları",
    "Сто лет одиночества",
    "Εκατό χρόνια μοναξιά",
    "9/11",
    "24/7 support",
    "Catch-22",
    "Fahrenheit 451",
    "version 2022.3.1",
    "10.0.2022.1",
]


@pytest.mark.parametrize(("text", "days"), NAMED)
def test_a_time_is_read_in_many_languages(text: str, days: tuple[date, date]) -> None:
    reading = read_time(text, NOW)
    assert reading is not None
    assert (reading.span.first, reading.span.last, reading.recent) == (*days, False)


@pytest.mark.parametrize("text", RECENT)
def test_what_asks_for_news_is_of_today(text: str) -> None:
    reading = read_time(text, NOW)
    assert reading is not None
    assert (reading.span.first, reading.span.last, reading.recent) == (*TODAY, True)


@pytest.mark.parametrize("text", UNDATED)
def test_a_question_of_no_time_stays_so(text: str) -> None:
    assert read_time(text, NOW) is None


def test_the_words_that_say_the_time_are_told() -> None:
    reading = read_time("Who won the vote on March 15, 2022, in Lima?", NOW)
    assert reading is not None
    assert (reading.words, reading.calendar) == ("March 15 2022", True)
    reading = read_time("Who won this week?", NOW)
    assert reading is not None
    assert (reading.words, reading.calendar) == ("this week", False)


def test_a_day_is_that_of_the_askers_clock() -> None:
    reading = read_time("Who resigned yesterday?", datetime.fromisoformat("2024-02-23T00:30+13:00"))
    assert reading is not None
    assert reading.span.first == date(2024, 2, 22)


def test_days_that_there_are_not_name_no_time() -> None:
    assert read_time("What happened on 31 February 2022?", NOW) is None
    assert read_time("What happened on 2022-13-01?", NOW) is None
    assert read_time("Who will win in 2099?", NOW) is None


def test_a_long_text_is_no_question() -> None:
    text = "What happened last week? " + "word " * LONGEST
    assert not may_name_time(text)
    assert read_time(text, NOW) is None

from __future__ import annotations

import pytest

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.formats.plain_text import parse_plain

LONG = "The ministry said on Tuesday that the systems had been delivered, and that more would follow within the year."
STANDFIRST = "Moscow reaffirmed its support for the country's sovereignty as the president accused others of theft."
CAPTION = "The minister speaks to the media in Moscow, Tuesday (Jane Doe/Pool Photo via AP)"


def headings(draft: ParsedArticle) -> list[str]:
    return [section.heading for section in draft.sections or ()]


def text_of(draft: ParsedArticle) -> str:
    return str(draft.values["text"])


def test_a_saved_newspaper_page_has_a_title_a_caption_in_its_text_and_headings():
    draft = parse_plain(
        f"A title\n{STANDFIRST}\n-\n{CAPTION}\n{LONG}\n{LONG}\nDefensive Alliance\n{LONG}\nCovert War\n{LONG}"
    )
    assert draft.values["title"] == "A title"
    assert headings(draft) == ["", "Defensive Alliance", "Covert War"]
    assert CAPTION in text_of(draft)
    assert "\n-\n" not in text_of(draft)
    assert "Defensive Alliance" in text_of(draft)
    assert all(
        "Defensive" not in text_of(draft)[section.start : section.end] and text_of(draft)[section.start : section.end]
        for section in draft.sections or ()
    )


def test_a_short_caption_after_the_dash_is_neither_title_nor_heading():
    draft = parse_plain(f"A title\n{STANDFIRST}\n-\nThe minister in Moscow\n{LONG}\n{LONG}")
    assert draft.values["title"] == "A title"
    assert headings(draft) == []
    assert "The minister in Moscow" in text_of(draft)


@pytest.mark.parametrize(
    "line",
    [
        "Photo: Jane Doe",
        "The port at night (Reuters)",
        "By Jane Doe",
        "- a point in a list",
        "• a point in a list",
        "“Where are you going?”",
        "— Jane Doe",
        "and so it went on",
        "The points are:",
        "He left.",
        "1,234",
        "A line of far more than twelve words that has no stop but cannot be a heading either",
    ],
)
def test_what_only_looks_like_a_heading_stays_text(line: str):
    draft = parse_plain(f"A title\n{LONG}\n{line}\n{LONG}")
    assert headings(draft) == []
    assert line in text_of(draft)


@pytest.mark.parametrize(
    ("heading", "paragraph"),
    [
        ("What happens next?", LONG),
        (
            "防空系统",
            "俄罗斯外交部星期二表示,俄方重申支持委内瑞拉领导层捍卫国家主权,并强调将在外部压力面前与加拉加斯站在一起。",
        ),
        ("国内の反応", "ロシア外務省は火曜日に、ベネズエラの主権を守る指導部への支持を改めて表明したと発表した。"),
        ("रक्षा सहयोग", "रूसी विदेश मंत्रालय ने मंगलवार को वेनेजुएला के नेतृत्व के प्रति अपना समर्थन दोहराया।"),
        ("الدفاع الجوي", "أكدت وزارة الخارجية الروسية دعمها الثابت للقيادة الفنزويلية في الدفاع عن السيادة الوطنية."),
        ("ระบบป้องกันภัย", "กระทรวงการต่างประเทศรัสเซียยืนยันการสนับสนุนผู้นำเวเนซุเอลาในการปกป้องอธิปไตยของชาติเมื่อวันอังคารที่ผ่านมา"),
    ],
)
def test_headings_are_found_in_every_script(heading: str, paragraph: str):
    draft = parse_plain(f"標題\n\n{paragraph}\n\n{heading}\n\n{paragraph}")
    assert headings(draft) == ["", heading]


def test_a_heading_at_the_end_or_before_another_short_line_is_text():
    draft = parse_plain(f"A title\n{LONG}\nFirst\nSecond\n{LONG}\nLast")
    assert headings(draft) == []
    assert text_of(draft).endswith("Last")


def test_dialogue_has_no_headings():
    draft = parse_plain("A title\nShe came in.\n“Well”\n“Well what?”\nHe sat down.\n")
    assert headings(draft) == []


def test_hard_wrapped_lines_are_joined_to_paragraphs():
    draft = parse_plain(
        "Air defence arrives in the north\nof the country\n\n"
        "The ministry said on Tuesday that the\nsystems had been delivered, and that\n"
        "more of them would follow within the\nyear. Nobody else was told.\n\nReactions\n\n"
        "The opposition asked what they had\ncost, and was given no answer by\nthose who ought to have known it.\n"
    )
    assert draft.values["title"] == "Air defence arrives in the north of the country"
    assert text_of(draft).split("\n\n")[0].startswith("The ministry said on Tuesday that the systems had been")
    assert "\n" not in text_of(draft).split("\n\n")[0]
    assert headings(draft) == ["", "Reactions"]


@pytest.mark.parametrize("next_line", ["and not on rock.", "Ellery Rock alone."])
def test_a_line_in_mid_paragraph_behind_a_full_stop_is_no_heading(next_line: str):
    text = (
        "The long wait for a wall\n\n"
        "The harbour said on Tuesday that the new breakwater\nwould cost twice what the council was told in the\n"
        "spring.\n"
        f"Engineers saw that the old foundations, laid in 1911, rest on\n{next_line}\n\n"
        "THE COST\n\nNobody knows who will pay, said the mayor.\n"
    )
    assert headings(parse_plain(text)) == ["", "THE COST"]


def test_hard_wrapped_chinese_is_joined_without_spaces():
    line = "俄罗斯外交部星期二表示俄方重申支持委内瑞拉领导层"
    draft = parse_plain(f"标题\n\n{line}\n{line}\n{line}\n{line}。\n\n{line}\n{line}\n{line}。")
    assert text_of(draft).startswith(line * 4 + "。")


def test_a_list_of_short_lines_is_not_joined():
    lines = ["Bread", "Milk", "Butter and a little salt", "Eggs", "Tea"]
    assert text_of(parse_plain("To buy\n\n" + "\n".join(lines))) == "\n".join(lines)


def test_one_line_is_a_title_if_it_is_short_and_a_text_if_it_is_a_sentence():
    assert parse_plain("Just a title").values == {"title": "Just a title", "text": ""}
    assert parse_plain("He came, saw and conquered.\n").values == {"title": "", "text": "He came, saw and conquered."}


def test_a_first_line_that_is_far_too_long_is_no_title():
    draft = parse_plain(f"{LONG * 4}\n{LONG}")
    assert draft.values["title"] == ""
    assert text_of(draft).startswith(LONG)


def test_a_file_of_short_lines_alone_has_no_headings():
    draft = parse_plain("One\nTwo\nThree\nFour")
    assert (draft.values["title"], text_of(draft), headings(draft)) == ("One", "Two\nThree\nFour", [])


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Jane Doe", ["Jane Doe"]),
        ("By Jane Doe and José van der Berg", ["Jane Doe", "José van der Berg"]),
        ("Von Erika Mustermann", ["Erika Mustermann"]),
        ("By any means necessary", None),
    ],
)
def test_a_byline_names_the_authors_and_stays_in_the_text(line: str, names: list[str] | None):
    draft = parse_plain(f"A title\n{line}\nCARACAS, Oct. 24 (EFE)\n{LONG}")
    assert draft.values.get("authors") == names
    assert text_of(draft).startswith(line)
    assert headings(draft) == []


def test_headings_in_markdowns_form_are_headings_without_their_marks():
    draft = parse_plain(f"# A title\n\n{LONG}\n\n## The **second** part\n\n{LONG}")
    assert draft.values["title"] == "A title"
    assert headings(draft) == ["", "The second part"]


def test_line_breaks_of_every_kind_are_one():
    assert text_of(parse_plain(f"A title\r\n\r\n{LONG}\r{LONG}")) == f"{LONG}\n{LONG}"

"""PDF: pages in reading order, paragraphs, columns, headers; scans, locks and damage by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.ingest import read
from searchkit.ingest.article_builder import ParsedArticle, make_article
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats import pdf as pdf_format
from searchkit.ingest.formats.document_properties import sensible_authors, sensible_title
from searchkit.ingest.formats.pdf import parse_pdf
from searchkit.types import Article, Problem
from tests.ingest.documents import SILENT_FONT, Shown, lines, pdf

LEFT = """The bridge over the river Sill was
closed in March, when the flood had
damaged two of its piers, said the
engineers of the council, who expect
that it will stay closed until the
autumn of next year at the earliest.
  Nobody crosses it now."""
RIGHT = """The mayor has asked the govern-
ment for help, and for a ferry that
may carry people over the water in
the meantime, as it was done by the
grandfathers of those who now wait
on the bank each morning at seven.
The ferry cost a penny then."""


def text_of(draft: ParsedArticle) -> str:
    return str(draft.values["text"])


def headings(draft: ParsedArticle) -> list[tuple[str, str]]:
    text = text_of(draft)
    return [(each.heading, text[each.start : each.end]) for each in draft.sections or ()]


def test_two_columns_are_read_one_after_the_other() -> None:
    page = [Shown(text="Council votes on the bridge", x=50, y=740, size=24)]
    # A file may hold its columns line by line.
    for left, right in zip(lines(LEFT, 50, 700), lines(RIGHT, 310, 700), strict=True):
        page += [left, right]
    draft = parse_pdf(pdf([page]))
    assert draft.values["title"] == "Council votes on the bridge"
    flat = " ".join(text_of(draft).split())
    assert flat.startswith("The bridge over the river Sill was closed in March, when the flood had damaged two")
    assert "Nobody crosses it now. The mayor has asked the government for help" in flat
    assert flat.endswith("The ferry cost a penny then.")


def test_three_columns_under_a_headline_are_read_in_their_order() -> None:
    columns = ["\n".join(f"Line {i} of column {name} has words" for i in range(8)) for name in ("one", "two", "three")]
    page = [Shown(text="A headline over all of the columns of the page", x=50, y=740, size=22)]
    page += [line for i, column in enumerate(columns) for line in lines(column, 40 + 180 * i, 700)]
    flat = " ".join(text_of(parse_pdf(pdf([page]))).split())
    order = [flat.index(f"Line {i} of column {name}") for name in ("one", "two", "three") for i in range(8)]
    assert order == sorted(order)


def test_the_rows_of_a_table_stay_rows() -> None:
    rows = [("Apples", "12"), ("Pears", "7"), ("Plums", "31"), ("Figs", "4"), ("Grapes", "9")]
    page = [
        Shown(text=cell, x=50 + 300 * j, y=700 - 20 * i) for i, row in enumerate(rows) for j, cell in enumerate(row)
    ]
    assert text_of(parse_pdf(pdf([page]))).split() == [cell for row in rows for cell in row]


def test_lines_become_paragraphs_and_parted_words_whole() -> None:
    text = "The council met on Tuesday to discuss the infor-\nmation about the bridge that had been gath-\n"
    text += "ered by the engineers after the last flood there.\nIt was brief."
    draft = parse_pdf(pdf([[*lines(text, 50, 700), *lines("A second paragraph stands apart.", 50, 620)]]))
    assert text_of(draft) == (
        "The council met on Tuesday to discuss the information about the bridge that had been gathered by the "
        "engineers after the last flood there. It was brief.\n\nA second paragraph stands apart."
    )


def test_an_indent_begins_a_paragraph() -> None:
    first = lines("The bridge was closed in March, when the flood had\ndamaged it.", 50, 700)
    second = lines("Nobody crosses the river now but by the ferry, which\ncosts a penny for every man.", 50, 676)
    indented = [Shown(text=second[0].text, x=65, y=second[0].y), *second[1:]]
    assert len(text_of(parse_pdf(pdf([[*first, *indented]]))).split("\n\n")) == 2


def test_ligatures_are_letters() -> None:
    page = [Shown(text="The ﬁrst ofﬁcer has spoken.", x=50, y=700)]
    assert text_of(parse_pdf(pdf([page]))) == "The first officer has spoken."


STORIES = ("The river rose in the night.", "Nobody had closed the gate.", "In the morning the bridge was gone.")


def three_pages() -> list[list[Shown]]:
    pages = []
    for number, story in enumerate(STORIES, start=1):
        head = Shown(text=f"Northford Ledger {number}", x=50, y=780, size=8)
        foot = Shown(text=f"- {number} -", x=290, y=30, size=8)
        pages.append([head, *lines(story, 50, 700), foot])
    return pages


def test_headers_footers_and_page_numbers_are_left_out() -> None:
    text = text_of(parse_pdf(pdf(three_pages())))
    assert "Ledger" not in text
    assert "- 2 -" not in text
    assert text.split("\n\n") == list(STORIES)


def test_headings_that_differ_by_a_number_stay() -> None:
    pages = []
    for number, story in enumerate(STORIES, start=1):
        head = Shown(text=f"Chapter {number}", x=50, y=770, size=16)
        note = Shown(text=f"{number} See the drawings of 19{10 + number}.", x=50, y=60, size=8)
        foot = Shown(text=f"Page {number} of 3", x=290, y=30, size=8)
        pages.append([head, *lines(story, 50, 740), note, foot])
    draft = parse_pdf(pdf(pages))
    assert draft.values["title"] == "Chapter 1"
    flat = text_of(draft)
    assert ["Chapter 2" in flat, "Chapter 3" in flat] == [True, True]
    assert all(f"{number} See the drawings of 19{10 + number}." in flat for number in (1, 2, 3))
    assert "Page 2" not in flat


def test_first_lines_that_differ_by_a_number_stay() -> None:
    pages = [
        lines(f"On page {number} line 1 of the report\nthe wall is built by hand.", 50, 760) for number in (1, 2, 3)
    ]
    assert "On page 2 line 1 of the report" in " ".join(text_of(parse_pdf(pdf(pages))).split())


def test_large_headers_of_every_page_are_left_out() -> None:
    pages = [[Shown(text="The Northford Ledger", x=50, y=770, size=18), *lines(story, 50, 700)] for story in STORIES]
    assert "Ledger" not in text_of(parse_pdf(pdf(pages)))


def test_a_page_without_text_between_others_is_named() -> None:
    pages = pdf([lines(LEFT, 50, 700), [], lines(RIGHT, 50, 700), []])
    assert parse_pdf(pages).notes == ("has no text on page 2 of 4",)


def test_a_headline_may_be_of_several_lines_and_centred() -> None:
    head = [
        Shown(text="A very long headline of a page on", x=50, y=740, size=24),
        Shown(text="bridges", x=250, y=712, size=24),
    ]
    draft = parse_pdf(pdf([[*head, *lines(LEFT, 50, 660)]]))
    assert draft.values["title"] == "A very long headline of a page on bridges"
    assert text_of(draft).startswith("The bridge over the river Sill was closed")


def test_each_page_is_a_section() -> None:
    draft = parse_pdf(pdf(three_pages()))
    assert [heading for heading, _ in headings(draft)] == ["page 1", "page 2", "page 3"]
    assert [text for _, text in headings(draft)] == list(STORIES)
    assert draft.values["page_count"] == 3


def test_a_single_page_needs_no_section() -> None:
    assert parse_pdf(pdf([lines(LEFT, 50, 700)])).sections == ()


def test_a_paragraph_belongs_to_the_page_where_it_begins() -> None:
    first = lines(
        "The bridge was closed in March, when the flood had damaged it,\nand nobody knows whether it will be", 50, 700
    )
    second = lines("opened again before the winter comes to the valley of the Sill.", 50, 700)
    draft = parse_pdf(pdf([first, second]))
    assert [heading for heading, _ in headings(draft)] == ["page 1"]
    assert "whether it will be opened again" in text_of(draft)


def test_larger_letters_are_a_heading_of_the_page_and_of_the_next() -> None:
    pages = [
        [Shown(text="The harvest", x=50, y=700, size=18), *lines(LEFT, 50, 660)],
        [*lines(RIGHT, 50, 700)],
    ]
    draft = parse_pdf(pdf(pages, info="/Title (A report on many things)"))
    assert [heading for heading, _ in headings(draft)] == ["The harvest, page 1", "The harvest, page 2"]
    assert "The harvest" in text_of(draft)


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(rotate: int) -> None:
    page = lines(LEFT, 50, 700)
    draft = parse_pdf(pdf([page], rotate=rotate))
    assert sorted(text_of(draft).split()) == sorted(LEFT.split())


def test_properties_are_the_files_own() -> None:
    info = "/Title (Council votes on the bridge) /Author (Jane Doe) /CreationDate (D:20240506101500+02'00')"
    draft = parse_pdf(pdf([lines(LEFT, 50, 700)], info=info))
    article = make_article(draft, fallback_id="a").article
    assert (article.title, article.authors, article.published) == ("Council votes on the bridge", ("Jane Doe",), None)
    assert article.fields["file_created"] == "2024-05-06T10:15:00+02:00"


def test_a_creation_date_is_the_articles_where_it_is_mapped() -> None:
    draft = parse_pdf(pdf([lines(LEFT, 50, 700)], info="/CreationDate (D:20240506)"))
    article = make_article(draft, fallback_id="a", fields={"published": "file_created"}).article
    assert article.published is not None
    assert article.published.date().isoformat() == "2024-05-06"


@pytest.mark.parametrize(
    "title",
    [
        "Microsoft Word - report.doc",
        "report_final.indd",
        "Untitled",
        "Document1",
        "",
        "scan 0001",
        "2024/17",
        "untitled-2",
    ],
)
def test_what_a_program_put_there_is_no_title(title: str) -> None:
    assert sensible_title(title) == ""


@pytest.mark.parametrize(
    "title", ["Council votes on the bridge", "市議会が橋の再建を決定", "Northford", "The .com years"]
)
def test_a_title_is_one(title: str) -> None:
    assert sensible_title(title) == title


def test_a_computers_user_is_no_author() -> None:
    assert sensible_authors(["Administrator", "Jane Doe", "user", "unknown", "jane@example.org"]) == ["Jane Doe"]


def test_a_scan_is_named() -> None:
    with pytest.raises(NotText, match="is a scan: 2 pages of pictures without text"):
        parse_pdf(pdf([[], []], picture=True))


def test_a_file_without_text_and_pictures_is_named() -> None:
    with pytest.raises(NotText, match=r"has no text \(1 page\)"):
        parse_pdf(pdf([[]]))


def test_pages_that_are_pictures_are_counted() -> None:
    pages = pdf([[], lines(LEFT, 50, 700)], picture=True)
    assert parse_pdf(pages).notes == ("has 1 of 2 pages that are pictures without text",)


def test_letters_that_a_font_doesnt_tell_are_no_text() -> None:
    with pytest.raises(NotText, match=r"has text whose letters can't be told.*\(1 page\)"):
        parse_pdf(pdf([lines(LEFT, 50, 700)], font=SILENT_FONT))


def test_a_locked_file_is_named(tmp_path: Path) -> None:
    locked = pdf([lines(LEFT, 50, 700)]).replace(
        b"trailer <<",
        b"trailer <</Encrypt <</Filter /Standard /V 1 /R 2 /P -4 /O ("
        + b"o" * 32
        + b") /U ("
        + b"u" * 32
        + b")>> /ID [(a) (b)] ",
    )
    path = tmp_path / "locked.pdf"
    path.write_bytes(locked)
    (problem,) = read([path])
    assert isinstance(problem, Problem)
    assert problem.reason == "is encrypted: it can't be read without its password"


@pytest.mark.parametrize("keep", [9, 200])
def test_a_damaged_file_is_named(keep: int) -> None:
    with pytest.raises(NotText, match=r"is no PDF, or a damaged one|it has no pages"):
        parse_pdf(pdf([lines(LEFT, 50, 700)])[:keep])


def test_a_long_file_is_read_to_a_limit_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_format, "_MOST_PAGES", 2)
    draft = parse_pdf(pdf(three_pages()))
    assert draft.notes == ("is long: 2 of its 3 pages were read",)


def test_a_pdf_is_one_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "2024-05-06 report.txt"
    path.write_bytes(pdf([lines(LEFT, 50, 700)]))
    (article,) = read([path])
    assert isinstance(article, Article)
    assert article.text.startswith("The bridge")
    assert article.published_day is not None
    assert article.published_day.isoformat() == "2024-05-06"


WIDGET = "/Subtype /Widget /Rect [{rect}] /FT /Tx /T ({name}) /V ({value})"


def test_what_a_form_is_filled_in_with_stands_where_its_field_is() -> None:
    page = [
        *lines("Request for a berth", 50, 740, size=18),
        *lines("Name of the ship:", 50, 700),
        *lines("Reason:", 50, 670),
        *lines("Signed at the harbour office.", 50, 580),
    ]
    fields = [
        WIDGET.format(rect="150 695 400 713", name="ship", value="Marianne"),
        WIDGET.format(rect="150 600 400 682", name="why", value="A broken mast\\nand no water"),
        WIDGET.format(rect="150 560 400 572", name="word", value="secret") + " /Ff 8192",
        "/Subtype /Widget /Rect [420 695 430 705] /FT /Btn /T (new) /V /Yes /AS /Yes",
        "/Subtype /FreeText /Rect [50 540 300 555] /Contents (Seen by the pilot)",
    ]
    text = str(parse_pdf(pdf([page], annotations=fields)).values["text"])
    assert "Name of the ship: Marianne" in text
    places = [
        text.index(words) for words in ("Marianne", "A broken mast", "and no water", "Signed at", "Seen by the pilot")
    ]
    assert places == sorted(places)
    assert "secret" not in text
    assert "Yes" not in text


def test_readers_notes_and_the_words_that_they_marked_are_fields() -> None:
    page = lines("The weir was built in 1790 by the miller.\nIt has held ever since.", 50, 700)
    marks = "/QuadPoints [50 712 165 712 50 697 165 697]"
    annotations = [
        f"/Subtype /Highlight /Rect [50 697 175 720] {marks} /Contents (Is this sure?)",
        f"/Subtype /Underline /Rect [50 697 175 720] {marks} /Contents (The weir was built in 1790)",
        "/Subtype /Text /Rect [10 10 20 20] /Contents (Ask\\nthe council.)",
        "/Subtype /Link /Rect [10 10 20 20] /Contents (a link)",
        "/Subtype /Popup /Rect [10 10 20 20] /Contents (a window)",
    ]
    parsed = parse_pdf(pdf([page], annotations=annotations))
    assert parsed.values["notes"] == ["Is this sure?", "Ask the council."]
    (marked,) = parsed.values["highlights"]  # type: ignore[misc]
    assert marked.startswith("The weir was built in 1790")
    assert "Ask" not in str(parsed.values["text"])


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_field_of_a_turned_page_stands_beside_its_name(rotate: int) -> None:
    page = [*lines("Name of the ship:", 50, 700), *lines("Signed at the harbour office.", 50, 580)]
    field = WIDGET.format(rect="150 698 400 708", name="ship", value="Marianne")
    text = str(parse_pdf(pdf([page], rotate=rotate, annotations=[field])).values["text"])
    assert "Marianne" in text


BOX = "/Subtype /Widget /Rect [{rect}] /FT /Btn /T ({name}) /V /{value} /AS /{value} /AP <</N <</Yes <<>> /Off <<>>>>>>"


def test_a_ticked_box_of_a_form_stands_before_its_words_and_an_empty_one_nowhere() -> None:
    page = [*lines("The ship carries:", 50, 740), *lines("passengers", 70, 700), *lines("cargo", 70, 670)]
    page += lines("animals", 70, 640)
    fields = [
        BOX.format(rect="50 698 60 708", name="passengers", value="Yes"),
        BOX.format(rect="50 668 60 678", name="cargo", value="Off"),
        BOX.format(rect="50 638 60 648", name="animals", value="Yes") + " /Ff 32768",
    ]
    text = str(parse_pdf(pdf([page], annotations=fields)).values["text"])
    assert text.split() == ["The", "ship", "carries:", "☑", "passengers", "cargo", "☑", "animals"]

"""PDF: the text of its pages in reading order, a section for each page; and what its properties tell."""

from __future__ import annotations

import ctypes
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.document_properties import (
    file_properties,
    sensible_authors,
    sensible_text,
    sensible_title,
)
from searchkit.ingest.formats.page_layout import (
    Page,
    Paragraph,
    Run,
    body_height,
    is_heading,
    paragraphs,
    without_margins,
)
from searchkit.ingest.formats.pdf_annotations import AnnotationReader
from searchkit.ingest.text_cleanup import Vocabulary, one_line
from searchkit.types import Section

_MOST_PAGES = 3_000
_MOST_CHARACTERS = 200_000
"""Of one page: a map or a drawing can have millions."""
_LONGEST_S = 120.0
"""Seconds, after which no further page of a file is read."""

_LETTERS = {
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st",
    0x00AD: "-", 0x0002: "-", 0xFFFE: "-", 0x200B: None,
}  # fmt: skip
"""What stands for these characters. The library gives a hyphen at a line's end as 2 or FFFE."""
_LINE_END_HYPHENS = "\x02\ufffe"
_WORD = re.compile(r"[^\s\x00-\x1f\ufffe]+[\x02\ufffe]?")
_SAMPLE = 200
"""Letters of a page by which it is told whether its fonts say which they are."""
_LATIN_WORD = re.compile(r"(?:[A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿā-ž]+|[A-ZÀ-ÖØ-Þ]+)(?:['’][a-z]+)?")
_VOWEL = re.compile("[aeiouyáàâäåãæéèêëěęíìîïóòôöõøőúùûüűůýą]", re.IGNORECASE)
_KANA = re.compile("[\u3040-\u30ff]")
_DATE = re.compile(
    r"D:(?P<day>\d{8})(?P<clock>\d{6})?(?:(?P<zone>[+-])(?P<hours>\d\d)'?(?P<minutes>\d\d)?'?|(?P<utc>Z))?"
)
_MOST_NAMED = 10
_GAP = 1.3
"""Heights of a letter between two words from which on they are of different columns, or cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    """What a file holds: its pages, how many there are, how many can't be read and why, what it tells of itself."""

    pages: list[Page]
    count: int
    pictures: int
    untold: int
    notes: list[str]
    highlights: list[str]
    metadata: dict[str, str]


def parse_pdf(data: bytes) -> ParsedArticle:
    """Return title, text, sections and properties of a PDF.

    Of several pages each is a section, ``page 3``, or ``The harvest, page 3`` under a heading in larger letters; a
    paragraph belongs to the page on which it begins. Headers, footers and page numbers are left out. The title is the
    properties', where that is one, else what stands on the first page in the largest letters.

    What is filled in stands where its field is; readers' notes and the words that they marked are fields.

    Raises ``NotText`` where it is a scan, encrypted or damaged.
    """
    contents = _read(data)
    pages = without_margins(contents.pages)
    vocabulary = Vocabulary("\n".join(run.text for page in pages for run in page.runs))
    read = paragraphs(pages, vocabulary)
    if not any(letter.isalnum() for each in read for letter in each.text):
        raise NotText(_without_text(contents))
    values = _properties(contents.metadata)
    usual = body_height(read)
    title, read = _split_title(read, usual, str(values.pop("title", "")))
    text, sections = _joined(read, usual, many=contents.count > 1)
    return ParsedArticle(
        values={
            "title": title,
            "text": text,
            "page_count": contents.count,
            **values,
            **({"notes": contents.notes} if contents.notes else {}),
            **({"highlights": contents.highlights} if contents.highlights else {}),
        },
        sections=sections,
        notes=tuple(_notes(contents)),
    )


def _without_text(contents: _Contents) -> str:
    pages = f"{contents.count:,} page{'s' if contents.count != 1 else ''}"
    if contents.untold:
        return f"has text whose letters can't be told: its fonts don't say which they are ({pages})"
    return f"is a scan: {pages} of pictures without text" if contents.pictures else f"has no text ({pages})"


def _notes(contents: _Contents) -> Iterator[str]:
    if len(contents.pages) < contents.count:
        yield f"is long: {len(contents.pages):,} of its {contents.count:,} pages were read"
    if contents.untold:
        pages = f"{contents.untold:,} of {contents.count:,} pages"
        yield f"has {pages} whose letters can't be told: their fonts don't say which they are"
    if contents.pictures:
        yield f"has {contents.pictures:,} of {contents.count:,} pages that are pictures without text"
    elif not contents.untold and (empty := _without_words(contents.pages)):
        named = ", ".join(f"{number:,}" for number in empty[:_MOST_NAMED]) + (" …" if empty[_MOST_NAMED:] else "")
        yield f"has no text on page{'s' if empty[1:] else ''} {named} of {contents.count:,}"


def _without_words(pages: Sequence[Page]) -> list[int]:
    """Return the numbers of the pages without text that stand between pages with text."""
    with_text = [page.number for page in pages if page.runs]
    return [page.number for page in pages if not page.runs and with_text[0] < page.number < with_text[-1]]


def _split_title(read: Sequence[Paragraph], usual: float, declared: str) -> tuple[str, list[Paragraph]]:
    """Return the title and the paragraphs without it."""
    first = [each for each in read[:20] if each.page == read[0].page and is_heading(each, usual)]
    largest = max(first, key=lambda each: each.height, default=None)
    if declared:
        same = next((each for each in first if each.text.casefold() == declared.casefold()), None)
        return declared, [each for each in read if each is not same]
    if largest is None:
        return "", list(read)
    return one_line(largest.text), [each for each in read if each is not largest]


def _joined(read: Sequence[Paragraph], usual: float, *, many: bool) -> tuple[str, tuple[Section, ...]]:
    """Return the paragraphs as one text, and a section for each page and each heading."""
    parts: list[str] = []
    sections: list[Section] = []
    length = 0
    heading, opened, page = "", False, 0
    for i, each in enumerate(read):
        length += 2 if parts else 0
        parts.append(each.text)
        is_last = i + 1 == len(read) or is_heading(read[i + 1], usual)
        if is_heading(each, usual) and not is_last:
            heading, opened = one_line(each.text), True
        elif sections and not opened and each.page == page:
            sections[-1] = Section(heading=sections[-1].heading, start=sections[-1].start, end=length + len(each.text))
        else:
            named = ", ".join(filter(None, (heading, f"page {each.page}" if many else "")))
            sections.append(Section(heading=named, start=length, end=length + len(each.text)))
            opened, page = False, each.page
        length += len(each.text)
    return "\n\n".join(parts), tuple(sections) if any(section.heading for section in sections) else ()


def _properties(metadata: dict[str, str]) -> dict[str, object]:
    others = {
        "title": sensible_title(metadata.get("Title", "")),
        "authors": sensible_authors(metadata.get("Author", "").split(";")),
        "keywords": sensible_text(metadata.get("Keywords", "")),
        "subject": sensible_text(metadata.get("Subject", "")),
    }
    return file_properties(_date(metadata.get("CreationDate", "")), _date(metadata.get("ModDate", "")), others)


def _date(text: str) -> str:
    match = _DATE.match(text)
    if match is None:
        return ""
    day, clock = match["day"], match["clock"] or ""
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if not clock:
        return date
    zone = (
        "Z" if match["utc"] else f"{match['zone']}{match['hours']}:{match['minutes'] or '00'}" if match["zone"] else ""
    )
    return f"{date}T{clock[:2]}:{clock[2:4]}:{clock[4:]}{zone}"


def _read(data: bytes) -> _Contents:
    """Return the words on each page. Raises ``NotText`` where the file can't be opened."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise NotText("is encrypted: it can't be read without its password") from error
        if "security" in str(error).lower():
            raise NotText("is encrypted in a way that can't be read") from error
        raise NotText("is no PDF, or a damaged one") from error
    try:
        return _contents(document, pypdfium2.raw, pypdfium2.PdfiumError)
    finally:
        document.close()


def _contents(document: Any, raw: Any, damage: type[Exception]) -> _Contents:
    count = len(document)
    if not count:
        raise NotText("is a damaged PDF: it has no pages")
    if document.get_formtype() != raw.FORMTYPE_NONE:
        document.init_forms()
    annotated = AnnotationReader(raw, document.formenv.raw if document.formenv else None)
    pages: list[Page] = []
    notes: list[str] = []
    highlights: list[str] = []
    pictures = untold = 0
    until = time.monotonic() + _LONGEST_S
    for number in range(min(count, _MOST_PAGES)):
        if time.monotonic() > until and pages:
            break
        try:
            page = document[number]
        except damage:
            pages.append(Page(number=number + 1, height=0.0, runs=()))
            continue
        try:
            words = _words(page, raw)
            untold += words is None
            beside = annotated.read(page)
            runs = (*_runs(words or ()), *(_turned(run, page) for run in beside.runs))
            pages.append(Page(number=number + 1, height=page.get_height(), runs=runs))
            notes += beside.notes
            highlights += beside.highlights
            pictures += words == [] and _shows_picture(page, raw)
        finally:
            page.close()
    metadata = {key: str(value) for key, value in document.get_metadata_dict(skip_empty=True).items()}
    return _Contents(
        pages=pages,
        count=count,
        pictures=pictures,
        untold=untold,
        notes=notes,
        highlights=highlights,
        metadata=metadata,
    )


def _turned(run: Run, page: Any) -> Run:
    """Return a run as the page is turned. Its line stays as high as it was: fields are turned with their page."""
    left, bottom, right, _ = _turned_box(
        (run.left, run.bottom, run.right, run.top), page.get_rotation(), page.get_bbox()
    )
    return Run(text=run.text, left=left, bottom=bottom, right=right, top=bottom + run.height)


def _shows_picture(page: Any, raw: Any) -> bool:
    return any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))


_Box = tuple[float, float, float, float]
"""Left, bottom, right and top, in points, as the page is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """A word, the box around it, and whether its letters stand side by side, not one above the other."""

    text: str
    box: _Box
    is_upright: bool


def _words(page: Any, raw: Any) -> list[_Word] | None:
    """Return the words on a page in the order of the file; None where its fonts don't say which letters they show."""
    text_page = page.get_textpage()
    try:
        text = _text(text_page.raw, raw)
        if _is_untold(text_page.raw, len(text), raw) and not _reads_as_text(text):
            return None
        boxes = _Boxes(text_page, page, raw)
        return [_word(match, boxes) for match in _WORD.finditer(text)]
    finally:
        text_page.close()


def _is_untold(text_page: Any, count: int, raw: Any) -> bool:
    """Say by a sample whether most letters of a page are codes of a font that no table explains."""
    sample = range(0, count, max(1, count // _SAMPLE))
    unknown = sum(raw.FPDFText_HasUnicodeMapError(text_page, letter) == 1 for letter in sample)
    return bool(2 * unknown > len(sample))


def _reads_as_text(text: str) -> bool:
    """Say whether letters were guessed well: most words have the case and the vowels of words, or there are kana."""
    if 5 * len(_KANA.findall(text)) > len(text):
        return True
    tokens = [token for token in re.findall(r"[^\s.,;:!?()\"“”„»«–—-]+", text) if sum(map(str.isalpha, token)) > 1]
    words = sum(bool(_LATIN_WORD.fullmatch(token) and _VOWEL.search(token)) for token in tokens)
    return 10 * words > 7 * len(tokens)


def _word(match: re.Match[str], boxes: _Boxes) -> _Word:
    """Return a word, a hyphen that the library marks at a line's end at its own."""
    first = boxes.at(match.start())
    # That hyphen has no box.
    letter = match.end() - (match[0][-1] in _LINE_END_HYPHENS) - 1
    last = boxes.at(letter) if letter > match.start() else first
    overlap = min(first[3], last[3]) - max(first[1], last[1])
    return _Word(
        text=match[0].translate(_LETTERS),
        box=(min(first[0], last[0]), min(first[1], last[1]), max(first[2], last[2]), max(first[3], last[3])),
        is_upright=overlap > 0.3 * min(first[3] - first[1], last[3] - last[1]) or overlap == 0,
    )


def _text(text_page: Any, raw: Any) -> str:
    """Return a page's letters, one for each that the library counts."""
    count = min(raw.FPDFText_CountChars(text_page), _MOST_CHARACTERS)
    if count <= 0:
        return ""
    buffer = (ctypes.c_ushort * (count + 1))()
    written = raw.FPDFText_GetText(text_page, 0, count, buffer) - 1
    text = bytes(buffer)[: 2 * max(written, 0)].decode("utf-16-le", "surrogatepass")
    if len(text) == count:
        return text
    # Some letters are of two units, or the library leaves some out: then each is asked for.
    codes = (raw.FPDFText_GetUnicode(text_page, i) for i in range(count))
    return "".join(chr(code) if code < sys.maxunicode else "\ufffd" for code in codes)


class _Boxes:
    """The boxes of a page's letters, turned as the page is."""

    def __init__(self, text_page: Any, page: Any, raw: Any) -> None:
        self._text_page, self._raw = text_page.raw, raw
        self._rectangle = raw.FS_RECTF()
        self._turn = page.get_rotation()
        self._page = page.get_bbox()

    def at(self, letter: int) -> _Box:
        """Return a letter's left, bottom, right and top."""
        box = self._rectangle
        self._raw.FPDFText_GetLooseCharBox(self._text_page, letter, ctypes.byref(box))
        left, right = sorted((box.left, box.right))
        bottom, top = sorted((box.bottom, box.top))
        return _turned_box((left, bottom, right, top), self._turn, self._page)


def _turned_box(box: _Box, turn: int, page: _Box) -> _Box:
    """Return a box as a page shows it that is turned by so many degrees; ``page`` is the page's own box."""
    left, bottom, right, top = box
    page_left, page_bottom, page_right, page_top = page
    match turn:
        case 90:
            return bottom - page_bottom, page_right - right, top - page_bottom, page_right - left
        case 180:
            return page_right - right, page_top - top, page_right - left, page_top - bottom
        case 270:
            return page_top - top, left - page_left, page_top - bottom, right - page_left
        case _:
            return left - page_left, bottom - page_bottom, right - page_left, top - page_bottom


def _runs(words: Sequence[_Word]) -> Iterator[Run]:
    """Yield words that follow each other on one line as one run; what is written upwards comes last, below the page."""
    held: list[_Word] = []
    box = (0.0, 0.0, 0.0, 0.0)
    for word in words:
        if not word.is_upright:
            continue
        if held and _is_beside(box, word.box):
            held.append(word)
            box = _around(box, word.box)
            continue
        if held:
            yield _run(held)
        held, box = [word], word.box
    if held:
        yield _run(held)
    if upwards := [word.text for word in words if not word.is_upright]:
        yield Run(text=" ".join(upwards), left=0.0, right=1.0, bottom=-1000.0, top=-990.0)


def _run(words: Sequence[_Word]) -> Run:
    """Return words as a run, as high as the usual of them."""
    boxes = sorted((word.box for word in words), key=lambda box: box[3] - box[1])
    usual = boxes[len(boxes) // 2]
    return Run(
        text=" ".join(word.text for word in words),
        left=min(box[0] for box in boxes),
        right=max(box[2] for box in boxes),
        bottom=usual[1],
        top=usual[3],
    )


def _is_beside(run: _Box, word: _Box) -> bool:
    """Say whether a word goes on with a run: it stands on the same line, and not far away."""
    height = min(run[3] - run[1], word[3] - word[1])
    overlap = min(run[3], word[3]) - max(run[1], word[1])
    gap = word[0] - run[2] if word[0] >= run[0] else run[0] - word[2]
    return overlap >= 0.5 * height and -0.5 * height < gap < _GAP * height


def _around(run: _Box, word: _Box) -> _Box:
    """Return the box around a run and a word; a superscript doesn't make its line higher."""
    higher = run if run[3] - run[1] >= word[3] - word[1] else word
    return min(run[0], word[0]), higher[1], max(run[2], word[2]), higher[3]

"""Plain text as saved from a newspaper's page: title, headings and paragraphs.

The form: first line the title; then perhaps a byline, a standfirst, a lone dash, a photo caption; then paragraphs, one
a line or hard-wrapped with blank lines between. A short line without a full stop between two paragraphs is a heading.
What is doubtful stays text: that loses nothing, while a paragraph taken for a heading would never be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.dates import parse_dated
from searchkit.ingest.formats.front_matter import FrontMatter, split_header
from searchkit.ingest.formats.sections import Block, atx_text, join
from searchkit.ingest.text_cleanup import Vocabulary, clean, glued, is_parted, is_unspaced, one_line

_RULE = re.compile(r"[\s\-–—‒―−_*=~•·]+")
_ATX = re.compile(r"(#{1,6})[ \t]+(.*)")
_BULLET = re.compile(r"(?:[-–—*•·▪‣◦+>|]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_STOP = re.compile(r"[.!…。！．؟۔।॥։።။︒｡]|\?|？")
_CLOSERS = "\"'”’»›)]}」』）】》〉*_ \u200f\u200e"
_OPENERS = "\"'“‘„«‹「『—–-…‚¿¡•"
_NOT_AT_END = (":", "：", ",", "，", "、", ";", "；", "-", "–", "—", "/", "&")
_CREDIT = re.compile(
    r"[(\[/|][^()\[\]]*\b(?:photos?|foto|image|AP|AFP|EPA|EFE|DPA|Reuters|Getty|Shutterstock|courtesy)\b[^()]*[)\]]?$"
    r"|^(?:photo|foto|image|picture|credit|caption|bild|imagen|фото)\b.{0,40}[:：]|©",
    re.IGNORECASE,
)
_BYLINE = re.compile(r"(?:By|BY|by|Von|Por|Par|Di|Door)\s+(?P<names>.{3,80})")
_NAME_JOINTS = re.compile(r"\s*(?:,|;|&|\band\b|\bund\b|\bet\b|\by\b|\be\b)\s*")
_PARTICLES = " al bin da de del della den der di dos du el ibn la le ten ter van von zu "

_LONGEST_TITLE = 300
_LONGEST_HEADING = 80
_MOST_WORDS = 12
_LONG_LINE = 50
"""Characters of a line that a program broke, mostly more."""
_LONGEST_UNSPACED_HEADING = 30
_SURELY_PARAGRAPH = 100
_SURELY_UNSPACED_PARAGRAPH = 50
"""Characters. Sub-headings of newspapers have 1 to 8 words; a paragraph has a full stop, or (in Thai, which has none,
or in a caption) is far longer than any heading."""

_BYLINE_WITHIN = 4
_BAR = re.compile(r"\s*[|•·]\s*|\s+[-–—]\s+")
_BESIDE = re.compile(rf"{_BAR.pattern}|,\s+(?=[^,]*,?\s*\d{{4}}\b)")
"""What stands between a byline and its date."""
_LONGEST_DATE = 60
_YEAR = re.compile(r"(?<!\d)(?:1[6-9]|20)\d\d(?!\d)|(?<!\d)(?:1[6-9]|20)\d{6}(?!\d)")
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)|(?<!\d)\d{8}(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paragraph:
    """A paragraph; whether a blank line, and whether a lone dash or another rule, stood before it; its ATX level."""

    text: str
    blank_before: bool = False
    rule_before: bool = False
    indented: bool = False
    level: int = 0


def parse_plain(text: str) -> ParsedArticle:
    """Return title, text, sections, and authors and date where a line near the top tells them.

    Lines of ``Title: …`` and ``Date: …`` before the text are its keys. The text is all else but the title and the
    rules, byline, date and caption included; hard-wrapped lines are joined.
    """
    front = _header(clean(text))
    paragraphs = _unwrap(list(_paragraphs(front.body)), Vocabulary(front.body))
    title, body = ("", paragraphs) if front.values else _split_title(paragraphs)
    marked = _mark_headings(body)
    blocks = [Block(text=each.text, level=each.level, gap="\n\n" if each.blank_before else "\n") for each in marked]
    joined, sections = join(blocks)
    told: dict[str, object] = {"title": title, "authors": _authors(body), "published": _published(body), **front.values}
    values = {"text": joined} | {key: value for key, value in told.items() if value or key == "title"}
    return ParsedArticle(values=values, sections=sections)


def _header(text: str) -> FrontMatter:
    """Return the lines of keys before a text, where a title is among them, or a date."""
    front = split_header(text)
    names = {name.lower() for name in front.values}
    return front if names & {"title", "headline"} and front.body.strip() else FrontMatter(body=text)


def _paragraphs(text: str) -> Iterator[_Paragraph]:
    """Yield each line that says something."""
    blank = rule = False
    for line in text.split("\n"):
        stripped = line.strip()
        if not stripped:
            blank = True
        elif _RULE.fullmatch(stripped):
            rule = True
        else:
            indented = len(line) - len(line.lstrip()) >= 2
            yield _Paragraph(text=stripped, blank_before=blank, rule_before=rule, indented=indented)
            blank = rule = False


def _unwrap(lines: Sequence[_Paragraph], vocabulary: Vocabulary) -> list[_Paragraph]:
    """Join the lines of hard-wrapped paragraphs; leave a text with a paragraph on each line as it is.

    Two lines that part a word belong together in any text.
    """
    if not lines:
        return []
    width = _wrap_width(lines)
    groups = [[lines[0]]]
    for above, line in pairwise(lines):
        parted = is_parted(above.text, line.text)
        if _may_continue(line) and (parted or (width is not None and _goes_on(above.text, line.text, width))):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [replace(group[0], text=glued((line.text for line in group), vocabulary)) for group in groups]


def _wrap_width(lines: Sequence[_Paragraph]) -> int | None:
    """Return the width that lines were wrapped at; None where they weren't.

    A line was broken by a program where the next one's first word had no place on it. Four breaks in five must be so.
    """
    breaks = [(above.text, line.text) for above, line in pairwise(lines) if _may_continue(line)]
    if len(breaks) < 3:
        return None
    widths = sorted(len(above) for above, _ in breaks)
    width = widths[len(widths) * 19 // 20]
    wrapped = sum(_had_no_place(above, line, width) for above, line in breaks)
    return width if 20 <= width <= 130 and 5 * wrapped >= 4 * len(breaks) else None


def _may_continue(line: _Paragraph) -> bool:
    return not (line.blank_before or line.rule_before or line.indented or _BULLET.match(line.text))


def _had_no_place(above: str, line: str, width: int) -> bool:
    word = 1 if is_unspaced(line[:2]) else 1 + len(line.split(maxsplit=1)[0])
    return len(above) + word > width


def _goes_on(above: str, line: str, width: int) -> bool:
    return _had_no_place(above, line, width) or (line[0].islower() and not _ends_sentence(above))


def _split_title(paragraphs: Sequence[_Paragraph]) -> tuple[str, Sequence[_Paragraph]]:
    """Take the first paragraph for the title, unless it is too long for one, or all there is and a sentence."""
    if not paragraphs:
        return "", paragraphs
    first = paragraphs[0].text
    if len(first) > _LONGEST_TITLE or (len(paragraphs) == 1 and _is_paragraph(first)):
        return "", paragraphs
    atx = _ATX.fullmatch(first)
    return one_line(atx[2] if atx else first), paragraphs[1:]


def _mark_headings(body: Sequence[_Paragraph]) -> list[_Paragraph]:
    marked: list[_Paragraph] = []
    begun = False
    has_blanks = any(each.blank_before for each in body[1:])
    for i, each in enumerate(body):
        level = 0
        if atx := _ATX.fullmatch(each.text):
            level = len(atx[1]) if atx_text(atx[2]) else 0
        elif begun and i + 1 < len(body) and _is_heading(each, body[i - 1], body[i + 1]):
            level = 0 if _is_within(each, body[i + 1], has_blanks) else 2
        # The first paragraph after a title that ends with a full stop begins the article: before it come byline,
        # dateline and caption, which look like headings.
        begun = begun or _is_paragraph(each.text)
        marked.append(replace(each, level=level, text=atx_text(atx[2]) if atx and level else each.text))
    return marked


def _is_heading(line: _Paragraph, above: _Paragraph, below: _Paragraph) -> bool:
    """Say whether a line between two others is a heading: by its looks, and because both are paragraphs."""
    if line.rule_before or not _looks_like_heading(line.text):
        return False
    if not (_is_paragraph(above.text) and _is_paragraph(below.text)) or _BULLET.match(below.text):
        return False
    if line.text[0] in _OPENERS and not (_is_long(above.text) and _is_long(below.text)):
        # In a dialogue somebody may say no more than that.
        return False
    return not above.text.endswith((":", "："))


def _is_within(line: _Paragraph, below: _Paragraph, has_blanks: bool) -> bool:
    """Say whether a line stands in mid-paragraph: the next goes on with it, or it is long where blank lines part."""
    if below.blank_before:
        return False
    return below.text[0].islower() or (has_blanks and not line.blank_before and len(line.text) >= _LONG_LINE)


def _looks_like_heading(text: str) -> bool:
    unspaced = is_unspaced(text)
    if len(text) > (_LONGEST_UNSPACED_HEADING if unspaced else _LONGEST_HEADING) or len(text.split()) > _MOST_WORDS:
        return False
    first = text.lstrip(_OPENERS)[:1]
    if not first or first.islower() or not any(character.isalpha() for character in text):
        return False
    if _BULLET.match(text) and not text[0].isdigit():
        return False
    if text.endswith(_NOT_AT_END) or _CREDIT.search(text) or _BYLINE.fullmatch(text):
        return False
    # A question may be a heading, but in quotation marks it is somebody's.
    asks = text.endswith(("?", "？", "؟", "\u037e")) and text[0] not in _OPENERS.replace("¿", "")
    return asks or not _ends_sentence(text)


def _is_paragraph(text: str) -> bool:
    return _ends_sentence(text) or _is_long(text)


def _is_long(text: str) -> bool:
    return len(text) > (_SURELY_UNSPACED_PARAGRAPH if is_unspaced(text) else _SURELY_PARAGRAPH)


def _ends_sentence(text: str) -> bool:
    """Say whether a text ends with a full stop of any script, closing marks aside; initials ("U.S.") count, too."""
    return bool(_STOP.match(text.rstrip(_CLOSERS)[-1:]))


def _authors(body: Sequence[_Paragraph]) -> list[str]:
    """Return the names in a byline near the top; a date may stand on its line."""
    for each in body[:_BYLINE_WITHIN]:
        match = _BYLINE.fullmatch(_BESIDE.split(each.text)[0].strip())
        names = _NAME_JOINTS.split(match["names"]) if match else []
        if names and all(_is_name(name) for name in names):
            return names
    return []


def _published(body: Sequence[_Paragraph]) -> str:
    """Return the date that a line near the top is, or that stands beside the byline; it has a year and a day."""
    for each in body[:_BYLINE_WITHIN]:
        beside = each.text.partition(", ")[2] if _BYLINE.match(each.text) else ""
        for part in (each.text, beside, *_BAR.split(each.text)):
            if len(part) <= _LONGEST_DATE and _YEAR.search(part) and _DAY.search(part) and parse_dated(part):
                return part
    return ""


def _is_name(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= 5 and all(word[0].isupper() or f" {word} " in _PARTICLES for word in words)

"""HTML in a field of a row: telling markup from text that merely holds its signs, and the text that it shows.

lxml isn't used: it takes 256 levels and 10 MB a text, and drops ``List<String>`` and ``<jane@example.org>``.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from searchkit.ingest.formats.sections import Block, join
from searchkit.ingest.text_cleanup import Vocabulary, join_parted_words, one_line, words
from searchkit.types import Section

_BLOCKS = words(
    "address article aside blockquote body center details dir div dl fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hgroup hr html legend main menu nav ol p pre sec section summary table tbody tfoot thead title "
    "ul"
)
_LINES = words("caption dd dt li option tr")
_CELLS = words("td th")
_UNSEEN = words("head iframe noscript object script select style svg template textarea")
_INLINE = words(
    "a abbr acronym audio b bdi bdo big br button canvas cite code col colgroup data del dfn em embed font i img input "
    "ins italic kbd label link map mark math meta picture q rp rt ruby s samp small source span strike strong sub sup "
    "time track tt u var video wbr"
)
_ELEMENTS = _BLOCKS | _LINES | _CELLS | _UNSEEN | _INLINE
_APART = words("a audio button img input label video")
"""Inline elements that stand beside each other without touching: menus are links in a row."""

_TAG = re.compile(
    r"<(?P<close>/?)(?:[a-z]{1,10}:)?(?P<name>[a-z][a-z0-9]{0,9}+)(?=[\s/>])(?P<attributes>"
    r"(?:[\s/]*+[^\s\"'<>/=&|,;()]++(?:\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|[^\s\"'<>]++))?+)*+)[\s/]*+>",
    re.IGNORECASE,
)
_DECLARATION = re.compile(r"<!doctype\b[^<>]{0,300}>|<\?xml\b[^<>]{0,300}>", re.IGNORECASE)
_CLOSED = {name: re.compile(rf"</{name}\s{{0,100}}>", re.IGNORECASE) for name in ("script", "style")}
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CODE = re.compile(r"```[^`]*+```|`[^`\n]*+`")
_HEAD = re.compile(r"<head\b[^<>]{0,300}>", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]{0,300}>([^<]{0,1000})</title\s{0,100}>", re.IGNORECASE)
_HEAD_WITHIN = 100_000
"""Characters in which a document's head begins, and then its title is."""
_EMPTY_LINES = re.compile(r"\n{3,}")

_ABOUT_HTML = re.compile(r"\bx?html5?\b", re.IGNORECASE)
_ABOUT_REFERENCES = re.compile(
    r"\b(?:entit(?:y|ies)|character references?|ampersands?|escap(?:e|ed|es|ing)|coded as|html)\b", re.IGNORECASE
)
_NAMED_BEFORE = re.compile(r"\b(?:tags?|markup)[\s:'\"“‘(]{1,3}$", re.IGNORECASE)
_NAMED_AFTER = re.compile(r"[\s'\"”’)]{1,3}(?:tags?|markup)\b", re.IGNORECASE)
_OPENERS = "\"'“‘(["
_CLOSERS = "\"'”’)].,;:?!"
_MOST_ESCAPES = 2
"""Times that a field without tags may have been escaped: once for the page, once more for the feed."""

_LOOKED_AT = 100_000
"""Tags from which it is told what a text is; a long one's beginning tells as much as all of it."""

_AROUND = 12
"""Characters beside a tag in which it may be called one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldText:
    """What a field shows; whether that was markup; and its sections where the markup has headings, else None."""

    text: str
    is_html: bool = False
    title: str = ""
    """That of a whole HTML document, which stands in its head."""
    sections: tuple[Section, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tag:
    """A tag and where it stands; a comment or declaration has no name."""

    start: int
    end: int
    name: str = ""
    closes: bool = False
    valued: bool = False


def field_text(value: str) -> FieldText:
    """Return the text of a field: what markup shows, and character references as their characters.

    What isn't markup stays as it is written. Markup that was escaped as a whole (``&lt;p&gt;``) is markup, too.
    """
    if "<" not in value and "&" not in value:
        return FieldText(text=value)
    if "<![CDATA[" in value:
        value = value.replace("<![CDATA[", "").replace("]]>", "")
    for _ in range(_MOST_ESCAPES):
        if is_html(value) or not has_references(value):
            break
        value = decoded(value)
    if not is_html(value):
        return FieldText(text=value)
    text, sections = join(_Reader(value).blocks())
    return FieldText(text=text, is_html=True, title=_title(value), sections=sections or None)


def fragment_blocks(source: str) -> list[Block]:
    """Return the paragraphs, headings, items and rows that a piece of HTML shows."""
    return list(_Reader(source).blocks())


def _title(value: str) -> str:
    """Return the title of a whole document; that of a drawing is none."""
    head = _HEAD.search(value, 0, _HEAD_WITHIN)
    if head is None:
        return ""
    title = _TITLE.search(value, head.end(), head.end() + _HEAD_WITHIN)
    return one_line(decoded(title[1])) if title and "</head" not in value[head.end() : title.start()].lower() else ""


def line_text(value: str) -> str:
    """Return the text of a title or a name: as ``field_text``, on one line."""
    return one_line(field_text(value).text)


def decoded(text: str) -> str:
    """Return a text with its character references as characters; ``?a=1&copy=2`` and ``AT&T`` hold none."""
    return _REFERENCE.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def has_references(text: str) -> bool:
    """Say whether a text was escaped, and doesn't merely speak of character references.

    Those spoken of stand alone: a letter without a word, anything in quotes. One in code counts as spoken of.
    """
    if "&" not in text or _REFERENCE.search(text) is None:
        return False
    about = _ABOUT_REFERENCES.search(text) is not None
    if "`" in text:
        text = _CODE.sub(lambda match: " " * len(match[0]), text)
    spoken = Counter(
        _is_reference_spoken_of(text, match, about=about)
        for match in _REFERENCE.finditer(text)
        if html.unescape(match[0]) != match[0]
    )
    return spoken[False] > 0 if not about else spoken[False] > spoken[True]


def _is_reference_spoken_of(text: str, match: re.Match[str], *, about: bool) -> bool:
    before, after = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
    alone = not before.strip() and not after.strip()
    if before and before in _OPENERS and after and after in _CLOSERS:
        return True
    return alone and (about or html.unescape(match[0]).isalpha())


def is_html(text: str) -> bool:
    """Say whether a text is HTML, and not one that holds ``a < b`` or speaks of ``the <div> tag``.

    HTML begins and ends with tags, or has pairs of them around its words. A tag that stands between blanks as words do,
    or is called one, is spoken of, and so is one in code between backticks.
    """
    if "<" not in text:
        return False
    if "`" in text:
        text = _CODE.sub(lambda match: " " * len(match[0]), text)
    tags = list(islice(_tags(text), _LOOKED_AT))
    if not tags:
        return False
    begins = not text[: tags[0].start].strip()
    pairs = _has_pairs(tags)
    if begins and _ends(text, tags) and (pairs or any(tag.valued for tag in tags)):
        return True
    if not begins and _ABOUT_HTML.search(text):
        return False
    spoken = Counter(_is_spoken_of(text, tag) for tag in tags)
    spoken[False] += sum(tag.name == "br" for tag in tags) > 1
    if spoken[True] >= spoken[False]:
        return False
    return pairs or any(_needs_no_end(text, tag) for tag in tags)


def _tags(text: str) -> Iterator[_Tag]:
    """Yield the tags of HTML's elements, and comments; of a script or style the pair, not what is in it.

    Each end is looked for once: where there is none behind one place there is none behind a later one.
    """
    at = 0
    missing: set[str] = set()
    while (start := text.find("<", at)) >= 0:
        at = start + 1
        if text.startswith("<!--", start):
            end = -1 if "" in missing else text.find("-->", start + 4)
            if end < 0:
                missing.add("")
            else:
                at = end + 3
                yield _Tag(start=start, end=at)
        elif text.startswith(("<!", "<?"), start):
            if declaration := _DECLARATION.match(text, start):
                at = declaration.end()
                yield _Tag(start=start, end=at)
        elif (match := _TAG.match(text, start)) and (name := match["name"].lower()) in _ELEMENTS:
            at = match.end()
            yield _Tag(start=start, end=at, name=name, closes=bool(match["close"]), valued="=" in match["attributes"])
            if name in _CLOSED and not match["close"] and name not in missing:
                if (close := _CLOSED[name].search(text, at)) is None:
                    missing.add(name)
                else:
                    at = close.start()


def _ends(text: str, tags: Sequence[_Tag]) -> bool:
    """Say whether a text ends with a tag."""
    return text.rstrip().endswith(">") if len(tags) == _LOOKED_AT else not text[tags[-1].end :].strip()


def _has_pairs(tags: Sequence[_Tag]) -> bool:
    opened: set[str] = set()
    for tag in tags:
        if tag.closes and tag.name in opened:
            return True
        if tag.name and not tag.closes:
            opened.add(tag.name)
    return False


def _needs_no_end(text: str, tag: _Tag) -> bool:
    """Say whether a tag without a partner is HTML: a break, a picture, the beginning of a paragraph or an item."""
    if tag.name in ("p", "li"):
        return text[tag.end : tag.end + 1] not in ("", " ", *_CLOSERS)
    return tag.name in ("br", "hr") or (tag.name == "img" and tag.valued)


def _is_spoken_of(text: str, tag: _Tag) -> bool | None:
    """Say whether a tag is spoken of, or at work; None where its place doesn't tell."""
    before, after = text[max(0, tag.start - _AROUND) : tag.start], text[tag.end : tag.end + _AROUND]
    if _NAMED_BEFORE.search(before) or _NAMED_AFTER.match(after):
        return True
    left, right = before[-1:], after[:1]
    if left == "\n" or right == "\n":
        return None
    if (left.isspace() or left in _OPENERS) and (right.isspace() or right in _CLOSERS):  # "" is in both
        return None if tag.name == "br" else True
    return False


class _Reader:
    """Reads the blocks of text that a piece of HTML shows."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._vocabulary = Vocabulary(source)
        # Tags are read twice rather than kept: 64 MiB can hold 20 million.
        number = Counter((tag.name, tag.closes) for tag in _tags(source))
        # Blogs store paragraphs as lines, with tags for the rest.
        self._keeps_lines = not any(number[name, closes] for name in ("p", "br", "div") for closes in (False, True))
        self._closing = Counter({name: number[name, True] for name in _UNSEEN})
        self._pieces: list[str] = []
        self._cells: list[str] = []
        self._marker = ""
        self._gap = "\n\n"
        self._level = 0
        self._pre = 0
        self._code = 0

    def blocks(self) -> Iterator[Block]:
        """Yield paragraphs, headings, list items with a dash, rows of tables with bars between their cells."""
        at = 0
        unseen: Counter[str] = Counter()
        for tag in _tags(self._source):
            if not unseen:
                self._take(self._source[at : tag.start])
            at = tag.end
            if tag.name in _UNSEEN:
                self._hide(tag, unseen)
            elif not unseen:
                yield from self._handle(tag)
        if not unseen:
            self._take(self._source[at:])
        yield from self._flush()

    def _hide(self, tag: _Tag, unseen: Counter[str]) -> None:
        """Count what is open of the elements that show nothing; one that nothing closes hides nothing."""
        if tag.closes:
            self._closing[tag.name] -= 1
            if unseen[tag.name] <= 1:
                del unseen[tag.name]
            else:
                unseen[tag.name] -= 1
        elif self._closing[tag.name] > unseen[tag.name]:
            unseen[tag.name] += 1
        self._pieces.append(" ")

    def _take(self, source: str) -> None:
        if not source:
            return
        text = decoded(source)
        if not (self._pre or self._code) and has_references(text):
            text = decoded(text)
        if not self._pre:
            text = join_parted_words(text, self._vocabulary).replace("\u00ad", "")
            text = text if self._keeps_lines else text.replace("\n", " ").replace("\r", " ")
        self._pieces.append(text)

    def _handle(self, tag: _Tag) -> Iterator[Block]:
        name = tag.name
        if name in _BLOCKS or name in _LINES:
            yield from self._flush()
            self._gap = "\n\n" if name in _BLOCKS else self._gap
            self._open_or_close(tag)
        elif name in _CELLS and not tag.closes:
            self._cells.append(self._text())
            self._pieces = []
        elif name == "br":
            self._pieces.append("\n")
        elif name == "code":
            self._code = max(0, self._code + (-1 if tag.closes else 1))
        elif name in _APART and not tag.closes and self._pieces and self._source[tag.start - 1 : tag.start] == ">":
            self._pieces.append(" ")

    def _open_or_close(self, tag: _Tag) -> None:
        if tag.name == "pre":
            self._pre = max(0, self._pre + (-1 if tag.closes else 1))
        elif tag.name == "li":
            self._marker = "" if tag.closes else "- "
        elif tag.name[:1] == "h" and tag.name[1:].isdecimal():
            self._level = 0 if tag.closes else int(tag.name[1:])

    def _text(self) -> str:
        text = "".join(self._pieces)
        if self._pre:
            return text.strip("\n")
        lines = join_parted_words("\n".join(one_line(line) for line in text.split("\n")), self._vocabulary)
        return _EMPTY_LINES.sub("\n\n", lines).strip("\n")

    def _flush(self) -> Iterator[Block]:
        text = self._text()
        if self._cells:
            cells = [*self._cells, text]
            text = " | ".join(cell for cell in cells if cell)
        self._pieces, self._cells = [], []
        if text.strip():
            yield Block(text=self._marker + text, level=self._level, gap=self._gap)
            self._marker, self._gap = "", "\n"

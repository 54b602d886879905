"""Page lines: the text that a page shows, line by line, with what the names of its elements say of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from searchkit.ingest.text_cleanup import one_line, words

AUTHOR, STANDFIRST, ELSEWHERE, LINK, TITLE, PERSON, DATE, OUTSIDE = (1 << bit for bit in range(8))
"""What an element's name says of its text: who wrote, what stands first; not of this article; a link; the headline;
a link to an author's page; when it appeared; in an element that holds no article: ``aside``, ``nav``, ``footer``."""

_UNSHOWN = words("head script style template svg select textarea iframe object noscript button")
_BLOCKS = words(
    "address article aside blockquote body br center dd details div dl dt figcaption figure footer form h1 h2 h3 h4 h5 "
    "h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul"
)
_WHOLE = words("html body main article")
"""Elements whose names tell of the page as a whole: ``has-sidebar``, ``author-jane``."""
_OUTSIDE_TAGS = words("aside nav footer figure figcaption form")

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_AUTHOR_NAME = re.compile(
    r" (?:by ?lines?|authors?|autor(?:e|es|en|in|a)?|auteurs?|writers?|contributors?|creators?|author ?names?|reporter|"
    r"journalists?|verfasser|redakteur|signature|firma|forfatter|skribent) "
)
_NO_AUTHOR = re.compile(
    r" (?:bio|biography|about|description|avatar|image|img|photo|picture|social|follow|role|job|position|title|twitter|"
    r"share|email|related|more|articles|posts|info ?box|comments?|date|time|caption|credit) "
)
_STANDFIRST_NAME = re.compile(
    r" (?:stand ?first|deck|dek|leads?|lede|sub ?title|sub ?headline|sub ?heading|subhead|summary|summaries|excerpt|"
    r"intro|introduction|abstract|synopsis|chapo|chapeau|vorspann|ingress|entradilla|bajada|subtitulo|sottotitolo|"
    r"sommario|occhiello|manchet|underrubrik|anleser|teaser ?text|opening|description|leadtext|lead ?text|"
    r"zajawka|perex) "
)
_DATE_NAME = re.compile(
    r" (?:date|dates|datum|fecha|data|tarih|dato|date ?time|date ?line|time ?stamp|posted|posted on|published|"
    r"publish date|pub ?date|publication date|entry date|release date|erscheinungsdatum) "
)
_ELSEWHERE_NAME = re.compile(
    r" (?:related|recommend\w*|teasers?|cards?|comments?|side ?bar|news ?letters?|promo\w*|popular|trending|carousel|"
    r"slider|bread ?crumbs?|nav\w*|menu|shar(?:e|ing)|social|captions?|credits?|footer|most read|read more|more|latest|"
    r"recirc\w*|paywall|subscri\w+|cookies?|consent|modal|popup|overlay|ads?|advert\w*|hidden) "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """A line that a page shows: its text, and the parts of it with their marks."""

    text: str
    all_of_it: int
    """The marks that every part has."""
    parts: tuple[tuple[str, int, int], ...]
    """Each with its marks and the number of the link that it is in, 0 for none."""

    def marked(self, mark: int) -> str:
        """Return the text of the parts with a mark; two links stand apart by a semicolon."""
        texts: list[str] = []
        before = 0
        for text, marks, link in self.parts:
            if marks & mark and text.strip():
                texts.append("; " if link != before and link and before else " ")
                texts.append(text)
                before = link
        return one_line("".join(texts)).replace(" ;", ";") if texts else ""


def page_lines(tree: Any) -> list[PageLine]:
    """Return the lines that a page shows, in their order. A line ends where a block begins or ends, and at a break."""
    lines: list[PageLine] = []
    parts: list[tuple[str, int, int]] = []
    links = 0
    waiting: list[tuple[Any, int, int, bool]] = [(tree, 0, 0, False)]
    while waiting:
        element, marks, link, is_left = waiting.pop()
        tag = element.tag
        if parts and tag in _BLOCKS:
            lines += _line(parts)
            parts = []
        if is_left or not isinstance(tag, str) or tag in _UNSHOWN:
            if element.tail:
                parts.append((element.tail, marks, link))
            continue
        inner = marks | _marks(element, tag)
        waiting.append((element, marks, link, True))
        if tag == "a":
            link = links = links + 1
        waiting.extend([(child, inner, link, False) for child in reversed(element)])
        if element.text:
            parts.append((element.text, inner, link))
    return [*lines, *_line(parts)]


def _line(parts: list[tuple[str, int, int]]) -> list[PageLine]:
    """Return the line that parts make; none where all are blank."""
    text = one_line("".join([part for part, _, _ in parts]))
    if not text:
        return []
    every = -1
    for part, marks, _ in parts:
        if not part.isspace():
            every &= marks
    return [PageLine(text=text, all_of_it=every, parts=tuple(parts))]


def _marks(element: Any, tag: str) -> int:
    marks = _TAG_MARKS.get(tag, 0)
    items = element.items()
    if not items or tag in _WHOLE:
        return marks
    attributes = dict(items)
    names = f"{attributes.get('class', '')} {attributes.get('id', '')} {attributes.get('data-testid', '')}"
    if "itemprop" in attributes or "rel" in attributes:
        names = f"{names} {attributes.get('itemprop', '')} {attributes.get('rel', '')}"
    if len(names) > 2:
        marks |= name_marks(names[:_LONGEST_NAMES])
    if tag == "a" and _PERSON_PAGE.search(attributes.get("href", "")[:_LONGEST_NAMES]):
        marks |= PERSON
    return marks


_LONGEST_NAMES = 300
_PERSON_PAGE = re.compile(
    r"/(?:authors?|autor(?:e|es|en|in|i)?|auteurs?|staff|writers?|contributors?|journalist\w*|"
    r"correspondents?|reporters?|columnists?|firmas?|yazar\w*)/[^/?#]",
    re.IGNORECASE,
)
_TAG_MARKS = {**dict.fromkeys(_OUTSIDE_TAGS, OUTSIDE | ELSEWHERE), "a": LINK, "h1": TITLE}


@lru_cache(maxsize=8192)
def name_marks(names: str) -> int:
    """Return what the names of an element, its classes and the like, say of its text."""
    spaced = f" {' '.join(_WORD.findall(names)).lower()} "
    marks = 0
    if _AUTHOR_NAME.search(spaced) and not _NO_AUTHOR.search(spaced):
        marks |= AUTHOR
    if _STANDFIRST_NAME.search(spaced):
        marks |= STANDFIRST
    if _DATE_NAME.search(spaced):
        marks |= DATE
    if _ELSEWHERE_NAME.search(spaced):
        marks |= ELSEWHERE
    return marks

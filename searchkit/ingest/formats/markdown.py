"""Markdown: the text that a reader would see, its sections, and what the front matter tells."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from searchkit.ingest.article_builder import ParsedArticle, means, plain_text
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.front_matter import FrontMatter, lead, split_keys
from searchkit.ingest.formats.markdown_dialects import plain_markdown, without_jsx
from searchkit.ingest.formats.sections import Block, join, split_title
from searchkit.ingest.text_cleanup import Vocabulary, clean, glued, one_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


_DEEPEST = 100
"""Levels of quotation and lists within each other; the parser drops what lies deeper."""
_MARKUP = re.compile(r"<!--|<(?:script|style)\b|</?[A-Za-z]", re.IGNORECASE)
_ENDS = {
    "<!--": re.compile("-->"),
    "<s": re.compile(r"</(?:script|style)\s{0,100}>", re.IGNORECASE),
    "<": re.compile(">"),
}
"""What a comment, a script or style, and a tag begin with, and end with."""

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def parse_markdown(text: str) -> ParsedArticle:
    """Return title, text and sections, and the keys of the front matter, in any of its forms.

    The title is the front matter's, else the first heading of the first level, which then isn't part of the text.
    Emphasis, links and tags leave their words behind, code its lines, images their description. Where there is no text
    the front matter's summary stands for it.

    Raises ``SourceError`` where the front matter's title is no text, ``NotText`` where there is front matter alone.
    """
    front = split_keys(clean(text))
    return _parse(front, plain_markdown(front.body, front.values))


def parse_mdx(text: str) -> ParsedArticle:
    """Return what ``parse_markdown`` does, of Markdown with components. Raises as it does."""
    front = split_keys(clean(text))
    return _parse(front, plain_markdown(without_jsx(front.body), front.values))


def _parse(front: FrontMatter, body: str) -> ParsedArticle:
    blocks = list(_blocks(_parser().parse(body), Vocabulary(body)))
    if not any(block.text.strip() for block in blocks):
        blocks = [Block(text=body.strip() or lead(front.values))]
        if front.values and not blocks[0].text:
            raise NotText("has no text (front matter alone)")
    declared = one_line(plain_text(means(front.values, "title"), "title", " "))
    title, blocks = split_title(blocks, declared)
    joined, sections = join(blocks)
    # The body is the text, whatever the front matter calls so.
    values: dict[str, object] = {"text": joined}
    values |= {f"front {key}" if key == "text" else key: value for key, value in front.values.items()}
    if not declared:
        values["title"] = title
    return ParsedArticle(values=values, sections=sections, notes=front.notes)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable(["table", "strikethrough"])


def _blocks(tokens: Sequence[Token], vocabulary: Vocabulary) -> Iterator[Block]:
    """Yield the paragraphs and headings of a parsed text, list items with their marks, a table's rows as lines."""
    markers: list[str | int] = []
    marker = ""
    level = 0
    cells: list[str] = []
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
            case "heading_close":
                level = 0
            case "bullet_list_open" | "ordered_list_open":
                markers.append(_first_marker(token))
            case "bullet_list_close" | "ordered_list_close":
                markers.pop()
            case "list_item_open":
                marker = _next_marker(markers)
            case "th_open" | "td_open":
                cells.append("")
            case "tr_close":
                yield Block(text=" | ".join(cells), gap="\n")
                cells = []
            case "inline" if cells:
                cells[-1] = one_line(_inline(token.children or (), vocabulary))
            case "inline" | "fence" | "code_block" | "html_block":
                yield Block(text=marker + _block_text(token, vocabulary), level=level, gap="\n" if marker else "\n\n")
                marker = ""


def _block_text(token: Token, vocabulary: Vocabulary) -> str:
    match token.type:
        case "inline":
            return _inline(token.children or (), vocabulary)
        case "html_block":
            return _without_tags(token.content)
        case _:
            return token.content.strip("\n")


def _first_marker(token: Token) -> str | int:
    """Return the mark of a list's first item: a dash or a number."""
    start = token.attrGet("start")
    return "-" if token.type == "bullet_list_open" else 1 if start is None else int(start)


def _next_marker(markers: list[str | int]) -> str:
    """Return the mark of a list's next item, indented by the depth of the list."""
    indent = "  " * (len(markers) - 1)
    last = markers[-1]
    if isinstance(last, int):
        markers[-1] = last + 1
        return f"{indent}{last}. "
    return f"{indent}{last} "


def _inline(tokens: Sequence[Token], vocabulary: Vocabulary) -> str:
    """Return the text of a paragraph; a line break in the source is none in the text."""
    lines: list[list[str]] = [[]]
    for token in tokens:
        if token.type == "softbreak":
            lines.append([])
        else:
            lines[-1].append(_inline_text(token, vocabulary))
    return glued(("".join(line).strip(" ") for line in lines), vocabulary).strip()


def _inline_text(token: Token, vocabulary: Vocabulary) -> str:
    match token.type:
        case "hardbreak":
            return "\n"
        case "image":
            return _inline(token.children or (), vocabulary)
        case "html_inline":
            return "\n" if _BREAK.fullmatch(token.content) else ""
        case _:
            return token.content


def _without_tags(source: str) -> str:
    text = html.unescape(" ".join(_outside_markup(_BREAK.sub("\n", source))))
    return clean("\n".join(line for raw in text.split("\n") if (line := " ".join(raw.split()))))


def _outside_markup(source: str) -> Iterator[str]:
    """Yield what stands between the tags, comments and scripts of a block of HTML; what nothing closes stays text.

    Each end is looked for once: where there is none behind one place there is none behind a later one.
    """
    at = start = 0
    missing: set[str] = set()
    while (begun := _MARKUP.search(source, at)) is not None:
        at = begun.end()
        for kind in _kinds(begun[0].lower()):
            if kind in missing:
                continue
            if (end := _ENDS[kind].search(source, at)) is None:
                missing.add(kind)
                continue
            yield source[start : begun.start()]
            at = start = end.end()
            break
    yield source[start:]


def _kinds(begin: str) -> tuple[str, ...]:
    """Return what markup with this beginning may be, the likeliest first: a script that isn't closed is a tag still."""
    if begin == "<!--":
        return ("<!--",)
    return ("<s", "<") if begin in {"<script", "<style"} else ("<",)

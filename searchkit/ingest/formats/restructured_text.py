"""reStructuredText: titles by their underlines, fields, directives; the marks gone, the text kept.

A reader of our own: docutils renders a whole document, and stops at directives that Sphinx, Pelican and Nikola add.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.formats.front_matter import FrontMatter, split_front_matter
from searchkit.ingest.formats.light_markup import ITEM, assembled, dedented, indent_of, item_mark, paragraph
from searchkit.ingest.formats.sections import Block
from searchkit.ingest.text_cleanup import Vocabulary, clean, one_line, words

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*")
_FIELD = re.compile(r":(?P<key>[^:\n`]{1,60}):(?:[ \t]+(?P<value>.*)|[ \t]*)")
_NIKOLA = re.compile(r"\.\. (?P<key>[a-z_]{2,30}):(?:[ \t]+(?P<value>.*))?")
_DIRECTIVE = re.compile(r"\.\. (?:\|(?P<name>[^|\n]+)\| )?(?P<kind>[\w:+.-]+?)::(?:[ \t]+(?P<argument>.*))?$")
_NOTE = re.compile(r"\.\. \[[^\]]{1,80}\][ \t]+(?P<text>.*)")
_EXPLICIT = re.compile(r"(?:\.\.(?:[ \t]|$)|__[ \t])")
_GRID_RULE = re.compile(r"\+(?:[-=]+\+)+[ \t]*")
_SIMPLE_RULE = re.compile(r"=+(?:[ \t]+=+)+[ \t]*")
_OPTION = re.compile(r":[\w-]{1,40}:(?:[ \t]|$)")

_CODE = words("code code-block sourcecode highlight parsed-literal prompt literal math productionlist graphviz")
_DROPPED = words(
    "toctree contents include literalinclude raw meta index role default-role currentmodule module highlight "
    "sectnum section-numbering header footer class date unicode target-notes tags media youtube vimeo gist automodule "
    "autoclass autofunction bibliography todolist slides listing doc"
)
_PICTURES = words("image figure thumbnail")
_ARGUMENT_SHOWN = words("admonition topic sidebar rubric table centered versionadded versionchanged deprecated title")

_LITERAL = re.compile(r"``(?P<code>[^`\n]+)``")
_ROLE = re.compile(
    r"(?::[\w:+.-]{1,60}:)?`(?P<text>[^`<\n][^`<]{0,500}?)?[ \n]?(?:<(?P<target>[^`<>]{0,1000})>)?`_{0,2}"
)
_REFERENCE = re.compile(r"(?<![\w`])(?P<word>[A-Za-z0-9][\w.+-]{0,60}?)__?(?![\w`])")
_FOOTNOTE = re.compile(r"[ ]?\[(?:\d{1,4}|#[\w-]*|\*)\]_")
_STRONG = re.compile(r"(?<![\w*])(\*\*|\*)(?=\S)([^*\n]{1,500}?)(?<=\S)\1(?![\w*])")
_SUBSTITUTION = re.compile(r"\|(?P<name>[^|\s][^|\n]{0,80}?)\|_{0,2}")
_ESCAPE = re.compile(r"\\([^\w\s])|\\[ ]")
_DEEPEST = 20


@dataclass(slots=True, kw_only=True)
class _Document:
    """What is known of a document beyond the place that is read."""

    vocabulary: Vocabulary
    styles: list[str] = field(default_factory=list)
    substitutions: dict[str, str] = field(default_factory=dict)


def parse_restructured_text(text: str) -> ParsedArticle:
    """Return title, text and sections, and the fields at the top (docinfo, Pelican's, Nikola's).

    Raises ``NotText`` where there are fields alone.
    """
    front = split_front_matter(clean(text))
    lines = [line.rstrip() for line in front.body.split("\n")]
    document = _Document(vocabulary=Vocabulary(front.body))
    document.substitutions = _substitutions(lines)
    lines, fields = _without_nikola(lines)
    values = {**front.values, **fields}
    blocks = list(_blocks(lines, document, 0, values))
    title, blocks = _document_title(blocks)
    return assembled(FrontMatter(body="", values=values, notes=front.notes), title, blocks)


def _document_title(blocks: Sequence[Block]) -> tuple[str, list[Block]]:
    """Take the first block for the title where it is a heading and no other has its level; raise the rest then."""
    if not blocks or not blocks[0].level or any(block.level == blocks[0].level for block in blocks[1:]):
        return "", list(blocks)
    return one_line(blocks[0].text), list(blocks[1:])


def _substitutions(lines: Sequence[str]) -> dict[str, str]:
    matches = (_DIRECTIVE.match(line) for line in lines if line.startswith(".. |"))
    return {match["name"]: match["argument"] or "" for match in matches if match and match["kind"] == "replace"}


def _without_nikola(lines: list[str]) -> tuple[list[str], dict[str, object]]:
    """Take the fields that Nikola keeps in comments at the top."""
    fields: dict[str, object] = {}
    start = next((i for i, line in enumerate(lines) if line), 0)
    head = list(takewhile(bool, lines[start:]))
    matches = [_NIKOLA.fullmatch(line) for line in head]
    if not head or not all(matches):
        return lines, fields
    fields = {match["key"]: match["value"] for match in matches if match and match["value"]}
    return lines[start + len(head) :], fields


def _blocks(lines: Sequence[str], document: _Document, depth: int, fields: dict[str, object] | None) -> Iterator[Block]:
    """Yield the blocks of lines of one indent. ``fields`` takes the field list at the top, where there may be one."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line:
            at += 1
        elif title := _title_at(lines, at, document, depth):
            block, at = title
            yield block
        elif _ADORNMENT.fullmatch(line) and len(line) >= 4 and not _SIMPLE_RULE.fullmatch(line):
            at += 1  # a transition
        elif _EXPLICIT.match(line):
            end = _end_of_indented(lines, at + 1)
            yield from _explicit(lines[at:end], document, depth)
            at = end
        elif fields is not None and (match := _FIELD.fullmatch(line)):
            end = _end_of_indented(lines, at + 1, blank_ends=True)
            value = paragraph([match["value"] or "", *lines[at + 1 : end]], document.vocabulary).strip()
            fields |= {match["key"]: _shown(value, document)} if value else {}
            at = end
        else:
            end = next((i for i in range(at, len(lines)) if not lines[i]), len(lines))
            block_end = max(end, _end_of_indented(lines, end)) if _opens_indented(lines[at:end]) else end
            yield from _body(lines[at:block_end], end - at, document, depth)
            at, fields = block_end, None


def _title_at(lines: Sequence[str], at: int, document: _Document, depth: int) -> tuple[Block, int] | None:
    """Return the title that begins at a line, and the line behind it."""
    if depth:
        return None
    line, rest = lines[at], lines[at + 1 : at + 3]
    over = bool(_ADORNMENT.fullmatch(line))
    if over and len(rest) == 2 and rest[0].strip() and _ADORNMENT.fullmatch(rest[1]) and rest[1][0] == line[0]:
        style, text, end = line[0] * 2, rest[0].strip(), at + 3
    elif not over and rest and _ADORNMENT.fullmatch(rest[0]) and line[0] != " " and _is_long_enough(rest[0], line):
        style, text, end = rest[0][0], line, at + 2
    else:
        return None
    if style not in document.styles:
        document.styles.append(style)
    return Block(text=_shown(text, document), level=document.styles.index(style) + 1), end


def _is_long_enough(adornment: str, title: str) -> bool:
    return len(adornment) >= len(title) or len(adornment) >= 4


def _end_of_indented(lines: Sequence[str], at: int, *, blank_ends: bool = False) -> int:
    """Return where the indented lines from a place on end, blank ones among them."""
    end = at
    while at < len(lines) and (not lines[at] or indent_of(lines[at]) > 0):
        if not lines[at] and blank_ends:
            break
        at += 1
        if lines[at - 1]:
            end = at
    return end


def _opens_indented(lines: Sequence[str]) -> bool:
    """Say whether what follows a block and is indented belongs to it: an item's, or literal text."""
    return lines[-1].endswith("::") or bool(ITEM.fullmatch(lines[0])) or lines[0].startswith(" ")


def _explicit(lines: Sequence[str], document: _Document, depth: int) -> Iterator[Block]:
    """Yield what a directive or a footnote shows; a comment and a target show nothing."""
    if note := _NOTE.fullmatch(lines[0]):
        yield Block(text=_shown(paragraph([note["text"], *lines[1:]], document.vocabulary), document))
        return
    directive = _DIRECTIVE.match(lines[0])
    if directive is None or directive["name"]:
        return
    kind, argument = directive["kind"].lower(), directive["argument"] or ""
    content = dedented(lines[1:])
    options = list(takewhile(_OPTION.match, content))
    content = dedented(content[len(options) :])
    alt = next((line.partition(": ")[2] for line in options if line.startswith(":alt:")), "")
    if kind in _CODE and kind not in {"highlight"}:
        yield Block(text="\n".join(content or ([argument] if kind == "math" else [])))
    elif kind in _PICTURES:
        yield Block(text=_shown(alt, document))
        yield from _nested(content, document, depth)
    elif kind not in _DROPPED:
        shown = argument if kind in _ARGUMENT_SHOWN or (not content and kind in _ADMONITIONS) else ""
        joined = [argument, *content] if argument and not shown and kind in _ADMONITIONS else content
        yield Block(text=_shown(shown, document))
        yield from _nested(joined, document, depth)


_ADMONITIONS = words(
    "note warning tip important caution danger hint attention error seealso todo epigraph pull-quote highlights "
    "compound"
)


def _nested(lines: Sequence[str], document: _Document, depth: int) -> Iterator[Block]:
    if depth < _DEEPEST:
        yield from _blocks(lines, document, depth + 1, None)
    else:
        yield Block(text="\n".join(lines))


def _body(lines: Sequence[str], first: int, document: _Document, depth: int) -> Iterator[Block]:
    """Yield what a block holds, of which ``first`` lines stand before a blank one: paragraph, list, table, literal."""
    head = lines[:first]
    if _GRID_RULE.fullmatch(head[0]):
        yield from _rows([line.strip("|") for line in head if not _GRID_RULE.fullmatch(line)], r"\|", document)
    elif _SIMPLE_RULE.fullmatch(head[0]):
        yield from _rows([line for line in head if not _SIMPLE_RULE.fullmatch(line)], r" {2,}", document)
    elif head[0].startswith(" "):
        yield from _nested(dedented(lines), document, depth)
    elif head[0].startswith(">>> "):
        yield Block(text="\n".join(head))
    elif all(line.startswith("|") for line in head):
        yield Block(text=_shown("\n".join(line[1:].strip() for line in head), document))
    elif ITEM.fullmatch(head[0]):
        yield from _items(lines, document, depth)
    else:
        yield from _paragraph(lines, first, document, depth)


def _paragraph(lines: Sequence[str], first: int, document: _Document, depth: int) -> Iterator[Block]:
    head, rest = lines[:first], lines[first:]
    indented = next((i for i, line in enumerate(head) if line.startswith(" ")), len(head))
    text = paragraph(head[:indented], document.vocabulary)
    if indented == 1 and indented < len(head) and not text.endswith("::"):  # a term and its definition
        yield Block(text=_shown(text, document))
        yield from _nested(dedented([*head[1:], *rest]), document, depth)
        return
    text = paragraph(head, document.vocabulary)
    if text.endswith("::"):
        text = "" if text == "::" else text.removesuffix("::").rstrip() + ":"
        yield Block(text=_shown(text, document))
        yield Block(text="\n".join(dedented(rest)))
        return
    yield Block(text=_shown(text, document))
    yield from _nested(dedented(rest), document, depth)


def _items(lines: Sequence[str], document: _Document, depth: int) -> Iterator[Block]:
    """Yield the items of a list: each goes on in the lines that are indented under it."""
    at = 0
    gap = "\n\n"
    while at < len(lines):
        match = ITEM.fullmatch(lines[at])
        end = _end_of_indented(lines, at + 1)
        end = max(end, at + 1)
        inner = [match["text"] if match else lines[at], *_continued(lines[at + 1 : end])]
        for i, block in enumerate(_nested(inner, document, depth)):
            mark = f"{item_mark(match['mark'])} " if match and not i else "  " if match else ""
            yield replace(block, text=f"{mark}{block.text}", gap="\n" if i else gap)
        gap, at = "\n", end
        while at < len(lines) and not lines[at]:
            at += 1


def _continued(lines: Sequence[str]) -> list[str]:
    """Return the lines that go on with an item; a blank one before them parts them from its first."""
    return ["", *dedented(lines)] if lines and not lines[0] else dedented(lines)


def _rows(lines: Sequence[str], between: str, document: _Document) -> Iterator[Block]:
    for i, line in enumerate(lines):
        cells = [_shown(cell.strip(), document) for cell in re.split(between, line.strip())]
        yield Block(text=" | ".join(filter(None, cells)), gap="\n" if i else "\n\n")


def _shown(text: str, document: _Document) -> str:
    """Return a text without inline marks; code keeps what it holds."""
    parts: list[str] = []
    at = 0
    for literal in _LITERAL.finditer(text):
        parts += (_without_marks(text[at : literal.start()], document), literal["code"])
        at = literal.end()
    return "".join(parts) + _without_marks(text[at:], document)


def _without_marks(text: str, document: _Document) -> str:
    if "|" in text and document.substitutions:
        text = _SUBSTITUTION.sub(lambda match: document.substitutions.get(match["name"], match[0]), text)
    if "`" in text:
        text = _ROLE.sub(lambda match: (match["text"] or match["target"] or "").strip().removeprefix("~"), text)
    if "_" in text:
        text = _REFERENCE.sub(r"\g<word>", _FOOTNOTE.sub("", text))
    if "*" in text:
        text = _STRONG.sub(r"\2", text)
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text

"""Markdown: the text that a reader would see, its sections, and what the front matter tells."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from searchkit.ingest.article_builder import ParsedArticle, means, plain_text
from searchkit.ingest.formats.sections import Block, join
from searchkit.ingest.text_cleanup import Vocabulary, clean, glued, one_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from yaml import SafeLoader


_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_LONGEST_FRONT_MATTER = 2**20
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
    """Return title, text and sections, and the keys of the front matter (YAML between lines of ``---``).

    The title is the front matter's, else the first heading of the first level, which then isn't part of the text.
    Emphasis, links and tags leave their words behind, code its lines, images their description.

    Raises ``SourceError`` where the front matter's title is no text.
    """
    front, body, notes = _split_front_matter(clean(text))
    blocks = list(_blocks(_parser().parse(body), Vocabulary(body)))
    if not any(block.text.strip() for block in blocks):
        blocks = [Block(text=body.strip())]
    declared = one_line(plain_text(means(front, "title"), "title", " "))
    title = declared
    for i, block in enumerate(blocks):
        if block.level == 1:
            if not title or one_line(block.text).casefold() == title.casefold():
                title = title or one_line(block.text)
                del blocks[i]
            break
    joined, sections = join(blocks)
    # The body is the text, whatever the front matter calls so.
    values = {"text": joined} | {f"front {key}" if key == "text" else key: value for key, value in front.items()}
    if not declared:
        values["title"] = title
    return ParsedArticle(values=values, sections=sections, notes=notes)


def _split_front_matter(text: str) -> tuple[Mapping[str, object], str, tuple[str, ...]]:
    """Return the front matter, the body, and what is wrong with the front matter."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text, ()
    body = text[match.end() :]
    if len(match["yaml"]) > _LONGEST_FRONT_MATTER:
        return {}, body, ("the front matter is longer than 1 MiB and was left out",)
    try:
        front = _load_yaml(match["yaml"])
    except (ValueError, RecursionError) as error:
        return {}, body, (f"the front matter isn't valid YAML and was left out: {one_line(str(error))}",)
    if front is None:
        return {}, body, ()
    if not isinstance(front, Mapping):
        # A text between two thematic breaks, which happens to be YAML, as nearly every line of prose is.
        return {}, text, ()
    return {str(key): value for key, value in front.items()}, body, ()


def _load_yaml(text: str) -> object:
    """Read YAML without running anything, and without aliases, with which a few lines can stand for gigabytes.

    Raises ``ValueError`` for what is no such YAML, ``RecursionError`` for what is nested too deeply.
    """
    import yaml

    try:
        loader = _yaml_loader()
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=loader)):
            raise ValueError("it uses aliases (*name)")
        return yaml.load(text, Loader=loader)
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        raise ValueError(f"{getattr(error, 'problem', None) or error}{where}") from error


@cache
def _yaml_loader() -> type[SafeLoader]:
    """Return a loader to which ``no`` is a language and not ``false``, as since YAML 1.2 it is, and a date a text.

    A date is read where all dates are: one that can't be must not cost the rest of the front matter.
    """
    from yaml import SafeLoader

    class Loader(SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))]
        for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|false)$", re.IGNORECASE), list("tTfF"))
    return Loader


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
            return token.content.rstrip("\n")


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

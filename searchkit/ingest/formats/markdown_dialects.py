"""Dialects of Markdown: what site generators and note programs add to it is taken out, and its text kept.

Hugo's shortcodes, Liquid's tags (Jekyll, Eleventy), kramdown's attributes, links and callouts of Obsidian, footnotes,
definition lists, and the JSX of MDX. Code stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_CODE = re.compile(
    r"^ {0,3}(`{3,}+|~{3,}+)[^\n]*+\n(?:.*?\n)?? {0,3}\1[`~]*[ \t]*$|`[^`\n]++`", re.DOTALL | re.MULTILINE
)

_HIGHLIGHT = re.compile(
    r"\{%-?\s*(?P<liquid>end)?highlight\b(?P<a>[^%\n]{0,200})%\}|\{\{[<%]\s*(?P<hugo>/\s*)?highlight\b(?P<b>[^>%\n]{0,200})[>%]\}\}"
)
_LIQUID_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.{0,5000}?\{%-?\s*endcomment\s*-?%\}", re.DOTALL)
_OBSIDIAN_COMMENT = re.compile(r"[ \t]?%%[^%]*+%%")
_TAG = re.compile(
    r"\{\{[<%](?P<shortcode>(?:[^<>%}]|[<>%](?!\}\})){0,1000}+)[>%]\}\}"
    r"|\{%(?:[^%]|%(?!\})){0,1000}+%\}"
    r"|\{\{(?P<value>[^{}]{0,1000}+)\}\}"
    r"|\{#[^\s{}]{0,1000}+\s(?:[^#]|#(?!\})){0,1000}+#\}"
)
"""None is longer than that: where thousands are open, each would be looked for to the end of the text."""
_ATTRIBUTE = re.compile(r"\b(caption|title|alt|summary|text)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_PAGE_KEY = re.compile(r"\s*(?:page|post|site\.page)?\.?([\w-]+)\s*(?:\|.*)?", re.DOTALL)

_BLOCK_ATTRIBUTES = re.compile(r"^[ \t]*(?:[*\-+][ \t]+TOC[ \t]*\n[ \t]*)?\{:[^{}\n]*\}[ \t]*$", re.MULTILINE)
_ATTRIBUTES = re.compile(r"[ \t]*\{(?::[^{}\n]*|[#.][\w.# =\"'-]*)\}")
_EMBED = re.compile(r"[ \t]?!\[\[(?P<target>[^\[\]|\n]{1,500})(?:\|(?P<text>[^\[\]\n]{0,500}))?\]\]")
_WIKI_LINK = re.compile(r"\[\[(?P<target>[^\[\]|\n]{1,500})(?:\|(?P<text>[^\[\]\n]{0,500}))?\]\]")
_CALLOUT = re.compile(
    r"^(?P<quote>(?:[ \t]*>)+)[ \t]*\[!\w[\w-]*(?:\|[^\]\n]*)?\][+-]?[ \t]*(?P<title>.*)$", re.MULTILINE
)
_ADMONITION = re.compile(r"^(?:!!!|\?\?\?\+?)[ \t]+\w+[ \t]*(?:\"(?P<text>[^\"\n]*)\")?[ \t]*$", re.MULTILINE)
_CONTAINER = re.compile(r"^:{3,}[ \t]*(?:\{?\.?[\w-]+\}?)?[ \t]*(?P<text>[^\n{}]*)$", re.MULTILINE)
_BLOCK_ID = re.compile(r"[ \t]+\^[\w-]+[ \t]*$", re.MULTILINE)
_HIGHLIGHTED = re.compile(r"==(?=\S)([^=\n]{1,500})(?<=\S)==")
_FOOTNOTE = re.compile(r"^\[\^[^\]\n]{1,100}\]:[ \t]*", re.MULTILINE)
_FOOTNOTE_MARK = re.compile(r"[ \t]?\[\^[^\]\s]{1,100}\](?!:)")
_DEFINITION = re.compile(r"(?<=\S)\n{1,2}[ ]{0,3}:[ \t]+(?=\S)")

_JSX_TAG = re.compile(
    r"</?>|</?(?P<name>[A-Za-z][\w.:-]{0,80})(?P<attributes>(?:\s++(?:\{\s*\.\.\.[^{}]*+\}|[\w:@-]++(?:\s*+=\s*+"
    r"(?:\"[^\"]*+\"|'[^']*+'|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\}))?+))*+)\s*+/?>"
)
_JSX_EXPRESSION = re.compile(r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\}")
_JSX_STATEMENT = re.compile(
    r"^(?:import\s+(?:[\w*{}\s,$]{1,500}?\s+from\s+)?[\"'][^\"'\n]*[\"'];?[ \t]*$"
    r"|export\s+(?:default|const|let|var|function|async|class|\{|\*)[^\n]*(?:\n(?![ \t]*\n)[^\n]*)*)",
    re.MULTILINE,
)
_TEMPLATE = re.compile(r"\{`([^`{}]*+)`\}")
_HTML = frozenset({"pre", "code", "table", "thead", "tbody", "tr", "td", "th", "br", "script", "style"})
"""Elements that MDX shares with HTML, and that the parser of Markdown has to see."""


def plain_markdown(text: str, values: Mapping[str, object]) -> str:
    """Return a text in CommonMark. ``values`` is its front matter, which Liquid's ``{{ page.title }}`` stands for."""
    if "highlight" in text or "endcomment" in text:
        text = _outside_code(text, lambda part: _HIGHLIGHT.sub(_fence, _LIQUID_COMMENT.sub("", part)))
    # What no line of the text holds needn't be looked for in each of its parts.
    changes = [(sign, pattern, instead) for sign, pattern, instead in _CHANGES if sign in text]
    if "{{" in text or "{%" in text or "{#" in text:
        changes.insert(0, ("{", _TAG, lambda match: _shown(match, values)))
    return _outside_code(text, lambda part: _without_marks(part, changes)) if changes else text


def without_jsx(text: str) -> str:
    """Return the text of an MDX file without imports and exports, tags of components and expressions."""
    text = _TEMPLATE.sub(r"\1", text)
    return _outside_code(
        text, lambda part: _JSX_EXPRESSION.sub(_literal, _JSX_TAG.sub(_jsx, _JSX_STATEMENT.sub("", part)))
    )


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    parts: list[str] = []
    at = 0
    for code in _CODE.finditer(text):
        parts += (change(text[at : code.start()]), code[0])
        at = code.end()
    return "".join(parts) + change(text[at:])


_Change = str | Callable[[re.Match[str]], str]


def _without_marks(text: str, changes: Sequence[tuple[str, re.Pattern[str], _Change]]) -> str:
    for sign, pattern, instead in changes:
        if sign in text:
            text = pattern.sub(instead, text)
    return text


def _fence(tag: re.Match[str]) -> str:
    return "\n```\n" if tag["liquid"] or tag["hugo"] else "\n```text\n"


def _shown(tag: re.Match[str], values: Mapping[str, object]) -> str:
    """Return what a tag shows: a shortcode its captions, a value of the page that value."""
    if tag["shortcode"] is not None:
        return _captions(tag["shortcode"])
    if tag["value"] is not None and (key := _PAGE_KEY.fullmatch(tag["value"])):
        value = next((value for name, value in values.items() if name.lower() == key[1].lower()), None)
        return value if isinstance(value, str) else ""
    return ""


def _captions(attributes: str) -> str:
    captions = {name: (double or single).strip() for name, double, single in _ATTRIBUTE.findall(attributes)}
    if captions.get("caption") or captions.get("title"):
        captions.pop("alt", None)
    return ". ".join(dict.fromkeys(filter(None, captions.values())))


def _embedded(link: re.Match[str]) -> str:
    """Return the caption of an embedded file; the number that may stand there is its width."""
    text = (link["text"] or "").strip()
    return "" if re.fullmatch(r"[\dx]*", text) else f" {text}"


def _link(link: re.Match[str]) -> str:
    return (link["text"] or link["target"].lstrip("#^").replace("#", " › ")).strip()


def _jsx(tag: re.Match[str]) -> str:
    return tag[0] if (tag["name"] or "") in _HTML else _captions(tag["attributes"] or "")


def _literal(expression: re.Match[str]) -> str:
    """Return the text that an expression is; anything else is code."""
    text = expression[0][1:-1].strip()
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'`"
    return text[1:-1] if quoted else ""


_CHANGES: tuple[tuple[str, re.Pattern[str], _Change], ...] = (
    ("{:", _BLOCK_ATTRIBUTES, ""),
    ("{:", _ATTRIBUTES, ""),
    ("{#", _ATTRIBUTES, ""),
    ("{.", _ATTRIBUTES, ""),
    ("![[", _EMBED, _embedded),
    ("[[", _WIKI_LINK, _link),
    # A blank line keeps a note apart from the next, and from the text above it.
    ("[^", _FOOTNOTE, "\n"),
    ("[^", _FOOTNOTE_MARK, ""),
    # A callout's title is a paragraph of its own.
    ("[!", _CALLOUT, r"\g<quote> \g<title>\n\g<quote>"),
    ("%%", _OBSIDIAN_COMMENT, ""),
    ("!!!", _ADMONITION, r"\g<text>"),
    ("???", _ADMONITION, r"\g<text>"),
    (":::", _CONTAINER, r"\g<text>"),
    (" ^", _BLOCK_ID, ""),
    ("==", _HIGHLIGHTED, r"\1"),
    ("\n:", _DEFINITION, "\n\n"),
    ("\n  :", _DEFINITION, "\n\n"),
)
"""What is taken out: a sign without which there is none of it, and what stands in its place."""

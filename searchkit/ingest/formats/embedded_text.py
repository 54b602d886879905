"""Embedded text: an article that a page's scripts carry as data, where the page shows nothing or only its beginning.

Frameworks keep a page's data beside it: Next.js in ``__NEXT_DATA__`` or, piece by piece, in ``self.__next_f.push``,
others in ``window.__STATE__ = …``. In it an article is one long string of HTML or a list of blocks with a text each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from searchkit.ingest.formats.html_fragment import field_text
from searchkit.ingest.text_cleanup import one_line

LONGEST_SCRIPT = 4 * 2**20
"""Characters. Longer ones are an application's own data."""

_MOST_VALUES = 200_000
_DEEPEST = 60
_SHORTEST_BODY = 400
_SHORTEST_SENTENCE = 40

_ASSIGNED = re.compile(
    r"(?:window|self|globalThis)(?:\.|\[[\"'])__?\w{2,60}(?:[\"']\])?\s*=\s*(?=[\[{\"]|JSON\.parse\()"
)
_PUSHED = re.compile(r"self\.__next_f\.push\(\s*(?=\[)")
_PARSED = re.compile(r"JSON\.parse\(\s*(?=\")")
_FLIGHT_ROW = re.compile(rb"[0-9a-f]{1,6}:(?:T(?P<size>[0-9a-f]{1,8}),|[A-Z]{0,2}(?=[\[{\"]))")
_BODY_KEY = re.compile(
    r"^(?:article_?(?:body|text|content)|body(?:_?(?:html|text|content|copy|raw))?|content(?:_?(?:html|text|body|elements|raw))?|"
    r"(?:full|main|story|post|rich|body)_?(?:text|html|content)|text|html|story|blocks|elements|paragraphs|components)$",
    re.IGNORECASE,
)
_TEXT_KEYS = ("text", "content", "html", "value", "body", "data", "paragraph", "copy", "markup")
_KIND_KEYS = ("type", "_type", "__typename", "kind", "blockType", "component", "name")
_TOLD = {
    "headline": ("headline", "title"),
    "datePublished": ("datePublished", "publishedAt", "published_at", "publishDate", "firstPublished"),
    "author": ("author", "authors", "byline"),
}
"""Names of JSON-LD, and those of the same in a page's data."""

_HEADING_KIND = re.compile(r"head(?:er|ing|line)|subtitle|crosshead|^h[2-6]$", re.IGNORECASE)
_OTHER_KIND = re.compile(
    r"image|photo|picture|video|audio|embed|ad\b|advert|related|promo|newsletter|link_?list|gallery|caption|byline|author|"
    r"teaser|recirc|share|oembed|raw_html|interstitial|divider|tag",
    re.IGNORECASE,
)


def is_data(script: str) -> bool:
    """Say whether a script may carry an article."""
    if "__next_f" in script[:200]:
        return True
    return _SHORTEST_BODY < len(script) <= LONGEST_SCRIPT and (
        script.lstrip()[:1] in "{[" or "window" in script or "__" in script[:200]
    )


def embedded_text(scripts: Iterable[str]) -> str:
    """Return the longest article that scripts carry, paragraphs apart; "" where they carry none."""
    best = ""
    for value in _values([script for script in scripts if is_data(script)]):
        for text in _bodies(value):
            if len(text) > len(best):
                best = text
    return best


def embedded_item(script: str) -> dict[str, Any]:
    """Return the headline, date and authors beside the longest body in a page's data, by the names of JSON-LD."""
    best: dict[str, Any] = {}
    longest = _SHORTEST_BODY - 1
    level = list(_decoded(json.JSONDecoder(strict=False), script, len(script) - len(script.lstrip())))
    for _ in range(_DEEPEST):
        for each in level:
            bodies = each.items() if isinstance(each, dict) else ()
            length = max(
                (len(text) for key, text in bodies if isinstance(text, str) and _BODY_KEY.match(key)), default=0
            )
            if length > longest:
                best, longest = each, length
        level = [inner for each in level for inner in _inner(each) if isinstance(inner, dict | list)]
        if len(level) > _MOST_VALUES:
            break
    return {name: best[key] for name, keys in _TOLD.items() for key in reversed(keys) if best.get(key)}


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _values(scripts: list[str]) -> Iterator[Any]:
    decoder = json.JSONDecoder(strict=False)
    pieces: list[str] = []
    for script in scripts:
        if script.lstrip()[:1] in "{[":
            yield from _decoded(decoder, script, len(script) - len(script.lstrip()))
        for match in _PUSHED.finditer(script):
            for value in _decoded(decoder, script, match.end()):
                pieces += [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
        for match in _ASSIGNED.finditer(script):
            parsed = _PARSED.match(script, match.end())
            for value in _decoded(decoder, script, parsed.end() if parsed else match.end()):
                yield from _decoded(decoder, value, 0) if isinstance(value, str) else (value,)
    yield from _flight("".join(pieces), decoder)


def _flight(text: str, decoder: json.JSONDecoder) -> Iterator[Any]:
    """Yield the rows of React's flight format: a number, a colon, then a line of JSON, or ``T``, bytes and raw text."""
    data = text.encode("utf-8", "replace")
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        row = _FLIGHT_ROW.match(data, start)
        if row is None:
            start = end + 1
        elif row["size"]:
            start = row.end() + int(row["size"], 16)
            yield {"text": data[row.end() : start].decode("utf-8", "replace")}
        else:
            yield from _decoded(decoder, data[row.end() : end].decode("utf-8", "replace"), 0)
            start = end + 1


def _decoded(decoder: json.JSONDecoder, text: str, start: int) -> Iterator[Any]:
    try:
        yield decoder.raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return


def _bodies(value: Any) -> Iterator[str]:
    """Yield the texts in a value that may be an article's body."""
    level = [("", value)]
    seen = 0
    for _ in range(_DEEPEST):
        below: list[tuple[str, Any]] = []
        for key, each in level:
            seen += 1
            if isinstance(each, str):
                if len(each) >= _SHORTEST_BODY and _BODY_KEY.match(key) and (text := _prose(each)):
                    yield text
            elif isinstance(each, dict):
                below += each.items()
            elif isinstance(each, list):
                if len(each) > 1 and len(text := "\n\n".join(_paragraphs(each))) >= _SHORTEST_BODY:
                    yield text
                below += [(key, inner) for inner in each]
        if not below or seen > _MOST_VALUES:
            return
        level = below


def _prose(text: str) -> str:
    """Return a string's text where it is sentences; "" where it is code or data."""
    shown = field_text(text).text
    sentences = [
        line
        for line in shown.split("\n")
        if not line.isascii() or (len(line) >= _SHORTEST_SENTENCE and " " in line[:60])
    ]
    if sum(map(len, sentences)) < 0.6 * len(shown) or sum(shown.count(mark) for mark in "{};=") > len(shown) / 50:
        return ""
    return shown if len(shown) >= _SHORTEST_BODY else ""


def _paragraphs(blocks: list[Any]) -> Iterator[str]:
    """Yield the text of each block in a list of them, but for pictures, promotions and the like."""
    for block in blocks:
        if not isinstance(block, dict):
            continue
        kind = next((block[key] for key in _KIND_KEYS if isinstance(block.get(key), str)), "")
        if kind and _OTHER_KIND.search(kind):
            continue
        text = _block_text(block)
        if text and (len(text) >= _SHORTEST_SENTENCE or (kind and _HEADING_KIND.search(kind)) or text.endswith(".")):
            yield text


def _block_text(block: dict[str, Any]) -> str:
    for key in _TEXT_KEYS:
        inner = block.get(key)
        if isinstance(inner, str) and inner.strip():
            return one_line(field_text(inner).text)
        if isinstance(inner, dict) and (text := _block_text(inner)):
            return text
    spans = block.get("children") or block.get("content") or block.get("model")
    if isinstance(spans, list):
        texts = [each.get("text") or each.get("value") or "" for each in spans if isinstance(each, dict)]
        return one_line("".join(each for each in texts if isinstance(each, str)))
    return _block_text(spans) if isinstance(spans, dict) else ""

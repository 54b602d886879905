"""JSON-LD: the linked data in a page's scripts, as publishers write it, and the item that is the page's article.

Terms are those of https://schema.org/Article.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from searchkit.ingest.formats.html_fragment import decoded
from searchkit.ingest.text_cleanup import one_line

Item = Mapping[str, Any]

_LONGEST_SCRIPT = 4 * 2**20
"""Characters. Longer ones are a site's state, not a page's description."""

_DEEPEST = 24
"""Levels in which an article is looked for."""

_OPENING = re.compile(r"\s*+(?:<!--\s*+)?(?:(?://|/\*)?\s*+<!\[CDATA\[\s*+(?:\*/)?)?")
_CLOSINGS = ("-->", "//]]>", "/*]]>*/", "//]]", "]]>")
_BETWEEN = re.compile(r"[\s;,]*+")
# Every part ends at the latest where the text does, so that nothing is read twice.
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*+(?:"|\\?\Z))|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)|,(?=\s*+[}\]])', re.DOTALL
)
_LOOSE_STRING = re.compile(r'"((?:[^"\\]|\\.|"(?!\s*+[,:}\]]))*+)(?:"|\\?\Z)', re.DOTALL)
_LONE_QUOTE = re.compile(r'(\\.)|"', re.DOTALL)
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|(.))', re.DOTALL)
_NO_LETTER = re.compile(r"[\W_]+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>")

_WITHIN = ("@graph", "mainEntity", "mainEntityOfPage", "subjectOf", "about", "article", "hasPart", "@list", "@set")
"""Properties in which the article of a page may be nested. Lists of other articles have others."""

_ARTICLE = re.compile(r"(?:Article|BlogPosting|SocialMediaPosting|DiscussionForumPosting)$|^(?:Report|Blog ?Post)$")
_WORK = re.compile(
    r"^(?:Review|CriticReview|ClaimReview|Recipe|HowTo|VideoObject|AudioObject|PodcastEpisode|Episode|RadioEpisode|TVEpisode"
    r"|MediaObject|ImageGallery|MediaGallery|Photograph|CreativeWork|Interview|Book|Statement|SpecialAnnouncement|Quiz)$"
)
_PAGE = re.compile(r"Page$")

_NAMES = ("name", "@value", "headline", "text", "alternateName")


def items_in(scripts: Iterable[str]) -> list[Item]:
    """Return the items that the texts of a page's scripts hold, in their order; nothing of what can't be read."""
    items: list[Item] = []
    for script in scripts:
        for value in values_in(script):
            items += _items(value)
    return items


def values_in(script: str) -> list[Any]:
    """Return the JSON values in a script, repaired where need be.

    Repaired are comments, commas before a bracket, raw line breaks, CDATA, character references of HTML, and quotes
    within strings.
    """
    if len(script) > _LONGEST_SCRIPT or "{" not in script:
        return []
    text = script[_OPENING.match(script).end() :]  # type: ignore[union-attr]  # it matches nothing, too
    for closing in _CLOSINGS:
        text = text.rstrip(" \t\r\n;").removesuffix(closing)
    for repair in (_as_it_is, _unescaped, _repaired, _requoted):
        values = _documents(repair(text))
        if values:
            return values
    return []


def _as_it_is(text: str) -> str:
    return text


def _unescaped(text: str) -> str:
    return decoded(text) if "&quot;" in text or "&#34;" in text else text


def _repaired(text: str) -> str:
    return _TOKEN.sub(lambda match: _BAD_ESCAPE.sub(_escape, match["string"]) if match["string"] else "", text)


def _escape(match: re.Match[str]) -> str:
    return match[0] if match[1] else match[2]


def _requoted(text: str) -> str:
    """Return the text with the quotes escaped that close no string: none follows what follows a string."""

    def requote(match: re.Match[str]) -> str:
        inner = _LONE_QUOTE.sub(lambda quote: quote[1] or '\\"', match[1])
        return f'"{inner}"'

    return _repaired(_LOOSE_STRING.sub(requote, text))


def _documents(text: str) -> list[Any]:
    """Return the values that stand one behind the other in a text; none where something else stands there."""
    decoder = json.JSONDecoder(strict=False)
    values = []
    end = _past(text, 0)
    try:
        while end < len(text):
            value, end = decoder.raw_decode(text, end)
            values.append(value)
            end = _past(text, end)
    except (ValueError, RecursionError):
        return []
    return values


def _past(text: str, start: int) -> int:
    match = _BETWEEN.match(text, start)
    return match.end() if match else start


def _items(value: Any) -> Iterator[Item]:
    """Yield the items in a value and those nested in them, from the outside in."""
    level = [value]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for each in level:
            if isinstance(each, list):
                below += each
            elif isinstance(each, dict):
                yield each
                below += [each[key] for key in _WITHIN if isinstance(each.get(key), dict | list)]
        level = below


def types_of(item: Item) -> list[str]:
    """Return the names of an item's types, without the address of the vocabulary."""
    named = item.get("@type")
    names = named if isinstance(named, list) else [named]
    return [re.split("[/#:]", name)[-1] for name in names if isinstance(name, str)]


def article_item(items: Iterable[Item], *, url: str, titles: frozenset[str]) -> Item:
    """Return what items say of the page's article: the one that is it, with what others say of the same; empty if none.

    An article comes before other works and these before pages; among equals the one with the page's address, then the
    one with a title that the page shows, then the first. ``titles`` are as ``title_key`` makes them.
    """
    ranked = [(rank, item) for item in items if (rank := _rank(item))]
    if not ranked:
        return {}
    best = max(ranked, key=lambda each: (each[0] == 3, _is_at(each[1], url), _is_titled(each[1], titles), each[0]))[1]
    same = [item for _, item in ranked if item is not best and (_is_at(item, url) or _is_titled(item, titles))]
    merged: dict[str, Any] = dict(best)
    for item in same:
        for key, value in item.items():
            if not merged.get(key):
                merged[key] = value
    return merged


def _rank(item: Item) -> int:
    ranks = [
        3 if _ARTICLE.search(each) else 2 if _WORK.search(each) else 1 if _PAGE.search(each) else 0
        for each in types_of(item)
    ]
    return max(ranks, default=0)


def _is_at(item: Item, url: str) -> bool:
    if not url:
        return False
    path = _path(url)
    main = item.get("mainEntityOfPage")
    addresses = [
        item.get("url"),
        item.get("@id"),
        main,
        *(main.get(key) for key in ("@id", "url") if isinstance(main, dict)),
    ]
    return any(isinstance(each, str) and _path(each) == path for each in addresses)


def _path(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url
    return f"{parts.path.rstrip('/')}?{parts.query}"


def _is_titled(item: Item, titles: frozenset[str]) -> bool:
    return any(title_key(text_of(item.get(key))) in titles for key in ("headline", "name"))


def title_key(title: str) -> str:
    """Return the letters and digits of a title, by which two are compared."""
    return _NO_LETTER.sub("", title.casefold())


def text_of(value: Any) -> str:
    """Return the text of a value on one line: the first of a list, an object's name; without tags and references."""
    if isinstance(value, list):
        return next((text for each in value if (text := text_of(each))), "")
    if isinstance(value, dict):
        return next((text for key in _NAMES if (text := text_of(value.get(key)))), "")
    if not isinstance(value, str):
        return ""
    return plain(value)


def texts_of(value: Any) -> list[str]:
    """Return the texts of a list or of one value."""
    values = value if isinstance(value, list) else [value]
    return [text for each in values if (text := text_of(each))]


def plain(text: str) -> str:
    """Return a text of a page's metadata on one line, its tags and character references gone."""
    for _ in range(3):  # escaped for the page, and again by whatever wrote the field or the script
        if "&" not in text:
            break
        text = decoded(text)
    return one_line(_TAG.sub("", text) if "<" in text else text)


def resolved(value: Any, named: Mapping[str, Item]) -> Any:
    """Return a value, or the object of ``by_id`` that it refers to where it says no more than an id."""
    if isinstance(value, list):
        return [resolved(each, named) for each in value]
    if isinstance(value, dict) and not text_of(value):
        return named.get(str(value.get("@id")), value)
    return value


def by_id(items: Iterable[Any]) -> dict[str, Item]:
    """Return the objects that have an id and say more than that, wherever they are nested."""
    named: dict[str, Item] = {}
    level = list(items)
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for each in level:
            if isinstance(each, list):
                below += each
            elif isinstance(each, dict):
                identifier = each.get("@id")
                if isinstance(identifier, str) and text_of(each):
                    named.setdefault(identifier, each)
                below += [value for value in each.values() if isinstance(value, dict | list)]
        level = below
    return named

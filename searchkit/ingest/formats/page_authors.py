"""Page authors: who wrote a page's article, by JSON-LD, by the page's head, by the byline that it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from searchkit.ingest.formats.bylines import is_whole, looks_like_person, names_in, without_outlets
from searchkit.ingest.formats.json_ld import Item, resolved, text_of, title_key, types_of
from searchkit.ingest.formats.page_head import PageHead
from searchkit.ingest.formats.page_lines import AUTHOR, ELSEWHERE, PERSON, PageLine
from searchkit.ingest.text_cleanup import one_line

_AUTHORS = (
    *("citation_author", "parsely-author", "sailthru.author", "cxenseparse:author", "author", "article:author"),
    *("article:author_name", "og:article:author", "dc.creator", "dcterms.creator", "byl", "dcsext.author"),
    *("shareaholic:article_author_name", "twitter:misc:written by"),
)
_LAST_NAME_FIRST = re.compile(r"([^\s,]+), ([^,]+)")
_WRITTEN_BY = re.compile(
    r"(?:written|posted|published) by|author|verfasst von|geschrieben von|écrit par|rédigé par|escrito por|scritto da|"
    r"geschreven door|skrevet av|skrevet af|skriven av|napisane przez|autor|автор|yazan|作者|執筆者|글쓴이",
    re.IGNORECASE,
)
_BYLINE_LINES = 8
"""Lines below the first name in which there may be more names."""
_LONGEST_BYLINE = 200


def authors_of(
    article: Item, head: PageHead, lines: Sequence[PageLine], named: Mapping[str, Item], sites: Sequence[str]
) -> tuple[str, ...]:
    """Return the authors by the first source that names a person; where none does, the first that is named.

    An outlet or an agency is no author beside persons. ``named`` are the objects of JSON-LD by their ids, ``sites`` the
    names of the page's site.
    """
    linked, organisations = _linked(article, named)
    outlets = [*sites, *organisations]
    sources = [linked, _in_head(head), _shown(lines, elsewhere=False)]
    for names in sources:
        if persons := without_outlets(names, outlets):
            return _distinct(persons)
    sources.append(_shown(lines, elsewhere=True))
    return _distinct(organisations or next((names for names in sources if names), []))


def _linked(article: Item, named: Mapping[str, Item]) -> tuple[list[str], list[str]]:
    """Return the authors that JSON-LD names: all, and those of them that are organisations."""
    names: list[str] = []
    organisations: list[str] = []
    for key in ("author", "creator", "contributor"):
        value = resolved(article.get(key), named)
        for author in value if isinstance(value, list) else [value]:
            inner = names_in(_name_of(author))
            names += inner
            if isinstance(author, dict) and any("Organization" in kind for kind in types_of(author)):
                organisations += inner
        if names:
            break
    return names, organisations


def _name_of(author: Any) -> str:
    if isinstance(author, dict) and not text_of(author):
        return one_line(f"{text_of(author.get('givenName'))} {text_of(author.get('familyName'))}")
    return text_of(author)


def _in_head(head: PageHead) -> list[str]:
    """Return the authors by the first element of the head that names any."""
    for key in _AUTHORS:
        values = list(head.all((key,)))
        if key == "citation_author" or key.startswith("dc"):
            values = [_LAST_NAME_FIRST.sub(r"\2 \1", value) for value in values]
        if names := [name for value in dict.fromkeys(values) for name in names_in(value)]:
            return names
    labels = zip(
        head.all(("twitter:label1", "twitter:label2")), head.all(("twitter:data1", "twitter:data2")), strict=False
    )
    return [name for label, text in labels if _WRITTEN_BY.fullmatch(label) for name in names_in(text)]


def _shown(lines: Sequence[PageLine], *, elsewhere: bool) -> list[str]:
    """Return the names in the first byline that the page shows, and in those right below it."""
    names: list[str] = []
    first = 0
    for i, line in enumerate(lines):
        if names and i > first + _BYLINE_LINES:
            break
        if bool(line.all_of_it & ELSEWHERE) != elsewhere:
            continue
        byline = line.marked(AUTHOR) or line.marked(PERSON)
        if byline and len(byline) <= _LONGEST_BYLINE:
            first = first if names else i
            names += [name for name in names_in(byline) if looks_like_person(name)]
    # Single words in a row are a list of topics.
    whole = [name for name in names if is_whole(name)]
    return names if len(names) - len(whole) < 2 else whole


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names without those that are spelled alike but for case and signs."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(title_key(name), name)
    return tuple(first.values())

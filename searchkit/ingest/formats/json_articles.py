"""JSON articles: where in a JSON value the articles stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from searchkit.ingest.article_builder import is_common, keys_that_mean
from searchkit.ingest.formats.export_rows import export_reader, rows_of_export

_LOOKED_AT = 20
"""Items of a list from which it is told what they are."""
_DEEPEST = 4
"""Objects in which a list of articles may stand: ``response.results``, ``hits.hits``."""

_CONTAINERS = frozenset(
    "articles items posts entries results docs documents news stories records rows data hits feed pages list".split()  # noqa: SIM905
)
"""Keys of lists that are what an object is about, though it has a title of its own."""


def articles_within(value: object, *, lists: bool = True) -> Sequence[object] | None:
    """Return the objects in a value that are articles; None where it is one itself, or holds none.

    That is a list, the lists of articles in an object, or the objects that it holds under their ids. Without ``lists``
    an object that seems to be an article isn't looked into, as in lines of JSON.
    """
    if isinstance(value, list):
        if not (lists or any(isinstance(item, Mapping) for item in value)):
            return None
        return [each for item in value for each in (item if isinstance(item, list) else (item,))]
    if not isinstance(value, Mapping) or _has(value, "text") or export_reader(value) is not None:
        return None
    titled = _has(value, "title")
    if titled and not lists:
        return None
    if (rows := rows_of_export(value)) is not None:
        return rows
    lists_of_articles = [(key, items) for key, items in _lists(value, 1) if _are_articles(items)]
    if titled:
        about = [(key, items) for key, items in lists_of_articles if key in _CONTAINERS or _have_text(items)]
        lists_of_articles = about
    with_text = [items for _, items in lists_of_articles if _have_text(items)]
    if lists_of_articles:
        return [item for items in with_text or [items for _, items in lists_of_articles] for item in items]
    return None if titled else _by_key(value)


def _has(value: Mapping[str, object], name: str) -> bool:
    """Say whether an object has an article's field under one of its names."""
    return any(
        value[key] not in (None, "", [], {}) and (is_common(key, name) or not isinstance(value[key], Mapping | list))
        for key in keys_that_mean(tuple(value), name)
    )


def _is_article(value: object) -> bool:
    return isinstance(value, Mapping) and (_has(value, "title") or _has_text(value))


def _has_text(value: object) -> bool:
    return isinstance(value, Mapping) and (_has(value, "text") or export_reader(value) is not None)


def _are_articles(items: Sequence[object]) -> bool:
    return any(_is_article(item) for item in items[:_LOOKED_AT])


def _have_text(items: Sequence[object]) -> bool:
    return any(_has_text(item) for item in items[:_LOOKED_AT])


def _lists(value: Mapping[str, object], depth: int) -> Iterator[tuple[str, list[object]]]:
    """Yield the lists of objects in an object, and in those that it holds."""
    for key, inner in value.items():
        if isinstance(inner, list) and any(isinstance(item, Mapping) for item in inner[:_LOOKED_AT]):
            yield str(key).casefold(), inner
        elif isinstance(inner, Mapping) and depth < _DEEPEST:
            yield from _lists(inner, depth + 1)


def _by_key(value: Mapping[str, object], depth: int = 1) -> Sequence[object] | None:
    """Return the articles that an object holds under their ids; of one alone its key is no id."""
    articles = [(key, inner) for key, inner in value.items() if isinstance(inner, Mapping) and _is_article(inner)]
    if len(articles) > 1 and len(articles) == len(value):
        return [inner if _has(inner, "id") else {**inner, "id": key} for key, inner in articles]
    if len(articles) == 1:
        return [articles[0][1]]
    inner_objects = [inner for inner in value.values() if isinstance(inner, Mapping)]
    if len(inner_objects) == 1 and depth < _DEEPEST:
        return _by_key(inner_objects[0], depth + 1)
    return None

"""Export fields: what exports of reading services call by their own names, under the names that searchkit has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import TypeGuard

from searchkit.ingest.article_builder import ParsedArticle, means, written_list
from searchkit.ingest.dates import parse_dated

Row = Mapping[str, object]
Beside = Callable[[str], bytes | None]
"""Returns the file of a name in the folder, or the archive, that a row's file lies in; None where there is none."""


class LeftOut(Exception):
    """Raised for a row that is no article, such as a draft; says what it is."""


def export_article(row: Row, used: Iterable[str], **fields: object) -> ParsedArticle:
    """Return an article of fields whose meaning is known, and of the row's other keys as they are.

    ``used`` are the keys that the fields were made of, or that mean something else than their names say.
    """
    used_keys = frozenset(used)
    known = {name: value for name, value in fields.items() if _is_something(value)}
    values = {**{key: value for key, value in row.items() if key not in used_keys and key not in known}, **known}
    if not (means(values, "title") or means(values, "text")):
        values["title"] = means(values, "url")  # a link that was kept without a name is found by its address
    return ParsedArticle(values=values)


def _is_something(value: object) -> bool:
    return value is not None and value not in ("", (), [])


def instant(value: object) -> str | None:
    """Return a moment in ISO's form; what can't be understood as it is written."""
    if value in (None, "", 0, "0"):
        return None
    moment = parse_dated(value)
    return str(value) if moment is None else moment.astimezone(UTC).isoformat()


def epoch_ms(value: object) -> str | None:
    """Return the moment that a number of milliseconds names."""
    return instant(value / 1000 if isinstance(value, int | float) and not isinstance(value, bool) else value)


def is_row(value: object) -> TypeGuard[Row]:
    """Say whether a value is an object with keys."""
    return isinstance(value, Mapping)


def inner(row: Row, key: str) -> Row:
    """Return the object under a key, an empty one where there is none."""
    value = row.get(key)
    return value if is_row(value) else {}


def rows_in(row: Row, key: str) -> list[Row]:
    """Return the objects of the list under a key."""
    value = row.get(key)
    return [each for each in value if is_row(each)] if isinstance(value, list | tuple) else []


def text_of(row: Row, *keys: str) -> str:
    """Return the first text under some keys."""
    return next((value for key in keys if isinstance(value := row.get(key), str) and value.strip()), "")


def labels(value: object, *names: str, separator: str = ",") -> list[str]:
    """Return tags: those of a list of texts or objects, or of a text that parts them or writes a list out."""
    if isinstance(value, str):
        listed = written_list(value)
        value = value.split(separator) if listed is None else listed
    if is_row(value):  # an object by names: {"bridges": {"name": "bridges"}}
        value = list(value.values()) or list(value)
    if not isinstance(value, list | tuple):
        return []
    keys = names or ("name", "label", "title", "term")
    texts = (text_of(each, *keys) if is_row(each) else str(each) for each in value if each is not None)
    return list(dict.fromkeys(text.strip() for text in texts if text.strip()))


def flag(value: object) -> bool | None:
    """Return a state, whatever it is written as; None where nothing is said."""
    if isinstance(value, str):
        return None if not value.strip() else value.strip().casefold() in {"true", "1", "yes", "archive", "archived"}
    return bool(value) if isinstance(value, bool | int) else None

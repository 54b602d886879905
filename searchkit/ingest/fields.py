"""What can stand in an article's other fields? Plain values under dotted names, whatever was put in."""

from __future__ import annotations

import json
import math
import numbers
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date

from searchkit.errors import SourceError
from searchkit.ingest.texts import clean, one_line
from searchkit.types import FieldValue

Path = tuple[str, ...]
"""The keys that lead to a value."""

_DEEPEST = 8
"""Levels of nesting that become dotted names; what lies deeper is kept as JSON."""

_INT64 = range(-(2**63), 2**63)
"""What a database column can hold. Larger numbers are kept as text."""

_QUOTED = r"""(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")"""
_QUOTED_LIST = re.compile(rf"[\[(]\s*+{_QUOTED}(?:\s*+,\s*+{_QUOTED}|\s++{_QUOTED})*+\s*+,?\s*+[\])]", re.DOTALL)
_QUOTED_TEXT = re.compile(_QUOTED, re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

_NAMING = ("name", "title", "label", "term", "value", "$oid", "$date")
"""Keys under which an object says its name: ``{"name": "Jane Doe"}``, ``{"$oid": "5f1c"}``."""


def natural(value: object) -> object:
    """Return numpy's numbers and arrays, and what is like them, as Python's own; anything else as it is."""
    if isinstance(value, str | int | float | Mapping | list | tuple) or value is None:
        return value
    listed = getattr(value, "tolist", None)
    return listed() if callable(listed) else value


def flatten(values: Mapping[str, object], used: Set[Path], unwrap: str) -> dict[str, FieldValue]:
    """Return all values but the used ones as fields.

    Nested keys are joined with dots, except that the key ``unwrap`` is left out. Empty values are dropped. Numbers,
    booleans and text stay, a list of such becomes a tuple of text, anything else a compact JSON string.
    """
    fields: dict[str, FieldValue] = {}
    for path, value in _leaves(values, (), used):
        name = ".".join(path[1:] if path[0] == unwrap and len(path) > 1 else path)
        kept = _field(value)
        if kept is not None and (name := one_line(name)):
            fields.setdefault(name, kept)
    return fields


def _leaves(values: Mapping[str, object], above: Path, used: Set[Path]) -> Iterator[tuple[Path, object]]:
    for key, raw in values.items():
        path, value = (*above, str(key)), natural(raw)
        if path in used:
            continue
        if isinstance(value, Mapping) and len(path) < _DEEPEST:
            yield from _leaves(value, path, used)
        else:
            yield path, value


def _field(value: object) -> FieldValue | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        listed = written_list(value)
        if listed is not None and all(_is_plain(each) for each in listed):
            return _several(listed)
        return clean(value).strip() or None
    if isinstance(value, numbers.Integral):
        return int(value) if int(value) in _INT64 else _plain(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _several(value)
    return clean(str(value)) or None


def _several(value: Mapping[str, object] | Sequence[object] | Set[object]) -> FieldValue | None:
    if not value:
        return None
    if isinstance(value, Mapping) or not all(_is_plain(each) for each in value):
        return _as_json(value)
    texts = (one_line(_plain(each)) for each in value if each is not None)
    # A set has no order of its own, and articles must not differ from run to run.
    ordered = sorted(texts) if isinstance(value, Set) else list(texts)
    return tuple(text for text in ordered if text) or None


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | bool | numbers.Real | date)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return value.isoformat() if isinstance(value, date) else str(value)
    except ValueError as error:  # Python writes no integer of more than 4,300 digits
        raise SourceError("has a number of more than 4,300 digits, which can't be written") from error


def _as_json(value: object) -> str:
    """Write what no other form fits. Raises ``ValueError`` and ``RecursionError`` for what contains itself."""
    return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def plain_text(value: object, name: str, between: str) -> str:
    """Return a value as text: a number in digits, a list joined by ``between``, an object by its name.

    Raises ``SourceError`` naming the field for what is no text in any of these ways.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if _is_plain(value):
        return _plain(value)
    if isinstance(value, list | tuple):
        return between.join(part for each in value if (part := plain_text(each, name, between)))
    if isinstance(value, Mapping):
        for key in _NAMING:
            if isinstance(value.get(key), str):
                return str(value[key])
    kind = "an object" if isinstance(value, Mapping) else f"of type {type(value).__name__}"
    raise SourceError(f"has a {name} that is no text but {kind}")


def written_list(text: str) -> list[object] | None:
    """Return the list that a text writes out as JSON (``["a","b"]``), Python (``['a', 'b']``) or numpy (``['a' 'b']``).

    None where it is no list, as a text in brackets is none: ``[sic]``.
    """
    text = text.strip()
    if not (text[:1] in ("[", "(") and text[-1:] in ("]", ")")):
        return None
    if text.startswith("["):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return values if isinstance(values, list) else None
    if not _QUOTED_LIST.fullmatch(text):
        return None
    # In JSON's form backslashes are JSON's; in Python's the commonest stand before a quote or a backslash.
    return [_ESCAPED.sub(r"\1", match[0][1:-1]) for match in _QUOTED_TEXT.finditer(text)]


def is_list(value: object) -> bool:
    """Say whether a value has its parts apart, in a list or as one that is written out."""
    return isinstance(value, list | tuple | Set) or (isinstance(value, str) and written_list(value) is not None)


def strings(value: object) -> list[str]:
    """Return the texts in a value, each on one line: those of a list, or the one that it is; no blank ones."""
    listed = written_list(value) if isinstance(value, str) else None
    if isinstance(value, Set):
        value = sorted(value, key=str)
    values = listed if listed is not None else value if isinstance(value, list | tuple) else [value]
    texts = (one_line(plain_text(each, "list", " ")) for each in values)
    return [text for text in texts if text]

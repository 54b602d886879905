"""Here is the value of a filter as somebody typed it; is it a range, or a value as it stands?"""

from __future__ import annotations

import re

from searchkit.index.keyword.expression import UnreadableError
from searchkit.index.keyword.tree import Filter

_RANGE = re.compile(
    r"[\[{]\s*(?P<low>.*?)\s*(?:(?<![^\s\[{])TO(?![^\s\]}])|\.\.)\s*(?P<high>.*?)\s*[\]}]", re.IGNORECASE | re.DOTALL
)
_LIMIT = re.compile(r"(?P<sign>>=|=>|<=|=<|>|<)(?P<value>.+)", re.DOTALL)
_SPAN = re.compile(r"(?P<low>[\d:T+Z\-]*)\.\.(?P<high>[\d:T+Z\-]*)")


def read_filter(name: str, value: str) -> Filter:
    """Read a filter's value: ``[a TO b]`` (``{``, ``}``: without the bound), ``>a``, ``<=b``, ``a..b`` or as it is.

    What the values mean is left to whoever knows the field. Raises ``UnreadableError`` for brackets without a range.
    """
    if value.startswith(("[", "{")):
        found = _RANGE.fullmatch(value)
        if found is None:
            shown = value if len(value) <= 40 else value[:40] + "…"
            raise UnreadableError(f"'{name}:{shown}' is no range, which is written [2025-01-01 TO 2025-06-30]")
        return Filter(
            field=name,
            low=_limit(found["low"]),
            high=_limit(found["high"]),
            includes_low=value[0] == "[",
            includes_high=value[-1] == "]",
        )
    if value.startswith('"'):
        return Filter(field=name, values=(value.strip('"').strip(),))
    if limit := _LIMIT.fullmatch(value):
        includes = "=" in limit["sign"]
        if ">" in limit["sign"]:
            return Filter(field=name, low=limit["value"], includes_low=includes)
        return Filter(field=name, high=limit["value"], includes_high=includes)
    if (span := _SPAN.fullmatch(value)) and len(value) > 2:
        return Filter(field=name, low=span["low"] or None, high=span["high"] or None)
    return Filter(field=name, values=(value,))


def _limit(text: str) -> str | None:
    bare = text.strip("\"' ")
    return None if bare in ("", "*") else bare

"""Filter options as a condition: what --source, --where, --since and the others of a command say, joined by and."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from searchkit.cli.options import pairs


def conditions(
    *,
    since: str | None = None,
    until: str | None = None,
    where: Sequence[str] | None = None,
    **named: Sequence[str] | None,
) -> Mapping[str, Any] | None:
    """Return what filter options say as a dict that ``where=`` takes; None where there is none.

    Raises ``ConfigError`` for a --where that isn't FIELD=VALUE.
    """
    accepted: dict[str, list[str]] = {name: list(values) for name, values in named.items() if values}
    for name, value in pairs("--where", where):
        accepted.setdefault(name, []).append(value)
    joined: list[dict[str, Any]] = [{"field": name, "in": values} for name, values in accepted.items()]
    bounds = {sign: bound for sign, bound in (("gte", since), ("lte", until)) if bound is not None}
    if bounds:
        joined.append({"field": "published", **bounds})
    return {"and": joined} if joined else None

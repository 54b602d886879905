"""Results files: the last run of each table, without what no table and no limit reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SPEED = Path(__file__).parent / "results.json"
RELEVANCE = Path(__file__).parent / "relevance.json"

_DIGITS = 6
"""Digits of a number that are written: no table shows more than four."""

_DEPTH = 3
"""Levels that begin on a line of their own, so that a new run changes the lines of what it measured."""

_READ = {
    "queries": ("cpu_ms", "ratio"),
    "fresh": ("cpu_ms", "ratio"),
    "opening": ("wall_ms",),
    "updating": ("cpu_ms",),
    "building": ("cpu_s", "chunks_per_cpu_s", "mb", "keyword_mb", "peak_mb", "peak_own_mb"),
}
"""By the measurement of a size: the facts of it that a table or a limit reads."""

_QUANTILES = 2
"""The median and the 95th percentile; the 99th isn't shown."""


def read_results(path: Path) -> dict[str, Any]:
    """Return what a results file holds; nothing where there is none yet."""
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return results


def write_results(path: Path, results: Mapping[str, Any]) -> None:
    """Write a results file anew."""
    path.write_text(_text(_shortened(results), 0) + "\n", encoding="utf-8")


def without_unread(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results of ``scripts/bench`` with the facts alone that a table or a limit reads."""
    sizes = {
        size: {name: _facts(value, _READ[name]) if name in _READ else value for name, value in measured.items()}
        for size, measured in results["sizes"].items()
    }
    return {**results, "sizes": {size: _without(measured, "agreement") for size, measured in sizes.items()}}


def _without(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def _facts(values: Any, names: tuple[str, ...]) -> Any:
    """Return nested values, of which the innermost records have the named facts alone."""
    if any(not isinstance(value, Mapping) for value in values.values()):
        facts = {name: values[name] for name in names if name in values}
        return {name: fact[:_QUANTILES] if isinstance(fact, list) else fact for name, fact in facts.items()}
    return {name: _facts(value, names) for name, value in values.items()}


def _shortened(value: Any) -> Any:
    """Return nested values with numbers of few digits."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, Mapping):
        return {name: _shortened(item) for name, item in value.items()}
    return [_shortened(item) for item in value] if isinstance(value, list) else value


def _text(value: Any, depth: int) -> str:
    if depth == _DEPTH or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    lines = (f"{' ' * (depth + 1)}{json.dumps(name)}: {_text(item, depth + 1)}" for name, item in value.items())
    return "{\n" + ",\n".join(lines) + f"\n{' ' * depth}}}"

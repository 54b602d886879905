"""Export rows: the rows of programs and services whose keys have meanings of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def is_export_row(value: Mapping[str, object]) -> bool:
    return False


def rows_of_export(value: Mapping[str, object]) -> Sequence[object] | None:
    return None

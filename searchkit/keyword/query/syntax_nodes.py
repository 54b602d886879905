"""Syntax nodes: the parts of an expression before its words are analysed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OperandKind = Literal["word", "phrase", "wildcard", "fuzzy", "filter"]
Joint = Literal["and", "or", "none"]


class UnreadableError(Exception):
    """A query isn't an expression; the text says why, for a note to the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A word, a quoted phrase, a wildcard, a fuzzy word or a filter: its text, and where that starts in the query.

    ``number`` is a phrase's slop or a fuzzy word's distance.
    """

    kind: OperandKind
    text: str
    start: int
    field: str | None = None
    boost: float = 1.0
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items that stand together, joined by AND, by OR, or by nothing."""

    joint: Joint
    items: tuple[Item, ...]
    boost: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """An item with a ``+`` before it, or with a ``-`` or NOT."""

    required: bool
    item: Item


Item = Operand | Group | Signed

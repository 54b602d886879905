"""Metadata filters: a framework's comparisons as conditions on the fields of articles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from searchkit.errors import QueryError
from searchkit.filter_expression import F, filter_expression, shown_value
from searchkit.types import FilterExpression

_FIELDS = {"tags": "tag", "authors": "author"}
"""What articles' lists are called where they are filtered by."""


def comparison(key: str, operator: str, value: Any) -> FilterExpression:
    """Return a comparison as a condition.

    Args:
        key: The key of the metadata: the name of a field.
        operator: An operator of ``filter_expression``, or ``nin``: none of some values.
        value: What the field is compared with. None for ``eq`` and ``ne`` asks whether the field is there.

    Returns:
        The condition.

    Raises:
        QueryError: The operator isn't known, or the value is of a type that it doesn't take.
    """
    field = _FIELDS.get(key, key) if isinstance(key, str) else key
    if value is None and operator in ("eq", "ne"):
        return F(field).exists() if operator == "ne" else ~F(field).exists()
    if operator == "nin":
        return ~filter_expression({"field": field, "in": value})
    return filter_expression({"field": field, operator: value})


def joined(operator: str, conditions: Iterable[FilterExpression]) -> FilterExpression:
    """Join conditions by "and", "or" or "not": true where they aren't all met. Raises ``QueryError`` for another."""
    operands = tuple(conditions)
    if operator == "not":
        return ~joined("and", operands)
    return filter_expression({operator: operands})


def unknown_filter(filter_: object, hint: str) -> QueryError:
    """Make the error for what is no filter of a framework."""
    return QueryError(f"The filter {shown_value(filter_)} can't be understood.", hint=hint)

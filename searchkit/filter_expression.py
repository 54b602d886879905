"""Filter expressions: conditions on an article's fields, joined by and, or and not, out of values of any type.

``F("price").between(10, 60) & ~F("tag").any("sport")`` makes one; so does a dict of the same, as JSON carries it::

    {"and": [{"field": "price", "gte": 10, "lte": 60}, {"not": {"field": "tag", "in": ["sport"]}}]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from math import isfinite
from numbers import Integral, Real
from typing import Any

from searchkit.errors import QueryError
from searchkit.types import Bound, Filter, FilterExpression, ValuePattern

Value = str | float | bool | date
"""What a field's value can be given as; numbers and truth values of numpy too."""
Values = Value | Iterable[Value] | None
"""A value, or several in a list, tuple, set, array or generator, of which any may hold; None: not filtered."""

_HUGE = 10**300
"""Numbers from which on Python makes no float, and soon no text."""

_DEEPEST = 50
"""Levels of and, or and not within each other: more than anybody means, and less than Python's stack."""

_PUBLISHED = "published"


Conditions = FilterExpression | Mapping[str, Any] | None
"""Conditions that a program joins by and, or and not, or a dict of the same."""


class F:
    """A field of an article, to make conditions of. ``&``, ``|`` and ``~`` join conditions.

    Values compare by the folding of words, as numbers, or as languages by their base, whatever type they are given in.
    ``published`` compares with days, instants, and words such as "2025-10" or "last month"; a ``date`` with the day
    that an article names, an aware ``datetime`` with its instant. An article without the field meets no condition on
    it, and so it does meet ``~``.

    Example:
        >>> from datetime import date
        >>> from searchkit import F
        >>> searcher = searchkit.open("indexes/news")
        >>> where = F("tag").any("defense", "city") & (F("published") >= date(2025, 6, 1))
        >>> [result.article.id for result in searcher.search("radar repairs", where=where).results]
        ['missiles', 'bridge']
        >>> searcher.count(where=~F("tag").any("defense"))
        2
    """

    __slots__ = ("_name",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        """Name the field: ``source``, ``language``, ``tag``, ``author``, ``published``, or any other.

        Raises ``QueryError`` where it is no name.
        """
        if not isinstance(name, str) or not name.strip():
            raise QueryError(f"{shown_value(name)} names no field.", hint="Give its name as text: F('price').")
        self._name = name

    def any(self, *values: Values) -> FilterExpression:
        """Return the condition that the field has one of some values; of none at all, that nothing passes.

        Args:
            values: Values, or one list of them.

        Returns:
            The condition.

        Raises:
            QueryError: A value is of a type that fields haven't got.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.article_ids(where=searchkit.F("tag").any("city", "markets"))
            ('bridge',)
        """
        return _is(Filter(field=self._name, values=_accepted(self._name, values)))

    def all(self, *values: Values) -> FilterExpression:
        """Return the condition that the field has all of some values; of none at all, that everything passes.

        Args:
            values: Values, or one list of them.

        Returns:
            The condition.

        Raises:
            QueryError: A value is of a type that fields haven't got.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.article_ids(where=searchkit.F("tag").all(["defense"]))
            ('radar', 'missiles')
        """
        conditions = (_is(Filter(field=self._name, values=(value,))) for value in _accepted(self._name, values))
        return FilterExpression(operator="and", operands=tuple(conditions))

    def between(self, low: Value | None, high: Value | None) -> FilterExpression:
        """Return the condition that the field lies between two bounds, both included; a bound of None is open.

        Args:
            low: The lower bound.
            high: The upper bound.

        Returns:
            The condition.

        Raises:
            QueryError: A bound is of a type that fields haven't got.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.article_ids(where=searchkit.F("published").between("2024-12", "2025-04"))
            ('radar', 'cocoa')
        """
        return _is(Filter(field=self._name, low=_bound(self._name, low), high=_bound(self._name, high)))

    def exists(self) -> FilterExpression:
        """Return the condition that an article has the field.

        Returns:
            The condition.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.article_ids(where=searchkit.F("author").exists())
            ('radar', 'missiles')
        """
        return _is(Filter(field=self._name))

    def like(self, pattern: str) -> FilterExpression:
        """Return the condition that a value fits a pattern, in which ``*`` is any run of characters.

        Args:
            pattern: The pattern, such as ``"Harbor*"``.

        Returns:
            The condition.

        Raises:
            QueryError: The pattern is no text.

        Example:
            >>> searcher = searchkit.open("indexes/news")
            >>> searcher.article_ids(where=searchkit.F("source").like("Harbor*"))
            ('missiles', 'cocoa')
        """
        if not isinstance(pattern, str):
            raise QueryError(f"{shown_value(pattern)} is no pattern.", hint="Give text: F('source').like('Harbor*').")
        return _is(Filter(field=self._name, values=(ValuePattern(text=pattern),)))

    def __repr__(self) -> str:
        return f"F({self._name!r})"

    def __contains__(self, value: object) -> bool:
        raise QueryError(
            f"{shown_value(value)} in {self!r} makes no condition.",
            hint=f"Write {self!r}.any({shown_value(value)}).",
        )

    def __bool__(self) -> bool:
        raise self._alone()

    def __and__(self, other: object) -> FilterExpression:
        raise self._alone()

    __or__ = __rand__ = __ror__ = __and__

    def __invert__(self) -> FilterExpression:
        raise self._alone()

    def _alone(self) -> QueryError:
        """Make the error for a field that stands where a condition should."""
        return QueryError(
            f"{self!r} alone is no condition.",
            hint="Compare it, and put each condition in parentheses: (F('a') == 20) | (F('b') == 10); F('a').exists()"
            " says that an article has the field.",
        )

    def __eq__(self, value: object) -> FilterExpression:  # type: ignore[override]
        return self.any(_one_value(self._name, value))

    def __ne__(self, value: object) -> FilterExpression:  # type: ignore[override]
        return ~self.any(_one_value(self._name, value))

    def __ge__(self, low: Value) -> FilterExpression:
        return _is(Filter(field=self._name, low=_bound(self._name, low, needed=True)))

    def __gt__(self, low: Value) -> FilterExpression:
        return _is(Filter(field=self._name, low=_bound(self._name, low, needed=True), includes_low=False))

    def __le__(self, high: Value) -> FilterExpression:
        return _is(Filter(field=self._name, high=_bound(self._name, high, needed=True)))

    def __lt__(self, high: Value) -> FilterExpression:
        return _is(Filter(field=self._name, high=_bound(self._name, high, needed=True), includes_high=False))


def filter_expression(where: FilterExpression | Mapping[str, Any]) -> FilterExpression:
    """Return a filter expression, made of a dict where it is one.

    Args:
        where: An expression, or a dict: ``{"and": [...]}``, ``{"or": [...]}``, ``{"not": {...}}``, or
            ``{"field": NAME, OPERATOR: VALUE}`` with one or more of the operators ``eq``, ``ne``, ``in``, ``all``,
            ``gt``, ``gte``, ``lt``, ``lte``, ``between``, ``exists`` and ``like``, which must all hold.

    Returns:
        The expression.

    Raises:
        QueryError: It can't be understood; the message says where.
    """
    if not isinstance(where, FilterExpression | Mapping):
        raise QueryError(
            f"'where' is {shown_value(where)}.",
            hint="Give conditions, where=F('price') >= 10, or a dict: where={'field': 'price', 'gte': 10}.",
        )
    expression = _from_dict(where, 1)
    check_depth(expression)
    return expression


def check_depth(expression: FilterExpression) -> None:
    """Refuse an expression of more levels than can be followed. Raises ``QueryError``."""
    level = [expression]
    for _ in range(_DEEPEST + 1):
        if not level:
            return
        level = [operand for each in level for operand in each.operands]
    raise _too_deep()


def _too_deep() -> QueryError:
    return QueryError(f"The filter is nested more than {_DEEPEST} levels deep.", hint="Write it flatter.")


_OPERATORS: Mapping[str, Callable[[F, Any], FilterExpression]] = {
    "eq": lambda field, value: field == value,
    "ne": lambda field, value: field != value,
    "in": lambda field, value: field.any(_listed("in", value)),
    "all": lambda field, value: field.all(_listed("all", value)),
    "gt": lambda field, value: field > value,
    "gte": lambda field, value: field >= value,
    "lt": lambda field, value: field < value,
    "lte": lambda field, value: field <= value,
    "between": lambda field, value: field.between(*_pair(value)),
    "exists": lambda field, value: field.exists() if _truth(value) else ~field.exists(),
    "like": lambda field, value: field.like(value),
}
_BRANCHES = ("and", "or", "not")
_HINT = "Write {'field': 'price', 'gte': 10}, {'and': [...]}, {'or': [...]} or {'not': {...}}."


def _from_dict(values: object, level: int) -> FilterExpression:
    if level > _DEEPEST:
        raise _too_deep()
    if isinstance(values, FilterExpression):
        return values
    if not isinstance(values, Mapping) or not values:
        raise QueryError(f"The filter {shown_value(values)} is no condition.", hint=_HINT)
    if "field" in values:
        return _condition(values)
    if len(values) != 1 or (operator := next(iter(values))) not in _BRANCHES:
        raise QueryError(f"The filter {shown_value(dict(values))} names no field.", hint=_HINT)
    if operator == "not":
        return ~_from_dict(values[operator], level + 1)
    operands = values[operator]
    if isinstance(operands, str | Mapping) or not isinstance(operands, Iterable):
        raise QueryError(f"'{operator}' in a filter joins {shown_value(operands)}.", hint="Give it a list of filters.")
    return FilterExpression(operator=operator, operands=tuple(_from_dict(each, level + 1) for each in operands))


def _condition(values: Mapping[str, Any]) -> FilterExpression:
    field = F(values["field"])
    conditions = []
    for name, value in values.items():
        if name == "field":
            continue
        if name not in _OPERATORS:
            near = get_close_matches(str(name), _OPERATORS, n=1)
            known = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(_OPERATORS)}."
            raise QueryError(f"A filter has no operator {shown_value(name)}.", hint=known)
        conditions.append(_OPERATORS[name](field, value))
    if not conditions:
        raise QueryError(
            f"The filter on '{values['field']}' says nothing of it.", hint=f"Use one of: {', '.join(_OPERATORS)}."
        )
    return conditions[0] if len(conditions) == 1 else FilterExpression(operator="and", operands=tuple(conditions))


def _is(condition: Filter) -> FilterExpression:
    return FilterExpression(operator="is", condition=condition)


def _listed(operator: str, value: object) -> Values:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise QueryError(f"'{operator}' in a filter is given {shown_value(value)}.", hint="Give it a list of values.")
    return value


def _pair(value: object) -> tuple[Any, Any]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise QueryError(f"'between' in a filter is given {shown_value(value)}.", hint="Give it two bounds: [10, 60].")
    return value[0], value[1]


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise QueryError(f"'exists' in a filter is given {shown_value(value)}.", hint="Give it true or false.")
    return value


def _one_value(name: str, value: object) -> Any:
    if isinstance(value, list | tuple | set | frozenset | Mapping):
        raise QueryError(f"'{name}' is compared with {shown_value(value)}.", hint="F(...).any(...) takes a list.")
    return value


def _accepted(name: str, values: tuple[Values, ...]) -> tuple[str, ...]:
    """Return values as text, of one list or side by side."""
    chosen = values[0] if len(values) == 1 else values
    accepted = accepted_values(name, chosen)  # type: ignore[arg-type]
    if accepted is None:
        raise QueryError(f"'{name}' is compared with None.", hint="~F(...).exists() says that the field isn't there.")
    return accepted


def _bound(name: str, bound: object, *, needed: bool = False) -> str | Bound | None:
    """Return a bound as a range has it: a day or an instant for dates, else text."""
    unboxed = _unboxed(bound)
    if unboxed is None and not needed:
        return None
    if isinstance(unboxed, date) and name == _PUBLISHED:
        return unboxed
    if isinstance(unboxed, str | bool | Real | date):
        return _value(name, unboxed)
    raise QueryError(f"'{name}' is compared with {shown_value(bound)}.", hint="Give a number, a date or text.")


def accepted_values(name: str, values: Values) -> tuple[str, ...] | None:
    """Return the accepted values of a field as text; None where it isn't filtered. Raises ``QueryError``."""
    if values is None:
        return None
    unboxed = _unboxed(values)
    if isinstance(unboxed, str | bool | Real | date):
        return (_value(name, unboxed),)
    if isinstance(unboxed, Mapping | bytes | bytearray) or not isinstance(unboxed, Iterable):
        raise QueryError(
            f"The filter '{name}' is {shown_value(unboxed)}.", hint="Give text, a number, a date, or a list of such."
        )
    return tuple(dict.fromkeys(_value(name, value) for value in unboxed))


def _value(name: str, value: object) -> str:
    value = _unboxed(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Integral):
        if abs(int(value)) >= _HUGE:
            raise QueryError(f"The filter '{name}' is a number of too many digits.", hint="Give it as text.")
        return str(int(value))
    if isinstance(value, Real) and _is_finite(value):
        return str(float(value))
    if isinstance(value, date):
        return value.isoformat()
    raise QueryError(
        f"The filter '{name}' can't accept {shown_value(value)}.",
        hint="Give text, numbers, dates, True or False; None in the place of the whole filter is no filter.",
    )


def _is_finite(value: Real) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # a fraction that no float holds
        return False


def _unboxed(value: object) -> object:
    """Return a number, truth value or list out of numpy's or a data frame's; anything else as it is."""
    array: Any = value
    return array.tolist() if hasattr(value, "tolist") and hasattr(value, "dtype") else value


def shown_value(value: object) -> str:
    """Return a value as an error shows it, shortened."""
    try:
        shown = repr(value)
    except Exception:  # a caller's own object; or an integer of more digits than Python shows
        shown = f"a {type(value).__name__} that can't be shown"
    return shown if len(shown) <= 60 else f"{shown[:59]}…"

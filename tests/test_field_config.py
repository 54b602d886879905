"""What can be declared of a field, and which values fit it?"""

from __future__ import annotations

from datetime import date

import pytest

from searchkit import FieldConfig, IndexConfig, SearchConfig
from searchkit.errors import ConfigError
from searchkit.index.typed_values import typed_value


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("number", "12.50", 12.5),
        ("number", 7, 7),
        ("number", " 1e3 ", 1000.0),
        ("integer", "42", 42),
        ("integer", 42.0, 42),
        ("date", "2025-03-01", "2025-03-01"),
        ("date", date(2025, 3, 1), "2025-03-01"),
        ("date", "2025-03-01T10:00:00+02:00", "2025-03-01T10:00:00+02:00"),
        ("boolean", "Yes", True),
        ("boolean", 0, False),
        ("boolean", True, True),
        ("keyword", 7, "7"),
        ("text", "A lamp", "A lamp"),
        ("list[keyword]", "x", ("x",)),
        ("list[integer]", ["1", 2], (1, 2)),
        ("list[keyword]", [], None),
        ("number", "", None),
        ("keyword", ("x",), "x"),
        ("number", "1,250.75", 1250.75),
        ("number", "1.250,75", 1250.75),
        ("number", "-1,250,000", -1_250_000),
        ("integer", "1.250.000", 1_250_000),
        ("date", "4 June 2025", "2025-06-04"),
        ("date", "2025-10", "2025-10-01"),
        ("date", 1999, "1999-01-01"),
        ("date", "1999", "1999-01-01"),
        ("date", "Wed, 04 Jun 2025 10:00:00 +0200", "2025-06-04T10:00:00+02:00"),
        ("list[keyword]", "staff;public", ("staff", "public")),
        ("list[keyword]", "staff | public |", ("staff", "public")),
        ("list[integer]", "1;2", (1, 2)),
        ("list[keyword]", ["a;b", "c"], ("a;b", "c")),
        ("list[text]", "One; two", ("One; two",)),
    ],
)
def test_a_value_becomes_what_its_field_holds(kind: str, value: object, kept: object) -> None:
    typed = typed_value(FieldConfig(type=kind), value)
    assert typed == kept
    assert type(typed) is type(kept)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("number", "cheap", "is 'cheap', which is no number"),
        ("number", True, "is True, which is no number"),
        ("number", float("nan"), "is nan, which is no number"),
        ("number", "1,250", "is '1,250', which is no number: a comma may stand before thousands or decimals"),
        ("number", "12,50", "is '12,50', which is no number: a comma may stand before thousands or decimals"),
        ("number", "1,25,0.5", "is '1,25,0.5', which is no number"),
        ("date", "yesterday", "is 'yesterday', which is no date"),
        ("integer", "1.5", "is '1.5', which is no whole number"),
        ("integer", 1.5, "is 1.5, which is no whole number"),
        ("date", "soon", "is 'soon', which is no date"),
        ("boolean", "maybe", "is 'maybe', which is neither true nor false"),
        ("keyword", ("x", "y"), "has 2 values, and keyword takes one: make it 'list[keyword]'"),
        ("list[integer]", ("1", "x"), "is 'x', which is no whole number"),
        ("text", "x" * 10, None),
    ],
)
def test_a_value_that_does_not_fit_is_told(kind: str, value: object, reason: str | None) -> None:
    if reason is None:
        assert typed_value(FieldConfig(type=kind), value) == value
        return
    with pytest.raises(ValueError, match=r"is |has ") as raised:
        typed_value(FieldConfig(type=kind), value)
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"price": "numbr"}, "The field 'price': A field can't be of type 'numbr'. Did you mean 'number'?"),
        ({"price": {"type": "number", "facets": True}}, "has no setting 'facets'. Did you mean 'facet'?"),
        ({"price": {"stored": "yes"}}, "'stored' of a field is 'yes'"),
        ({"price": {"sort": 1}}, "'sort' of a field is 1"),
        ({"price": 7}, "The field 'price' can't be 7."),
        ({"summary": {"type": "text", "facet": True}}, "A field of type text can't have 'facet'."),
        ({"title": "text"}, "The field 'title' can't be declared: every article has it."),
        ({"a b": "text"}, "A field can't be called 'a b'."),
        ({7: "text"}, "A field can't be called 7."),
        ({f"f{number}": "text" for number in range(17)}, "17 fields are searchable."),
        ({f"f{number}": "number" for number in range(101)}, "101 fields are declared."),
        (["price"], "The setting 'fields' of IndexConfig can't be"),
    ],
)
def test_what_can_not_be_declared_is_refused(fields: object, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        IndexConfig(fields=fields)  # type: ignore[arg-type]
    assert message in str(raised.value)


def test_text_is_searched_and_the_rest_counted_and_sorted_where_nothing_is_said() -> None:
    text, keyword = FieldConfig(type="text"), FieldConfig()
    assert (text.is_searchable, text.is_counted, text.is_sorted) == (True, False, False)
    assert (keyword.is_searchable, keyword.is_counted, keyword.is_sorted) == (False, True, True)
    assert FieldConfig(type="list[keyword]", searchable=True).is_searchable


def test_a_configuration_survives_its_plain_values_and_has_no_fields_where_none_are_declared() -> None:
    config = IndexConfig(fields={"price": "number", "summary": {"type": "text", "stored": False}})  # type: ignore[dict-item]
    assert IndexConfig.from_dict(config.to_dict()) == config
    assert "fields" not in IndexConfig().to_dict()


@pytest.mark.parametrize(
    "boosts", [{"title": -1}, {"title": 101}, {"title": True}, {"title": "2"}, {7: 1.0}, ["title"]]
)
def test_boosts_that_can_not_be_are_refused(boosts: object) -> None:
    with pytest.raises(ConfigError, match="boost"):
        SearchConfig(boosts=boosts)  # type: ignore[arg-type]


def test_a_boost_of_nothing_is_none() -> None:
    assert SearchConfig(boosts={"title": 0.0}) == SearchConfig()

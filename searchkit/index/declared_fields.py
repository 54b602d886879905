"""Declared fields: what an index was told of its articles' fields, as writers hold to it and as searches use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from searchkit.config import IndexConfig
from searchkit.errors import ConfigError, QueryError
from searchkit.field_config import Declared, FieldConfig, field_configs

if TYPE_CHECKING:
    from searchkit.types import Article


def config_with(config: IndexConfig | None, fields: Declared | None) -> IndexConfig | None:
    """Return a configuration with other fields; the same where none are given. Raises ``ConfigError``."""
    return config if fields is None else replace(config or IndexConfig(), fields=field_configs(fields))


def refuse_other_fields(index: Path, config: IndexConfig, fields: Declared | None) -> None:
    """Raise ``ConfigError`` where other fields are declared than those that an index was built with."""
    if fields is None:
        return
    declared = field_configs(fields)
    changed = [name for name in sorted({*declared, *config.fields}) if declared.get(name) != config.fields.get(name)]
    if changed:
        raise ConfigError(
            f"{index} was built with other fields: {', '.join(map(repr, changed))} "
            f"{'is' if len(changed) == 1 else 'are'} declared otherwise.",
            hint=f"Run 'searchkit rebuild --index {quote(str(index))}' with the new fields: no vector is computed"
            " again.",
        )


def refuse_uncounted(declared: Mapping[str, FieldConfig], names: Iterable[str]) -> None:
    """Raise ``QueryError`` for a field whose values can't be counted, as it was declared."""
    for name in names:
        if name in declared and not declared[name].is_counted:
            raise QueryError(
                f"The field '{name}' can't be counted: it was declared {_as_what(declared[name], 'facet')}.",
                hint="Count another, or declare it a keyword with facet = true and rebuild the index.",
            )


def refuse_unsorted(declared: Mapping[str, FieldConfig], name: str) -> None:
    """Raise ``QueryError`` for a field that results can't be sorted by, as it was declared."""
    if name in declared and not declared[name].is_sorted:
        raise QueryError(
            f"Results can't be sorted by '{name}': it was declared {_as_what(declared[name], 'sort')}.",
            hint="Sort by another, or declare it with sort and rebuild the index.",
        )


def refuse_words(declared: Mapping[str, FieldConfig], name: str) -> None:
    """Raise ``QueryError`` for a field of words as a filter."""
    if name in declared and declared[name].is_text:
        is_found = declared[name].is_searchable
        raise QueryError(
            f"The field '{name}' holds words, and no values to filter by.",
            hint=f"Look for words in it: {name}:word in the text of a query." if is_found else "Declare it a keyword.",
        )


def _as_what(config: FieldConfig, setting: str) -> str:
    if config.is_text:
        return f"as {config.type}"
    # What isn't stored isn't counted, unless that was declared.
    return "with stored = false" if getattr(config, setting) is None else f"with {setting} = false"


def check_boosts(searchable: Iterable[str], boosts: Mapping[str, float]) -> None:
    """Raise ``QueryError`` for a boost of a field that isn't found by its words."""
    known = ["title", *searchable]
    for name in boosts:
        if name not in known:
            raise QueryError(
                f"The field '{name}' has no words here that could count more.",
                hint=f"There are: {', '.join(known)}. A field of type text is declared with the index's fields.",
            )


def shown_article(article: Article, hidden: frozenset[str]) -> Article:
    """Return an article without the fields that were declared with ``stored = false``."""
    if not hidden or hidden.isdisjoint(article.fields):
        return article
    return replace(article, fields={name: value for name, value in article.fields.items() if name not in hidden})

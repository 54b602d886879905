"""Field configuration: what an index is told of an article's own fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from searchkit.errors import ConfigError

SINGLE_TYPES = ("text", "keyword", "integer", "number", "date", "boolean")
TYPES = (*SINGLE_TYPES, *(f"list[{name}]" for name in SINGLE_TYPES))
"""What a field may hold: a value of a type, or several."""

OWN_NAMES = frozenset(
    (
        *(
            "id",
            "title",
            "text",
            "url",
            "source",
            "authors",
            "author",
            "published",
            "updated",
            "language",
            "tags",
            "tag",
        ),
        *("year", "sections", "origin", "fields", "utc_offset_s"),
    )
)
"""What every article has, or is counted by; its type is known."""

_NAME = re.compile(r"[^\W\d]\w*(?:[.-]\w+)*")
_LONGEST_NAME = 40
"""Characters of a declared field's name: it stands before each of the words that are found in it."""

MOST_FIELDS = 100

MOST_SEARCHABLE = 16
"""Fields whose text is indexed: each costs positions in every chunk."""

Value = str | int | float | bool
FieldValue = Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldConfig:
    """What an index is told of a field of its articles.

    Attributes:
        type: "text" (words), "keyword" (a value that is compared whole), "integer", "number", "date", "boolean", or a
            list of one: "list[keyword]".
        facet: Whether its values can be counted. None: yes, but for text, and for what isn't stored.
        sort: Whether results can be sorted by it. None: yes, but for text.
        searchable: Whether a search by keyword finds an article by the words in it. None: text is, others aren't.
        stored: Whether articles are shown with it. Without, it can be filtered by, sorted by and searched, and no
            article, suggestion or note has it: an access list. Its values stay in the index's files.

    Raises:
        ConfigError: There is no such type, or text is to be counted or sorted by.

    Example:
        >>> fields = {"price": "number", "summary": "text", "acl": {"type": "list[keyword]", "stored": False}}
        >>> articles = [{"id": "a1", "text": "A lamp.", "price": "12.50", "summary": "Brass", "acl": ["shop"]}]
        >>> with searchkit.open_temporary(articles, fields=fields) as searcher:
        ...     searcher.search("brass", mode="keyword").results[0].article.fields
        {'price': 12.5, 'summary': 'Brass'}
    """

    type: str = "keyword"
    facet: bool | None = None
    sort: bool | None = None
    searchable: bool | None = None
    stored: bool = True

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            near = get_close_matches(str(self.type), TYPES, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Choose one of: {', '.join(SINGLE_TYPES)}, list[keyword]."
            raise ConfigError(f"A field can't be of type {self.type!r}.", hint=hint)
        for name in ("facet", "sort", "searchable"):
            if not isinstance(getattr(self, name), bool | None):
                raise ConfigError(f"'{name}' of a field is {getattr(self, name)!r}.", hint="Give true or false.")
        if not isinstance(self.stored, bool):
            raise ConfigError(f"'stored' of a field is {self.stored!r}.", hint="Give true or false.")
        for name in ("facet", "sort"):
            if self.is_text and getattr(self, name):
                raise ConfigError(
                    f"A field of type {self.type} can't have '{name}'.",
                    hint="Make it a keyword, which is compared whole.",
                )

    @property
    def single_type(self) -> str:
        """The type of each of its values."""
        return self.type.removeprefix("list[").removesuffix("]")

    @property
    def is_list(self) -> bool:
        """Whether it may have several values."""
        return self.type.startswith("list[")

    @property
    def is_text(self) -> bool:
        """Whether it holds words, and no values that are compared whole."""
        return self.single_type == "text"

    @property
    def is_searchable(self) -> bool:
        """Whether its words are found."""
        return self.is_text if self.searchable is None else self.searchable

    @property
    def is_counted(self) -> bool:
        """Whether its values can be counted."""
        return (self.stored and not self.is_text) if self.facet is None else self.facet

    @property
    def is_sorted(self) -> bool:
        """Whether results can be sorted by it."""
        return not self.is_text if self.sort is None else self.sort


Declared = Mapping[str, "FieldConfig | str | Mapping[str, Any]"]
"""Fields as a program or a file names them: by their type, by some of what ``FieldConfig`` has, or by one."""


def plain_values(config: FieldConfig) -> dict[str, Any]:
    """Return what was said of a field, as plain values."""
    return {name: value for name, value in asdict(config).items() if value is not None}


def field_configs(fields: object) -> dict[str, FieldConfig]:
    """Return what is said of fields, by name. Raises ``ConfigError`` naming the field that can't be so."""
    if not isinstance(fields, Mapping):
        raise ConfigError(f"'fields' can't be {fields!r}.", hint="Write fields={'price': 'number', 'summary': 'text'}.")
    configs = {name: _config(name, value) for name, value in fields.items()}
    if len(configs) > MOST_FIELDS:
        raise ConfigError(f"{len(configs)} fields are declared.", hint=f"Declare at most {MOST_FIELDS}.")
    searchable = [name for name, config in configs.items() if config.is_searchable]
    if len(searchable) > MOST_SEARCHABLE:
        raise ConfigError(
            f"{len(searchable)} fields are searchable.", hint=f"At most {MOST_SEARCHABLE} can be; 'text' is by itself."
        )
    return configs


def _config(name: object, value: object) -> FieldConfig:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ConfigError(
            f"A field can't be called {name!r}.", hint=f"Letters, digits and _ do, {_LONGEST_NAME} at most: 'price'."
        )
    if name in OWN_NAMES:
        raise ConfigError(f"The field '{name}' can't be declared: every article has it.", hint="Leave it out.")
    if isinstance(value, FieldConfig):
        return value
    values: object = {"type": value} if isinstance(value, str) else value
    if not isinstance(values, Mapping):
        raise ConfigError(f"The field '{name}' can't be {value!r}.", hint=f"Name its type: '{name}': 'number'.")
    known = FieldConfig.__dataclass_fields__
    for key in values:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}."
            raise ConfigError(f"The field '{name}' has no setting {key!r}.", hint=hint)
    try:
        return FieldConfig(**values)
    except ConfigError as error:
        raise ConfigError(f"The field '{name}': {error.message}", hint=error.hint) from error

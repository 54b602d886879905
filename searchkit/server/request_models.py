"""Request models: what a request may ask, as FastAPI checks and documents it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from searchkit.errors import QueryError
from searchkit.server.problem_details import BadRequest

ARTICLE_FIELDS = (
    *("title", "url", "source", "authors", "published", "updated", "language", "tags", "fields"),
    *("sections", "text"),
)
"""What of an article can be asked for in ``fields``; ``id`` always comes."""

DEFAULT_FIELDS = frozenset(ARTICLE_FIELDS) - {"sections", "text"}

ArticleField = Literal[
    "title", "url", "source", "authors", "published", "updated", "language", "tags", "fields", "sections", "text"
]
_EXAMPLE_WHERE = {"and": [{"field": "published", "gte": "2025"}, {"not": {"field": "tag", "in": ["sport"]}}]}


def _is_text(value: Any) -> Any:
    """Refuse lone surrogates, which JSON can carry and no index holds."""
    json.dumps(value, ensure_ascii=False).encode()
    return value


WhereObject = Annotated[dict[str, Any], AfterValidator(_is_text)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
When = Annotated[str, Field(max_length=100, description="2025-10, last month, 24h, or an instant.")]


class _Named(BaseModel):
    """The filters that have names of their own."""

    model_config = ConfigDict(extra="forbid")

    since: When | None = Field(None, examples=["2025"])
    until: When | None = None
    source: list[str] | None = Field(None, description="Accepted sources.", examples=[["Meridian Wire"]])
    language: list[str] | None = Field(None, description="Accepted languages.", examples=[["en"]])
    tag: list[str] | None = Field(None, description="Accepted tags.")
    author: list[str] | None = Field(None, description="Accepted authors.")

    def filters(self) -> dict[str, Any]:
        """Return the filters as arguments of ``Searcher.search``."""
        names = ("since", "until", "source", "language", "tag", "author")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def names_time(self, where: Any) -> bool:
        """Say whether what answers may depend on the day or the hour, as "today" does."""
        return self.since is not None or self.until is not None or "published" in str(where)


class _Search(_Named):
    """What a search is asked beside its filters."""

    q: str = Field(min_length=1, description="Words, a question, or an expression.", examples=["air defense"])
    k: int = Field(10, ge=1, description="How many results at most.")
    mode: Literal["hybrid", "keyword", "vector"] = "hybrid"
    syntax: Literal["auto", "words", "expression"] = "auto"
    facets: list[Name] = Field([], description="Fields whose values are counted.", examples=[["source", "tag"]])
    min_confidence: float = Field(0.0, ge=0, le=1, allow_inf_nan=False)
    explain: bool = Field(False, description="Whether results say how their scores come about.")
    fields: list[ArticleField] | None = Field(
        None, description="What of each article comes, beside its id; all but sections and text where it isn't given."
    )

    def options(self) -> dict[str, Any]:
        """Return the arguments of ``Searcher.search`` beside text and ``where``."""
        names = ("k", "mode", "syntax", "facets", "min_confidence", "explain")
        return {name: getattr(self, name) for name in names} | self.filters()


class SearchParameters(_Search):
    """A search in an address."""

    where: str | None = Field(None, description="Conditions as JSON.", examples=[json.dumps(_EXAMPLE_WHERE)])


class SearchBody(_Search):
    """A search as JSON."""

    where: WhereObject | None = Field(None, description="Conditions.", examples=[_EXAMPLE_WHERE])


class CountParameters(_Named):
    """A count in an address."""

    where: str | None = Field(None, description="Conditions as JSON.", examples=[json.dumps(_EXAMPLE_WHERE)])


class CountBody(_Named):
    """A count as JSON."""

    where: WhereObject | None = Field(None, description="Conditions.", examples=[_EXAMPLE_WHERE])


class _Facets(_Named):
    """What facets are asked for."""

    facets: list[Name] = Field(min_length=1, max_length=20, examples=[["source"]])
    q: str = Field("*", min_length=1, description="Within which articles; * is all that pass the filters.")
    mode: Literal["hybrid", "keyword", "vector"] = "keyword"
    syntax: Literal["auto", "words", "expression"] = "auto"


class FacetParameters(_Facets):
    """Facets in an address."""

    where: str | None = Field(None, description="Conditions as JSON.")


class FacetBody(_Facets):
    """Facets as JSON."""

    where: WhereObject | None = Field(None, description="Conditions.")


class ArticleParameters(BaseModel):
    """What of an article is asked for."""

    model_config = ConfigDict(extra="forbid")

    fields: list[ArticleField] | None = Field(None, description="What comes beside the id; without it, everything.")
    start: int = Field(0, ge=0, description="The first character of the text that comes.")
    end: int | None = Field(None, ge=0, description="The character before which the text ends; the last without it.")


class DeleteBody(BaseModel):
    """Which articles are deleted."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[str, AfterValidator(_is_text)]] = Field([], examples=[["wire-1"]])
    where: WhereObject | None = Field(None, examples=[{"field": "source", "in": ["Meridian Wire"]}])


class UpdateBody(BaseModel):
    """How an index is brought in line with the places that it remembers."""

    model_config = ConfigDict(extra="forbid")

    prune: bool = Field(False, description="Whether articles go that have vanished from the places.")


class RebuildBody(BaseModel):
    """How an index is made anew."""

    model_config = ConfigDict(extra="forbid")

    reuse: bool = Field(True, description="Whether vectors that are there are taken over.")


def conditions(where: str | dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the conditions of a request. Raises ``BadRequest`` for text that is no JSON object."""
    if not isinstance(where, str):
        return where
    try:
        values = json.loads(where)
        _is_text(values)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"'where' is no JSON: {error}.", hint="Write an object, percent-encoded.") from error
    if not isinstance(values, dict):
        raise QueryError("'where' is no object.", hint="Write {'field': 'price', 'gte': 10}, as JSON.")
    return values

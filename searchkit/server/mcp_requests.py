"""MCP requests: what the tools take and give, as schemas that cost a model few tokens."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TOKENS = 4_000
LEAST_TOKENS = 500

ArticleField = Literal["title", "url", "source", "authors", "published", "language", "tags", "fields"]
USUAL_FIELDS: tuple[ArticleField, ...] = ("title", "source", "published", "url")


class _Request(BaseModel):
    """What every tool takes."""

    model_config = ConfigDict(extra="forbid")

    index: str | None = Field(None, max_length=200, description="if several")


class _Bounded(_Request):
    """What every tool takes whose answer may be long."""

    max_tokens: int = Field(MAX_TOKENS, ge=LEAST_TOKENS, le=100_000)


class SearchRequest(_Bounded):
    """What the tool ``search`` takes."""

    query: str = Field(min_length=1, max_length=2_000)
    k: int = Field(5, ge=1, le=50)
    mode: Literal["hybrid", "keyword", "vector"] = "hybrid"
    since: str | None = Field(None, max_length=100, description="2025-03, or 'last month'")
    until: str | None = Field(None, max_length=100)
    as_of: str | None = Field(None, max_length=100, description="as known then")
    around: str | None = Field(None, max_length=100, description="nearer dates first")
    recency: bool | None = None
    source: list[str] | None = None
    where: dict[str, Any] | None = Field(
        None, description='{"field":"tag","in":["x"]}, also gte, lte, like, exists; {"and":[..]}, or, not'
    )
    cursor: str | None = Field(None, max_length=6_000, description="its next_cursor")
    fields: list[ArticleField] | None = None


class ArticleRequest(_Bounded):
    """What the tool ``get_article`` takes."""

    id: str = Field(max_length=4_000)
    start: int = Field(0, ge=0, description="character")
    end: int | None = Field(None, ge=0)
    fields: list[ArticleField] | None = None


class QuoteRequest(_Bounded):
    """What the tool ``find_quote`` takes."""

    text: str = Field(min_length=1, max_length=2_000)
    k: int = Field(3, ge=1, le=10)


class FacetsRequest(_Bounded):
    """What the tool ``facets`` takes."""

    fields: list[str] = Field(min_length=1, max_length=10, description="source, tag, author, language, year, …")
    query: str = Field("*", min_length=1, max_length=2_000)
    where: dict[str, Any] | None = Field(None, description="as in search")


class StatusRequest(_Request):
    """What the tool ``status`` takes."""


_COMMON = {"coverage": {"type": "object"}, "notes": {"type": "array"}, "left_out": {"type": "string"}}


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a request, without what a model doesn't need to be told."""
    schema = model.model_json_schema()
    properties = {name: _plain(values) for name, values in schema["properties"].items()}
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"type": "object", "properties": properties, **required, "additionalProperties": False}


def output_schema(**members: str) -> dict[str, Any]:
    """Return the schema of an answer: its own members with their types, and those of all."""
    own = {name: {"type": kind} for name, kind in members.items() if not kind.endswith("?")}
    optional = {name: {"type": [kind[:-1], "null"]} for name, kind in members.items() if kind.endswith("?")}
    return {"type": "object", "properties": own | optional | _COMMON, "required": [*own, "coverage"]}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without titles, and with the type that isn't null alone."""
    kinds = [kind for kind in values.get("anyOf", ()) if kind.get("type") != "null"]
    merged = {name: value for name, value in values.items() if name not in {"title", "anyOf", "maxLength", "minLength"}}
    merged |= kinds[0] if kinds else {}
    if merged.get("default", "") is None:
        del merged["default"]
    merged.pop("maxLength", None)
    if merged.get("additionalProperties") is True:
        del merged["additionalProperties"]
    return merged

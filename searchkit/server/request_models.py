"""Request models: what a request may ask, as FastAPI checks and documents it."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request

from searchkit.errors import QueryError
from searchkit.keyword.query.time_expressions import may_name_time
from searchkit.server.problem_details import AddressTooLong, BadRequest, MediaTypeUnknown

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
Accepted = Annotated[str, Field(min_length=1)]
When = Annotated[str, Field(max_length=100, description="2025-10, last month, 24h, or an instant.")]


class RequestModel(BaseModel):
    """A request, which has no other members than those that are named."""

    model_config = ConfigDict(extra="forbid")


class _Named(RequestModel):
    """The filters that have names of their own."""

    since: When | None = Field(None, examples=["2025"])
    until: When | None = None
    source: list[Accepted] | None = Field(None, description="Accepted sources.", examples=[["Meridian Wire"]])
    language: list[Accepted] | None = Field(None, description="Accepted languages.", examples=[["en"]])
    tag: list[Accepted] | None = Field(None, description="Accepted tags.")
    author: list[Accepted] | None = Field(None, description="Accepted authors.")

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
    sort: str = Field(
        "", max_length=200, description="A field, in reverse with -: -published.", examples=["-published"]
    )
    cursor: str | None = Field(None, max_length=6_000, description="The next_cursor of the page before.")
    as_of: When | None = Field(None, description="Search the archive as it stood then; what is near it ranks higher.")
    around: When | None = Field(None, description="Rank what was published then, or near it, higher.")
    recency: bool | None = Field(None, description="Whether dates count in the ranking, whatever the text says.")
    include_later: bool = Field(False, description="With as_of: leave in what was published later.")
    parts: list[Literal["articles", "chunks", "snippets", "explanations"]] | None = Field(
        None, description="What is made of each result beside its id and score; the first three where it isn't given."
    )
    explain: bool = Field(False, description="Whether results say how their scores come about.")
    fields: list[ArticleField] | None = Field(
        None, description="What of each article comes, beside its id; all but sections and text where it isn't given."
    )

    def depends_on_time(self, where: Any) -> bool:
        """Say whether the answer may be another tomorrow: by a filter, the words, or what counts from today."""
        stated = self.as_of is not None or self.around is not None or bool(self.recency)
        return stated or self.names_time(where) or ":" in self.q or self.cursor is not None or may_name_time(self.q)

    def options(self) -> dict[str, Any]:
        """Return the arguments of ``Searcher.search`` beside text and ``where``."""
        names = ("k", "mode", "syntax", "facets", "min_confidence", "sort", "cursor", "parts")
        times = ("as_of", "around", "recency", "include_later")
        explain = self.explain or "explanations" in (self.parts or ())
        more = {"explain": explain, "boosts": self.factors()}
        return {name: getattr(self, name) for name in names + times} | more | self.filters()

    def factors(self) -> dict[str, float] | None:
        """Return which fields count more; None where none is named. Raises ``BadRequest``."""
        return None


class SearchParameters(_Search):
    """A search in an address."""

    where: str | None = Field(None, description="Conditions as JSON.", examples=[json.dumps(_EXAMPLE_WHERE)])
    boost: list[Name] = Field(
        [], description="A field that counts more, and how much: title=2.", examples=[["title=2"]]
    )

    def factors(self) -> dict[str, float] | None:
        """Return which fields count more; None where none is named. Raises ``BadRequest``."""
        pairs = [text.partition("=") for text in self.boost]
        try:
            return {name: float(factor) for name, _, factor in pairs} or None
        except ValueError as error:
            raise BadRequest("A 'boost' names no factor.", hint="Write boost=title=2.") from error


class SearchBody(_Search):
    """A search as JSON."""

    where: WhereObject | None = Field(None, description="Conditions.", examples=[_EXAMPLE_WHERE])
    boosts: dict[Name, float] | None = Field(
        None, description="Fields that count more, and how much.", examples=[{"title": 2}]
    )

    def factors(self) -> dict[str, float] | None:
        """Return which fields count more; None where none is named."""
        return self.boosts


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


class SuggestParameters(_Named):
    """A beginning in an address."""

    prefix: str = Field(max_length=200, description="What is typed.", examples=["air def"])
    k: int = Field(10, ge=1, le=1_000, description="How many suggestions at most.")
    kinds: list[Name] | None = Field(None, description="word, title, or names of fields; all where it isn't given.")
    where: str | None = Field(None, description="Conditions as JSON.")


class _MoreLike(_Named):
    """What articles are to be like."""

    id: str | None = Field(None, description="An article of the index.", examples=["wire-1"])
    text: str | None = Field(None, description="A text, instead.")
    k: int = Field(10, ge=1, le=1_000, description="How many results at most.")
    mode: Literal["hybrid", "keyword", "vector"] = "hybrid"
    copies: bool = Field(False, description="Whether near copies are among the results.")
    fields: list[ArticleField] | None = Field(None, description="What of each article comes, as in a search.")


class MoreLikeParameters(_MoreLike):
    """What articles are to be like, in an address."""

    where: str | None = Field(None, description="Conditions as JSON.")


class MoreLikeBody(_MoreLike):
    """What articles are to be like, as JSON."""

    where: WhereObject | None = Field(None, description="Conditions.")


class QuoteQuestion(RequestModel):
    """A text that may quote an article, in an address or as JSON."""

    text: str = Field(min_length=1, description="Three words or more.", examples=["missiles guard Venezuela"])
    k: int = Field(3, ge=1, le=50, description="How many passages at most.")
    fields: list[ArticleField] | None = Field(None, description="What of each article comes, as in a search.")


class ArticleParameters(RequestModel):
    """What of an article is asked for."""

    fields: list[ArticleField] | None = Field(None, description="What comes beside the id; without it, everything.")
    start: int = Field(0, ge=0, description="The first character of the text that comes.")
    end: int | None = Field(None, ge=0, description="The character before which the text ends; the last without it.")


class DeleteBody(RequestModel):
    """Which articles are deleted."""

    ids: list[Annotated[str, AfterValidator(_is_text)]] = Field([], examples=[["wire-1"]])
    where: WhereObject | None = Field(None, examples=[{"field": "source", "in": ["Meridian Wire"]}])


class UpdateBody(RequestModel):
    """How an index is brought in line with the places that it remembers."""

    prune: bool = Field(False, description="Whether articles go that have vanished from the places.")


class RebuildBody(RequestModel):
    """How an index is made anew."""

    reuse: bool = Field(True, description="Whether vectors that are there are taken over.")


def check_length(text: str, limit: int) -> None:
    """Raise ``AddressTooLong`` for a query of more characters than may be asked."""
    if len(text) > limit:
        raise AddressTooLong(f"The query has {len(text):,} characters.", hint=f"Ask in {limit:,} at most.")


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


R = TypeVar("R", bound=RequestModel)


def parameters(model: type[R], query: QueryParams) -> R:
    """Read what an address asks. Raises ``BadRequest``.

    FastAPI's own reading of a model takes as long as the search itself (.4 ms of 15 parameters).
    """
    values: dict[str, Any] = {}
    for name in query:
        repeated = query.getlist(name)
        if name in _lists(model):
            values[name] = repeated
        elif len(repeated) > 1:
            raise BadRequest(f"'{name[:100]}' is given {len(repeated)} times.", hint="Give it once.")
        else:
            values[name] = repeated[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _invalid(error) from error


async def body(model: type[R], request: Request) -> R:
    """Read what a body asks. Raises ``BadRequest``, and ``MediaTypeUnknown`` where it isn't sent as JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # a page of another origin could send any other kind without being let
        raise MediaTypeUnknown(f"The body comes as '{kind[:100]}'.")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise _invalid(error) from error


def in_address(model: type[RequestModel]) -> dict[str, Any]:
    """Return what describes the parameters of an address."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    described = [
        {"name": name, "in": "query", "required": name in required, "schema": _not_null(values)}
        for name, values in schema["properties"].items()
    ]
    return {"parameters": described}


def in_body(model: type[RequestModel]) -> dict[str, Any]:
    """Return what describes a body."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter, which is left out where it is null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    own = {name: value for name, value in schema.items() if name != "anyOf"}
    if own.get("default", "") is None:
        del own["default"]
    return own | (kinds[0] if kinds else {})


@cache
def _lists(model: type[RequestModel]) -> frozenset[str]:
    """Return the names of the parameters that may be repeated."""
    return frozenset(name for name, field in model.model_fields.items() if "list[" in str(field.annotation))


def _invalid(error: ValidationError) -> BadRequest:
    """Return the error that names the first fault."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, fault["loc"])) or "the body"
    text = fault["msg"].encode("utf-8", "replace").decode()
    return BadRequest(f"'{place[:100]}' can't be taken: {text[:200]}.")

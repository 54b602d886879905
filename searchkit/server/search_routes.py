"""Search routes: what reads an index. Each answer is of one generation, which its ETag names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from searchkit.answer import chunk_dict
from searchkit.errors import QueryError
from searchkit.filter_expression import F
from searchkit.search.searcher import Searcher
from searchkit.server import response_models as models
from searchkit.server.access import Access
from searchkit.server.answer_json import answer_json, article_json, facets_json, info_json, to_bytes
from searchkit.server.open_indexes import OpenIndex
from searchkit.server.plain_route import PlainRoute
from searchkit.server.problem_details import BadRequest, NotFound
from searchkit.server.request_models import (
    ARTICLE_FIELDS,
    DEFAULT_FIELDS,
    ArticleParameters,
    CountBody,
    CountParameters,
    FacetBody,
    FacetParameters,
    MoreLikeBody,
    MoreLikeParameters,
    QuoteQuestion,
    RequestModel,
    SearchBody,
    SearchParameters,
    SuggestParameters,
    body,
    check_length,
    conditions,
    in_address,
    in_body,
    parameters,
)
from searchkit.server.services import access_of, services_of
from searchkit.server.visible_quotations import quotation_json, visible_quotations
from searchkit.types import FilterExpression
from searchkit.version import __version__

Ask = Callable[[Searcher, Access], dict[str, Any]]
"""Asks an index on behalf of somebody."""

Where = FilterExpression | dict[str, Any] | None

router = APIRouter(prefix="/v1", route_class=PlainRoute)


@router.get("/indexes", response_model=models.IndexesModel, summary="The indexes that can be asked")
async def indexes(request: Request) -> Response:
    """Name the indexes that may be asked, and what they are made of."""
    services, access = services_of(request), access_of(request)
    listed = await services.queue.run(
        lambda: [_index_json(opened, access) for opened in services.indexes.visible(access)]
    )
    return _json(to_bytes({"indexes": listed}))


@router.get(
    "/{index}/explain",
    response_model=models.AnswerModel,
    summary="Search, with explanations",
    openapi_extra=in_address(SearchParameters),
)
async def explain(request: Request, index: str) -> Response:
    """Answer a question as a search does; every result says by which numbers its score can be worked out again."""
    payload = parameters(SearchParameters, request.query_params)
    return await _reply(request, index, _searching(request, payload.model_copy(update={"explain": True})))


@router.get(
    "/{index}/suggest",
    response_model=models.SuggestionsModel,
    summary="What a beginning goes on to",
    openapi_extra=in_address(SuggestParameters),
)
async def suggest(request: Request, index: str) -> Response:
    """Tell what a beginning may go on to, as one types: words, titles, sources, tags and other values."""
    payload = parameters(SuggestParameters, request.query_params)
    where = conditions(payload.where)

    def ask(searcher: Searcher, access: Access) -> dict[str, Any]:
        within = access.within(_joined(where, payload.filters()))
        suggestions = searcher.suggest(payload.prefix, k=payload.k, kinds=payload.kinds, where=within)
        return {"suggestions": [asdict(suggestion) for suggestion in suggestions]}

    return await _reply(request, index, ask, timeless=not payload.names_time(where))


@router.get(
    "/{index}/articles/{article_id:path}",
    response_model=models.WholeArticleModel,
    summary="An article",
    openapi_extra=in_address(ArticleParameters),
)
async def article(request: Request, index: str, article_id: str) -> Response:
    """Return an article by its id, with its text or a part of it."""
    payload = parameters(ArticleParameters, request.query_params)
    end = payload.end
    if end is not None and end < payload.start:
        raise BadRequest(f"The text can't end at {end} and begin at {payload.start}.", hint="Swap the two.")

    def ask(searcher: Searcher, access: Access) -> dict[str, Any]:
        whole = searcher.article(article_id)
        if whole is None or not _is_visible(searcher, article_id, access):
            raise NotFound(f"No article here has the id '{article_id[:100]}'.")
        values = article_json(whole, payload.fields or ARTICLE_FIELDS)
        first, last = min(payload.start, len(whole.text)), min(end or len(whole.text), len(whole.text))
        last = first if end == 0 else max(first, last)
        if "text" in values:
            values["text"] = whole.text[first:last]
        spans = [
            {"id": chunk.id, "start": chunk.start, "end": chunk.end, "heading": chunk.heading}
            for chunk in searcher.chunks(article_id)
        ]
        return values | {"start": first, "end": last, "length": len(whole.text), "chunks": spans}

    return await _reply(request, index, ask, timeless=True, name=False)


@router.get("/{index}/chunks/{chunk_id:path}", response_model=models.ChunkOfArticleModel, summary="A chunk")
async def chunk(request: Request, index: str, chunk_id: str) -> Response:
    """Return a chunk by its id, ``article-id#ordinal`` with the sign percent-encoded."""

    def ask(searcher: Searcher, access: Access) -> dict[str, Any]:
        known = searcher.chunk(chunk_id)
        if known is None or not _is_visible(searcher, known.article_id, access):
            raise NotFound(f"No chunk here has the id '{chunk_id[:100]}'.")
        return chunk_dict(known) | {"article_id": known.article_id}

    return await _reply(request, index, ask, timeless=True, name=False)


def _searching(request: Request, payload: SearchParameters | SearchBody) -> Ask:
    where, limits = conditions(payload.where), services_of(request).settings.limits
    _check_query(payload.q, limits.query_characters)
    if payload.k > limits.results:
        raise BadRequest(f"k is {payload.k}.", hint=f"Ask for {limits.results:,} results at most.")

    def ask(searcher: Searcher, access: Access) -> dict[str, Any]:
        hides = access.where is not None
        answer = searcher.search(payload.q, where=access.within(where), suggest_values=not hides, **payload.options())
        return answer_json(answer, payload.fields or DEFAULT_FIELDS, hides=hides)

    return ask


def _finding_like(request: Request, payload: MoreLikeParameters | MoreLikeBody) -> Ask:
    where, limits = conditions(payload.where), services_of(request).settings.limits
    if (payload.id is None) == (payload.text is None):
        raise BadRequest("An article is named by 'id', or a text given: one of both.")
    if payload.k > limits.results:
        raise BadRequest(f"k is {payload.k}.", hint=f"Ask for {limits.results:,} results at most.")

    def ask(searcher: Searcher, access: Access) -> dict[str, Any]:
        if payload.id is not None and not _is_visible(searcher, payload.id, access):
            raise NotFound(f"No article here has the id '{payload.id[:100]}'.")
        within = access.within(_joined(where, payload.filters()))
        answer = searcher.more_like(
            payload.id, text=payload.text, k=payload.k, mode=payload.mode, where=within, copies=payload.copies
        )
        whole = answer_json(answer, payload.fields or DEFAULT_FIELDS, hides=access.where is not None)
        return whole | {"generation": _number(searcher)}

    return ask


def _counting(_request: Request, payload: CountParameters | CountBody) -> Ask:
    where = conditions(payload.where)

    def ask(searcher: Searcher, access: Access) -> dict[str, Any]:
        return {"articles": searcher.count(where=access.within(_joined(where, payload.filters())))}

    return ask


def _counting_values(request: Request, payload: FacetParameters | FacetBody) -> Ask:
    where = conditions(payload.where)
    _check_query(payload.q, services_of(request).settings.limits.query_characters)

    def ask(searcher: Searcher, access: Access) -> dict[str, Any]:
        answer = searcher.search(
            payload.q,
            k=1,
            mode=payload.mode,
            syntax=payload.syntax,
            facets=payload.facets,
            where=access.within(where),
            **payload.filters(),
        )
        return {"facets": facets_json(answer)}

    return ask


def _quoting(request: Request, payload: QuoteQuestion) -> Ask:
    _check_query(payload.text, services_of(request).settings.limits.query_characters)

    def ask(searcher: Searcher, access: Access) -> dict[str, Any]:
        fields = payload.fields or DEFAULT_FIELDS
        shown = [
            {"article": article_json(each.article, fields), "text": each.text, **quotation_json(each)}
            for each in visible_quotations(searcher, payload.text, payload.k, access)
        ]
        return {"quotations": shown}

    return ask


def _joined(where: dict[str, Any] | None, filters: dict[str, Any]) -> Where:
    """Return conditions together with the filters that have names of their own."""
    named = {name: value for name, value in filters.items() if name not in {"since", "until"}}
    expressions: list[Any] = [F(name).any(values) for name, values in named.items()]
    if "since" in filters or "until" in filters:
        expressions.append(F("published").between(filters.get("since"), filters.get("until")))
    if where is not None:
        expressions.append(where)
    return {"and": expressions} if expressions else None


def _check_query(text: str, limit: int) -> None:
    """Refuse a query that is empty or too long. Raises the error that says so."""
    check_length(text, limit)
    if not text.strip():
        raise QueryError("The query is empty.", hint="Say what to look for, as words or as a question.")


def _is_visible(searcher: Searcher, article_id: str, access: Access) -> bool:
    """Say whether there is an article that may be seen."""
    return searcher.meets(article_id, where=access.where)


def _index_json(opened: OpenIndex, access: Access) -> dict[str, Any]:
    """Return what an index is made of; to whom sees a part of the articles alone, only how many these are."""
    with opened.searcher.snapshot() as searcher:
        generation = _number(searcher)
        if access.where is not None:
            return {"name": opened.name, "generation": generation, "articles": searcher.count(where=access.where)}
        info = searcher.info()
        problem = {"problem": opened.problem} if opened.problem else {}
        return {"name": opened.name, "generation": generation, "articles": info.articles} | info_json(info) | problem


def _number(searcher: Searcher) -> int:
    return int(searcher.version.partition("-")[0])


async def _reply(request: Request, index: str, ask: Ask, *, timeless: bool = False, name: bool = True) -> Response:
    """Answer from one generation.

    Where the answer depends on the generation and the request alone (``timeless``), whoever has it already is told so
    without searching. ``name``: whether the answer names the index.
    """
    services, access = services_of(request), access_of(request)
    is_get = request.method in {"GET", "HEAD"}
    known = request.headers.get("if-none-match", "") if is_get else ""

    def work() -> tuple[str, bytes | None]:
        with services.indexes.snapshot(index, access) as searcher:
            tag = _tag(searcher.version, request, access) if timeless else ""
            if tag and tag in known:
                return tag, None
            values: dict[str, Any] = {"index": index} if name else {}
            values |= {"generation": _number(searcher)} | ask(searcher, access)
            answered = to_bytes(values)
            if is_get and not tag:
                tag = f'W/"{values["generation"]}-{hashlib.blake2b(answered, digest_size=8).hexdigest()}"'
            return tag, None if tag and tag in known else answered

    tag, content = await services.queue.run(work)
    return _json(content, tag)


def _tag(version: str, request: Request, access: Access) -> str:
    payload = "\0".join((__version__, access.name, str(request.url.path), str(request.url.query)))
    return f'W/"{version}-{hashlib.blake2b(payload.encode(), digest_size=8).hexdigest()}"'


def _json(content: bytes | None, tag: str = "") -> Response:
    headers = {"etag": tag} if tag else {}
    if content is None:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


P = TypeVar("P", bound=RequestModel)
B = TypeVar("B", bound=RequestModel)


def _never(_payload: Any) -> bool:
    return False


def _declare(
    path: str,
    asking: Callable[[Request, Any], Ask],
    in_query: type[P],
    as_json: type[B],
    gives: type[BaseModel],
    *,
    summary: str,
    about: str,
    is_timeless: Callable[[P], bool] = _never,
) -> None:
    """Declare the routes of a question: GET asks it in the address, POST as JSON."""

    async def by_address(request: Request, index: str) -> Response:
        payload = parameters(in_query, request.query_params)
        return await _reply(request, index, asking(request, payload), timeless=is_timeless(payload))

    async def by_body(request: Request, index: str) -> Response:
        return await _reply(request, index, asking(request, await body(as_json, request)))

    described = {
        "GET": (by_address, summary, in_address(in_query)),
        "POST": (by_body, f"{summary}, asked as JSON", in_body(as_json)),
    }
    for method, (answer, title, extra) in described.items():
        router.add_api_route(
            f"/{{index}}/{path}",
            answer,
            methods=[method],
            name=path,
            response_model=gives,
            summary=title,
            description=about,
            openapi_extra=extra,
        )


_declare(
    "search",
    _searching,
    SearchParameters,
    SearchBody,
    models.AnswerModel,
    summary="Search",
    about="Answer with the best articles that pass the filters. Offsets count characters of an article's text.",
    is_timeless=lambda payload: not payload.depends_on_time(payload.where),
)
_declare(
    "count",
    _counting,
    CountParameters,
    CountBody,
    models.CountModel,
    summary="Count articles",
    about="Count the articles that meet the conditions.",
    is_timeless=lambda payload: not payload.names_time(payload.where),
)
_declare(
    "facets",
    _counting_values,
    FacetParameters,
    FacetBody,
    models.FacetsModel,
    summary="Count values",
    about="Count the values of fields over the articles that match.",
)
_declare(
    "more-like",
    _finding_like,
    MoreLikeParameters,
    MoreLikeBody,
    models.AnswerModel,
    summary="Articles like an article",
    about="Find articles that are like an article of the index, or like a text.",
)
_declare(
    "quote",
    _quoting,
    QuoteQuestion,
    QuoteQuestion,
    models.QuotationsModel,
    summary="Passages that a text quotes",
    about="Find where a text stands, be it from memory: some words changed, missing, added or moved.",
    is_timeless=lambda _: True,
)

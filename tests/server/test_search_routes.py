"""What reads an index over HTTP: the answers are those of Python, one generation each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

import searchkit
from searchkit.server.server_settings import Limits
from tests.index.archive import article, built
from tests.server.running_server import serving
from tests.word_encoder import WordEncoder


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "news"
    built(folder)
    return folder


@pytest.fixture(scope="module")
def client(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    limits = Limits(body_bytes=2_000, query_characters=100, results=50)
    with (
        serving({"news": index}, tmp_path_factory.mktemp("state"), WordEncoder(), limits=limits) as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def searcher(index: Path) -> Iterator[searchkit.Searcher]:
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        yield searcher


def ids(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [result["article"]["id"] for result in response.json()["results"]]


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_a_search_answers_what_python_answers(client: httpx.Client, searcher: searchkit.Searcher, mode: str) -> None:
    response = client.get("/v1/news/search", params={"q": "missiles guard Venezuela", "mode": mode, "k": 5})
    answer = searcher.search("missiles guard Venezuela", mode=mode, k=5)
    assert ids(response) == [result.article.id for result in answer.results]
    values = response.json()
    assert [result["score"] for result in values["results"]] == [result.score for result in answer.results]
    snippet, expected = values["results"][0]["chunks"][0]["snippet"], answer.results[0].chunks[0].snippet
    assert (snippet["text"], snippet["start"], snippet["end"]) == (expected.text, expected.start, expected.end)
    assert [tuple(span) for span in snippet["highlights"]] == list(expected.highlights)
    assert (values["generation"], values["index"], values["mode"]) == (1, "news", mode)


def test_post_asks_what_get_asks(client: httpx.Client) -> None:
    where = {"and": [{"field": "tag", "in": ["odd"]}, {"field": "pages", "gte": 5}]}
    by_get = client.get("/v1/news/search", params={"q": "missiles", "where": json.dumps(where), "mode": "keyword"})
    by_post = client.post("/v1/news/search", json={"q": "missiles", "where": where, "mode": "keyword"})
    assert by_get.json() == by_post.json()
    assert ids(by_get)
    assert all(int(each[1:]) % 2 and int(each[1:]) >= 5 for each in ids(by_get))


def test_filters_have_the_names_of_the_command_line(client: httpx.Client) -> None:
    params = {"q": "*", "source": ["Der Bote"], "since": "2025-01-05", "until": "2025-01-15", "k": 50}
    found_by_names = ids(client.get("/v1/news/search", params=params))
    assert sorted(found_by_names) == ["a005", "a008", "a011", "a014"]
    assert client.get("/v1/news/count", params={"source": "Der Bote", "since": "2025-01-05"}).json()["articles"] == 7


def test_count_and_facets(client: httpx.Client) -> None:
    assert client.get("/v1/news/count").json() == {"index": "news", "generation": 1, "articles": 24}
    where = {"field": "tag", "in": ["odd"]}
    assert client.post("/v1/news/count", json={"where": where}).json()["articles"] == 12
    counted = client.post("/v1/news/facets", json={"facets": ["source", "tag"], "where": where}).json()["facets"]
    assert counted == {
        "source": [
            {"value": "Der Bote", "articles": 4},
            {"value": "El Correo", "articles": 4},
            {"value": "Harbor Ledger", "articles": 4},
        ],
        "tag": [{"value": "odd", "articles": 12}],
    }
    by_get = client.get("/v1/news/facets", params={"facets": "source", "q": "missiles"}).json()["facets"]
    assert sum(count["articles"] for count in by_get["source"]) < 24


def test_fields_choose_what_comes_of_an_article(client: httpx.Client) -> None:
    response = client.get("/v1/news/search", params={"q": "missiles", "fields": ["title", "text"], "k": 1})
    assert set(response.json()["results"][0]["article"]) == {"id", "title", "text"}
    plain = client.get("/v1/news/search", params={"q": "missiles", "k": 1}).json()["results"][0]["article"]
    assert "text" not in plain
    assert plain["published"].startswith("2025-01-")


def test_an_article_comes_whole_or_in_part(client: httpx.Client, searcher: searchkit.Searcher) -> None:
    text = article(3).text
    whole = client.get("/v1/news/articles/a003").json()
    assert (whole["text"], whole["start"], whole["end"], whole["length"]) == (text, 0, len(text), len(text))
    part = client.get("/v1/news/articles/a003", params={"start": 5, "end": 20, "fields": "text"}).json()
    assert (part["text"], part["start"], part["end"]) == (text[5:20], 5, 20)
    assert "title" not in part
    beyond = client.get("/v1/news/articles/a003", params={"start": 10_000}).json()
    assert (beyond["text"], beyond["start"]) == ("", len(text))
    none = client.get("/v1/news/articles/a003", params={"end": 0}).json()
    assert (none["text"], none["end"]) == ("", 0)


def test_a_chunk_comes_by_its_id(client: httpx.Client, searcher: searchkit.Searcher) -> None:
    chunk = searcher.chunks("a003")[0]
    values = client.get("/v1/news/chunks/a003%230").json()
    assert values["text"] == chunk.text
    assert (values["article_id"], values["id"]) == ("a003", "a003#0")


def test_explain_gives_numbers_that_add_up(client: httpx.Client) -> None:
    result = client.get("/v1/news/explain", params={"q": "missiles guard", "k": 1}).json()["results"][0]
    assert result["score"] == pytest.approx(sum(vote["counts"] * vote["score"] for vote in result["votes"]))
    assert result["score"] == pytest.approx(sum(each["share"] for each in result["contributions"]))


def test_pages_follow_each_other_without_gap(client: httpx.Client, searcher: searchkit.Searcher) -> None:
    params = {"q": "report", "mode": "keyword", "k": 5, "sort": "-published", "parts": "articles", "fields": "title"}
    pages, cursor = [], None
    while cursor is not None or not pages:
        values = client.get("/v1/news/search", params=params | ({"cursor": cursor} if cursor else {})).json()
        pages.append([result["article"]["id"] for result in values["results"]])
        cursor = values["next_cursor"]
    assert [len(page) for page in pages] == [5, 5, 5, 5, 4]
    assert [each for page in pages for each in page] == [f"a{number:03d}" for number in range(23, -1, -1)]
    assert (values["total"], values["total_of"]) == (24, "articles that match the query and pass the filters")
    assert values["results"][0]["chunks"] == []


def test_a_cursor_of_another_query_is_refused(client: httpx.Client) -> None:
    cursor = client.get("/v1/news/search", params={"q": "report", "k": 1}).json()["next_cursor"]
    wider = client.get("/v1/news/search", params={"q": "report", "k": 1, "tag": "odd", "cursor": cursor})
    assert (wider.status_code, wider.json()["code"]) == (400, "cursor-error")
    assert client.get("/v1/news/search", params={"q": "report", "cursor": "x"}).json()["code"] == "cursor-error"


def test_parts_choose_what_is_made(client: httpx.Client) -> None:
    def result(*parts: str) -> dict[str, Any]:
        params = {"q": "missiles", "k": 1, "parts": parts}
        return client.get("/v1/news/search", params=params).json()["results"][0]

    assert set(result("articles")["article"]) > {"id", "title"}
    assert set(result("chunks")["article"]) == {"id"}
    assert "snippet" not in result("chunks")["chunks"][0]
    assert result("snippets")["chunks"][0]["snippet"]["text"]
    assert result("explanations")["votes"]


def test_a_quotation_is_found_by_get_and_post(client: httpx.Client, searcher: searchkit.Searcher) -> None:
    text = "Poland purchased Patriot batteries to defend its eastern border"
    question = {"text": text, "k": 2, "fields": ["title"]}
    values = client.get("/v1/news/quote", params=question).json()
    assert values == client.post("/v1/news/quote", json=question).json()
    expected = searcher.quote(text, k=2)
    assert [each["article"]["id"] for each in values["quotations"]] == [each.article.id for each in expected]
    first = values["quotations"][0]
    assert (first["text"], first["start"], first["end"]) == (expected[0].text, expected[0].start, expected[0].end)
    assert first["differences"] == [{"kind": "changed", "typed": "purchased", "written": "bought"}]
    assert (first["verbatim"], first["by"], set(first["article"])) == (False, "words", {"id", "title"})
    assert client.get("/v1/news/quote", params={"text": "two words"}).json()["code"] == "query-error"


def test_times_are_asked_as_in_python(client: httpx.Client, searcher: searchkit.Searcher) -> None:
    for times in ({"as_of": "2025-01-12"}, {"around": "2025-01-12"}, {"recency": True}):
        expected = searcher.search("missiles guard", mode="keyword", **times)  # type: ignore[arg-type]
        params = {"q": "missiles guard", "mode": "keyword"} | times
        assert ids(client.get("/v1/news/search", params=params)) == [each.article.id for each in expected.results]


def test_suggestions_and_what_is_like_an_article(client: httpx.Client, searcher: searchkit.Searcher) -> None:
    suggestions = client.get("/v1/news/suggest", params={"prefix": "harb"}).json()["suggestions"]
    assert suggestions[0] == {"text": "Harbor Ledger", "kind": "source", "count": 8}
    like = ids(client.get("/v1/news/more-like", params={"id": "a003", "k": 3}))
    assert like == [result.article.id for result in searcher.more_like("a003", k=3).results]
    by_text = ids(
        client.post("/v1/news/more-like", json={"text": "missiles guard Venezuela", "k": 3, "mode": "keyword"})
    )
    assert by_text == [
        result.article.id for result in searcher.more_like(text="missiles guard Venezuela", k=3, mode="keyword").results
    ]
    assert client.get("/v1/news/more-like").status_code == 400
    assert client.get("/v1/news/more-like", params={"id": "none"}).status_code == 404


def test_indexes_say_what_they_are_made_of(client: httpx.Client) -> None:
    [described] = client.get("/v1/indexes").json()["indexes"]
    assert (described["name"], described["articles"], described["generation"]) == ("news", 24, 1)
    assert described["languages"] == {"de": 8, "en": 16}
    assert "path" not in described  # where it lies is nobody's business


def test_who_has_an_answer_is_told_so(client: httpx.Client) -> None:
    for path in (
        "/v1/news/search?q=missiles",
        "/v1/news/articles/a003",
        "/v1/news/count",
        "/v1/news/search?q=*&since=1y",
    ):
        first = client.get(path)
        assert first.headers["etag"].startswith('W/"1-')
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(path, headers={"If-None-Match": 'W/"0-x"'}).status_code == 200


def test_long_answers_are_compressed(client: httpx.Client) -> None:
    packed = client.get("/v1/news/search", params={"q": "missiles"})
    assert packed.headers["content-encoding"] == "gzip"
    plain = client.get("/v1/news/search", params={"q": "missiles"}, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == packed.json()
    assert len(plain.content) > int(packed.headers["content-length"])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/nwes/search?q=x", 404, "not-found"),
        ("/v1/news/articles/none", 404, "not-found"),
        ("/v1/news/chunks/a003%2399", 404, "not-found"),
        ("/v1/news/chunks/a003", 404, "not-found"),
        ("/nothing", 404, "not-found"),
        ("/v1/news/search", 400, "bad-request"),
        ("/v1/news/search?q=x&kk=3", 400, "bad-request"),
        ("/v1/news/search?q=x&k=0", 400, "bad-request"),
        ("/v1/news/search?q=x&k=51", 400, "bad-request"),
        ("/v1/news/search?q=x&min_confidence=nan", 400, "bad-request"),
        ("/v1/news/search?q=x&q=y", 400, "bad-request"),
        ("/v1/news/search?q=x&sort=nothing", 400, "query-error"),
        ("/v1/news/search?q=x&parts=nothing", 400, "bad-request"),
        ("/v1/news/search?q=%20", 400, "query-error"),
        ("/v1/news/search?q=x&where=%7B", 400, "bad-request"),
        ("/v1/news/search?q=x&where=3", 400, "query-error"),
        ("/v1/news/search?q=x&where=%7B%22field%22:%22tag%22%7D", 400, "query-error"),
        ("/v1/news/search?q=x&where=%22%5Cud800%22", 400, "bad-request"),
        ("/v1/news/search?q=x&since=2025-05-05&until=2025-01-01", 400, "query-error"),
        ("/v1/news/search?q=x&facets=nothing", 400, "query-error"),
        ("/v1/news/search?q=" + "x" * 101, 414, "address-too-long"),
        ("/v1/news/search?q=x&where=" + "x" * 61_000, 414, "address-too-long"),
        ("/v1/news/articles/a003?start=9&end=3", 400, "bad-request"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(client: httpx.Client, path: str, status: int, code: str) -> None:
    response = client.get(path)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"urn:searchkit:error:{code}")
    assert problem["detail"]
    assert problem["hint"]


def test_a_problem_names_the_position(client: httpx.Client) -> None:
    problem = client.get("/v1/news/search", params={"q": "radar AND", "syntax": "expression"}).json()
    assert problem["code"] == "query-error"
    assert problem["position"] == 7


def test_another_method_is_refused_with_those_that_are_taken(client: httpx.Client) -> None:
    response = client.put("/v1/news/search", json={})
    assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
    assert response.headers["allow"]


def test_bodies_are_bounded(client: httpx.Client) -> None:
    told = client.post("/v1/news/search", json={"q": "x" * 3_000})
    assert (told.status_code, told.json()["code"]) == (413, "body-too-large")
    streamed = client.post(
        "/v1/news/search", content=(b"x" * 500 for _ in range(9)), headers={"Content-Type": "application/json"}
    )
    assert streamed.status_code == 413


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"q": "\\ud800"}', b'{"q": 3}', b"\xff", b"[" * 1_500, b'{"k": 3}', b'"x"', b"3"]
)
def test_a_body_that_cannot_be_read_is_a_problem(client: httpx.Client, body: bytes) -> None:
    response = client.post("/v1/news/search", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "bad-request")


def test_a_body_of_another_kind_is_refused(client: httpx.Client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = client.post("/v1/news/search", content=b'{"q": "x"}', headers={"Content-Type": kind})
        assert (response.status_code, response.json()["code"]) == (415, "media-type-unknown")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/news/articles"),
        ("DELETE", "/v1/news/articles/a003"),
        *(("POST", f"/v1/news/{name}") for name in ("delete", "update", "rebuild")),
        ("GET", "/v1/jobs/x"),
    ],
)
def test_writing_without_a_token_that_may_is_told_what_it_needs(client: httpx.Client, method: str, path: str) -> None:
    response = client.request(method, path)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (403, "forbidden")
    assert "SEARCHKIT_WRITE_TOKEN" in problem["hint"]
    assert not [path for path in client.get("/openapi.json").json()["paths"] if path.endswith("/rebuild")]


def test_the_process_says_that_it_is_there_and_counts(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    client.get("/v1/news/count")
    text = client.get("/metrics").text
    assert 'searchkit_requests_total{route="/v1/{index}/count",status="200"}' in text
    assert 'searchkit_request_seconds_bucket{route="/v1/{index}/count",le="+Inf"}' in text
    assert 'searchkit_generation{index="news"} 1.0' in text


def test_the_description_has_examples_and_no_page_from_elsewhere(client: httpx.Client) -> None:
    description = client.get("/openapi.json").json()
    parameters = description["paths"]["/v1/{index}/search"]["get"]["parameters"]
    assert any("examples" in str(parameter) for parameter in parameters)
    assert client.get("/docs").status_code == 404


def test_days_that_move_are_no_part_of_a_tag(index: Path) -> None:
    from searchkit.server.request_models import SearchParameters

    assert SearchParameters(q="x", since="24h").names_time(None)
    assert SearchParameters(q="x").names_time({"field": "published", "gte": "today"})
    assert not SearchParameters(q="x", tag=["even"]).names_time({"field": "pages", "gte": 3})
    assert datetime.now(UTC)


def test_fields_that_count_more_are_named_in_address_and_body(
    client: httpx.Client, searcher: searchkit.Searcher
) -> None:
    options: dict[str, Any] = {"q": "missiles guard Venezuela", "mode": "keyword"}
    by_get = client.get("/v1/news/search", params={**options, "boost": ["title=2"]})
    by_post = client.post("/v1/news/search", json={**options, "boosts": {"title": 2}})
    answer = searcher.search("missiles guard Venezuela", mode="keyword", boosts={"title": 2})
    for response in (by_get, by_post):
        assert [each["score"] for each in response.json()["results"]] == [each.score for each in answer.results]
        assert response.json()["notes"] == list(answer.notes)
    assert answer.notes
    for wrong in (
        {"boost": "title"},
        {"boost": "title=x"},
        {"boost": "desk=2"},
        {"boost": "title=-1"},
        {"boost": "title=nan"},
    ):
        refused = client.get("/v1/news/search", params={**options, **wrong})
        assert refused.status_code == 400, wrong
        assert "--" not in refused.json()["hint"]

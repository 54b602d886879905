"""What every request passes: names, origins, tokens, and how many may be at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

import searchkit
from searchkit.errors import ConfigError
from searchkit.filter_expression import F
from searchkit.server.access import Access, TokenCheck, token_of, tokens_from
from searchkit.server.open_indexes import warn_of_filters
from searchkit.server.server_settings import Limits, ServerSettings, named_indexes
from tests.index.archive import built
from tests.server.running_server import READ, TOKENS, WRITE, bearer, serving
from tests.word_encoder import WordEncoder

TENANT = "tenant-" + "t" * 20
ROUTES = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/indexes", "/v1/news/search?q=x", "/v1/jobs/x", "/no"]


class SlowEncoder(WordEncoder):
    """Waits where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.free.set()

    def encode_query(self, text: str):
        if "slowly" in text:
            self.free.wait(10)
        return super().encode_query(text)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "news"
    built(folder)
    return folder


@pytest.fixture(scope="module")
def slow() -> SlowEncoder:
    return SlowEncoder()


@pytest.fixture(scope="module")
def client(index: Path, slow: SlowEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    tokens = (*TOKENS, token_of(TENANT, Access(name="tenant", where=F("tag") == "odd")))
    state = tmp_path_factory.mktemp("state")
    limits = Limits(at_once=3, threads=2, timeout_s=0.5)
    values = {"tokens": tokens, "origins": ("https://page.example",), "hosts": ("search.example",), "limits": limits}
    with serving({"news": index}, state, slow, **values) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize("path", ROUTES)
def test_another_name_is_misdirected_on_every_route(client: httpx.Client, path: str) -> None:
    for host in ("attacker.example", "127.0.0.1.attacker.example:80", "", "localhost.attacker.example"):
        response = client.get(path, headers={"Host": host} | bearer(WRITE))
        assert (response.status_code, response.json()["code"]) == (421, "misdirected"), host
    for host in ("search.example", "localhost:80", "LOCALHOST", "127.0.0.1:1234", "[::1]:9"):
        assert client.get(path, headers={"Host": host} | bearer(WRITE)).status_code != 421, host


@pytest.mark.parametrize("path", ROUTES)
def test_a_page_of_another_origin_is_refused_on_every_route(client: httpx.Client, path: str) -> None:
    for origin in ("https://attacker.example", "null", "http://page.example", f"{client.base_url}".rstrip("/") + "0"):
        response = client.get(path, headers={"Origin": origin} | bearer(WRITE))
        assert (response.status_code, response.json()["code"]) == (403, "forbidden"), origin
        assert "access-control-allow-origin" not in response.headers
    own = str(client.base_url).rstrip("/")
    assert client.get(path, headers={"Origin": own} | bearer(WRITE)).status_code != 403


def test_a_page_that_was_let_may_read_the_answer(client: httpx.Client) -> None:
    origin = {"Origin": "https://page.example"}
    response = client.get("/v1/news/count", headers=origin | bearer(READ))
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, "https://page.example")
    assert "Origin" in response.headers["vary"]
    before = client.options("/v1/news/search", headers=origin | {"Access-Control-Request-Method": "POST"})
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (204, "https://page.example")


def test_without_a_token_only_its_health_is_told(client: httpx.Client) -> None:
    for path in ROUTES:
        response = client.get(path)
        if path in {"/healthz", "/readyz"}:
            assert response.status_code == 200
        else:
            assert (response.status_code, response.json()["code"]) == (401, "unauthorized"), path
            assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer wrong", f"Basic {READ}", READ, f"Bearer {READ}x", "Bearer \xe9"])
def test_a_wrong_token_is_no_token(client: httpx.Client, header: str) -> None:
    response = client.get("/v1/news/count", headers={"Authorization": header.encode("latin-1")})
    assert response.status_code == 401


def test_a_reader_may_not_write(client: httpx.Client) -> None:
    for path in ("rebuild", "update", "delete"):
        response = client.post(
            f"/v1/news/{path}", json={"ids": ["a"]} if path == "delete" else {}, headers=bearer(READ)
        )
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    added = client.post(
        "/v1/news/articles", content=b"{}", headers={"Content-Type": "application/x-ndjson"} | bearer(READ)
    )
    assert added.status_code == 403
    assert client.delete("/v1/news/articles/a003", headers=bearer(READ)).status_code == 403
    assert client.get("/v1/jobs/x/events", headers=bearer(READ)).status_code == 403


def test_no_token_is_logged(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        client.get("/v1/news/count", headers=bearer(READ))
        client.get("/v1/news/count", headers=bearer("wrong-" + "w" * 20))
    assert READ not in caplog.text
    assert "wrong-w" not in caplog.text


def test_too_many_at_once_are_told_to_come_again(client: httpx.Client, slow: SlowEncoder) -> None:
    slow.free.clear()

    def ask(number: int) -> httpx.Response:
        return client.get("/v1/news/search", params={"q": f"slowly {number}"}, headers=bearer(READ))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    busy = [answer for answer in answers if answer.status_code == 429]
    late = [answer for answer in answers if answer.status_code == 503]
    assert (len(busy), len(late)) == (5, 3)
    assert {answer.json()["code"] for answer in busy} == {"too-many-requests"}
    assert {answer.json()["code"] for answer in late} == {"answer-too-slow"}
    assert {answer.headers["retry-after"] for answer in (*busy, *late)} == {"1"}
    slow.free.set()
    end = time.monotonic() + 10
    while ask(99).status_code != 200:  # the threads are free again
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_body_that_does_not_come_is_not_waited_for(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=5) as connection:
        head = f"POST /v1/news/search HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {READ}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 503")


def test_a_tenant_never_sees_beyond_its_filter(client: httpx.Client) -> None:
    token = bearer(TENANT)
    asked = [
        {"q": "*"},
        {"q": "tag:even"},
        {"q": "missiles OR tag:even OR NOT tag:odd", "syntax": "expression"},
        {"q": "*", "where": {"or": [{"field": "tag", "in": ["even"]}, {"field": "tag", "exists": True}]}},
        {"q": "*", "where": {"not": {"field": "tag", "in": ["odd"]}}},
        {"q": "*", "tag": ["even"]},
        {"q": "missiles", "mode": "vector"},
        {"q": "missiles) OR (tag:even"},
    ]
    for body in asked:
        response = client.post("/v1/news/search", json=body | {"k": 100, "facets": ["tag"]}, headers=token)
        assert response.status_code == 200, response.text
        values = response.json()
        assert all(int(result["article"]["id"][1:]) % 2 for result in values["results"]), body
        assert {count["value"] for count in values["facets"]["tag"]} <= {"odd"}, body
    assert len(client.post("/v1/news/search", json={"q": "*", "k": 100}, headers=token).json()["results"]) == 12


def test_a_tenant_is_told_no_neighbour_that_it_may_not_see(client: httpx.Client) -> None:
    asked = {"q": "missiles", "k": 3, "explain": True}

    def neighbours(token: str) -> set[str]:
        answer = client.post("/v1/news/search", json=asked, headers=bearer(token)).json()
        parts = [part for result in answer["results"] for part in result["contributions"]]
        return {chunk_id for part in parts for chunk_id in part["chunk_ids"]}

    visible = client.post("/v1/news/search", json={"q": "*", "k": 50}, headers=bearer(TENANT)).json()
    ids = {result["article"]["id"] for result in visible["results"]}
    assert neighbours(READ) - neighbours(TENANT)
    assert {chunk_id.partition("#")[0] for chunk_id in neighbours(TENANT)} <= ids


def test_a_tenant_counts_and_reads_within_its_filter(client: httpx.Client) -> None:
    token = bearer(TENANT)
    assert client.get("/v1/news/count", headers=token).json()["articles"] == 12
    everything = {"where": {"or": [{"field": "tag", "exists": True}]}}
    assert client.post("/v1/news/count", json=everything, headers=token).json()["articles"] == 12
    assert client.get("/v1/news/count", params={"tag": "even"}, headers=token).json()["articles"] == 0
    assert client.get("/v1/news/articles/a003", headers=token).status_code == 200
    hidden = client.get("/v1/news/articles/a004", headers=token)
    absent = client.get("/v1/news/articles/a099", headers=token)
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json() == absent.json() | {"detail": hidden.json()["detail"]}
    assert client.get("/v1/news/chunks/a004%230", headers=token).status_code == 404
    [described] = client.get("/v1/indexes", headers=token).json()["indexes"]
    assert described == {"name": "news", "generation": 1, "articles": 12}
    assert client.get("/metrics", headers=token).status_code == 403


def test_suggestions_pages_and_likeness_stay_within_a_tenants_filter(client: httpx.Client) -> None:
    token = bearer(TENANT)

    def kinds(secret: str) -> dict[str, int]:
        response = client.get("/v1/news/suggest", params={"prefix": "e", "kinds": "tag"}, headers=bearer(secret))
        return {each["text"]: each["count"] for each in response.json()["suggestions"]}

    assert kinds(READ) == {"even": 12}
    assert kinds(TENANT) == {}
    harbor = client.get("/v1/news/suggest", params={"prefix": "harb"}, headers=token).json()["suggestions"]
    assert harbor[0]["count"] == 4
    like = client.get("/v1/news/more-like", params={"id": "a003", "k": 50}, headers=token).json()["results"]
    assert like
    assert all(int(each["article"]["id"][1:]) % 2 for each in like)
    assert client.get("/v1/news/more-like", params={"id": "a004"}, headers=token).status_code == 404
    first = client.get("/v1/news/search", params={"q": "report", "k": 1}, headers=bearer(READ)).json()
    taken = client.get(
        "/v1/news/search", params={"q": "report", "k": 50, "cursor": first["next_cursor"]}, headers=token
    )
    assert (taken.status_code, taken.json()["code"]) == (400, "cursor-error")


def test_a_tenant_is_told_no_words_and_names_of_others(client: httpx.Client) -> None:
    asked = {"q": "misiles Venezuella", "mode": "keyword"}
    assert client.get("/v1/news/search", params=asked, headers=bearer(READ)).json()["suggestions"]
    assert client.get("/v1/news/search", params=asked, headers=bearer(TENANT)).json()["suggestions"] == []
    where = {"q": "x", "where": {"field": "desc", "in": ["x"]}}
    assert "desk" in client.post("/v1/news/search", json=where, headers=bearer(READ)).json()["hint"]
    hidden = client.post("/v1/news/search", json=where, headers=bearer(TENANT))
    assert "desk" not in hidden.text
    assert hidden.json()["hint"] == "GET /openapi.json says how to ask."


def test_a_token_whose_filter_names_no_field_is_warned_of(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokens = [
        token_of(READ, Access(name="reader")),
        token_of(TENANT, Access(name="tenant", where=F("tag") == "odd")),
        token_of("other-" + "o" * 20, Access(name="elsewhere", where=F("acl") == "a", indexes=frozenset({"wire"}))),
        token_of("wrong-" + "w" * 20, Access(name="wrong", where=F("acl") == "desk")),
    ]
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        warn_of_filters("news", searcher, tokens)
    (record,) = caplog.records
    assert record.getMessage().startswith("The 'where' of the token 'wrong' can't be applied to the index 'news': ")
    assert "acl" in record.getMessage()


def test_an_answer_of_a_tenant_has_a_tag_of_its_own(client: httpx.Client) -> None:
    path = "/v1/news/search?q=missiles"
    reader, tenant = (client.get(path, headers=bearer(secret)).headers["etag"] for secret in (READ, TENANT))
    assert reader != tenant
    assert client.get(path, headers=bearer(TENANT) | {"If-None-Match": reader}).status_code == 200


def test_an_index_that_a_token_does_not_name_is_not_there(index: Path, tmp_path: Path) -> None:
    tokens = (token_of(READ, Access(name="r", indexes=frozenset({"other"}))),)
    indexes = {"news": index, "other": index}
    with serving(indexes, tmp_path / "state", WordEncoder(), tokens=tokens) as url:
        assert httpx.get(f"{url}/v1/news/count", headers=bearer(READ)).status_code == 404
        assert httpx.get(f"{url}/v1/other/count", headers=bearer(READ)).status_code == 200
        assert [each["name"] for each in httpx.get(f"{url}/v1/indexes", headers=bearer(READ)).json()["indexes"]] == [
            "other"
        ]


def test_beyond_this_machine_a_token_is_needed(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.7", "search.example", ""):
        with pytest.raises(ConfigError, match="could ask"):
            ServerSettings(indexes={"news": tmp_path}, host=host, state=tmp_path)
        assert ServerSettings(indexes={"news": tmp_path}, host=host, state=tmp_path, tokens=TOKENS)
    assert ServerSettings(indexes={"news": tmp_path}, host="127.0.0.2", state=tmp_path)
    assert (
        "localhost"
        not in ServerSettings(
            indexes={"news": tmp_path}, host="0.0.0.0", state=tmp_path, tokens=TOKENS
        ).accepted_hosts()
    )


@pytest.mark.parametrize("origin", ["page.example", "https://page.example/", "*", "null", "ftp://page.example"])
def test_what_is_no_origin_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ConfigError, match="no origin"):
        ServerSettings(indexes={"news": tmp_path}, state=tmp_path, origins=(origin,))


def test_indexes_are_named_by_their_folders(tmp_path: Path) -> None:
    assert named_indexes([tmp_path / "a" / "news", tmp_path / "wire"]) == {
        "news": tmp_path / "a" / "news",
        "wire": tmp_path / "wire",
    }
    assert list(named_indexes([tmp_path / "a" / "news", tmp_path / "b" / "news"])) == ["a-news", "b-news"]
    with pytest.raises(ConfigError, match="is named twice"):
        named_indexes([tmp_path / "news", tmp_path / "a" / ".." / "news"])
    with pytest.raises(ConfigError, match="can't be served as 'jobs'"):
        named_indexes([tmp_path / "jobs"])


def test_tokens_come_from_the_environment_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(f'[[token]]\nname = "t"\ntoken = "{TENANT}"\nindexes = ["a"]\nwhere = {{field = "acl", in = []}}\n')
    tokens = tokens_from(file, {"SEARCHKIT_TOKEN": READ, "SEARCHKIT_WRITE_TOKEN": WRITE})
    check = TokenCheck(tokens)
    reader, writer, tenant = (check.access(f"Bearer {each}".encode()) for each in (READ, WRITE, TENANT))
    assert reader is not None
    assert writer is not None
    assert tenant is not None
    assert (reader.may_write, writer.may_write, tenant.may_write) == (False, True, False)
    assert tenant.indexes == {"a"}
    assert tenant.where == F("acl").any([])
    assert tokens_from(None, {}) == ()
    assert READ not in repr(tokens)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "can't be read"),
        ("a = 1", "something else than"),
        ('[[token]]\nname = "t"', "lacks"),
        ('[[token]]\nname = "t"\ntoken = "short"', "too short"),
        ('[[token]]\nname = "t"\ntoken = "has a blank in it, and is long"', "can't carry"),
        (f'[[token]]\nname = "t"\ntoken = "{READ}"\nwriet = true', "writet?e?"),
        (f'[[token]]\nname = "t"\ntoken = "{READ}"\nwrite = true\nwhere = {{field = "a", eq = 1}}', "may write and"),
        (f'[[token]]\nname = "t"\ntoken = "{READ}"\nwhere = {{field = "a"}}', "The 'where' of the token 't'"),
        (f'[[token]]\nname = "t"\ntoken = "{READ}"\n[[token]]\nname = "u"\ntoken = "{READ}"', "are the same"),
    ],
)
def test_a_file_of_tokens_that_cannot_be_used_is_an_error_without_them(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=reason.replace("writet?e?", "writ")) as raised:
        tokens_from(file, {})
    assert READ not in str(raised.value)

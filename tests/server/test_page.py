"""The page as the server writes it: all of it works without scripts, and what articles say is never markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("jinja2")
pytest.importorskip("uvicorn")

from starlette.datastructures import QueryParams

import searchkit
from searchkit import Article, Section
from searchkit.filter_expression import F
from searchkit.server import page_templates
from searchkit.server.access import Access, token_of
from searchkit.server.page_state import page_state
from searchkit.server.page_templates import FOLDER, rounded, web_address
from searchkit.server.page_view import article_lines, counted, periods
from tests.index.archive import built
from tests.server.page_archive import HOSTILE, build_page_archive, long_article
from tests.server.running_server import READ, TOKENS, bearer, serving
from tests.word_encoder import WordEncoder

TENANT = "tenant-" + "t" * 20
MOST_BYTES = 150_000


class Document(HTMLParser):
    """The elements of a page, each as its name, attributes and the text within."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes), []))
        if tag not in {"meta", "link", "input", "rect", "img", "br"}:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self.elements[self._open[-1]][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for place in self._open:
            self.elements[place][2].append(data)

    def all(self, tag: str, **attributes: str) -> list[tuple[dict[str, str | None], str]]:
        """Return the elements of a name with some attributes, and their texts."""
        return [
            (each, "".join(text).strip())
            for name, each, text in self.elements
            if name == tag and all(each.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def titles(self) -> list[str]:
        """Return the titles of the results."""
        return [text for _, text in self.all("a", class_="title")]

    def status(self) -> str:
        """Return what is announced."""
        return self.all("p", id="status")[0][1]

    def link(self, text: str) -> str:
        """Return where the link of a text leads."""
        return next(each["href"] or "" for each, shown in self.all("a") if shown == text)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("served")
    built(folder / "wire", range(3))
    return {"news": build_page_archive(folder / "news"), "wire": folder / "wire"}


@pytest.fixture(scope="module")
def client(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        serving(folders, tmp_path_factory.mktemp("state"), WordEncoder()) as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def guarded(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    tenant = Access(name="tenant", where=F("tag") == "odd", indexes=frozenset({"news"}))
    tokens = (*TOKENS, token_of(TENANT, tenant))
    state = tmp_path_factory.mktemp("state")
    with serving(folders, state, WordEncoder(), tokens=tokens) as url, httpx.Client(base_url=url) as client:
        yield client


def show(client: httpx.Client, address: str = "/", **parameters: object) -> Document:
    response = client.get(address, params=parameters or None)  # type: ignore[arg-type]
    assert response.status_code == 200, response.text
    return Document(response.text)


def test_a_form_without_scripts_searches(client: httpx.Client) -> None:
    page = show(client)
    [(form, _)] = page.all("form", role="search")
    assert (form["action"], form["method"]) == ("/", "get")
    assert page.all("input", type="search", name="q")
    answered = show(client, q="missiles guard", mode="keyword")
    assert answered.status() == "6 articles that match the query and pass the filters."
    assert answered.titles()[0] == "Report 0 about attack"
    assert {text for _, text in answered.all("mark")} == {"missiles", "guard"}
    assert {*show(client, q="missiles guard").titles()[:6]} == {*answered.titles()}


def test_a_page_without_a_query_shows_what_is_newest(client: httpx.Client) -> None:
    page = show(client)
    assert page.status() == "27 articles, the newest first."
    assert page.titles()[:2] == ["Report 23 about towns", "Report 22 about March"]


def test_the_next_page_goes_on_where_this_ends(client: httpx.Client) -> None:
    titles, address, starts = [], "/?q=report&mode=keyword", []
    while address:
        page = show(client, address)
        titles += page.titles()
        starts += [each["start"] for each, _ in page.all("ol", class_="results")]
        address = next((each["href"] or "" for each, _ in page.all("a", rel="next")), "")
    assert len(titles) == len(set(titles)) == 24
    assert starts == ["1", "11", "21"]


def test_filters_have_counts_and_keep_what_is_not_chosen(client: httpx.Client) -> None:
    page = show(client, q="missiles", mode="keyword", source="Der Bote")
    boxes = {(each["name"], each["value"]): "checked" in each for each, _ in page.all("input", type="checkbox")}
    assert boxes["source", "Der Bote"]
    assert not boxes["source", "Harbor Ledger"]
    assert page.status().startswith("2 articles")
    counts = dict(re.findall(r"(Der Bote|El Correo|Harbor Ledger)\s+(\d+)", page.all("fieldset")[0][1]))
    assert counts == {"Der Bote": "2", "El Correo": "2", "Harbor Ledger": "2"}
    assert ("language", "de") in boxes
    assert ("language", "en") not in boxes  # no article of the source that matches is in it


def test_a_chosen_value_that_nothing_has_can_be_taken_back(client: httpx.Client) -> None:
    page = show(client, q="missiles", tag="nowhere")
    [(box, _)] = [each for each in page.all("input", type="checkbox") if each[0]["value"] == "nowhere"]
    assert "checked" in box
    again = show(client, page.link("No filters"))
    assert again.titles()


def test_the_histogram_has_a_bar_for_every_period_and_leads_to_it(client: httpx.Client) -> None:
    page = show(client, q="*")
    bars = {each["data-period"]: each for each, _ in page.all("a") if "data-period" in each}
    assert list(bars) == ["2024-10", "2024-11", "2024-12", "2025-01"]
    assert [bar["aria-label"] for bar in bars.values()] == ["2024-10: 1", "2024-11: 1", "2024-12: 1", "2025-01: 24"]
    within = show(client, bars["2024-11"]["href"] or "")
    assert within.titles() == ["Two seasons of the lighthouse"]
    chosen = [each["data-period"] for each, _ in within.all("a", class_="chosen")]
    assert chosen == ["2024-11"]
    assert len([each for each, _ in within.all("a") if "data-period" in each]) == 4  # the others stay in sight


def test_an_article_has_the_passage_and_the_hits_in_place(client: httpx.Client) -> None:
    results = show(client, q="lighthouse keeper diary", mode="keyword")
    page = show(client, results.link("Two seasons of the lighthouse"))
    assert [text for _, text in page.all("h2", id="title")] == ["Two seasons of the lighthouse"]
    assert [text for _, text in page.all("h3")][:2] == ["Painting", "Storms"]
    marks = [text for _, text in page.all("mark")]
    assert marks == ["lighthouse", "lighthouse", "keeper", "diary"]
    assert [each["id"] for each, _ in page.all("mark")] == ["hit-1", "hit-2", "hit-3", "hit-4"]
    passage = "".join("".join(text) for _, each, text in page.elements if each.get("class") == "in-passage")
    assert "keeper wrote the diary" in passage
    assert "painted white" not in passage
    text = "".join(text for _, text in page.all("div", class_="text"))
    assert re.sub(r"\s+", " ", text).strip() == re.sub(r"\s+", " ", long_article().text).strip()
    assert page.link("2") == "#hit-2"
    assert page.link("https://ledger.example/lighthouse") == "https://ledger.example/lighthouse"


def test_an_article_names_its_neighbours_in_time(client: httpx.Client) -> None:
    page = show(client, article="a003", q="rice")
    before, after = [text for _, text in page.all("section") if text.startswith(("Before", "After"))]
    assert [line for line in before.splitlines() if "Report" in line] == [
        f"Report {number} about {word} 2025-01-0{number + 1}"
        for number, word in ((2, "year"), (1, "house"), (0, "attack"))
    ]
    assert "Report 4 about border 2025-01-05" in after
    assert "Report 3" not in before + after
    assert show(client, page.link("Back to the results")).titles()


def test_why_says_what_each_share_is(client: httpx.Client) -> None:
    results = show(client, q="missiles guard")
    assert not results.all("details", class_="why")  # what takes as long as the search is made where it is wanted
    page = show(client, results.link("Why this").partition("#")[0])
    assert results.link("Why this").partition("#")[2] == page.all("details", class_="why")[0][0]["id"]
    why = next(text for each, text in page.all("details", class_="why"))
    assert "its words" in why
    assert "its meaning" in why
    shares = [float(share) for share in re.findall(r"^(-?\d\.\d{3})", why, re.M)]
    [total] = re.findall(r"^score(-?\d\.\d{3})", why, re.M)
    assert sum(shares) == pytest.approx(float(total), abs=0.003)


def test_a_formula_has_few_digits() -> None:
    assert rounded("score / sqrt(0.8754687373538999)") == "score / sqrt(0.875)"
    assert rounded("score / sqrt(12.5) of 2025") == "score / sqrt(12.5) of 2025"


def test_each_result_has_a_word_for_its_confidence(client: httpx.Client, folders: dict[str, Path]) -> None:
    page = show(client, q="missiles guard")
    with searchkit.open(folders["news"], encoder=WordEncoder()) as searcher:
        results = searcher.search("missiles guard").results
    assert [text for _, text in page.all("p", class_="sureness")] == [result.confidence_word for result in results]
    assert not show(client, q="missi", typed="true").all("p", class_="sureness")
    assert not show(client).all("p", class_="sureness")


def test_the_start_page_reads_no_query(client: httpx.Client) -> None:
    for address in ("/", "/?q=*", "/?source=Der+Bote"):
        assert not [text for _, text in show(client, address).all("p") if text.startswith("Read as")]
    read = show(client, q="title:report")
    assert [text for _, text in read.all("p") if text.startswith("Read as an expression")]


@pytest.mark.parametrize(
    ("mode", "total", "results", "text"),
    [
        ("keyword", 1, 1, "1 article that matches the query and passes the filters."),
        ("keyword", 0, 0, "0 articles that match the query and pass the filters."),
        ("keyword", 1200, 1, "1,200 articles that match the query and pass the filters."),
        ("vector", 1, 1, "1 article that passes the filters: each is more or less near."),
        ("hybrid", 0, 1, "No article holds a word asked for and passes the filters: these are near in meaning."),
    ],
)
def test_how_many_match_is_said_in_a_sentence(
    folders: dict[str, Path], mode: str, total: int, results: int, text: str
) -> None:
    with searchkit.open(folders["news"], encoder=WordEncoder()) as searcher:
        answer = searcher.search("missiles", mode=mode, k=1)
    assert counted(replace(answer, total=total, results=answer.results[:results])) == text


def test_what_articles_say_is_never_markup(client: httpx.Client) -> None:
    for address in ("/?q=sandwich", "/?q=sandwich&article=hostile", "/", f"/?q={'%3Cb%3E%22x'}"):
        html = client.get(address).text
        page = Document(html)
        assert not page.all("img")
        assert [each["src"] for each, _ in page.all("script")] == ["/page/page.js"]
        assert not [each for _, each, _ in page.elements if any(name.startswith("on") for name in each)]
        assert not [each for _, each, _ in page.elements if str(each.get("href", "")).startswith("javascript")]
    assert HOSTILE in show(client, q="sandwich").titles()
    article = show(client, q="sandwich", article="hostile")
    assert [text for _, text in article.all("h2", id="title")] == [HOSTILE]


def test_only_its_own_files_are_loaded(client: httpx.Client) -> None:
    response = client.get("/", params={"q": "missiles"})
    policy = dict(part.partition(" ")[::2] for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[f"{kind}-src"] for kind in ("script", "style", "connect", "img")} == {"'self'"}
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "'none'")
    page = Document(response.text)
    loaded = [each.get("src") or each.get("href") for name, each, _ in page.elements if name in {"script", "link"}]
    assert all(str(path).startswith("/page/") for path in loaded)
    assert not [each for _, each, _ in page.elements if "style" in each]


def test_its_files_are_few_and_small(client: httpx.Client) -> None:
    files = [path for path in FOLDER.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    for path in files:
        response = client.get(f"/page/{path.name}")
        if path.suffix == ".html":
            assert response.status_code == 404  # a template is no page
            continue
        assert response.content == path.read_bytes()
        again = client.get(f"/page/{path.name}", headers={"If-None-Match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get("/page/..%2Faccess.py").status_code == 404


def test_names_of_files_that_are_not_there_are_not_remembered(client: httpx.Client) -> None:
    for number in range(20):
        assert client.get(f"/page/{number}.js").status_code == 404
    assert page_templates._page_files.cache_info().currsize <= 1
    assert not hasattr(page_templates.page_file, "cache_info")


def test_half_a_query_is_told_and_no_fault_as_one_types(client: httpx.Client) -> None:
    half = {"q": "radar AND", "syntax": "expression"}
    assert client.get("/", params=half).status_code == 400
    page = show(client, **half, typed="true")
    [(_, problem)] = page.all("section", role="alert")
    assert "character 7" in problem
    assert page.status() == ""  # it is said once
    assert page.all("input", type="search")[0][0]["value"] == "radar AND"


@pytest.mark.parametrize(
    ("address", "status"), [("/?article=none", 404), ("/?nothing=1", 400), ("/?index=no", 404), ("/?cursor=x&q=a", 400)]
)
def test_what_cannot_be_shown_says_so(client: httpx.Client, address: str, status: int) -> None:
    response = client.get(address)
    assert response.status_code == status
    [(_, problem)] = Document(response.text).all("section", role="alert")
    assert len(problem.splitlines()) > 1


def test_several_indexes_are_offered(client: httpx.Client) -> None:
    page = show(client, index="wire")
    assert [each["value"] for each, text in page.all("option") if each["value"] in {"news", "wire"}] == ["news", "wire"]
    assert page.status() == "3 articles, the newest first."
    assert "index=wire" in page.link("Report 0 about attack")


def test_another_index_is_searched_without_the_filters_of_the_first(client: httpx.Client) -> None:
    page = show(client, source="Der Bote")
    assert page.all("input", type="hidden", name="filters_of")[0][0]["value"] == "news"
    sent = {"source": "Der Bote", "since": "2025", "filters_of": "news"}
    other = show(client, index="wire", **sent)
    assert other.status() == "3 articles, the newest first."
    assert "source" not in other.link("Report 0 about attack")
    assert "filters_of" not in other.link("Report 0 about attack")
    assert show(client, index="news", **sent).status() == "8 articles, the newest first."


def test_other_parameters_of_a_search_stay_in_the_form(client: httpx.Client) -> None:
    where = json.dumps({"field": "pages", "gte": 20})
    page = show(client, q="report", mode="keyword", where=where, as_of="2025-01-22", article="")
    assert page.all("input", type="hidden", name="where")[0][0]["value"] == where
    assert page.all("input", name="as_of")[0][0]["value"] == "2025-01-22"
    assert page.status().startswith("2 articles")
    opened = show(client, q="report", tag="odd", article="a003")
    assert [each["value"] for each, _ in opened.all("input", type="hidden", name="tag")] == ["odd"]


def test_what_is_typed_is_searched_with_what_its_last_word_may_go_on_to(client: httpx.Client) -> None:
    assert show(client, q="venez missi", typed="true").titles()
    assert show(client, q="venez missi", mode="keyword").status().startswith("0 articles")

    def text(q: str) -> str:
        return page_state(QueryParams({"q": q, "typed": "true"})).text()

    assert text("air def") == "air def def*"
    assert text("title:rad") == "title:rad"
    assert text("radar OR") == "radar OR"
    assert text("radar ") == "radar "
    assert text("a") == "a"


def test_without_a_token_the_page_says_what_is_needed(guarded: httpx.Client) -> None:
    for address in ("/", "/?q=missiles", "/?article=a003", "/?index=wire"):
        response = guarded.get(address)
        page = Document(response.text)
        assert response.status_code == 200
        assert page.status() == "A token is needed."
        assert "curl -H" in page.all("noscript")[0][1]
        assert not page.titles()
        assert "news" not in response.text
        assert "wire" not in response.text
    assert guarded.get("/page/page.js").status_code == 200
    refused = guarded.get("/", headers=bearer("wrong-" + "w" * 20))
    assert "This token isn't known here." in refused.text
    assert "Report 23" in guarded.get("/", headers=bearer(READ)).text
    assert guarded.get("/v1/news/count").status_code == 401


def test_a_tenant_sees_its_part(guarded: httpx.Client) -> None:
    def shown(address: str) -> httpx.Response:
        return guarded.get(address, headers=bearer(TENANT))

    page = Document(shown("/?q=report&mode=keyword").text)
    assert page.status().startswith("12 articles")
    assert {each["value"] for each, _ in page.all("input", type="checkbox", name="tag")} == {"odd"}
    assert shown("/?article=a003").status_code == 200
    assert shown("/?article=a002").status_code == 404
    assert shown("/?index=wire").status_code == 404
    elsewhere = Document(shown("/?index=wire&q=report&source=x").text)
    assert elsewhere.link("news") == "/?q=report&index=news"
    assert not elsewhere.all("input", name="index")
    hint = Document(shown("/?q=x&where=%7B%22field%22:%22desc%22,%22in%22:%5B%22x%22%5D%7D").text)
    assert "desk" not in hint.all("section", role="alert")[0][1]
    assert "/openapi.json says how" in hint.all("section", role="alert")[0][1]
    beside = shown("/?article=a003").text
    assert "Report 5 about" in beside
    assert "Report 4 about" not in beside
    assert not [text for _, text in Document(shown("/?q=misiles").text).all("p") if "Did you mean" in text]


def test_lines_are_cut_where_hits_and_the_passage_begin_and_end() -> None:
    text = "Ferries\n\nA ferry left.\n  It came\nback."
    sections = (Section(heading="Ferries", start=8, end=23), Section(heading="Later", start=23, end=len(text)))
    lines = list(article_lines(Article(id="a", text=text, sections=sections), [(11, 16), (25, 27)], (17, 27)))
    assert [(line.is_heading, "".join(piece.text for piece in line.pieces)) for line in lines] == [
        (True, "Ferries"),
        (False, "A ferry left."),
        (True, "Later"),  # it isn't in the text
        (False, "  It came"),
        (False, "back."),
    ]
    assert [(piece.text, piece.hit, piece.in_passage) for line in lines for piece in line.pieces if piece.hit] == [
        ("ferry", 1, False),
        ("It", 2, True),
    ]
    assert [piece.text for line in lines for piece in line.pieces if piece.in_passage] == ["left.", "  ", "It"]
    assert not any(line.is_heading for line in article_lines(Article(id="a", text=text), [], (0, 0)))


def test_periods_leave_none_out() -> None:
    assert periods("2024-02-28", "2024-03-01") == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert periods("2024-11", "2025-02") == ["2024-11", "2024-12", "2025-01", "2025-02"]
    assert periods("0999", "1001") == ["0999", "1000", "1001"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/?x=1", "https://a.example/?x=1"),
        ("HTTP://a.example", "HTTP://a.example"),
        ("javascript:alert(1)", ""),
        (" javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.example", ""),
        ("https://[", ""),
        (None, ""),
    ],
)
def test_links_lead_to_the_web_alone(url: str | None, shown: str) -> None:
    assert web_address(url) == shown

"""The page with scripts, in a browser: Chromium, driven by Playwright. Skipped where either isn't there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("jinja2")
pytest.importorskip("uvicorn")
pytest.importorskip("playwright", reason="playwright isn't installed: pip install playwright")

from playwright.sync_api import expect, sync_playwright

from tests.index.archive import built
from tests.server.page_archive import HOSTILE, build_page_archive
from tests.server.running_server import READ, TOKENS, serving
from tests.word_encoder import WordEncoder

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt install chromium"),
]
PATIENCE_MS = 8_000
LONG_ARTICLE = "/?q=lighthouse&article=light/house+1%3F%26%23"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("served")
    built(folder / "wire", range(3))
    return {"news": build_page_archive(folder / "news"), "wire": folder / "wire"}


@pytest.fixture(scope="module")
def url(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(folders, tmp_path_factory.mktemp("state"), WordEncoder()) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Any, url: str) -> Iterator[Any]:
    """A function that opens a page; at the end nothing may have been written to the console."""
    messages: list[str] = []
    contexts = []

    def open_page(address: str = "/", *, base: str = url, width: int = 1_000, height: int = 700, **options: Any) -> Any:
        context = browser.new_context(base_url=base, viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []


def status(page: Any, text: str) -> None:
    """Wait until something is announced."""
    expect(page.locator("#status")).to_contain_text(text)


def titles(page: Any) -> list[str]:
    return page.locator("a.title").all_inner_texts()


def test_results_come_as_one_types_and_by_meaning_on_enter(opened: Any) -> None:
    page = opened()
    query = page.locator("#q")
    query.press_sequentially("missi", delay=10)
    status(page, "6 articles that match")
    expect(page).to_have_url(re.compile(r"/\?q=missi&typed=true$"))
    expect(query).to_be_focused()
    query.press("End")
    query.press_sequentially("les guard")
    expect(page).to_have_url(re.compile("guard"))
    query.press("Enter")
    status(page, "near in meaning")
    expect(page).to_have_url(re.compile(r"/\?q=missiles\+guard$"))
    page.go_back()
    status(page, "27 articles, the newest first")  # half a query is no step back
    expect(query).to_have_value("")


def test_suggestions_are_chosen_by_keys_and_closed_by_escape(opened: Any) -> None:
    page = opened()
    query = page.locator("#q")
    query.press_sequentially("der bot")
    option = page.locator("#suggestions li").first
    expect(option).to_contain_text("Der Bote")
    expect(query).to_have_attribute("aria-expanded", "true")
    query.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(query).to_have_attribute("aria-activedescendant", "suggestion-0")
    query.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    query.press("End")
    query.press_sequentially("e")
    expect(option).to_contain_text("Der Bote")
    query.press("ArrowDown")
    query.press("Enter")
    expect(query).to_have_value("Der Bote")
    expect(page).to_have_url(re.compile(r"q=Der\+Bote$"))


def test_filters_apply_at_once_and_keep_the_focus(opened: Any) -> None:
    page = opened("/?q=missiles&mode=keyword")
    box = page.get_by_role("checkbox", name="Der Bote 2")
    box.check()
    status(page, "2 articles")
    expect(page).to_have_url(re.compile(r"source=Der\+Bote"))
    expect(page.get_by_role("checkbox", name="Harbor Ledger 2")).to_be_visible()
    expect(page.locator("input[value='Der Bote']")).to_be_focused()
    page.get_by_role("combobox", name="Sort").select_option("-published")
    expect(page).to_have_url(re.compile("sort=-published"))
    assert len(titles(page)) == 2
    page.go_back()
    page.go_back()
    status(page, "6 articles")
    expect(page.get_by_role("checkbox", name="Der Bote 2")).not_to_be_checked()


def test_dates_are_brushed_by_pointer_and_by_keys(opened: Any) -> None:
    page = opened("/?q=*")
    chart = page.locator("#dates").bounding_box()
    middle = chart["y"] + chart["height"] / 2
    page.mouse.move(chart["x"] + chart["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(chart["x"] + chart["width"] * 0.7, middle, steps=4)
    expect(page.locator("#brushed")).to_have_text("2024-11 – 2024-12")
    page.mouse.up()
    expect(page).to_have_url(re.compile("since=2024-11&until=2024-12"))
    status(page, "2 articles")
    expect(page.locator("#dates .chosen")).to_have_count(2)
    page.locator("#dates a").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("since=2024-11&until=2025-01"))
    status(page, "26 articles")


def test_keys_go_through_results_and_hits_and_back(opened: Any) -> None:
    page = opened("/?q=lighthouse&mode=keyword")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("a.title").first).to_be_focused()
    page.keyboard.press("Enter")
    status(page, "2 hits in the article")
    expect(page).to_have_url(re.compile(r"article=light%2Fhouse\+1%3F%26%23"))
    expect(page).to_have_title("Two seasons of the lighthouse · news")
    page.keyboard.press("j")
    first = page.locator("mark.current").get_attribute("id")
    page.keyboard.press("j" if first == "hit-1" else "k")
    expect(page.locator("mark.current")).to_have_attribute("id", "hit-2" if first == "hit-1" else "hit-1")
    expect(page.locator("mark.current")).to_be_in_viewport()
    page.get_by_role("button", name="Previous hit").click()
    expect(page.locator("#hit-1")).to_be_in_viewport()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("Escape")
    status(page, "1 article")
    expect(page.locator("a.title").first).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("a.title").first).to_be_focused()


def test_back_restores_where_the_reader_was(opened: Any) -> None:
    page = opened("/", height=400)
    page.get_by_role("link", name="Next page").click()
    status(page, "27 articles")
    expect(page.locator("ol.results")).to_have_attribute("start", "11")
    link = page.locator("a.title").nth(6)
    link.scroll_into_view_if_needed()
    before, title = page.evaluate("scrollY"), link.inner_text()
    assert before > 0
    link.click()
    expect(page.locator("#title")).to_have_text(title)
    page.go_back()
    expect(page.locator("ol.results")).to_have_attribute("start", "11")
    expect(page.locator("a.title").nth(6)).to_be_in_viewport()
    assert page.evaluate("scrollY") == pytest.approx(before, abs=2)
    page.go_forward()
    expect(page.locator("#title")).to_have_text(title)
    page.reload()
    expect(page.locator("#title")).to_have_text(title)


def test_without_scripts_a_form_a_filter_a_page_and_an_article_work(opened: Any) -> None:
    page = opened(java_script_enabled=False)
    page.fill("#q", "report")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("checkbox", name=re.compile("^even")).check()
    page.get_by_role("button", name="Apply filters").click()
    assert "12 articles" in page.inner_text("#status")
    page.get_by_role("link", name="Next page").click()
    page.locator("a.title").first.click()
    assert page.locator("#article h2").inner_text()
    page.get_by_role("link", name="Back to the results").click()
    assert len(titles(page)) >= 2
    assert page.get_by_role("button", name="Next hit").is_hidden()


@pytest.mark.parametrize("width", [320, 400])
@pytest.mark.parametrize(
    "address", ["/?q=missiles+guard", "/?q=sandwich", "/?q=lighthouse&article=light/house+1%3F%26%23"]
)
def test_nothing_is_wider_than_a_phone(opened: Any, address: str, width: int) -> None:
    page = opened(address, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for details in page.locator(".result details, header details").all():
        details.evaluate("each => each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_is_dark_and_print_has_no_form(opened: Any) -> None:
    light = "getComputedStyle(document.body).backgroundColor"
    assert opened("/?q=missiles").evaluate(light) == "rgb(255, 255, 255)"
    page = opened("/?q=missiles", color_scheme="dark")
    assert sum(map(int, re.findall(r"\d+", page.evaluate(light)))) < 150
    page.emulate_media(media="print", color_scheme="light")
    expect(page.locator("#q")).to_be_hidden()
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("a.title").first).to_be_visible()


def test_why_opens_where_it_was_asked_for(opened: Any) -> None:
    page = opened("/?q=missiles+guard")
    page.get_by_role("link", name="Why this").nth(3).click()
    expect(page.locator("#why-4 summary")).to_be_focused()
    expect(page.locator("#why-4")).to_be_in_viewport()
    expect(page.locator("#why-4 table")).to_contain_text("its meaning")


def test_writing_from_right_to_left_begins_at_the_right(opened: Any) -> None:
    page = opened("/?q=المنارة&mode=keyword")
    assert page.locator("#q").evaluate("each => getComputedStyle(each).direction") == "rtl"
    for part in ("h2", ".passage"):
        assert page.locator(f".result {part}").first.evaluate("each => getComputedStyle(each).direction") == "rtl"


def test_hostile_text_stays_text(opened: Any) -> None:
    page = opened()
    page.locator("#q").press_sequentially("sandwich")
    page.locator("a.title", has_text=HOSTILE).first.click()
    expect(page.locator("#title")).to_have_text(re.sub(r"\s+", " ", HOSTILE))
    assert page.locator("main img, main script").count() == 0
    page.get_by_role("link", name="Back").click()
    expect(page.locator("#title")).to_have_count(0)
    page.locator("#q").fill("<img src=x onerror=alert(1)>")
    page.locator("#q").press("Enter")
    expect(page).to_have_url(re.compile("onerror"))
    expect(page).to_have_title(re.compile("onerror"))
    assert page.locator("main img").count() == 0


def test_another_index_is_chosen(opened: Any) -> None:
    page = opened("/?q=report&source=Der+Bote")
    page.get_by_role("combobox", name="In").select_option("wire")
    status(page, "3 articles")
    expect(page).to_have_url(re.compile(r"index=wire$"))  # without the filters of the first
    expect(page.locator("h1")).to_have_text("wire")


def test_a_token_is_asked_for_and_stays_in_the_tab(
    opened: Any, folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    state = tmp_path_factory.mktemp("state")
    with serving({"news": folders["news"]}, state, WordEncoder(), tokens=TOKENS) as guarded:
        page = opened("/?q=missiles&mode=keyword", base=guarded)
        status(page, "A token is needed.")
        page.get_by_label("Token").fill("wrong-" + "w" * 20)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("This token isn't known here.")).to_be_visible()
        page.get_by_label("Token").fill(READ)
        page.get_by_label("Token").press("Enter")
        status(page, "6 articles")
        page.locator("#q").press("End")
        page.locator("#q").press_sequentially(" gu")
        expect(page.locator("#suggestions li").first).to_be_visible()
        page.locator("#q").press("Enter")
        expect(page).to_have_url(re.compile("gu"))
        assert READ not in page.url
        page.reload()
        status(page, "articles that match")


def test_axe_finds_nothing(opened: Any) -> None:
    package = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing")
    axe = package.Axe()
    pages = {"/?q=missiles&tag=odd&explain=true": "light", LONG_ARTICLE: "light", "/?q=wave&tag=odd": "dark"}
    for address, scheme in pages.items():
        # Its script is no file of the page, so the policy has to let it in for this test alone.
        page = opened(address, color_scheme=scheme, bypass_csp=True)
        for details in page.locator("header details, li:first-child details").all():
            details.evaluate("each => each.open = true")
        violations = axe.run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations] == []
    page.evaluate("document.body.append(document.createElement('img'))")
    assert axe.run(page, options={"runOnly": ["image-alt"]}).response["violations"]

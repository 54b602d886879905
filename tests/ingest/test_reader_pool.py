"""Does it matter how many processes read a folder? To how long it takes alone, and to which page may take for ever."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from searchkit.errors import ConfigError
from searchkit.index.build import build
from searchkit.ingest import read, reader_pool
from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.entry_messages import packed, unpacked
from searchkit.ingest.read_ahead import Unread
from searchkit.ingest.reader_pool import ReaderPool, ReaderWorker
from searchkit.types import Article, Origin, Problem, Section
from tests.ingest.containers import http, members, record, tarred, write, zipped
from tests.ingest.documents import lines, pdf
from tests.word_encoder import WordEncoder

SENTENCE = "The harbour pilots of Port {0} refused the {0} ships that lay outside for a week, their union said. "


def page(number: int, paragraphs: int = 4) -> str:
    body = "".join(f"<p>{SENTENCE.format(f'{number}-{line}') * 3}</p>" for line in range(paragraphs))
    return f"<html lang='en'><head><title>Strike {number}</title></head><body><article>{body}</article></body></html>"


def fill(folder: Path, number: int = 12) -> Path:
    """Write pages, among them one that is compressed, one that is empty, one that is no text, and other files."""
    folder.mkdir()
    for each in range(number):
        (folder / f"page{each:02}.html").write_text(page(each))
    (folder / "page03b.html.gz").write_bytes(gzip.compress(page(33).encode()))
    (folder / "page04b.html").write_text("")
    (folder / "page05b.html").write_bytes(bytes(range(256)) * 9)
    (folder / "notes.txt").write_text("A note\n\nAbout the ports, which lie still.\n")
    (folder / "rows.jsonl").write_text('{"id": "r", "text": "One row."}\n{"id": "s"}\n')
    return folder


def feed(number: int) -> str:
    """Return a feed with so many entries, of which one has no text."""
    items = "".join(
        f"<item><title>Strike {each}</title><guid>s{each}</guid>"
        f"<description>{SENTENCE.format(each)}</description></item>"
        for each in range(number)
    )
    return f"<rss version='2.0'><channel><title>Port news</title>{items}<item></item></channel></rss>"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have helpers started for the smallest folder."""
    monkeypatch.setattr(reader_pool, "HELP_FROM_BYTES", 1)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ReaderWorker]:
    """Return the helpers as they are started."""
    workers: list[ReaderWorker] = []

    class Noted(ReaderWorker):
        def __init__(self) -> None:
            super().__init__()
            workers.append(self)

    monkeypatch.setattr(reader_pool, "ReaderWorker", Noted)
    return workers


def alive(worker: ReaderWorker) -> bool:
    return worker._process.popen.poll() is None


@pytest.mark.usefixtures("at_once")
def test_articles_and_problems_are_the_same_however_many_processes_read(
    tmp_path: Path, started: list[ReaderWorker]
) -> None:
    folder = fill(tmp_path / "pages")
    heard: dict[int, list[tuple[str, int, int]]] = {}
    entries = {}
    for jobs in (1, 2, 3):
        told: list[tuple[str, int, int]] = []
        entries[jobs] = list(read([folder], jobs=jobs, progress=lambda *step, told=told: told.append(step)))
        heard[jobs] = told
    assert entries[1] == entries[2] == entries[3]
    assert heard[1] == heard[2] == heard[3]
    assert [entry.id for entry in entries[2] if isinstance(entry, Article)][:6] == [
        *("notes", "page00", "page01", "page02", "page03", "page03b")
    ]
    assert [(Path(e.place).name, e.reason[:8]) for e in entries[2] if isinstance(e, Problem)] == [
        ("page04b.html", "is empty"),
        ("page05b.html", "not text"),
        ("rows.jsonl", "has neit"),
    ]
    assert started
    assert not any(map(alive, started))


def test_a_small_folder_and_one_process_start_no_helper(tmp_path: Path, started: list[ReaderWorker]) -> None:
    folder = fill(tmp_path / "pages")
    list(read([folder]))
    list(read([folder], jobs=1))
    assert not started


def test_as_many_processes_as_none_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="jobs is 0"):
        read([tmp_path], jobs=0)


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
def test_an_index_is_the_same_however_many_processes_made_it(tmp_path: Path) -> None:
    folder = fill(tmp_path / "pages")
    reports = [build(tmp_path / f"index{jobs}", places=[folder], encoder=WordEncoder(), jobs=jobs) for jobs in (1, 3)]
    assert reports[0].problems == reports[1].problems
    written = [(tmp_path / f"index{jobs}" / "segments") for jobs in (1, 3)]
    names = sorted(str(path.relative_to(written[0])) for path in written[0].rglob("*.*"))
    assert names
    for name in names:
        assert (written[0] / name).read_bytes() == (written[1] / name).read_bytes(), name


def killing(times: int, part: str) -> Callable[[ReaderWorker, list[Any]], Any]:
    asked = ReaderWorker.ask
    left = [times]

    def ask(worker: ReaderWorker, request: list[Any], limit_s: int) -> Any:
        if part in str(request) and left[0]:
            left[0] -= 1
            os.kill(worker._process.popen.pid, signal.SIGKILL)
        return asked(worker, request, limit_s)

    return ask


@pytest.mark.usefixtures("at_once")
def test_a_page_is_given_to_another_helper_where_one_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "pages")
    alone = list(read([folder], jobs=1))
    monkeypatch.setattr(ReaderWorker, "ask", killing(1, "page07"))
    assert list(read([folder], jobs=2)) == alone


@pytest.mark.usefixtures("at_once")
def test_a_page_that_ends_its_helper_again_is_named_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "pages")
    alone = list(read([folder], jobs=1))
    monkeypatch.setattr(ReaderWorker, "ask", killing(2, "page07"))
    shared = list(read([folder], jobs=2))
    (problem,) = [entry for entry in shared if isinstance(entry, Problem) and "page07" in entry.place]
    assert problem.reason == "ended the process that read it (exit status -9); it was left"
    assert problem.lost
    assert [each for each in shared if each != problem] == [
        each for each in alone if not (isinstance(each, Article) and each.id == "page07")
    ]


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="the system has no such limit")
def test_a_page_that_takes_too_long_is_named_even_in_a_small_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "pages", 2)
    (folder / "page01a.html").write_text(page(1, 60_000))
    monkeypatch.setitem(reader_pool.LIMITS_S, "html", 1)
    entries = list(read([folder], jobs=1))
    (problem,) = [entry for entry in entries if isinstance(entry, Problem) and "page01a" in entry.place]
    assert problem.reason == "takes more than 1 seconds to read; it was left"
    assert {"page00", "page01", "notes"} <= {entry.id for entry in entries if isinstance(entry, Article)}


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="the system has no such limit")
def test_a_feed_that_takes_too_long_is_named_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "pages", 2)
    (folder / "long.rss").write_text(feed(12_000))
    monkeypatch.setitem(reader_pool.LIMITS_S, "feed", 1)
    entries = list(read([folder], jobs=1))
    (problem,) = [entry for entry in entries if isinstance(entry, Problem) and "long.rss" in entry.place]
    assert problem.reason == "takes more than 1 seconds to read; it was left"
    assert {"page00", "page01"} <= {entry.id for entry in entries if isinstance(entry, Article)}


@pytest.mark.usefixtures("at_once")
def test_a_feed_is_the_same_whoever_reads_it(tmp_path: Path) -> None:
    (tmp_path / "news.rss").write_text(feed(20))
    assert list(read([tmp_path], jobs=2)) == list(read([tmp_path], jobs=1))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't hold a process to it")
def test_a_page_that_needs_too_much_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "pages", 2)
    (folder / "page01a.html").write_text(page(1, 40_000))
    monkeypatch.setattr(reader_pool, "LIMIT_BYTES", 2**28)
    entries = list(read([folder], jobs=1))
    (problem,) = [entry for entry in entries if isinstance(entry, Problem) and "page01a" in entry.place]
    assert problem.reason == "needs more memory than a file may take"
    assert problem.lost
    assert {"page00", "page01", "notes"} <= {entry.id for entry in entries if isinstance(entry, Article)}


@pytest.mark.usefixtures("at_once")
def test_who_stops_reading_stops_the_helpers(tmp_path: Path, started: list[ReaderWorker]) -> None:
    entries = read([fill(tmp_path / "pages", 40)], jobs=2)
    next(entry for entry in entries if isinstance(entry, Article) and entry.id == "page01")
    assert any(map(alive, started))
    entries.close()  # type: ignore[attr-defined]
    assert not any(map(alive, started))


@pytest.mark.usefixtures("at_once")
def test_a_build_that_is_interrupted_stops_its_helpers(tmp_path: Path, started: list[ReaderWorker]) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(
            tmp_path / "index", places=[fill(tmp_path / "pages", 40)], encoder=WordEncoder(), jobs=2, progress=progress
        )
    assert started
    assert not any(map(alive, started))


def test_a_helper_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    fill(tmp_path / "pages", 40)
    program = (
        "import sys, time\nfrom searchkit.ingest import read, reader_pool\nreader_pool.HELP_FROM_BYTES = 1\n"
        f"entries = read([{str(tmp_path / 'pages')!r}], jobs=2)\n[next(entries) for _ in range(3)]\n"
        "helpers = entries.gi_frame.f_locals['pool']._helpers\n"
        "print(*[each._process.popen.pid for each in helpers], flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()
    assert pids
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/stat").exists() and _runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_runs(pid) for pid in pids)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_contents_are_parsed_in_order_and_each_says_why_it_cant_be() -> None:
    contents = [("html", page(number).encode()) for number in range(9)]
    contents[3:3] = [("html", b"  "), ("plain", b"A title\n\nA text of its own.\n")]
    with ReaderPool({}, jobs=2) as pool:
        pool.begin_page("plain", bytes(reader_pool.HELP_FROM_BYTES))
        begun = [pool.begin_page(*content) for content in contents]
        parsed = [each and each.result() for each in begun]
    assert parsed[3] == Unread(reason="is empty", has_no_text=True)
    assert isinstance(parsed[4], ParsedArticle)
    assert parsed[4].values["title"] == "A title"
    titles = [each.values["title"] for each in parsed if isinstance(each, ParsedArticle)]
    assert titles == ["Strike 0", "Strike 1", "Strike 2", "A title", *(f"Strike {number}" for number in range(3, 9))]


def test_few_pages_of_an_archive_start_no_helper(started: list[ReaderWorker]) -> None:
    with ReaderPool({}, jobs=2) as pool:
        assert [pool.begin_page("html", page(number).encode()) for number in range(9)] == [None] * 9
    with ReaderPool({}, jobs=1) as pool:
        assert pool.begin_page("html", bytes(reader_pool.HELP_FROM_BYTES // 20)) is None
    assert not started


def crawl(number: int = 12) -> list[bytes]:
    """Return records of pages, among them some that hold no article, one damaged and one captured twice."""
    url = "https://example.org/{}".format
    records = [record("response", url(each), http(page(each).encode())) for each in range(number)]
    return [
        *records[:3],
        record("response", url("empty"), http(b"<html><body></body></html>")),
        record("response", url("text"), http(b"A note\n\nThe ports lie still.", content_type="text/plain")),
        record("response", url("broken"), http(b"\x1f\x8b\x08broken", more="Content-Encoding: gzip\r\n")),
        record("response", url(1), http(page(77).encode()), date="2025-05-06T10:00:00Z"),
        record("response", url("zipped"), http(gzip.compress(page(34).encode()), more="Content-Encoding: gzip\r\n")),
        record("response", url("latin"), http(page(35).replace("Strike", "Gr\xe8ve").encode("latin-1"))),
        *records[3:],
    ]


@pytest.mark.usefixtures("at_once")
def test_pages_of_crawls_and_archives_are_the_same_whoever_parses_them(
    tmp_path: Path, started: list[ReaderWorker]
) -> None:
    pages = {f"page{each}.html": page(each).encode() for each in range(9)}
    others = {
        "page3b.html": b"  ",
        "page4.txt": b"A note\n\nOf its own.",
        "page5b.html": bytes(range(256)) * 9,
        "page6.html.gz": gzip.compress(page(66).encode()),
        "paper.pdf": pdf([lines("The otter swims in the river.", 50, 700)]),
        "damaged.pdf": b"%PDF-1.4\n1 0 obj <</Type /Catalog",
    }
    write(tmp_path, "a.warc", b"".join(crawl()))
    write(tmp_path, "b.warc.gz", members(*crawl())[:-9])
    write(tmp_path, "c.wacz", zipped({"archive/a.warc.gz": members(*crawl()), "pages/pages.jsonl": b"{}"}))
    write(tmp_path, "d.zip", zipped(pages | others))
    write(tmp_path, "e.tar.gz", gzip.compress(tarred(pages)[:-7000]))
    alone = list(read([tmp_path], jobs=1))
    assert sum(isinstance(entry, Article) for entry in alone) > 60
    begun = len(started)
    assert list(read([tmp_path], jobs=2)) == alone
    assert len(started) == begun + 2
    assert not any(map(alive, started))


@pytest.mark.slow
def test_a_page_in_a_crawl_or_an_archive_that_takes_too_long_is_named_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_pool.LIMITS_S, "html", 1)
    monkeypatch.setattr(reader_pool, "USUAL_LIMIT_S", 1)
    monkeypatch.setattr(reader_pool, "BIG_BYTES", 2**16)
    slow = b"<html><body>" + b"".join(b"<div>" * 150 + b"x" + b"</div>" * 150 for _ in range(120))
    write(tmp_path, "a.zip", zipped({"slow.html": slow, "page.html": page(1).encode()}))
    records = [record("response", f"https://example.org/{n}", http(b)) for n, b in enumerate((slow, page(2).encode()))]
    write(tmp_path, "b.warc", b"".join(records))
    entries = list(read([tmp_path]))
    assert [entry.title for entry in entries if isinstance(entry, Article)] == ["Strike 1", "Strike 2"]
    problems = [entry for entry in entries if isinstance(entry, Problem)]
    assert [problem.reason.partition("takes")[2][:20] for problem in problems] == [" more than 1 seconds"] * 2
    assert ["slow.html" in problems[0].place, "https://example.org/0" in problems[1].reason] == [True, True]


def test_what_goes_through_a_pipe_comes_out_as_it_was() -> None:
    article = Article(
        id="a",
        text="Text \ud800 日本",
        title="Title",
        authors=("Jane Doe", "李"),
        published=datetime(2025, 3, 1, 23, 30, 1, 250, tzinfo=UTC),
        updated=datetime(2025, 3, 2, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        tags=("one",),
        fields={"stars": 5, "rate": 0.1, "new": True, "names": ("x", "y"), "none": ""},
        sections=(Section(heading="H", start=0, end=4),),
        origin=Origin(path="/x", name="x"),
        utc_offset_s=-3600,
    )
    parsed = ParsedArticle(values={"a": ["x", None], "b": {"c": 1.5}, "d": ("e",)}, sections=None, notes=("n",))
    problem = Problem(place="p", reason="r", line=3, lost=False)
    assert unpacked(packed([article, parsed, problem])) == [article, parsed, problem]
    assert repr(unpacked(packed(article))) == repr(article)
    with pytest.raises(TypeError, match="a set in a message"):
        packed({1})


def test_a_pdf_is_read_by_a_helper_however_small_the_folder(tmp_path: Path, started: list[ReaderWorker]) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf([lines("The otter swims in the river.", 50, 700)]))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.4\n1 0 obj <</Type /Catalog")
    (article, problem) = list(read([tmp_path]))
    assert isinstance(article, Article)
    assert "The otter swims in the river." in f"{article.title}\n{article.text}"
    assert isinstance(problem, Problem)
    assert started

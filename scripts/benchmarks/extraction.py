"""How well are web pages read? Measures searchkit beside trafilatura alone and newspaper4k, in one table.

    scripts/bench_extraction FOLDER                      all that the truth knows, of all pages
    scripts/bench_extraction FOLDER --misses authors     then the pages whose authors searchkit reads wrong
    scripts/bench_extraction FOLDER --peer searchkit --match Nachrichten

FOLDER holds pages (.html or .html.gz) and truth.jsonl, a row a page: page, the file's name, and body, the article's
text; where they are known title, authors and published. A peer that isn't installed is named below the table.

title, authors, instant: the share of pages where they are the truth's to the letter, in any order, to the second.
standfirst: of the pages that show the summary which they give in their head, the share whose text has it.
body F1: by runs of four words, as scrapinghub/article-extraction-benchmark counts: precision and recall of each page,
their means over all, F1 of the means. boilerplate: blocks of which less than half of the words stand so in the truth.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

from searchkit.ingest.charset import NotText
from searchkit.ingest.dates import parse_date
from searchkit.ingest.format_readers import read_format
from searchkit.ingest.formats.html import decode_page
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Origin

_RUN = 4
"""Words of a run, as the benchmark named above has them."""

_SHORTEST_STANDFIRST = 40
"""Characters. Shorter summaries are slogans and sections."""

_UNSHOWN = frozenset({"head", "script", "style", "noscript", "template", "aside", "nav", "footer", "a", "figure"})
"""Elements within which a summary isn't this article's standfirst."""

MEASURES = ("title", "authors", "instant", "standfirst", "body F1", "boilerplate", "pages/CPU-s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a system makes of a page."""

    title: str = ""
    authors: Sequence[str] = ()
    published: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page and what is known of it."""

    name: str
    data: bytes
    truth: Mapping[str, Any]
    standfirst: str


@dataclass(slots=True, kw_only=True)
class Score:
    """What was measured of a system so far."""

    marks: dict[str, list[bool]] = field(default_factory=dict)
    precisions: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)
    boilerplate: int = 0
    pages: int = 0
    cpu_s: float = 0.0


def main(given: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench_extraction", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--peer", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS), help="only these systems")
    parser.add_argument("--match", default="", metavar="TEXT", help="only pages with this in their name")
    parser.add_argument(
        "--misses", nargs="+", default=[], metavar="MEASURE", help=f"list what searchkit misses: {', '.join(MEASURES)}"
    )
    arguments = parser.parse_args(given)
    if not (arguments.folder / "truth.jsonl").is_file():
        parser.error(f"{arguments.folder} has no truth.jsonl")
    pages = [page for page in read_pages(arguments.folder) if arguments.match in page.name]
    installed = [name for name in arguments.peer if find_spec(SYSTEMS[name][0])]
    scores = {name: measure(SYSTEMS[name][1], pages, _misses(name, arguments.misses)) for name in installed}
    print(
        f"{len(pages)} pages of {arguments.folder}; the standfirst is shown by {sum(bool(p.standfirst) for p in pages)}"
    )
    print(table(scores))
    for name in arguments.peer:
        if name not in installed:
            print(f"{name} isn't installed (pip install {SYSTEMS[name][2]}); it isn't in the table.")


def _misses(name: str, measures: Sequence[str]) -> Callable[[str, Page, object, object], None]:
    def tell(measure: str, page: Page, right: object, read: object) -> None:
        if name == "searchkit" and measure in measures:
            print(f"{measure}: {page.name}\n    right {right!r}\n    read  {read!r}")

    return tell


def read_pages(folder: Path) -> list[Page]:
    """Return the pages of a folder, each with its truth."""
    lines = (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [_page(folder, json.loads(line)) for line in lines if line.strip()]


def _page(folder: Path, truth: Mapping[str, Any]) -> Page:
    path = folder / truth["page"]
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return Page(name=truth["page"], data=data, truth=truth, standfirst=shown_standfirst(_decoded(data)))


def _decoded(data: bytes) -> str:
    try:
        return decode_page(data)[0]
    except NotText:
        return ""


def measure(
    system: Callable[[bytes], Reading], pages: Sequence[Page], tell: Callable[[str, Page, object, object], None]
) -> Score:
    """Return how well a system reads the pages; ``tell`` hears of each value that is wrong."""
    system(b"<html><body><p>A first page loads what is loaded once.</p></body></html>")
    score = Score()
    for page in pages:
        start = time.process_time()
        reading = system(page.data)
        score.cpu_s += time.process_time() - start
        score.pages += 1
        for name, right, read, equal in _comparisons(page, reading):
            score.marks.setdefault(name, []).append(equal)
            if not equal:
                tell(name, page, right, read)
        _judge_body(page, reading, score, tell)
    return score


def _comparisons(page: Page, reading: Reading) -> list[tuple[str, object, object, bool]]:
    truth = page.truth
    compared: list[tuple[str, object, object, bool]] = []
    if truth.get("title"):
        compared.append(("title", truth["title"], reading.title, _line(truth["title"]) == _line(reading.title)))
    if truth.get("authors"):
        read = sorted(map(_line, reading.authors))
        compared.append(
            ("authors", truth["authors"], list(reading.authors), sorted(map(_line, truth["authors"])) == read)
        )
    if truth.get("published"):
        right = parse_date(truth["published"])
        compared.append(("instant", right, reading.published, _same_second(right, reading.published)))
    if page.standfirst:
        has_it = " ".join(words(page.standfirst)) in " ".join(words(reading.text))
        compared.append(("standfirst", page.standfirst, reading.text[:200], has_it))
    return compared


def _judge_body(page: Page, reading: Reading, score: Score, tell: Callable[[str, Page, object, object], None]) -> None:
    precision, recall = overlap(page.truth["body"], reading.text)
    score.precisions += [] if precision is None else [precision]
    score.recalls += [] if recall is None else [recall]
    if min(precision or 0.0, recall or 0.0) < 0.9:
        tell("body F1", page, f"precision {precision or 0:.3f}", f"recall {recall or 0:.3f}")
    extra = boilerplate(f"{page.truth.get('title', '')}\n{page.standfirst}\n{page.truth['body']}", reading.text)
    score.boilerplate += len(extra)
    for block in extra:
        tell("boilerplate", page, "", block[:200])


def _line(text: str) -> str:
    return " ".join(text.split())


def _same_second(right: datetime | None, read: datetime | None) -> bool:
    if right is None or read is None:
        return right is read
    return abs(right - read.astimezone(UTC)) < timedelta(seconds=1)


def words(text: str) -> list[str]:
    """Return the words of a text, as the benchmark parts them."""
    return re.findall(r"\w+", text)


def runs(text: str) -> Counter[tuple[str, ...]]:
    """Count the runs of four words in a text; a shorter text is one run."""
    parts = words(text)
    every = (tuple(parts[i : i + _RUN]) for i in range(max(1, len(parts) - _RUN + 1)))
    return Counter(run for run in every if run)


def overlap(truth: str, text: str) -> tuple[float | None, float | None]:
    """Return precision and recall of a text's runs; None where there is nothing to divide by."""
    right, read = runs(truth), runs(text)
    common = (right & read).total()
    precision = common / read.total() if read else (1.0 if not right else None)
    recall = common / right.total() if right else None
    return precision, recall


def boilerplate(truth: str, text: str) -> list[str]:
    """Return the blocks of a text of which less than half of the runs are the truth's; of short ones, of the words."""
    right = runs(truth)
    known = set(words(truth))
    blocks = [block for block in text.split("\n") if words(block)]
    return [block for block in blocks if _share(block, right, known) < 0.5]


def _share(block: str, right: Counter[tuple[str, ...]], known: set[str]) -> float:
    parts = words(block)
    if len(parts) < _RUN:
        return sum(part in known for part in parts) / len(parts)
    read = runs(block)
    return sum(number for run, number in read.items() if run in right) / read.total()


def shown_standfirst(source: str) -> str:
    """Return the summary in a page's head that an element of its body says word for word; "" where there is none."""
    html = import_module("lxml.html")

    if not source.strip():
        return ""
    tree = html.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", source))
    summaries = tree.xpath("//meta[@property='og:description' or @name='description']/@content")
    keys = {" ".join(words(each)): each for each in summaries if len(each) >= _SHORTEST_STANDFIRST}
    if not keys:
        return ""
    for element in tree.iter("p", "div", "h2", "h3", "h4", "span", "strong"):
        if len(element) > 8 or not keys:
            continue
        text = element.text_content()
        if len(text) < 5000 and (shown := keys.get(" ".join(words(text)))) and not _is_elsewhere(element):
            return str(shown)
    return ""


def _is_elsewhere(element: Any) -> bool:
    return any(each.tag in _UNSHOWN for each in element.iterancestors())


def table(scores: Mapping[str, Score]) -> str:
    """Return the scores as a table, a line a system."""
    lines = [f"{'':<14}" + "".join(f"{name:>15}" for name in MEASURES)]
    lines += [
        f"{name:<14}" + "".join(f"{_cell(name_, score):>15}" for name_ in MEASURES) for name, score in scores.items()
    ]
    return "\n".join(lines)


def _cell(measure_name: str, score: Score) -> str:
    match measure_name:
        case "body F1":
            return f"{f1(score):.4f}"
        case "boilerplate":
            return f"{score.boilerplate}"
        case "pages/CPU-s":
            return f"{score.pages / max(score.cpu_s, 1e-9):.1f}"
    marks = score.marks.get(measure_name, [])
    return f"{sum(marks)}/{len(marks)} {sum(marks) / len(marks):.3f}" if marks else "-"


def f1(score: Score) -> float:
    """Return F1 of mean precision and mean recall."""
    precision = statistics.fmean(score.precisions) if score.precisions else 0.0
    recall = statistics.fmean(score.recalls) if score.recalls else 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _searchkit(data: bytes) -> Reading:
    rows = Rows(place="page", origin=Origin(path="page", name="page"), fields={})
    try:
        entries = list(read_format("html", BytesIO(data), rows))
    except NotText:
        return Reading()
    article = next((entry for entry in entries if isinstance(entry, Article)), None)
    if article is None:
        return Reading()
    return Reading(title=article.title, authors=article.authors, published=article.published, text=article.text)


def _trafilatura(data: bytes) -> Reading:
    trafilatura = import_module("trafilatura")
    document = trafilatura.bare_extraction(data, with_metadata=True, include_comments=False)
    if document is None:
        return Reading()
    authors = [each.strip() for each in (document.author or "").split(";") if each.strip()]
    text, published = document.text or "", parse_date(document.date)
    return Reading(title=document.title or "", authors=authors, published=published, text=text)


def _newspaper(data: bytes) -> Reading:
    source = _decoded(data)
    try:
        return _newspaper_in(source, "")
    except ImportError:  # its tokenizer of the page's language is a package of its own
        return _newspaper_in(source, "en")


def _newspaper_in(source: str, language: str) -> Reading:
    newspaper = import_module("newspaper")
    options = {"language": language} if language else {}  # it then doesn't ask the page
    article = newspaper.Article("https://example.org/", fetch_images=False, **options)
    try:
        article.download(input_html=source)
        article.parse()
    except newspaper.ArticleException:
        return Reading()
    published = parse_date(article.publish_date)
    return Reading(title=article.title or "", authors=article.authors, published=published, text=article.text or "")


SYSTEMS: Mapping[str, tuple[str, Callable[[bytes], Reading], str]] = {
    "searchkit": ("searchkit", _searchkit, "searchkit"),
    "trafilatura": ("trafilatura", _trafilatura, "trafilatura"),
    "newspaper4k": ("newspaper", _newspaper, "newspaper4k"),
}
"""A system's name, the package that it is, what reads a page, and what pip calls it."""


if __name__ == "__main__":
    main(sys.argv[1:])

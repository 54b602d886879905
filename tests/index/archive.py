"""A small archive for tests, and ways to build it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import searchkit
from searchkit import Article, BuildReport, build
from tests.word_encoder import WordEncoder

SENTENCES = (
    "Maduro said that 5,000 Igla-S missiles guard Venezuela against any attack.",
    "The orchestra of Harlow played Brahms before a full house.",
    "Farmers in the delta expect a poor harvest of rice this year.",
    "A new line of trams will cross the old bridge from spring on.",
    "Poland bought Patriot batteries to defend its eastern border.",
    "The court of appeal freed two journalists after nine months.",
    "Oil exports of Venezuela fell by a third in March.",
    "Nurses warned of a new wave of COVID-19 in the northern towns.",
)


def article(number: int, *, text: str | None = None, **values: object) -> Article:
    """Make the article of a number; equal numbers make equal articles."""
    first, second = SENTENCES[number % 8], SENTENCES[(number * 3 + 1) % 8]
    made: dict[str, object] = {
        "id": f"a{number:03d}",
        "title": f"Report {number} about {first.split()[-1].strip('.')}",
        "text": text if text is not None else f"{first} {second} It was report number {number}.",
        "source": ("Harbor Ledger", "El Correo", "Der Bote")[number % 3],
        "language": ("en", "en", "de")[number % 3],
        "published": datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=number),
        "tags": ("odd",) if number % 2 else ("even", "round"),
        "authors": (f"Writer {number % 4}",),
        "fields": {"pages": number, "desk": "world" if number % 4 == 0 else "city"},
    }
    return Article(**(made | values))  # type: ignore[arg-type]


def built(folder: Path, numbers: range = range(24)) -> BuildReport:
    """Build an index of some articles with the small encoder."""
    return build(folder, [article(number) for number in numbers], encoder=WordEncoder())


def ids_found(index: Path, text: str, **filters: object) -> list[str]:
    """Return the ids of the articles that a search by keyword finds, best first."""
    with searchkit.open(index, encoder=WordEncoder()) as searcher:
        return [result.article.id for result in searcher.search(text, mode="keyword", **filters).results]  # type: ignore[arg-type]


def tree(folder: Path) -> set[str]:
    """Return the files below a folder, by their paths in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

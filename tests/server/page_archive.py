"""An archive for the page's tests: a long article with sections, hostile text, writing from right to left."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from searchkit import Article, Section, build
from tests.index.archive import article
from tests.word_encoder import WordEncoder

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>&amp; "quoted" {{ 7 * 7 }}'
FILLER = "The harbour office counted barges, cranes and crates again, and wrote the sums into its ledger. " * 12


def long_article() -> Article:
    """Return an article of several chunks whose first and last sections have the word lighthouse."""
    parts = ("The lighthouse was painted white in spring. ", "A lighthouse keeper wrote the diary of the storm. ")
    first, second = f"{parts[0]}\n\n{FILLER}", f"{FILLER}\n\n{parts[1]}"
    text = f"Painting\n\n{first}\n\nStorms\n\n{second}"
    starts = text.index(parts[0]), text.index(second)
    return Article(
        id="light/house 1?&#",
        title="Two seasons of the lighthouse",
        text=text,
        source="Harbor Ledger",
        language="en",
        authors=("Ada Quay",),
        tags=("coast",),
        published=datetime(2024, 11, 5, tzinfo=UTC),
        url="https://ledger.example/lighthouse",
        sections=(
            Section(heading="Painting", start=starts[0], end=starts[0] + len(first)),
            Section(heading="Storms", start=starts[1], end=starts[1] + len(second)),
        ),
    )


def page_articles() -> list[Article]:
    """Return the articles, 27 of them."""
    return [
        *(article(number) for number in range(24)),
        long_article(),
        Article(
            id="hostile",
            title=HOSTILE,
            text=f"Gulls stole the {HOSTILE} sandwich.",
            source=HOSTILE,
            tags=(HOSTILE,),
            url="javascript:document.title=3",
            published=datetime(2024, 12, 6, tzinfo=UTC),
        ),
        Article(
            id="arabic",
            title="المنارة على الساحل",
            text="المنارة على الساحل بيضاء منذ الربيع.",
            language="ar",
            published=datetime(2024, 10, 7, tzinfo=UTC),
        ),
    ]


def build_page_archive(folder: Path) -> Path:
    """Build the index, and return its folder."""
    build(folder, page_articles(), encoder=WordEncoder())
    return folder

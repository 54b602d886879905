"""Here is the archive of the contract: articles with many fields, long ones, several languages, and hard values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from searchkit import Article
from tests.index.archive import SENTENCES, article

LONG = "\n\n".join(
    f"Part {number}. {SENTENCES[number % 8]} {SENTENCES[(number + 3) % 8]} The S-300 launcher of part {number} stayed."
    for number in range(12)
)
"""Cut into several chunks by the small encoder, whose limit is 64 words."""

ARTICLES = (
    *(article(number) for number in range(30)),
    Article(
        id="long/1",
        title="The long report",
        text=LONG,
        language="en",
        source="harbor  ledger",
        published=datetime(2025, 3, 4, 22, 30, tzinfo=UTC),
        utc_offset_s=7_200,
        url="https://www.example.org/long?utm_source=x",
        tags=("Odd", "odd", "very round"),
        fields={"pages": 120, "desk": ("World", "city"), "code": "007", "price": "1,200.50"},
    ),
    Article(
        id="naïve|id#2",
        title="Über die Brücke",
        text="Die alte Brücke wurde gesperrt. C++ und .NET sind keine Brücken. Die Straßenbahn fährt weiter.",
        language="de",
        published=datetime(2024, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        fields={"pages": -3.5, "desk": "*odd?", "version": "1.2.3"},
        authors=("Ana María", "Writer 1"),
    ),
    Article(
        id="東京",
        title="東京のニュース",
        text="東京でロケットが打ち上げられた。市民は橋を渡った。",
        language="ja",
        published=datetime(2025, 1, 5, tzinfo=UTC) + timedelta(hours=9),
    ),
    Article(id="bare", text="Nothing is known of this one but for missiles and an orchestra."),
)

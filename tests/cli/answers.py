"""Answers made by hand: of many scripts, and with titles that mean harm."""

from __future__ import annotations

from datetime import UTC, datetime

from searchkit.answer import Answer, ChunkResult, Contribution, FacetCount, Result, Snippet
from searchkit.types import Article, Chunk, Query

MISSILES = (
    "Maduro said that his country holds 5,000 Igla-S missiles in key positions of air defence. "
    "The launchers are Russian."
    "\n\nThey were shown on state television in October."
)
HARM = "\x1b[31mred\x1b[0m \x9b2J \u202eevil [bold red]markup[/] :smile: \x07"


def result(
    rank: int,
    article: Article,
    *,
    words: tuple[str, ...] = (),
    spans: tuple[tuple[int, int], ...] = (),
    legs: tuple[tuple[str, int | None, float, float], ...] = (
        ("keyword", 1, 14.2134, 1.9324),
        ("vector", 3, 0.71, 1.9904),
    ),
    heading: str = "",
) -> Result:
    """Make a result whose chunks are spans of its article (all of it without), with the words highlighted."""
    chunks = []
    for number, (start, end) in enumerate(spans or ((0, len(article.text)),)):
        text = article.text[start:end]
        found = [(article.text.find(word, start, end), len(word)) for word in words]
        parts = tuple(Contribution(leg=leg, rank=place, score=own, share=share) for leg, place, own, share in legs)
        chunks.append(
            ChunkResult(
                chunk=Chunk(article_id=article.id, ordinal=number, start=start, end=end, text=text, heading=heading),
                score=sum(part.share for part in parts),
                contributions=parts,
                snippet=Snippet(
                    text=text,
                    start=start,
                    end=end,
                    highlights=tuple(sorted((at, at + length) for at, length in found if at >= 0)),
                ),
            )
        )
    return Result(
        rank=rank,
        score=chunks[0].score,
        article=article,
        chunks=tuple(chunks),
        contributions=chunks[0].contributions,
        confidence=0.75,
    )


IGLA = Article(
    id="ledger/igla",
    title="Moscow signals readiness",
    text=MISSILES,
    url="https://harbor.example/igla (1)",
    source="Harbor Ledger",
    authors=("Ines Calloway", "Bo Lind"),
    published=datetime(2025, 11, 4, tzinfo=UTC),
    updated=datetime(2025, 11, 5, 9, 30, tzinfo=UTC),
    language="en",
    tags=("venezuela", "arms"),
    fields={"pages": 3, "ratio": float("nan")},
)
CHINESE = Article(
    id="zh 1",
    title="俄罗斯在委内瑞拉部署防空系统：关于加拉加斯周围的导弹连以及士兵训练的长篇报道，内容非常详细，附有照片和地图说明",
    text="委内瑞拉从俄罗斯购买了S-300VM防空导弹系统。这些系统部署在加拉加斯附近，由俄罗斯顾问负责培训操作人员，防空演习每年举行两次。",
    source="海港报",
    language="zh",
)
ARABIC = Article(id="ar-1", title="روسيا تعزز الدفاع الجوي في فنزويلا", text="أعلنت موسكو أنها مستعدة.", language="ar")
HARMFUL = Article(
    id=f"x{HARM}", title=HARM, text=f"Text {HARM} end", source=HARM, url="javascript:alert(1)", language="en"
)
LONG = Article(
    id="long/" + "very/" * 40, title="an extremely long title that goes on " * 6, text="Short.", language="en"
)

ANSWER = Answer(
    query=Query(text="Russian air defense in Venezuela", facets=("source",)),
    results=(
        result(1, IGLA, words=("Igla-S", "air defence"), spans=((0, 89), (90, 117)), heading="In every state"),
        result(2, CHINESE, words=("防空",), legs=(("keyword", None, 0.0, 0.0), ("vector", 1, 0.6, 1.68))),
        result(3, ARABIC, words=("موسكو",)),
        result(4, HARMFUL, words=(), heading=HARM),
        result(10, LONG, legs=(("keyword", 2, 1.0, 1 / 3), ("vector", 9, 0.3, 1 / 3), ("date", None, 0.1, 1 / 3))),
    ),
    notes=("It was searched as plain words.",),
    facets={
        "source": (FacetCount(value="Harbor Ledger", articles=120), FacetCount(value=HARM, articles=3)),
        "tag": (),
    },
    took_s=0.0432,
)
NOTHING = Answer(query=Query(text="rusian"), results=(), suggestions=("russian", "prussian"), took_s=1.5)

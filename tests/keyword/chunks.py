"""Chunks for the tests of postings: fixed ones, and strategies that make any."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.postings.reader import PostingsReader
from searchkit.keyword.postings.writer import PostingsWriter

SCRIPTS = st.text(
    st.sampled_from(
        "aZéß'’-.,5 09#@&+\u00a0\u202f\u200c\u200d\u00ad\u0301\ufe0fÅŁπςёйЇаلامَ٣٫שלוםץ\""
        "हिन्दी我们カﾞひ한국กี้ไทยລາວខ្មែរမြန်😀❤_/½²&İı\n"
    ),
    max_size=60,
)

Chunk = tuple[str, str, str, str | None]

CHUNKS: list[Chunk] = [
    ("Air defence in Caracas", "", "Russia sent 5,000 Igla-S missiles; the missiles are in Caracas.", "en"),
    ("Air defence in Caracas", "The minister", "“Missiles,” said O'Brien, “don’t fly.”", "en"),
    ("", "", "", None),
    ("Die Raketen", "", "Der Panzer und die Panzer der Wüste", "de"),
    ("防空系统", "", "俄罗斯的防空系统 S-300", "zh"),
    ("", "", "Missiles missiles MISSILES", None),
]

PIECES = st.sampled_from(
    [
        "missile",
        "Missiles",
        "S-300",
        "s300",
        "the",
        "防空系统",
        "5,000",
        "don't",
        "é",
        "5\u00a0000",
        "U.S.",
        "…",
        "a-b-c",
    ]
)

TEXTS = st.lists(PIECES, max_size=12).map(" ".join) | SCRIPTS

LISTS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS, st.sampled_from(["en", "de", None])), max_size=12)


def build(
    path: Path, chunks: list[Chunk], *, title_weight: int = 2, flush: int = 25_000, scratch: Path | None = None
) -> PostingsReader:
    with PostingsWriter(Analyzer(), title_weight, flush_chunks=flush, scratch=scratch) as builder:
        for chunk in chunks:
            builder.add(*chunk)
        builder.write(path)
    return PostingsReader(path)

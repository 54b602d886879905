"""Articles of a harbour: with dates, tags and fields of every type, short and long ones."""

from __future__ import annotations

from typing import Any

from tests.word_encoder import WordEncoder

_LONG = " ".join(f"The crane number {number} lifts a container onto the quay." for number in range(40))

ARTICLES: tuple[dict[str, Any], ...] = (
    {
        "id": "ferry",
        "title": "The ferry sails again",
        "text": "The night ferry sails at nine. Tickets are sold on the quay.",
        "url": "https://harbour.example/ferry",
        "source": "Harbour Ledger",
        "authors": ["Ada Quill"],
        "published": "2025-03-02",
        "language": "en",
        "tags": ["travel", "sea"],
        "price": 12.5,
        "desk": "city",
        "open": True,
    },
    {
        "id": "cocoa",
        "title": "Cocoa has doubled",
        "text": "The price of cocoa has doubled on the quay. Chocolate is dear.",
        "source": "Meridian Wire",
        "published": "2024-11-20T08:30:00+02:00",
        "language": "en",
        "tags": ["money"],
        "price": 60,
        "desk": "money",
        "open": False,
    },
    {
        "id": "cranes",
        "title": "Forty cranes",
        "text": f"The quay is busy.\n\n{_LONG}\n\nAt midnight a whale was seen beside the pier.",
        "source": "Harbour Ledger",
        "language": "en",
        "tags": ["sea"],
        "desk": "city",
    },
)


def word_vectors(texts: list[str]) -> Any:
    """Encode as ``WordEncoder`` does: a function that a store can name."""
    return WordEncoder().encode_chunks(texts)


def refusing_vectors(texts: list[str]) -> Any:
    """Encode nothing."""
    raise AssertionError(f"{len(texts)} texts are encoded")

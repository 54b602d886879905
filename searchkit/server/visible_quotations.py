"""Visible quotations: the passages that a text quotes, of the articles that somebody may see."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from searchkit.search.searcher import Searcher
from searchkit.server.access import Access
from searchkit.types import Quotation

_AMONG = 50
"""Among how many passages those are looked for that may be seen."""


def visible_quotations(searcher: Searcher, text: str, k: int, access: Access) -> list[Quotation]:
    """Return at most ``k`` passages, the most similar first. Raises as ``Searcher.quote`` does."""
    quotations = searcher.quote(text, k=k if access.where is None else max(k, _AMONG))
    return [each for each in quotations if searcher.meets(each.article.id, where=access.where)][:k]


def quotation_json(quotation: Quotation) -> dict[str, Any]:
    """Return where a passage stands and what differs in it, without its article and its text."""
    return {
        "start": quotation.start,
        "end": quotation.end,
        "verbatim": quotation.verbatim,
        "share": round(quotation.share, 2),
        "by": quotation.by,
        "differences": [asdict(difference) for difference in quotation.differences],
    }

"""Quotations for a person and as JSON: article, place, passage, and the words that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from searchkit.answer import article_dict
from searchkit.cli.output.console import clean
from searchkit.cli.output.result_table import DIM, byline
from searchkit.types import Quotation, QuoteDifference


def quotations_json(text: str, quotations: Sequence[Quotation]) -> dict[str, Any]:
    """Return quotations as the object that ``--json`` writes."""
    return {"text": text, "quotations": [_quotation_json(quotation) for quotation in quotations]}


def quotations_text(quotations: Sequence[Quotation]) -> Iterator[Text]:
    """Yield the lines of each quotation: title, byline, passage, differences, and where it stands."""
    for number, quotation in enumerate(quotations):
        if number:
            yield Text()
        yield Text(clean(quotation.article.title).strip() or clean(quotation.article.id), style="bold")
        if about := byline(quotation.article):
            yield about
        yield Text(f"“{' '.join(clean(quotation.text).split())}”")
        yield Text(_likeness(quotation), style="cyan")
        for difference in quotation.differences:
            yield Text(f"  {_told(difference)}")
        yield Text(f"{clean(quotation.article.id)}, characters {quotation.start:,} to {quotation.end:,}", style=DIM)


def _likeness(quotation: Quotation) -> str:
    if quotation.verbatim:
        return "verbatim"
    same = f"{quotation.share:.0%} of the words are the same"
    return f"in other words: {same}" if quotation.by == "meaning" else same


def _told(difference: QuoteDifference) -> str:
    typed, written = clean(difference.typed), clean(difference.written)
    match difference.kind:
        case "changed":
            return f"not “{typed}” but “{written}”"
        case "missing":
            return f"missing: “{written}”"
        case "added":
            return f"not there: “{typed}”"
        case _:
            return f"in another place: “{typed}”"


def _quotation_json(quotation: Quotation) -> dict[str, Any]:
    return {
        "article": article_dict(quotation.article),
        "start": quotation.start,
        "end": quotation.end,
        "text": quotation.text,
        "verbatim": quotation.verbatim,
        "share": quotation.share,
        "by": quotation.by,
        "differences": [asdict(difference) for difference in quotation.differences],
    }

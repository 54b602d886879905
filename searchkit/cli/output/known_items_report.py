"""Reports on known items: a table of how often the article asked for comes first, or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from searchkit.cli.output.result_table import DIM

if TYPE_CHECKING:
    from searchkit.evaluation.known_items import KnownItemQuestions, Success


def known_items_json(made: KnownItemQuestions, shares: Sequence[Success], *, per_query: bool) -> dict[str, Any]:
    """Return the shares as the object that ``--json`` writes; with ``per_query`` the questions that missed, too."""
    kinds = [asdict(share) for share in shares]
    if not per_query:
        kinds = [{name: value for name, value in kind.items() if name != "missed"} for kind in kinds]
    return {"seed": made.seed, "questions": len(made.questions), "kinds": kinds}


def known_items_table(shares: Sequence[Success]) -> Table:
    """Draw a row for each kind of question: how many, and for each mode the shares at the first place and of ten."""
    grid = Table.grid(padding=(0, 2))
    modes = list(dict.fromkeys(share.mode for share in shares))
    grid.add_column(no_wrap=True)
    for _ in range(1 + len(modes)):
        grid.add_column(justify="right", no_wrap=True)
    grid.add_row("success@1, @10", Text("asked", style=DIM), *(Text(str(mode), style="bold") for mode in modes))
    for kind in dict.fromkeys(share.kind for share in shares):
        own = {share.mode: share for share in shares if share.kind == kind}
        asked = max(share.questions for share in own.values())
        cells = [Text(f"{own[mode].first:.3f}", style="cyan").append(f"  {own[mode].ten:.3f}", DIM) for mode in modes]
        grid.add_row(str(kind), Text(f"{asked:,}", style=DIM), *cells)
    return grid

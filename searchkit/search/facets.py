"""Here are the articles that match; how many have which source, tag, year?"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from searchkit.errors import QueryError
from searchkit.index.reader import Generation
from searchkit.types import FacetCount

if TYPE_CHECKING:
    from numpy.typing import NDArray


def count_facets(
    generation: Generation, names: tuple[str, ...], rows: NDArray[np.bool_] | None
) -> dict[str, tuple[FacetCount, ...]]:
    """Count the values of each named field over the articles that have any of the rows, most frequent first.

    ``rows`` is ``(rows,)``, None for all that live. Raises ``QueryError`` for a field that no article has.
    """
    if not names:
        return {}
    for name in names:
        if name not in generation.field_names:
            known = sorted(generation.field_names)
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known) or 'none'}."
            raise QueryError(f"No article here has a field '{name}' to count.", hint=hint)
    matching = np.zeros(int(generation.article_bases[-1]), dtype=bool)
    chosen = generation.article_of_row if rows is None else generation.article_of_row[rows]
    matching[chosen] = True
    return {name: _count(generation, name, matching) for name in names}


def _count(generation: Generation, name: str, matching: NDArray[np.bool_]) -> tuple[FacetCount, ...]:
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for segment, base in zip(generation.segments, generation.article_bases, strict=False):
        for value, article, text in segment.articles.rows(
            "SELECT value, article, shown FROM labels WHERE name = ? ORDER BY article", (name,)
        ):
            if matching[base + article]:
                counts[value] += 1
                shown.setdefault(value, text)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetCount(value=shown[value], articles=number) for value, number in ordered)

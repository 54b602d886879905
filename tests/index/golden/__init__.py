"""Here is an index of every format that searchkit ever wrote; does it still open, and answer as it did then?

``FORMAT.zip`` is the index, ``FORMAT.json`` what it answered when it was made. ``python -m tests.index.golden`` makes
those of the format that is written today; those of earlier formats are never made again.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path

import searchkit
from searchkit import SearchConfig
from searchkit.index.manifest import FORMAT
from tests.index.archive import article, built
from tests.word_encoder import WordEncoder

FOLDER = Path(__file__).parent
QUERIES = ("missiles guard Venezuela", '"court of appeal"', "tram* OR Brahms", "rice source:Harbor*", "COVID-19")


def answers(index: Path) -> dict[str, list[list[object]]]:
    """Return what an index answers: for each mode and query the ids and scores, best first.

    By what its files hold alone: coverage and neighbours are worked out from the same, and came after format 2.
    """
    config = SearchConfig(coverage_weight=0, neighbour_weight=0)
    with searchkit.open(index, encoder=WordEncoder(), config=config) as searcher:
        return {
            f"{mode}: {query}": [
                [result.article.id, round(result.score, 6)] for result in searcher.search(query, mode=mode, k=5).results
            ]
            for mode in ("hybrid", "keyword", "vector")
            for query in QUERIES
        }


def make(folder: Path) -> None:
    """Write today's format: three generations, two segments, deletions."""
    with tempfile.TemporaryDirectory() as scratch:
        index = Path(scratch) / "index"
        built(index)
        searchkit.add(index, [article(number) for number in range(20, 30)], encoder=WordEncoder())
        searchkit.delete(index, ["a003", "a025"])
        with zipfile.ZipFile(folder / f"{FORMAT}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(index.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(index))
        text = json.dumps(answers(index), indent=1, ensure_ascii=False)
        (folder / f"{FORMAT}.json").write_text(text + "\n", encoding="utf-8")

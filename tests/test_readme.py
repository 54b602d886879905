"""README.md: the two scripts come first, what it quotes is what the commands print, and it stays short."""

from __future__ import annotations

import os
import re
from pathlib import Path

from searchkit import build, open_index
from searchkit.config import DEFAULT_ENCODER
from searchkit.types import Encoder

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 150
QUESTION = "Russian air defense in Venezuela"


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_the_two_scripts_come_first_and_can_be_run() -> None:
    first_screen = "\n".join(README.splitlines()[:40])
    for script in ("scripts/demo", "scripts/test"):
        assert script in first_screen
        assert os.access(ROOT / script, os.X_OK)


def test_the_first_python_block_has_fifteen_lines() -> None:
    block = re.search(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert block
    assert len([line for line in block[1].splitlines() if line.strip()]) <= 15


def test_the_results_that_it_quotes_are_those_of_the_demo(tmp_path: Path, encoder: Encoder) -> None:
    assert QUESTION in (ROOT / "scripts" / "demo").read_text(encoding="utf-8")
    quoted = re.findall(r"^(\d) (.*?)\s+(sure|likely|unsure|nothing here) [█░]{5}$", README, re.MULTILINE)
    assert len(quoted) == 3
    assert encoder.name == DEFAULT_ENCODER
    build(tmp_path / "index", places=[ROOT / "searchkit" / "samples" / "articles"], encoder=encoder)
    with open_index(tmp_path / "index", encoder=encoder) as searcher:
        for result, (rank, title, word) in zip(searcher.search(QUESTION, k=3).results, quoted, strict=True):
            assert result.rank == int(rank)
            assert result.article.title.startswith(title)
            assert result.confidence_word == word
        (passage,) = re.findall(r'^searchkit quote "([^"]+)"', README, re.MULTILINE)
        best = searcher.quote(passage)[0]
        assert 0.8 < best.share < 1  # it is half remembered

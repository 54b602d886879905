from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.relevance.ratchet import CHEAP, DEAR, KEPT, floor_of, measured, place_of, raised, read_floors


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "samples" else pytest.mark.shared) for name in (*CHEAP, *DEAR)]
)
def test_no_mode_falls_below_its_floor(name: str, tmp_path: Path) -> None:
    place, kept = place_of(name), os.environ.get(KEPT)
    if not place.there:
        pytest.skip(f"{place.corpus} is not there")
    if name in DEAR and not kept:
        pytest.skip(f"takes long; {KEPT}=FOLDER asks for it and keeps its index there")
    floors = read_floors()[name]
    assert place.digest() == floors["digest"], "the data changed: scripts/raise-floors --new-data"
    values = measured(place, Path(kept) if kept else tmp_path)
    fallen = {mode: value for mode, value in values.items() if value < floors["floors"][mode]}
    assert not fallen, f"floors: {floors['floors']}"


def test_floors_are_raised_and_never_lowered() -> None:
    first = raised(None, "d", {"hybrid": 0.7004, "keyword": 0.6}, new_data=False)
    assert first == {"digest": "d", "floors": {"hybrid": 0.698, "keyword": 0.598}}
    better = raised(first, "d", {"hybrid": 0.75, "keyword": 0.599}, new_data=False)
    assert better["floors"] == {"hybrid": 0.748, "keyword": 0.598}
    with pytest.raises(ValueError, match=r"below its floors: hybrid 0\.7000 < 0\.748; no floor is ever lowered"):
        raised(better, "d", {"hybrid": 0.7, "keyword": 0.7}, new_data=False)
    assert raised(better, "d", {"hybrid": 0.748, "keyword": 0.7}, new_data=True)["floors"]["hybrid"] == 0.748
    with pytest.raises(ValueError, match="no floor is ever lowered"):
        raised(better, "d", {"hybrid": 0.7, "keyword": 0.7}, new_data=True)


def test_other_data_have_other_floors_but_only_when_asked_for() -> None:
    first = raised(None, "d", {"hybrid": 0.7}, new_data=False)
    with pytest.raises(ValueError, match="--new-data"):
        raised(first, "e", {"hybrid": 0.5}, new_data=False)
    assert raised(first, "e", {"hybrid": 0.5}, new_data=True) == {"digest": "e", "floors": {"hybrid": floor_of(0.5)}}

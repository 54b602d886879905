from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.relevance import ratchet
from tests.relevance.ratchet import CHEAP, DEAR, KEPT, floor_of, main, measured, place_of, raised, read_floors


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


def test_a_name_that_is_no_collection_is_an_error_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["samples", "bogus"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: There is no collection 'bogus'. There are: samples, ")
    assert said.err.count("\n") == 1


def test_a_collection_that_is_not_on_this_machine_is_a_note(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ratchet, "COLLECTIONS", tmp_path)
    assert main(["xquad-en"]) == 0
    assert capsys.readouterr().out == "xquad-en: not here\n"

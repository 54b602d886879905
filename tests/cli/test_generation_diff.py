from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from searchkit.errors import MissingExtra
from tests.cli.conftest import Run
from tests.index.archive import article
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector


class Interrupted(WordEncoder):
    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        raise KeyboardInterrupt


BY_NAME: dict[str, WordEncoder] = {
    "words": WordEncoder(),
    "other words": WordEncoder(dimension=8, name="other words"),
    "interrupted": Interrupted(name="interrupted"),
}


@pytest.fixture(autouse=True)
def _encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let encoders be loaded by name, so that no model is needed."""

    def load(name: str, *, relative: bool = True) -> WordEncoder:
        if name not in BY_NAME:
            raise MissingExtra(f"'{name}' isn't here.")
        return BY_NAME[name]

    for module in ("build", "bundled_encoder"):
        monkeypatch.setattr(f"searchkit.index.{module}.load_encoder", load)


@pytest.fixture
def index(run: Run, tmp_path: Path) -> Path:
    lines = [
        json.dumps({"id": one.id, "title": one.title, "text": one.text, "language": "en"})
        for one in map(article, range(24))
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines))
    assert run("build", "corpus.jsonl", "--index", "index", "--encoder", "words").code == 0
    return tmp_path / "indexes" / "index"


def info(run: Run, index: Path) -> dict[str, object]:
    read: dict[str, object] = run("info", "--index", index, "--json").json()
    return read


def test_a_switch_is_reported_before_it_happens(run: Run, index: Path) -> None:
    ran = run("rebuild", "--index", index, "--encoder", "other words")
    assert ran.code == 0
    assert "From generation 1 (words) to 2 (other words):" in ran.err
    assert "% stay, the first result" in ran.err
    assert "(24 queries: the archive's own titles and sentences)" in ran.err
    assert "it is put in force" in ran.err
    about = info(run, index)
    assert (about["generation"], about["encoder"]) == (2, "other words")


def test_the_same_encoder_is_not_reported_unless_asked_for(run: Run, index: Path) -> None:
    assert "From generation" not in run("rebuild", "--index", index).err
    (Path("asked.txt")).write_text("rice harvest\nBrahms\n")
    ran = run("rebuild", "--index", index, "--queries", "asked.txt", "--json")
    switch = ran.json()["switch"]
    assert (switch["overlap"], switch["same_first"], switch["queries"], switch["sampled"]) == (1.0, 1.0, 2, False)
    assert switch["switched"] is True


def test_no_switch_reports_alone(run: Run, index: Path) -> None:
    read = run("rebuild", "--index", index, "--encoder", "other words", "--no-switch", "--json").json()
    assert read["switch"]["before"] == {"generation": 1, "encoder": "words"}
    assert read["switch"]["after"] == {"generation": 2, "encoder": "other words"}
    assert 0 < read["switch"]["overlap"] < 1
    assert read["switch"]["switched"] is False
    assert read["generation"] == 1
    assert info(run, index)["encoder"] == "words"
    again = run("rebuild", "--index", index, "--encoder", "other words", "--json").json()
    assert again["vectors_encoded"] == 0  # they were paid for
    assert info(run, index)["encoder"] == "other words"


def test_a_switch_that_changes_too_much_is_refused(run: Run, index: Path) -> None:
    refused = run("rebuild", "--index", index, "--encoder", "other words", "--require-overlap", "0.99")
    assert refused.code == 1
    assert "generation 1 stays in force" in refused.err
    assert info(run, index)["encoder"] == "words"
    assert run("rebuild", "--index", index, "--encoder", "other words", "--require-overlap", "0.01").code == 0
    assert info(run, index)["encoder"] == "other words"
    assert run("rebuild", "--index", index, "--require-overlap", "2").code == 2


def test_what_can_not_be_compared_is_told_and_not_taken_for_enough(
    run: Run, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(BY_NAME, "words")
    refused = run("rebuild", "--index", index, "--encoder", "other words", "--require-overlap", "0")
    assert refused.code == 1
    assert "how answers change can't be said: 'words' isn't here." in refused.err
    read = run("rebuild", "--index", index, "--encoder", "other words", "--json").json()
    assert read["switch"]["problem"] == "'words' isn't here."
    assert read["generation"] == 2


def test_with_judgements_the_measures_of_both_are_shown(run: Run, index: Path) -> None:
    pytest.importorskip("ir_measures")
    folder = Path("judged")
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.jsonl").write_text('{"_id": "1", "text": "rice harvest"}\n{"_id": "2", "text": "Brahms"}\n')
    (folder / "qrels" / "test.tsv").write_text("query\tid\tgrade\n1\ta002\t1\n2\ta001\t1\n")
    ran = run("rebuild", "--index", index, "--encoder", "other words", "--qrels", folder, "--no-switch")
    assert "(2 queries: the given queries)" in ran.err
    assert " → " in next(line for line in ran.err.splitlines() if line.strip().startswith("nDCG@10"))
    read = run("rebuild", "--index", index, "--encoder", "other words", "--qrels", folder, "--json").json()
    assert set(read["switch"]["measures"]) == {"nDCG@10", "R@100", "AP@100", "RR@10"}
    assert set(read["switch"]["measures"]["nDCG@10"]) == {"before", "after", "interval", "p"}


def test_a_stopped_build_by_keyword_first_can_be_searched_and_says_how_to_go_on(
    run: Run, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del index
    ran = run("build", "corpus.jsonl", "--index", "early", "--encoder", "interrupted", "--keyword-first")
    assert ran.code == 130
    assert "Generation 1 can be searched by keyword; 24 vectors are being made." in ran.err
    assert "early stays at generation 1, vectors: 0 of 24 chunks" in ran.err
    assert "searchkit rebuild --index indexes/early" in ran.err
    about = info(run, Path("early"))
    assert (about["vectors"], about["chunks"]) == (0, 24)
    assert "0 of 24 chunks" in run("info", "--index", "early").out
    ran = run("search", "rice harvest", "--index", "early")
    assert "vectors for 0 of 24 chunks" in ran.err
    assert ran.code == 0
    assert any("0 of 24" in note for note in run("search", "rice", "--index", "early", "--json").json()["notes"])
    assert run("search", "rice", "--index", "early", "--mode", "vector").code == 6
    monkeypatch.setitem(BY_NAME, "interrupted", WordEncoder(name="interrupted"))
    ran = run("update", "--index", "early", "--json")
    assert ran.json()["vectors_encoded"] == 24
    assert info(run, Path("early"))["vectors"] == 24


def test_keyword_first_and_a_comparison_exclude_each_other(run: Run, index: Path) -> None:
    for option in (["--no-switch"], ["--require-overlap", ".5"], ["--queries", "x.txt"], ["--qrels", "x"]):
        ran = run("rebuild", "--index", index, "--keyword-first", *option)
        assert ran.code == 2
        assert "--keyword-first" in ran.err
    assert run("rebuild", "--index", index, "--keyword-first", "--encoder", "other words").code == 2


def test_the_history_names_encoder_and_coverage(run: Run, index: Path) -> None:
    run("rebuild", "--index", index, "--encoder", "other words", "-q")
    shown = run("info", "--index", index).out
    assert "other words" in shown
    read = info(run, index)
    assert isinstance(read["history"], list)
    assert [(one["number"], one["encoder"], one["vectors"]) for one in read["history"]] == [
        (2, "other words", 24),
        (1, "words", 24),
    ]
    assert isinstance(read["leg_bytes"], dict)
    assert sum(read["leg_bytes"].values()) == read["bytes"]
    assert set(read["leg_bytes"]) == {"articles", "postings", "vectors", "deletions"}

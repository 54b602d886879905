"""Does ``searchkit cache`` tell what is kept, and is what is kept used, or not, as the options say?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from searchkit.encoders.embedding_cache import SWITCH
from searchkit.index import embedding_source
from tests.cli.conftest import Run
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Progress, Vector


class Stopping(WordEncoder):
    """Stops in some batch, counted from 1, as ctrl-C would."""

    def __init__(self, batch: int = 0) -> None:
        super().__init__(dimension=16)
        self.batch = batch

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> Vector:
        self.batch -= 1
        if self.batch == 0:
            raise KeyboardInterrupt
        return super().encode_chunks(texts, progress)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(SWITCH, "50MB")
    use(monkeypatch, WordEncoder(dimension=16))
    return tmp_path / "cache" / "vectors"


def use(monkeypatch: pytest.MonkeyPatch, encoder: WordEncoder) -> None:
    monkeypatch.setattr("searchkit.index.build.load_encoder", lambda _, **_options: encoder)
    monkeypatch.setattr("searchkit.index.bundled_encoder.load_encoder", lambda _, **_options: encoder)


def test_it_tells_what_is_kept_and_empties_it(run: Run, cache: Path, corpus: Path) -> None:
    empty = run("cache")
    assert (empty.code, empty.out) == (0, f"{cache}\n0 bytes of 50.0 MB\n")
    chunks = run("build", corpus, "--index", "one", "--json").json()["chunks"]
    assert run("build", corpus, "--index", "two", "--json").json()["vectors_reused"] == chunks
    told = run("cache").out
    assert f"words\n  {chunks} vectors" in told
    assert "16 dimensions" in told
    facts = run("cache", "--json").json()
    assert (facts["folder"], facts["bound"]) == (str(cache), 50_000_000)
    assert [one["vectors"] for one in facts["encoders"]] == [chunks]
    cleared = run("cache", "--clear")
    assert cleared.code == 0
    assert "were freed" in cleared.err
    assert run("cache", "--json").json()["bytes"] == 0
    assert run("build", corpus, "--index", "three", "--json").json()["vectors_encoded"] == chunks


def test_no_cache_means_none(run: Run, cache: Path, corpus: Path) -> None:
    for command in ("build", "rebuild", "update", "add"):
        assert run(command, corpus, "--index", "one", "--no-cache", "--quiet").code == 0
    assert not cache.exists()


def test_the_cache_can_be_off_and_a_size_that_cannot_be_is_told(
    run: Run, cache: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, "off")
    assert "off" in run("cache").out
    assert run("build", corpus, "--index", "one").code == 0
    assert not cache.exists()
    monkeypatch.setenv(SWITCH, "plenty")
    for arguments in (("cache",), ("build", corpus, "--index", "two")):
        ran = run(*arguments)
        assert ran.code == 2
        assert SWITCH in ran.err
    assert not Path("indexes/two").exists()


def test_ctrl_c_says_how_much_is_kept_and_the_same_command_goes_on(
    run: Run, cache: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_source, "TEXTS_A_CORE", 2)
    monkeypatch.setattr(embedding_source, "cores", lambda: 1)
    monkeypatch.setenv(SWITCH, "off")
    use(monkeypatch, Stopping(batch=2))
    ran = run("build", corpus, "--index", "new")
    assert (ran.code, len(ran.err.splitlines())) == (130, 1)
    assert "no index was made" in ran.err
    assert "to go on: the 2 vectors" in ran.err
    assert "indexes/new" in ran.err
    use(monkeypatch, Stopping())
    assert run("build", corpus, "--index", "new", "--json").json()["vectors_reused"] == 2

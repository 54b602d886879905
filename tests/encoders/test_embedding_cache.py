"""Is a vector that was paid for found again by every process of the user, and does the cache keep within its bounds?"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from searchkit.encoders.embedding_cache import DEFAULT_BOUND, SWITCH, EmbeddingCache, bound, cache_state, clear
from searchkit.encoders.embedding_log import EncoderIdentity
from searchkit.errors import ConfigError

if TYPE_CHECKING:
    from searchkit.types import Vector

MAKER = EncoderIdentity(encoder="words", fingerprint="f" * 64, dimension=64)
OTHER = EncoderIdentity(encoder="others", fingerprint="e" * 64, dimension=32)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(SWITCH, "1MB")
    return tmp_path / "cache" / "vectors"


def digest(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def vector(number: int, maker: EncoderIdentity = MAKER) -> Vector:
    return np.random.default_rng(number).standard_normal(maker.dimension).astype(np.float32)


def keep(numbers: range, maker: EncoderIdentity = MAKER, *, bound_bytes: int = 1_000_000) -> list[str]:
    cache = EmbeddingCache(maker, bound_bytes)
    cache.keep([digest(one) for one in numbers], np.asarray([vector(one, maker) for one in numbers]))
    cache.close()
    return cache.notes


def held(wanted: range, maker: EncoderIdentity = MAKER) -> set[int]:
    """Return the numbers whose vectors are found, each of which is right."""
    cache = EmbeddingCache(maker, 1_000_000)
    missing = {digest(one): one for one in wanted}
    for name, found in cache.find(missing):
        assert np.array_equal(found, vector(missing.pop(name), maker))
    return set(wanted) - set(missing.values())


def logs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.log"), key=lambda path: path.name)


def test_a_vector_that_was_kept_is_found_by_its_encoder(folder: Path) -> None:
    assert keep(range(10)) == keep(range(5, 12)) == keep(range(3), OTHER) == []
    assert held(range(100)) == set(range(12))
    assert held(range(100), OTHER) == {0, 1, 2}
    assert held(range(9), EncoderIdentity(encoder="words", fingerprint="d" * 64, dimension=64)) == set()
    assert len(logs(folder)) == 2, "what is kept later goes to the log that has room"


def test_the_oldest_go_first(folder: Path) -> None:
    for first in range(0, 6000, 100):
        keep(range(first, first + 100), OTHER if first < 300 else MAKER)
        assert sum(path.stat().st_size for path in logs(folder)) <= 1_000_000
    assert held(range(6000), OTHER) == set(), "also where they are another encoder's"
    found = sorted(held(range(6000)))
    assert found == list(range(found[0], 6000)), "a stretch without a gap, up to the latest"
    assert 2500 < len(found) < 3600, "of 280 bytes each: 1 MB less the log that has room"


def test_a_lower_bound_holds_from_the_next_writer_on(folder: Path) -> None:
    keep(range(9000), bound_bytes=9_000_000)
    assert len(held(range(9000))) == 9000
    keep(range(9000, 9010))
    assert sum(path.stat().st_size for path in logs(folder)) <= 1_000_000
    assert held(range(8900, 9100)) >= set(range(9000, 9010))


def test_what_is_written_now_is_not_removed(folder: Path) -> None:
    first = EmbeddingCache(MAKER, 1_000_000)
    first.keep([digest(1)], np.asarray([vector(1)]))
    for start in range(100, 6000, 100):
        keep(range(start, start + 100))
    assert 1 in held(range(2))
    first.close()
    keep(range(6000, 7000))
    assert held(range(2)) == set()


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "noise", "folder", "head"])
def test_damage_costs_the_encoding_and_nothing_else(folder: Path, harm: str) -> None:
    keep(range(100))
    (log,) = logs(folder)
    whole = log.read_bytes()
    chance = random.Random(3)
    if harm == "folder":
        log.unlink()
        log.mkdir()
    else:
        flipped = bytearray(whole)
        for _ in range(20):
            flipped[chance.randrange(5000, len(whole))] ^= 4
        log.write_bytes({
            "flip": bytes(flipped), "cut": whole[:9000], "empty": b"", "noise": chance.randbytes(9000),
            "head": b"?" + whole[1:],
        }[harm])  # fmt: skip
    before = held(range(100))
    assert before < set(range(100)) or harm == "head"
    assert keep(range(100)) == []
    assert held(range(100)) == set(range(100))
    assert cache_state().bytes > 0


def test_a_folder_that_cannot_be_used_is_noted_and_not_tried_again(tmp_path: Path, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file")
    cache = EmbeddingCache(MAKER, 1_000_000)
    assert list(cache.find({digest(1)})) == []
    for one in range(3):
        cache.keep([digest(one)], np.asarray([vector(one)]))
    assert len(cache.notes) == 2
    assert all(str(folder) in note for note in cache.notes)
    state = cache_state()
    assert (state.bytes, len(state.notes)) == (0, 1)
    assert "Not a directory" in state.notes[0]


def test_a_full_disk_is_noted_and_what_was_kept_stays(folder: Path) -> None:
    from tests.file_size import at_most

    keep(range(10))
    with at_most(logs(folder)[0].stat().st_size + 100):
        (note,) = keep(range(10, 20))
    assert "too large" in note
    assert held(range(20)) == set(range(10))
    assert keep(range(10, 20)) == []
    assert held(range(20)) == set(range(20))


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("", DEFAULT_BOUND), ("0", 0), ("off", 0), ("OFF", 0), ("2GB", 2 * 10**9), ("1.5 gib", 1_500_000_000),
        ("500m", 500_000_000), ("3000000", 3_000_000), ("1tb", 10**12),
    ],
)  # fmt: skip
def test_the_size_is_what_the_environment_says(said: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, said)
    assert bound() == size


@pytest.mark.parametrize("said", ["much", "-1", "2XB", "1kB", "9" * 400 + "e"])
def test_a_size_that_cannot_be_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, said)
    with pytest.raises(ConfigError, match=SWITCH):
        bound()


def test_the_state_counts_and_clearing_empties(folder: Path) -> None:
    assert cache_state().encoders == ()
    keep(range(10))
    keep(range(30), OTHER)
    state = cache_state()
    shares = [(one.encoder, one.dimension, one.vectors) for one in state.encoders]
    assert shares == [("others", 32, 30), ("words", 64, 10)]
    assert (state.bound, state.folder) == (1_000_000, str(folder))
    assert state.bytes == sum(path.stat().st_size for path in logs(folder))
    assert state.encoders[0].since is not None
    assert clear() == state.bytes
    assert list(folder.iterdir()) == []
    assert held(range(30)) == set()
    assert clear() == 0


def hammered(seed: int, rounds: int) -> None:
    """Read and write a cache that is far too small, as several builds at once would; what is found is right."""
    chance = random.Random(seed)
    for _ in range(rounds):
        first = chance.randrange(3000)
        cache = EmbeddingCache(MAKER if chance.random() < 0.8 else OTHER, 1_000_000)
        maker = cache._maker
        for start in range(first, first + 200, 50):
            numbers = range(start, start + 50)
            missing = {digest(one): one for one in numbers}
            for name, found in cache.find(missing):
                assert np.array_equal(found, vector(missing.pop(name), maker))
            if missing:
                cache.keep(list(missing), np.asarray([vector(one, maker) for one in missing.values()]))
        assert cache.notes == []
        cache.close()
    os._exit(0)


def test_several_processes_hammer_one_cache_and_some_are_killed(folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=hammered, args=(seed, 12)) for seed in range(4)]
    victims = [context.Process(target=hammered, args=(seed, 10_000)) for seed in range(50, 52)]
    for child in (*children, *victims):
        child.start()
    for child in children:
        child.join()
        if victims:
            victim = victims.pop()
            os.kill(victim.pid or 0, signal.SIGKILL)
            victim.join()
    assert [child.exitcode for child in children] == [0] * 4
    total = sum(path.stat().st_size for path in logs(folder))
    assert total <= 1_000_000 + 6 * 125_000, "each writer may exceed the bound by a log"
    assert held(range(3200))
    keep(range(10))
    assert sum(path.stat().st_size for path in logs(folder)) <= 1_000_000

"""Does a log of vectors give back what was put in, and nothing else, whatever happens to its file?"""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from searchkit.encoders.embedding_log import (
    HEAD_BYTES,
    EncoderIdentity,
    LogWriter,
    block_bytes,
    count,
    find,
    identity_of,
    read_identity,
)
from tests.file_size import at_most
from tests.word_encoder import WordEncoder

if TYPE_CHECKING:
    from searchkit.types import Vector

MAKER = EncoderIdentity(encoder="words", fingerprint="f" * 64, dimension=6)


def digest(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def vectors(*numbers: int, dimension: int = 6) -> Vector:
    return np.asarray([[number + place / 16 for place in range(dimension)] for number in numbers], dtype=np.float32)


def written(path: Path, *batches: range, maker: EncoderIdentity = MAKER) -> None:
    with LogWriter(path, maker) as log:
        for batch in batches:
            log.append([digest(one) for one in batch], vectors(*batch, dimension=maker.dimension), flush=True)


def held(path: Path, wanted: range, maker: EncoderIdentity = MAKER) -> list[int]:
    """Return the numbers whose vectors are found, each of which is right."""
    number_of = {digest(one): one for one in wanted}
    found = []
    for one, vector in find(path, maker, number_of):
        assert np.array_equal(vector, vectors(number_of[one])[0])
        found.append(number_of[one])
    return found


def test_what_is_appended_is_found_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, range(3), range(3, 4))
    written(path, range(4, 9))
    assert held(path, range(20)) == list(range(9))
    assert held(path, range(7, 8)) == [7]
    assert (count(path, MAKER), read_identity(path)) == (9, MAKER)
    assert path.stat().st_size == HEAD_BYTES + block_bytes(3, 6) + block_bytes(1, 6) + block_bytes(5, 6)


def test_a_vector_is_found_for_its_own_encoder_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, range(3))
    other = EncoderIdentity(encoder="words", fingerprint="e" * 64, dimension=6)
    assert held(path, range(3), other) == []
    assert held(path, range(3), EncoderIdentity(encoder="renamed", fingerprint="f" * 64, dimension=6)) == [0, 1, 2]
    with pytest.raises(ValueError, match="another encoder"):
        LogWriter(path, other)
    path.write_bytes(b"x" * 5000)
    assert read_identity(path) is None
    with pytest.raises(ValueError, match="another encoder"):
        LogWriter(path, MAKER)


def test_a_log_has_one_writer(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log", MAKER), pytest.raises(BlockingIOError):
        LogWriter(tmp_path / "log", MAKER)
    LogWriter(tmp_path / "log", MAKER).close()


def test_a_writer_stopped_anywhere_leaves_whole_blocks(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, range(2), range(2, 5))
    whole = path.read_bytes()
    first = HEAD_BYTES + block_bytes(2, 6)
    for size in (0, 1, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 9, first - 1, first, first + 16, len(whole) - 1):
        path.write_bytes(whole[:size])
        expected = [] if size < first else [0, 1]
        assert held(path, range(9)) == expected
        written(path, range(5, 7))
        assert held(path, range(9)) == [*expected, 5, 6]
        assert path.stat().st_size == (first if expected else HEAD_BYTES) + block_bytes(2, 6)


def test_damage_hides_what_it_hit_and_nothing_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, *(range(first, first + 4) for first in range(0, 40, 4)))
    whole = path.read_bytes()
    chance = random.Random(5)
    for _ in range(300):
        harmed = bytearray(whole)
        at = chance.randrange(HEAD_BYTES, len(whole))
        harmed[at] ^= 1 << chance.randrange(8)
        path.write_bytes(harmed)
        lost = set(range(40)) - set(held(path, range(40)))
        block = (at - HEAD_BYTES) // block_bytes(4, 6)
        assert lost
        assert lost <= set(range(4 * block, 4 * block + 4))
        in_vectors = (at - HEAD_BYTES) % block_bytes(4, 6) >= 16 + 4 * 24
        assert len(lost) == (1 if in_vectors else 4)


def test_a_piece_cut_out_or_put_in_hides_no_other_block(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path, *(range(first, first + 4) for first in range(0, 40, 4)))
    whole = path.read_bytes()
    at = HEAD_BYTES + 3 * block_bytes(4, 6) + 70
    path.write_bytes(whole[:at] + whole[at + 13 :])
    assert held(path, range(40)) == [*range(12), *range(16, 40)]
    path.write_bytes(whole[:at] + b"SKvb" * 2000 + whole[at:])
    assert held(path, range(40)) == [*range(12)], "a file made to look damaged everywhere isn't read for ever"
    path.write_bytes(whole[:at] + b"noise" * 300_000 + whole[at:])
    assert held(path, range(40)) == [*range(12), *range(16, 40)]


def test_vectors_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log", MAKER) as log:
        for wrong in (vectors(1), vectors(1, 2, dimension=5)):
            with pytest.raises(ValueError, match="shape"):
                log.append([digest(1), digest(2)], wrong, flush=False)


def test_what_the_disk_did_not_take_whole_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with LogWriter(path, MAKER) as log:
        log.append([digest(1)], vectors(1), flush=False)
        size = log.size
        with at_most(size + 30), pytest.raises(OSError, match="too large"):
            log.append([digest(2)], vectors(2), flush=False)
        assert path.stat().st_size == log.size == size
        log.append([digest(3)], vectors(3), flush=False)
    assert held(path, range(9)) == [1, 3]


def test_an_encoder_with_an_odd_name_has_a_log_too(tmp_path: Path) -> None:
    class Odd(WordEncoder):
        fingerprint = "\ud800 spam \n" * 300

    maker = identity_of(Odd(dimension=6, name="\x00\ud800" + '"€' * 500))
    assert len(maker.encoder) == 100
    written(tmp_path / "log", range(2), maker=maker)
    assert read_identity(tmp_path / "log") == maker
    assert held(tmp_path / "log", range(2), maker) == [0, 1]

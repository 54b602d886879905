"""Bit packing: numbers, mostly small, in blocks of few bits.

*Lanes*: 128 numbers of b bits each lie in four lanes of 32-bit words, number i in lane i % 4, so that vector
instructions take four at once; a block takes 16 * b bytes (Lemire and Boytsov 2015, doi 10.1002/spe.2203).
*Bits*: any count of numbers of b bits, one after the other, lowest bit first, the last byte filled up with zeros.

b is the fewest that hold the block's largest number, 0 to 32. With numpy, or in the compiled loops.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from searchkit.storage import native

BLOCK = 128
PADDING = 8
"""Bytes of zeros behind numbers packed as bits: each is read as part of eight bytes."""

Numbers = NDArray[np.uint32]
Bytes = NDArray[np.uint8]


def pack_lanes(numbers: Numbers) -> tuple[bytes, Bytes]:
    """Pack whole blocks of 128 numbers in lanes; return the bytes, block after block, and the bits of each."""
    if native.COMPILED is not None:
        packed, bits = native.COMPILED.pack(np.ascontiguousarray(numbers, np.uint32))
        return packed, np.frombuffer(bits, np.uint8)
    blocks = numbers.reshape(-1, 32, 4).astype(np.uint64)
    widths = _bit_length(numbers.reshape(-1, BLOCK).max(axis=1, initial=0))
    packed_blocks: list[bytes] = [b""] * len(blocks)
    for width in np.unique(widths[widths > 0]).tolist():
        chosen = np.flatnonzero(widths == width)
        words = np.zeros((len(chosen), width + 1, 4), np.uint64)
        for j in range(32):
            word, shift = divmod(j * width, 32)
            moved = blocks[chosen, j] << np.uint64(shift)
            words[:, word] |= moved & np.uint64(0xFFFFFFFF)
            words[:, word + 1] |= moved >> np.uint64(32)
        narrow = words[:, :width].astype("<u4")
        for place, block in zip(chosen.tolist(), narrow, strict=True):
            packed_blocks[place] = block.tobytes()
    return b"".join(packed_blocks), widths


def unpack_lanes(packed: Bytes, at: NDArray[np.int64], bits: Bytes) -> Numbers:
    """Return blocks of numbers, ``(len(at), 128)``; block i begins at byte ``at[i]``. Offsets and widths are sound."""
    numbers = np.zeros((len(at), 32, 4), np.uint32)
    for width in np.unique(bits[bits > 0]).tolist():
        chosen = np.flatnonzero(bits == width)
        raw = packed[at[chosen][:, None] + np.arange(16 * width)]
        words = np.zeros((len(chosen), width + 1, 4), np.uint64)
        words[:, :width] = raw.view("<u4").reshape(len(chosen), width, 4)
        mask = np.uint64((1 << width) - 1)
        for j in range(32):
            word, shift = divmod(j * width, 32)
            both = words[:, word] | words[:, word + 1] << np.uint64(32)
            numbers[chosen, j] = (both >> np.uint64(shift) & mask).astype(np.uint32)
    return numbers.reshape(-1, BLOCK)


def pack_bits(numbers: Numbers, starts: NDArray[np.int64]) -> tuple[bytes, Bytes]:
    """Pack blocks of numbers as bits; ``starts`` has each block's first number, and the end of the last.

    Returns the bytes, each block from a new one on, and the bits of each. No block is empty.
    """
    if native.COMPILED is not None:
        packed, bits = native.COMPILED.pack_positions(
            np.ascontiguousarray(numbers, np.uint32), np.ascontiguousarray(starts, np.int64)
        )
        return packed, np.frombuffer(bits, np.uint8)
    if len(starts) < 2:
        return b"", np.zeros(0, np.uint8)
    widths = _bit_length(np.maximum.reduceat(numbers, starts[:-1]))
    counts = np.diff(starts)
    sizes = packed_bytes(counts, widths)
    ends = np.cumsum(sizes)
    of_block = np.repeat(np.arange(len(widths)), counts)
    bit = (np.arange(len(numbers)) - starts[of_block]) * widths[of_block].astype(np.int64)
    byte = (ends - sizes)[of_block] + (bit >> 3)
    moved = numbers.astype(np.uint64) << (bit & 7).astype(np.uint64)
    out = np.zeros(int(ends[-1]) + PADDING, np.int64)
    for place in range(5):  # bits of different numbers never meet, so that sums are unions
        part = (moved >> np.uint64(8 * place)).astype(np.int64) & 255
        out += np.bincount(byte + place, part, minlength=len(out))[: len(out)].astype(np.int64)
    return out[: ends[-1]].astype(np.uint8).tobytes(), widths


def packed_bytes(counts: NDArray[Any], bits: Bytes) -> NDArray[np.int64]:
    """Return how many bytes blocks of so many numbers take when they are packed as bits."""
    return (counts.astype(np.int64) * bits.astype(np.int64) + 7) >> 3


def unpack_bits(packed: Bytes, bit: NDArray[np.int64], bits: NDArray[np.int64]) -> Numbers:
    """Return numbers of ``bits`` each that begin at these bits; ``PADDING`` bytes follow them."""
    byte = bit >> 3
    word = np.zeros(len(bit), np.uint64)
    for place in range(5):
        word |= packed[byte + place].astype(np.uint64) << np.uint64(8 * place)
    mask = (np.uint64(1) << bits.astype(np.uint64)) - np.uint64(1)
    return (word >> (bit & 7).astype(np.uint64) & mask).astype(np.uint32)


def _bit_length(numbers: NDArray[Any]) -> Bytes:
    """Return how many bits each number takes, 0 for 0."""
    return np.ceil(np.log2(numbers.astype(np.float64) + 1)).astype(np.uint8)


def starts_of(counts: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each run of so many begins when runs stand one after the other, and the end of the last."""
    sums = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=sums[1:], dtype=np.int64)
    return sums

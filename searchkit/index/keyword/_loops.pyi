"""What do the compiled loops take and give? Buffers in, bytes out; ``native/`` has the sources.

All release the interpreter's lock, and raise ``ValueError`` where a list or an array isn't what it should be.
"""

from typing import Any

from typing_extensions import Buffer

class Field:
    """The packed postings of one field of one segment: nine arrays, the count of rows and that of postings."""

    def __new__(
        cls,
        postings: Buffer,
        postings_at: Buffer,
        row_bits: Buffer,
        count_bits: Buffer,
        bases: Buffer,
        positions: Buffer,
        positions_at: Buffer,
        position_bits: Buffer,
        blocks: Buffer,
        rows: int,
        posting_count: int,
        /,
    ) -> Field: ...

List = tuple[Field, int, int] | tuple[Buffer, Buffer, int]
"""A packed list, from its first posting to its last; or rows and counts of 32 bits each, and 0."""

def decode(lists: list[List], rows: int, /) -> tuple[bytes, bytes]:
    """Return the rows and the counts of one packed list, 32 bits each."""

def unite(lists: list[List], rows: int, deleted: Buffer | None, /) -> tuple[bytes, bytes]:
    """Return the living rows that any packed list has, and the sums of the counts, 32 bits each."""

def phrase(lists: list[List], gaps: Buffer, slop: int, rows: int, deleted: Buffer | None, /) -> tuple[bytes, bytes]:
    """Return the living rows in which packed lists follow each other, and how often they do, 32 bits each."""

def search(
    lists: list[List],
    tables: list[tuple[Buffer | None, Buffer, Buffer | None]],
    operations: Buffer,
    steps: Buffer,
    weights: Buffer,
    required: Buffer,
    root: int,
    asks: int,
    plain: int,
    rows: int,
    articles: Buffer | None,
    deleted: Buffer | None,
    mask: Buffer | None,
    filters: list[Any],
    limit: int,
    floor: float,
    wanted: Buffer | None,
    scores: Buffer | None,
    matched: Buffer | None,
    allowed: Buffer | None,
    /,
) -> tuple[bytes, bytes]:
    """Work a program out in one segment; return the best rows (int64) and their scores (float64).

    With ``limit`` 0 ``scores`` and ``matched`` are filled in, for the ``wanted`` rows or, with ``allowed``, for all.
    """

def pack(numbers: Buffer, /) -> tuple[bytes, bytes]:
    """Pack numbers of 32 bits, 128 a block; return the blocks one after the other, and the bits each has a number."""

def pack_positions(numbers: Buffer, starts: Buffer, /) -> tuple[bytes, bytes]:
    """Pack numbers of 32 bits in blocks that begin at ``starts`` (int64, with the end); return as ``pack`` does."""

def find(blob: Buffer, offsets: Buffer, wanted: bytes, /) -> tuple[int, bool]:
    """Return the number of the first of sorted strings that isn't less than one, and whether it is the same."""

def near(blob: Buffer, offsets: Buffer, rows: Buffer, wanted: Buffer, limit: int, /) -> tuple[bytes, bytes]:
    """Return the numbers (32 bits) of the words within ``limit`` edits of code points, and the edits (8 bits).

    ``rows``: in how many rows each word stands; those that stand in none are left out.
    """

def fitting(
    blob: Buffer, offsets: Buffer, rows: Buffer, first: int, last: int, pattern: bytes, /
) -> tuple[bytes, bytes]:
    """Return the numbers (32 bits) of the words from ``first`` to ``last`` that fit a wildcard, and zeros."""

def vote(counts: Buffer, scores: Buffer, vote: float, voters: int, /) -> bytes:
    """Return each group's score (float64): its best less ``vote`` times the mean by which its best few lie below it.

    ``counts`` (int64, at least 1) are the groups' scores in ``scores`` (float64), one group after the other;
    ``voters``, 1 to 16, is how few.
    """

_Lists = tuple[bytes, bytes, bytes, bytes, bytes]

def invert(
    tokens: Buffer,
    parts: Buffer,
    width: int,
    first_row: int,
    gap: int,
    starts: Buffer,
    advances: Buffer,
    lexemes: Buffer,
    offsets: Buffer,
    lexeme_terms: Buffer,
    lexeme_words: Buffer,
    terms: int,
    words: int,
    /,
) -> tuple[_Lists, _Lists, bytes, bytes, bytes]:
    """Return the df and the cf of each term, and the rows, counts and positions of all, of the text and of the title.

    Then each row's length in both, and in how many rows each word stands; all of 32 bits.
    """

"""The compiled extension: buffers in, bytes out. ``keyword/native/`` has the sources, ``module.c`` the list of names.

Nearly all release the interpreter's lock while there is much to do, and raise ``ValueError`` where a list or an array
isn't what it should be.
"""

from typing import Any

from typing_extensions import Buffer

class Field:
    """The packed postings of one field of one segment: nine arrays, the count of rows and that of postings, the terms.

    Then the forms, None where they weren't written.
    A ``ValueError`` of `Segments` has the number of the segment as its second argument.
    """

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
        terms: Buffer,
        offsets: Buffer,
        starts: Buffer,
        forms: Buffer | None,
        forms_at: Buffer | None,
        form_bits: Buffer | None,
        /,
    ) -> Field: ...

def decode(lists: list[tuple[Field, int, int]], rows: int, /) -> tuple[bytes, bytes]:
    """Return the rows and the counts of one packed list, 32 bits each: from its first posting to its last."""

class Leaf:
    """What a word, several words or a phrase has in each segment."""

    @property
    def df(self) -> int:
        """Count the living rows that have it; 0 for a phrase."""

class Segments:
    """The segments of a generation.

    For each its fields "text" and "title", which rows are deleted, and what those take from the statistics: ids of
    terms, ascending, and df, of either field; None where no row is. Then the three arrays of `inverter.Borders`, of 16
    or 32 bits; None where no row goes on from another.
    """

    def __new__(cls, segments: list[tuple[Any, ...]], /) -> Segments: ...
    def set_table(
        self, number: int, field: int, lengths: Buffer | None, norms: Buffer, ratios: Buffer | None, /
    ) -> None:
        """Give what turns a field's (0 text, 1 title) counts into scores in a segment, once."""

    def set_articles(self, number: int, articles: Buffer, /) -> None:
        """Give the article of each row of a segment, once: 32 bits, ascending."""

    def set_words(
        self, number: int, blob: Buffer, offsets: Buffer, rows: Buffer, starts: Buffer, terms: Buffer, /
    ) -> None:
        """Give a segment's words, in how many living rows each stands, and the terms of each, once."""

    def term(self, field: int, term: bytes, /) -> Leaf:
        """Find a term."""

    def preferring(self, leaf: Leaf, forms: list[int], /) -> Leaf:
        """Let a term score more where one of its forms stands, for each segment its number, or -1."""

    def together(self, field: int, leaves: list[Leaf], /) -> Leaf:
        """Unite terms of one field: they count as one."""

    def forms(self, field: int, forms: list[list[tuple[int, int]]], placed: bool, /) -> Leaf:
        """Find where any of some forms stands, for each segment the numbers of terms and of their forms, -1 for all.

        ``placed``: for a phrase, which needs the positions.
        """

    def phrase(self, words: list[Leaf], offsets: tuple[int, ...], slop: int, /) -> Leaf:
        """Make a phrase of words, each at its offset, that were found with positions."""

    def words(self, kind: int, pattern: bytes, points: Buffer, limit: int, /) -> tuple[bytes, ...]:
        """Return for each segment the numbers (32 bits) of the living words that look like a pattern.

        ``kind`` 0: begin with it; 1: fit it as a wildcard; 2: lie within ``limit`` edits of its code points.
        """

    def union(self, field: int, words: tuple[bytes, ...], /) -> Leaf:
        """Unite the terms of words, for each segment their numbers; a term counts in every segment."""

    def best(
        self,
        leaves: list[Leaf],
        operations: Buffer,
        steps: Buffer,
        weights: Buffer,
        required: Buffer,
        root: int,
        asks: int,
        plain: int,
        mask: Buffer | None,
        filters: list[Any],
        depth: int,
        presence: float = 0.0,
        counting: bool = False,
        /,
    ) -> tuple[bytes, bytes, int]:
        """Work a program out; return the ``depth`` best rows and one more (int64), best first, and their scores.

        ``presence`` is what a leaf counts, times its weight, in each row where it stands at all. The last is how many
        articles match, where ``counting`` asks for it and it can be told by the way; else -1.
        """

    def voted(
        self,
        leaves: list[Leaf],
        operations: Buffer,
        steps: Buffer,
        weights: Buffer,
        required: Buffer,
        root: int,
        asks: int,
        plain: int,
        mask: Buffer | None,
        filters: list[Any],
        rows: Buffer,
        most: int,
        vote: float,
        voters: int,
        /,
    ) -> tuple[bytes, bytes, int, bytes, bytes, bytes]:
        """Score the first ``most`` (256 at the most) different articles of rows (int64), by all chunks of each.

        Return their numbers over all segments, ascending (int64), and their scores (``vote`` says what they are made
        of); how many rows were looked at until there were so many articles; the rows of all their chunks, ascending
        (int64), the scores of these, and which of them match (8 bits).
        """

    def count(
        self,
        leaves: list[Leaf],
        operations: Buffer,
        steps: Buffer,
        weights: Buffer,
        required: Buffer,
        root: int,
        asks: int,
        plain: int,
        mask: Buffer | None,
        filters: list[Any],
        /,
    ) -> int:
        """Count the articles that a program matches."""

    def common_rows(self, words: list[list[Leaf]], reach: int, /) -> bytes:
        """Return the rows (64 bits) of the first word that have each other word at most ``reach`` rows away.

        Deleted rows count, too. A word is a list of terms, any of which stands for it.
        """

    def fill(
        self,
        number: int,
        leaves: list[Leaf],
        operations: Buffer,
        steps: Buffer,
        weights: Buffer,
        required: Buffer,
        root: int,
        asks: int,
        plain: int,
        mask: Buffer | None,
        filters: list[Any],
        wanted: Buffer | None,
        scores: Buffer,
        matched: Buffer,
        allowed: Buffer | None,
        presence: float = 0.0,
        bare: Buffer | None = None,
        /,
    ) -> None:
        """Fill in what a program says to the ``wanted`` rows of a segment, ascending, or to all.

        ``bare`` gets the scores of wanted rows without presence.
        """

def mark(numbers: Buffer, flags: Buffer, /) -> None:
    """Set the flag (8 bits) of each number (64 bits)."""

def pack(numbers: Buffer, /) -> tuple[bytes, bytes]:
    """Pack numbers of 32 bits, 128 a block; return the blocks one after the other, and the bits each has a number."""

def pack_positions(numbers: Buffer, starts: Buffer, /) -> tuple[bytes, bytes]:
    """Pack numbers of 32 bits in blocks that begin at ``starts`` (int64, with the end); return as ``pack`` does."""

def find(blob: Buffer, offsets: Buffer, wanted: bytes, /) -> tuple[int, bool]:
    """Return the number of the first of sorted strings that isn't less than one, and whether it is the same."""

def strings(tables: list[tuple[Buffer, Buffer]], numbers: Buffer, scores: Buffer | None, /) -> list[str]:
    """Return the strings of some numbers (int64), in their order, counted over all tables: each a blob, its offsets.

    With scores (float64) neighbours that have the same stand in the order of their strings. It keeps the lock.
    """

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

def products(matrix: Buffer, query: Buffer, rows: Buffer | None, /) -> bytes:
    """Return the inner product (float32) of each of some ``rows`` (int64) of a matrix, or of all, with a query.

    ``matrix`` and ``query`` are float32; the numbers may begin anywhere in memory.
    """

def similarity(matrix: Buffer, query: Buffer, rows: Buffer, /) -> bytes:
    """Return the inner product (float64) of each of some ``rows`` (int64) of a float32 matrix with a float64 query.

    Summed up in the order in which numpy sums a row, so that it is the same to the last bit.
    """

def nearest_codes(
    codes: Buffer, query: Buffer, allowed: Buffer | None, depth: int, margin: int, /
) -> tuple[bytes, bytes]:
    """Return the rows (int64, ascending) whose product with a query is nearly among the ``depth`` best, and these.

    ``codes`` has 8 bits a value, without a sign, ``query`` 16; a product must fit into 32. Those are returned that lie
    no more than ``margin`` below the ``depth``-th best of the rows that are ``allowed`` (8 bits; None: all).
    """

def near_rows(vectors: Buffer, unit: float, groups: Buffer, order: Buffer, count: int, /) -> tuple[bytes, bytes]:
    """Return for each of some ``vectors`` the ``count`` of other groups of the largest inner products with it.

    The vectors (float32) times ``unit`` are rounded to whole numbers of 16 bits, whose products must fit into 32.
    ``groups`` (64 bits) and ``order`` (32 bits) have a number a row. Places (32 bits), best first, of equal products
    the higher in ``order`` first, -1 where there are no more; and their products (32 bits).
    """

def move(source: Buffer, starts: Buffer, counts: Buffer, places: Buffer, which: Buffer, target: Buffer, /) -> None:
    """Copy ``counts[i]`` numbers of ``source``, from ``starts[i]`` on, to ``places[which[i]]`` in ``target``.

    Then the place is set behind them. ``source`` has 8, 16 or 32 bits, ``places`` 64, all others 32.
    """

def arrange(strings: list[str], /) -> tuple[bytes, bytes, bytes]:
    """Return the order (32 bits) of distinct strings by their bytes in UTF-8, all bytes, and where each begins (64).

    It keeps the interpreter's lock.
    """

class Tokens:
    """The distinct tokens of texts, with their numbers; ``keyword/postings/inverter.py`` says what the methods do.

    None of them lets go of the interpreter's lock.
    """

    def __len__(self) -> int: ...
    def add(self, text: str | bytes, language: int, /) -> int: ...
    def add_token(self, token: str | bytes, language: int, /) -> None: ...
    def fresh(self) -> tuple[bytes, list[str]]: ...
    def take(self) -> bytes: ...
    def scan(self, texts: list[str], languages: Buffer, wanted: list[bytes] | None = None, /) -> tuple[bytes, bytes]:
        """Cut texts into tokens; return each text's count of them, and of each token its number, start and end.

        ``languages`` and all that is returned are of 32 bits. Start and end count characters. The tokens aren't kept:
        ``take`` doesn't give them. ``wanted`` has what ``word_bits`` gave: what none of these bits stands for, of the
        words of ASCII letters and of what else is in ASCII, mostly doesn't count then.
        """

def word_bits(words: list[str], /) -> bytes:
    """Return which bits some words have in the filter of ``Tokens.scan``, 16 bits each."""

def windows(
    texts: list[str],
    bases: Buffer,
    counts: Buffer,
    spans: Buffer,
    terms: list[Buffer],
    characters: int,
    repeat: float,
    /,
) -> list[tuple[int, int, tuple[tuple[int, int], ...]]]:
    """Choose the ``characters`` of each text to show: where they start and end, and what to mark in them.

    ``counts`` and ``spans`` are the bytes that ``Tokens.scan`` gave; to the marks of each text its base (64 bits) is
    added. Each of ``terms`` has three numbers of 32 bits for each place where it stands: a token, and from which of its
    characters to which (2 ** 32 - 1: all of it). ``repeat`` is what another occurrence is worth beside a new term.
    """

_Lists = tuple[bytes, bytes, bytes, bytes, bytes, bytes]

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
    counted: Buffer,
    lexeme_terms: Buffer,
    lexeme_words: Buffer,
    lexeme_forms: Buffer,
    terms: int,
    words: int,
    /,
) -> tuple[_Lists, _Lists, bytes, bytes, bytes, bytes, bytes, bytes]:
    """Return df and cf of each term, and rows, counts, positions and forms of all, of the text and of the title.

    Then each row's length in both, in how many rows each word stands, and the positions where the last part but one of
    each row begins, where the last one does, and where that ends; all of 32 bits.
    """

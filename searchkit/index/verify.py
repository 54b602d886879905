"""Verify: every file of an index against what was written, what damage means and what mends it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchkit.encoders.encoder_checks import check_encoder, checked_rows
from searchkit.encoders.function_encoder import as_encoder
from searchkit.errors import FormatTooNew, FormatTooOld, IndexCorrupt, IndexNotFound, SearchkitError, StorageError
from searchkit.index.articles_db import ArticlesReader, article_digest, text_digest
from searchkit.index.bundled_encoder import check_carried, encoder_of
from searchkit.index.deletions import Deletions
from searchkit.index.lock import hold_for_reading
from searchkit.index.manifest import (
    RULES,
    CurrentGeneration,
    Manifest,
    SegmentFact,
    check_file,
    coverage_note,
    in_force,
    read_manifest,
    remedy,
)
from searchkit.index.paths import ARTICLES, EIGHT_BITS, IDS, POSTINGS, VECTORS, IndexPaths
from searchkit.index.segment_reader import Segment, chunk_texts, open_ids, open_keys
from searchkit.index.vector_index import VectorsReader, longest_difference, map_eight_bits, map_vectors
from searchkit.ingest.indexed_text import compose
from searchkit.keyword.postings.deletion_stats import deltas
from searchkit.keyword.postings.reader import FieldName, PostingsReader
from searchkit.storage.files import unreadable
from searchkit.types import EncodeFunction, Encoder, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray


SAMPLED = 8
"""Articles of a segment that are looked up again, and encoded again where all is checked."""

_TERMS = 20
"""Terms of an article that are looked up."""

_SAME = 0.99
"""Cosine of a vector with its text encoded again: other processors and other lengths of batches move it by 1e-5."""

ENCODE_ANEW = "Run 'searchkit rebuild --encode-anew --index PATH' to have every vector made anew."
"""The hint for vectors that lie there as they were written, and are wrong: a plain rebuild would take them over."""

_FIELDS: tuple[FieldName, ...] = ("text", "title")
_BLOCK = 4_096


def check_leg(paths: IndexPaths, fact: SegmentFact, name: str, dimension: int, *, deep: bool) -> None:
    """Check one file by itself: its size, its head and its counts; with ``deep`` its digest and all that it holds.

    Raises ``IndexCorrupt``.
    """
    path = paths.segment(fact.name) / name
    check_file(path, fact.files[name], deep=deep)
    if name == ARTICLES:
        with ArticlesReader(path) as articles:
            articles.starts(fact.articles, fact.chunks)
            if deep and (rows := articles.rows("PRAGMA integrity_check(1)")) != [("ok",)]:
                raise articles.corrupt(str(rows))
    if name == IDS:
        _check_ids(path, fact, deep=deep)
    if name == VECTORS:
        vectors = VectorsReader(path, rows=fact.chunks, dimension=dimension)
        for first in range(0, fact.chunks, _BLOCK if deep else fact.chunks):
            some = vectors.matrix[first : first + (_BLOCK if deep else SAMPLED)].astype(np.float64)
            if not np.all(np.abs((some * some).sum(axis=1) - 1) < 1e-3):
                raise IndexCorrupt(f"{path} holds a vector that isn't of length 1.", hint=ENCODE_ANEW)
    if name == EIGHT_BITS:
        _check_eight_bits(path, fact, dimension, deep=deep)
    if name == POSTINGS:
        with PostingsReader(path) as postings:
            if postings.rows != fact.chunks:
                raise IndexCorrupt(f"{path} holds {postings.rows} chunks where {fact.chunks} were written.")
            if deep:
                _read_postings(postings)


def _check_ids(path: Path, fact: SegmentFact, *, deep: bool) -> None:
    """Hold the ids against those of the articles: some, or all of them."""
    rows = range(0, fact.articles, 1 if deep else max(1, fact.articles // SAMPLED))
    with closing(open_ids(path, fact.articles)) as ids, ArticlesReader(path.with_name(ARTICLES)) as articles:
        for first in range(0, len(rows), _BLOCK):
            some = rows[first : first + _BLOCK]
            if ids.some(some) != articles.article_ids(some):
                raise IndexCorrupt(f"{path} has other ids than {ARTICLES} beside it.")
        if (keys := open_keys(path, fact.articles)) is not None and deep and keys != articles.keys():
            raise IndexCorrupt(f"{path} has other titles or URLs than {ARTICLES} beside it.")


def _check_eight_bits(path: Path, fact: SegmentFact, dimension: int, *, deep: bool) -> None:
    """Check that no row at 8 bits differs from its vector by more than the file says: the search relies on that."""
    codes, known = map_eight_bits(path, fact.chunks, dimension)
    try:
        check_file(path.with_name(VECTORS), fact.files[VECTORS], deep=deep)
    except IndexCorrupt:  # told where that file itself is checked; nothing can be held against it
        return
    vectors = map_vectors(path.with_name(VECTORS), fact.chunks, dimension)
    for first in range(0, fact.chunks, _BLOCK if deep else fact.chunks):
        some = slice(first, first + (_BLOCK if deep else SAMPLED))
        if longest_difference(vectors[some], codes[some], least=known.least, width=known.width) > known.error + 1e-9:
            raise IndexCorrupt(f"{path} holds a row that differs from its vector by more than {known.error:.4f}.")


def check_deletions(paths: IndexPaths, fact: SegmentFact) -> None:
    """Check what is deleted of a segment. Raises ``IndexCorrupt``."""
    if fact.deletions is not None:
        with PostingsReader(paths.segment(fact.name) / POSTINGS) as postings:
            Deletions.read(paths, fact, postings)


def check_agreement(segment: Segment, *, unknown_as: str, deep: bool) -> None:
    """Look some articles up again in each retriever, and with ``deep`` hold every article against its digest.

    ``unknown_as`` is the language by which articles without one were analysed. Raises ``IndexCorrupt``.
    """
    if len(segment.articles.held()) != segment.fact.articles:
        raise segment.articles.corrupt(f"it doesn't hold {segment.fact.articles} articles")
    if len(segment.articles.chunk_digests()) != segment.fact.chunks:
        raise segment.articles.corrupt(f"it doesn't hold {segment.fact.chunks} chunks")
    for row in sampled(segment):
        _look_up(segment, row, unknown_as)
    if deep:
        for row in range(segment.fact.articles):
            _check_stored(segment, row)


def check_encoding(segment: Segment, encoder: Encoder) -> None:
    """Encode the first chunk of some articles again. Raises ``IndexCorrupt``."""
    if segment.vectors is None:
        return
    stored = [segment.articles.stored(row) for row in sampled(segment)]
    texts = [compose(article.article, segment.articles.chunks(article.chunk, 1)[0]).joined for article in stored]
    vectors = checked_rows(encoder.encode_chunks(texts), encoder.name, texts, encoder.dimension)
    for article, vector in zip(stored, vectors, strict=True):
        if float(segment.vectors.similarity(vector, np.asarray([article.chunk]))[0]) < _SAME:
            raise IndexCorrupt(
                f"{segment.vectors.path} holds a vector for '{article.article.id}' that '{encoder.name}' doesn't give.",
                hint=ENCODE_ANEW,
            )


def sampled(segment: Segment) -> list[int]:
    """Choose articles among those that live, spread evenly."""
    living: NDArray[np.int64] = np.flatnonzero(segment.living_articles)
    chosen: list[int] = living[:: max(1, len(living) // SAMPLED)][:SAMPLED].tolist()
    return chosen


def _look_up(segment: Segment, row: int, unknown_as: str) -> None:
    stored = segment.articles.stored(row)
    if segment.articles.article_row(stored.article.id) != row:
        raise segment.articles.corrupt(f"the id of the article in row {row} leads elsewhere")
    taken = deltas(segment.postings, chunk_texts(segment, [row], unknown_as))
    for term_id in taken.text.term_ids[:_TERMS].tolist():
        rows, _ = segment.postings.field("text").postings(term_id)
        at = int(np.searchsorted(rows, stored.chunk))
        if at == len(rows) or int(rows[at]) >= stored.chunk + stored.chunks:
            raise IndexCorrupt(f"{segment.postings.path} doesn't find a word of '{stored.article.id}'.")


def _check_stored(segment: Segment, row: int) -> None:
    stored = segment.articles.stored(row)
    if article_digest(stored.article) != segment.articles.digest(row):
        raise segment.articles.corrupt(f"the article in row {row} isn't the one that was stored")
    chunks = segment.articles.chunks(stored.chunk, stored.chunks)
    digests = [digest for _, digest in segment.articles.chunk_digests(stored.chunk, stored.chunks)]
    if digests != [text_digest(compose(stored.article, chunk).joined) for chunk in chunks]:
        raise segment.articles.corrupt(f"the chunks of the article in row {row} aren't those that were encoded")


def _read_postings(postings: PostingsReader) -> None:
    """Read every list of postings and positions, and every word."""
    for name in _FIELDS:
        field = postings.field(name)
        total = 0
        before = ""
        for term_id in range(field.term_count):
            positions, starts = field.positions(term_id)
            total += len(positions)
            ascending = np.diff(positions.astype(np.int64)) >= 0  # a compound and its part can be one term
            ascending[starts[1:-1] - 1] = True  # from one row to the next they begin anew
            term = field.term(term_id)
            if not ascending.all() or (term_id and term <= before):
                raise IndexCorrupt(f"{postings.path} has its terms or their positions in disorder.")
            before = term
        if (
            total != field.total_length + field.uncounted
            or int(field.lengths.sum(dtype=np.int64)) != field.total_length
        ):
            raise IndexCorrupt(f"{postings.path} counts the length of '{name}' in two ways.")
    for _, words in postings.words.scan(range(len(postings.words))):
        if words != sorted(set(words)):
            raise IndexCorrupt(f"{postings.path} has its words in disorder.")
    postings.words.terms_of_many(range(len(postings.words)))


_MEANINGS = {
    ARTICLES: "Its articles can't be shown, filtered or counted.",
    IDS: "The ids of what is found can't be trusted.",
    POSTINGS: "The keyword retriever can't be trusted.",
    VECTORS: "The vector retriever can't be trusted.",
    EIGHT_BITS: "The vector retriever can't be trusted.",
}
_NO_ENCODER = "The encoder that the index brings along can't be used: only searches by keyword work."
_DAMAGE = (IndexCorrupt, StorageError, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What reading a damaged file may raise: ours, or what Python makes of numbers that can't be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a file of an index.

    Attributes:
        path: The file.
        found: What was found.
        meaning: What that means for searches, or what to do where no command helps.
        remedy: The command that mends it. It is empty where none does: the file may not be read.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("indexes/news/segments/000001/vectors.faiss").write_bytes(b"cut short")
        >>> fault = searchkit.verify("indexes/news").faults[0]
        >>> fault.meaning
        "The vector retriever can't be trusted."
        >>> fault.remedy
        'searchkit rebuild --index indexes/news'
    """

    path: str
    found: str
    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What ``verify`` found.

    Attributes:
        path: The folder of the index.
        generation: The number of the generation in force; None where that can't be read.
        deep: Whether everything was checked.
        files: How many files were checked.
        faults: What is wrong; empty where all is well.
        notes: What couldn't be checked, and why.
        took_s: How long it took, in seconds.

    Example:
        >>> report = searchkit.verify("indexes/news")
        >>> report.generation, report.faults
        (1, ())
    """

    path: str
    generation: int | None
    deep: bool
    files: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    took_s: float


def verify(
    index: str | Path,
    *,
    deep: bool = False,
    encoder: Encoder | EncodeFunction | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check the generation in force. Damage is told in the report, not raised.

    It checks the manifest, the files' sizes and heads and each retriever's counts, and looks some articles up again.

    Args:
        index: The folder of the index.
        deep: Whether to check also every digest, every list of postings, every vector and every stored text, and to
            encode some chunks again.
        encoder: The encoder that made the index's vectors, instead of loading it.
        progress: Told ``("verify", segments done, segments in all)``; None: nobody is told.

    Returns:
        The faults, each with the file and the command that mends it, and what couldn't be checked.

    Raises:
        IndexNotFound: There is no index in the folder.
        FormatTooOld: The index has a format that can't be read any more.
        FormatTooNew: A later version wrote the index.
        ConfigError: ``encoder`` isn't an encoder.
        VectorsInvalid: With ``deep``, the encoder gave something else than a row of length 1 for each text.

    Example:
        >>> report = searchkit.verify("indexes/news", deep=True)
        >>> for fault in report.faults:
        ...     print(fault.path, fault.found, fault.remedy)
        >>> report.faults
        ()
    """
    started = time.monotonic()
    encoder = as_encoder(encoder)
    check_encoder(encoder)
    check = _Verification(IndexPaths(Path(index)), deep=deep, encoder=encoder)
    generation = check.run(progress)
    return VerifyReport(
        path=str(index),
        generation=generation,
        deep=deep,
        files=check.files,
        faults=tuple(check.faults),
        notes=tuple(check.notes),
        took_s=time.monotonic() - started,
    )


class _Verification:
    """Goes through an index and keeps what is wrong."""

    def __init__(self, paths: IndexPaths, *, deep: bool, encoder: Encoder | None) -> None:
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.files = 0
        self._paths, self._deep, self._encoder = paths, deep, encoder
        self._back = f"searchkit rollback --index {paths.quoted}"
        self._anew = f"searchkit rebuild --index {paths.quoted}"

    def run(self, progress: Progress | None) -> int | None:
        """Check everything; return the number of the generation in force, if it can be told."""
        current: CurrentGeneration | None = None
        with self._finding(self._paths.current, "Nothing says which generation is in force."):
            current = in_force(self._paths)
        if current is None:
            return None
        path = self._paths.manifest(current.generation)
        with self._finding(path, "Nothing says what the generation in force is made of."):
            held = hold_for_reading(path)
            try:
                self._generation(read_manifest(self._paths, current.generation, seal=current.seal), progress)
            finally:
                os.close(held)
        return current.generation

    def _generation(self, manifest: Manifest, progress: Progress | None) -> None:
        if (carried := manifest.carried) is not None:
            with self._finding(self._paths.encoder(carried.generation), _NO_ENCODER, self._anew):
                check_carried(self._paths, carried, deep=self._deep)
        encoder = self._loaded(manifest) if self._deep else None
        if coverage := coverage_note(manifest):
            self.notes.append(coverage)
        if manifest.rules != RULES:
            self.notes.append(
                f"No article was looked up again: the index was analysed by rules {manifest.rules}, here are {RULES}."
            )
        for number, fact in enumerate(manifest.segments, start=1):
            self._segment(manifest, fact, encoder)
            if progress is not None:
                progress("verify", number, len(manifest.segments))
        if sum(manifest.languages.values()) != manifest.articles:
            raise IndexCorrupt(f"{self._paths.manifest(manifest.generation)} counts its articles in two ways.")

    def _segment(self, manifest: Manifest, fact: SegmentFact, encoder: Encoder | None) -> None:
        """Check each file by itself, so that every damaged one is named; all together where each is whole."""
        folder, dimension = self._paths.segment(fact.name), manifest.encoder.dimension
        before = len(self.faults)
        for name in fact.files:
            with self._finding(folder / name, _MEANINGS[name], self._anew):
                check_leg(self._paths, fact, name, dimension, deep=self._deep)
        if len(self.faults) > before:
            return
        if fact.deletions is not None:
            path = self._paths.deleted_rows(fact.deletions.generation, fact.name)
            earlier = any(int(path.stem) < manifest.generation for path in self._paths.generations.glob("[0-9]*.json"))
            command = self._back if earlier else self._anew
            with self._finding(path, "It can't be told any more what of a segment is deleted.", command):
                check_deletions(self._paths, fact)
        if len(self.faults) > before:
            return
        with (
            self._finding(folder, "Its files don't belong together.", self._anew),
            Segment(self._paths, fact, dimension=dimension) as segment,
        ):
            if manifest.rules == RULES:
                check_agreement(segment, unknown_as=manifest.unknown_as, deep=self._deep)
            if encoder is not None:
                check_encoding(segment, encoder)

    def _loaded(self, manifest: Manifest) -> Encoder | None:
        """Return the encoder of the index; None, with a note, where it isn't here as it was."""
        encoder = self._encoder
        if encoder is None:
            try:
                encoder = encoder_of(self._paths, manifest)
            except SearchkitError as error:
                self.notes.append(f"No chunk was encoded again: {error.message}")
                return None
        if manifest.encoder.differs(encoder):
            self.notes.append(f"No chunk was encoded again: '{encoder.name}' here isn't what made the vectors.")
            return None
        return encoder

    @contextmanager
    def _finding(self, path: Path, meaning: str, command: str = "") -> Iterator[None]:
        """Check a file in the block, and keep what it raises; without a command the one that mends the whole index."""
        self.files += 1
        try:
            yield
        except (FormatTooOld, FormatTooNew, IndexNotFound):
            raise
        except (*_DAMAGE, OSError) as raised:
            error = unreadable(path, raised) if isinstance(raised, PermissionError) else raised
            message = error.message if isinstance(error, SearchkitError) else f"{path} can't be read: {error}."
            if isinstance(error, StorageError):
                meaning, mended_by = error.hint, ""  # whole for all that is known: this user may not read it
            elif isinstance(error, IndexCorrupt) and error.hint == ENCODE_ANEW:
                mended_by = f"{self._anew} --encode-anew"
            else:
                mended_by = command or remedy(self._paths)
            self.faults.append(Fault(path=str(path), found=message, meaning=meaning, remedy=mended_by))

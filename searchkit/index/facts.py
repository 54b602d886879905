"""What is said of a generation? The frozen facts that its manifest holds; ``manifest.py`` writes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from searchkit.config import IndexConfig, ReadConfig, Settings
from searchkit.index.paths import VECTORS

if TYPE_CHECKING:
    from searchkit.types import Encoder

FORMAT = 2
"""1: the first. 2: articles know their files and the clock of their date, labels stand by their key, postings tell the
forms of a term apart and how chunks go on."""
OLDEST_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """A file's size and digest, to be checked before it is trusted."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionFact:
    """What of a segment is deleted, and in which generation's folder that is written."""

    generation: int
    articles: int
    chunks: int
    rows: FileFact
    counts: FileFact


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFact:
    """A segment as its generation sees it."""

    name: str
    articles: int
    chunks: int
    files: Mapping[str, FileFact]
    """Those it has: one that waits for its vectors has no ``vectors.faiss``."""
    deletions: DeletionFact | None = None

    @property
    def has_vectors(self) -> bool:
        """Whether each of its chunks has a vector; else none has."""
        return VECTORS in self.files

    @property
    def living_articles(self) -> int:
        """Count the articles that aren't deleted."""
        return self.articles - (self.deletions.articles if self.deletions else 0)

    @property
    def living_chunks(self) -> int:
        """Count the chunks that aren't deleted."""
        return self.chunks - (self.deletions.chunks if self.deletions else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFact:
    """Which encoder made the vectors."""

    name: str
    fingerprint: str
    dimension: int

    def differs(self, encoder: Encoder) -> str:
        """Say in which way an encoder isn't the one that made the vectors; "" where it is.

        The dimension counts too: a program's own encoders can bear one fingerprint by mistake.
        """
        if encoder.fingerprint != self.fingerprint:
            return (
                f"'{self.name}' ({self.fingerprint[:12]}), not by '{encoder.name}' as it is here"
                f" ({encoder.fingerprint[:12]})"
            )
        if encoder.dimension != self.dimension:
            return (
                f"'{self.name}' with {self.dimension:,} dimensions, not by '{encoder.name}' as it is here with"
                f" {encoder.dimension:,}, though both have the fingerprint {self.fingerprint[:12]}"
            )
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedFact:
    """The encoder that the index brings along: in which generation's folder it lies, and its files."""

    generation: int
    files: Mapping[str, FileFact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """The places that the articles came from, and how they were read."""

    places: tuple[str, ...]
    read: ReadConfig = field(default_factory=ReadConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadFact:
    """How the living vectors of a language lie: ``spread.py`` says what is counted, and how it is written."""

    chunks: int
    total: str
    sketch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroFact:
    """What questions without sense score here, the mean of the best chunks; ``zero.py`` asks them.

    ``keyword`` and ``vector``: by one leg alone, as BM25 / sqrt(U) and as cosine; ``words`` and ``nearness``: the two
    shares of the best chunk when both legs are asked, the second before it is weighted. ``chunks``: how many lived
    then; 0 where that isn't known, and then they are asked again as soon as chunks are added.
    """

    queries: int
    keyword: float
    vector: float
    words: float
    nearness: float
    chunks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A generation, complete. See the module's table."""

    generation: int
    parent: int | None
    created: datetime
    writer: str
    config: IndexConfig
    encoder: EncoderFact
    corpus: Corpus | None
    segments: tuple[SegmentFact, ...]
    languages: Mapping[str, int]
    rules: int
    unknown_as: str = ""
    """The language by which articles of unknown language are analysed, "" for none."""
    restored: int | None = None
    carried: CarriedFact | None = None
    """None where the encoder is to be found on the machine."""
    settings: Settings | None = None
    """What searches use where they name no other; None for the defaults."""
    spreads: Mapping[str, SpreadFact] = field(default_factory=dict)
    """By language; empty where no chunk has a vector, or it was written before this was counted."""
    zero: ZeroFact | None = None
    """None where too little is there to ask, or it was written before this was asked."""
    format: int = FORMAT

    @property
    def articles(self) -> int:
        """Count the living articles."""
        return sum(segment.living_articles for segment in self.segments)

    @property
    def chunks(self) -> int:
        """Count the living chunks."""
        return sum(segment.living_chunks for segment in self.segments)

    @property
    def vectors(self) -> int:
        """Count the living chunks that have a vector."""
        return sum(segment.living_chunks for segment in self.segments if segment.has_vectors)


def coverage_note(manifest: Manifest) -> str:
    """Say how many chunks have a vector and what makes the rest; nothing where all have."""
    if manifest.vectors == manifest.chunks:
        return ""
    return (
        f"Vectors are there for {manifest.vectors:,} of {manifest.chunks:,} chunks: 'searchkit update' or 'searchkit"
        " rebuild' makes the rest."
    )

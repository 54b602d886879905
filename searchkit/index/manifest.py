"""Manifest: the JSON file that names every part of a generation; and ``CURRENT``, which names the one in force.

``generations/000007.json`` holds one object:

=============  ========================================================================================================
``format``     version of everything on disk
``writer``     the version of searchkit that wrote it
``generation`` its number
``parent``     the number of the generation before it, or null
``restored``   the number of the earlier generation that it brings back, or null
``created``    the instant of its making, ISO 8601, UTC
``config``     the ``IndexConfig`` that is baked in; ``fields`` in it where some are declared
``encoder``    ``name``, ``fingerprint``, ``dimension``
``corpus``     ``places`` and ``read`` (a ``ReadConfig``), from which a rebuild reads; null where articles were handed
over
``segments``   a list: ``name``, ``articles``, ``chunks``, ``files`` (name → ``bytes``, ``sha256``; without
               ``vectors.faiss`` where the vectors are still to be computed, and with ``vectors8.faiss`` and ``ids.bin``
               where chunks and articles are many), ``deletions``
               (null, or ``generation`` that wrote them, ``articles``, ``chunks``, ``rows`` and ``counts``: two files)
``carried``    the encoder that the index brings along, or null: ``generation`` that put it there, ``files`` as above
``languages``  living articles by language ("" where unknown)
``unknown_as`` the language by which articles of unknown language are analysed: the archive's main one; "" or missing
               where there is none
``rules``      the number of the rules by which texts were cut and analysed (``RULES``); 1 where it is missing
``settings``   a ``Settings``, what searches use that name none themselves; null or missing for the defaults
``spreads``    by language, how the living vectors lie (``vector_stats.py``): ``chunks``, ``total`` and ``sketch``,
               base64 of little-endian float64; missing where it wasn't counted yet
``zero``       what questions without sense score (``score_baseline.py``): ``queries``, four means and the ``chunks``
               that lived then; null where none were asked
``answers``    what the best chunks are like for questions without sense, general ones and own sentences
               (``answer_baseline.py``): ``nonsense``, ``general``, ``sentences``, each null or with ``questions`` and
               four means a mode; missing where none were asked
``competence`` by language, how well the encoder finds its chunks again (``encoder_competence.py``): ``questions``, and
               the mean reciprocal ranks by ``vector`` and by ``keyword``; missing where it wasn't measured
``check``      sha256 of all the others, as ``sealed`` writes them
=============  ========================================================================================================

A change of what ``ingest/chunker.py``, ``ingest/indexed_text.py`` or ``keyword/analysis/analyzer.py`` (with all that
they use) make of some text makes old indexes miss words, without any of their files being wrong. ``RULES`` is raised by
hand with each such change; ``tests/index/test_rules.py`` fails when the analysis of fixed texts changes and the number
doesn't. The manifest has the number that an index was built by. A search in an index of other rules is answered, with a
note; nothing is added to it or taken from it, for what is deleted is analysed again to be subtracted.

``CURRENT`` is the only file that is ever replaced. It holds one line of three parts, a space between them, and a line
feed: the number of the generation in force, in digits; the digest that stands as ``check`` in its manifest; and the
first sixteen digits of the sha256 of the two as they stand. So an altered digit can't open another whole generation,
nor a manifest be put in the place of another, without being told. What was written before there were digests is the
number alone, and is read too: neither a flipped bit nor a cut can make that of the longer form.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import isfinite
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from searchkit.config import MULTILINGUAL_ENCODER, IndexConfig, ReadConfig, Settings
from searchkit.encoders.onnx_export import FACTS, GRAPH, TABLE, TOKENIZER, WEIGHTS
from searchkit.errors import ConfigError, FormatTooNew, FormatTooOld, IndexCorrupt, IndexNotFound, StorageError
from searchkit.index.lock import writer_at_work
from searchkit.index.paths import (
    ARTICLES,
    EIGHT_BITS,
    POSTINGS,
    SEGMENT_FILES,
    VECTORS,
    IndexPaths,
    is_number_name,
    number_name,
)
from searchkit.storage import files
from searchkit.storage.digest_cache import LARGE_BYTES, digest, remember

if TYPE_CHECKING:
    from searchkit.types import Encoder


_log = logging.getLogger("searchkit.index")

RULES = 2


def rules_note(manifest: Manifest) -> str:
    """Return what a search must tell its user of an index of other rules; nothing where they are ours."""
    if manifest.rules == RULES:
        return ""
    remedy = (
        "'searchkit rebuild' brings it up to date" if manifest.rules < RULES else "a later searchkit wrote it: update"
    )
    return (
        f"The index was analysed by rules {manifest.rules}, the query by rules {RULES}: words may be missed; {remedy}."
    )


def check_rules(manifest: Manifest, what: str) -> None:
    """Refuse to change an index that was analysed by other rules than ours; ``what`` names the index.

    Raises ``FormatTooOld`` or ``FormatTooNew``.
    """
    message = f"{what} was analysed by rules {manifest.rules}; this searchkit has {RULES}, and they can't be mixed."
    if manifest.rules < RULES:
        raise FormatTooOld(
            message,
            hint="Run 'searchkit rebuild --index PATH' first: no vector is computed again, but the encoder"
            f" '{manifest.encoder.name}' must be here, by whose tokens texts are cut into chunks.",
        )
    if manifest.rules > RULES:
        raise FormatTooNew(message)


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
class VectorStatsFact:
    """How the living vectors of a language lie: ``vector_stats.py`` says what is counted, and how it is written."""

    chunks: int
    total: str
    sketch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBaseline:
    """What questions without sense score here, the mean of the best chunks; ``score_baseline.py`` asks them.

    ``keyword`` and ``vector``: by one retriever alone, as BM25 / sqrt(U) and as cosine; ``words`` and ``nearness``: the
    two shares of the best chunk when both retrievers are asked, the second before it is weighted. ``chunks``: how many
    lived then; 0 where that isn't known, and then they are asked again as soon as chunks are added.
    """

    queries: int
    keyword: float
    vector: float
    words: float
    nearness: float
    chunks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMeans:
    """What the best chunks of some questions are like in one mode, in the mean.

    ``words`` (BM25 / sqrt(U)) and ``nearness`` (by vector alone the cosine) are of the best chunk, ``lead`` how far it
    stands above the best of another article, ``coverage`` the greatest share of U whose words stand in one chunk, by
    keyword in the best one.
    """

    words: float
    nearness: float
    lead: float
    coverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeMeans:
    """What the best chunks of some questions are like in each mode."""

    questions: int
    hybrid: AnswerMeans
    keyword: AnswerMeans
    vector: AnswerMeans


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBaseline:
    """What the best chunks are like for words at random, questions of many fields, and own sentences without their
    articles (``answer_baseline.py``); None where there were too few.
    """  # noqa: D205

    nonsense: ModeMeans | None = None
    general: ModeMeans | None = None
    sentences: ModeMeans | None = None


_COMPETENT = 0.95
"""The ratio from which on an encoder counts whole: below the .98 that MiniLM reaches at least in English archives."""

_SMOOTHING_QUESTIONS = 1

_HARDLY = 0.5
"""Where an encoder is worth less of its weight, its user is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderCompetence:
    """How well the encoder finds chunks of a language again (``encoder_competence.py``).

    ``vector`` and ``keyword`` are the mean reciprocal ranks of ``questions`` questions, by vector and by keyword.
    """

    questions: int
    vector: float
    keyword: float

    @property
    def weight_share(self) -> float:
        """What of the vector's weight the encoder is worth in this language, 0 to 1."""
        share = min(1.0, self.vector / self.keyword / _COMPETENT) ** 2 if self.keyword > 0 else 1.0
        return (self.questions * share + _SMOOTHING_QUESTIONS) / (self.questions + _SMOOTHING_QUESTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A generation, complete: what stands in its JSON file, in the types of a program.

    Attributes:
        generation: Its number.
        parent: The number of the generation before it; None for the first.
        created: When it was made, in UTC.
        writer: The version of searchkit that wrote it.
        config: What is baked into the index.
        encoder: The encoder of its vectors: ``name``, ``fingerprint``, ``dimension``.
        corpus: The ``places`` and how they are ``read`` again; None where a program handed the articles over.
        segments: The segments, in order, each with its files and what of it is deleted.
        languages: How many articles each language has, "" where it isn't known.
        rules: The number of the rules by which its texts were cut and analysed.
        unknown_as: The language by which articles of unknown language are analysed; "" for none.
        restored: The number of the earlier generation that it brings back; None where it doesn't.
        carried: The encoder that the index brings along; None where it is to be found on the machine.
        settings: What searches use where they name no other; None for the defaults.
        spreads: How the vectors of each language lie. Empty where no chunk has a vector, or it was written before this
            was counted.
        zero: What questions without sense score. None where too little is there to ask, or it was written before this
            was asked.
        answers: What its best chunks are like for questions that it shouldn't be sure of.
        competence: How well the encoder reads each language, where enough was there to ask.
        format: The version of everything on disk.

    Example:
        >>> manifest = searchkit.backup("indexes/news", "copies/news")
        >>> manifest.articles, manifest.encoder.dimension, manifest.languages
        (4, 384, {'en': 4})
    """

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
    restored: int | None = None
    carried: CarriedFact | None = None
    settings: Settings | None = None
    spreads: Mapping[str, VectorStatsFact] = field(default_factory=dict)
    zero: ScoreBaseline | None = None
    answers: AnswerBaseline = field(default_factory=AnswerBaseline)
    competence: Mapping[str, EncoderCompetence] = field(default_factory=dict)
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
        f"Vectors are there for {manifest.vectors:,} of {manifest.chunks:,} chunks: 'searchkit rebuild' makes the rest."
    )


def competence_note(manifest: Manifest) -> str:
    """Say which languages the encoder hardly knows, and what follows; nothing where it knows all."""
    names = [name or "unknown" for name, known in manifest.competence.items() if known.weight_share < _HARDLY]
    if not names:
        return ""
    return (
        f"The encoder '{manifest.encoder.name}' hardly knows some languages here ({', '.join(names)}): in their"
        f" articles keyword decides. For several languages there are other encoders: --encoder {MULTILINGUAL_ENCODER}."
    )


MANIFEST_LIMIT_BYTES = 8 << 20
"""No manifest comes near it (a segment takes about 700 bytes); what is larger isn't read into memory.

JSON takes up to 21 times its size in memory (``[[],[],…``), so a stranger's manifest takes 170 MB at most.
"""

_ROWS = 1 << 32
"""Rows of a segment are counted in 32 bits."""

_DIMENSIONS = 1 << 20
"""No encoder's vectors come near so many values."""

_LEAST_FILES = {ARTICLES, POSTINGS}
_CARRIED_FILES = {FACTS, GRAPH, TABLE, TOKENIZER, WEIGHTS}


def write_manifest(paths: IndexPaths, manifest: Manifest) -> None:
    """Write a manifest under its number and flush it; nothing points to it yet. Raises ``StorageError``."""
    written = {"created": manifest.created.isoformat(), "config": manifest.config.to_dict()}
    values = sealed(asdict(manifest) | written)
    text = json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True).encode()
    if len(text) > MANIFEST_LIMIT_BYTES:
        raise StorageError(
            f"The manifest of {paths.root} would have more than {MANIFEST_LIMIT_BYTES:,} bytes and couldn't be read.",
            hint="Name the folder that the articles lie in, not each file.",
        )
    files.make_folder(paths.generations)
    files.replace(paths.manifest(manifest.generation), text)


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add to a manifest's values the digest of what they say, in the order of their names and without spaces."""
    sealed_values = {name: value for name, value in values.items() if name != "check"}
    text = json.dumps(sealed_values, separators=(",", ":"), sort_keys=True)
    return sealed_values | {"check": hashlib.sha256(text.encode()).hexdigest()}


def _is_sealed(values: dict[str, Any]) -> bool:
    try:
        return values == sealed(values)
    except RecursionError:
        return False


def seal_of(paths: IndexPaths, generation: int) -> str:
    """Return the ``check`` of a manifest as it stands there. Raises ``IndexCorrupt``."""
    path = paths.manifest(generation)
    return str(_json(path).get("check", ""))


def read_manifest(paths: IndexPaths, generation: int, *, seal: str | None = None) -> Manifest:
    """Read and check the manifest of a generation; ``seal`` is the ``check`` that it must have, where that is known.

    Raises ``IndexCorrupt``, ``FormatTooOld`` or ``FormatTooNew``, each naming the file.
    """
    path = paths.manifest(generation)
    values = _json(path)
    version = values.get("format")
    if not isinstance(version, int):
        raise IndexCorrupt(f"{path} names no format version.")
    if version > FORMAT:
        raise FormatTooNew(f"{path} has format {version}; this searchkit reads {OLDEST_FORMAT} to {FORMAT}.")
    if version < OLDEST_FORMAT:
        raise FormatTooOld(
            f"{path} has format {version}; this searchkit reads {OLDEST_FORMAT} to {FORMAT}.",
            hint=f"Run 'searchkit rebuild {_places_of(values)} --index {paths.quoted}' to make it anew.",
        )
    if not _is_sealed(values):
        raise IndexCorrupt(f"{path} was altered: its digest isn't the one that was written.")
    if seal is not None and seal != values["check"]:
        raise IndexCorrupt(f"{path} isn't the manifest that {paths.current} names: their digests differ.")
    try:
        manifest = manifest_from(values)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, ConfigError) as error:
        raise IndexCorrupt(f"{path} lacks something or holds something unknown: {error}.") from error
    if manifest.generation != generation:
        raise IndexCorrupt(f"{path} says that it is generation {manifest.generation}.")
    return manifest


def _places_of(values: dict[str, Any]) -> str:
    """Return the places that a manifest of another format names, for a shell; else what stands for them."""
    corpus = values.get("corpus")
    places = corpus.get("places") if isinstance(corpus, dict) else None
    if not isinstance(places, list) or not places or not all(isinstance(place, str) for place in places):
        return "PLACE..."
    return " ".join(map(quote, places))


def _json(path: Path) -> dict[str, Any]:
    refuse_link(path.parent)
    try:
        values = json.loads(files.read_small(path, MANIFEST_LIMIT_BYTES))
    except OSError as error:
        raise files.unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise IndexCorrupt(f"{path} isn't the JSON that was written.") from error
    return values if isinstance(values, dict) else {}


def manifest_from(values: Mapping[str, Any]) -> Manifest:
    """Read what ``dataclasses.asdict`` makes of a manifest. Raises ``KeyError``, ``TypeError`` and their like."""
    corpus = values["corpus"]
    return Manifest(
        format=values["format"],
        generation=_count(values["generation"]),
        parent=None if values["parent"] is None else _count(values["parent"]),
        restored=None if values.get("restored") is None else _count(values["restored"]),
        settings=None if values.get("settings") is None else Settings.from_dict(values["settings"]),
        created=datetime.fromisoformat(values["created"]),
        writer=str(values["writer"]),
        config=IndexConfig.from_dict(values["config"]),
        encoder=EncoderFact(
            name=str(values["encoder"]["name"]),
            fingerprint=str(values["encoder"]["fingerprint"]),
            dimension=_count(values["encoder"]["dimension"], _DIMENSIONS),
        ),
        carried=None if values.get("carried") is None else _carried(values["carried"]),
        corpus=None
        if corpus is None
        else Corpus(places=tuple(map(str, corpus["places"])), read=ReadConfig.from_dict(corpus["read"])),
        segments=tuple(_segment(segment) for segment in values["segments"]),
        languages={str(code): _count(number) for code, number in values["languages"].items()},
        rules=_count(values.get("rules", 1)),
        unknown_as=str(values.get("unknown_as", "")),
        spreads={str(name): _spread(stats) for name, stats in values.get("spreads", {}).items()},
        zero=None if values.get("zero") is None else _zero(values["zero"]),
        answers=_answers(values.get("answers") or {}),
        competence={str(name): _competence(known) for name, known in values.get("competence", {}).items()},
    )


def _spread(values: dict[str, Any]) -> VectorStatsFact:
    return VectorStatsFact(chunks=_count(values["chunks"]), total=str(values["total"]), sketch=str(values["sketch"]))


def _zero(values: dict[str, Any]) -> ScoreBaseline:
    means = {name: float(values[name]) for name in ("keyword", "vector", "words", "nearness")}
    if not all(map(isfinite, means.values())):
        raise ValueError("what questions without sense score")
    return ScoreBaseline(queries=_count(values["queries"]), chunks=_count(values.get("chunks", 0)), **means)


def _answers(values: dict[str, Any]) -> AnswerBaseline:
    kinds = {name: values.get(name) for name in ("nonsense", "general", "sentences")}
    return AnswerBaseline(**{name: _mode_means(means) for name, means in kinds.items() if means is not None})


def _mode_means(values: dict[str, Any]) -> ModeMeans:
    hybrid, keyword, vector = (_answer_means(values[mode]) for mode in ("hybrid", "keyword", "vector"))
    return ModeMeans(questions=_count(values["questions"]), hybrid=hybrid, keyword=keyword, vector=vector)


def _answer_means(values: dict[str, Any]) -> AnswerMeans:
    means = {name: float(values[name]) for name in ("words", "nearness", "lead", "coverage")}
    if not all(map(isfinite, means.values())):
        raise ValueError("what the best chunks are like")
    return AnswerMeans(**means)


def _competence(values: dict[str, Any]) -> EncoderCompetence:
    ranks = {name: float(values[name]) for name in ("vector", "keyword")}
    if not all(0 <= rank <= 1 for rank in ranks.values()):  # a NaN isn't either
        raise ValueError("how well the encoder reads a language")
    return EncoderCompetence(questions=_count(values["questions"]), **ranks)


def _carried(values: dict[str, Any]) -> CarriedFact:
    if not set(values["files"]) <= _CARRIED_FILES:
        raise ValueError("an encoder's files")
    return CarriedFact(
        generation=_count(values["generation"]),
        files={name: _file(fact) for name, fact in values["files"].items()},
    )


def _segment(values: dict[str, Any]) -> SegmentFact:
    if not is_number_name(values["name"]) or not _LEAST_FILES <= set(values["files"]) <= set(SEGMENT_FILES):
        raise ValueError("a segment's name or files")
    if EIGHT_BITS in values["files"] and VECTORS not in values["files"]:
        raise ValueError(f"{EIGHT_BITS} without {VECTORS}")
    deletions = values["deletions"]
    return SegmentFact(
        name=values["name"],
        articles=_count(values["articles"], _ROWS),
        chunks=_count(values["chunks"], _ROWS),
        files={name: _file(fact) for name, fact in values["files"].items()},
        deletions=None
        if deletions is None
        else DeletionFact(
            generation=_count(deletions["generation"]),
            articles=_count(deletions["articles"], _ROWS),
            chunks=_count(deletions["chunks"], _ROWS),
            rows=_file(deletions["rows"]),
            counts=_file(deletions["counts"]),
        ),
    )


def _file(values: dict[str, Any]) -> FileFact:
    return FileFact(bytes=_count(values["bytes"]), sha256=str(values["sha256"]))


def _count(value: object, limit: int = 1 << 48) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        raise ValueError(f"a count that can't be: {value!r}")
    return value


def refuse_link(folder: Path) -> None:
    """Raise ``IndexCorrupt`` where a folder of an index is a link: nothing of an index lies outside its folder."""
    if folder.is_symlink():
        raise IndexCorrupt(f"{folder} is a link; an index keeps all that is its own inside its folder.")


def check_file(path: Path, fact: FileFact, *, deep: bool = False) -> None:
    """Hold a file against what the manifest says of it: its size and its digest. Raises ``IndexCorrupt`` naming it.

    The digest of a large file is taken once until it changes, and remembered in the user's cache
    (``storage/digest_cache.py``); with ``deep`` it is always taken anew, so that what the disk lost by itself is seen
    too.
    """
    refuse_link(path.parent)
    refuse_link(path.parent.parent)
    try:
        size = path.stat().st_size
        if path.is_symlink() or not path.is_file():
            raise IndexCorrupt(f"{path} isn't a plain file.")
    except PermissionError as error:
        raise files.unreadable(path, error) from error
    except OSError as error:
        raise IndexCorrupt(f"{path} is missing or can't be reached: {error.strerror}.") from error
    if size != fact.bytes:
        raise IndexCorrupt(f"{path} has {size:,} bytes where {fact.bytes:,} were written.")
    try:
        sha256 = files.digest(path) if deep or size < LARGE_BYTES else digest(path)
    except OSError as error:
        raise files.unreadable(path, error) from error
    if sha256 != fact.sha256:
        raise IndexCorrupt(f"{path} was altered: its digest isn't the one that was written.")


def in_place(folder: Path, facts: Mapping[str, FileFact]) -> None:
    """Remember the digests of files that were measured and then moved to a folder, so that opening them is quick."""
    for name, fact in facts.items():
        if fact.bytes >= LARGE_BYTES:
            remember(folder / name, fact.sha256)


def fact_of(path: Path) -> FileFact:
    """Measure a file that was just written."""
    with files.storing(path):
        return FileFact(bytes=path.stat().st_size, sha256=files.digest(path))


_CURRENT_LIMIT_BYTES = 128
"""A longer CURRENT is no line of ours: twelve digits, 64, 16, two spaces and a line feed are 95."""

_SUM_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentGeneration:
    """What CURRENT says: a generation, and the digest of its manifest (None: it was written before there was one)."""

    generation: int
    seal: str | None


def publish(paths: IndexPaths, generation: int) -> None:
    """Make a written generation the one in force. Raises ``StorageError``, ``IndexCorrupt`` (its manifest)."""
    line = f"{number_name(generation)} {seal_of(paths, generation)}"
    files.replace(paths.current, f"{line} {_sum(line)}\n".encode())
    _log.info("Committed generation %d of %s", generation, paths.root)


def in_force(paths: IndexPaths) -> CurrentGeneration:
    """Read CURRENT: one small file.

    Raises ``IndexNotFound`` where there is no index, or not yet, ``IndexCorrupt`` where CURRENT isn't what was written,
    ``StorageError`` where it may not be read.
    """
    try:
        content = files.read_small(paths.current, _CURRENT_LIMIT_BYTES)
    except (FileNotFoundError, NotADirectoryError) as error:
        builder = writer_at_work(paths.lock)
        if builder is not None and builder.purpose == "build":  # a rebuild has an index to make the next generation of
            raise IndexNotFound(
                f"There is no index at {paths.root} yet: it is being made by {builder}.",
                hint="Wait until it is done. 'searchkit build --keyword-first' lets others search before.",
            ) from error
        with files.looking_at(paths.generations):
            lost = paths.generations.is_dir()
        if lost:
            raise _lost(paths, "is missing: nothing says which generation is in force") from error
        raise IndexNotFound(f"There is no index at {paths.root}.") from error
    except PermissionError as error:
        raise files.unreadable(paths.current, error) from error
    except OSError as error:
        raise _lost(paths, f"can't be read: {error.strerror}") from error
    line = content.decode("ascii", errors="replace")
    name, _, rest = line.removesuffix("\n").partition(" ")
    if not is_number_name(name) or not line.endswith("\n"):
        raise _lost(paths, "doesn't name a generation")
    if not rest:
        return CurrentGeneration(generation=int(name), seal=None)
    seal, _, checksum = rest.partition(" ")
    if checksum != _sum(f"{name} {seal}"):
        raise _lost(paths, "was altered: its digest isn't the one that was written")
    return CurrentGeneration(generation=int(name), seal=seal)


def current_generation(paths: IndexPaths) -> int:
    """Return the number of the generation in force. Raises as ``in_force`` does."""
    return in_force(paths).generation


def manifest_in_force(paths: IndexPaths) -> Manifest:
    """Read the manifest of the generation in force. Raises as ``in_force`` and ``read_manifest`` do."""
    return manifest_of(paths, in_force(paths))


def manifest_of(paths: IndexPaths, current: CurrentGeneration) -> Manifest:
    """Read the manifest that CURRENT names. Raises as ``read_manifest`` does, with what mends it."""
    try:
        return read_manifest(paths, current.generation, seal=current.seal)
    except IndexCorrupt as error:
        raise IndexCorrupt(error.message, hint=f"Run '{remedy(paths)}' to mend it.") from error


def remedy(paths: IndexPaths) -> str:
    """Return the command that mends an index whose CURRENT, or the manifest that it names, is lost.

    Going back needs a generation whose manifest can be read and whose files are there; else the articles are needed.
    """
    for path in paths.generations.glob("[0-9]*.json"):
        with suppress(IndexCorrupt, FormatTooOld, FormatTooNew, StorageError, OSError, ValueError):
            facts = read_manifest(paths, int(path.stem)).segments
            if all((paths.segment(fact.name) / name).is_file() for fact in facts for name in fact.files):
                return f"searchkit rollback --index {paths.quoted}"
    return f"searchkit rebuild PLACE... --index {paths.quoted}"


def _sum(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:_SUM_DIGITS]


def _lost(paths: IndexPaths, reason: str) -> IndexCorrupt:
    return IndexCorrupt(
        f"{paths.current} {reason}.",
        hint=f"Run '{remedy(paths)}' to mend it.",
    )

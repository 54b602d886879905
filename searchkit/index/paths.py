"""Paths of an index: each file's name stands here once; and the indexes in a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from searchkit.errors import NotOnCluster, SourceError

ARTICLES = "articles.sqlite"
IDS = "ids.bin"
POSTINGS = "postings.bin"
VECTORS = "vectors.faiss"
EIGHT_BITS = "vectors8.faiss"
SEGMENT_FILES = (ARTICLES, IDS, POSTINGS, VECTORS, EIGHT_BITS)

FILE_STATES = "files.jsonl"
FEED_STATES = "feeds.jsonl"

UNFINISHED_WHOLE = ".unfinished-rebuild.log"
UNFINISHED_PART = ".unfinished-update.log"
UNFINISHED = (UNFINISHED_WHOLE, UNFINISHED_PART)
"""The vectors that a stopped writer left for the next: of a whole generation, and of what adds to one."""

_NUMBER = re.compile(r"[0-9]{6,12}")
_HIDDEN = re.compile(r"\.(CURRENT|files\.jsonl|feeds\.jsonl|[0-9]{6,12}(\.json)?)\.[0-9]+")


def number_name(number: int) -> str:
    """Name a generation or a segment: its number in six digits or more."""
    return f"{number:06d}"


def is_number_name(name: str) -> bool:
    """Say whether a name can be a generation's or a segment's; nothing else is ever joined to a path."""
    return _NUMBER.fullmatch(name) is not None


def is_hidden_name(name: str) -> bool:
    """Say whether a name was made by ``hidden_name``."""
    return _HIDDEN.fullmatch(name) is not None


_ADDRESSES = ("opensearch:/", "opensearch+https:/")
"""What addresses begin with when they are read as paths."""


@dataclass(frozen=True, slots=True)
class IndexPaths:
    """The files of one index, below ``root``. Raises ``NotOnCluster`` for the address of a cluster: it is no folder."""

    root: Path

    def __post_init__(self) -> None:
        """Refuse an address, as what a path makes of it."""
        if str(self.root).startswith(_ADDRESSES):
            raise NotOnCluster(f"{self.root} names an index on a cluster: this doesn't work over OpenSearch yet.")

    @property
    def quoted(self) -> str:
        """The folder as a command that is shown names it: a blank in it must not part it."""
        return quote(str(self.root))

    @property
    def current(self) -> Path:
        """The only file that is ever replaced: the name of the generation in force."""
        return self.root / "CURRENT"

    @property
    def lock(self) -> Path:
        """The writer's lock, and who holds it."""
        return self.root / "LOCK"

    @property
    def file_states(self) -> Path:
        """The files that were read, as they were then (``file_states.py``); no part of any generation."""
        return self.root / FILE_STATES

    @property
    def feed_states(self) -> Path:
        """What is remembered of the feeds that are watched (``feed_states.py``); no part of any generation."""
        return self.root / FEED_STATES

    @property
    def generations(self) -> Path:
        """The folder of manifests."""
        return self.root / "generations"

    @property
    def segments(self) -> Path:
        """The folder of segments."""
        return self.root / "segments"

    @property
    def deletions(self) -> Path:
        """The folder of deletions, one folder in it for each generation that deleted something."""
        return self.root / "deletions"

    @property
    def unfinished_logs(self) -> tuple[Path, ...]:
        """The logs of vectors of unfinished work, whether they are there or not."""
        return tuple(self.root / name for name in UNFINISHED)

    def unfinished_log(self, *, whole: bool) -> Path:
        """The log of a writer that makes a whole generation, or that adds to one."""
        return self.root / (UNFINISHED_WHOLE if whole else UNFINISHED_PART)

    @property
    def encoders(self) -> Path:
        """The folder of encoders, where the index brings its own, one folder in it for each that was put there."""
        return self.root / "encoders"

    def encoder(self, generation: int) -> Path:
        """The folder of the encoder that a generation put there."""
        return self.encoders / number_name(generation)

    def manifest(self, generation: int) -> Path:
        """The manifest of a generation."""
        return self.generations / f"{number_name(generation)}.json"

    def segment(self, name: str) -> Path:
        """The folder of a segment."""
        return self.segments / name

    def deleted_rows(self, generation: int, segment: str) -> Path:
        """The bitmap of a segment's deleted rows, as a generation wrote it."""
        return self.deletions / number_name(generation) / f"{segment}.rows"

    def deleted_counts(self, generation: int, segment: str) -> Path:
        """What a segment's deleted rows take from its statistics, as a generation wrote it."""
        return self.deletions / number_name(generation) / f"{segment}.delta"


def find_indexes(folder: Path) -> tuple[Path, ...]:
    """Return the folders in a folder that are indexes, by name; also one that lost its CURRENT.

    Raises ``SourceError`` where the folder can't be listed; a folder that isn't there holds none.
    """
    try:
        inside = sorted(folder.iterdir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SourceError(f"{folder} can't be listed: {error.strerror}.", hint="Name a folder of indexes.") from error
    return tuple(path for path in inside if is_index(path))


def is_index(path: Path) -> bool:
    """Say whether a folder is an index, whole or not."""
    paths = IndexPaths(path)
    try:
        return paths.current.is_file() or paths.generations.is_dir()
    except PermissionError:  # another user's: what it is can't be told, and who opens it is told so
        return False

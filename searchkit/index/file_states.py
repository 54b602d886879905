"""File states: the files that an index was read from, their ids, and which have changed since.

Names: an article that brings no id has the one of its file (``Origin.name``), which no two files of an index share. A
file that the index knows keeps its name, whatever place it is reached from; a new one has the name that its place gives
it, or, where another file of the index has that, this name and a mark of its path. So an id never goes over to another
article, and what it is depends on the file, not on the order of the places.

States: ``files.jsonl`` in the index's folder says for each file that was read whole: size, time of change and inode
then, and the digest of all that it gave. A file that is as it was, and whose articles are all in the index as they
were, isn't read again by ``update``. It is a list that is appended to, one JSON array a line (path, size, time in ns,
inode, digest, how it was read and how the files were that are joined with it); the last line about a path counts, and a
line that can't be read is none. It is no part of a generation: without it every file is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from searchkit.config import ReadConfig
from searchkit.errors import SearchkitError, SourceError
from searchkit.index.articles_db import article_digest
from searchkit.index.generation import Generation, SegmentVectors, open_generation
from searchkit.index.manifest import RULES, Corpus
from searchkit.index.paths import IndexPaths
from searchkit.ingest.article_builder import checked_article
from searchkit.ingest.article_reader import first_article
from searchkit.ingest.discover import SourceFile, fixed_part, same_file, told_apart
from searchkit.ingest.rows import STANDARD_INPUT
from searchkit.storage import files
from searchkit.version import __version__

RACY_NS = 2_000_000_000
"""A file that was changed less than this before it was read may change again without its time telling: FAT counts in
two seconds, others in milliseconds. It is read once more next time, as git does it with such files."""

_ONE_ARTICLE = {
    *("plain", "markdown", "mdx", "rst", "org", "asciidoc", "html", "mail", "unknown"),
    *("pdf", "docx", "odt", "rtf", "epub"),
}
_FEW = 1_000
"""So many files are looked up one by one: .1 ms each, where to go through 100,000 articles takes .3 s."""

_LONGEST_LIST = 2
"""The list is written anew where it has so many times more lines than files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """A file as it was when it was read: ``given`` is the digest of what it gave, ``reading`` of how it was read."""

    size: int
    changed_ns: int
    inode: int
    given: str
    reading: str


class FileStates:
    """The files of one command, as the index knows them; a ``Memory`` for ``ingest.read``.

    ``parent`` is the generation whose files keep their names; with ``keeps`` its articles stay beside the new ones, and
    no name of theirs is given to another file. ``remembered`` are the places that it was made from. With ``skip`` a
    file that hasn't changed isn't read.
    """

    def __init__(
        self,
        paths: IndexPaths,
        parent: Generation | None,
        read: ReadConfig,
        *,
        keeps: bool = False,
        remembered: Corpus | None = None,
        held: Mapping[str, SegmentVectors] | None = None,
    ) -> None:
        """Take ``held``, all articles of the parent, where what hasn't changed is to be left out."""
        self.skipped: dict[str, int] = {}
        """By address: the files that aren't read again, and their place in the order."""
        self.joined: set[str] = set()
        """The files that are read together with another, and give nothing of their own."""
        self._order: dict[str, int] = {}
        self._path, self._parent, self._keeps = paths.file_states, parent, keeps
        self._fields = read.fields
        self._places = [] if remembered is None else [fixed_part(place) for place in remembered.places]
        self._reading = _reading(read)
        self._held = held
        self._joined: dict[str, tuple[str, int]] = {}
        self._read: dict[str, _State] = {}
        self._whole: set[str] = set()

    # What ``ingest.read`` asks

    def named(self, files: Sequence[SourceFile]) -> list[SourceFile]:
        """Return the files, each with the id by which its articles are known."""
        known = self._known(files)
        proposed = [known.get(file.address, file.id) for file in files]
        holders = self._holders(proposed)
        names_taken: dict[str, str] = {}
        named: dict[str, str] = {}
        pairs = sorted(
            zip(files, proposed, strict=True), key=lambda pair: (pair[0].address not in known, pair[0].address)
        )
        for file, wanted in pairs:
            address = file.address
            others = {*holders.get(wanted, ()), names_taken.get(wanted, address)} - {address}
            free = all(self._gives_way(file, wanted, other) for other in others)
            if not free or (address not in known and self._is_held(file, wanted, others)):
                named[address] = told_apart(file.id, address)
            else:
                named[address] = wanted
            names_taken.setdefault(named[address], address)
        self._order = {file.address: place for place, file in enumerate(files)}
        renamed = [file if named[file.address] == file.id else replace(file, id=named[file.address]) for file in files]
        self._joined = {file.address: _joined_state(file.joined) for file in files if file.joined}
        self.joined.update(address for file in files for address in file.joined)
        self._skip(renamed)
        return renamed

    def is_unchanged(self, file: SourceFile) -> bool:
        """Say whether a file needn't be read: it is as it was when its articles were taken."""
        return file.address in self.skipped

    def was_read(self, file: SourceFile, before: os.stat_result, *, whole: bool) -> None:
        """Take note of a file that was read; one of which an article was lost is to be read, and named, again."""
        if whole:
            self._whole.add(file.address)
        newest_ns = max(before.st_mtime_ns, self._joined.get(file.address, ("", 0))[1])
        if whole and newest_ns < time.time_ns() - RACY_NS:
            self._read[file.address] = _State(
                size=before.st_size,
                changed_ns=before.st_mtime_ns,
                inode=before.st_ino,
                given="",
                reading=self._reading_of(file.address),
            )

    # What the writer asks

    def comes_later(self, address: str, than: str) -> bool:
        """Say whether a file stands behind another in the order of the places; standard input stands behind all."""
        return self._order.get(address, len(self._order)) > self._order.get(than, len(self._order))

    def is_read_after(self, address: str, than: str) -> bool:
        """Say whether a file is read in this command, and after another."""
        return address in self._order and address not in self.skipped and self.comes_later(address, than)

    def lacks(self, address: str) -> bool:
        """Say whether a file surely hasn't got an article that wasn't seen: it was read whole, or isn't there."""
        if address in self._order:
            return address in self._whole
        return address in self.joined or not os.path.lexists(address)

    def is_place(self, address: str) -> bool:
        """Say whether an address lies at one of the places that the index was made from."""
        return any(Path(address).is_relative_to(place) for place in self._places)

    def save(self, paths: IndexPaths, seen: Container[str] | None = None) -> None:
        """Write down the files that were read, with the digest of what the generation in force has of each.

        ``seen`` are the ids of the articles that the files gave; None: all that the generation has. A file that has
        lost an article which the generation still has isn't written down: unread, it would seem to hold it for ever.
        What can't be written is left: the files are read again next time.
        """
        if not self._read:
            return
        with suppress(OSError, SearchkitError), open_generation(paths.root) as generation:
            few = len(self._read) <= _FEW
            held = generation.held_below(self._read) if few else generation.held(None)
            names = given_by_file(held.values(), self._read)
            lacking = set() if seen is None else {article.path for id_, article in held.items() if id_ not in seen}
            fresh = {
                path: replace(state, given=names[path])
                for path, state in self._read.items()
                if path in names and path not in lacking
            }
            _append(self._path, fresh)

    # Names

    def _known(self, files: Sequence[SourceFile]) -> dict[str, str]:
        """Return by address the names of the files that the index knows, under this path or the one without links."""
        if self._parent is None:
            return {}
        names = self._parent.file_names(list({address for file in files for address in _addresses(file)}))
        return {
            file.address: names[address] for file in files for address in reversed(_addresses(file)) if address in names
        }

    def _holders(self, names: Sequence[str]) -> dict[str, set[str]]:
        return {} if self._parent is None or not self._keeps else self._parent.files_called(names)

    def _gives_way(self, file: SourceFile, name: str, other: str) -> bool:
        """Say whether a file may have the name of another: it is the same one, or gone and this is its content."""
        if same_file(file.address, other):
            return True
        parent = self._parent
        if parent is None or not self._keeps or os.path.lexists(other):
            return False
        return not parent.has_articles_of(other) or self._is_first(replace(file, id=name))

    def _is_first(self, file: SourceFile) -> bool:
        """Say whether the first article of a file is in the index already, as it is."""
        article = first_article(file, self._fields)
        if article is None or self._parent is None:
            return False
        with suppress(SourceError):
            article = checked_article(article)
        held = self._parent.held([article.id]).get(article.id)
        return held is not None and held.digest == article_digest(article)

    def _is_held(self, file: SourceFile, name: str, gave_way: set[str]) -> bool:
        """Say whether another's article has a name as its id: one that a program gave, or that brings it along.

        Where it isn't known what an article came from (format 1), one of a place that the index was made from is the
        file's own.
        """
        parent = self._parent
        if parent is None or not self._keeps:
            return False
        held = parent.held([name]).get(name) if file.format in _ONE_ARTICLE else None
        if held is not None and held.path is not None:
            return held.path not in gave_way and not same_file(held.path, file.address)
        foreign = bool(self._places) and not self.is_place(file.address)
        return foreign and parent.begins_ids(name) and not self._is_first(replace(file, id=name))

    # States

    def _reading_of(self, address: str) -> str:
        joined = self._joined.get(address)
        return self._reading if joined is None else f"{self._reading} {joined[0]}"

    def _skip(self, files: Sequence[SourceFile]) -> None:
        if self._held is None:
            return
        states = _load(self._path)
        names = given_by_file(self._held.values(), states)
        for place, file in enumerate(files):
            state = states.get(file.address)
            if (
                state is None
                or state.reading != self._reading_of(file.address)
                or names.get(file.address) != state.given
            ):
                continue
            with suppress(OSError):
                now = file.path.stat()
                if (now.st_size, now.st_mtime_ns, now.st_ino) == (state.size, state.changed_ns, state.inode):
                    self.skipped[file.address] = place


def _joined_state(addresses: Sequence[str]) -> tuple[str, int]:
    """Return a digest of how some files are now, and when the newest of them was changed, in ns."""
    states: list[tuple[str, int, int, int] | tuple[str]] = []
    newest_ns = 0
    for address in addresses:
        try:
            now = os.stat(address)  # noqa: PTH116 - an address is a text
        except (OSError, ValueError):
            states.append((address,))
        else:
            states.append((address, now.st_size, now.st_mtime_ns, now.st_ino))
            newest_ns = max(newest_ns, now.st_mtime_ns)
    return hashlib.sha256(json.dumps(states).encode()).hexdigest()[:16], newest_ns


def differing_files(paths: IndexPaths, read: ReadConfig, there: Mapping[str, tuple[int, int, int] | None]) -> set[str]:
    """Return the paths whose articles an index may not have as they are: of files that changed, came or went.

    ``there`` are all that there are, with size, time of change and inode. It tells what ``FileStates`` would, for a
    tenth of the time: nothing is opened, and no other file looked for. What is joined with another file is among them.
    """
    reading, states = _reading(read), _load(paths.file_states)
    with open_generation(paths.root) as generation:
        held = generation.held(None)
    names = given_by_file(held.values(), states)
    as_they_were = {
        path
        for path, state in states.items()
        if state.reading == reading
        and names.get(path) == state.given
        and there.get(path) == (state.size, state.changed_ns, state.inode)
    }
    sources = {article.path for article in held.values() if article.path and article.path != STANDARD_INPUT}
    differing = {path for path in there if path not in as_they_were and os.path.realpath(path) not in as_they_were}
    return differing | (sources - there.keys())


def keep_unchanged(paths: IndexPaths, before: Generation, addresses: set[str]) -> None:
    """Let files of which articles were changed in the index alone count as unchanged, if they did before.

    ``before`` is the generation in which they weren't changed yet. What can't be written is left: the files are read
    again next time.
    """
    with suppress(OSError, SearchkitError), open_generation(paths.root) as generation:
        states = {path: state for path, state in _load(paths.file_states).items() if path in addresses}
        gave, gives = (given_by_file(each.held_below(states).values(), states) for each in (before, generation))
        kept = {path: state for path, state in states.items() if path in gives and gave.get(path) == state.given}
        _append(paths.file_states, {path: replace(state, given=gives[path]) for path, state in kept.items()})


def _addresses(file: SourceFile) -> tuple[str, str]:
    return file.address, file.real_address


def given_by_file(held: Iterable[SegmentVectors], wanted: Mapping[str, object]) -> dict[str, str]:
    """Return for each file that is wanted a digest of its articles' digests, whatever their order."""
    sums: dict[str, int] = {}
    for file in held:
        if file.path and file.path in wanted:
            sums[file.path] = sums.get(file.path, 0) ^ int.from_bytes(file.digest, "big")
    return {path: f"{total:032x}" for path, total in sums.items()}


def _reading(read: ReadConfig) -> str:
    """Name how files are read: what they give depends on it."""
    settings = json.dumps([__version__, RULES, sorted(read.fields.items())])
    return hashlib.sha256(settings.encode()).hexdigest()[:16]


def _load(path: Path) -> dict[str, _State]:
    """Read the list; what can't be read is left out."""
    try:
        lines = path.read_bytes().splitlines() if path.is_file() and not path.is_symlink() else []
    except OSError:
        return {}
    states: dict[str, _State] = {}
    for line in lines:
        with suppress(ValueError, TypeError, RecursionError):
            address, size, changed_ns, inode, given, reading = json.loads(line)
            states[str(address)] = _State(size=size, changed_ns=changed_ns, inode=inode, given=given, reading=reading)
    return states


def _append(path: Path, fresh: Mapping[str, _State]) -> None:
    """Add files to the list; write it anew where most of its lines don't count any more. Raises ``OSError``."""
    states = _load(path)
    changed = {address: state for address, state in fresh.items() if states.get(address) != state}
    if not changed:
        return
    old = path.read_bytes() if states else b""
    lines = b"".join(_line(address, state) for address, state in changed.items())
    if not old.endswith(b"\n") or old.count(b"\n") + len(changed) > _LONGEST_LIST * (len(states) + len(changed)):
        lines = b"".join(_line(address, state) for address, state in (states | changed).items())
        files.replace(path, lines)
        return
    with path.open("ab") as file:
        file.write(lines)


def _line(address: str, state: _State) -> bytes:
    values = [address, state.size, state.changed_ns, state.inode, state.given, state.reading]
    return json.dumps(values).encode() + b"\n"

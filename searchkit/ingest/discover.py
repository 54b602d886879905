"""File discovery: the files that places stand for, and the ids of the articles in them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path

from searchkit.errors import SourceError
from searchkit.ingest.compression import COMPRESSIONS, explain
from searchkit.ingest.format_detection import format_of_name, without_suffixes
from searchkit.ingest.text_cleanup import clean
from searchkit.project_file import FILE_NAME
from searchkit.types import Problem

_MAGIC = frozenset("*?[")

_MAILDIR = {"cur", "new", "tmp"}
"""The folders in one of e-mails (D. J. Bernstein's Maildir)."""

_PUBLISHED = frozenset({"CURRENT", "generations", "segments"})
_OF_AN_INDEX = _PUBLISHED | {"LOCK", "files.jsonl", "feeds.jsonl", "deletions", "encoders"}
"""What lies in the folder of an index (``index/paths.py``): one that was published has the first three, one that is
being built has a ``LOCK`` and nothing of anybody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file to read: its path, the folder that its id counts from, its id, format and compression.

    ``address`` is the absolute path by which it was reached, links and all: what its articles came from;
    ``real_address`` is the same without links. ``joined`` are the addresses of the files that are read together with it
    (``joined_files.py``).
    """

    path: Path
    address: str
    real_address: str
    root: Path
    id: str
    format: str
    compression: str
    joined: tuple[str, ...] = ()


def find(places: Sequence[str | Path]) -> tuple[list[SourceFile], list[Problem]]:
    """Return the files that places stand for, each once, in the order of the places and of their names; and problems.

    A place is a file, a folder (with all below it, except what is hidden and folders that are indexes), or a glob
    (``**`` is any number of folders).
    A folder in BEIR's layout, ``corpus.jsonl`` beside ``queries.jsonl`` or ``qrels``, is its corpus alone.

    A file's id is its path from the folder given (or from the fixed part of a glob, or from its own folder) without the
    suffixes of format and compression; files of one folder given whose ids would be the same keep them. Files of
    several places may have the same still: ``distinct`` tells them apart.

    Raises ``SourceError`` for a place that doesn't exist, or a glob that nothing matches.
    """
    return _collected(entry for place in places for entry in _expand(Path(place).expanduser()))


def find_among(places: Sequence[str | Path], changed: Iterable[str]) -> tuple[list[SourceFile], list[Problem]]:
    """Return what ``find`` returns of some files: those at ``changed``, absolute paths of files and folders.

    No other folder is listed, so that it costs what these files cost, however many there are. A glob may match
    nothing. Raises ``SourceError`` for a place that doesn't exist.
    """
    wanted = [Path(path) for path in changed]
    for place in places:
        check_place(place)
    return _collected(
        entry for place in places for path in wanted for entry in _part_of_place(Path(place).expanduser(), path)
    )


def check_place(place: str | Path) -> None:
    """Raise ``SourceError`` where neither a place is there nor, of a glob, the folder that it begins with."""
    path = Path(place).expanduser()
    if not _exists(path) and not (_MAGIC.intersection(str(path)) and _exists(fixed_part(path))):
        raise SourceError(f"There is no '{path}'.", hint=_nearest(path))


def matches_nothing(place: str | Path) -> bool:
    """Say whether a place is a glob whose folder is there and that nothing matches, as yet."""
    path = Path(place).expanduser()
    if _exists(path) or not _MAGIC.intersection(str(path)):
        return False
    fixed = fixed_part(path)
    return _exists(fixed) and next(_glob(fixed, path.parts[len(fixed.parts) :]), None) is None


def _collected(entries: Iterable[tuple[Path, Path | Problem]]) -> tuple[list[SourceFile], list[Problem]]:
    """Return the files among entries, each once and with its id, and the problems."""
    paths: list[tuple[Path, Path]] = []
    problems: dict[Problem, None] = {}
    for root, entry in entries:
        if isinstance(entry, Problem):
            problems[entry] = None
        else:
            paths.append((entry, root))
    return _named([_found(path, root, real) for path, root, real in _once(paths)]), list(problems)


def _part_of_place(place: Path, path: Path) -> Iterator[tuple[Path, Path | Problem]]:
    """Yield the files of a place that are ``path`` or below it, each with the root that its id counts from."""
    if _exists(place):
        root = place if place.is_dir() else place.parent
        yield from ((root, entry) for entry in _part_of(place, path))
        return
    root = fixed_part(place)
    pattern = place.parts[len(root.parts) :]
    if path.is_relative_to(root) and not path.is_dir():
        folders = _folders_between(root, path)
        passed_over = "**" in pattern and any(each.name == "tmp" and not _is_looked_into(each) for each in folders)
        if passed_over or any(map(_is_index_folder, folders)):
            return
        parts = path.relative_to(root).parts
        longest = len(parts) - (pattern[-1] == "**")  # which stands for folders alone
        tops = [root.joinpath(*parts[:n]) for n in range(longest + 1) if _matches(parts[:n], pattern)]
    else:
        tops = [top for top in _glob(root, pattern) if top.is_relative_to(path) or path.is_relative_to(top)]
    yield from ((root, entry) for top in tops for entry in _part_of(top, path))


def _part_of(top: Path, path: Path) -> Iterator[Path | Problem]:
    """Yield of what ``_below`` yields of ``top`` that which is ``path`` or below it."""
    if top.is_relative_to(path):
        yield from _below(top)
        return
    if not path.is_relative_to(top) or not os.path.lexists(path):
        return
    folders = _folders_between(top, path)
    inner = [path, *folders[:-1]] if path.is_dir() else folders[:-1]
    if any(map(_is_index_folder, folders)) or not all(map(_is_looked_into, inner)):
        return
    if path.is_dir():
        yield from _below(path)
    elif _may_be_article(path.name) and not _is_beside_corpus(path):
        yield _regular(path)


def _folders_between(top: Path, path: Path) -> list[Path]:
    return [folder for folder in path.parents if folder.is_relative_to(top)]


def _is_looked_into(folder: Path) -> bool:
    """Say whether ``_folders_below`` goes on into a folder from the one that it is in."""
    return _is_seen(folder, in_maildir=all((folder.parent / name).is_dir() for name in _MAILDIR))


def _is_index_folder(folder: Path) -> bool:
    """Say what ``_is_index`` says; a folder that can't be one isn't listed, for it may hold very many files."""
    may_be = (folder / "LOCK").exists() or (folder / "CURRENT").exists()
    return may_be and _is_index(_children(folder, []))


def _is_beside_corpus(path: Path) -> bool:
    """Say whether a file is none of the corpus in a folder in BEIR's layout, or in its folder of judgements."""
    folder = path.parent
    if folder.name == "qrels" and _corpus_in(folder.parent):
        return True
    corpus = _corpus_in(folder)
    return bool(corpus) and path not in corpus


def _corpus_in(folder: Path) -> list[Path]:
    if not any((folder / f"corpus.jsonl{suffix}").exists() for suffix in ("", *COMPRESSIONS)):
        return []
    return _corpus([child for child in _children(folder, []) if not child.name.startswith(".")])


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Say whether a path's parts are what ``_glob`` yields for a pattern."""
    if not pattern:
        return not parts
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        hidden = bool(parts) and parts[0].startswith(".")
        return _matches(parts, rest) or (bool(parts) and not hidden and _matches(parts[1:], pattern))
    if not parts or (parts[0].startswith(".") and not first.startswith(".")):
        return False
    return fnmatchcase(parts[0], first) and _matches(parts[1:], rest)


def told_apart(name: str, address: str) -> str:
    """Return the id of a file where another has the one that it would have: it goes on with a mark of its path."""
    return f"{name}~{hashlib.blake2b(address.encode(), digest_size=4).hexdigest()}"


def same_file(one: str, other: str) -> bool:
    """Say whether two addresses lead to one file: by a link, or spelled otherwise where the disk doesn't mind."""
    if one == other or os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        first, second = os.stat(one), os.stat(other)  # noqa: PTH116 - an address is a text
    except (OSError, ValueError):
        return False
    # A hard link is another file: each has a name and a place of its own.
    return (first.st_dev, first.st_ino, first.st_nlink) == (second.st_dev, second.st_ino, 1)


def fixed_part(place: str | Path) -> Path:
    """Return a place as far as it has no wildcard."""
    path = Path(place)
    return path if _exists(path) else Path(*takewhile(lambda part: not _MAGIC.intersection(part), path.parts))


def address_of(path: str) -> str:
    """Return a path as a text that can be stored; names that are no UTF-8 stay different from each other."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _may_be_article(name: str) -> bool:
    """Say whether a file of a folder is looked at: it isn't hidden, and not the one that makes the folder a place."""
    return not name.startswith(".") and name != FILE_NAME


def _expand(place: Path) -> Iterator[tuple[Path, Path | Problem]]:
    """Yield the files of one place, each with the root that its id counts from."""
    if _exists(place):
        root = place if place.is_dir() else place.parent
        yield from ((root, entry) for entry in _below(place))
        return
    if not _MAGIC.intersection(str(place)):
        raise SourceError(f"There is no '{place}'.", hint=_nearest(place))
    parts = place.parts
    fixed = next(i for i, part in enumerate(parts) if _MAGIC.intersection(part))
    root = Path(*parts[:fixed])
    matches = sorted(set(_glob(root, parts[fixed:])), key=lambda path: path.parts)
    if not matches:
        raise SourceError(f"Nothing matches '{place}'.", hint=_contents(root) if root.is_dir() else _nearest(root))
    for match in matches:
        yield from ((root, entry) for entry in _below(match))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _nearest(path: Path) -> str:
    """Say what there is instead of a path that doesn't exist."""
    while not _exists(path.parent):
        path = path.parent
    names = sorted(_names(path.parent))
    near = get_close_matches(path.name, names, n=1)
    return f"Did you mean '{path.parent / near[0]}'?" if near else _contents(path.parent)


def _contents(folder: Path) -> str:
    names = sorted(_names(folder))
    if not names:
        return f"The folder '{folder}' is empty."
    return f"In '{folder}' there are: {', '.join(names[:8])}{', …' if len(names) > 8 else ''}."


def _names(folder: Path) -> list[str]:
    try:
        return [clean(path.name) for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []


def _glob(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Yield what matches, as a shell would: hidden names only where the pattern names the dot. Links make no loops."""
    if not parts:
        yield folder
        return
    first, rest = parts[0], parts[1:]
    if _MAGIC.intersection(first) and _is_index(_children(folder, [])):
        return
    if first == "**":
        for each in _folders_below(folder):
            yield from _glob(each, rest)
        return
    if not _MAGIC.intersection(first):
        if _exists(folder / first):
            yield from _glob(folder / first, rest)
        return
    for path in _children(folder, []):
        hidden = path.name.startswith(".") and not first.startswith(".")
        if fnmatchcase(path.name, first) and not hidden and (not rest or path.is_dir()):
            yield from _glob(path, rest)


def _folders_below(folder: Path) -> Iterator[Path]:
    """Yield a folder and all below it that aren't hidden, each once: what is reached by a link comes last."""
    seen: set[Path] = set()
    waiting = deque([folder])
    while waiting:
        path = waiting.popleft()
        real = path.resolve()
        if real in seen:
            continue
        seen.add(real)
        children = _children(path, [])
        if _is_index(children):
            continue
        yield path
        maildir = {child.name for child in children} >= _MAILDIR
        inner = [child for child in children if _is_seen(child, in_maildir=maildir) and child.is_dir()]
        waiting.extendleft(child for child in reversed(inner) if not child.is_symlink())
        waiting.extend(child for child in inner if child.is_symlink())


def _is_seen(path: Path, *, in_maildir: bool) -> bool:
    """Say whether a folder is looked into. In a Maildir folders are called ``.Sent``, and ``tmp`` is unread."""
    if in_maildir and path.name.startswith("."):
        return (path / "cur").is_dir()
    return not path.name.startswith(".") and not (in_maildir and path.name == "tmp")


def _below(path: Path) -> Iterator[Path | Problem]:
    """Yield a file itself, or all files below a folder, except hidden ones; or what is wrong with them."""
    if not path.is_dir():
        yield _regular(path)
        return
    problems: list[Problem] = []
    for folder in _folders_below(path):
        files = [child for child in _children(folder, problems) if _may_be_article(child.name)]
        for child in _corpus(files) or [file for file in files if not file.is_dir()]:
            # Judgements lie in a folder below their corpus.
            if folder.name != "qrels" or not _corpus(_children(folder.parent, [])):
                yield _regular(child)
    yield from problems


def _regular(path: Path) -> Path | Problem:
    if path.is_file():
        return path
    broken = path.is_symlink() and not path.exists()
    return Problem(place=clean(str(path)), reason="is a link to nothing" if broken else "is no regular file")


def _children(folder: Path, problems: list[Problem]) -> list[Path]:
    try:
        return [folder / name for name in sorted(os.listdir(folder))]  # noqa: PTH208 - paths sort ten times as slowly
    except OSError as error:
        problems.append(Problem(place=clean(str(folder)), reason=explain(error)))
        return []


def _is_index(children: Sequence[Path]) -> bool:
    """Say by what is in a folder whether it is an index, also one being built: its files are no articles."""
    names = {path.name for path in children if not path.name.startswith(".")}
    return names >= _PUBLISHED or ("LOCK" in names and names <= _OF_AN_INDEX)


def _corpus(files: Sequence[Path]) -> list[Path]:
    """Return the corpus of a folder in BEIR's layout; nothing where it isn't one."""
    stems = {path.name.split(".")[0] for path in files if ".jsonl" in path.name}
    if "corpus" in stems and ("queries" in stems or any(path.name == "qrels" for path in files)):
        return [path for path in files if path.name.startswith("corpus.jsonl")]
    return []


def _once(paths: Sequence[tuple[Path, Path]]) -> list[tuple[Path, Path, Path]]:
    """Keep one path for each file, and the one without links beside it.

    That is a real one before a link, then the one that counts from the outermost folder.
    """
    best: dict[Path, tuple[tuple[bool, int, str], Path, Path]] = {}
    real_folders: dict[Path, Path] = {}
    for path, root in paths:
        for folder in (path.parent, root):
            if folder not in real_folders:
                real_folders[folder] = folder.resolve()
        in_folder = real_folders[path.parent] / path.name
        real = path.resolve() if path.is_symlink() else in_folder
        linked = real != in_folder or real_folders[path.parent] != path.parent.absolute()
        rank = (linked, len(real_folders[root].parts), str(path))
        if real not in best or rank < best[real][0]:
            best[real] = (rank, path, root)
    return [(path, root, real) for real, (_, path, root) in best.items()]


def _found(path: Path, root: Path, real: Path) -> SourceFile:
    by_suffix, compression = format_of_name(path.name)
    return SourceFile(
        path=path,
        address=address_of(os.path.abspath(path)),  # noqa: PTH100 - Path.absolute leaves ".." in
        real_address=address_of(str(real)),
        root=root,
        id="",
        format=by_suffix,
        compression=compression,
    )


def _named(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Give each file its id: as short as those of one root are all different."""
    roots = {root: root.resolve() for root in {file.root for file in files}}
    names = [_names_for(file) for file in files]
    lengths = [0] * len(files)
    while True:
        ids = [(roots[file.root], names[i][lengths[i]]) for i, file in enumerate(files)]
        counts = Counter(ids)
        clashing = [i for i, each in enumerate(ids) if counts[each] > 1 and lengths[i] < 2]
        if not clashing:
            return [replace(file, id=name) for file, (_, name) in zip(files, ids, strict=True)]
        for i in clashing:
            lengths[i] += 1


def distinct(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Tell apart the files of several places that would have one id.

    The first by its path has it, the others go on with a mark of their path (``told_apart``): which, doesn't depend on
    the order of the places.
    """
    alike: dict[str, list[SourceFile]] = {}
    for file in files:
        alike.setdefault(file.id, []).append(file)
    first = {name: min(file.address for file in group) for name, group in alike.items() if len(group) > 1}
    return [
        replace(file, id=told_apart(file.id, file.address))
        if first.get(file.id, file.address) != file.address
        else file
        for file in files
    ]


def _names_for(file: SourceFile) -> tuple[str, str, str]:
    """Return a file's id without suffixes, with that of its format, and with all."""
    full = clean(file.path.relative_to(file.root).as_posix()).replace("\n", " ").replace("\t", " ")
    return without_suffixes(full)

"""ZIP and tar archives: places whose members are read as the files of a folder are, each by its own format.

Nothing is unpacked onto the disk: a member's name is no more than a name, whatever it says (``../../etc/passwd``).
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from searchkit.ingest.allowance import Allowance, Bomb
from searchkit.ingest.charset import NotText
from searchkit.ingest.compression import buffered, read_whole
from searchkit.ingest.format_detection import detect_zip, without_suffixes
from searchkit.ingest.read_ahead import Begun, entries_ahead
from searchkit.ingest.rows import Rows
from searchkit.ingest.text_cleanup import one_line
from searchkit.types import Article, Problem

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BeginMember = Callable[["io.BufferedReader[Any]", str, Rows], Begun]
"""Begins to read a member: its stream, its path in the archive, and its rows. What is wrong with it is among these."""

DEEPEST = 2
"""Archives within each other that are read: a ZIP in a ZIP is one, in the place of the folder it was made from."""

_LARGEST_INNER_ZIP = 2**28
"""Bytes of a ZIP in another archive, which is held in memory: its directory stands at its end."""

_LARGEST_DIRECTORY = 2**26
"""Bytes of a ZIP's directory: of a million members with short names; Python takes some 13 times as much for it."""

_LOOKED_AT_END = 2**16 + 2**10
"""Bytes in which the end of a ZIP's directory stands, behind which there may be a comment of 64 KiB."""

_LARGEST_TAR_HEADER = 2**24
"""Bytes of names and attributes before a member, and of the padding that tar writes in blocks."""

WACZ_FOLDER = "archive/"
"""Where a WACZ has its WARC files; beside it stand indexes and logs."""

_ENCRYPTED = 0x1


class _Counted(io.RawIOBase):
    """A member's bytes, counted as they are unpacked."""

    def __init__(self, source: Any, allowance: Allowance, *, seekable: bool) -> None:
        super().__init__()
        self._source, self._allowance, self._seekable = source, allowance, seekable

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._source.seek(offset, whence))

    def tell(self) -> int:
        return int(self._source.tell())

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._source.read(len(view))
        except (zipfile.BadZipFile, tarfile.TarError) as error:
            raise OSError(f"it is damaged ({error})") from error
        except (NotImplementedError, RuntimeError) as error:  # a method of compression that Python hasn't got
            raise OSError(str(error)) from error
        self._allowance.take(len(data))
        view[: len(data)] = data
        return len(data)


class _Metered:
    """A tar archive's bytes, of which no header may have more than some: ``left`` is what may come before the next."""

    def __init__(self, source: BinaryIO) -> None:
        self.left = _LARGEST_TAR_HEADER
        self._source = source

    def read(self, count: int) -> bytes:
        """Return the next bytes. Raises ``Bomb`` where a header says that it goes on and on."""
        data = self._source.read(count)
        self.left -= len(data)
        if self.left < 0:
            raise Bomb(f"has a header of more than {_LARGEST_TAR_HEADER // 2**20} MiB, as only a bomb does")
        return data


def seekable(stream: io.BufferedReader[Any]) -> io.BufferedReader[Any]:
    """Return a ZIP's stream as one that can go back. Raises ``TooLong`` where it would have to be held in memory."""
    return stream if stream.seekable() else buffered(io.BytesIO(read_whole(stream, _LARGEST_INNER_ZIP)))


def zip_kind(stream: BinaryIO) -> str:
    """Return the format of a ZIP archive, and go back to its beginning: ``zip``, or a document that has this form.

    Raises ``NotText`` where it is none.
    """
    with _opened(stream) as archive:
        kind = detect_zip(archive.NameToInfo.keys(), lambda name: _first_bytes(archive, name))
    stream.seek(0)
    return kind


def read_zip(stream: BinaryIO, rows: Rows, begin_member: BeginMember, folder: str = "") -> Iterator[Article | Problem]:
    """Yield the articles of a ZIP archive's members, in the order of its directory; ``folder``: of those in it alone.

    Raises ``NotText`` where it is none.
    """
    _check_depth(rows)
    with _opened(stream) as archive:
        yield from entries_ahead(_zip_members(archive, folder, rows, begin_member), rows.parser)


def _opened(stream: BinaryIO) -> zipfile.ZipFile:
    if _directory_size(stream) > _LARGEST_DIRECTORY:
        raise NotText(f"has a directory of more than {_LARGEST_DIRECTORY // 2**20} MiB, as only a bomb does")
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise NotText(f"is no ZIP archive, or a damaged one ({str(error).lower()})") from error


def _directory_size(stream: BinaryIO) -> int:
    """Return the bytes that a ZIP's directory has (APPNOTE.TXT, 4.3.14 to 16), 0 where none does."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _LOOKED_AT_END))
    tail = stream.read(_LOOKED_AT_END)
    stream.seek(0)
    large, small = tail.rfind(b"PK\x06\x06"), tail.rfind(b"PK\x05\x06")
    sizes = [0]
    with suppress(struct.error):
        sizes += struct.unpack_from("<I", tail, small + 12) if small >= 0 else ()
        sizes += struct.unpack_from("<Q", tail, large + 40) if large >= 0 and sizes[-1] == 2**32 - 1 else ()
    return int(sizes[-1])


def _first_bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    with suppress(zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError), archive.open(name) as member:
        return member.read(200)
    return b""


def _zip_members(archive: zipfile.ZipFile, folder: str, rows: Rows, begin_member: BeginMember) -> Iterator[Begun]:
    taken: Counter[str] = Counter()
    for info in archive.infolist():
        name = _name(info)
        if info.is_dir() or _is_hidden(name) or not name.startswith(folder):
            continue
        rows.allowance.take_member()
        if info.flag_bits & _ENCRYPTED:
            reason = "is encrypted: unpack it with its password first"
            yield Begun(entries=[rows.within(name, name).problem(reason, None)])
            continue
        member = rows.within(_short(name, taken), name)
        try:
            source = archive.open(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            yield Begun(entries=[member.problem(f"can't be unpacked: {str(error).lower()}", None)])
            continue
        with source, buffered(_Counted(source, rows.allowance, seekable=source.seekable())) as content:
            yield begin_member(content, name, member)
    rows.allowance.take(0)


def read_tar(stream: BinaryIO, rows: Rows, begin_member: BeginMember) -> Iterator[Article | Problem]:
    """Yield the articles of a tar archive's members as they come. Raises ``NotText`` where it is none."""
    _check_depth(rows)
    others: Counter[str] = Counter()
    yield from entries_ahead(_tar_members(stream, others, rows, begin_member), rows.parser)
    rows.allowance.take(0)
    for kind, count in sorted(others.items()):
        yield rows.problem(f"holds {count:,} {kind}{'s' if count > 1 else ''}, not followed", None, lost=False)


def _tar_members(stream: BinaryIO, others: Counter[str], rows: Rows, begin_member: BeginMember) -> Iterator[Begun]:
    names: Counter[str] = Counter()
    metered = _Metered(stream)
    fileobj: Any = metered
    try:
        with tarfile.open(fileobj=fileobj, mode="r|", errors="surrogateescape") as archive:
            for info in archive:
                metered.left = info.size + _LARGEST_TAR_HEADER
                rows.allowance.take_member()
                name = one_line(info.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
                if info.isdir() or _is_hidden(name):
                    continue
                source = archive.extractfile(info) if info.isreg() else None
                if source is None:
                    others["link" if info.issym() or info.islnk() else "special file"] += 1
                    continue
                member = rows.within(_short(name, names), name)
                with source, buffered(_Counted(source, rows.allowance, seekable=False)) as content:
                    yield begin_member(content, name, member)
                archive.members = []  # type: ignore[attr-defined]  # it would remember every member of a long archive
    except tarfile.ReadError as error:
        raise NotText(f"is no tar archive, or one that is damaged or cut short ({error})") from error


def _check_depth(rows: Rows) -> None:
    if rows.depth >= DEEPEST:
        raise NotText(f"is an archive within {DEEPEST} others: unpack the outer ones first")


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's path; one that isn't marked as UTF-8 often is it all the same."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return one_line(name.replace("\\", "/"))


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") and part not in (".", "..") for part in parts)


def _short(name: str, taken: Counter[str]) -> str:
    """Return a member's path as ids have it, without suffixes; with all where an earlier member has that."""
    bare = without_suffixes(name.removeprefix("./"))[0]
    taken[bare] += 1
    if taken[bare] == 1:
        return bare
    taken[name] += 1
    return name if taken[name] == 1 else f"{name}~{taken[name]}"

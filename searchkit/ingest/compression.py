"""Decompression: a file's bytes, whatever it is compressed with, up to a limit."""

from __future__ import annotations

import errno
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from searchkit.errors import StorageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


DAMAGE = (OSError, EOFError, zlib.error)
"""What reading from ``decompressed``'s streams may raise."""

COMPRESSIONS = {".gz": "gz", ".zst": "zst", ".zstd": "zst", ".bz2": "bz2", ".xz": "xz", ".lzma": "xz"}
"""How a file is compressed, by its suffix."""

_MAGIC = {b"\x1f\x8b\x08": "gz", b"\x28\xb5\x2f\xfd": "zst", b"BZh": "bz2", b"\xfd7zXZ\0": "xz"}
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
"""What follows ``BZh`` and a digit: a block, or the end of an empty file."""

HEAD = 2**16
"""Bytes that are read at a time, and from which the format is told."""

_BLOCK = 2**20
_ZSTD_INPUT = 1024
"""Bytes given to the decompressor at a time: a block of 4 bytes may stand for 128 KiB, so 32 MiB come out at most."""

_ZSTD_WINDOW = 2**27
"""The largest window that the zstd command accepts without being asked to."""

_XZ_MEMORY = 2**28
"""Bytes that an xz file may ask for: ``xz -9`` needs 65 MiB, a forged header asks for 4 GiB."""


class TooLong(OSError):
    """Raised where a file holds more than the caller can bear."""


@contextmanager
def decompressed(raw: io.BufferedReader[Any], by_suffix: str) -> Iterator[io.BufferedReader[Any]]:
    """Yield what a stream holds: ``gz``, ``zst``, ``bz2`` or ``xz`` data by its first bytes, or else by its suffix.

    The ``peek`` of both shows ``HEAD`` bytes. Reading raises any of ``DAMAGE``: ``EOFError`` where compressed data ends
    early.
    """
    match compression_of(raw.peek(16)) or by_suffix:
        case "gz":
            with _Gzip(fileobj=raw) as unzipped, buffered(unzipped) as stream:
                yield stream
        case "zst":
            with buffered(_Zstandard(raw)) as stream:
                yield stream
        case "bz2":
            with buffered(_bzip2(raw)) as stream:
                yield stream
        case "xz":
            with buffered(_xz(raw)) as stream:
                yield stream
        case _:
            yield raw


def compression_of(head: bytes) -> str:
    """Return how data is compressed, by its first bytes; "" where it isn't."""
    name = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
    return "" if name == "bz2" and head[4:10] not in _BZIP2_BLOCKS else name


def buffered(stream: Any) -> io.BufferedReader[Any]:
    """Return a stream whose ``peek`` shows ``HEAD`` bytes."""
    return io.BufferedReader(stream, HEAD)


def read_whole(stream: BinaryIO, longest: int) -> bytes:
    """Return all bytes of a stream.

    Raises ``TooLong`` where there are more than ``longest``, without having read much more, and any of ``DAMAGE``.
    """
    blocks: list[bytes] = []
    length = 0
    while block := stream.read(_BLOCK):
        length += len(block)
        if length > longest:
            raise TooLong(f"is longer than {longest // 2**20} MiB")
        blocks.append(block)
    return b"".join(blocks)


_WRITING = {errno.EFBIG, errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""What the system answers to who writes, and never to who reads."""


def is_of_writing(error: BaseException) -> bool:
    """Say whether an error came from writing: a package puts a file of its own into the temporary folder, say."""
    return isinstance(error, OSError) and error.errno in _WRITING


def unwritable(error: OSError) -> StorageError:
    """Return the error for a temporary file that couldn't be written while articles were read."""
    reason = error.strerror or str(error)
    return StorageError(
        f"Can't write {error.filename or 'a temporary file'}: {reason}.",
        hint="Make space in the temporary folder, or name another with TMPDIR, and see that no limit is set to the size"
        " of files (ulimit -f); then run the command again. The index stays as it was.",
    )


def explain(error: BaseException) -> str:
    """Say what is wrong with a file that couldn't be read, in a few words."""
    if isinstance(error, TooLong):
        return str(error)
    if isinstance(error, gzip.BadGzipFile):
        return f"is no gzip file, or a damaged one ({error})"
    if isinstance(error, EOFError):
        return "is cut short: its compressed data ends early"
    if isinstance(error, zlib.error):
        return f"is damaged: {error}"
    if isinstance(error, PermissionError):
        return "may not be read (permission denied)"
    if isinstance(error, OSError) and error.errno:
        return f"can't be read: {(error.strerror or os.strerror(error.errno)).lower()}"
    return f"can't be read: {error}"


class _Gzip(gzip.GzipFile):
    """Decompress a member at a time, so that what stands before a damage can be read; going back costs all anew."""

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read1(len(view))
        view[: len(data)] = data
        return len(data)

    def seekable(self) -> bool:
        return False


class _Zstandard(io.RawIOBase):
    """Decompress, frame by frame; unlike the library's own stream, notice where a frame ends early."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        import zstandard

        self._error = zstandard.ZstdError
        self._library: Any = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._source = source
        self._frame: Any = None
        self._input = b""
        self._output = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while not self._output:
            if not self._fill():
                return 0
        count = min(len(view), len(self._output))
        view[:count] = self._output[:count]
        self._output = self._output[count:]
        return count

    def _fill(self) -> bool:
        """Decompress a little more; False where the source and its last frame have ended."""
        data = self._input or self._source.read(_ZSTD_INPUT)
        self._input = b""
        if not data:
            if self._frame is not None:
                raise EOFError
            return False
        if self._frame is None:
            self._frame = self._library.decompressobj()
        try:
            self._output = memoryview(self._frame.decompress(data))
        except self._error as error:
            raise OSError(errno.EINVAL, f"no Zstandard data, or damaged ({error})") from error
        if self._frame.eof:
            self._input = self._frame.unused_data
            self._frame = None
        return True


class _Blocks(io.RawIOBase):
    """Decompress streams that stand one behind the other, never more than the reader has room for."""

    def __init__(self, source: BinaryIO, new: Callable[[], Any], damage: type[Exception], name: str) -> None:
        super().__init__()
        self._source, self._new, self._damage, self._name = source, new, damage, name
        self._decompressor = new()
        self._input = b""
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while not (self._decompressor.eof and not self._next_stream()):
            output = self._more(len(view))
            if output:
                view[: len(output)] = output
                return len(output)
        return 0

    def _more(self, room: int) -> bytes:
        if self._decompressor.needs_input:
            self._input = self._input or self._source.read(HEAD)
            if not self._input:
                if not self._begun:
                    raise OSError(errno.EINVAL, f"no {self._name} data")
                raise EOFError
        data, self._input, self._begun = self._input, b"", True
        try:
            output: bytes = self._decompressor.decompress(data, room)
        except (self._damage, ValueError) as error:
            raise OSError(errno.EINVAL, f"no {self._name} data, or damaged ({error})") from error
        return output

    def _next_stream(self) -> bool:
        """Go over to the stream behind one that has ended; False where there is none. Padding is zeros."""
        rest = self._decompressor.unused_data.lstrip(b"\0")
        while not rest:
            block = self._source.read(HEAD)
            if not block:
                return False
            rest = block.lstrip(b"\0")
        self._decompressor, self._input = self._new(), rest
        return True


def _bzip2(source: BinaryIO) -> _Blocks:
    import bz2

    return _Blocks(source, bz2.BZ2Decompressor, OSError, "bzip2")


def _xz(source: BinaryIO) -> _Blocks:
    import lzma

    return _Blocks(source, lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY), lzma.LZMAError, "xz")

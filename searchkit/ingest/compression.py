"""Decompression: a file's bytes, whatever it is compressed with, up to a limit."""

from __future__ import annotations

import errno
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from searchkit.errors import StorageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


DAMAGE = (OSError, EOFError, zlib.error)
"""What reading from ``open_file``'s streams may raise."""

HEAD = 2**16
"""Bytes that are read at a time, and from which the format is told."""

_BLOCK = 2**20
_ZSTD_INPUT = 1024
"""Bytes given to the decompressor at a time: a block of 4 bytes may stand for 128 KiB, so 32 MiB come out at most."""

_ZSTD_WINDOW = 2**27
"""The largest window that the zstd command accepts without being asked to."""


class TooLong(OSError):
    """Raised where a file holds more than the caller can bear."""


@contextmanager
def open_file(path: Path, compression: str) -> Iterator[io.BufferedReader[Any]]:
    """Open a file for reading; ``compression`` is ``gz``, ``zst`` or empty. The stream's ``peek`` shows ``HEAD`` bytes.

    Raises ``OSError`` here, and any of ``DAMAGE`` on reading: ``EOFError`` where compressed data ends early.
    """
    with path.open("rb", buffering=HEAD) as raw:
        if compression == "gz":
            with gzip.GzipFile(fileobj=raw) as unzipped, _buffered(unzipped) as stream:
                yield stream
        elif compression == "zst":
            with _buffered(_Zstandard(raw)) as stream:
                yield stream
        else:
            yield cast("io.BufferedReader[Any]", raw)


def _buffered(stream: Any) -> io.BufferedReader[Any]:
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

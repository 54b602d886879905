"""Zip documents: the members of a file that is a zip (DOCX, ODT, EPUB), with limits against bombs."""

from __future__ import annotations

import io
import zipfile
import zlib
from types import TracebackType

from searchkit.ingest.charset import LONGEST, NotText

_LONGEST_IN_ALL = 4 * LONGEST
_MOST_MEMBERS = 100_000


class ZipDocument:
    """An open zip. A member is read up to a limit, and all of them up to another; its names are never paths."""

    def __init__(self, data: bytes) -> None:
        """Open a zip that is in memory. Raises ``NotText`` where it is none, or damaged."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
            raise NotText(f"is a damaged zip: {error}") from error
        self._left = _LONGEST_IN_ALL
        if len(self._zip.filelist) > _MOST_MEMBERS:
            raise NotText(f"is a zip of more than {_MOST_MEMBERS:,} files")

    def __enter__(self) -> ZipDocument:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The members' names, in the order of the zip's directory."""
        return self._zip.namelist()

    def size(self) -> int:
        """Return how many bytes all members have together, unpacked, as the zip's directory has it."""
        return sum(member.file_size for member in self._zip.filelist)

    def read(self, member: str) -> bytes | None:
        """Return a member's bytes; None where there is none. Raises ``NotText`` where it is too long or damaged."""
        try:
            with self._zip.open(member) as stream:
                # The directory may lie about a member's size: what is read counts.
                data = stream.read(min(LONGEST, self._left) + 1)
        except KeyError:
            return None
        except RuntimeError as error:
            raise NotText("is encrypted: it can't be read without its password") from error
        except (zipfile.BadZipFile, NotImplementedError, zlib.error, OSError, EOFError) as error:
            raise NotText(f"is a damaged zip: {error}") from error
        self._left -= len(data)
        if len(data) > LONGEST or self._left < 0:
            raise NotText(f"unpacks to more than {min(LONGEST, _LONGEST_IN_ALL) // 2**20} MiB")
        return data


def refuse_bomb(document: ZipDocument) -> None:
    """Raise ``NotText`` where a zip unpacks to more than a document has: for libraries that read it by themselves."""
    if document.size() > _LONGEST_IN_ALL:
        raise NotText(f"unpacks to more than {_LONGEST_IN_ALL // 2**20} MiB")

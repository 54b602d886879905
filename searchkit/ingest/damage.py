"""Damage: what stops the reading of a file becomes a problem of that file."""

from __future__ import annotations

from collections.abc import Iterator

from searchkit.errors import MissingExtra, SourceError, StorageError, broken_installation
from searchkit.ingest.charset import NotText
from searchkit.ingest.compression import DAMAGE, explain, is_of_writing, unwritable
from searchkit.ingest.file_kinds import NotArticle
from searchkit.types import Article, Problem

TOO_MUCH_MEMORY = "needs more memory than a file may take"

_LXML_WITHOUT_MEMORY = ("unknown error", "memory allocation failed", "out of memory", "cannot allocate", "no memory")
"""What releases of lxml say where libxml2 gets no memory: some raise no ``MemoryError``, and have lost the reason."""


def guarded(place: str, entries: Iterator[Article | Problem]) -> Iterator[Article | Problem]:
    """Pass entries on; what stops them early becomes their last problem.

    Raises ``MissingExtra`` and ``StorageError``, which every other file would meet too.
    """
    try:
        yield from entries
    except NotArticle as error:
        yield Problem(place=place, reason=str(error), lost=False)
    except Exception as error:
        yield Problem(place=place, reason=reason_of(error))


def reason_of(error: Exception) -> str:
    """Say why a file, or a page in it, can't be read.

    Raises ``MissingExtra`` and ``StorageError``, which every other file would meet too.
    """
    match error:
        case NotText():
            return str(error)
        case SourceError():
            return error.message
        case MissingExtra() | StorageError():  # neither is the file's fault, and the next would fail in the same way
            raise error
        case ImportError():  # every other file of this kind would fail in the same way
            raise broken_installation(error) from error
    if is_lack_of_memory(error):
        return TOO_MUCH_MEMORY
    if isinstance(error, DAMAGE):
        if isinstance(error, OSError) and is_of_writing(error):
            raise unwritable(error) from error
        return explain(error)
    # The libraries that take web pages and Markdown apart meet input nobody has thought of. One page lost, and
    # named, is better than an archive that can't be built.
    return f"can't be read: {type(error).__name__}: {error}"[:300]


def is_lack_of_memory(error: BaseException) -> bool:
    """Say whether there wasn't enough memory, whatever the library that needed it calls that."""
    if isinstance(error, MemoryError):
        return True
    return type(error).__module__.startswith("lxml") and str(error).casefold().startswith(_LXML_WITHOUT_MEMORY)

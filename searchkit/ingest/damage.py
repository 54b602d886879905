"""Damage: what stops the reading of a file becomes a problem of that file."""

from __future__ import annotations

from collections.abc import Iterator

from searchkit.errors import MissingExtra, SourceError, StorageError, broken_installation
from searchkit.ingest.charset import NotText
from searchkit.ingest.compression import DAMAGE, explain, is_of_writing, unwritable
from searchkit.ingest.file_kinds import NotArticle
from searchkit.types import Article, Problem


def guarded(place: str, entries: Iterator[Article | Problem]) -> Iterator[Article | Problem]:
    """Pass entries on; what stops them early becomes their last problem.

    Raises ``MissingExtra`` and ``StorageError``, which every other file would meet too.
    """
    try:
        yield from entries
    except NotArticle as error:
        yield Problem(place=place, reason=str(error), lost=False)
    except NotText as error:
        yield Problem(place=place, reason=str(error))
    except SourceError as error:
        yield Problem(place=place, reason=error.message)
    except (MissingExtra, StorageError):  # neither is the file's fault, and the next would fail in the same way
        raise
    except DAMAGE as error:
        if isinstance(error, OSError) and is_of_writing(error):
            raise unwritable(error) from error
        yield Problem(place=place, reason=explain(error))
    except ImportError as error:  # every other file of this kind would fail in the same way
        raise broken_installation(error) from error
    except Exception as error:
        # The libraries that take web pages and Markdown apart meet input nobody has thought of. One page lost, and
        # named, is better than an archive that can't be built.
        yield Problem(place=place, reason=f"can't be read: {type(error).__name__}: {error}"[:300])

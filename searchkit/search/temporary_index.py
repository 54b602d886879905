"""Temporary index: an index of some articles that goes when it is closed, for tests and for what is asked once.

It lies in a folder of the system's temporary files, as any other index does, so that it does all that an index does:
``searcher.info().path`` is where ``add``, ``update_fields`` and the others find it.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import partial
from inspect import isfunction
from pathlib import Path

from searchkit.config import IndexConfig, SearchConfig
from searchkit.encoders.function_encoder import FunctionEncoder
from searchkit.errors import StorageError
from searchkit.field_config import Declared
from searchkit.index.article_source import ArticleInputs
from searchkit.index.build import build
from searchkit.search.searcher import Searcher
from searchkit.types import EncodeFunction, Encoder, Reranker


def open_temporary(
    articles: ArticleInputs,
    *,
    config: IndexConfig | None = None,
    fields: Declared | None = None,
    search: SearchConfig | None = None,
    encoder: Encoder | EncodeFunction | None = None,
    reranker: Reranker | str | None = None,
) -> Searcher:
    """Build an index of some articles in a temporary folder and open it; closing it removes the folder.

    Where nobody closes it, the folder goes with the searcher, or at the end of the program.

    Args:
        articles: The articles, as for ``build``.
        config: What is baked into the index; None for the defaults.
        fields: What the index is told of its articles' own fields, as for ``build``.
        search: Settings of the searches; None for the defaults.
        encoder: The encoder, as for ``build``: a function will do, here also one without a name, a lambda.
        reranker: What looks again at the best chunks, as for ``open``.

    Returns:
        The searcher.

    Raises:
        SourceError: No article could be read.
        ConfigError: A setting, the encoder or the reranker can't be used.
        MissingExtra: The encoder isn't installed.
        VectorsInvalid: The encoder gave something else than a row of length 1 for each text.
        StorageError: The temporary folder can't be written.

    Example:
        >>> articles = [{"id": "a1", "title": "Cocoa", "text": "The price has doubled."}]
        >>> with searchkit.open_temporary(articles) as searcher:
        ...     searcher.search("cocoa").results[0].article.id
        'a1'
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="searchkit-"))
    except OSError as error:
        raise StorageError(f"No temporary folder can be made: {error.strerror}.", hint="Name one by TMPDIR.") from error
    remove = partial(shutil.rmtree, folder, ignore_errors=True)
    is_nameless = False
    if isfunction(encoder) and encoder.__name__ == "<lambda>":  # nobody has to know it again
        encoder, is_nameless = FunctionEncoder(encoder, name="lambda"), True
    try:
        build(folder / "index", articles, config=config, fields=fields, encoder=encoder, cache=not is_nameless)
        searcher = Searcher(folder / "index", config=search, encoder=encoder, reranker=reranker, on_close=remove)
    except BaseException:
        remove()
        raise
    weakref.finalize(searcher, remove)
    return searcher

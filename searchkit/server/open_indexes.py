"""Open indexes: the searchers of a worker, which follow new generations while requests go on in those before."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from searchkit.errors import QueryError, SearchkitError
from searchkit.search.searcher import Searcher, open_index
from searchkit.server.access import Access, Token
from searchkit.server.problem_details import NotFound
from searchkit.types import Encoder

_LOG = logging.getLogger("searchkit.server")


class OpenIndex:
    """One index that is served. Safe to share among threads."""

    def __init__(self, name: str, path: Path, encoder: Encoder | None) -> None:
        """Open it. Raises as ``searchkit.open`` does."""
        self.name, self.path = name, path
        self.searcher = open_index(path, encoder=encoder)
        self.problem = ""
        """Why the newest generation isn't the one that answers; "" where it is."""

    def warm(self) -> None:
        """Load what the first question would wait for. What fails here fails there with its own error."""
        with suppress(SearchkitError):
            self.searcher.search("warm", k=1)

    def follow(self) -> bool:
        """Go over to the generation in force; return False where it can't be opened."""
        try:
            if self.searcher.refresh():
                _LOG.info("index %s: generation %s answers", self.name, self.searcher.version)
        except SearchkitError as error:
            if str(error) != self.problem:
                _LOG.warning("index %s stays at generation %s: %s", self.name, self.searcher.version, error)
            self.problem = str(error)
            return False
        self.problem = ""
        return True


class OpenIndexes:
    """The indexes of a worker, by name."""

    def __init__(self, paths: Mapping[str, Path], encoder: Encoder | None = None) -> None:
        """Open them all, or none. Raises as ``searchkit.open`` does."""
        self._opened: OrderedDict[str, OpenIndex] = OrderedDict()
        with ExitStack() as stack:
            for name, path in paths.items():
                self._opened[name] = OpenIndex(name, path, encoder)
                stack.callback(self._opened[name].searcher.close)
            self._close = stack.pop_all().close

    def __iter__(self) -> Iterator[OpenIndex]:
        return iter(self._opened.values())

    def close(self) -> None:
        """Close them; requests that are going on end first."""
        self._close()

    def visible(self, access: Access) -> list[OpenIndex]:
        """Return those that somebody may ask."""
        return [opened for opened in self if access.admits(opened.name)]

    def named(self, name: str, access: Access) -> OpenIndex:
        """Return the index of a name. Raises ``NotFound`` where there is none, or none that may be asked."""
        opened = self._opened.get(name)
        if opened is None or not access.admits(name):
            known = ", ".join(each.name for each in self.visible(access))
            raise NotFound(f"No index is called '{name[:60]}' here.", hint=f"There are: {known}." if known else None)
        return opened

    @contextmanager
    def snapshot(self, name: str, access: Access) -> Iterator[Searcher]:
        """Hold the generation of an index that answers now: all that is asked within the block comes from it."""
        with self.named(name, access).searcher.snapshot() as snapshot:
            yield snapshot


def warn_of_filters(name: str, searcher: Searcher, tokens: Sequence[Token]) -> None:
    """Write into the log which tokens have a filter that can't be applied to an index: they are answered by errors."""
    for access in (token.access for token in tokens):
        if access.where is None or not access.admits(name):
            continue
        try:
            searcher.count(where=access.where)
        except QueryError as error:
            _LOG.warning(
                "The 'where' of the token '%s' can't be applied to the index '%s': %s", access.name, name, error
            )

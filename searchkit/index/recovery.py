"""Recovery: the articles and settings that a rebuild can use of an index, whole or damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from searchkit.config import ReadConfig
from searchkit.errors import FormatTooOld, IndexCorrupt, SourceError
from searchkit.index.article_source import SourceItem, is_without_file
from searchkit.index.deletions import read_rows
from searchkit.index.embedding_source import whole_articles
from searchkit.index.garbage import numbered
from searchkit.index.generation import Generation, open_generation
from searchkit.index.manifest import Corpus, Manifest, manifest_in_force, publish, read_manifest
from searchkit.index.paths import IndexPaths
from searchkit.ingest import read as read_places
from searchkit.ingest.article_reader import ReadFiles
from searchkit.ingest.discover import find
from searchkit.storage import files
from searchkit.types import Article, Progress

_HINT = (
    "The articles stored there are lost: run 'searchkit rebuild PLACE... --index PATH' with the places of the articles,"
    " 'searchkit rollback --index PATH', or 'searchkit restore BACKUP --index PATH'."
)


@dataclass(frozen=True, slots=True)
class Salvage:
    """The articles of a damaged generation: each file is held against its digest before anything of it is used."""

    paths: IndexPaths
    manifest: Manifest

    def living_articles(self, *, of_known_origin: bool = False) -> Iterator[Article]:
        """Yield every article that isn't deleted. Raises ``IndexCorrupt`` where some can't be told any more.

        ``of_known_origin`` is as for a ``Generation``.
        """
        for fact in self.manifest.segments:
            try:
                articles = whole_articles(self.paths, fact)
            except IndexCorrupt as error:
                raise IndexCorrupt(error.message, hint=_HINT) from error
            with articles:
                if of_known_origin and articles.is_of_first_form:
                    continue
                starts = articles.starts(fact.articles, fact.chunks)
                for row in np.flatnonzero(~read_rows(self.paths, fact)[starts[:-1]]):
                    yield articles.stored(int(row)).article


_NOTHING_TAKEN = "The default settings were used, and no article or vector was taken from the index."


def readable_manifest(paths: IndexPaths, notes: list[str], *, needed: bool) -> Manifest | None:
    """Read the manifest in force; None, with a note, where it can't be and isn't needed."""
    try:
        return manifest_in_force(paths)
    except (IndexCorrupt, FormatTooOld) as error:
        if needed:
            raise
        if not notes:  # mend_current has told already that nothing can be read
            notes.append(f"{error.message} {_NOTHING_TAKEN}")
        return None


def readable_parent(
    paths: IndexPaths, stack: ExitStack, manifest: Manifest | None, notes: list[str]
) -> Generation | Salvage | None:
    """Open the generation in force for its articles and vectors; a damaged one is what a rebuild is for."""
    try:
        return stack.enter_context(open_generation(paths.root))
    except (IndexCorrupt, FormatTooOld) as error:
        if manifest is None:
            return None
        notes.append(f"{error.message} What of the rest is whole was used.")
        return Salvage(paths, manifest)


def mend_current(paths: IndexPaths, notes: list[str], *, needed: bool) -> None:
    """Put the latest generation in force that can be read, where CURRENT or the manifest it names is lost.

    Raises ``IndexCorrupt`` where none can be read, and one is needed to know where the articles are.
    """
    try:
        manifest_in_force(paths)
        return
    except FormatTooOld:
        return
    except IndexCorrupt as error:
        for path in reversed(numbered(paths.generations, ".json")):
            with suppress(IndexCorrupt, FormatTooOld):
                read_manifest(paths, int(path.stem))
                publish(paths, int(path.stem))
                notes.append(f"{error.message} Generation {int(path.stem)} was put in force again.")
                if (last := int(numbered(paths.generations, ".json")[-1].stem)) > int(path.stem):
                    notes.append(
                        f"Articles that only generation {last} had aren't in it, unless they are still at their places;"
                        " its files stay until 'searchkit gc' removes them."
                    )
                return
        if needed:
            raise IndexCorrupt(
                error.message,
                hint=f"Run 'searchkit rebuild PLACE... --index {paths.quoted}' with the places of the articles.",
            ) from error
        notes.append(f"{error.message} {_NOTHING_TAKEN}")
        files.remove(paths.current)


def _unreadable(places: Sequence[str]) -> list[str]:
    """Return the places that aren't there any more."""
    gone = []
    for place in places:
        try:
            find([place])
        except SourceError:
            gone.append(place)
    return gone


def _without_file(parent: Generation | Salvage, notes: list[str]) -> Iterator[Article]:
    """Yield the articles that a program or standard input brought: no place has them, the index alone."""
    try:
        for article in parent.living_articles(of_known_origin=True):
            if article.origin is None or is_without_file(article.origin.path):
                yield article
    except IndexCorrupt as error:
        notes.append(f"{error.message} Articles in it that came from a program or standard input are lost.")


def remembered(
    manifest: Manifest | None,
    parent: Generation | Salvage | None,
    read: ReadConfig | None,
    notes: list[str],
    progress: Progress | None,
    memory: ReadFiles | None = None,
    jobs: int | None = None,
) -> tuple[Iterable[SourceItem], Corpus | None]:
    """Find the articles of an index again: at its places, or stored in it."""
    corpus = manifest.corpus if manifest else None
    if corpus is not None and read is not None:
        corpus = replace(corpus, read=read)
    if corpus is not None and not (gone := _unreadable(corpus.places)):
        notes.append(f"Read again from {', '.join(corpus.places)}.")
        read_again = read_places(corpus.places, corpus.read, progress=progress, memory=memory, jobs=jobs)
        return (read_again if parent is None else chain(_without_file(parent, notes), read_again)), corpus
    why = f"{gone[0]} can't be read again" if corpus is not None else "the index remembers no places"
    if parent is None:
        raise IndexCorrupt(
            f"The articles stored in the index can't be read, and {why}.",
            hint="Run 'searchkit rebuild PLACE... --index PATH' with the places of the articles.",
        )
    notes.append(f"Made from the articles stored in the index: {why}.")
    return parent.living_articles(), corpus

"""Here is an index, whole or damaged; what of it can a rebuild use? Its articles, its vectors and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import chain

from searchkit.config import ReadConfig
from searchkit.errors import FormatTooOld, IndexCorrupt, SourceError
from searchkit.index.corpus import is_without_file
from searchkit.index.current import manifest_in_force, publish
from searchkit.index.encoding import FindVectors
from searchkit.index.facts import Corpus, Manifest
from searchkit.index.intake import Given
from searchkit.index.manifest import read_manifest
from searchkit.index.paths import IndexPaths
from searchkit.index.reader import Generation, open_generation
from searchkit.index.salvage import Salvage
from searchkit.index.sweeping import numbered
from searchkit.ingest import read as read_places
from searchkit.ingest.article_reader import Memory
from searchkit.ingest.discover import find
from searchkit.storage import files
from searchkit.types import Article, Progress

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
        return stack.enter_context(Salvage(paths, manifest))


def vectors_before(paths: IndexPaths, manifest: Manifest, stack: ExitStack, notes: list[str]) -> FindVectors:
    """Return the vectors of the generation before, each file held against its digest: damage must not be inherited."""
    salvage = stack.enter_context(Salvage(paths, manifest)).learn_all()
    notes.extend(salvage.notes)
    return salvage


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
    memory: Memory | None = None,
) -> tuple[Iterable[Given], Corpus | None]:
    """Find the articles of an index again: at its places, or stored in it."""
    corpus = manifest.corpus if manifest else None
    if corpus is not None and read is not None:
        corpus = replace(corpus, read=read)
    if corpus is not None and not (gone := _unreadable(corpus.places)):
        notes.append(f"Read again from {', '.join(corpus.places)}.")
        read_again = read_places(corpus.places, corpus.read, progress=progress, memory=memory)
        return (read_again if parent is None else chain(_without_file(parent, notes), read_again)), corpus
    why = f"{gone[0]} can't be read again" if corpus is not None else "the index remembers no places"
    if parent is None:
        raise IndexCorrupt(
            f"The articles stored in the index can't be read, and {why}.",
            hint="Run 'searchkit rebuild PLACE... --index PATH' with the places of the articles.",
        )
    notes.append(f"Made from the articles stored in the index: {why}.")
    return parent.living_articles(), corpus

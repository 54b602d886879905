"""Here are articles; how do they become an index, or all of its next generation? Build and rebuild."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from searchkit.config import IndexConfig, ReadConfig
from searchkit.encoders import load_encoder
from searchkit.errors import (
    ConfigError,
    FormatTooOld,
    IndexCorrupt,
    IndexExists,
    IndexNotFound,
    SourceError,
)
from searchkit.index import files
from searchkit.index.catalog import is_index
from searchkit.index.corpus import Handed, corpus_of, given_of
from searchkit.index.draft import Draft
from searchkit.index.intake import Given, Intake
from searchkit.index.known import nothing_known
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import Corpus, EncoderFact, Manifest, current_generation, publish, read_manifest
from searchkit.index.paths import IndexPaths, is_hidden_name
from searchkit.index.reader import Generation, open_generation
from searchkit.index.salvage import Salvage
from searchkit.index.segment import FindVectors
from searchkit.index.sweeping import numbered
from searchkit.ingest import read as read_places
from searchkit.ingest.discover import find
from searchkit.types import BuildReport, Encoder, Progress


def build(
    index: str | Path,
    articles: Handed | None = None,
    *,
    places: Sequence[str | Path] = (),
    config: IndexConfig | None = None,
    read: ReadConfig | None = None,
    encoder: Encoder | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Build a new index from articles, or from the articles at places; exactly one of the two is given.

    ``encoder`` is used instead of loading ``config.encoder``. With ``strict`` the first article that can't be read
    stops the build. Raises ``IndexExists``, ``SourceError`` (also where no article is found at all), ``IndexLocked``,
    ``StorageError``, ``MissingExtra``. Whatever is raised, no half index is left.
    """
    started = time.monotonic()
    paths = IndexPaths(Path(index))
    refuse_existing(paths)
    corpus = corpus_of(articles, places, read)
    encoder = encoder or load_encoder((config or IndexConfig()).encoder)
    config = replace(config or IndexConfig(), encoder=encoder.name)
    fact = _fact_of(encoder)
    intake = Intake(strict=strict)
    created = not paths.root.exists()
    files.make_folder(paths.root)
    with writer_lock(paths.lock, "build"):
        try:
            with Draft(paths, None, config, fact, progress) as draft:
                refuse_existing(paths)
                draft.add(intake.articles(given_of(articles, corpus, progress)), encoder, nothing_known)
                _refuse_empty(draft, intake, places)
                manifest = draft.publish(corpus)
        except BaseException:
            # While the lock is held: without it the folder may be another writer's by now.
            if created and not paths.current.exists():
                files.remove(paths.root)
            raise
    return draft.report(manifest, intake, started)


def rebuild(
    index: str | Path,
    articles: Handed | None = None,
    *,
    places: Sequence[str | Path] = (),
    config: IndexConfig | None = None,
    read: ReadConfig | None = None,
    encoder: Encoder | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Make an index's next generation from scratch, while searches go on in the one before.

    From ``articles`` or ``places`` where given, else from the corpus that the index remembers, else, where that is gone
    or articles were handed over by a program, from the articles stored in the index; the report's notes say which.
    Vectors of texts that the generation before has, from the same encoder, aren't computed again. Raises as ``build``
    does, and ``IndexNotFound``, ``IndexCorrupt``.
    """
    started = time.monotonic()
    paths = IndexPaths(Path(index))
    if not is_index(paths.root):
        raise IndexNotFound(f"There is no index at {paths.root}.")
    given = corpus_of(articles, places, read) if articles is not None or places else None
    intake = Intake(strict=strict)
    notes: list[str] = []
    with writer_lock(paths.lock, "rebuild"), ExitStack() as stack:
        _mend_current(paths, notes, needed=given is None and articles is None)
        manifest = _readable_manifest(paths, notes, needed=given is None and articles is None)
        config = config or (manifest.config if manifest else IndexConfig())
        encoder = encoder or load_encoder(config.encoder)
        config = replace(config, encoder=encoder.name)
        parent = _readable_parent(paths, stack, manifest, notes)
        source: Iterable[Given]
        if articles is not None or given is not None:
            source, corpus = given_of(articles, given, progress), given
        else:
            source, corpus = _remembered(manifest, parent, read, notes, progress)
        same = manifest is not None and manifest.encoder.fingerprint == encoder.fingerprint
        known = nothing_known if manifest is None or not same else _known(paths, manifest, stack, notes)
        draft = stack.enter_context(Draft(paths, None, config, _fact_of(encoder), progress))
        draft.add(intake.articles(source), encoder, known)
        _refuse_empty(draft, intake, corpus.places if corpus else ())
        made = draft.publish(corpus)
    return draft.report(made, intake, started, notes)


def refuse_existing(paths: IndexPaths) -> None:
    """Raise ``IndexExists`` for an index, ``ConfigError`` for a folder of something else.

    What a build leaves that was killed before it published is neither: at most the manifest of generation 1.
    """
    if not paths.root.exists():
        return
    if not paths.root.is_dir():
        raise ConfigError(f"{paths.root} is a file.", hint="Name a folder that isn't there yet with --index.")
    if paths.current.exists() or any(path.stem > "000001" for path in paths.generations.glob("[0-9]*.json")):
        raise IndexExists(
            f"There is an index at {paths.root} already.",
            hint=f"Run 'searchkit rebuild --index {paths.root}' to make its next generation, 'searchkit add' to add"
            " to it, or choose another folder.",
        )
    ours = {paths.lock.name, paths.segments.name, paths.generations.name, paths.deletions.name}
    foreign = sorted(
        path.name for path in paths.root.iterdir() if path.name not in ours and not is_hidden_name(path.name)
    )
    if foreign:
        raise ConfigError(
            f"{paths.root} isn't empty (it holds '{foreign[0]}') and isn't an index.",
            hint="Name an empty folder, or one that isn't there yet, with --index.",
        )


def _fact_of(encoder: Encoder) -> EncoderFact:
    return EncoderFact(name=encoder.name, fingerprint=encoder.fingerprint, dimension=encoder.dimension)


def _refuse_empty(draft: Draft, intake: Intake, places: Sequence[str | Path]) -> None:
    if draft.articles:
        return
    where = f" at {', '.join(map(str, places))}" if places else ""
    first = f" The first of {len(intake.problems)} problems: {intake.problems[0]}." if intake.problems else ""
    raise SourceError(
        f"No article was found{where}.{first}",
        hint="Name a file or folder of text, Markdown, HTML, JSONL or CSV articles.",
    )


def _readable_manifest(paths: IndexPaths, notes: list[str], *, needed: bool) -> Manifest | None:
    try:
        return read_manifest(paths, current_generation(paths))
    except (IndexCorrupt, FormatTooOld) as error:
        if needed:
            raise
        notes.append(f"{error.message} The default settings were used.")
        return None


def _readable_parent(
    paths: IndexPaths, stack: ExitStack, manifest: Manifest | None, notes: list[str]
) -> Generation | Salvage | None:
    """Open the generation in force for its articles and vectors; a damaged one is what a rebuild is for."""
    try:
        return stack.enter_context(open_generation(paths.root))
    except (IndexCorrupt, FormatTooOld) as error:
        if manifest is None:
            notes.append(f"{error.message} All vectors were computed anew.")
            return None
        notes.append(f"{error.message} What of the rest is whole was used.")
        return stack.enter_context(Salvage(paths, manifest))


def _known(paths: IndexPaths, manifest: Manifest, stack: ExitStack, notes: list[str]) -> FindVectors:
    """Return the vectors of the generation before, each file held against its digest: damage must not be inherited."""
    salvage = stack.enter_context(Salvage(paths, manifest)).learn_all()
    notes.extend(salvage.notes)
    return salvage


def _mend_current(paths: IndexPaths, notes: list[str], *, needed: bool) -> None:
    """Put the latest generation in force that can be read, where CURRENT or the manifest it names is lost.

    Raises ``IndexCorrupt`` where none can be read, and one is needed to know where the articles are.
    """
    try:
        read_manifest(paths, current_generation(paths))
        return
    except FormatTooOld:
        return
    except IndexCorrupt as error:
        for path in reversed(numbered(paths.generations, ".json")):
            with suppress(IndexCorrupt, FormatTooOld):
                read_manifest(paths, int(path.stem))
                publish(paths, int(path.stem))
                notes.append(f"{error.message} Generation {int(path.stem)} was put in force again.")
                return
        if needed:
            raise IndexCorrupt(
                error.message,
                hint=f"Run 'searchkit rebuild PLACE... --index {paths.root}' with the places of the articles.",
            ) from error
        notes.append(error.message)
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


def _remembered(
    manifest: Manifest | None,
    parent: Generation | Salvage | None,
    read: ReadConfig | None,
    notes: list[str],
    progress: Progress | None,
) -> tuple[Iterable[Given], Corpus | None]:
    """Find the articles of an index again: at its places, or stored in it."""
    corpus = manifest.corpus if manifest else None
    if corpus is not None and read is not None:
        corpus = replace(corpus, read=read)
    if corpus is not None and not (gone := _unreadable(corpus.places)):
        notes.append(f"Read again from {', '.join(corpus.places)}.")
        return read_places(corpus.places, corpus.read, progress=progress), corpus
    why = f"{gone[0]} can't be read again" if corpus is not None else "the index remembers no places"
    if parent is None:
        raise IndexCorrupt(
            f"The articles stored in the index can't be read, and {why}.",
            hint="Run 'searchkit rebuild PLACE... --index PATH' with the places of the articles.",
        )
    notes.append(f"Made from the articles stored in the index: {why}.")
    return parent.living_articles(), corpus

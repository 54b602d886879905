"""Here are articles; how do they become an index, or its next generation? Build, add and rebuild."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from searchkit.config import IndexConfig, ReadConfig
from searchkit.encoders import load_encoder
from searchkit.errors import (
    ConfigError,
    EncoderMismatch,
    FormatTooOld,
    IndexCorrupt,
    IndexExists,
    SourceError,
)
from searchkit.index import files
from searchkit.index.draft import Draft
from searchkit.index.intake import Given, Intake
from searchkit.index.known import KnownVectors, nothing_known
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import Corpus, EncoderFact, Manifest, current_generation, read_manifest
from searchkit.index.paths import IndexPaths, is_hidden_name
from searchkit.index.reader import Generation, open_generation
from searchkit.ingest import read as read_places
from searchkit.ingest.discover import find
from searchkit.types import Article, BuildReport, Encoder, Problem, Progress

Handed = Iterable[Article | Mapping[str, Any]]
"""Articles from a program: records, or dicts with the keys that JSONL has."""


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
    _refuse_existing(paths)
    corpus = _corpus(articles, places, read)
    encoder = encoder or load_encoder((config or IndexConfig()).encoder)
    config = replace(config or IndexConfig(), encoder=encoder.name)
    intake = Intake(strict=strict)
    created = not paths.root.exists()
    files.make_folder(paths.root)
    try:
        with writer_lock(paths.lock, "build"), Draft(paths, None, config, encoder, nothing_known, progress) as draft:
            _refuse_existing(paths)
            draft.sweep()
            draft.add(intake.articles(_given(articles, corpus, progress)))
            _refuse_empty(draft, intake, places)
            manifest = draft.publish(corpus)
    except BaseException:
        if created and not paths.current.exists():
            files.remove(paths.root)
        raise
    return draft.report(manifest, intake, started)


def add(
    index: str | Path,
    articles: Handed | None = None,
    *,
    places: Sequence[str | Path] = (),
    read: ReadConfig | None = None,
    encoder: Encoder | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Add articles to an index; one whose id is there replaces it, one that hasn't changed costs nothing.

    Raises as ``build`` does, and ``IndexNotFound``, ``IndexCorrupt``, ``EncoderMismatch``.
    """
    started = time.monotonic()
    paths = IndexPaths(Path(index))
    current_generation(paths)
    corpus = _corpus(articles, places, read)
    intake = Intake(strict=strict)
    with writer_lock(paths.lock, "add"), open_generation(paths.root) as parent:
        manifest = parent.manifest
        encoder = encoder or load_encoder(manifest.encoder.name)
        _refuse_other(encoder, manifest.encoder, paths)
        fresh = list(_changed(parent, intake.articles(_given(articles, corpus, progress))))
        known = KnownVectors(parent, [article.id for article in fresh])
        with Draft(paths, parent, manifest.config, encoder, known, progress) as draft:
            draft.sweep()
            draft.add(fresh)
            if draft.articles:
                manifest = draft.publish(_joined(manifest.corpus, corpus))
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
    current_generation(paths)
    given = _corpus(articles, places, read) if articles is not None or places else None
    intake = Intake(strict=strict)
    notes: list[str] = []
    with writer_lock(paths.lock, "rebuild"), ExitStack() as stack:
        manifest = _readable_manifest(paths, notes, needed=given is None and articles is None)
        config = config or (manifest.config if manifest else IndexConfig())
        encoder = encoder or load_encoder(config.encoder)
        config = replace(config, encoder=encoder.name)
        parent = _readable_parent(paths, stack, notes)
        source: Iterable[Given]
        if articles is not None or given is not None:
            source, corpus = _given(articles, given, progress), given
        else:
            source, corpus = _remembered(manifest, parent, read, notes, progress)
        same = parent is not None and parent.manifest.encoder.fingerprint == encoder.fingerprint
        known = KnownVectors(parent) if parent is not None and same else nothing_known
        draft = stack.enter_context(Draft(paths, None, config, encoder, known, progress))
        draft.sweep()
        draft.add(intake.articles(source))
        _refuse_empty(draft, intake, corpus.places if corpus else ())
        made = draft.publish(corpus)
    return draft.report(made, intake, started, tuple(notes))


def _refuse_existing(paths: IndexPaths) -> None:
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


def _refuse_other(encoder: Encoder, fact: EncoderFact, paths: IndexPaths) -> None:
    if encoder.fingerprint != fact.fingerprint:
        raise EncoderMismatch(
            f"The vectors of {paths.root} were made by '{fact.name}' ({fact.fingerprint[:12]}), not by"
            f" '{encoder.name}' as it is here ({encoder.fingerprint[:12]})."
        )


def _refuse_empty(draft: Draft, intake: Intake, places: Sequence[str | Path]) -> None:
    if draft.articles:
        return
    where = f" at {', '.join(map(str, places))}" if places else ""
    first = f" The first of {len(intake.problems)} problems: {intake.problems[0]}." if intake.problems else ""
    raise SourceError(
        f"No article was found{where}.{first}",
        hint="Name a file or folder of text, Markdown, HTML, JSONL or CSV articles.",
    )


def _corpus(articles: Handed | None, places: Sequence[str | Path], read: ReadConfig | None) -> Corpus | None:
    """Name what a rebuild can read again: places other than standard input. Raises ``ConfigError``, ``SourceError``."""
    if (articles is None) == (not places):
        raise ConfigError("Either articles or places are needed.", hint="Give one of the two.")
    if articles is not None:
        return None
    return Corpus(
        places=tuple(str(place) if str(place) == "-" else str(Path(place).expanduser().absolute()) for place in places),
        read=read or ReadConfig(),
    )


def _given(articles: Handed | None, corpus: Corpus | None, progress: Progress | None) -> Iterable[Given]:
    if articles is not None:
        return articles
    return read_places(corpus.places, corpus.read, progress=progress) if corpus else ()


def _joined(old: Corpus | None, new: Corpus | None) -> Corpus | None:
    """Remember the places of both; where one can't be read again, or they are read differently, none."""
    if old is None or new is None or old.read != new.read:
        return None
    return replace(old, places=tuple(dict.fromkeys((*old.places, *new.places))))


def _changed(parent: Generation, articles: Iterable[Article]) -> Iterator[Article]:
    """Yield the articles that the generation doesn't hold as they are."""
    for article in articles:
        found = parent.find_article(article.id)
        if found is None or found[0] != article:
            yield article


def _readable_manifest(paths: IndexPaths, notes: list[str], *, needed: bool) -> Manifest | None:
    try:
        return read_manifest(paths, current_generation(paths))
    except (IndexCorrupt, FormatTooOld) as error:
        if needed:
            raise
        notes.append(f"{error.message} The default settings were used.")
        return None


def _readable_parent(paths: IndexPaths, stack: ExitStack, notes: list[str]) -> Generation | None:
    """Open the generation in force for its vectors; a damaged one is what a rebuild is for."""
    try:
        return stack.enter_context(open_generation(paths.root))
    except (IndexCorrupt, FormatTooOld) as error:
        notes.append(f"{error.message} All vectors were computed anew.")
        return None


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
    parent: Generation | None,
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


__all__ = ["Problem", "add", "build", "rebuild"]

"""Add, update, delete and compact: what today's articles change in an index.

Articles are compared by the digest of their whole content. What hasn't changed costs a look at it; what has changed
costs the encoding of the chunks whose text is new.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from shlex import quote

from searchkit.config import ReadConfig
from searchkit.encoders.encoder_checks import check_encoder
from searchkit.encoders.function_encoder import as_encoder
from searchkit.errors import ConfigError, EncoderMismatch, SourceError
from searchkit.field_config import Declared
from searchkit.filter_expression import Conditions, filter_expression
from searchkit.index.article_comparison import ArticleComparison
from searchkit.index.article_source import (
    ArticleInputs,
    ArticleIntake,
    buffered,
    corpus_of,
    is_without_file,
    joined,
    left_out,
    places_read,
    rereadable,
    source_items,
)
from searchkit.index.bundled_encoder import encoder_of
from searchkit.index.declared_fields import refuse_other_fields
from searchkit.index.embedding_source import KnownVectors
from searchkit.index.file_states import FileStates
from searchkit.index.generation import Generation, SegmentVectors, check_fields, open_generation
from searchkit.index.generation_writer import GenerationWriter
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import Corpus, EncoderFact, Manifest, check_rules, current_generation
from searchkit.index.paths import IndexPaths
from searchkit.index.segment_writer import BATCH_CHARACTERS
from searchkit.ingest import read as read_places
from searchkit.ingest.dates import now_in
from searchkit.ingest.discover import address_of, fixed_part, matches_nothing
from searchkit.keyword.query.filter_values import dated_expression
from searchkit.types import Article, BuildReport, EncodeFunction, Encoder, Problem, Progress, Say, Where

PRUNE_LIMIT = 0.5
"""More than this share of an index vanishes by a wrong path or an empty disk more often than by intent."""


def add(
    index: str | Path,
    articles: ArticleInputs | None = None,
    *,
    places: Sequence[str | Path] = (),
    fields: Declared | None = None,
    read: ReadConfig | None = None,
    encoder: Encoder | EncodeFunction | None = None,
    strict: bool = False,
    cache: bool = True,
    jobs: int | None = None,
    lock_timeout_s: float = 0.0,
    progress: Progress | None = None,
) -> BuildReport:
    """Add articles to an index. An article whose id is there replaces it; one that hasn't changed costs nothing.

    Args:
        index: The folder of the index.
        articles: The articles, as in ``build``. Exactly one of ``articles`` and ``places`` is given.
        places: Where to read the articles, as in ``build``. The index remembers them beside those it has.
        fields: What the caller takes the index's fields to be (``build``); None for what they are.
        read: How the places are read; None for the defaults.
        encoder: The encoder that made the index's vectors, instead of loading it.
        strict: Whether the first article that can't be read stops it. Otherwise it is counted and named in the report.
        cache: Whether the user's cache of vectors is used, as in ``build``.
        jobs: How many processes read pages and cut articles into chunks, as in ``build``.
        lock_timeout_s: How many seconds to wait while another writer is at work.
        progress: Told ``(stage, done, total)``, as in ``build``; None: nobody is told.

    Returns:
        What was written, how many were new, changed and unchanged, and what was lost.

    Raises:
        IndexNotFound: There is no index in the folder.
        IndexCorrupt: A file of the index is damaged.
        FormatTooOld: The index has a format or rules of before; ``rebuild`` brings it up to date.
        FormatTooNew: A later version wrote the index.
        EncoderMismatch: The encoder isn't the one that made the index's vectors.
        SourceError: A place doesn't exist, every article was lost, or, with ``strict``, an article can't be read.
        ConfigError: Both or neither of ``articles`` and ``places`` are given, the index was built with other
            ``fields``, or an argument can't be used.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        MissingExtra: The encoder, or a package that a format needs, isn't installed.
        VectorsInvalid: The encoder gave something else than a row of length 1 for each text.
        StorageError: The disk is full, or can't be written.
        BackendError: A process that cuts articles was killed.

    Example:
        >>> article = {"id": "a3", "title": "Football", "text": "The Vinotinto lost again."}
        >>> searchkit.add("indexes/news", [article]).new
        1
        >>> searchkit.add("indexes/news", [article]).unchanged
        1
    """
    started = time.monotonic()
    encoder = as_encoder(encoder)
    check_encoder(encoder)
    paths = IndexPaths(Path(index))
    current_generation(paths)
    corpus = corpus_of(articles, places, read)
    with writer_lock(paths.lock, "add", lock_timeout_s), open_generation(paths.root) as parent:
        manifest = parent.manifest
        refuse_other_fields(paths.root, manifest.config, fields)
        intake = ArticleIntake(strict=strict, read=_read_by(corpus), declared=manifest.config.fields)
        states = FileStates(paths, parent, _read_by(corpus), keeps=True, remembered=manifest.corpus)
        compared = ArticleComparison(
            parent, lambda article_id: parent.held([article_id]).get(article_id), states, intake
        )
        with _draft(paths, parent, progress, cache=cache, jobs=jobs) as draft:
            incoming = intake.articles(source_items(articles, corpus, progress, states, jobs))
            _write(paths, draft, compared.different(incoming), manifest, encoder, compared.known)
            if intake.lost and not compared.seen:
                raise SourceError(f"No article could be read. The first problem: {intake.problems[0]}.")
            if draft.articles:
                manifest = draft.publish(joined(manifest.corpus, corpus))
            draft.forget()
        states.save(paths, compared.seen)
    return compared.counted(draft.report(manifest, intake, started, compared.notes))


def update(
    index: str | Path,
    articles: ArticleInputs | None = None,
    *,
    places: Sequence[str | Path] = (),
    fields: Declared | None = None,
    read: ReadConfig | None = None,
    prune: bool = False,
    prune_limit: float = PRUNE_LIMIT,
    checksum: bool = False,
    encoder: Encoder | EncodeFunction | None = None,
    strict: bool = False,
    cache: bool = True,
    jobs: int | None = None,
    say: Say | None = None,
    lock_timeout_s: float = 0.0,
    progress: Progress | None = None,
) -> BuildReport:
    """Bring an index in line with articles, with places, or with the places that it remembers.

    What is new is added, what has changed is replaced. Vectors that are still to be made are made.

    Args:
        index: The folder of the index.
        articles: The articles, as in ``build``. Without ``articles`` and ``places``, those that the index remembers are
            read.
        places: Where to read the articles, as in ``build``.
        fields: What the caller takes the index's fields to be (``build``); None for what they are.
        read: How the places are read; None for how the remembered ones were read before, or for the defaults.
        prune: Whether articles that have vanished are deleted, after ``say`` was told how many. Nothing is pruned, and
            a note says so, where an article couldn't be read: it may be the one that seems to have vanished.
        prune_limit: The share of the index that may vanish by it, 0 to 1. Where it is more, nothing is changed.
        checksum: Whether every file is read. Without, a file isn't read whose size, time of change and inode are those
            of the last reading.
        encoder: The encoder that made the index's vectors, instead of loading it.
        strict: Whether the first article that can't be read stops it. Otherwise it is counted and named in the report.
        cache: Whether the user's cache of vectors is used, as in ``build``.
        jobs: How many processes read pages and cut articles into chunks, as in ``build``.
        say: Told a sentence for the user where there is something to say; None: nobody is told.
        lock_timeout_s: How many seconds to wait while another writer is at work.
        progress: Told ``(stage, done, total)``, as in ``build``; None: nobody is told.

    Returns:
        How many articles were new, changed, unchanged, vanished and deleted, and what was lost.

    Raises:
        ConfigError: The index remembers no places and none are given; more than ``prune_limit`` has vanished; the index
            should be pruned by a part of the places that it was made from; it was built with other ``fields``; or an
            argument can't be used.
        IndexNotFound: There is no index in the folder.
        IndexCorrupt: A file of the index is damaged.
        FormatTooOld: The index has a format or rules of before; ``rebuild`` brings it up to date.
        FormatTooNew: A later version wrote the index.
        EncoderMismatch: The encoder isn't the one that made the index's vectors.
        SourceError: A place doesn't exist, or, with ``strict``, an article can't be read.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        MissingExtra: The encoder, or a package that a format needs, isn't installed.
        VectorsInvalid: The encoder gave something else than a row of length 1 for each text.
        StorageError: The disk is full, or can't be written.
        BackendError: A process that cuts articles was killed.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("articles/strike.txt").write_text("No ferries run today.")
        >>> report = searchkit.update("indexes/news")
        >>> report.new, report.unchanged
        (1, 4)
        >>> Path("articles/strike.txt").unlink()
        >>> searchkit.update("indexes/news", prune=True).deleted
        1
    """
    started = time.monotonic()
    encoder = as_encoder(encoder)
    check_encoder(encoder)
    paths = IndexPaths(Path(index))
    current_generation(paths)
    new_corpus = corpus_of(articles, places, read) if articles is not None or places else None
    notes: list[str] = []
    with writer_lock(paths.lock, "update", lock_timeout_s), open_generation(paths.root) as parent:
        manifest = parent.manifest
        refuse_other_fields(paths.root, manifest.config, fields)
        corpus = new_corpus if articles is not None or new_corpus else _remembered(manifest, read)
        intake = ArticleIntake(strict=strict, read=_read_by(corpus), declared=manifest.config.fields)
        missing = left_out(manifest.corpus, corpus)
        if prune and missing:
            raise ConfigError(
                f"The index was also made from {missing[0]}: what isn't at the places named may be there.",
                hint=f"Run 'searchkit update --prune --index {paths.quoted}' without places, or name all of them.",
            )
        held = parent.held(None)
        states = FileStates(
            paths,
            parent,
            _read_by(corpus),
            keeps=True,
            remembered=manifest.corpus,
            held=None if checksum else held,
        )
        compared = ArticleComparison(parent, held.get, states, intake, corpus)
        source = source_items(articles, corpus, progress, states, jobs)
        compared.seen.update((id_, "unchanged") for id_, article in held.items() if article.path in states.skipped)
        with _draft(paths, parent, progress, cache=cache, jobs=jobs) as draft:
            fresh = compared.different(intake.articles(source))
            if prune:
                checked = chain(fresh, _check_vanished(compared, held, intake, prune_limit, paths, places))
                fresh = buffered(checked, BATCH_CHARACTERS)
            _write(paths, draft, fresh, manifest, encoder, compared.known)
            vanished, elsewhere = ([], 0) if missing else compared.vanished(held)
            if elsewhere:
                notes.append(f"{elsewhere:,} articles stay: their files are elsewhere than at the places named.")
            if missing:
                notes.append(f"What vanished wasn't counted: the index was also made from {', '.join(missing)}.")
            if prune and vanished and (lost := _lost_of(vanished, held, intake)):
                notes.append(f"Nothing was pruned: {lost} of the articles couldn't be read.")
            elif prune and vanished:
                if say is not None:
                    say(f"Removing {len(vanished):,} of {len(held):,} articles: they have vanished from their places.")
                draft.delete(vanished)
            if manifest.vectors < manifest.chunks:
                encoder = encoder or encoder_of(paths, manifest)
                _refuse_other(encoder, manifest.encoder)
                draft.complete(encoder, compared.known)
            if draft.articles or draft.deleting or draft.completing:
                whole = rereadable(corpus) if (prune and not elsewhere) or new_corpus is None else None
                manifest = draft.publish(whole or joined(manifest.corpus, corpus))
            draft.forget()
        states.save(paths, compared.seen)
        notes.extend(compared.notes)
    return replace(compared.counted(draft.report(manifest, intake, started, notes)), vanished=len(vanished))


def update_files(
    index: str | Path,
    places: Sequence[str | Path],
    *,
    changed: Collection[str] | None = None,
    read: ReadConfig | None = None,
    prune: bool = True,
    prune_limit: float = PRUNE_LIMIT,
    encoder: Encoder | EncodeFunction | None = None,
    cache: bool = True,
    jobs: int | None = None,
    lock_timeout_s: float = 0.0,
    progress: Progress | None = None,
) -> BuildReport:
    """Bring an index in line with some files of places, at the cost of those files alone: ``watch`` does it.

    An article goes that its file hasn't got any more, and with its file; one of a file that can't be read stays. The
    index remembers the places.

    Args:
        index: The folder of the index.
        places: Files, folders and globs; a glob may match nothing as yet.
        changed: The absolute paths of the files and folders that may have changed; None looks at all.
        read: How the places are read; None for the defaults.
        prune: Whether articles go that have vanished.
        prune_limit: The share of the index that may vanish by it, 0 to 1. Where it is more none goes, and a note says
            so.
        encoder: The encoder that made the index's vectors, instead of loading it.
        cache: Whether the user's cache of vectors is used, as in ``build``.
        jobs: How many processes cut articles into chunks, as in ``build``.
        lock_timeout_s: How many seconds to wait while another writer is at work.
        progress: Told ``(stage, done, total)``, as in ``build``; None: nobody is told.

    Returns:
        How many articles were new, changed, unchanged, vanished and deleted, and what was lost.

    Raises:
        SourceError: A place doesn't exist. Nothing was changed.
        SearchkitError: As ``add`` does.
    """
    started = time.monotonic()
    paths = IndexPaths(Path(index))
    current_generation(paths)
    corpus = places_read(places, read)
    notes: list[str] = []
    with writer_lock(paths.lock, "watch", lock_timeout_s), open_generation(paths.root) as parent:
        manifest = parent.manifest
        intake = ArticleIntake(read=corpus.read, declared=manifest.config.fields)
        held = parent.held(None) if changed is None else None
        states = FileStates(paths, parent, corpus.read, keeps=True, remembered=manifest.corpus, held=held)
        compared = ArticleComparison(
            parent, held.get if held else lambda name: parent.held([name]).get(name), states, intake, corpus
        )
        readable = [place for place in corpus.places if not matches_nothing(place)]
        source = read_places(readable, corpus.read, progress=progress, memory=states, among=changed)
        if held is not None:
            compared.seen.update((id_, "unchanged") for id_, article in held.items() if article.path in states.skipped)
        else:
            held = parent.held_below([*map(address_of, changed or ()), *states.joined])
        with _draft(paths, parent, progress, cache=cache, jobs=jobs) as draft:
            _write(
                paths, draft, compared.different(intake.articles(source)), manifest, as_encoder(encoder), compared.known
            )
            gone = compared.gone(held)
            if prune and len(gone) > prune_limit * manifest.articles:
                notes.append(
                    f"{len(gone):,} of {manifest.articles:,} articles have vanished from their places. They stay: so"
                    " many vanish by a wrong path or an empty disk more often than by intent."
                )
            elif prune:
                draft.delete(gone)
            if draft.articles or draft.deleting:
                manifest = draft.publish(joined(manifest.corpus, corpus))
            draft.forget()
        states.save(paths, compared.seen)
        notes.extend(compared.notes)
    return replace(compared.counted(draft.report(manifest, intake, started, notes)), vanished=len(gone))


def delete(
    index: str | Path,
    article_ids: Iterable[str] | str = (),
    *,
    where: Conditions = None,
    lock_timeout_s: float = 0.0,
) -> BuildReport:
    """Take articles out of an index, by their ids or by what they are. No encoder is needed.

    Args:
        index: The folder of the index.
        article_ids: The ids, or one id. An id that isn't there is a problem in the report.
        where: Conditions, as for ``Searcher.search``: all articles that meet them are deleted, too.
        lock_timeout_s: How many seconds to wait while another writer is at work.

    Returns:
        How many articles were deleted, and the ids that no article has. A note says where a rebuild or update would
        find the articles again.

    Raises:
        IndexNotFound: There is no index in the folder.
        IndexCorrupt: A file of the index is damaged.
        FormatTooOld: The index has a format or rules of before; ``rebuild`` brings it up to date.
        FormatTooNew: A later version wrote the index.
        ConfigError: ``article_ids`` are no ids, or ``lock_timeout_s`` is no time.
        QueryError: ``where`` can't be understood.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        StorageError: The disk is full, or can't be written.

    Example:
        >>> report = searchkit.delete("indexes/news", ["cocoa", "no-such-id"])
        >>> report.deleted
        1
        >>> print(report.problems[0])
        no-such-id: no article has this id
        >>> searchkit.delete("indexes/news", where=searchkit.F("tag") == "defense").deleted
        2
    """
    started = time.monotonic()
    paths = IndexPaths(Path(index))
    current_generation(paths)
    intake = ArticleIntake()
    if not isinstance(article_ids, Iterable):
        raise ConfigError(f"article_ids takes ids, not {article_ids!r}.", hint="Give one id, or a list of ids.")
    wanted = dict.fromkeys([article_ids] if isinstance(article_ids, str) else article_ids)
    expression = None if where is None else filter_expression(where)
    with writer_lock(paths.lock, "delete", lock_timeout_s), open_generation(paths.root) as parent:
        if expression is not None:
            dated_filter = dated_expression(expression, lambda: now_in(parent.settings.time_zone))
            filters = Where(expression=dated_filter)
            check_fields(parent.field_names, parent.declared, filters)
            wanted.update(dict.fromkeys(parent.article_ids(parent.articles_where(filters))))
        manifest = parent.manifest
        with _draft(paths, parent, None) as draft:
            for article_id in wanted:
                if article_id not in parent.held([article_id]):
                    intake.report(Problem(place=article_id, reason="no article has this id", lost=False))
                else:
                    draft.delete([article_id])
            if draft.deleting:
                manifest = draft.publish(manifest.corpus)
    notes = []
    if draft.deleted and (places := _places_left(manifest.corpus)):
        notes.append(f"A rebuild or update brings back what is still at {', '.join(places)}.")
    return draft.report(manifest, intake, started, notes)


def _places_left(corpus: Corpus | None) -> list[str]:
    """Return the remembered places that are still there."""
    return [place for place in corpus.places if fixed_part(place).exists()] if corpus else []


def compact(index: str | Path, *, lock_timeout_s: float = 0.0, progress: Progress | None = None) -> BuildReport:
    """Make one segment of all, without what is deleted; nothing is encoded.

    The files of before stay until ``gc``. Where there is nothing to make smaller, nothing is written.

    Args:
        index: The folder of the index.
        lock_timeout_s: How many seconds to wait while another writer is at work.
        progress: Told ``("merge", articles done, articles in all)``; None: nobody is told.

    Returns:
        A report with the number of the generation in force afterwards.

    Raises:
        IndexNotFound: There is no index in the folder.
        IndexCorrupt: A file of the index is damaged.
        FormatTooOld: The index has a format or rules of before; ``rebuild`` brings it up to date.
        FormatTooNew: A later version wrote the index.
        ConfigError: ``lock_timeout_s`` is no time.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        StorageError: The disk is full, or can't be written.

    Example:
        >>> report = searchkit.delete("indexes/news", "cocoa")
        >>> report = searchkit.compact("indexes/news")
        >>> searcher = searchkit.open("indexes/news")
        >>> searcher.info().deleted_chunks
        0
    """
    started = time.monotonic()
    paths = IndexPaths(Path(index))
    current_generation(paths)
    with writer_lock(paths.lock, "compact", lock_timeout_s), open_generation(paths.root) as parent:
        manifest = parent.manifest
        with _draft(paths, parent, progress) as draft:
            waiting = sum(not fact.has_vectors for fact in manifest.segments)
            most = max(waiting, len(manifest.segments) - waiting)  # the two kinds can't be one
            if most > 1 or any(fact.deletions for fact in manifest.segments):
                manifest = draft.publish(manifest.corpus, compact=True)
    return draft.report(manifest, ArticleIntake(), started)


def _lost_of(vanished: Sequence[str], held: Mapping[str, SegmentVectors], intake: ArticleIntake) -> int:
    """Count the problems by which an article was lost that may be one of those that seem to have vanished.

    A file that gave none of them can't hold one now.
    """
    paths = {held[article_id].path for article_id in vanished}
    known = {os.path.realpath(path) for path in paths if path and not is_without_file(path)}
    count = 0
    for problem in intake.problems:
        is_file = os.path.lexists(problem.place) and not os.path.isdir(problem.place)  # noqa: PTH112 - a text
        other = is_file and None not in paths and os.path.realpath(problem.place) not in known
        count += problem.lost and not (other and os.path.abspath(problem.place) not in paths)  # noqa: PTH100
    return count


def _read_by(corpus: Corpus | None) -> ReadConfig:
    return corpus.read if corpus else ReadConfig()


def _draft(
    paths: IndexPaths, parent: Generation, progress: Progress | None, *, cache: bool = True, jobs: int | None = None
) -> GenerationWriter:
    check_rules(parent.manifest, str(paths.root))
    return GenerationWriter(
        paths, parent, parent.manifest.config, parent.manifest.encoder, progress, cache=cache, jobs=jobs
    )


def _write(
    paths: IndexPaths,
    draft: GenerationWriter,
    articles: Iterable[Article],
    manifest: Manifest,
    encoder: Encoder | None,
    known: KnownVectors,
) -> None:
    """Write the articles; the encoder is loaded only where there is one."""
    if encoder is not None:
        _refuse_other(encoder, manifest.encoder)
    stream = iter(articles)
    first = next(stream, None)
    if first is None:
        return
    if encoder is None:
        encoder = encoder_of(paths, manifest)
        _refuse_other(encoder, manifest.encoder)
    draft.add(chain([first], stream), encoder, known)


def _check_vanished(
    compared: ArticleComparison,
    held: dict[str, SegmentVectors],
    intake: ArticleIntake,
    limit: float,
    paths: IndexPaths,
    places: Sequence[str | Path],
) -> Iterator[Article]:
    """Stand behind the last article, so that too many vanished are told before anything is encoded; yield nothing."""
    ids, _ = compared.vanished(held)
    vanished = len(ids)
    if vanished > limit * len(held) and not _lost_of(ids, held, intake):
        named = "".join(f"{quote(str(place))} " for place in places)
        raise ConfigError(
            f"{vanished:,} of {len(held):,} articles have vanished from their places. Nothing was changed.",
            hint=f"If they shall go, run 'searchkit update {named}--prune --yes --index {paths.quoted}'.",
        )
    yield from ()


def _remembered(manifest: Manifest, read: ReadConfig | None) -> Corpus:
    if manifest.corpus is None:
        raise ConfigError(
            "The index remembers no places: its articles came from a program, standard input, or places read in"
            " different ways.",
            hint="Name them: 'searchkit update PLACE... --index PATH'.",
        )
    return manifest.corpus if read is None else replace(manifest.corpus, read=read)


def _refuse_other(encoder: Encoder, fact: EncoderFact) -> None:
    if difference := fact.differs(encoder):
        raise EncoderMismatch(f"The vectors of this index were made by {difference}.")

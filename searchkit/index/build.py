"""Build and rebuild: articles become an index, or all of its next generation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from searchkit.config import DEFAULT_ENCODER, IndexConfig, ReadConfig, Settings
from searchkit.encoders import load_encoder
from searchkit.encoders.encoder_checks import check_encoder
from searchkit.encoders.function_encoder import as_encoder
from searchkit.errors import ConfigError, IndexExists, IndexNotFound, MissingExtra, SourceError
from searchkit.field_config import Declared
from searchkit.index.article_source import ArticleInputs, ArticleIntake, SourceItem, corpus_of, source_items
from searchkit.index.bundled_encoder import encoder_absent, encoder_of
from searchkit.index.declared_fields import config_with
from searchkit.index.embedding_source import KnownVectors, kept_vectors, salvaged_vectors
from searchkit.index.file_states import FileStates
from searchkit.index.generation import Generation, open_generation
from searchkit.index.generation_writer import GenerationWriter
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import EncoderFact, Manifest, coverage_note
from searchkit.index.paths import UNFINISHED, IndexPaths, is_hidden_name, is_index
from searchkit.index.recovery import mend_current, readable_manifest, readable_parent, remembered
from searchkit.storage import files
from searchkit.types import BuildReport, EncodeFunction, Encoder, Progress, Say

Consider = Callable[[int, int], bool]
"""Given the numbers of the generation in force and of the one that is to follow it, both of which can be opened: shall
it?"""


def build(
    index: str | Path,
    articles: ArticleInputs | None = None,
    *,
    places: Sequence[str | Path] = (),
    config: IndexConfig | None = None,
    fields: Declared | None = None,
    read: ReadConfig | None = None,
    encoder: Encoder | EncodeFunction | None = None,
    strict: bool = False,
    cache: bool = True,
    keyword_first: bool = False,
    jobs: int | None = None,
    say: Say | None = None,
    lock_timeout_s: float = 0.0,
    progress: Progress | None = None,
) -> BuildReport:
    """Build a new index from articles, or from the articles at places; exactly one of the two is given.

    Whatever is raised, no half index is left. Vectors that were computed are: in a hidden file of its folder, and the
    next ``build`` there goes on with them.

    Args:
        index: The folder of the index: one that isn't there yet, or an empty one.
        articles: The articles, any iterable: ``Article`` objects, mappings with the keys that JSONL has
            (``searchkit.ingest.article_from_dict`` names them), or a database's rows that know their columns' names.
            They are taken one by one, so that a generator may yield more than fits into memory. What it raises passes
            through, and the index stays as it was.
        places: Files, folders and globs to read articles from, or ``-`` for JSON lines on standard input. The index
            remembers them for ``update`` and ``rebuild``.
        config: What is baked into the index; None for the defaults.
        fields: What the index is told of its articles' own fields, in the place of ``config.fields``: ``{"price":
            "number", "summary": {"type": "text"}}`` (``FieldConfig``). A value that doesn't fit is left out, and named
            in the report's ``problems``.
        read: How the places are read; None for the defaults.
        encoder: An encoder to use instead of loading ``config.encoder``.
        strict: Whether the first article that can't be read stops the build. Otherwise it is counted and named in the
            report's ``problems``.
        cache: Whether vectors that the user's cache has aren't computed again, and new ones are kept there. The
            environment variable ``SEARCHKIT_VECTOR_CACHE`` sets the cache's size, such as ``500MB``, or ``off``.
        keyword_first: Whether generation 1, without vectors, can be searched while those are made for generation 2.
            ``say`` is told when it can. Where the rest is stopped, ``update`` or ``rebuild`` makes it.
        jobs: How many processes read pages, and how many cut articles into chunks, this one among them. None is one a
            core, where there is enough to do and, for cutting, the encoder isn't the caller's own. It decides speed
            alone.
        say: Told a sentence for the user where there is something to say; None: nobody is told.
        lock_timeout_s: How many seconds to wait while another writer is at work.
        progress: Told ``(stage, done, total)`` while it goes on: "read" counts files, or the articles that are handed
            over, "index" articles, "encode" chunks. ``total`` is 0 where it isn't known, as of a generator. None:
            nobody is told.

    Returns:
        What was written, what was lost, and why.

    Raises:
        IndexExists: There is an index in the folder.
        SourceError: A place doesn't exist, no article was found at all, what ``articles`` yields is no article, or,
            with ``strict``, an article can't be read.
        ConfigError: Both or neither of ``articles`` and ``places`` are given, the folder holds something else, or
            another argument can't be used.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        MissingExtra: The encoder, or a package that a format needs, isn't installed.
        VectorsInvalid: The encoder gave something else than a row of length 1 for each text.
        StorageError: The disk is full, or can't be written.
        BackendError: A process that cuts articles was killed.

    Example:
        >>> articles = [
        ...     {"id": "a1", "title": "On the ridge", "text": "Launchers guard Caracas.", "published": "2025-10-21"},
        ...     {"id": "a2", "title": "Cocoa", "text": "The price of cocoa has doubled.", "source": "Harbor Ledger"},
        ... ]
        >>> report = searchkit.build("indexes/mine", articles)
        >>> report.articles, report.chunks, report.problems
        (2, 2, ())
        >>> searchkit.build("indexes/files", places=["articles/*.jsonl"]).articles
        4
    """
    started = time.monotonic()
    encoder = as_encoder(encoder)
    check_encoder(encoder)
    paths = IndexPaths(Path(index))
    refuse_existing(paths)
    corpus = corpus_of(articles, places, read)
    config = config_with(config, fields)
    encoder = encoder or load_encoder((config or IndexConfig()).encoder)
    config = replace(config or IndexConfig(), encoder=encoder.name)
    fact = _fact_of(encoder)
    intake = ArticleIntake(strict=strict, read=corpus.read if corpus else None, declared=config.fields)
    created = not paths.root.exists()
    files.make_folder(paths.root)
    with writer_lock(paths.lock, "build", lock_timeout_s):
        try:
            with GenerationWriter(paths, None, config, fact, progress, cache=cache, jobs=jobs) as draft:
                refuse_existing(paths)
                if config.keep_encoder:
                    draft.carry(encoder)
                known = None if keyword_first else KnownVectors()
                states = FileStates(paths, None, corpus.read) if corpus else None
                draft.add(intake.articles(source_items(articles, corpus, progress, states, jobs)), encoder, known)
                _refuse_empty(draft, intake, places)
                manifest = draft.publish(corpus)
            notes = _chunk_notes(config, encoder)
            if states is not None:
                states.save(paths)
            report = draft.report(manifest, intake, started, notes)
            if keyword_first:
                report = _completed(paths, report, encoder, KnownVectors(), cache, say, progress)
        except BaseException:
            # While the lock is held: without it the folder may be another writer's by now.
            if created and not paths.current.exists() and not kept_vectors(paths):
                files.remove(paths.root)
            raise
    return replace(report, took_s=time.monotonic() - started)


def rebuild(
    index: str | Path,
    articles: ArticleInputs | None = None,
    *,
    places: Sequence[str | Path] = (),
    config: IndexConfig | None = None,
    fields: Declared | None = None,
    read: ReadConfig | None = None,
    encoder: Encoder | EncodeFunction | None = None,
    strict: bool = False,
    cache: bool = True,
    reuse: bool = True,
    keyword_first: bool = False,
    jobs: int | None = None,
    consider: Consider | None = None,
    say: Say | None = None,
    lock_timeout_s: float = 0.0,
    progress: Progress | None = None,
) -> BuildReport:
    """Make an index's next generation from scratch, while searches go on in the one before.

    It is made from ``articles`` or ``places`` where given, else from the places that the index remembers. Where those
    are gone, or a program handed the articles over, it is made from the articles stored in the index. The report's
    notes say which. With another encoder the generation before serves until the new one is complete.

    Args:
        index: The folder of the index.
        articles: The articles, as in ``build``.
        places: Where to read the articles, as in ``build``.
        config: What is baked into the index; None for what it has now.
        fields: What the index is told of fields, as in ``build``; None for what ``config`` says.
        read: How the places are read; None for how they were read before.
        encoder: An encoder to use instead of loading the one of the configuration.
        strict: Whether the first article that can't be read stops the rebuild.
        cache: Whether the user's cache of vectors is used, as in ``build``.
        reuse: Whether vectors are taken over that the generation before has for the same text by the same encoder, that
            a stopped ``rebuild`` has left, or that the cache has. Without, every vector is encoded anew, and the
            cache's replaced: the way out where vectors are wrong though their files are as they were written.
        keyword_first: Whether a generation without vectors is searched until they are there, as in ``build``, also
            where the generation before had them. It can't be had with ``consider`` or another encoder.
        jobs: How many processes read pages and cut articles into chunks, as in ``build``.
        consider: Called with the numbers of the generation in force and of the next one, which can both be opened,
            before the next one is put in force. Where it returns False, or raises, the generation before stays, and
            the vectors are kept for the next rebuild. None: the next one is put in force.
        say: Told a sentence for the user where there is something to say; None: nobody is told.
        lock_timeout_s: How many seconds to wait while another writer is at work.
        progress: Told ``(stage, done, total)``, as in ``build``; None: nobody is told.

    Returns:
        What was written, how many vectors were reused, and what was lost.

    Raises:
        IndexNotFound: There is no index in the folder.
        IndexCorrupt: The index is damaged, and what is needed of it can't be read.
        FormatTooOld: Neither ``articles`` nor ``places`` are given, and the index's format can't be read any more.
        FormatTooNew: A later version wrote the index.
        SourceError: As in ``build``.
        ConfigError: Both ``articles`` and ``places`` are given, or an argument can't be used.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        MissingExtra: The encoder, or a package that a format needs, isn't installed.
        VectorsInvalid: The encoder gave something else than a row of length 1 for each text.
        StorageError: The disk is full, or can't be written.
        BackendError: A process that cuts articles was killed.

    Example:
        >>> report = searchkit.rebuild("indexes/news")
        >>> report.generation, report.articles, report.vectors_encoded, report.vectors_reused
        (2, 4, 0, 4)
        >>> report = searchkit.rebuild("indexes/news", config=searchkit.IndexConfig(title_weight=3))
        >>> report.generation
        3
    """
    started = time.monotonic()
    encoder = as_encoder(encoder)
    check_encoder(encoder)
    paths = IndexPaths(Path(index))
    with files.looking_at(paths.root):
        paths.current.exists()
    if not is_index(paths.root):
        raise IndexNotFound(f"There is no index at {paths.root}.")
    new_corpus = corpus_of(articles, places, read) if articles is not None or places else None
    notes: list[str] = []
    with writer_lock(paths.lock, "rebuild", lock_timeout_s), ExitStack() as stack:
        mend_current(paths, notes, needed=new_corpus is None and articles is None)
        manifest = readable_manifest(paths, notes, needed=new_corpus is None and articles is None)
        config = config_with(config or (manifest.config if manifest else IndexConfig()), fields) or IndexConfig()
        encoder = encoder or _found_again(paths, config, manifest)
        config = replace(config, encoder=encoder.name)
        parent = readable_parent(paths, stack, manifest, notes)
        source: Iterable[SourceItem]
        names = parent if isinstance(parent, Generation) else None
        if articles is not None or new_corpus is not None:
            states = FileStates(paths, names, new_corpus.read if new_corpus else ReadConfig())
            source, corpus = source_items(articles, new_corpus, progress, states, jobs), new_corpus
        else:
            before = manifest.corpus.read if manifest and manifest.corpus else ReadConfig()
            states = FileStates(paths, names, read or before)
            source, corpus = remembered(manifest, parent, read, notes, progress, states, jobs)
        intake = ArticleIntake(
            strict=strict,
            read=corpus.read if corpus else None,
            declared=config.fields,
            restores=articles is None and new_corpus is None,
        )
        same = manifest is not None and not manifest.encoder.differs(encoder)
        if keyword_first:
            _refuse_less(manifest, encoder, consider)
        known = KnownVectors() if manifest is None or not same else salvaged_vectors(paths, manifest, notes)
        draft = stack.enter_context(
            GenerationWriter(paths, None, config, _fact_of(encoder), progress, cache=cache, reuse=reuse, jobs=jobs)
        )
        draft.settings = _kept_settings(manifest, encoder, notes)
        if config.keep_encoder:
            draft.carry(encoder)
        notes += _chunk_notes(config, encoder)
        draft.add(intake.articles(source), encoder, None if keyword_first else known)
        _refuse_empty(draft, intake, corpus.places if corpus else ())
        new_manifest = draft.prepare(corpus)
        if consider is not None and isinstance(parent, Generation):
            number = parent.manifest.generation
            if not consider(number, new_manifest.generation):
                notes.append(f"Generation {number} stays in force; a later rebuild finds the new one's vectors made.")
                return replace(draft.report(new_manifest, intake, started, notes), generation=number)
        draft.put_in_force(new_manifest)
        states.save(paths)
        report = draft.report(new_manifest, intake, started, notes)
        if keyword_first:
            report = _completed(paths, report, encoder, known, cache, say, progress, reuse=reuse)
    return replace(report, took_s=time.monotonic() - started)


def _completed(
    paths: IndexPaths,
    report: BuildReport,
    encoder: Encoder,
    known: KnownVectors,
    cache: bool,
    say: Say | None,
    progress: Progress | None,
    *,
    reuse: bool = True,
) -> BuildReport:
    """Make the vectors that the generation in force waits for, and the generation that has them."""
    if say is not None:
        say(f"Generation {report.generation} can be searched by keyword; {report.chunks:,} vectors are being made.")
    with open_generation(paths.root) as parent:
        manifest = parent.manifest
        with GenerationWriter(
            paths, parent, manifest.config, manifest.encoder, progress, cache=cache, reuse=reuse
        ) as draft:
            draft.complete(encoder, known)
            new_manifest = draft.publish(manifest.corpus)
    return replace(
        report,
        generation=new_manifest.generation,
        vectors_encoded=draft.encoded,
        vectors_reused=draft.reused,
        notes=(*(note for note in report.notes if note != coverage_note(manifest)), *draft.notes),
    )


def _refuse_less(before: Manifest | None, encoder: Encoder, consider: Consider | None) -> None:
    """Refuse to publish by keyword first where the generation before is to serve until the next is complete."""
    if consider is not None or (before and before.vectors and before.encoder.differs(encoder)):
        raise ConfigError(
            "With another encoder, or a report before the switch, the generation before serves until the new one has"
            " all its vectors.",
            hint="Leave --keyword-first out.",
        )


def refuse_existing(paths: IndexPaths) -> None:
    """Raise ``IndexExists`` for an index, ``ConfigError`` for a folder of something else.

    What a build leaves that was stopped before it published is neither: at most the manifest of generation 1, and the
    log of the vectors that were computed.
    """
    with files.looking_at(paths.root):
        _refuse_existing(paths)


def _refuse_existing(paths: IndexPaths) -> None:
    if not paths.root.exists():
        return
    if not paths.root.is_dir():
        raise ConfigError(f"{paths.root} is a file.", hint="Name a folder that isn't there yet with --index.")
    if paths.current.exists() or any(path.stem > "000001" for path in paths.generations.glob("[0-9]*.json")):
        raise IndexExists(
            f"There is an index at {paths.root} already.",
            hint=f"Run 'searchkit rebuild --index {paths.quoted}' to make its next generation, 'searchkit add' to add"
            " to it, or choose another folder.",
        )
    folders = {path.name for path in (paths.segments, paths.generations, paths.deletions, paths.encoders)}
    ours = {paths.lock.name, paths.file_states.name, *folders, *UNFINISHED}
    foreign = sorted(
        path.name for path in paths.root.iterdir() if path.name not in ours and not is_hidden_name(path.name)
    )
    if foreign:
        raise ConfigError(
            f"{paths.root} isn't empty (it holds '{foreign[0]}') and isn't an index.",
            hint="Name an empty folder, or one that isn't there yet, with --index.",
        )


def _found_again(paths: IndexPaths, config: IndexConfig, manifest: Manifest | None) -> Encoder:
    """Load the encoder of this machine, or where there is none, the one that the index brings along."""
    try:
        return load_encoder(config.encoder, relative=manifest is None or config.encoder != manifest.config.encoder)
    except (MissingExtra, ConfigError) as error:
        if manifest is None or manifest.encoder.name != config.encoder:
            raise
        if manifest.carried is not None:
            return encoder_of(paths, manifest)
        if isinstance(error, ConfigError):
            raise
        raise encoder_absent(
            error,
            "A rebuild computes no vector again that the index has, but cuts texts into chunks by the encoder's tokens."
            f" With another encoder it makes all of them anew: 'searchkit rebuild --encoder {DEFAULT_ENCODER} --index"
            " PATH'. As it is, the index is searched by its words: --mode keyword.",
        ) from error


def _fact_of(encoder: Encoder) -> EncoderFact:
    return EncoderFact(name=encoder.name, fingerprint=encoder.fingerprint, dimension=int(encoder.dimension))


def _chunk_notes(config: IndexConfig, encoder: Encoder) -> list[str]:
    """Say so where chunks are shorter than the configuration allows, since the encoder reads no more at once."""
    if config.chunk_tokens is None or config.chunk_tokens <= encoder.max_tokens:
        return []
    most = f"{encoder.max_tokens:,} tokens at most, not {config.chunk_tokens:,}"
    return [f"Chunks have {most}: the encoder reads no more at once."]


def _kept_settings(before: Manifest | None, encoder: Encoder, notes: list[str]) -> Settings | None:
    """Return the settings that the generation before names; none, with a note, where they are for other vectors."""
    settings = before.settings if before else None
    if settings is None or settings.fingerprint == encoder.fingerprint:
        return settings
    notes.append(f"The settings chosen for '{settings.encoder}' don't hold any more: 'searchkit tune' finds others.")
    return None


def _refuse_empty(draft: GenerationWriter, intake: ArticleIntake, places: Sequence[str | Path]) -> None:
    if draft.articles:
        return
    where = f" at {', '.join(map(str, places))}" if places else ""
    first = f" The first of {len(intake.problems)} problems: {intake.problems[0]}." if intake.problems else ""
    raise SourceError(
        f"No article was found{where}.{first}",
        hint="Name a file or folder of articles: text, Markdown, HTML, JSONL, CSV, feeds, web archives or mail.",
    )

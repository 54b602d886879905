"""Field update: an article's metadata changed, its texts, chunks and vectors taken over. No encoder is needed.

The article is written anew in a small segment: its chunks lie where they lay, and their vectors are found by the
digests of their texts, which hold the title and none of the metadata. What decides the texts or how they are cut
(``FIXED``) can't be changed so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from searchkit.errors import ConfigError, SourceError
from searchkit.index.article_source import ArticleIntake
from searchkit.index.embedding_source import KnownVectors
from searchkit.index.file_states import keep_unchanged
from searchkit.index.generation import Generation, open_generation
from searchkit.index.generation_writer import GenerationWriter
from searchkit.index.lock import writer_lock
from searchkit.index.manifest import check_rules, current_generation
from searchkit.index.paths import IndexPaths
from searchkit.ingest.article_builder import checked_article
from searchkit.types import Article, BuildReport, Chunk, Problem

FIXED = ("id", "title", "text", "sections", "language", "origin", "utc_offset_s", "fields")
"""Names that can't be changed; ``add`` an article to change them."""

_LISTS = ("authors", "tags")
_DATES = ("published", "updated")
_TEXTS = ("url", "source")

Changes = Mapping[str, Mapping[str, object]]


def update_fields(index: str | Path, changes: Changes, *, lock_timeout_s: float = 0.0) -> BuildReport:
    """Change metadata of articles, without encoding anything: sources, dates, tags, access lists, any other field.

    What was read from a file is so until that file changes: then ``update`` takes what stands there.

    Args:
        index: The folder of the index.
        changes: By the id of an article the new values of its fields, by name: ``url``, ``source``, ``authors``,
            ``published``, ``updated``, ``tags``, or any other. None takes a field away; what isn't named stays.
        lock_timeout_s: How many seconds to wait while another writer is at work.

    Returns:
        How many articles were changed, and a problem for each id that no article has.

    Raises:
        IndexNotFound: There is no index in the folder.
        IndexCorrupt: A file of the index is damaged.
        FormatTooOld: The index has a format or rules of before; ``rebuild`` brings it up to date.
        FormatTooNew: A later version wrote the index.
        ConfigError: A field can't be changed so, a value can't be read, or ``lock_timeout_s`` is no time. Nothing was
            changed.
        IndexLocked: Another writer is still at work after ``lock_timeout_s``.
        StorageError: The disk is full, or can't be written.

    Example:
        >>> report = searchkit.update_fields("indexes/news", {"radar": {"desk": "city", "tags": ["radar", "air"]}})
        >>> report.changed, report.vectors_encoded
        (1, 0)
        >>> searchkit.open("indexes/news").article_ids(where=searchkit.F("desk") == "city")
        ('bridge', 'radar')
    """
    started = time.monotonic()
    _check(changes)
    paths = IndexPaths(Path(index))
    current_generation(paths)
    with writer_lock(paths.lock, "update", lock_timeout_s), open_generation(paths.root) as parent:
        manifest = parent.manifest
        intake = ArticleIntake(declared=manifest.config.fields)
        check_rules(manifest, str(paths.root))
        changed = list(_changed(parent, changes, intake))
        with GenerationWriter(paths, parent, manifest.config, manifest.encoder, None, cache=False) as draft:
            with_vectors = [each for each in changed if each[2]]
            without = [each for each in changed if not each[2]]
            for group, known in ((with_vectors, KnownVectors()), (without, None)):
                if group:
                    _add(draft, parent, group, known)
            if changed:
                manifest = draft.publish(manifest.corpus)
        keep_unchanged(paths, parent, {article.origin.path for article, _, _ in changed if article.origin is not None})
        report = draft.report(manifest, intake, started)
    return replace(report, new=0, changed=len(changed))


_Changed = tuple[Article, tuple[Chunk, ...], bool]


def _changed(parent: Generation, changes: Changes, intake: ArticleIntake) -> Iterable[_Changed]:
    """Yield each article that a change makes another, its chunks, and whether they have vectors."""
    for article_id, values in changes.items():
        stored = parent.find_article(article_id)
        if stored is None:
            intake.report(Problem(place=article_id, reason="no article has this id", lost=False))
            continue
        article, rows = stored
        changed = intake.fitted(_with(article, values))
        if any(problem.place == article_id for problem in intake.problems):
            reason = intake.problems[-1].reason.partition(";")[0]
            raise ConfigError(f"The article '{article_id}': {reason}.", hint="Nothing was changed.")
        if changed != article:
            segment, _ = parent.place(rows.start)
            yield changed, parent.chunks_at(rows), segment.vectors is not None


def _add(draft: GenerationWriter, parent: Generation, group: list[_Changed], known: KnownVectors | None) -> None:
    """Write some articles as they are cut."""
    if known is not None:
        for article, _, _ in group:
            known.learn_article(parent, article.id)
    draft.add_as_cut([article for article, _, _ in group], {article.id: chunks for article, chunks, _ in group}, known)


def _with(article: Article, values: Mapping[str, object]) -> Article:
    """Return an article with some values in the place of its own. Raises ``ConfigError`` for one that can't be read."""
    own: dict[str, Any] = {name: _own(name, value) for name, value in values.items() if name in _OWN}
    fields = {name: value for name, value in article.fields.items() if name not in values}
    fields |= {name: value for name, value in values.items() if name not in _OWN and value is not None}  # type: ignore[misc]
    if "published" in own:
        own["utc_offset_s"] = 0
    try:
        checked = checked_article(replace(article, **own, fields=fields))
    except SourceError as error:
        raise ConfigError(f"The article '{article.id}': {error.message}.", hint="Nothing was changed.") from error
    for name in _DATES:
        if own.get(name) is not None and getattr(checked, name) is None:
            raise ConfigError(
                f"'{name}' of '{article.id}' is {own[name]!r}, which is no date.",
                hint="Give a date such as 2025-10-21.",
            )
    texts = {name: getattr(article, name) for name in ("id", "title", "text", "sections", "language")}
    return replace(checked, **texts)


_OWN = frozenset((*_LISTS, *_DATES, *_TEXTS))


def _own(name: str, value: object) -> object:
    """Return a value as an article holds it. Raises ``ConfigError`` for one of a kind that it doesn't hold."""
    if name in _LISTS:
        values = () if value is None else tuple(value) if isinstance(value, list | tuple | set) else (value,)
        if not all(isinstance(each, str) for each in values):
            raise ConfigError(f"'{name}' takes texts, not {value!r}.", hint=f"Give a list: {{'{name}': ['a', 'b']}}.")
        return values
    if name in _TEXTS and not isinstance(value, str | None):
        raise ConfigError(f"'{name}' takes a text, not {value!r}.", hint="Give a text, or None to take it away.")
    return value


def _check(changes: object) -> None:
    """Raise ``ConfigError`` for what isn't changes by ids, before the index is opened."""
    if not isinstance(changes, Mapping) or not all(isinstance(values, Mapping) for values in changes.values()):
        raise ConfigError("changes are given by the ids of articles.", hint="Write {'ID': {'desk': 'city'}}.")
    for article_id, values in changes.items():
        for name in (article_id, *values):
            if not isinstance(name, str):
                raise ConfigError(f"{name!r} is neither an id nor a field's name.", hint="Give ids and names as text.")
        if fixed := [name for name in values if name in FIXED]:
            raise ConfigError(
                f"'{fixed[0]}' of '{article_id}' can't be changed without encoding.",
                hint="Add the whole article with that id: searchkit.add(INDEX, [ARTICLE]).",
            )

"""Here is what a caller typed; which query is it, and which settings hold? Reads and checks what a search is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from searchkit.config import SearchConfig
from searchkit.errors import QueryError
from searchkit.index.choosing import check_settings
from searchkit.index.reader import Generation
from searchkit.types import Mode, Query, Where

Texts = str | Sequence[str]
When = str | date | datetime | None

K_LIMIT = 1_000_000
TEXT_LIMIT = 200_000
"""Characters of a query: 10,000 words are 60,000. Every one is looked at before the first answer."""


def make_query(
    text: str,
    *,
    k: int,
    mode: Mode | str,
    since: When,
    until: When,
    source: Texts,
    language: Texts,
    tag: Texts,
    author: Texts,
    fields: Mapping[str, Texts],
    facets: Sequence[str],
    rerank: bool,
    min_confidence: float,
    explain: bool = False,
) -> Query:
    """Make a query of the arguments of ``Searcher.search``. Raises ``QueryError`` naming what can't be understood."""
    now = datetime.now(UTC)
    where = Where(
        since=_instant(since, now, end=False),
        until=_instant(until, now, end=True),
        sources=_texts(source),
        languages=tuple(code.lower() for code in _texts(language)),
        tags=_texts(tag),
        authors=_texts(author),
        fields=tuple((name, _texts(values)) for name, values in fields.items()),
    )
    query = Query(text=text, mode=_mode(mode), k=k, where=where, facets=tuple(facets), rerank=rerank)
    query = replace(query, min_confidence=min_confidence, explain=explain)
    check_query(query)
    return query


def settings_for(generation: Generation, config: SearchConfig | None) -> SearchConfig:
    """Return the settings that hold: the caller's, or else those that the generation names, or else the defaults.

    Raises ``ConfigError`` where the caller's were chosen for vectors of another encoder.
    """
    if config is None:
        return generation.settings
    check_settings(config.made_for, generation.manifest, generation.paths.root)
    return config


def check_query(query: Query) -> None:
    """Refuse a query that asks for nothing. Raises ``QueryError``."""
    if not isinstance(query.text, str):
        raise QueryError(f"The query is a {type(query.text).__name__}.", hint="Give it as text.")
    if len(query.text) > TEXT_LIMIT:
        raise QueryError(
            f"The query has {len(query.text):,} characters.", hint=f"Ask in at most {TEXT_LIMIT:,}: a few words do."
        )
    if not query.text.strip():
        raise QueryError("The query is empty.", hint="Say what to look for, as words or as a question.")
    if not isinstance(query.k, int) or not 1 <= query.k <= K_LIMIT:
        raise QueryError(f"k is {query.k!r}.", hint=f"Ask for 1 to {K_LIMIT:,} results.")
    if not 0 <= query.min_confidence <= 1:
        raise QueryError(
            f"min_confidence is {query.min_confidence!r}.", hint="Ask for 0 to 1: 0.5 is as likely as not."
        )
    where = query.where
    if where.since is not None and where.until is not None and where.since > where.until:
        raise QueryError(
            f"'since' ({where.since:%Y-%m-%d}) is later than 'until' ({where.until:%Y-%m-%d}).", hint="Swap the two."
        )


def _mode(mode: Mode | str) -> Mode:
    try:
        return Mode(mode)
    except ValueError as error:
        raise QueryError(f"There is no mode '{mode}'.", hint=f"Choose one of: {', '.join(Mode)}.") from error


def _instant(when: When, now: datetime, *, end: bool) -> datetime | None:
    if when is None:
        return None
    if isinstance(when, str):
        from searchkit.ingest import parse_when

        return parse_when(when, now=now, end=end)
    if isinstance(when, datetime):
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    if not isinstance(when, date):
        raise QueryError(f"{when!r} is no date.", hint="Give a date, an instant, or text such as '2025-10'.")
    return datetime.combine(when, time.max if end else time.min, tzinfo=UTC)


def _texts(texts: Texts) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)

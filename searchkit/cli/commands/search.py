"""``search``, once or with ``-i`` again and again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from searchkit.answer import Answer
from searchkit.cli.index_argument import existing_indexes
from searchkit.cli.options import (
    Around,
    AsExpression,
    AsOf,
    AsWords,
    Authors,
    Boosts,
    Count,
    Explain,
    Facets,
    Format,
    FormatOption,
    IncludeLater,
    Indexes,
    Interactive,
    Json,
    KeywordFallback,
    Languages,
    MinConfidence,
    ModeOption,
    NoColor,
    Others,
    PageCursor,
    QueryId,
    Recency,
    Rerank,
    RerankBudget,
    SettingsFile,
    Since,
    Sort,
    Sources,
    Tags,
    TimeZone,
    Until,
    VocabularyFile,
    Words,
    boosts_of,
    pairs,
    syntax_of,
)
from searchkit.cli.output.console import Screen, tell
from searchkit.config import SearchConfig
from searchkit.errors import ConfigError, QueryError
from searchkit.types import Mode, Syntax

if TYPE_CHECKING:
    from searchkit.search.searcher import Searcher


Say = Callable[[Answer, str], None]
"""Writes an answer, told the query's id."""

REFRESH_AFTER_S = 2.0
"""Who asks again and again finds what was published since: a look takes .02 ms where nothing was."""


def search(
    *,
    query: Words = None,
    index: Indexes = None,
    k: Count = 10,
    mode: ModeOption = Mode.HYBRID,
    words: AsWords = False,
    expression: AsExpression = False,
    min_confidence: MinConfidence = 0.0,
    interactive: Interactive = False,
    rerank: Rerank = None,
    rerank_budget: RerankBudget = None,
    settings: SettingsFile = None,
    keyword_fallback: KeywordFallback = False,
    vocabulary: VocabularyFile = None,
    boost: Boosts = None,
    since: Since = None,
    until: Until = None,
    time_zone: TimeZone = None,
    source: Sources = None,
    language: Languages = None,
    tag: Tags = None,
    author: Authors = None,
    where: Others = None,
    as_of: AsOf = None,
    around: Around = None,
    recency: Recency = None,
    include_later: IncludeLater = False,
    sort: Sort = "",
    cursor: PageCursor = None,
    facet: Facets = None,
    explain: Explain = False,
    format: FormatOption = None,  # noqa: A002
    json: Json = False,
    query_id: QueryId = "1",
    no_color: NoColor = False,
) -> None:
    """Search an index; an article appears once, with the chunks of it that answer best.

    Words are looked for by keyword and by meaning. A query is words unless it is plainly an expression: "a phrase"
    alone, AND, OR and NOT between few words, -word, title:word, wild*, fuzzy~, published:2025-10,
    published:[2025-01 TO 2025-06], and other fields such as tag:energy. In words a quoted part ranks higher.
    """
    screen = Screen(no_color=no_color)
    if k < 1:
        raise ConfigError(f"-k can't be {k}.", hint="Give the number of results, 1 or more.")
    if json and format not in {None, Format.JSON}:
        raise ConfigError(f"--json and --format {format} exclude each other.", hint="Give one of them.")
    if cursor is not None and interactive:
        raise ConfigError("--cursor and --interactive exclude each other.", hint="Give a query and its --cursor alone.")
    if not query and not interactive:
        raise QueryError(
            "There is no query.", hint='Give one: searchkit search "missile deliveries", or ask many with -i.'
        )
    chosen = Format.JSON if json else format or Format.TABLE
    if explain and chosen not in {Format.TABLE, Format.JSON, Format.JSONL}:
        raise ConfigError(f"--explain has no place in --format {chosen}.", hint="Take table, json or jsonl.")
    options: dict[str, Any] = {
        "k": k,
        "mode": mode,
        "syntax": syntax_of(words=words, expression=expression),
        "min_confidence": min_confidence,
        "since": since,
        "until": until,
        "source": source or None,
        "language": language or None,
        "tag": tag or None,
        "author": author or None,
        "fields": _by_name(pairs("--where", where)),
        "as_of": as_of,
        "around": around,
        "recency": recency,
        "include_later": include_later,
        "facets": tuple(facet or ()),
        "suggest_values": True,
        "sort": sort,
        "cursor": cursor,
        "boosts": boosts_of(boost),
        "explain": explain or chosen in {Format.JSON, Format.JSONL},  # which always tell what each retriever gave
    }
    paths = existing_indexes(index, screen)
    changed = _changed(
        rerank_budget_s=rerank_budget,
        time_zone=time_zone or None,
        keyword_fallback=keyword_fallback or None,
        vocabulary=None if vocabulary is None else str(vocabulary),
    )
    config, age = (
        _config(paths[0], settings, changed),
        REFRESH_AFTER_S if interactive else None,
    )
    with _opened(paths, mode, config=config, reranker=rerank, refresh_after_s=age) as searcher:
        say = answer_writer(screen, chosen, ", ".join(map(str, paths)), explain=explain, many=interactive)
        if interactive:
            has_results = _ask_on(screen, searcher, say, options, first=" ".join(query or ()))
        else:
            answer = searcher.search(_decoded(" ".join(query or ())), **options)
            say(answer, query_id)
            has_results = bool(answer.results)
    if not has_results:
        raise typer.Exit(1)


def _opened(paths: Sequence[str | Path], mode: Mode, **more: Any) -> Searcher:
    """Open an index, or several together; by keyword alone their vectors may be of different encoders."""
    from searchkit.search.index_group import names_apart
    from searchkit.search.searcher import open_index, open_many

    if len(paths) == 1:
        return open_index(paths[0], **more)
    named = names_apart([Path(path) for path in paths])
    return open_many(named, differing="keyword" if mode is Mode.KEYWORD else "refuse", **more)


def _changed(**options: Any) -> dict[str, Any]:
    """Return the settings that options change: those that were given."""
    return {name: value for name, value in options.items() if value is not None}


def _config(path: str | Path, settings: Path | None, changed: Mapping[str, Any]) -> SearchConfig | None:
    """Return the settings of a file, or with what options change; None for those that the index names."""
    config = SearchConfig.from_file(settings) if settings is not None else None
    if not changed:
        return config
    return replace(config or _settings_of(path), **changed)


def _settings_of(path: str | Path) -> SearchConfig:
    from searchkit.index.search_settings import settings_in_force
    from searchkit.opensearch.address import is_address

    if is_address(path):
        from searchkit.search.searcher import open_index

        with open_index(path) as searcher:
            return searcher.settings()
    return settings_in_force(path)


def _ask_on(screen: Screen, searcher: Searcher, say: Say, options: dict[str, Any], *, first: str) -> bool:
    """Ask for queries until there are no more; return whether anything was found. A bad query doesn't end it."""
    has_results = False
    for number, text in enumerate(_queries(screen, first), start=1):
        try:
            answer = searcher.search(text, **options)
        except QueryError as error:
            tell(screen, error.message, error.hint)
            continue
        except KeyboardInterrupt:
            if not sys.stdin.isatty():
                raise
            screen.say("Stopped.")
            continue
        say(answer, str(number))
        has_results = has_results or bool(answer.results)
    return has_results


def _queries(screen: Screen, first: str) -> Iterator[str]:
    """Yield the queries that are typed or piped in, a line each, empty lines left out."""
    if first.strip():
        yield _decoded(first)
    read = _reader(screen)
    while (line := read()) is not None:
        if line.strip():
            yield _decoded(line.strip())


def _reader(screen: Screen) -> Callable[[], str | None]:
    """Return a function that reads one line, or None at the end: with history and editing where a person types.

    Nobody is prompted where the queries come out of a pipe. Ctrl-C takes back what is typed, as in a shell, and ends on
    an empty line. Without editing nobody knows whether the line is empty: it ends the second time.
    """
    prompt = "search> " if sys.stdin.isatty() else ""
    typed = sys.stdin.isatty() and screen.out.isatty()
    taken_back: Callable[[], str] = str
    if typed:
        with suppress(ImportError):
            import readline  # importing it gives input() its history

            taken_back = readline.get_line_buffer

    def read_once() -> str | None:
        if typed:
            try:
                return input(prompt)
            except EOFError:
                screen.write("\n")
                return None
        screen.err.write(prompt)
        screen.err.flush()
        line = sys.stdin.readline()
        if not line and prompt:
            screen.err.write("\n")
        return line or None

    def read() -> str | None:
        for tries in range(2):
            try:
                return read_once()
            except KeyboardInterrupt:
                edited = taken_back is not str
                if not prompt or (edited and not taken_back().strip()) or (tries and not edited):
                    raise
                screen.err.write("\n")
                screen.err.flush()
                if edited:
                    return ""
        return ""

    return read


def answer_writer(screen: Screen, chosen: Format, index: str, *, explain: bool, many: bool) -> Say:
    """Return the function that writes an answer in a format; notes go to standard error unless they are in the data.

    Where there may be ``many`` answers, each is a line of JSON, so that what reads them can tell them apart.
    """
    from searchkit.cli.output import formats

    def say(answer: Answer, query_id: str) -> None:
        if chosen is not Format.JSON:
            _say_notes(screen, answer)
        match chosen:
            case Format.JSON:
                values = formats.answer_json(answer, index=index, explain=explain)
                screen.write(formats.to_json(values, indent=None if many else 2))
            case Format.JSONL:
                screen.write(formats.to_jsonl(answer, explain=explain))
            case Format.CSV:
                screen.write(formats.to_csv(answer))
            case Format.MD:
                screen.write(formats.to_markdown(answer))
            case Format.TREC:
                screen.write(formats.to_trec(answer, query_id))
            case Format.TABLE:
                _say_table(screen, answer, index, explain=explain)
        if chosen not in {Format.JSON, Format.TREC} and answer.next_cursor is not None and not many:
            screen.say(f"Next page: the same command with --cursor {answer.next_cursor}")

    return say


def _say_table(screen: Screen, answer: Answer, index: str, *, explain: bool) -> None:
    from searchkit.cli.output.result_table import answer_table, footer

    if answer.results or answer.facets:
        screen.write(answer_table(answer, explain=explain))
    screen.say(footer(answer, index))


def _say_notes(screen: Screen, answer: Answer) -> None:
    """Tell what the user should know: notes, and other spellings where nothing was found."""
    for note in answer.notes:
        screen.say(f"Note: {note}")
    if line := reading_line(answer):
        screen.say(line)
    if answer.reading.time:
        screen.say(f"Read a time: nearer to {answer.reading.time} ranks higher; --no-recency leaves dates out.")
    if answer.suggestions:
        screen.say(f"Did you mean: {' · '.join(answer.suggestions)}?")


def reading_line(answer: Answer) -> str:
    """Say what a query was read as where that isn't the obvious one, or found nothing as an expression; else ""."""
    reading, syntax = answer.reading, answer.query.syntax
    if syntax is not Syntax.AUTO:
        return ""
    expression = reading.syntax is Syntax.EXPRESSION and not reading.rest_is_words
    if not reading.doubtful and not (expression and not answer.results):
        return ""
    other = "--words searches its words" if expression else "--expression reads it as one"
    return f"Read {reading}; {other}."


def _by_name(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Group the values that were given for each field."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _decoded(text: str) -> str:
    """Replace what isn't text, such as bytes of another encoding, by the replacement sign."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

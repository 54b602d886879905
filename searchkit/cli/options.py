"""Options that several commands share, each explained and checked once."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from searchkit.cli.index_argument import complete_index
from searchkit.errors import ConfigError
from searchkit.types import Mode, Syntax

FILTERS = "Filters (all must be met; of one that is repeated, any)"
OUTPUT = "Output"
READING = "How places are read"


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MD = "md"
    TREC = "trec"


def _filter(name: str, metavar: str, help_text: str) -> Any:
    """Return the option of a filter."""
    return typer.Option(name, metavar=metavar, show_default=False, rich_help_panel=FILTERS, help=help_text)


Index = Annotated[
    str | None,
    typer.Option(
        "--index",
        metavar="PATH",
        envvar="SEARCHKIT_INDEX",
        show_default=False,
        autocompletion=complete_index,
        help="The index's folder, or its name under indexes/.",
    ),
]
Indexes = Annotated[
    list[str] | None,
    typer.Option(
        "--index",
        metavar="PATH",
        show_default=False,
        autocompletion=complete_index,
        help="The index's folder, or its name under indexes/; SEARCHKIT_INDEX without. Repeatable: several are asked"
        " together, in one ranking, and ids have their index's name before them.",
    ),
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colour, as NO_COLOR does.", rich_help_panel=OUTPUT)]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.", rich_help_panel=OUTPUT)]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress and no report, only problems.", rich_help_panel=OUTPUT),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME=COLUMN",
        show_default=False,
        rich_help_panel=READING,
        help="Take an article's field from that column or dotted JSON path: title=headline. Repeatable.",
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", rich_help_panel=READING, help="Stop at the first article that can't be read (exit code 8)."
    ),
]
NoCache = Annotated[
    bool,
    typer.Option("--no-cache", rich_help_panel=READING, help="Neither use nor fill your cache of vectors."),
]

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        metavar="N",
        show_default="one a core",
        rich_help_panel=READING,
        help="How many processes read pages and cut large archives into chunks. The index is the same.",
    ),
]

Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        min=0.0,
        metavar="SECONDS",
        show_default=False,
        help="How long to wait while another command changes the index. Without it that is an error at once.",
    ),
]

Words = Annotated[list[str] | None, typer.Argument(metavar="QUERY", show_default=False, help="What to look for.")]
Count = Annotated[int, typer.Option("-k", metavar="N", help="How many results.")]
ModeOption = Annotated[Mode, typer.Option("--mode", metavar="NAME", help="hybrid, keyword or vector.")]
MinConfidence = Annotated[
    float,
    typer.Option(
        "--min-confidence",
        metavar="X",
        show_default=False,
        help="Leave out what the archive answers with less confidence, 0 to 1; exit with 1 where nothing is left."
        " A query without words, as of filters alone, has none and keeps all its results.",
    ),
]
Sort = Annotated[
    str,
    typer.Option(
        "--sort",
        metavar="FIELD",
        show_default="by score",
        help="Sort what matches by a field: published, price; -published is the latest first.",
    ),
]
PageCursor = Annotated[
    str | None,
    typer.Option(
        "--cursor",
        metavar="CURSOR",
        show_default=False,
        help="The next page: what the page before named, with the same query and options but for -k.",
    ),
]
Explain = Annotated[
    bool,
    typer.Option(
        "--explain",
        rich_help_panel=OUTPUT,
        help="Show how each score comes about: what each retriever gave, and the sums it can be worked out by again. In"
        " JSON 'how' says them, and 'votes' has all chunks that count.",
    ),
]
Interactive = Annotated[
    bool,
    typer.Option(
        "--interactive",
        "-i",
        help="Ask for queries until ctrl-D; the options hold for all, and what is published meanwhile is found.",
    ),
]
Since = Annotated[
    str | None, _filter("--since", "DATE", "Published then or later: 2025-03-01, 'last month', 24h, 2w, 3mo, 1y.")
]
Until = Annotated[str | None, _filter("--until", "DATE", "Published then or earlier.")]
Sources = Annotated[list[str] | None, _filter("--source", "NAME", "From this outlet.")]
Languages = Annotated[list[str] | None, _filter("--language", "CODE", "In this language: en, es, …")]
Tags = Annotated[list[str] | None, _filter("--tag", "NAME", "With this tag.")]
Authors = Annotated[list[str] | None, _filter("--author", "NAME", "By this author.")]
Others = Annotated[list[str] | None, _filter("--where", "FIELD=VALUE", "With this value in any other field.")]
Facets = Annotated[
    list[str] | None,
    typer.Option(
        "--facet",
        metavar="NAME",
        show_default=False,
        rich_help_panel=OUTPUT,
        help="Count the articles that match by source, language, tag, author, year or another field. Repeatable.",
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        metavar="NAME",
        show_default=False,
        rich_help_panel=OUTPUT,
        help="table (what you get without), json, jsonl, csv, md or trec.",
    ),
]
QueryId = Annotated[
    str, typer.Option("--query-id", metavar="ID", rich_help_panel=OUTPUT, help="The query's id in a TREC run.")
]


TimeZone = Annotated[
    str | None,
    typer.Option(
        "--time-zone",
        metavar="NAME",
        envvar="SEARCHKIT_TIME_ZONE",
        show_default="this machine's",
        rich_help_panel=FILTERS,
        help="Where 'today' and times without a zone in a question are: Europe/Berlin. A date alone is compared with"
        " the day that an article names.",
    ),
]
SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        show_default=False,
        help="Search with the settings in this file, which tune wrote, instead of the index's own.",
    ),
]
Rerank = Annotated[
    str | None,
    typer.Option(
        "--rerank",
        metavar="NAME",
        show_default=False,
        help="A cross-encoder, by its name or folder, that looks again at the best chunks.",
    ),
]
RerankBudget = Annotated[
    float | None,
    typer.Option(
        "--rerank-budget",
        metavar="SECONDS",
        show_default="2",
        help="How long it may take; what it doesn't reach keeps its score. inf for no limit.",
    ),
]


TIME = "Time"
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        show_default=False,
        rich_help_panel=TIME,
        help="Search the archive as it stood then: what was published later is left out, and of the rest what lies"
        " nearer ranks higher. now is today.",
    ),
]
Around = Annotated[
    str | None,
    typer.Option(
        "--around",
        metavar="DATE",
        show_default=False,
        rich_help_panel=TIME,
        help="Rank what was published then, or near it on either side, higher: 2022-03, 2022-03-01..2022-03-15.",
    ),
]
Recency = Annotated[
    bool | None,
    typer.Option(
        "--recency/--no-recency",
        show_default=False,
        rich_help_panel=TIME,
        help="Let dates count in the ranking, from today where nothing names another time; --no-recency: never. Without"
        " either they do with --as-of or --around, and where the query names a time ('this week', 'in March 2022') and"
        " no filter a date.",
    ),
]
IncludeLater = Annotated[
    bool,
    typer.Option("--include-later", rich_help_panel=TIME, help="With --as-of: leave in what was published later."),
]

KeywordFallback = Annotated[
    bool,
    typer.Option(
        "--keyword-fallback", help="Answer by keyword alone, and say so, where the encoder's endpoint doesn't answer."
    ),
]
VocabularyFile = Annotated[
    Path | None,
    typer.Option(
        "--vocabulary",
        metavar="FILE",
        show_default=False,
        help="Read queries by the synonyms, stop words and protected words in this file: 'flak, air defense', 'UN =>"
        " United Nations', 'stop: wire', 'protect: IT', a line each.",
    ),
]
Boosts = Annotated[
    list[str] | None,
    typer.Option(
        "--boost",
        metavar="FIELD=X",
        show_default=False,
        help="Let a field that has a word asked for count more, by so many times its own score: title=2, or a field"
        " that the index has as searchable. Repeatable.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="NAME",
        show_default=False,
        rich_help_panel=READING,
        help="Where chunks are encoded: cuda or mps, which take torch; auto, the fastest there is; cpu. Queries are"
        " encoded as ever.",
    ),
]
AsWords = Annotated[
    bool,
    typer.Option(
        "--words",
        help="Read every query as words: signs, quotes and capitals in it are no operators, and nothing is a filter.",
    ),
]
AsExpression = Annotated[
    bool,
    typer.Option(
        "--expression",
        help="Read every query as an expression; one that can't be read so is an error, with its place marked.",
    ),
]


def boosts_of(typed: Sequence[str] | None) -> dict[str, float] | None:
    """Return which fields count more; None where none was named. Raises ``ConfigError``."""
    boosts: dict[str, float] = {}
    for name, value in pairs("--boost", typed):
        try:
            boosts[name] = float(value)
        except ValueError as error:
            raise ConfigError(
                f"--boost {name} can't be {value!r}.", hint=f"Give a number: --boost {name}=2."
            ) from error
    return boosts or None


def syntax_of(*, words: bool, expression: bool) -> Syntax:
    """Return what a query is to be read as. Raises ``ConfigError`` where both are asked for."""
    if words and expression:
        raise ConfigError("--words and --expression exclude each other.", hint="Give one of them, or neither.")
    return Syntax.WORDS if words else Syntax.EXPRESSION if expression else Syntax.AUTO


def pairs(option: str, typed: Sequence[str] | None) -> list[tuple[str, str]]:
    """Split ``name=value`` options. Raises ``ConfigError`` for one without a name or an equals sign."""
    split = [(text, *text.partition("=")) for text in typed or ()]
    for text, name, sign, _ in split:
        if not name.strip() or not sign:
            raise ConfigError(f"{option} can't be {text!r}.", hint=f"Write it as {option} name=value.")
    return [(name.strip(), value.strip()) for _, name, _, value in split]

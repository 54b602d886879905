"""The commands, and what ``searchkit --help`` says above and below their list."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from searchkit.cli.fast_types import skip_checks
from searchkit.errors import ConfigError

ABOUT = """Search an archive of articles, by its words and by its meaning.

Build an index from files once, then ask it. What 'searchkit init' writes into a folder, searchkit.toml, holds for all
commands there and below; --config FILE names another. Data goes to standard output, everything else to standard
error."""

COMMANDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("init", "init.init", ("searchkit init", "searchkit init ~/articles --force")),
    (
        "build",
        "build.build",
        (
            "searchkit build articles/ --index indexes/news",
            "searchkit build 'dump/*.jsonl.gz' --field title=headline --index dump",
            "zcat feed.jsonl.gz | searchkit build - --index indexes/feed",
        ),
    ),
    ("add", "build.add", ("searchkit add today/ --index indexes/news",)),
    (
        "rebuild",
        "build.rebuild",
        ("searchkit rebuild --index indexes/news", "searchkit rebuild --index indexes/news --chunk-tokens 128"),
    ),
    (
        "update",
        "update.update",
        (
            "searchkit update --index indexes/news",
            "searchkit update articles/ --prune --index indexes/news",
        ),
    ),
    (
        "watch",
        "watch.watch",
        (
            "searchkit watch articles/ --index indexes/news",
            "searchkit watch https://example.org/feed.xml --index indexes/news --json",
            "searchkit watch articles/ --index indexes/news --once",
        ),
    ),
    (
        "update-fields",
        "update.update_fields",
        ("searchkit update-fields wire-0042 --set desk=city --index indexes/news",),
    ),
    ("delete", "update.delete", ("searchkit delete wire-0042 wire-0043 --index indexes/news",)),
    ("compact", "update.compact", ("searchkit compact --index indexes/news",)),
    ("verify", "maintenance.verify", ("searchkit verify --index indexes/news --deep",)),
    ("gc", "maintenance.gc", ("searchkit gc --keep 3 --index indexes/news",)),
    (
        "rollback",
        "maintenance.rollback",
        ("searchkit rollback --index indexes/news", "searchkit rollback 7 --index indexes/news"),
    ),
    ("backup", "maintenance.backup", ("searchkit backup /mnt/disk/news --index indexes/news",)),
    ("restore", "maintenance.restore", ("searchkit restore /mnt/disk/news --index indexes/news",)),
    ("copy", "cluster.copy", ("searchkit copy indexes/news opensearch://search.example:9200/news",)),
    ("cache", "maintenance.cache", ("searchkit cache", "searchkit cache --clear")),
    (
        "doctor",
        "doctor.doctor",
        ("searchkit doctor", "searchkit doctor opensearch://search.example:9200/news"),
    ),
    (
        "search",
        "search.search",
        (
            'searchkit search "Russian air defense in Venezuela" --index indexes/news',
            "searchkit search 'title:missile NOT \"North Korea\"' --facet source",
            "searchkit search 'arms deliveries' --since 'last month' --language en",
            "searchkit search 'air defense' --index indexes/news --index indexes/port",
            "searchkit search 'arms deliveries' -k 50 --format csv > deliveries.csv",
        ),
    ),
    (
        "suggest",
        "suggest.suggest",
        ("searchkit suggest harb --index indexes/news", "searchkit suggest 'air def' --kind word --json"),
    ),
    (
        "more-like",
        "more_like.more_like",
        (
            "searchkit more-like wire-0042 --index indexes/news --since 2025",
            "searchkit more-like --text 'Ferries are on strike' --mode keyword",
        ),
    ),
    (
        "show",
        "show.show",
        ("searchkit show wire-0042 --index indexes/news", "searchkit show 'wire-0042#3' --json"),
    ),
    (
        "quote",
        "quote.quote",
        ('searchkit quote "ask not what your country can do" --index indexes/speeches', "pbpaste | searchkit quote -"),
    ),
    ("info", "show.info", ("searchkit info --index indexes/news",)),
    (
        "evaluate",
        "evaluate.evaluate",
        (
            "searchkit evaluate judged/ --index indexes/news",
            "searchkit evaluate judged/ --compare keyword --compare fusion=rrf",
            "searchkit evaluate judged/ --compare generation:3",
            "searchkit evaluate --known-items --index indexes/news",
            "searchkit evaluate --queries topics.txt --qrels qrels.txt --mode hybrid",
            "searchkit evaluate judged/ --mode hybrid --fail-under nDCG@10=.7 --json",
        ),
    ),
    (
        "tune",
        "tune.tune",
        (
            "searchkit tune judged/ --split train --index indexes/news --save",
            "searchkit tune judged/ --index indexes/news --out news.json",
            "searchkit tune --index indexes/news",
            "searchkit tune --use defaults --index indexes/news",
        ),
    ),
    (
        "serve",
        "serve.serve",
        (
            "searchkit serve --index indexes/news",
            "searchkit serve --index news --index wire --workers 2",
            "searchkit serve --index news --host 0.0.0.0 --tokens tokens.toml",
        ),
    ),
    ("mcp", "mcp.mcp", ("searchkit mcp --index indexes/news",)),
    ("list", "show.list_indexes", ("searchkit list", "searchkit list /srv/indexes --json")),
)
"""Each command: its name, the module and the function whose docstring is its help, and examples."""

MORE = """Examples:
  searchkit build articles/ more.jsonl --index indexes/news
  searchkit search "Russian air defense in Venezuela" --index indexes/news
  searchkit search 'title:missile OR "surface to air"' --since 2025-01-01

Exit codes:
  0 done, or something was found      6 vectors made by another encoder
  1 nothing found, or below a floor   7 something isn't installed
  2 wrong usage, or a bad query       8 articles can't be read
  3 no such index                     9 another process failed
  4 another writer is at work        70 internal error
  5 index damaged, or disk refused  130 interrupted

Environment:
  SEARCHKIT_INDEX        the index to use without --index
  SEARCHKIT_CACHE        the folder of what is dear to make again: exported models, vectors
  SEARCHKIT_VECTOR_CACHE how much of it vectors may take, such as 500MB; off: none
  SEARCHKIT_ENCODER_KEY  the key of an embeddings endpoint
  SEARCHKIT_ENCODER_ENDPOINTS  those that an index may name, with commas between
  SEARCHKIT_TOKEN, SEARCHKIT_WRITE_TOKEN  what 'serve' is asked with, to read and to write
  SEARCHKIT_OPENSEARCH_USER, SEARCHKIT_OPENSEARCH_PASSWORD, or SEARCHKIT_OPENSEARCH_TOKEN
                         who asks an OpenSearch cluster
  SEARCHKIT_OPENSEARCH_TIMEOUT  seconds that a request to it may take
  SEARCHKIT_TIME_ZONE    where "today" is without --time-zone, such as Europe/Berlin
  SEARCHKIT_DEBUG=1      show the traceback of an error
  NO_COLOR, FORCE_COLOR  never colours, always colours"""


class Command(TyperCommand):
    """A command whose help doesn't say of each switch that it is a bool, and that starts without pydantic."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, switches without a type to show."""
        return skip_checks(_without_bool(super().get_params(ctx)))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; a switch that is given both ways is refused, and not taken as it stands last."""
        typed = set(args[: args.index("--")] if "--" in args else args)
        for parameter in self.params:
            on, off = typed & set(parameter.opts), typed & set(getattr(parameter, "secondary_opts", ()))
            if on and off:
                raise ConfigError(f"{min(on)} and {min(off)} exclude each other.", hint="Give one of them, or neither.")
        rest: list[str] = super().parse_args(ctx, args)
        return rest


class Group(TyperGroup):
    """The same for what stands before a command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, switches without a type to show."""
        return skip_checks(_without_bool(super().get_params(ctx)))


def _version(wanted_version: bool) -> None:
    if wanted_version:
        from searchkit.version import __version__

        typer.echo(f"searchkit {__version__}")
        raise typer.Exit


def command_line(typed: str | None = None) -> typer.Typer:
    """Return the command line, of which a command's module is imported.

    Where ``typed`` is the name of a command it has that one alone, so that no other's module is imported; else it has
    all, for their help or a message that names them.
    """
    app = typer.Typer(
        name="searchkit",
        cls=Group,
        help=ABOUT,
        epilog=MORE,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name, place, examples in [command for command in COMMANDS if command[0] == typed] or COMMANDS:
        module, _, function = place.partition(".")
        run: Callable[..., None] = getattr(import_module(f"searchkit.cli.commands.{module}"), function)
        app.command(name, cls=Command, help=_prose(run), epilog="\n  ".join(("\nExamples:", *examples)))(run)
    return app


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def _without_bool(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


def _prose(function: Callable[..., None]) -> str:
    """Return a docstring's paragraphs, a line each: the width is the terminal's."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)

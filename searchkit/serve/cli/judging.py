"""By which judged queries does a command measure? They are named on the command line and read here, once for all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from searchkit.errors import ConfigError
from searchkit.serve.cli.options import OUTPUT

if TYPE_CHECKING:
    from searchkit.evaluation.judgments import Judged
    from searchkit.evaluation.runs import Level

JUDGED = "Queries and judgements"

Folder = Annotated[
    str | None,
    typer.Argument(
        metavar="FOLDER",
        show_default=False,
        help="Queries and judgements in BEIR's layout: queries.jsonl, qrels/test.tsv; or irds:NAME.",
    ),
]
Split = Annotated[str, typer.Option("--split", metavar="NAME", rich_help_panel=JUDGED, help="Which of qrels/NAME.tsv.")]
Queries = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="FILE",
        show_default=False,
        rich_help_panel=JUDGED,
        help="Instead of FOLDER: queries as JSONL, as id, tab, text, or as TREC's topics.",
    ),
]
QrelsFile = Annotated[
    Path | None,
    typer.Option(
        "--qrels",
        metavar="FILE",
        show_default=False,
        rich_help_panel=JUDGED,
        help="Instead of FOLDER: judgements in TREC's or BEIR's form.",
    ),
]
LevelName = Annotated[
    str,
    typer.Option("--level", metavar="NAME", rich_help_panel=JUDGED, help="What is judged: article or chunk."),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", rich_help_panel=OUTPUT, help="No progress: only what was found, its notes, and problems."
    ),
]


def read_named(folder: str | None, split: str, queries: Path | None, qrels: Path | None) -> Judged:
    """Read the judged queries that a command names.

    Raises ``ConfigError`` where they are named neither as a folder nor as files, and as ``read_judged`` does.
    """
    from searchkit.evaluation.judgments import read_files, read_judged

    if folder is not None and queries is None and qrels is None:
        return read_judged(folder, split=split)
    if folder is None and qrels is not None:
        return read_files(queries=queries, qrels=qrels)
    raise ConfigError(
        "Which queries, and which judgements?", hint="Name a folder in BEIR's layout, or --queries FILE --qrels FILE."
    )


def level_of(name: str) -> Level:
    """Return the level of this name. Raises ``ConfigError`` for another."""
    from searchkit.evaluation.runs import Level

    try:
        return Level(name)
    except ValueError as error:
        raise ConfigError(f"--level can't be '{name}'.", hint="Choose article or chunk.") from error

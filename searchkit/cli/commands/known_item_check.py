"""``evaluate --known-items``: an index asked for its own articles, by title, URL and sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from searchkit.cli.output.console import Screen, bars
from searchkit.config import SearchConfig
from searchkit.errors import ConfigError
from searchkit.types import Mode


def measure_known_items(
    screen: Screen,
    index: Path,
    modes: Sequence[Mode],
    config: SearchConfig | None,
    *,
    sample: int,
    seed: int,
    per_query: bool,
    quiet: bool,
    json: bool,
) -> None:
    """Make questions of an index, ask them, and write how often the article asked for comes first.

    Raises ``ConfigError`` where no article can be asked for.
    """
    from searchkit.cli.output import formats, known_items_report
    from searchkit.evaluation.known_items import ask, make_questions
    from searchkit.search.searcher import open_index

    with open_index(index, config=config) as searcher, bars(screen, shown=not quiet) as progress:
        made = make_questions(searcher, sample=sample, seed=seed)
        shares = ask(searcher, made, modes, progress=progress)
    if not shares:
        raise ConfigError(
            f"No article of {index} is told apart by a title, a URL or a sentence.", hint="Build it anew."
        )
    if json:
        screen.write(formats.to_json(known_items_report.known_items_json(made, shares, per_query=per_query)))
        return
    screen.write(known_items_report.known_items_table(shares))
    if per_query:
        screen.write(
            *(
                f"{share.mode}, {share.kind}: {missed.article_id}: {missed.text}"
                for share in shares
                for missed in share.missed
            )
        )
    if left_out := sum({share.kind: share.ambiguous for share in shares}.values()):
        screen.say(f"Note: {left_out:,} questions were left out: another article has the same title, URL or sentence.")

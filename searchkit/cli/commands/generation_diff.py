"""The comparison that ``rebuild`` shows before a generation is put in force."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any

import typer

from searchkit.cli.output.console import clean
from searchkit.cli.output.numbers import count
from searchkit.errors import ConfigError, SearchkitError

if TYPE_CHECKING:
    from searchkit.evaluation.generation_diff import GenerationDiff, JudgedQueries
    from searchkit.index.manifest import Manifest
    from searchkit.types import Say


_SHOWN = 62
"""Characters of a query that are shown: a line of the report fits 80 columns."""

SWITCHING = "Before the next generation is put in force"

Queries = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="FILE",
        show_default="some of the archive's own",
        rich_help_panel=SWITCHING,
        help="Ask these of both generations: one a line, or JSONL as BEIR has it.",
    ),
]
Qrels = Annotated[
    str | None,
    typer.Option(
        "--qrels",
        metavar="FOLDER",
        show_default=False,
        rich_help_panel=SWITCHING,
        help="Measure both on these judgements too: a folder in BEIR's layout, or TREC's file beside --queries.",
    ),
]
RequireOverlap = Annotated[
    float | None,
    typer.Option(
        "--require-overlap",
        metavar="SHARE",
        show_default=False,
        rich_help_panel=SWITCHING,
        help="Keep the generation in force, and exit with 1, where less of the first ten results stays: .6.",
    ),
]
NoSwitch = Annotated[
    bool,
    typer.Option(
        "--no-switch", rich_help_panel=SWITCHING, help="Only report how answers would change; keep what is in force."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchDecision:
    """What came of a comparison: two generations, how answers change (or why that can't be said), and the verdict."""

    before: Manifest
    after: Manifest
    switch: GenerationDiff | None
    problem: str
    switched: bool


class SwitchReview:
    """Compares two generations when the next is ready: what ``rebuild`` calls before it puts that in force.

    ``considered`` is what came of it, None where there was nothing to compare.
    """

    def __init__(
        self,
        where: Path,
        *,
        queries: Path | None = None,
        qrels: str | None = None,
        require_overlap: float | None = None,
        switch: bool = True,
        say: Say | None = None,
    ) -> None:
        """Read what is to be asked. Raises ``ConfigError`` and ``SourceError`` as ``read_judged_queries`` does."""
        if require_overlap is not None and not 0 <= require_overlap <= 1:
            raise ConfigError(f"--require-overlap can't be {require_overlap}.", hint="Give a share from 0 to 1.")
        self.considered: SwitchDecision | None = None
        self._where, self._require, self._switch, self._say = where, require_overlap, switch, say
        self._always = not switch or require_overlap is not None or queries is not None or qrels is not None
        self._judged: JudgedQueries | None = None
        if queries is not None or qrels is not None:
            from searchkit.evaluation.generation_diff import read_judged_queries

            self._judged = read_judged_queries(queries, qrels)

    @property
    def refused(self) -> bool:
        """Whether too little stays the same."""
        return self._require is not None and self.considered is not None and not self.considered.switched

    def __call__(self, before: int, after: int) -> bool:
        """Say whether generation ``after`` shall take the place of ``before``."""
        from searchkit.index.manifest import read_manifest
        from searchkit.index.paths import IndexPaths

        old, new = (read_manifest(IndexPaths(self._where), number) for number in (before, after))
        if not self._always and old.encoder.fingerprint == new.encoder.fingerprint:
            return True
        switch, problem = self._compared(before, after)
        enough = self._require is None or (switch is not None and switch.overlap >= self._require)
        self.considered = SwitchDecision(
            before=old, after=new, switch=switch, problem=problem, switched=self._switch and enough
        )
        if self._say is not None:
            for line in told(self.considered):
                self._say(line)
        return self.considered.switched

    def _compared(self, before: int, after: int) -> tuple[GenerationDiff | None, str]:
        from searchkit.evaluation.generation_diff import compare_answers, sampled_queries
        from searchkit.search.searcher import open_index

        with ExitStack() as opened:
            try:
                old, new = (
                    opened.enter_context(open_index(self._where, generation=number)) for number in (before, after)
                )
                return compare_answers(old, new, self._judged or sampled_queries(old)), ""
            except SearchkitError as error:
                return None, error.message


def told(considered: SwitchDecision) -> Iterator[str]:
    """Yield the lines of a report."""
    old, new, switch = considered.before, considered.after, considered.switch
    yield (
        f"From generation {old.generation} ({clean(old.encoder.name)}) to {new.generation} ({clean(new.encoder.name)}):"
    )
    if switch is None:
        yield f"  how answers change can't be said: {clean(considered.problem)}"
    else:
        which = "the archive's own titles and sentences" if switch.sampled else "the given queries"
        queries = count(switch.queries, "query").replace("querys", "queries")
        yield f"  top ten   {switch.overlap:.0%} stay, the first result {switch.same_first:.0%} ({queries}: {which})"
        for moved in switch.changed:
            yield f"            {moved.overlap:4.0%}  {shorten(clean(moved.query), _SHOWN, placeholder=' …')}"
        for comparison in switch.comparisons:
            before, after = (measured.mean(comparison.measure) for measured in switch.measured or ())
            interval = f"{comparison.interval.low:+.3f} to {comparison.interval.high:+.3f}, p {comparison.p:.4f}"
            yield f"  {comparison.measure:<9} {before:.3f} → {after:.3f} ({comparison.difference:+.3f}, {interval})"
        for note in switch.notes:
            yield f"  {clean(note)}"
    yield f"  {'it is put in force' if considered.switched else f'generation {old.generation} stays in force'}"


def considered_json(considered: SwitchDecision) -> dict[str, Any]:
    """Return a report for a program."""
    switch = considered.switch
    plain: dict[str, Any] = {
        "before": {"generation": considered.before.generation, "encoder": considered.before.encoder.name},
        "after": {"generation": considered.after.generation, "encoder": considered.after.encoder.name},
        "switched": considered.switched,
        "problem": considered.problem,
    }
    if switch is None:
        return plain
    measures = {
        comparison.measure: {
            "before": before,
            "after": after,
            "interval": asdict(comparison.interval),
            "p": comparison.p,
        }
        for comparison in switch.comparisons
        for before, after in [tuple(measured.mean(comparison.measure) for measured in switch.measured or ())]
    }
    return {
        **plain,
        "queries": switch.queries,
        "sampled": switch.sampled,
        "overlap": switch.overlap,
        "same_first": switch.same_first,
        "changed": [asdict(answer) for answer in switch.changed],
        "measures": measures,
        "notes": list(switch.notes),
    }

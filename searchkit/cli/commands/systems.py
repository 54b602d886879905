"""Systems to evaluate: what stands behind --mode, --run and --compare.

Something to compare with is a mode, a setting (``vector_weight=2``, several with commas), a file of settings that
``tune`` wrote, a reranker (``rerank=NAME``; ``rerank=`` for none), an earlier generation (``generation:3``), another
index, or a run file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from searchkit.cli.index_argument import named_index
from searchkit.config import SearchConfig
from searchkit.errors import ConfigError
from searchkit.types import Mode, Progress, Syntax

if TYPE_CHECKING:
    from searchkit.evaluation.judgments import Judgments
    from searchkit.evaluation.query_times import QueryTimes
    from searchkit.evaluation.runs import Level, Run
    from searchkit.search.searcher import Searcher


FORMS = (
    "Give a mode, a setting (vector_weight=2, boost.title=2), a file of settings (.json), rerank=NAME, syntax=words,"
    " generation:NUMBER, the folder of another index, or the file of a run."
)
_GENERATION = re.compile(r"generation:([0-9]{1,12})")
_RERANK = "rerank="
_SYNTAX = "syntax="
_BOOST = "boost."
"""Stands before a field's name: ``boost.title=2``."""
_OF_TWO_LEGS = frozenset({"fusion", "vector_weight"})
_OF_A_RERANKER = frozenset({"rerank_depth", "rerank_weight"})
_SHOWN = frozenset({"chunks_per_result", "rerank_budget_s"})
"""Settings of what is shown; and a reranker that is measured has all the time it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSystem:
    """An index that is asked in one mode.

    ``config``: None for the settings that the index names. ``generation``: None for the one in force. ``reranker``: its
    name, "" for none. ``syntax``: what the queries are read as.
    """

    name: str
    index: Path
    mode: Mode
    config: SearchConfig | None = None
    generation: int | None = None
    reranker: str = ""
    syntax: Syntax = Syntax.AUTO

    def settings(self) -> SearchConfig:
        """Return the settings that hold."""
        from searchkit.index.search_settings import settings_in_force

        return self.config or settings_in_force(self.index, self.generation)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run that stands in a file."""

    name: str
    path: Path


System = SearchSystem | StoredRun


def first_systems(
    index: Callable[[], Path],
    modes: Sequence[Mode],
    run: Path | None,
    *,
    config: SearchConfig | None = None,
    reranker: str = "",
    syntax: Syntax = Syntax.AUTO,
) -> list[System]:
    """Return what --run and --mode name; ``index`` is only called where an index is asked."""
    systems: list[System] = [] if run is None else [StoredRun(name=run.name, path=run)]
    if modes:
        path = index()
        systems += [
            SearchSystem(name=str(mode), index=path, mode=mode, config=config, reranker=reranker, syntax=syntax)
            for mode in dict.fromkeys(modes)
        ]
    return systems


def compared_system(typed: str, first: System, index: Callable[[], Path]) -> System:
    """Read what --compare says: what differs from the first system is named, all else stays as it is there.

    Raises ``ConfigError`` where it is none of the things that can be.
    """
    base = first if isinstance(first, SearchSystem) else None
    if typed in set(Mode):
        return replace(base, name=typed, mode=Mode(typed)) if base else _plain(typed, index(), Mode(typed))
    if Path(typed).is_file() and not typed.endswith(".json"):
        return StoredRun(name=Path(typed).name, path=Path(typed))
    if changed := _changed(typed, lambda: base or _plain("hybrid", index(), Mode.HYBRID)):
        _check_matters(typed, base or replace(changed, config=None), changed)
        return replace(changed, name=f"{changed.mode}, {typed}")
    folder = named_index(typed)
    if folder.is_dir():
        base = base or _plain("hybrid", folder, Mode.HYBRID)
        return replace(base, name=f"{base.mode}, {folder}", index=folder, generation=None)
    raise ConfigError(f"There is nothing called '{typed}' to compare with.", hint=FORMS)


def _changed(typed: str, base: Callable[[], SearchSystem]) -> SearchSystem | None:
    """Return the base with the one thing changed that was typed; None where it names nothing of an index."""
    if typed.startswith(_RERANK):
        return replace(base(), reranker=typed.removeprefix(_RERANK))
    if typed.startswith(_SYNTAX):
        return replace(base(), syntax=_syntax(typed.removeprefix(_SYNTAX)))
    if matched := _GENERATION.fullmatch(typed):
        return replace(base(), generation=int(matched[1]))
    if Path(typed).is_file():
        return replace(base(), config=SearchConfig.from_file(typed))
    if "=" in typed and not Path(typed).exists():
        first = base()
        return replace(first, config=SearchConfig.from_dict({**first.settings().to_dict(), **_settings(typed)}))
    return None


def _check_matters(typed: str, base: SearchSystem, changed: SearchSystem) -> None:
    """Refuse settings of which none has a say in what is found: they'd seem to make no difference."""
    if changed.config is None or changed.config is base.config:
        return
    before, after = base.settings().to_dict(), changed.config.to_dict()
    different = {name for name in after if after[name] != before[name] and name != "made_for"}
    idle = set(_SHOWN)
    if changed.mode is not Mode.HYBRID:
        idle |= _OF_TWO_LEGS if not changed.reranker else {"fusion"}
    if not changed.reranker:
        idle |= _OF_A_RERANKER
    if different and different <= idle:
        raise ConfigError(
            f"'{typed}' changes nothing that is found by {changed.mode}.",
            hint="Compare in another mode (--mode hybrid), or with a reranker (--rerank NAME) where it is of one.",
        )


def _plain(name: str, index: Path, mode: Mode) -> SearchSystem:
    return SearchSystem(name=name, index=index, mode=mode)


def _syntax(typed: str) -> Syntax:
    if typed not in set(Syntax):
        raise ConfigError(f"There is no syntax '{typed}'.", hint=f"Choose one of: {', '.join(Syntax)}.")
    return Syntax(typed)


def _settings(typed: str) -> Mapping[str, Any]:
    """Read ``name=value`` pairs; a value becomes a number where its setting is one. ``from_dict`` checks the rest."""
    kinds = {field.name: str(field.type).removesuffix(" | None") for field in fields(SearchConfig)}
    values: dict[str, Any] = {}
    for pair in typed.split(","):
        name, _, text = (part.strip() for part in pair.partition("="))
        try:
            if name.startswith(_BOOST):
                values["boosts"] = {**values.get("boosts", {}), name.removeprefix(_BOOST): float(text)}
                continue
            values[name] = {"float": float, "int": int}.get(kinds.get(name, ""), str)(text)
        except ValueError as error:
            raise ConfigError(f"The setting {name} can't be '{text}'.", hint="It takes a number.") from error
    return values


class SystemRunner:
    """Makes runs, and opens an index once for all the runs that come from it. Use it with ``with``."""

    def __init__(
        self,
        judged: Judgments,
        *,
        depth: int,
        level: Level,
        progress: Progress | None,
        times: QueryTimes | None = None,
    ) -> None:
        self._judged, self._depth, self._level, self._progress = judged, depth, level, progress
        self._times = times
        self._opened: dict[SearchSystem, Searcher] = {}
        self._closing = ExitStack()

    def __enter__(self) -> SystemRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def run(self, system: System) -> Run:
        """Return the system's answers. Raises ``ConfigError`` where it must ask and there are no texts of queries."""
        from searchkit.evaluation.runs import make_run, read_run

        if isinstance(system, StoredRun):
            ids = {
                *self._judged.qrels,
                *(article_id for grades in self._judged.qrels.values() for article_id in grades),
            }
            return replace(read_run(system.path, known=ids), name=system.name)
        if not self._judged.queries:
            raise ConfigError("There are no queries to ask.", hint="Name their file: --queries FILE.")
        return make_run(
            self._searcher(system),
            self._judged.queries,
            name=system.name,
            mode=system.mode,
            syntax=system.syntax,
            depth=self._depth,
            level=self._level,
            progress=self._progress,
            times=self._times,
        )

    def absent(self, system: System) -> int:
        """Count the judged articles, or chunks, that aren't in the index of a system."""
        from searchkit.evaluation.runs import absent

        return 0 if isinstance(system, StoredRun) else absent(self._searcher(system), self._judged.qrels, self._level)

    def _searcher(self, system: SearchSystem) -> Searcher:
        from searchkit.search.searcher import open_index

        key = replace(system, name="", mode=Mode.HYBRID, syntax=Syntax.AUTO)
        if key not in self._opened:
            config = system.config
            if system.reranker:
                config = replace(system.settings(), rerank_budget_s=None)  # what is measured mustn't hang on the clock
            opened = open_index(
                system.index, config=config, generation=system.generation, reranker=system.reranker or None
            )
            self._opened[key] = self._closing.enter_context(opened)
        return self._opened[key]

"""Configuration: ``IndexConfig`` is baked into an index, ``SearchConfig`` may differ from query to query."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any, Self

from searchkit.errors import ConfigError

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"

LONGEST_CHUNK = 256
"""Tokens of a chunk where nothing else is said: encoders that read thousands at once still find a passage better in
chunks of a few paragraphs (170 words with the best chunk counting: .859 against .850 on long articles). Half of it with
the default encoder, hybrid nDCG@10: samples +.013, XQuAD in 12 languages +.013, digitalgov-known +.001, xquad-en the
same, scifact -.003, cranfield -.007, twice the chunks (the larger three by samples of their articles)."""

FUSIONS = ("sum", "minmax", "rrf")
"""Ways to fuse two legs: the default, and those it is measured against."""

SETTINGS_FORMAT = 1
"""The version of the form of ``Settings`` in a file; another is refused."""

SETTINGS_LIMIT_BYTES = 1 << 20
"""No file of settings comes near it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    """Reads itself from a mapping and refuses what it doesn't know, and values of another type however it is made."""

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not _matches(value, str(setting.type)):
                raise ConfigError(
                    f"The setting '{setting.name}' of {type(self).__name__} can't be {value!r}.",
                    hint=f"It takes a value of type {setting.type}.",
                )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make the configuration from plain values.

        Raises ``ConfigError`` for a key that doesn't exist (with the nearest that does) or a value of another type.
        """
        known = {f.name: f for f in fields(cls)}
        for key in values:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(sorted(known))}."
                raise ConfigError(f"There is no setting '{key}' in {cls.__name__}.", hint=hint)
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, from which ``from_dict`` makes an equal configuration."""
        return asdict(self)


def _matches(value: object, annotation: str) -> bool:
    """Say whether a plain value has the annotated type: the few that configurations use."""
    kinds: dict[str, tuple[type, ...]] = {
        "str": (str,),
        "bool": (bool,),
        "int": (int,),
        "float": (int, float),
        "int | None": (int, type(None)),
        "float | None": (int, float, type(None)),
        "Mapping[str, str]": (Mapping,),
        "Mapping[str, Any]": (Mapping,),
    }
    return isinstance(value, kinds[annotation]) and isinstance(value, bool) == (annotation == "bool")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig(_Typed):
    """What is baked into the files of an index.

    ``chunk_tokens``: longest chunk in the encoder's tokens, header included; None is the encoder's own limit, but no
    more than ``LONGEST_CHUNK``. What the encoder can't read at once is never exceeded.
    ``overlap_sentences``: sentences that a chunk repeats from the one before.
    ``title_weight``: how often a title's word counts in the keyword leg (twice: +.006 nDCG@10 for BM25 alone,
    +.001 fused, mean of eleven collections; three times: the same as twice in the mean of six, -.004 on scifact).
    ``keep_encoder``: whether the encoder's files are put into the index (87 MiB for the default one), so that it can be
    searched where the encoder isn't installed.
    """

    encoder: str = DEFAULT_ENCODER
    chunk_tokens: int | None = None
    overlap_sentences: int = 1
    title_weight: int = 2
    keep_encoder: bool = False

    def __post_init__(self) -> None:
        _Typed.__post_init__(self)
        if self.chunk_tokens is not None and self.chunk_tokens < 16:
            raise ConfigError(f"chunk_tokens is {self.chunk_tokens}.", hint="Give 16 or more, or leave it out.")
        if not 0 <= self.overlap_sentences <= 5:
            raise ConfigError(f"overlap_sentences is {self.overlap_sentences}.", hint="Give 0 to 5.")
        if not 1 <= self.title_weight <= 9:
            raise ConfigError(f"title_weight is {self.title_weight}.", hint="Give 1 to 9.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadConfig(_Typed):
    """How places are read.

    ``fields`` maps an article's field (``id``, ``title``, ``text``, …) to the column or the dotted JSON path that holds
    it.
    """

    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchConfig(_Typed):
    """What may differ between two searches of one index.

    ``vector_weight`` is the factor of the cosine in ``s = BM25 / sqrt(U) + vector_weight * cosine``. None is the one
    that the index has learnt from its vectors: 2.8 for the default encoder (2.3 to 3.8 stays within .003 nDCG@10 on
    eleven collections), for another .30 over the deviation of its cosines.
    ``fusion``: how the legs are fused. "sum" is that formula: a score depends on the query, the chunk and the index
    alone, and it ranks best. The others are there to be compared with; their scores depend on the candidates of each
    search, ``depth`` of each leg (``search/fusion.py`` has them and their figures).
    ``depth``: hits taken from each leg at first; with "sum" more are taken until the answer can't change, so it decides
    speed alone.
    ``chunks_per_result``: how many of an article's chunks a result shows at most.
    ``rerank_depth``: how many of the best chunks a reranker reads, where there is one, whatever k is.
    ``rerank_weight``: it moves a chunk up or down by half of this at most, on the scale of the hybrid's scores
    (``search/reranking.py`` has the form).
    ``rerank_budget_s``: how many seconds it may take; what it doesn't reach keeps its score. None or inf: as
    long as it takes.
    ``time_zone``: where "today", "last month" and times without a zone in a question are, as ``Europe/Berlin``; "" is
    where this machine is.
    ``made_for``: the fingerprint of the encoder for whose vectors these settings were chosen, as ``searchkit tune``
    notes it; an index with vectors of another refuses them. "" for any.
    """

    fusion: str = "sum"
    vector_weight: float | None = None
    depth: int = 200
    chunks_per_result: int = 3
    rerank_depth: int = 50
    rerank_weight: float = 2.0
    rerank_budget_s: float | None = 2.0
    time_zone: str = ""
    made_for: str = ""

    def __post_init__(self) -> None:
        _Typed.__post_init__(self)
        if self.fusion not in FUSIONS:
            raise ConfigError(f"There is no fusion '{self.fusion}'.", hint=f"Choose one of: {', '.join(FUSIONS)}.")
        if self.vector_weight is not None and not 0 < self.vector_weight < inf:
            raise ConfigError(f"vector_weight is {self.vector_weight}.", hint="Give a number above 0.")
        if self.depth < 1 or self.chunks_per_result < 1:
            raise ConfigError("depth and chunks_per_result start at 1.", hint="Give 1 or more.")
        if not 1 <= self.rerank_depth <= 1000:
            raise ConfigError(f"rerank_depth is {self.rerank_depth}.", hint="Give 1 to 1000.")
        if not 0 < self.rerank_weight < inf:
            raise ConfigError(f"rerank_weight is {self.rerank_weight}.", hint="Give a number above 0.")
        if self.rerank_budget_s is not None and not self.rerank_budget_s > 0:
            raise ConfigError(
                f"rerank_budget_s is {self.rerank_budget_s}.",
                hint="Give seconds above 0; 'inf', or None in a program, is no limit.",
            )
        if self.time_zone:
            _check_zone(self.time_zone)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read the settings that ``searchkit tune`` saved in a file. Raises as ``Settings.from_file`` does."""
        return cls.from_dict(Settings.from_file(path).to_config().to_dict())


def _check_zone(name: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise ConfigError(
            f"There is no time zone '{name}'.", hint="Give a name such as 'Europe/Berlin' or 'UTC'."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(_Typed):
    """Settings of search that were chosen for vectors of one encoder: what ``searchkit tune`` saves.

    A file of them, and a manifest that names them, hold one JSON object of these keys: ``search``, the values of
    ``SearchConfig`` that were chosen; ``encoder`` and ``fingerprint``, whose vectors they were chosen for;
    ``evidence``, what speaks for them, in words; ``format``.
    """

    search: Mapping[str, Any]
    encoder: str
    fingerprint: str
    evidence: str = ""
    format: int = SETTINGS_FORMAT

    def __post_init__(self) -> None:
        _Typed.__post_init__(self)
        if self.format != SETTINGS_FORMAT:
            raise ConfigError(
                f"These settings have the form {self.format}; this searchkit reads {SETTINGS_FORMAT}.",
                hint="Make them anew with 'searchkit tune'.",
            )
        if not self.fingerprint:
            raise ConfigError("These settings don't say for which encoder they are.", hint="Run 'searchkit tune'.")
        if "made_for" in self.search:
            raise ConfigError("'made_for' is no setting to choose.", hint="'fingerprint' says for which encoder.")
        self.to_config()

    def to_config(self) -> SearchConfig:
        """Return them as a configuration. Raises ``ConfigError`` for a setting that doesn't exist or can't be."""
        return SearchConfig.from_dict({**self.search, "made_for": self.fingerprint})

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a file of settings. Raises ``ConfigError`` naming the file where it can't be read or isn't one."""
        hint = "Name a file that 'searchkit tune --out FILE' wrote."
        try:
            with Path(path).expanduser().open("rb") as file:
                content = file.read(SETTINGS_LIMIT_BYTES + 1)
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"{path} can't be read: {getattr(error, 'strerror', None) or error}.", hint=hint
            ) from error
        try:
            values = json.loads(content) if len(content) <= SETTINGS_LIMIT_BYTES else None
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict) or not {"search", "encoder", "fingerprint"} <= values.keys():
            raise ConfigError(f"{path} isn't a file of settings.", hint=hint)
        try:
            return cls.from_dict(values)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error

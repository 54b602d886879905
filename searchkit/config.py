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
from searchkit.field_config import FieldConfig, field_configs, plain_values

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"

MULTILINGUAL_ENCODER = "intfloat/multilingual-e5-small"
"""What is named to who has articles in languages that the default hardly knows."""

LONGEST_CHUNK = 256
"""Tokens of a chunk where nothing else is said: encoders that read thousands at once still find a passage better in
chunks of a few paragraphs (170 words with the best chunk counting: .859 against .850 on long articles). Half of it with
the default encoder, hybrid nDCG@10: samples +.013, XQuAD in 12 languages +.013, digitalgov-known +.001, xquad-en the
same, scifact -.003, cranfield -.007, twice the chunks (the larger three by samples of their articles)."""

FUSIONS = ("sum", "minmax", "rrf")
"""Ways to fuse two retrievers: the default, and those it is measured against."""

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
        """Make the configuration from plain values, as JSON or YAML holds them.

        Args:
            values: Values by the names of the settings; what is left out has its default.

        Returns:
            The configuration.

        Raises:
            ConfigError: A key doesn't exist (the nearest that does is named), or a value can't be that setting's.

        Example:
            >>> searchkit.SearchConfig.from_dict({"chunks_per_result": 1}).chunks_per_result
            1
            >>> searchkit.SearchConfig.from_dict({"chunks_per_resul": 1})
            Traceback (most recent call last):
                ...
            searchkit.errors.ConfigError: There is no setting 'chunks_per_resul' in SearchConfig. ...
        """
        known = {f.name: f for f in fields(cls)}
        for key in values:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(sorted(known))}."
                raise ConfigError(f"There is no setting '{key}' in {cls.__name__}.", hint=hint)
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, from which ``from_dict`` makes an equal configuration.

        Returns:
            The value of every setting by its name.

        Example:
            >>> searchkit.ReadConfig(fields={"title": "headline"}).to_dict()
            {'fields': {'title': 'headline'}}
        """
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
        "Mapping[str, float]": (Mapping,),
        "Mapping[str, FieldConfig]": (Mapping,),
    }
    return isinstance(value, kinds[annotation]) and isinstance(value, bool) == (annotation == "bool")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig(_Typed):
    """What is baked into the files of an index. ``build`` and ``rebuild`` take one; changing it takes a rebuild.

    Attributes:
        encoder: The encoder's name, as ``searchkit.encoders.load_encoder`` takes it.
        chunk_tokens: The longest chunk in the encoder's tokens, title and heading included; 16 or more. None is the
            encoder's own limit, but no more than 256. What the encoder can't read at once is never exceeded.
        overlap_sentences: How many sentences a chunk repeats from the one before, 0 to 5.
        title_weight: How often a title's word counts in the keyword retriever, 1 to 9.
        keep_encoder: Whether the encoder's files are put into the index (87 MiB for the default one), so that it can be
            searched where the encoder isn't installed.
        fields: What the index is told of its articles' own fields, by name: a ``FieldConfig``, a dict of what it has,
            or a type alone. Values are held against it when articles come in. One that isn't declared is taken as it
            is.

    Raises:
        ConfigError: A value has another type or is out of its range.

    Example:
        >>> config = searchkit.IndexConfig(chunk_tokens=128, keep_encoder=True)
        >>> articles = [{"id": "a1", "title": "Cocoa", "text": "The price has doubled."}]
        >>> searchkit.build("indexes/portable", articles, config=config).chunks
        1
    """

    encoder: str = DEFAULT_ENCODER
    chunk_tokens: int | None = None
    overlap_sentences: int = 1
    # Twice: +.006 nDCG@10 for BM25 alone, +.001 fused, mean of eleven collections. Three times: the same as twice in
    # the mean of six, -.004 on scifact.
    title_weight: int = 2
    keep_encoder: bool = False
    fields: Mapping[str, FieldConfig] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _Typed.__post_init__(self)
        object.__setattr__(self, "fields", field_configs(self.fields))
        if self.chunk_tokens is not None and self.chunk_tokens < 16:
            raise ConfigError(f"chunk_tokens is {self.chunk_tokens}.", hint="Give 16 or more, or leave it out.")
        if not 0 <= self.overlap_sentences <= 5:
            raise ConfigError(f"overlap_sentences is {self.overlap_sentences}.", hint="Give 0 to 5.")
        if not 1 <= self.title_weight <= 9:
            raise ConfigError(f"title_weight is {self.title_weight}.", hint="Give 1 to 9.")

    @property
    def searchable(self) -> tuple[str, ...]:
        """The fields whose words are found, sorted."""
        return tuple(sorted(name for name, config in self.fields.items() if config.is_searchable))

    @property
    def unlabelled(self) -> frozenset[str]:
        """The fields that hold words, and no values to filter by."""
        return frozenset(name for name, config in self.fields.items() if config.is_text)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, from which ``from_dict`` makes an equal configuration; of fields where there are some.

        Returns:
            The value of every setting by its name.

        Example:
            >>> searchkit.IndexConfig(fields={"price": "number"}).to_dict()["fields"]
            {'price': {'type': 'number', 'stored': True}}
        """
        values = {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.name != "fields"}
        declared = {name: plain_values(config) for name, config in self.fields.items()}
        return values | ({"fields": declared} if declared else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadConfig(_Typed):
    """How places are read.

    Attributes:
        fields: Where an article's own fields (``id``, ``title``, ``text``, …) stand in JSON and CSV, by their name: the
            column, or the dotted path of keys. Fields that aren't named are found by their usual spellings.

    Raises:
        ConfigError: A value has another type.

    Example:
        >>> from pathlib import Path
        >>> lines = '{"nr": "a1", "head": {"main": "Cocoa"}, "story": "The price has doubled."}'
        >>> _ = Path("export.jsonl").write_text(lines)
        >>> read = searchkit.ReadConfig(fields={"id": "nr", "title": "head.main", "text": "story"})
        >>> searchkit.add("indexes/news", places=["export.jsonl"], read=read).new
        1
    """

    fields: Mapping[str, str] = field(default_factory=dict)


MOST_BOOST = 100.0
"""A boost beyond it leaves nothing of the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchConfig(_Typed):
    """What may differ between two searches of one index. ``open`` takes one.

    Attributes:
        fusion: How the scores of the two retrievers are fused. With "sum" a score is ``BM25 / sqrt(U) + vector_weight *
            cosine``, where U is the sum of the idf of the query's words. It depends on the query, the chunk and the
            index alone, and it ranks best. "minmax" and "rrf" are there to be compared with: their scores depend on the
            candidates of each search, ``depth`` of each retriever (``search/fusion.py`` has the forms and figures).
        vector_weight: The factor of the cosine, above 0. None is the one that the index has learnt from its vectors:
            2.8 for the default encoder, for another .30 over the deviation of its cosines.
        coverage_weight: What is added to a chunk that has every word of the query, 0 to 10, in hybrid mode; one that
            has some gets their share of the idf. 0: nothing.
        neighbour_weight: How much of a chunk's keyword score is that of its neighbours, 0 to 1, in hybrid mode: of
            the four nearest among the archive's best chunks for the query (``search/neighbours.py``). 0: nothing.
        depth: How many hits are taken from each retriever at first. With "sum" more are taken until the answer can't
            change, so it decides speed alone.
        chunks_per_result: How many of an article's chunks a result shows at most.
        rerank_depth: How many of the best chunks a reranker reads, where there is one, whatever k is; 1 to 1000.
        rerank_weight: A reranker moves a chunk up or down by half of this at most, on the scale of the hybrid's scores
            (``search/reranking.py`` has the form).
        rerank_budget_s: How many seconds a reranker may take. What it doesn't reach keeps its score. None or inf: as
            long as it takes.
        time_weight: What the date of an article adds at most where a question is of a time, on the scale of the
            hybrid's scores (``search/time_prior.py`` has the form and figures).
        time_scale_days: After so many days it adds about a third of that (1 / e), after twice as many an eighth.
        time_zone: Where "today", "last month" and times without a zone in a question are, such as ``Europe/Berlin``;
            "" is where this machine is.
        keyword_fallback: Whether a hybrid search whose encoder fails, as an endpoint may, is answered by keyword alone,
            which a note says. Otherwise it raises.
        vocabulary: The path of a file of synonyms, stop words and protected words, by which queries are read
            (``keyword/query/vocabulary.py`` has its form); "" for none. An answer's notes say what it did.
        boosts: How much more a field counts that has a word asked for, by its name, 0 to 100: so many times the score
            of the field's own words is added to the keyword score. ``{"title": 2, "summary": 1.5}``: the title of every
            article, and fields that the index has as searchable.
        made_for: The fingerprint of the encoder for whose vectors these settings were chosen, as ``searchkit tune``
            notes it. An index with vectors of another refuses them. "" is for any.

    Raises:
        ConfigError: A value has another type, is out of its range, or names no fusion or time zone that there is.

    Example:
        >>> config = searchkit.SearchConfig(vector_weight=1.4, time_zone="America/Caracas")
        >>> with searchkit.open("indexes/news", config=config) as searcher:
        ...     searcher.vector_weight()
        1.4
    """

    fusion: str = "sum"
    # For the default encoder 2.3 to 3.8 stays within .003 nDCG@10 on eleven collections.
    vector_weight: float | None = None
    # .3 to .6, and .2 to .4: search/neighbours.py has the figures.
    coverage_weight: float = 0.4
    neighbour_weight: float = 0.3
    depth: int = 200
    chunks_per_result: int = 3
    rerank_depth: int = 50
    rerank_weight: float = 2.0
    rerank_budget_s: float | None = 2.0
    time_weight: float = 1.5
    time_scale_days: float = 14.0
    time_zone: str = ""
    keyword_fallback: bool = False
    vocabulary: str = ""
    boosts: Mapping[str, float] = field(default_factory=dict, hash=False)
    made_for: str = ""

    def __post_init__(self) -> None:
        _Typed.__post_init__(self)
        if self.fusion not in FUSIONS:
            raise ConfigError(f"There is no fusion '{self.fusion}'.", hint=f"Choose one of: {', '.join(FUSIONS)}.")
        if self.vector_weight is not None and not 0 < self.vector_weight < inf:
            raise ConfigError(f"vector_weight is {self.vector_weight}.", hint="Give a number above 0.")
        if not 0 <= self.coverage_weight <= 10:
            raise ConfigError(f"coverage_weight is {self.coverage_weight}.", hint="Give 0 to 10; 0 is nothing.")
        if not 0 <= self.neighbour_weight <= 1:
            raise ConfigError(f"neighbour_weight is {self.neighbour_weight}.", hint="Give 0 to 1; 0 is nothing.")
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
        for name, value in (("time_weight", self.time_weight), ("time_scale_days", self.time_scale_days)):
            if not 0 < value < inf:
                raise ConfigError(f"{name} is {value}.", hint="Give a number above 0; recency=False leaves dates out.")
        object.__setattr__(self, "boosts", checked_boosts(self.boosts))
        if self.time_zone:
            _check_zone(self.time_zone)

    @property
    def reads_plainly(self) -> bool:
        """Whether a query is read as it is: without a vocabulary, and without boosts."""
        return not self.vocabulary and not self.boosts

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read the settings that ``searchkit tune`` saved in a file.

        Args:
            path: The file.

        Returns:
            The settings, with ``made_for`` set to the encoder that they were chosen for.

        Raises:
            ConfigError: The file can't be read, isn't one of settings, or holds one that doesn't exist.

        Example:
            >>> from pathlib import Path
            >>> text = '{"search": {"vector_weight": 1.9}, "encoder": "all-MiniLM-L6-v2", "fingerprint": "26580c80"}'
            >>> _ = Path("tuned.json").write_text(text)
            >>> searchkit.SearchConfig.from_file("tuned.json").vector_weight
            1.9
        """
        return cls.from_dict(Settings.from_file(path).to_config().to_dict())


def checked_boosts(boosts: Mapping[str, float]) -> dict[str, float]:
    """Return what fields count more, without those that count nothing. Raises ``ConfigError``."""
    hint = f"Give fields by name and 0 to {MOST_BOOST:g}: boosts={{'title': 2}}."
    if not isinstance(boosts, Mapping):
        raise ConfigError(f"'boosts' can't be {boosts!r}.", hint=hint)
    for name, boost in boosts.items():
        fits = isinstance(boost, int | float) and not isinstance(boost, bool) and 0 <= boost <= MOST_BOOST
        if not isinstance(name, str) or not fits:
            raise ConfigError(f"The boost of {name!r} can't be {boost!r}.", hint=hint)
    return {name: float(boost) for name, boost in sorted(boosts.items()) if boost}


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
        if "vocabulary" in self.search:  # an index that somebody else made must not have a file of this machine read
            raise ConfigError("'vocabulary' is no setting to keep.", hint="Give it with each search.")
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

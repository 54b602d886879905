"""Project file: ``searchkit.toml``, which says for a folder and all below it what commands needn't be told again.

::

    places = ["articles"]              # what is read
    index = "indexes/news"             # where the index lies; of several, search, serve and mcp take all, others ask
    [read]                             # where an article's own fields stand in JSON and CSV, as --field says
    title = "headline"
    [fields]                           # what the index is told of fields (``FieldConfig``)
    price = "number"
    summary = {type = "text", stored = false}
    [encoder]                          # name, chunk_tokens, keep_encoder, device
    [server]                           # host, port, workers, tokens, allow_hosts, allow_origins, timeout, at_once

Paths are relative to the file. What it can't hold is refused, with the line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from searchkit.config import IndexConfig
from searchkit.errors import ConfigError
from searchkit.field_config import FieldConfig, field_configs

FILE_NAME = "searchkit.toml"
LIMIT_BYTES = 1 << 20
"""No project file comes near it."""

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_HEADER = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderTable:
    """Which encoder makes the vectors, and how texts are cut for it; None is what commands take without."""

    name: str | None = None
    chunk_tokens: int | None = None
    keep_encoder: bool | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTable:
    """Where ``serve`` listens, and to whom; None is what it takes without."""

    host: str | None = None
    port: int | None = None
    workers: int | None = None
    tokens: str | None = None
    allow_hosts: tuple[str, ...] | None = None
    allow_origins: tuple[str, ...] | None = None
    timeout: float | None = None
    at_once: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """What a project file says, its paths made absolute.

    ``fields`` is None where it has no table of them: then an index keeps its own.
    """

    path: Path
    places: tuple[str, ...] = ()
    index: tuple[Path | str, ...] = ()
    """Folders, or the addresses of indexes on a cluster."""
    read: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, FieldConfig] | None = None
    encoder: EncoderTable = field(default_factory=EncoderTable)
    server: ServerTable = field(default_factory=ServerTable)

    @property
    def named(self) -> tuple[str, ...]:
        """What it says something of."""
        tables = {"encoder": self.encoder != EncoderTable(), "server": self.server != ServerTable()}
        parts = {"places": bool(self.places), "index": bool(self.index), "read": bool(self.read)}
        return tuple(name for name, holds in (parts | {"fields": self.fields is not None} | tables).items() if holds)


def is_address(place: str) -> bool:
    """Say whether a place is the address of a feed, or an index that of one on a cluster, and no path."""
    return _ADDRESS.match(place) is not None


def nearest_file(folder: Path) -> Path | None:
    """Return the project file of a folder, or of the nearest folder above it that has one; None where none has."""
    for place in (folder, *folder.parents):
        path = place / FILE_NAME
        try:
            if path.is_file():
                return path
        except OSError:
            continue
    return None


def read_project(path: Path) -> ProjectFile:
    """Read a project file. Raises ``ConfigError`` naming the file and the line."""
    import tomllib

    try:
        with path.open("rb") as file:
            content = file.read(LIMIT_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} can't be read: it is no text in UTF-8.", hint="Make it anew: 'searchkit init --force'."
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"{path} can't be read: {reason}.", hint="Make one with 'searchkit init'.") from error
    if len(content) > LIMIT_BYTES:
        raise ConfigError(f"{path} is larger than 1 MB.", hint=f"A {FILE_NAME} has some lines.")
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = _AT_LINE.search(str(error))
        where = f"{path}, line {line[1]}" if line else f"{path}"
        reason = _AT_LINE.sub("", str(error)).strip()
        raise ConfigError(f"{where}, can't be read: {reason}.", hint="It is written in TOML (toml.io).") from error
    return _FileReader(path.absolute(), text).project(values)


class _FileReader:
    """Turns the values of a file into records; remembers its text, in which lines are looked up."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._lines = path, text.splitlines()

    def project(self, values: Mapping[str, Any]) -> ProjectFile:
        """Raises ``ConfigError``."""
        known = [each.name for each in fields(ProjectFile) if each.name != "path"]
        self._known("", values, known)
        index = values.get("index", ())
        indexes = self._texts("", "index", [index] if isinstance(index, str) else index, 'index = "indexes/news"')
        encoder = self._table(EncoderTable, "encoder", values)
        server = self._table(ServerTable, "server", values)
        config = {"encoder": encoder.name, "chunk_tokens": encoder.chunk_tokens}
        self._checked(
            "encoder", lambda: IndexConfig(**{name: value for name, value in config.items() if value is not None})
        )
        return ProjectFile(
            path=self._path,
            places=tuple(map(self._place, self._texts("", "places", values.get("places", ())))),
            index=tuple(each if is_address(each) else self._absolute(each) for each in indexes),
            read=self._mapping("read", values),
            fields=self._fields(values),
            encoder=encoder,
            server=server,
        )

    def _fields(self, values: Mapping[str, Any]) -> dict[str, FieldConfig] | None:
        if "fields" not in values:
            return None
        declared = values["fields"]
        if not isinstance(declared, Mapping):
            self._refuse("", "fields", "is no table", "Write [fields] and under it: price = 'number'.")
        configs: dict[str, FieldConfig] = {}
        for name, value in declared.items():
            configs |= self._checked("fields", lambda name=name, value=value: field_configs({name: value}), name)
        self._checked("fields", lambda: field_configs(configs))
        return configs

    def _mapping(self, table: str, values: Mapping[str, Any]) -> dict[str, str]:
        mapping = values.get(table, {})
        if not isinstance(mapping, Mapping):
            self._refuse("", table, "is no table", f"Write [{table}] and under it: title = 'headline'.")
        for key, value in mapping.items():
            if not isinstance(value, str):
                self._refuse(table, key, f"can't be {value!r}", "Name a column, or the dotted path of keys, as text.")
        return dict(mapping)

    def _table(self, record: type[Any], table: str, values: Mapping[str, Any]) -> Any:
        mapping = values.get(table, {})
        if not isinstance(mapping, Mapping):
            self._refuse("", table, "is no table", f"Write [{table}] and its settings under it.")
        known = {each.name: str(each.type) for each in fields(record)}
        self._known(table, mapping, list(known))
        settings: dict[str, Any] = {}
        for key, value in mapping.items():
            kind = known[key].removesuffix(" | None")
            if kind.startswith("tuple"):
                settings[key] = self._texts(table, key, value)
                continue
            wanted = {"str": (str,), "int": (int,), "bool": (bool,), "float": (int, float)}[kind]
            if not isinstance(value, wanted) or isinstance(value, bool) != (kind == "bool"):
                self._refuse(table, key, f"can't be {value!r}", f"It takes a value of type {kind}.")
            settings[key] = value
        if "tokens" in settings:
            settings["tokens"] = str(self._absolute(settings["tokens"]))
        if "name" in settings and settings["name"].startswith("."):
            settings["name"] = str(self._absolute(settings["name"]))
        return record(**settings)

    def _texts(self, table: str, key: str, values: object, single: str = "") -> tuple[str, ...]:
        if (
            isinstance(values, str)
            or not isinstance(values, Sequence)
            or not all(isinstance(each, str) for each in values)
        ):
            several = f'{key} = ["…"]'
            hint = f"Give a text, {single}, or a list: {several}." if single else f"Give a list of texts: {several}."
            self._refuse(table, key, f"can't be {values!r}", hint)
        if any(not each for each in values):
            self._refuse(table, key, "has an empty text", "Leave it out.")
        return tuple(values)

    def _place(self, place: str) -> str:
        return place if place == "-" or is_address(place) else str(self._absolute(place))

    def _absolute(self, path: str) -> Path:
        expanded = Path(path).expanduser()
        joined = expanded if expanded.is_absolute() else self._path.parent / expanded
        return Path(*joined.parts)

    def _known(self, table: str, values: Mapping[str, Any], known: list[str]) -> None:
        for key in values:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known)}."
                self._refuse(table, key, "isn't known", hint)

    def _checked(self, table: str, make: Any, key: str = "") -> Any:
        try:
            return make()
        except ConfigError as error:
            raise ConfigError(f"{self._at(table, key)}: {error.message}", hint=error.hint) from error

    def _refuse(self, table: str, key: str, what: str, hint: str) -> NoReturn:
        place = f"[{table}] " if table else ""
        raise ConfigError(f"{self._at(table, key)}: {place}'{key}' {what}.", hint=hint)

    def _at(self, table: str, key: str) -> str:
        line = _line_of(self._lines, table, key)
        return f"{self._path}, line {line}" if line else str(self._path)


def _line_of(lines: Sequence[str], table: str, key: str) -> int:
    """Return the line of a key of a table, or of the table's header; 0 where it can't be told."""
    inside, header_line = "", 0
    for number, line in enumerate(lines, start=1):
        if header := _HEADER.match(line):
            inside = header[1].replace('"', "").replace("'", "")
            if inside == table or inside.startswith(f"{table}.") or (not table and inside.partition(".")[0] == key):
                header_line = header_line or number
            if key and inside in (f"{table}.{key}", key if not table else ""):
                return number
        name = line.partition("=")[0].strip().replace('"', "").replace("'", "")
        path = f"{inside}.{name}" if inside else name
        wanted = f"{table}.{key}".strip(".")
        if "=" in line and (path == wanted or path.startswith(f"{wanted}.")):
            return number
    return header_line


TEMPLATE = """\
# What searchkit takes from this folder, and every one below it, where the command line says nothing else.
# Paths are relative to this file. 'searchkit info' shows what was taken from it.

# What is read: files, folders, globs, and for 'searchkit watch' also addresses of feeds.
places = [{place}]

# Where the index lies.
index = {index}

# Where an article's own fields stand in JSON and CSV, where they have unusual names.
# [read]
# title = "headline"
# published = "meta.date"

# What the index is told of other fields. Types: text (words, which a search finds), keyword, integer, number, date,
# boolean, and list[keyword] and so on. What doesn't fit is named at the build. A change takes 'searchkit rebuild'.
# [fields]
# price = "number"
# summary = "text"
# acl = {{ type = "list[keyword]", facet = false, stored = false }}

# [encoder]
# name = "sentence-transformers/all-MiniLM-L6-v2"
# chunk_tokens = 256
# keep_encoder = false
# device = "auto"

# What 'searchkit serve' listens at, and to whom.
# [server]
# host = "127.0.0.1"
# port = 8765
# workers = 1
# tokens = "tokens.toml"
"""
"""What ``searchkit init`` writes; ``place`` and ``index`` are texts in TOML."""

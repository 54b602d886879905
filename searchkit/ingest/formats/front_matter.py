"""Front matter: the keys before a text, in YAML, TOML or JSON, or as plain lines of ``Key: value``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from searchkit.ingest.text_cleanup import one_line

if TYPE_CHECKING:
    from yaml import SafeLoader

_FENCED = re.compile(
    r"\A\s*(?:---[ \t]*(?P<language>json|toml|yaml)?[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*$"
    r"|\+\+\+[ \t]*\n(?P<toml>.*?)^\+\+\+[ \t]*$"
    r"|;;;[ \t]*\n(?P<json>.*?)^;;;[ \t]*$)\n?",
    re.DOTALL | re.MULTILINE,
)
_LONGEST = 2**20

_LINE = re.compile(r"(?P<key>[^\W\d_][\w \-]{0,40}):(?:[ \t]+(?P<value>.*)|[ \t]*)")
_KNOWN = frozenset(
    [
        "title",
        "subtitle",
        "date",
        "published",
        "created",
        "modified",
        "updated",
        "author",
        "authors",
        "tags",
        "keywords",
        "category",
        "categories",
        "slug",
        "summary",
        "description",
        "abstract",
        "status",
        "lang",
        "language",
        "source",
        "publisher",
        "url",
        "link",
        "byline",
        "headline",
    ]
)
"""Keys of which one must be among lines without a fence: ``Note: mind the gap`` alone is a sentence."""

_YAML_LINE = re.compile(r"^(?P<key>[\w -]{1,60}):[ \t]+(?P<value>\S.*?)[ \t]*$", re.MULTILINE)
_YAML_MARK = re.compile(r"[@`%*&]|!(?!!)|\{\{|[-?] ")
"""What a value mustn't begin with in YAML, and what people write all the same."""

_LIFTED = {"taxonomies": None, "params": ("author", "authors"), "extra": ("author", "authors")}
"""Tables of Hugo and Zola whose keys mean what they do outside; None: all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The keys before a text, the text, and what is wrong with the keys."""

    body: str
    values: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def split_keys(text: str) -> FrontMatter:
    """Return the front matter of a text, fenced or as lines of ``Key: value``, and the rest."""
    front = split_front_matter(text)
    return front if front.body is not text else split_header(text)


def split_front_matter(text: str) -> FrontMatter:
    """Return the keys between fences (``---``, ``+++``, ``;;;``) or in braces that a text begins with; and the rest."""
    if match := _FENCED.match(text):
        kind, source = _kind(match)
        body = text[match.end() :]
        if len(source) > _LONGEST:
            return FrontMatter(body=body, notes=("the front matter is longer than 1 MiB and was left out",))
        return _loaded(kind, source, body, text)
    if text.lstrip().startswith("{"):
        return _in_braces(text)
    return FrontMatter(body=text)


def split_header(text: str) -> FrontMatter:
    """Return the lines of ``Key: value`` that a text begins with, up to a blank one; and the rest.

    All of them must be such lines, or go on with one, and a key that articles have must be among them.
    """
    head, _, body = text.lstrip("\n").partition("\n\n")
    values: dict[str, list[str]] = {}
    key = ""
    for line in head.split("\n") if len(head) <= _LONGEST else ():
        if key and line[:1] in (" ", "\t"):
            values[key].append(line.strip())
        elif match := _LINE.fullmatch(line):
            key = match["key"].strip()
            values[key] = [(match["value"] or "").strip()]
        else:
            return FrontMatter(body=text)
    if not _KNOWN.intersection(map(str.lower, values)):
        return FrontMatter(body=text)
    joined = {name: "\n".join(filter(None, lines)) for name, lines in values.items()}
    return FrontMatter(body=body, values={name: value for name, value in joined.items() if value})


def _kind(match: re.Match[str]) -> tuple[str, str]:
    for kind in ("yaml", "toml", "json"):
        if match[kind] is not None:
            return match["language"] or kind, match[kind]
    raise AssertionError  # one of the three is there


def _loaded(kind: str, source: str, body: str, text: str) -> FrontMatter:
    load: Mapping[str, Callable[[str], object]] = {"yaml": _load_yaml, "toml": _load_toml, "json": _load_json}
    name = {"yaml": "YAML", "toml": "TOML", "json": "JSON"}[kind]
    try:
        values = load[kind](source)
    except (ValueError, RecursionError) as error:
        note = f"the front matter isn't valid {name} and was left out: {one_line(str(error))}"
        return FrontMatter(body=body, notes=(note,))
    if values is None:
        return FrontMatter(body=body)
    if not isinstance(values, Mapping):
        # A text between two thematic breaks, which happens to be YAML, as nearly every line of prose is.
        return FrontMatter(body=text)
    return FrontMatter(body=body, values=_lifted({str(key): value for key, value in values.items()}))


def _lifted(values: dict[str, object]) -> dict[str, object]:
    """Move keys out of the tables that site generators have for them."""
    for table, names in _LIFTED.items():
        inner = values.get(table)
        if not isinstance(inner, Mapping):
            continue
        moved = {str(key): value for key, value in inner.items() if names is None or key in names}
        kept = {key: value for key, value in inner.items() if str(key) not in moved}
        values = {**moved, **{key: value for key, value in values.items() if key != table}}
        values |= {table: kept} if kept else {}
    return values


def _in_braces(text: str) -> FrontMatter:
    begin = len(text) - len(text.lstrip())
    try:
        values, end = json.JSONDecoder().raw_decode(text, begin)
    except (ValueError, RecursionError):
        return FrontMatter(body=text)
    body = text[end:]
    is_apart = not body.strip() or body.lstrip(" \t")[:1] == "\n"
    if not isinstance(values, Mapping) or not is_apart or end > _LONGEST:
        return FrontMatter(body=text)
    return FrontMatter(body=body, values=_lifted(dict(values)))


def _load_json(source: str) -> object:
    """Read JSON; Hexo leaves the braces out."""
    source = source.strip().rstrip(",")
    return json.loads(source if source.startswith("{") else f"{{{source}}}")


def _load_toml(source: str) -> object:
    import tomllib

    return tomllib.loads(source)


def _load_yaml(source: str) -> object:
    """Read YAML without running anything, and without aliases, with which a few lines can stand for gigabytes.

    A line whose value isn't quoted though it should be (``title: Bridge: what now?``) is read as it is meant.

    Raises ``ValueError`` for what is no such YAML, ``RecursionError`` for what is nested too deeply.
    """
    try:
        return _load_strict_yaml(source)
    except ValueError as error:
        quoted = _YAML_LINE.sub(_quoted, source)
        if quoted == source or "aliases" in str(error):
            raise
        try:
            return _load_strict_yaml(quoted)
        except ValueError:
            raise error from None


def _load_strict_yaml(source: str) -> object:
    import yaml

    try:
        loader = _yaml_loader()
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(source, Loader=loader)):
            raise ValueError("it uses aliases (*name)")
        return yaml.load(source, Loader=loader)
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        raise ValueError(f"{getattr(error, 'problem', None) or error}{where}") from error


def _quoted(line: re.Match[str]) -> str:
    """Return a line of YAML with its value in quotes, where that isn't valid without."""
    value = line["value"]
    begins = value[0]
    open_quote = begins in "\"'" and (len(value) < 2 or value[-1] != begins)
    plain = begins not in "\"'[{|>#"
    if open_quote or _YAML_MARK.match(value) or (plain and ": " in f"{value} "):
        return f"{line['key']}: {json.dumps(value, ensure_ascii=False)}"
    return f"{line['key']}: {value}"


@cache
def _yaml_loader() -> type[SafeLoader]:
    """Return a loader to which ``no`` is a language and not ``false``, as since YAML 1.2 it is, and a date a text.

    A date is read where all dates are: one that can't be must not cost the rest of the front matter.
    """
    from yaml import SafeLoader

    class Loader(SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))]
        for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|false)$", re.IGNORECASE), list("tTfF"))
    return Loader


def lead(values: Mapping[str, object]) -> str:
    """Return what stands for the text of an article that has none: its summary."""
    names: Iterator[str] = (key for name in _LEADS for key in values if key.lower() == name)
    return next((text for key in names if isinstance(text := values[key], str) and text.strip()), "")


_LEADS = ("summary", "description", "excerpt", "lead", "standfirst", "teaser", "dek")

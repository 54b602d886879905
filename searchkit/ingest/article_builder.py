"""Article builder: from keys and values to an article with checked fields."""

from __future__ import annotations

import hashlib
import json
import math
import numbers
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import TypeVar

from searchkit.errors import ConfigError, SourceError
from searchkit.ingest.dates import day_comes_first, has_two_readings, offset_s, parse_date, parse_dated
from searchkit.ingest.formats.html_fragment import FieldText, field_text, line_text
from searchkit.ingest.formats.sections import atx_headings, sections_under
from searchkit.ingest.language_detection import corrected, detect, is_no_language, normalise
from searchkit.ingest.text_cleanup import clean, has_control, join_parted_words, one_line
from searchkit.types import Article, FieldValue, Origin, Section

_DAY_S = 86_400

_Value = TypeVar("_Value")


def checked_article(article: Article) -> Article:
    """Return the article as it will be stored: its texts clean, its dates in UTC, its language known where possible.

    Sections are found where none are given, as for articles that are read from a file. An article that is fit to be
    stored is returned unchanged, so that checking twice is checking once.

    Raises ``SourceError`` where there is no id, a control character in it, neither text nor title, or where a section
    reaches out of the text, overlaps another, or would be moved by cleaning the text.
    """
    if not article.id.strip() or has_control(article.id):
        raise SourceError(
            "has no id" if not article.id.strip() else f"has a control character in its id {article.id!r}"
        )
    text, title = clean(article.text), one_line(article.title)
    if not text.strip() and not title:
        raise SourceError(f"the article '{article.id}' has neither text nor title")
    if article.sections:
        _check_sections(article, text)
    published = parse_dated(article.published)
    clock = (published and offset_s(published)) or article.utc_offset_s
    if not -_DAY_S < clock < _DAY_S:
        raise SourceError(
            f"the article '{article.id}' has a utc_offset_s of {clock}", hint="A clock is less than a day from UTC."
        )
    declared = article.language or ""
    unknown = is_no_language(declared) or len(declared) > LONGEST_LANGUAGE
    return replace(
        article,
        id=clean(article.id.strip()),
        text=text,
        title=title,
        url=one_line(article.url or "") or None,
        source=one_line(article.source or "") or None,
        authors=tuple(name for each in article.authors if (name := one_line(each))),
        published=None if published is None else published.astimezone(UTC),
        updated=parse_date(article.updated),
        utc_offset_s=0 if published is None else clock,
        language=(None if unknown else normalise(declared)) or detect(title, text),
        tags=tuple(tag for each in article.tags if (tag := one_line(each))),
        fields=flatten(article.fields, frozenset(), ""),
        sections=tuple(_cleaned(section) for section in article.sections) or find_sections(text, title),
    )


def _cleaned(section: Section) -> Section:
    heading = clean(section.heading)
    return section if heading == section.heading else replace(section, heading=heading)


def _check_sections(article: Article, text: str) -> None:
    if len(text) != len(article.text):
        raise SourceError(
            f"the article '{article.id}' has control characters or \\r in its text, which would move its sections",
            hint="Take them out before the sections are counted.",
        )
    ends = [0, *(section.end for section in article.sections)]
    for section, end in zip(article.sections, ends, strict=False):
        if not end <= section.start <= section.end <= len(text):
            raise SourceError(
                f"the section '{section.heading}' of the article '{article.id}' spans {section.start} to "
                f"{section.end}, after one that ends at {end}, in a text of {len(text)} characters"
            )


Path = tuple[str, ...]
"""The keys that lead to a value."""

_DEEPEST = 8
"""Levels of nesting that become dotted names; what lies deeper is kept as JSON."""

_INT64 = range(-(2**63), 2**63)
"""What a database column can hold. Larger numbers are kept as text."""

_QUOTED = r"""(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")"""
_QUOTED_LIST = re.compile(rf"[\[(]\s*+{_QUOTED}(?:\s*+,\s*+{_QUOTED}|\s++{_QUOTED})*+\s*+,?\s*+[\])]", re.DOTALL)
_QUOTED_TEXT = re.compile(_QUOTED, re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

_NAMING = (
    *("name", "title", "label", "term", "value", "$oid", "$date"),
    *("literal", "rendered", "main", "original", "text", "content", "#text", "$t", "_"),
)
"""Keys under which an object says its name: ``{"name": "Jane Doe"}``, ``{"$oid": "5f1c"}``; or its text:
``{"rendered": "<p>…"}``, ``{"main": "Headline"}``."""

_PERSON = (
    ("given", "first", "first_name", "firstName", "firstname"),
    ("family", "last", "last_name", "lastName", "lastname"),
)
"""Keys of the parts of a person's name."""

_NOTHING = frozenset(
    {"nan", "NaN", "-nan", "null", "NULL", "(null)", "None", "NaT", "<NA>", "\\N", "0000-00-00", "0000-00-00 00:00:00"}
    | {"#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"}
)
"""What programs write where there is no value: pandas, databases, spreadsheets."""

_LONGEST_NOTHING = max(map(len, _NOTHING))


def natural(value: object) -> object:
    """Return numpy's numbers and arrays, and what is like them, as Python's own; anything else as it is."""
    if isinstance(value, str | int | float | Mapping | list | tuple) or value is None:
        return value
    if type(value).__name__ in {"NAType", "NaTType"}:  # pandas has no value there, and no truth value either
        return None
    listed = getattr(value, "tolist", None)
    return listed() if callable(listed) else value


def flatten(values: Mapping[str, object], used: Set[Path], unwrap: str) -> dict[str, FieldValue]:
    """Return all values but the used ones as fields.

    Nested keys are joined with dots, except that the key ``unwrap`` is left out. Empty values are dropped. Numbers,
    booleans and text stay, a list of such becomes a tuple of text, anything else a compact JSON string.
    """
    fields: dict[str, FieldValue] = {}
    for path, value in _leaves(values, (), used):
        name = ".".join(path[1:] if path[0] == unwrap and len(path) > 1 else path)
        kept = _field(value)
        if kept is not None and (name := one_line(name)):
            fields.setdefault(name, kept)
    return fields


def _leaves(values: Mapping[str, object], above: Path, used: Set[Path]) -> Iterator[tuple[Path, object]]:
    for key, raw in values.items():
        path, value = (*above, str(key)), natural(raw)
        if path in used:
            continue
        if isinstance(value, Mapping) and len(path) < _DEEPEST:
            yield from _leaves(value, path, used)
        else:
            yield path, value


def _field(value: object) -> FieldValue | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) <= _LONGEST_NOTHING and value in _NOTHING:
            return None
        listed = written_list(value)
        if listed is not None and all(_is_plain(each) for each in listed):
            return _several(listed)
        return clean(value).strip() or None
    if isinstance(value, numbers.Integral):
        return int(value) if int(value) in _INT64 else _plain(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _several(value)
    return clean(str(value)) or None


def _several(value: Mapping[str, object] | Sequence[object] | Set[object]) -> FieldValue | None:
    if not value:
        return None
    if isinstance(value, Mapping) or not all(_is_plain(each) for each in value):
        return _as_json(value)
    texts = (one_line(_plain(each)) for each in value if each is not None)
    # A set has no order of its own, and articles must not differ from run to run.
    ordered = sorted(texts) if isinstance(value, Set) else list(texts)
    return tuple(text for text in ordered if text) or None


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | bool | numbers.Real | date)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return value.isoformat() if isinstance(value, date) else str(value)
    except ValueError as error:  # Python writes no integer of more than 4,300 digits
        raise SourceError("has a number of more than 4,300 digits, which can't be written") from error


def _as_json(value: object) -> str:
    """Write what no other form fits. Raises ``ValueError`` and ``RecursionError`` for what contains itself."""
    return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def plain_text(value: object, name: str, between: str) -> str:
    """Return a value as text: a number in digits, a list joined by ``between``, an object by its name.

    Raises ``SourceError`` naming the field for what is no text in any of these ways.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if _is_plain(value):
        return _plain(value)
    if isinstance(value, list | tuple):
        return between.join(part for each in value if (part := plain_text(each, name, between)))
    if isinstance(value, Mapping):
        for key in _NAMING:
            if isinstance(value.get(key), str):
                return str(value[key])
        words = [word for keys in _PERSON for key in keys if isinstance(word := value.get(key), str) and word]
        if words:
            return " ".join(words)
    kind = "an object" if isinstance(value, Mapping) else f"of type {type(value).__name__}"
    raise SourceError(f"has no text in its field '{name}', but {kind}")


def written_list(text: str) -> list[object] | None:
    """Return the list that a text writes out as JSON (``["a","b"]``), Python (``['a', 'b']``) or numpy (``['a' 'b']``).

    None where it is no list, as a text in brackets is none: ``[sic]``.
    """
    text = text.strip()
    if not (text[:1] in ("[", "(") and text[-1:] in ("]", ")")):
        return None
    if text.startswith("["):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return values if isinstance(values, list) else None
    if not _QUOTED_LIST.fullmatch(text):
        return None
    # In JSON's form backslashes are JSON's; in Python's the commonest stand before a quote or a backslash.
    return [_ESCAPED.sub(r"\1", match[0][1:-1]) for match in _QUOTED_TEXT.finditer(text)]


def is_list(value: object) -> bool:
    """Say whether a value has its parts apart, in a list or as one that is written out."""
    return isinstance(value, list | tuple | Set) or (isinstance(value, str) and written_list(value) is not None)


def strings(value: object, name: str) -> list[str]:
    """Return the texts in a field's value, each on one line: those of a list, or the one that it is; no blank ones.

    Raises ``SourceError`` as ``plain_text`` does.
    """
    listed = written_list(value) if isinstance(value, str) else None
    if isinstance(value, Set):
        value = sorted(value, key=str)
    values = listed if listed is not None else value if isinstance(value, list | tuple) else [value]
    texts = (one_line(plain_text(each, name, " ")) for each in values)
    return [text for text in texts if text]


COMMON_ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "_id", "doc id", "guid", "uuid", "article id"),
    "title": ("title", "headline", "heading"),
    "text": ("text", "body", "content", "full text", "main text", "article body", "article text", "abstract"),
    "url": ("url", "link", "canonical url", "canonical", "permalink", "uri"),
    "source": ("source", "outlet", "publisher", "site", "site name", "newspaper"),
    "authors": ("authors", "author", "byline", "creator"),
    "published": (
        *("published", "published at", "published on", "date published", "date", "pub date", "publish date"),
        *("publication date", "published date", "date publish", "datetime", "timestamp", "created at", "created"),
    ),
    "updated": ("updated", "updated at", "modified", "modified at", "date modified", "last modified", "lastmod"),
    "language": ("language", "lang", "in language"),
    "tags": ("tags", "tag", "keywords", "categories", "category", "topics", "topic", "subjects"),
}
"""An article's fields, and the keys that mean them, the likeliest first; case, blanks, ``_`` and ``-`` don't count."""

_RARE_ALIASES: Mapping[str, tuple[str, ...]] = {
    "title": (
        *("headlines", "headline text", "article title", "web title", "news title", "post title"),
        *("titel", "titre", "título", "titulo", "titolo", "überschrift", "заголовок", "标题", "標題", "タイトル"),
    ),
    "text": (
        *("body text", "article content", "content text", "content html", "news content", "story", "html", "article"),
        *("selftext", "plain text", "plaintext", "contents"),
        *("texte", "texto", "testo", "inhalt", "contenu", "contenido", "contenuto", "conteúdo", "conteudo"),
        *("текст", "正文", "内容", "內容", "本文"),
    ),
    "url": ("web url", "article url", "source url"),
    "source": ("quelle", "fuente", "fonte", "zeitung"),
    "authors": ("autor", "autoren", "auteur", "auteurs", "autore", "autori", "autores", "writer", "автор", "作者"),
    "published": (
        *("web publication date", "news date", "article date", "created utc", "datum", "fecha", "data"),
        *("veröffentlicht", "erschienen", "дата", "日期", "日付"),
    ),
    "language": ("sprache", "langue", "idioma", "lingua"),
    "tags": ("schlagworte", "schlagwörter", "etiquetas"),
}
"""Keys that mean a field where nothing commoner does: a guess, which is said."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    name: (*common, *_RARE_ALIASES.get(name, ())) for name, common in COMMON_ALIASES.items()
}

_METADATA = "metadata"
"""The key under which BEIR's form holds all but id, title and text."""

LONGEST_LANGUAGE = 100
"""Characters of a language's name or code; what is longer is something else."""

_SEPARATORS = re.compile(r"[\s_\-]+")
_BY = re.compile(r"^(?:by|von|por|par)\s+", re.IGNORECASE)
_AND = re.compile(r"\s+(?:and|&)\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedArticle:
    """What a reader of one-article files found: keys and values as in a line of JSON, and the sections of the text.

    ``sections`` count the characters of ``values["text"]``, which must be clean. None: look for headings.
    """

    values: Mapping[str, object]
    sections: tuple[Section, ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltArticle:
    """An article, what couldn't be taken as it was, the fields that were HTML, and the keys of title and text."""

    article: Article
    notes: tuple[str, ...] = ()
    html: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)


def article_from_dict(values: Mapping[str, object], *, fallback_id: str | None = None) -> Article:
    """Make an article from keys and values, such as a line of JSON has.

    Of HTML in title, text, source, authors and tags the article has what it shows. Words that a line's end parts
    (``infor-`` / ``mation``) it has whole.

    Args:
        values: The values. Known keys in many spellings (``_id``, ``headline``, ``pubDate``, … also within
            ``metadata``) become the article's own fields, all others its ``fields``. A date that can't be understood
            stays as the field ``published_raw``. The language is detected where it isn't given or wrong.
        fallback_id: The id where ``values`` has neither an id nor a url to serve as one; None: one of these must be
            there.

    Returns:
        The article.

    Raises:
        SourceError: There is no id, neither text nor title, or a value of an impossible kind.

    Example:
        >>> from searchkit.ingest import article_from_dict
        >>> values = {"_id": 7, "headline": "Cocoa", "pubDate": "2025-10-21", "body": "Dear.", "desk": "world"}
        >>> article = article_from_dict(values)
        >>> article.id, article.title, article.published_day.isoformat(), article.fields
        ('7', 'Cocoa', '2025-10-21', {'desk': 'world'})
    """
    return make_article(ParsedArticle(values=values), fallback_id=fallback_id).article


def check_fields(fields: Mapping[str, str]) -> None:
    """Raise ``ConfigError`` where a mapping names a field that articles don't have."""
    for name in fields:
        if name not in ALIASES:
            near = get_close_matches(name, ALIASES, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(ALIASES)}; others need no mapping."
            raise ConfigError(f"Articles have no field '{name}' that could be mapped.", hint=hint)


def has_id(values: Mapping[str, object], fields: Mapping[str, str] | None = None) -> bool:
    """Say whether an article brings an id, or a url that serves as one."""
    mapping = _FieldCandidate(values, fields or {})
    if plain_text(mapping.value("id"), "id", " ").strip():
        return True
    return bool(_taken(mapping, "url", lambda value: plain_text(value, "url", " ").strip(), {}, []))


def content_id(prefix: str, values: Mapping[str, object]) -> str:
    """Return the id of an article that neither brings one nor stands in a file: equal values have equal ids.

    So it doesn't depend on what else was handed over, nor in which order. Raises ``RecursionError``.
    """
    plain = {str(key): value for key, value in values.items()}
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str, skipkeys=True)
    return f"{prefix}:{hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def make_article(
    draft: ParsedArticle,
    *,
    fallback_id: str | None = None,
    fields: Mapping[str, str] | None = None,
    origin: Origin | None = None,
) -> BuiltArticle:
    """Make an article of what a reader found, in the file ``origin``.

    ``fallback_id`` serves where there is neither an id nor a url. ``fields`` maps an article's field to the dotted path
    that holds it; a field that isn't mapped is looked for under its aliases.

    Raises ``SourceError`` where it can't be one.
    """
    fields_ = _FieldCandidate(draft.values, fields or {})
    notes = list(draft.notes)
    extra: dict[str, FieldValue] = {}
    # A reader of a whole file has made text of it already; what a row holds is whatever its publisher stored.
    in_row = draft.sections is None
    titled = _read(plain_text(fields_.value("title"), "title", " "), in_row=in_row)
    title = one_line(titled.text)
    read = _read(plain_text(fields_.value("text"), "text", "\n\n"), in_row=in_row)
    text = read.text
    title = title or read.title
    if not text.strip():
        text = ""
        if not title:
            raise SourceError(f"has neither text nor title{_keys_there(draft.values)}")
    url = _taken(fields_, "url", lambda value: one_line(plain_text(value, "url", " ")), extra, notes) or None
    declared = _language(fields_, extra, notes)
    language = corrected(declared, title, text) if declared else detect(title, text)
    published = _date(fields_, "published", language, extra, notes)
    updated = _date(fields_, "updated", language, extra, notes)
    if declared and language != declared:
        notes.append(f"declares the language '{declared}', but is written in '{language}'")
    article = Article(
        id=_id(fields_.value("id"), url, fallback_id),
        title=title,
        text=text,
        url=url,
        source=", ".join(_taken(fields_, "source", _sources, extra, notes)) or None,
        authors=_taken(fields_, "authors", _authors, extra, notes),
        published=None if published is None else published.astimezone(UTC),
        updated=None if updated is None else updated.astimezone(UTC),
        utc_offset_s=0 if published is None else offset_s(published),
        language=language,
        tags=_taken(fields_, "tags", _tags, extra, notes),
        fields={**fields_.rest(), **extra},
        sections=_sections(read, title) if draft.sections is None else draft.sections,
        origin=origin,
    )
    html = tuple(name for name, each in (("title", titled), ("text", read)) if each.is_html)
    return BuiltArticle(article=article, notes=tuple(notes), html=html, keys=fields_.keys)


def _read(value: str, *, in_row: bool) -> FieldText:
    """Return a field's text as it will be stored; in a row markup becomes what it shows, and parted words whole."""
    text = clean(value)
    if not in_row:
        return FieldText(text=text)
    read = field_text(text)
    if read.is_html:
        return read
    # A character reference may stand for a control character.
    return FieldText(text=join_parted_words(read.text if read.text is text else clean(read.text)))


def holds(values: Mapping[str, object], path: str) -> bool:
    """Say whether a mapped path leads to something."""
    return _follow(values, path) is not None


def means(values: Mapping[str, object], name: str) -> object:
    """Return the value that an article's field has under one of its aliases; None where there is none."""
    return _FieldCandidate(values, {}).value(name)


def is_common(key: str, name: str) -> bool:
    """Say whether a key means an article's field to everybody."""
    return _simple(key) in _simple_common(name)


@lru_cache(maxsize=64)
def _simple_common(name: str) -> frozenset[str]:
    return frozenset(_simple(alias) for alias in COMMON_ALIASES[name])


def keys_that_mean(keys: Iterable[str], name: str) -> list[str]:
    """Return those of some keys that mean an article's field, the likeliest first."""
    aliases = _simple_aliases(name)
    fitting = [(aliases.index(simple), key) for key in keys if (simple := _simple(key)) in aliases]
    return [key for _, key in sorted(fitting)]


def keys_of(values: Mapping[str, object]) -> list[str]:
    """Name the paths that values can be mapped from, in their order."""
    names: list[str] = []
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            names += [f"{key}.{inner}" for inner in value]
        else:
            names.append(str(key))
    return [one_line(name) for name in names]


class _FieldCandidate:
    """The values of one article: where each of its fields stands, and what is left over."""

    def __init__(self, values: Mapping[str, object], mapped: Mapping[str, str]) -> None:
        self._values = values
        self._mapped = mapped
        self._used: set[Path] = set()
        self._names: dict[str, list[tuple[Path, object]]] = {}
        self.keys: dict[str, str] = {}
        """The keys that were taken for fields under another name."""
        for path, value in _candidates(values):
            self._names.setdefault(_simple(path[-1]), []).append((path, value))
        self._simple = tuple(self._names)
        self._used.update(followed[0] for path in mapped.values() if (followed := _follow(values, path)))

    def value(self, name: str) -> object:
        """Return the value of an article's field, None where there is none."""
        if name in self._mapped:
            followed = _follow(self._values, self._mapped[name])
            return followed[1] if followed else None
        for alias in _aliases_among(name, self._simple):
            for path, value in self._names[alias]:
                if path not in self._used and not _is_missing(value) and _may_be(name, alias, value):
                    self._used.add(path)
                    if alias != name:
                        self.keys[name] = path[-1]
                    return value
        return None

    def rest(self) -> dict[str, FieldValue]:
        """Return what no field of the article has taken."""
        return flatten(self._values, self._used, _METADATA)


def _candidates(values: Mapping[str, object]) -> Iterator[tuple[Path, object]]:
    for key, value in values.items():
        yield (str(key),), natural(value)
    inner = values.get(_METADATA)
    if isinstance(inner, Mapping):
        for key, value in inner.items():
            yield (_METADATA, str(key)), natural(value)


def _may_be(name: str, alias: str, value: object) -> bool:
    """Say whether a value can be what a key means, where that is a guess: ``data`` is a date in some languages."""
    if alias in _simple_common(name):
        return True
    return not isinstance(value, Mapping | list | tuple) and (name != "published" or parse_dated(value) is not None)


def _is_missing(value: object) -> bool:
    """Say whether there is no value: None, nothing in it, or a word by which programs say so."""
    if isinstance(value, str):
        return not value or (len(value) <= _LONGEST_NOTHING and value in _NOTHING)
    return value is None or (isinstance(value, list | tuple) and not value) or value != value  # noqa: PLR0124


@lru_cache(maxsize=4096)
def _simple(key: str) -> str:
    return _SEPARATORS.sub("", key).casefold()


@lru_cache(maxsize=64)
def _simple_aliases(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_simple(alias) for alias in ALIASES[name]))


@lru_cache(maxsize=4096)
def _aliases_among(name: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of an article's keys that mean a field, the likeliest first: rows of one file have the same."""
    return tuple(alias for alias in _simple_aliases(name) if alias in keys)


def _follow(values: Mapping[str, object], path: str) -> tuple[Path, object] | None:
    """Return where a dotted path leads, and what is there. A key that holds dots itself comes first."""
    if path in values:
        return (path,), values[path]
    here: object = values
    steps = tuple(path.split("."))
    for step in steps:
        if isinstance(here, Mapping) and step in here:
            here = here[step]
        elif isinstance(here, Sequence) and not isinstance(here, str) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    return steps, here


def _keys_there(values: Mapping[str, object]) -> str:
    keys = keys_of(values)
    shown = ", ".join(keys[:20]) + (", …" if len(keys) > 20 else "")
    return f" (there are: {shown})" if keys else ""


def _id(value: object, url: str | None, fallback: str | None) -> str:
    text = plain_text(value, "id", " ").strip()
    if has_control(text):
        raise SourceError(f"has an id with a control character in it: {text[:60]!r}")
    identifier = text or url or fallback
    if not identifier:
        raise SourceError("has no id", hint="Give each article an 'id', or a 'url' to serve as one.")
    return clean(identifier)


def _taken(
    candidates: _FieldCandidate,
    name: str,
    read: Callable[[object], _Value],
    extra: dict[str, FieldValue],
    notes: list[str],
) -> _Value:
    """Return what is read of a field that an article may lack; what is no text is kept as a field of its own."""
    value = candidates.value(name)
    try:
        return read(value)
    except SourceError as error:
        if (kept := _field(value)) is None:
            raise
        extra[f"{name}_raw"] = kept
        notes.append(f"{error.message}; it is kept as the field {name}_raw")
        return read(None)


def _date(
    candidates: _FieldCandidate, name: str, language: str | None, extra: dict[str, FieldValue], notes: list[str]
) -> datetime | None:
    value = _taken(candidates, name, lambda value: _date_text(value, name), extra, notes)
    if value in (None, "", (), []):
        return None
    day_first = day_comes_first(language)
    moment = parse_dated(value, day_first=day_first)
    if moment is not None and day_first is None and has_two_readings(value):
        notes.append(f"the date '{value}' may have the day or the month first; the month was read first")
    raw = one_line(plain_text(value, name, " ")) if moment is None else ""
    if raw:
        extra[f"{name}_raw"] = raw
        notes.append(f"the date '{raw[:60]}' can't be understood; it is kept as the field {name}_raw")
    return moment


def _date_text(value: object, name: str) -> object:
    return plain_text(value, name, " ") if isinstance(value, Mapping | list | tuple) else value


def _language(candidates: _FieldCandidate, extra: dict[str, FieldValue], notes: list[str]) -> str | None:
    declared = _taken(candidates, "language", lambda value: one_line(plain_text(value, "language", " ")), extra, notes)
    if is_no_language(declared):
        return None
    language = normalise(declared) if len(declared) <= LONGEST_LANGUAGE else None
    if language is None:
        extra["language_raw"] = declared
        notes.append(f"the language '{declared[:60]}' isn't known; it is kept as the field language_raw")
    return language


def _sources(value: object) -> tuple[str, ...]:
    return tuple(map(line_text, strings(value, "source")))


def _authors(value: object) -> tuple[str, ...]:
    """Take a list as it is; split one string at ``;``, or at commas and "and" where whole names stand between them."""
    if is_list(value):
        return tuple(dict.fromkeys(map(line_text, strings(value, "authors"))))
    return tuple(dict.fromkeys(name for each in strings(value, "authors") for name in split_authors(each) if name))


def split_authors(value: str) -> list[str]:
    """Return the names in one string."""
    text = _BY.sub("", line_text(value))
    parts = text.split(";") if ";" in text else _AND.sub(", ", text).split(",")
    parts = [part.strip() for part in parts if part.strip()]
    # "Doe, Jane" and "brenckman,m." are one name each.
    return parts if ";" in text or all(" " in part for part in parts) else [text]


def _tags(value: object) -> tuple[str, ...]:
    """Take a list as it is ("Washington, D.C." is one tag); split one string at ``;``, or else at commas."""
    if is_list(value):
        return tuple(dict.fromkeys(map(line_text, strings(value, "tags"))))
    texts = map(line_text, strings(value, "tags"))
    parts = (part.strip() for text in texts for part in text.split(";" if ";" in text else ","))
    return tuple(dict.fromkeys(part for part in parts if part))


def find_sections(text: str, title: str) -> tuple[Section, ...]:
    """Find the sections of a text with headings in Markdown's form; one that repeats the title counts as none."""
    headings = atx_headings(text)
    return _without_title(sections_under(text, headings) if headings else (), title)


def _sections(read: FieldText, title: str) -> tuple[Section, ...]:
    return _without_title(read.sections or (), title) if read.is_html else find_sections(read.text, title)


def _without_title(sections: tuple[Section, ...], title: str) -> tuple[Section, ...]:
    return tuple(
        Section(heading="", start=each.start, end=each.end) if each.heading.casefold() == title.casefold() else each
        for each in sections
    )

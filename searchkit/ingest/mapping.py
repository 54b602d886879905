"""Here are keys and values; which of them are an article's title, text, date, and what is the rest?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache

from searchkit.errors import ConfigError, SourceError
from searchkit.ingest.dates import offset_s, parse_dated
from searchkit.ingest.fields import Path, flatten, is_list, natural, plain_text, strings
from searchkit.ingest.html_fragments import FieldText, field_text, line_text
from searchkit.ingest.hyphenation import join_parted_words
from searchkit.ingest.languages import corrected, detect, is_no_language, normalise
from searchkit.ingest.sections import atx_headings, sections_under
from searchkit.ingest.texts import clean, has_control, one_line
from searchkit.types import Article, FieldValue, Origin, Section

ALIASES: Mapping[str, tuple[str, ...]] = {
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

_METADATA = "metadata"
"""The key under which BEIR's form holds all but id, title and text."""

LONGEST_LANGUAGE = 100
"""Characters of a language's name or code; what is longer is something else."""

_SEPARATORS = re.compile(r"[\s_\-]+")
_BY = re.compile(r"^(?:by|von|por|par)\s+", re.IGNORECASE)
_AND = re.compile(r"\s+(?:and|&)\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a reader of one-article files found: keys and values as in a line of JSON, and the sections of the text.

    ``sections`` count the characters of ``values["text"]``, which must be clean. None: look for headings.
    """

    values: Mapping[str, object]
    sections: tuple[Section, ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An article, what couldn't be taken as it was, and the fields that were HTML."""

    article: Article
    notes: tuple[str, ...] = ()
    html: tuple[str, ...] = ()


def article_from_dict(values: Mapping[str, object], *, fallback_id: str | None = None) -> Article:
    """Make an article from keys and values, such as a line of JSON has.

    Known keys in many spellings (``_id``, ``headline``, ``pubDate``, … also within ``metadata``) become the article's
    own fields, all others its ``fields``. An id must be there, or a url to serve as one, or ``fallback_id``.
    A date that can't be understood stays as the field ``published_raw``. The language is detected where it isn't given
    or wrong. Of HTML in title, text, source, authors and tags the article has what it shows, and words that a line's
    end parts (``infor-`` / ``mation``) it has whole.

    Raises ``SourceError`` where there is no id, neither text nor title, or a value of an impossible kind.
    """
    return make_article(Draft(values=values), fallback_id=fallback_id).article


def check_fields(fields: Mapping[str, str]) -> None:
    """Raise ``ConfigError`` where a mapping names a field that articles don't have."""
    for name in fields:
        if name not in ALIASES:
            near = get_close_matches(name, ALIASES, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(ALIASES)}; others need no mapping."
            raise ConfigError(f"Articles have no field '{name}' that could be mapped.", hint=hint)


def has_id(values: Mapping[str, object], fields: Mapping[str, str] | None = None) -> bool:
    """Say whether an article brings an id, or a url that serves as one."""
    mapping = _Found(values, fields or {})
    return any(plain_text(mapping.value(name), name, " ").strip() for name in ("id", "url"))


def content_id(prefix: str, values: Mapping[str, object]) -> str:
    """Return the id of an article that neither brings one nor stands in a file: equal values have equal ids.

    So it doesn't depend on what else was handed over, nor in which order. Raises ``RecursionError``.
    """
    plain = {str(key): value for key, value in values.items()}
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str, skipkeys=True)
    return f"{prefix}:{hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def make_article(
    draft: Draft,
    *,
    fallback_id: str | None = None,
    fields: Mapping[str, str] | None = None,
    origin: Origin | None = None,
) -> Made:
    """Make an article of what a reader found, in the file ``origin``.

    ``fallback_id`` serves where there is neither an id nor a url. ``fields`` maps an article's field to the dotted path
    that holds it; a field that isn't mapped is looked for under its aliases.

    Raises ``SourceError`` where it can't be one.
    """
    found = _Found(draft.values, fields or {})
    notes = list(draft.notes)
    extra: dict[str, FieldValue] = {}
    # A reader of a whole file has made text of it already; what a row holds is whatever its publisher stored.
    in_row = draft.sections is None
    titled = _read(plain_text(found.value("title"), "title", " "), in_row=in_row)
    title = one_line(titled.text)
    read = _read(plain_text(found.value("text"), "text", "\n\n"), in_row=in_row)
    text = read.text
    title = title or read.title
    if not text.strip():
        text = ""
        if not title:
            raise SourceError(f"has neither text nor title{_keys_there(draft.values)}")
    url = one_line(plain_text(found.value("url"), "url", " ")) or None
    published = _date(found, "published", extra, notes)
    updated = _date(found, "updated", extra, notes)
    declared = _language(found, extra, notes)
    language = corrected(declared, title, text) if declared else detect(title, text)
    if declared and language != declared:
        notes.append(f"declares the language '{declared}', but is written in '{language}'")
    article = Article(
        id=_id(found.value("id"), url, fallback_id),
        title=title,
        text=text,
        url=url,
        source=", ".join(map(line_text, strings(found.value("source")))) or None,
        authors=_authors(found.value("authors")),
        published=None if published is None else published.astimezone(UTC),
        updated=None if updated is None else updated.astimezone(UTC),
        utc_offset_s=offset_s(published),
        language=language,
        tags=_listed(found.value("tags")),
        fields={**found.rest(), **extra},
        sections=_sections(read, title) if draft.sections is None else draft.sections,
        origin=origin,
    )
    html = tuple(name for name, field in (("title", titled), ("text", read)) if field.is_html)
    return Made(article=article, notes=tuple(notes), html=html)


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
    return _Found(values, {}).value(name)


def keys_of(values: Mapping[str, object]) -> list[str]:
    """Name the paths that values can be mapped from, in their order."""
    names: list[str] = []
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            names += [f"{key}.{inner}" for inner in value]
        else:
            names.append(str(key))
    return [one_line(name) for name in names]


class _Found:
    """The values of one article: where each of its fields stands, and what is left over."""

    def __init__(self, values: Mapping[str, object], mapped: Mapping[str, str]) -> None:
        self._values = values
        self._mapped = mapped
        self._used: set[Path] = set()
        self._names: dict[str, list[tuple[Path, object]]] = {}
        for path, value in _candidates(values):
            self._names.setdefault(_simple(path[-1]), []).append((path, value))
        self._used.update(followed[0] for path in mapped.values() if (followed := _follow(values, path)))

    def value(self, name: str) -> object:
        """Return the value of an article's field, None where there is none."""
        if name in self._mapped:
            followed = _follow(self._values, self._mapped[name])
            return followed[1] if followed else None
        for alias in _simple_aliases(name):
            for path, value in self._names.get(alias, ()):
                if path not in self._used and not _is_missing(value):
                    self._used.add(path)
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


def _is_missing(value: object) -> bool:
    """Say whether there is no value: None, nothing in it, or NaN, by which tables say so."""
    return value is None or (isinstance(value, str | list | tuple) and not value) or value != value  # noqa: PLR0124


@lru_cache(maxsize=4096)
def _simple(key: str) -> str:
    return _SEPARATORS.sub("", key).casefold()


@lru_cache(maxsize=64)
def _simple_aliases(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_simple(alias) for alias in ALIASES[name]))


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


def _id(given: object, url: str | None, fallback: str | None) -> str:
    text = plain_text(given, "id", " ").strip()
    if has_control(text):
        raise SourceError(f"has an id with a control character in it: {text[:60]!r}")
    identifier = text or url or fallback
    if not identifier:
        raise SourceError("has no id", hint="Give each article an 'id', or a 'url' to serve as one.")
    return clean(identifier)


def _date(found: _Found, name: str, extra: dict[str, FieldValue], notes: list[str]) -> datetime | None:
    value = found.value(name)
    if value in (None, "", (), []):
        return None
    if isinstance(value, Mapping | list | tuple):
        value = plain_text(value, name, " ")
    moment = parse_dated(value)
    raw = one_line(plain_text(value, name, " ")) if moment is None else ""
    if raw:
        extra[f"{name}_raw"] = raw
        notes.append(f"the date '{raw[:60]}' can't be understood; it is kept as the field {name}_raw")
    return moment


def _language(found: _Found, extra: dict[str, FieldValue], notes: list[str]) -> str | None:
    given = one_line(plain_text(found.value("language"), "language", " "))
    if is_no_language(given):
        return None
    language = normalise(given) if len(given) <= LONGEST_LANGUAGE else None
    if language is None:
        extra["language_raw"] = given
        notes.append(f"the language '{given[:60]}' isn't known; it is kept as the field language_raw")
    return language


def _authors(value: object) -> tuple[str, ...]:
    """Take a list as it is; split one string at ``;``, or at commas and "and" where whole names stand between them."""
    if is_list(value):
        return tuple(dict.fromkeys(map(line_text, strings(value))))
    names: list[str] = []
    for each in strings(value):
        text = _BY.sub("", line_text(each))
        parts = text.split(";") if ";" in text else _AND.sub(", ", text).split(",")
        parts = [part.strip() for part in parts if part.strip()]
        # "Doe, Jane" and "brenckman,m." are one name each.
        whole = ";" in text or all(" " in part for part in parts)
        names += parts if whole else [text]
    return tuple(dict.fromkeys(name for name in names if name))


def _listed(value: object) -> tuple[str, ...]:
    """Take a list as it is ("Washington, D.C." is one tag); split one string at ``;``, or else at commas."""
    if is_list(value):
        return tuple(dict.fromkeys(map(line_text, strings(value))))
    texts = map(line_text, strings(value))
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

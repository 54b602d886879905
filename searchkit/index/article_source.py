"""Article source: the articles that a caller hands over or that lie in places, and what couldn't be taken.

As many as are worked on at once stay in memory, the rest waits in a temporary ``articles.sqlite``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from searchkit.config import ReadConfig
from searchkit.errors import ConfigError, SourceError
from searchkit.field_config import FieldConfig
from searchkit.index.articles_db import ArticlesReader, ArticlesWriter
from searchkit.index.manifest import Corpus
from searchkit.index.paths import ARTICLES
from searchkit.index.typed_values import is_open_date, typed_value
from searchkit.ingest import read as read_places
from searchkit.ingest.article_builder import article_from_dict, checked_article, content_id, has_id
from searchkit.ingest.article_reader import ReadFiles, article_again
from searchkit.ingest.dates import day_comes_first
from searchkit.ingest.discover import told_apart
from searchkit.ingest.rows import STANDARD_INPUT
from searchkit.storage.files import storing
from searchkit.types import Article, FieldValue, Origin, Problem, Progress

SourceItem = Article | Mapping[str, Any] | Problem
"""What a source may yield: an article, the plain values of one, or a problem in the place of one."""


_log = logging.getLogger("searchkit.index")


class ArticleIntake:
    """Takes articles out of a source one by one, and keeps what went wrong.

    An id that an article has from its file gives way to the same one that another brings, whichever comes first; where
    it came first it is read from its file again, as ``read`` has it. With ``strict`` the first article that is lost
    raises ``SourceError``; without, it stands in ``problems``.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        read: ReadConfig | None = None,
        declared: Mapping[str, FieldConfig] | None = None,
        restores: bool = False,
    ) -> None:
        """``declared``: what the index says of fields, against which the articles' values are held.

        ``restores``: the articles may be the index's own, so that values that were kept aside are tried again.
        """
        self.problems: list[Problem] = []
        self._restores = restores
        self._declared = declared or {}
        self._strict = strict
        self._fields = read.fields if read else {}
        self._seen: dict[str, Origin | None] = {}
        self._contents: Counter[str] = Counter()

    @property
    def lost(self) -> int:
        """Count the articles or files that could not be read so far."""
        return sum(problem.lost for problem in self.problems)

    def articles(self, inputs: Iterable[SourceItem]) -> Iterator[Article]:
        """Yield the articles; one whose id came before is reported and yielded too, for the later one wins.

        Raises ``SourceError`` under ``strict``, or where the source yields something that can't be an article at all.
        """
        for number, item in enumerate(inputs, start=1):
            if isinstance(item, Problem):
                self.report(item)
                continue
            article = self._article(item, number)
            if article is None:
                continue
            article = self.fitted(article)
            if article.id in self._seen and self._path_before(article.id) != path_of(article):
                if has_id_of_file(article.id, article.origin):
                    wanted, article = article.id, with_mark(article)
                    self.report(gives_way(article, wanted))
                elif (before := self._again(article.id)) is not None:
                    marked = self.fitted(with_mark(before))
                    self.report(gives_way(marked, article.id))
                    del self._seen[article.id]
                    self._seen[marked.id] = marked.origin
                    yield marked
            if article.id in self._seen:
                self.report(twice(article.id, self._path_before(article.id), path_of(article)))
            self._seen[article.id] = article.origin
            yield article

    def fitted(self, article: Article) -> Article:
        """Return an article whose declared fields hold values of their types; one that doesn't fit is reported.

        It is kept aside, as a field of its own, so that a rebuild with another type can take it.
        """
        own = self._restored(article.fields) if self._restores else article.fields
        if self._declared.keys().isdisjoint(own):
            return article
        fields: dict[str, FieldValue] = {}
        for name, value in own.items():
            config = self._declared.get(name)
            typed = value if config is None else self._typed(article, name, config, value)
            if typed is not None:
                fields[name] = typed
            elif config is not None and config.stored and not _is_empty(value):
                fields.setdefault(aside(name), value)
        return replace(article, fields=fields)

    def _restored(self, fields: Mapping[str, FieldValue]) -> Mapping[str, FieldValue]:
        """Return fields with the values of declared ones that were kept aside in their place."""
        kept = {aside(name): name for name in self._declared if aside(name) in fields and name not in fields}
        return {kept.get(name, name): value for name, value in fields.items()} if kept else fields

    def _typed(self, article: Article, name: str, config: FieldConfig, value: FieldValue) -> FieldValue | None:
        """Return a value as its field has it; None for an empty one, and for one that doesn't fit: that is reported."""
        day_first = day_comes_first(article.language)
        try:
            typed = typed_value(config, value, day_first=day_first)
        except ValueError as error:
            is_kept = config.stored and aside(name) not in article.fields
            kept = f"it is kept as the field {aside(name)}" if is_kept else "the article is indexed without it"
            reason = f"the field '{name}' {error}; {kept}"
            self.report(Problem(place=article.id, reason=reason, lost=False))
            return None
        if day_first is None and is_open_date(config, value):
            reason = f"the field '{name}' is '{value}', with the day or the month first; the month was read first"
            self.report(Problem(place=article.id, reason=reason, lost=False))
        return typed

    def _path_before(self, article_id: str) -> str:
        origin = self._seen[article_id]
        return "" if origin is None else origin.path

    def _again(self, article_id: str) -> Article | None:
        """Read the article that came with an id before once more, if it has the id from its file."""
        origin = self._seen[article_id]
        if origin is None or not has_id_of_file(article_id, origin):
            return None
        return article_again(origin, article_id, self._fields)

    def report(self, problem: Problem) -> None:
        """Keep a problem, or raise ``SourceError`` for it under ``strict`` where an article was lost by it."""
        if self._strict and problem.lost:
            raise SourceError(f"{problem}.")
        self.problems.append(problem)
        _log.info("Problem: %s", problem)

    def _article(self, item: Article | Mapping[str, Any], number: int) -> Article | None:
        try:
            if isinstance(item, Article):
                return checked_article(item)
            values = values_of(item)
            if values is not None:
                return article_from_dict(values, fallback_id=self._id_of(values))
        except SourceError as error:
            self.report(Problem(place=f"article {number}", reason=error.message.removesuffix(".")))
            return None
        except RecursionError:
            self.report(Problem(place=f"article {number}", reason="is nested too deeply"))
            return None
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            # What a program hands over can be anything; one article lost, and named, is better than all.
            reason = f"can't be taken: {type(error).__name__}: {error}"[:300]
            self.report(Problem(place=f"article {number}", reason=reason))
            return None
        raise SourceError(
            f"Item {number} of the articles is a {type(item).__name__}.",
            hint="Hand over Article objects, dicts, or rows that know the names of their columns.",
        )

    def _id_of(self, values: Mapping[str, Any]) -> str | None:
        """Return the id of an article that brings none and comes from a program, which has no place to be told by."""
        if has_id(values):
            return None
        article_id = content_id("article", values)
        self._contents[article_id] += 1
        return article_id if self._contents[article_id] == 1 else f"{article_id}-{self._contents[article_id]}"


def aside(name: str) -> str:
    """Return the name of the field in which a value is kept that doesn't fit a declared one."""
    return f"{name}_raw"


def _is_empty(value: FieldValue) -> bool:
    items = value if isinstance(value, tuple) else (value,)
    return all(isinstance(item, str) and not item.strip() for item in items)


def values_of(item: object) -> Mapping[str, Any] | None:
    """Return the values of a mapping, or of a database's row that names its columns (``sqlite3.Row``, SQLAlchemy's).

    None for anything else.
    """
    if isinstance(item, Mapping):
        return item
    if callable(getattr(item, "keys", None)) and hasattr(item, "__getitem__"):
        row: Any = item
        return {str(name): row[name] for name in row.keys()}  # noqa: SIM118 - iterating it gives values
    if callable(as_dict := getattr(item, "_asdict", None)):
        return dict(as_dict())
    return None


def path_of(article: Article) -> str:
    """Return the path of the file that an article was read from, "" where a program handed it over."""
    return "" if article.origin is None else article.origin.path


def has_id_of_file(article_id: str, origin: Origin | None) -> bool:
    """Say whether an id is the one that a file gives to its article, or to one of its parts (``Rows.add``)."""
    if origin is None or origin.path == STANDARD_INPUT:
        return False
    return article_id == origin.name or article_id.startswith(f"{origin.name}:")


def with_mark(article: Article) -> Article:
    """Return an article that has its id from its file with another: where the id belongs to one that brings it."""
    if article.origin is None:
        return article
    marked = told_apart(article.id, article.origin.path)
    # A row's mark is its own: the other rows of its file keep their ids.
    name = marked if article.id == article.origin.name else article.origin.name
    return replace(article, id=marked, origin=replace(article.origin, name=name))


def gives_way(article: Article, wanted: str) -> Problem:
    """Say that an article has another id than its file would give it."""
    reason = f"another article brings this id; the one in {shown_path(path_of(article))} is now '{article.id}'"
    return Problem(place=wanted, reason=reason, lost=False)


def shown_path(path: str) -> str:
    """Say where an article came from."""
    return {"": "a program", STANDARD_INPUT: "standard input"}.get(path, path)


def twice(article_id: str, first: str, later: str) -> Problem:
    """Say that two articles came with one id, and from where; the later counts."""
    where = f"in {shown_path(later)}" if first == later else f"from {shown_path(first)} and from {shown_path(later)}"
    return Problem(place=article_id, reason=f"this id came more than once, {where}; the later article counts")


def buffered(articles: Iterable[Article], characters: int) -> Iterator[Article]:
    """Yield the articles in their order, the first when the last has come; so many ``characters`` stay in memory.

    Raises ``StorageError`` where the rest can't be written to the temporary folder, and what ``articles`` raises.
    """
    stream = iter(articles)
    kept: list[Article] = []
    left = characters
    for article in stream:
        kept.append(article)
        left -= len(article.text) + len(article.title)
        if left <= 0:
            break
    else:
        yield from kept
        return
    with storing(Path(ARTICLES)):
        folder = TemporaryDirectory(prefix="searchkit-")
    with folder as name:
        path = Path(name) / ARTICLES
        waiting = 0
        with ArticlesWriter(path) as writer:
            for waiting, article in enumerate(stream, start=1):
                # Two may have one id, of which the later will count; here each has its own.
                writer.add(replace(article, id=f"{waiting} {article.id}"), (), ())
            writer.finish()
        yield from kept
        with ArticlesReader(path) as reader:
            for row in range(waiting):
                article = reader.stored(row).article
                yield replace(article, id=article.id.partition(" ")[2])


ArticleInputs = Iterable[SourceItem]
"""Articles from a program: records, or dicts with the keys that JSONL has, and problems in the place of some."""


def corpus_of(articles: ArticleInputs | None, places: Sequence[str | Path], read: ReadConfig | None) -> Corpus | None:
    """Name what a rebuild can read again: places, as absolute paths. Raises ``ConfigError`` unless one is given."""
    if (articles is None) == (not places):
        both = "Both articles and places were given." if places else "Either articles or places are needed."
        raise ConfigError(both, hint="Give one of the two.")
    if articles is not None:
        _check_articles(articles)
        return None
    if isinstance(places, str | Path) or not isinstance(places, Iterable):
        place = places if isinstance(places, str) else "articles"
        raise ConfigError(f"places takes a list of places, not {places!r}.", hint=f"Write it as places=[{place!r}].")
    return places_read(places, read)


def places_read(places: Sequence[str | Path], read: ReadConfig | None) -> Corpus:
    """Name places, as absolute paths, and how they are read."""
    return Corpus(
        places=tuple(
            STANDARD_INPUT if str(place) == STANDARD_INPUT else str(Path(place).expanduser().absolute())
            for place in places
        ),
        read=read or ReadConfig(),
    )


def _check_articles(articles: object) -> None:
    """Raise ``ConfigError`` where what a program gave as articles can't be gone through, or is a single one."""
    if isinstance(articles, str | bytes | Path):
        raise ConfigError(
            f"articles takes Article objects or dicts, not {articles!r}.",
            hint=f"Give a place as places=[{articles!r}].",
        )
    if isinstance(articles, Mapping | Article) or not isinstance(articles, Iterable):
        raise ConfigError(
            f"articles takes a list of articles, not {type(articles).__name__}.",
            hint="Give Article objects or dicts, one or more, in a list or any other iterable.",
        )


def source_items(
    articles: ArticleInputs | None,
    corpus: Corpus | None,
    progress: Progress | None,
    memory: ReadFiles | None = None,
    jobs: int | None = None,
) -> Iterable[SourceItem]:
    """Return what was handed over, or what ``jobs`` processes read at the places; ``memory`` knows their files."""
    if articles is not None:
        return articles if progress is None else _counted(articles, progress)
    return read_places(corpus.places, corpus.read, progress=progress, memory=memory, jobs=jobs) if corpus else ()


def _counted(articles: ArticleInputs, progress: Progress) -> Iterator[SourceItem]:
    """Pass articles on, and tell how many were taken, from the first on; in all, where they are no stream."""
    total = len(articles) if isinstance(articles, Sized) else 0
    progress("read", 0, total)
    for number, article in enumerate(articles, start=1):
        yield article
        progress("read", number, total)


def rereadable(corpus: Corpus | None) -> Corpus | None:
    """Leave out standard input, which can't be read a second time; None where no place is left."""
    if corpus is None:
        return None
    places = tuple(place for place in corpus.places if place != STANDARD_INPUT)
    return replace(corpus, places=places) if places else None


def is_without_file(path: str | None) -> bool:
    """Say whether an article came from a program or standard input, by the path of its origin."""
    return path in ("", STANDARD_INPUT)


def brings_articles_without_file(corpus: Corpus | None) -> bool:
    """Say whether articles without a file may be among what is read: a program's (None), or those of standard input."""
    return corpus is None or STANDARD_INPUT in corpus.places


def joined(old: Corpus | None, new: Corpus | None) -> Corpus | None:
    """Remember the places of both; none where those of before aren't known, or the new ones are read differently.

    Articles that no file holds change nothing in it: they stay in the index, whatever is read again.
    """
    new = rereadable(new)
    if new is None:
        return old
    if old is None or old.read != new.read:
        return None
    return replace(old, places=tuple(dict.fromkeys((*old.places, *new.places))))


def left_out(old: Corpus | None, new: Corpus | None) -> tuple[str, ...]:
    """Return the places that are remembered and neither given now nor below a place that is."""
    if old is None:
        return ()
    current = [Path(place) for place in new.places] if new else []
    return tuple(place for place in old.places if not any(Path(place).is_relative_to(folder) for folder in current))

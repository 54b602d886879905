"""Here is what a caller hands over; which articles are in it, and what couldn't be taken?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from searchkit.config import ReadConfig
from searchkit.errors import SourceError
from searchkit.ingest.article_builder import article_from_dict, checked_article, content_id, has_id
from searchkit.ingest.article_reader import article_again
from searchkit.ingest.discover import told_apart
from searchkit.ingest.formats.jsonl import STANDARD_INPUT
from searchkit.types import Article, Origin, Problem

Given = Article | Mapping[str, Any] | Problem
"""What a source may yield: an article, the plain values of one, or a problem in the place of one."""


class Intake:
    """Takes articles out of a source one by one, and keeps what went wrong.

    An id that an article has from its file gives way to the same one that another brings, whichever comes first; where
    it came first it is read from its file again, as ``read`` has it. With ``strict`` the first article that is lost
    raises ``SourceError``; without, it stands in ``problems``.
    """

    def __init__(self, *, strict: bool = False, read: ReadConfig | None = None) -> None:
        self.problems: list[Problem] = []
        self._strict = strict
        self._fields = read.fields if read else {}
        self._seen: dict[str, Origin | None] = {}
        self._contents: Counter[str] = Counter()

    @property
    def lost(self) -> int:
        """Count the articles or files that could not be read so far."""
        return sum(problem.lost for problem in self.problems)

    def articles(self, given: Iterable[Given]) -> Iterator[Article]:
        """Yield the articles; one whose id came before is reported and yielded too, for the later one wins.

        Raises ``SourceError`` under ``strict``, or where the source yields something that can't be an article at all.
        """
        for number, one in enumerate(given, start=1):
            if isinstance(one, Problem):
                self.report(one)
                continue
            article = self._article(one, number)
            if article is None:
                continue
            if article.id in self._seen and self._path_before(article.id) != path_of(article):
                if has_id_of_file(article.id, article.origin):
                    wanted, article = article.id, with_mark(article)
                    self.report(gives_way(article, wanted))
                elif (before := self._again(article.id)) is not None:
                    marked = with_mark(before)
                    self.report(gives_way(marked, article.id))
                    del self._seen[article.id]
                    self._seen[marked.id] = marked.origin
                    yield marked
            if article.id in self._seen:
                self.report(twice(article.id, self._path_before(article.id), path_of(article)))
            self._seen[article.id] = article.origin
            yield article

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

    def _article(self, one: Article | Mapping[str, Any], number: int) -> Article | None:
        try:
            if isinstance(one, Article):
                return checked_article(one)
            if isinstance(one, Mapping):
                return article_from_dict(one, fallback_id=self._id_of(one))
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
            f"Item {number} of the articles is a {type(one).__name__}.", hint="Hand over Article objects or dicts."
        )

    def _id_of(self, values: Mapping[str, Any]) -> str | None:
        """Return the id of an article that brings none and comes from a program, which has no place to be told by."""
        if has_id(values):
            return None
        article_id = content_id("article", values)
        self._contents[article_id] += 1
        return article_id if self._contents[article_id] == 1 else f"{article_id}-{self._contents[article_id]}"


def path_of(article: Article) -> str:
    """Return the path of the file that an article was read from, "" where a program handed it over."""
    return "" if article.origin is None else article.origin.path


def has_id_of_file(article_id: str, origin: Origin | None) -> bool:
    """Say whether an id is the one that a file gives to its article, or to one of its rows."""
    if origin is None or origin.path == STANDARD_INPUT:
        return False
    name, colon, line = article_id.rpartition(":")
    return article_id == origin.name or (bool(colon) and name == origin.name and line.isdecimal())


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

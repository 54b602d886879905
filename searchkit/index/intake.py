"""Here is what a caller hands over; which articles are in it, and what couldn't be taken?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from searchkit.errors import SourceError
from searchkit.ingest.checking import checked_article
from searchkit.ingest.mapping import article_from_dict, content_id, has_id
from searchkit.ingest.rows import STANDARD_INPUT
from searchkit.types import Article, Problem

Given = Article | Mapping[str, Any] | Problem
"""What a source may yield: an article, the plain values of one, or a problem in the place of one."""


class Intake:
    """Takes articles out of a source one by one, and keeps what went wrong.

    With ``strict`` the first article that is lost raises ``SourceError``; without, it stands in ``problems``.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.problems: list[Problem] = []
        self._strict = strict
        self._seen: dict[str, str] = {}
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
            origin = path_of(article)
            if article.id in self._seen:
                self.report(twice(article.id, self._seen[article.id], origin))
            self._seen[article.id] = origin
            yield article

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
        made = content_id("article", values)
        self._contents[made] += 1
        return made if self._contents[made] == 1 else f"{made}-{self._contents[made]}"


def path_of(article: Article) -> str:
    """Return the path of the file that an article was read from, "" where a program handed it over."""
    return "" if article.origin is None else article.origin.path


def shown_path(path: str) -> str:
    """Say where an article came from."""
    return {"": "a program", STANDARD_INPUT: "standard input"}.get(path, path)


def twice(article_id: str, first: str, later: str) -> Problem:
    """Say that two articles came with one id, and from where; the later counts."""
    where = f"in {shown_path(later)}" if first == later else f"from {shown_path(first)} and from {shown_path(later)}"
    return Problem(place=article_id, reason=f"this id came more than once, {where}; the later article counts")

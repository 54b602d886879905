"""Article comparison: which articles differ from those of a generation, and which of those aren't there any more."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from searchkit.index.article_source import (
    ArticleIntake,
    brings_articles_without_file,
    gives_way,
    has_id_of_file,
    is_without_file,
    path_of,
    shown_path,
    twice,
    with_mark,
)
from searchkit.index.articles_db import article_digest
from searchkit.index.embedding_source import KnownVectors
from searchkit.index.file_states import FileStates
from searchkit.index.generation import Generation, SegmentVectors
from searchkit.index.manifest import Corpus
from searchkit.index.segment_writer import BATCH_CHARACTERS
from searchkit.ingest.discover import fixed_part, same_file
from searchkit.ingest.rows import STANDARD_INPUT
from searchkit.types import Article, BuildReport, Problem


class ArticleComparison:
    """Tells which articles differ from those of a generation, and counts; the vectors of what it replaces are known.

    One that takes the place of another article's, from another file, is named in the intake's problems.
    """

    def __init__(
        self,
        parent: Generation,
        held_of: Callable[[str], SegmentVectors | None],
        states: FileStates,
        intake: ArticleIntake,
        corpus: Corpus | None = None,
    ) -> None:
        self.known = KnownVectors()
        self._parent = parent
        self.seen: dict[str, str] = {}
        self._held_of, self._states, self._intake = held_of, states, intake
        self._corpus = corpus
        self._files: set[str] = set()
        self._remembers = parent.manifest.corpus is not None
        self._waiting: dict[str, Article] = {}
        self._room = BATCH_CHARACTERS
        self._ended = False
        self._moved = 0
        self._gone: dict[str, bool] = {}

    def different(self, articles: Iterable[Article]) -> Iterator[Article]:
        """Yield the articles that are new or changed, and those whose file has moved."""
        for each in chain(articles, self._overtaken()):
            article = each
            held, path = self._held_of(article.id), path_of(article)
            self._files.add(path)
            if held is not None and self._is_of_another(held, path):
                if has_id_of_file(article.id, article.origin):
                    wanted, article = article.id, with_mark(article)
                    self._intake.report(gives_way(article, wanted))
                    held = self._held_of(article.id)
                elif (before := self._with_id_of_file(article.id, held)) is not None:
                    self.known.learn_article(self._parent, article.id)
                    if before.id not in self.seen:
                        self._intake.report(gives_way(before, article.id))
                        self.seen[before.id] = "unchanged"
                        yield before
                    self.seen[article.id] = "new"
                    yield article
                    continue
            if held is not None and held.path is not None and held.path != path and held.path in self._states.skipped:
                if self._states.comes_later(held.path, than=path):
                    self._intake.report(twice(article.id, path, held.path))
                    continue
                self._intake.report(twice(article.id, held.path, path))
            if held is not None and held.path and self._waits(article, held.path, path):
                continue
            self._waiting.pop(article.id, None)
            same = held is not None and held.digest == article_digest(article)
            again = article.id in self.seen and self.seen[article.id] != "unchanged"
            moved = same and held is not None and self._has_moved(held, path)
            self.seen[article.id] = "unchanged" if same else "new" if held is None else "changed"
            if same and not again and not moved:
                continue  # unless an earlier one of that id was already taken for a change: the later one counts
            self._moved += moved
            if held is not None:
                self.known.learn_article(self._parent, article.id)
                if not same:
                    self._tell_replaced(article, held, path)
            yield article

    def _waits(self, article: Article, held_path: str, path: str) -> bool:
        """Lay an article aside if the one of the generation is from a file read later, which will count if it's there.

        Without that, two files with one id would take turns with every reading. What is laid aside has a limit.
        """
        if self._ended or held_path == path or not self._states.is_read_after(held_path, than=path):
            return False
        if self._room <= 0:
            return False
        self._room -= len(article.text) + len(article.title)
        self._waiting[article.id] = article
        return True

    def _overtaken(self) -> Iterator[Article]:
        """Yield, when all have come, those that were laid aside and that no later one has taken the place of."""
        self._ended = True
        yield from list(self._waiting.values())

    def _is_of_another(self, held: SegmentVectors, path: str) -> bool:
        """Say whether an article of the generation came from elsewhere, and is still there."""
        if held.path is None or held.path == path:
            return False
        return is_without_file(held.path) or (os.path.lexists(held.path) and not (path and same_file(held.path, path)))

    def _with_id_of_file(self, article_id: str, held: SegmentVectors) -> Article | None:
        """Return an article of the generation that has its id from its file, under the one that it shall have now."""
        if not held.path or is_without_file(held.path):
            return None
        stored = self._parent.find_article(article_id)
        if stored is None or not has_id_of_file(article_id, stored[0].origin):
            return None
        return with_mark(stored[0])

    def counted(self, report: BuildReport) -> BuildReport:
        """Put the counts into a report."""
        kinds = list(self.seen.values())
        return replace(
            report, new=kinds.count("new"), changed=kinds.count("changed"), unchanged=kinds.count("unchanged")
        )

    def vanished(self, held: Mapping[str, SegmentVectors]) -> tuple[list[str], int]:
        """Return the ids of those that aren't at their places any more, and how many are at places that weren't read.

        An article that no file holds can only vanish from what a program or standard input brings. Where the index
        doesn't remember its places, a file that is there but not below those read was not looked for.
        """
        without_file = brings_articles_without_file(self._corpus)
        read = [fixed_part(place) for place in self._corpus.places] if self._corpus else []
        ids: list[str] = []
        elsewhere = 0
        for article_id, article in held.items():
            if article_id in self.seen:
                continue
            if is_without_file(article.path):
                if without_file:
                    ids.append(article_id)
            elif (
                self._remembers
                or not article.path
                or article.path in self._files
                or not _is_elsewhere(article.path, read)
            ):
                ids.append(article_id)
            else:
                elsewhere += 1
        return ids, elsewhere

    def gone(self, held: Mapping[str, SegmentVectors]) -> list[str]:
        """Return the ids of those of some articles that weren't seen, and that the files at the places haven't got."""
        places = [fixed_part(place) for place in self._corpus.places] if self._corpus else []
        return [
            article_id
            for article_id, article in held.items()
            if article_id not in self.seen
            and article.path
            and not is_without_file(article.path)
            and any(Path(article.path).is_relative_to(place) for place in places)
            and self._states.lacks(article.path)
        ]

    @property
    def notes(self) -> list[str]:
        """What the user should know of what was compared."""
        return [f"{self._moved:,} articles are the same as before, in files that have moved."] if self._moved else []

    def _has_moved(self, held: SegmentVectors, path: str) -> bool:
        """Say whether the file that an article was read from isn't there any more, and now it comes from another."""
        if not held.path or held.path in (path, STANDARD_INPUT) or path in ("", STANDARD_INPUT):
            return False
        if held.path not in self._gone:
            self._gone[held.path] = not os.path.lexists(held.path)
        return self._gone[held.path]

    def _tell_replaced(self, article: Article, held: SegmentVectors, path: str) -> None:
        """Report that an article takes the place of one from elsewhere."""
        if held.path is None:
            if not path or path == STANDARD_INPUT or self._states.is_place(path):
                return
            before = "it isn't known where it came from"
        elif held.path == path or (held.path and path and same_file(held.path, path)):
            return
        else:
            before = f"it came from {shown_path(held.path)}"
        reason = f"replaced: {before}, now it comes from {shown_path(path)}"
        self._intake.report(Problem(place=article.id, reason=reason, lost=False))


def _is_elsewhere(path: str, read: Sequence[Path]) -> bool:
    return os.path.lexists(path) and not any(Path(path).is_relative_to(place) for place in read)

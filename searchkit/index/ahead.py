"""Here are articles in a stream; give me the chunks of each. They are cut ahead by helpers, where that pays.

Cutting is plain Python, so that threads gain nothing: it is done by processes (``cutting.py``), while this one reads,
inverts and writes. What comes out doesn't depend on who cut: it is a function of the article alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from searchkit.encoders.tokenizer import Tokens, tokens_of
from searchkit.errors import ConfigError
from searchkit.index.cutting import Helper, Rules, Spans, chunks_of
from searchkit.types import Article, Chunk, Encoder

HELP_FROM_CHARACTERS = 2_000_000
"""Text from which on helpers are started: about two seconds of cutting; a helper takes .4 to be there."""

GROUP_CHARACTERS = 100_000
"""Text that a helper is given at once, a tenth of a second of work."""

MOST_HELPERS = 7
"""What one process does (read, invert, write) is more than half of the work: more helpers would wait for it."""


@dataclass(slots=True)
class _Group:
    """Articles that are cut at once, by a helper where ``cutting`` is there.

    ``spans``: what it has answered, by the ids of the articles as objects; ``here``: none of it, they are cut here.
    """

    articles: list[Article] = field(default_factory=list)
    characters: int = 0
    cutting: Future[list[Spans] | None] | None = None
    spans: dict[int, Spans] = field(default_factory=dict)
    here: bool = False


class Cutter:
    """Cuts articles: what it gives is the same whatever ``jobs`` is, the number of processes, this one among them.

    ``jobs`` None stands for as many as there are cores. Helpers are started when there is enough text, and only for
    encoders whose tokens another process can count: the default one and whatever is exported, not a caller's own.
    """

    def __init__(self, rules: Rules, encoder: Encoder, *, jobs: int | None = None) -> None:
        """Start nothing yet. Raises ``ConfigError`` where ``jobs`` is less than 1."""
        if jobs is not None and jobs < 1:
            raise ConfigError(
                f"jobs is {jobs}.", hint="Give 1 or more, or leave it out for as many as there are cores."
            )
        self._rules = rules
        self._tokens = tokens_of(encoder) if _is_python() else None
        self._most = min((jobs or _cores()) - 1, MOST_HELPERS)
        self._characters = 0
        self._group_of: dict[int, _Group] = {}
        self._waiting: list[_Group] = []
        self._last = _Group()
        self._helpers: list[Helper] = []
        self._idle: list[Helper] = []
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the helpers, whatever they are at."""
        for helper in self._helpers:
            helper.kill()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        for helper in self._helpers:
            helper.close()
        self._helpers, self._pool, self._most = [], None, 0

    def ahead(self, articles: Iterable[Article]) -> Iterator[Article]:
        """Yield articles as they are, and have those that went by cut meanwhile.

        Raises ``BackendError`` where helpers can't be started.
        """
        for article in articles:
            group = self._last
            group.articles.append(article)
            group.characters += len(article.text)
            self._group_of[id(article)] = group  # it holds the article, so that no other one gets this id
            self._characters += len(article.text)
            if group.characters >= GROUP_CHARACTERS:
                self._send()
            yield article

    def cut(self, article: Article) -> tuple[Chunk, ...]:
        """Return the chunks of an article.

        Raises ``SourceError`` where a section doesn't lie within it, ``BackendError`` where a helper was stopped.
        """
        group = self._group_of.get(id(article))
        if group is None:
            return self._rules.cut(article)
        if group is self._last:
            self._send()
        if group.cutting is not None:
            self._finish(group)
        group.here = not group.spans
        return chunks_of(article, group.spans[id(article)]) if group.spans else self._rules.cut(article)

    def forget(self) -> None:
        """Let go of every article that went by."""
        self._group_of, self._waiting, self._last = {}, [], _Group()

    def _send(self) -> None:
        """Close the last group; where there is enough text, have it and those that wait cut."""
        self._waiting.append(self._last)
        self._last = _Group()
        if self._most < 1 or self._tokens is None or self._characters < HELP_FROM_CHARACTERS:
            return
        pool = self._pool or self._started(self._tokens)
        for group in self._waiting:
            if not group.here:
                group.cutting = pool.submit(self._ask, group.articles)
        self._waiting = []

    def _started(self, tokens: Tokens) -> ThreadPoolExecutor:
        for _ in range(self._most):
            self._helpers.append(Helper(tokens, self._rules))
        self._idle = list(self._helpers)
        self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="cutting")
        return self._pool

    def _ask(self, articles: list[Article]) -> list[Spans] | None:
        helper = self._idle.pop()
        try:
            return helper.ask(articles)
        finally:
            self._idle.append(helper)

    def _finish(self, group: _Group) -> None:
        """Wait for a helper's answer; what none has begun is cut here, and what one couldn't cut, to say why."""
        assert group.cutting is not None
        answer = None if group.cutting.cancel() else group.cutting.result()
        group.cutting = None
        if answer is not None:
            group.spans = {id(article): spans for article, spans in zip(group.articles, answer, strict=True)}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_python() -> bool:
    """Say whether this program is Python, so that its path starts another: a program that embeds one isn't."""
    return Path(sys.executable or "").name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)

"""Chunking pool: the chunks of a stream of articles, made by worker processes where that pays.

Cutting is plain Python, so that threads gain nothing: it is done by processes, while this one reads,
inverts and writes. What comes out doesn't depend on who cut: it is a function of the article alone.

A helper is a Python of its own, started by the path of this one and given nothing but texts and numbers through pipes.
It imports searchkit, never the program that called us: so no ``if __name__ == "__main__"`` is needed there, and no
process with threads is forked. It ends when its pipe does, however the one ended that started it.

The messages are those of ``storage/helper_process.py``. The request: a list of articles, each as ``[id, title, text,
language, [[heading, start, end] of each section]]``. The answer: a list for each article of ``[start, end, heading]``
of each chunk, or null where anything was raised.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from searchkit.config import LONGEST_CHUNK, IndexConfig
from searchkit.encoders.tokenizer import ModelTokenizer
from searchkit.errors import BackendError, ConfigError
from searchkit.ingest.chunker import CountTokens, split
from searchkit.storage.helper_process import HelperProcess, HelperStopped, receive, send
from searchkit.storage.processor import cores, is_python
from searchkit.types import Article, Chunk, Encoder, Section

Spans = list[tuple[int, int, str]]
"""The start, the end and the heading of each chunk of an article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkingRules:
    """How articles are cut. ``count_tokens``: the encoder's, as ``split`` takes it with the other two."""

    count_tokens: CountTokens
    max_tokens: int
    overlap_sentences: int

    def cut(self, article: Article) -> tuple[Chunk, ...]:
        """Return an article's chunks. Raises ``SourceError`` where a section doesn't lie within it."""
        return split(
            article,
            count_tokens=self.count_tokens,
            max_tokens=self.max_tokens,
            overlap_sentences=self.overlap_sentences,
        )


def rules_of(config: IndexConfig, encoder: Encoder) -> ChunkingRules:
    """Return how an index of this configuration cuts articles for an encoder."""
    return ChunkingRules(
        count_tokens=encoder.count_tokens,
        max_tokens=min(config.chunk_tokens or LONGEST_CHUNK, encoder.max_tokens),
        overlap_sentences=config.overlap_sentences,
    )


class ChunkingWorker:
    """A process that cuts articles."""

    def __init__(self, tokens: ModelTokenizer, rules: ChunkingRules) -> None:
        """Start it; it takes .4 s to be there. ``tokens`` counts what ``rules.count_tokens`` does.

        Raises ``BackendError`` where no process can be started.
        """
        arguments = [str(tokens.path), tokens.max_length, rules.max_tokens, rules.overlap_sentences]
        alone = {"TOKENIZERS_PARALLELISM": "false"}  # the others have the other cores
        try:
            self._process = HelperProcess("searchkit.index.chunking_pool", arguments, alone)
        except OSError as error:
            raise _stopped(f"can't be started: {error.strerror or error}") from error

    def ask(self, articles: Sequence[Article]) -> list[Spans] | None:
        """Return the spans of each article's chunks, or None where it couldn't cut one.

        Raises ``BackendError`` where it was stopped.
        """
        try:
            spans: list[Spans] | None = self._process.ask([_values_of(article) for article in articles])
        except HelperStopped as stopped:
            raise _stopped(f"ended (exit status {stopped.status})") from stopped
        return spans

    def kill(self) -> None:
        """Stop it, whatever it is at; one that asks it meanwhile gets ``BackendError``."""
        self._process.kill()

    def close(self) -> None:
        """Stop it and let go of its pipes; nobody may ask it meanwhile."""
        self._process.close()


def chunks_of(article: Article, spans: Spans) -> tuple[Chunk, ...]:
    """Return an article's chunks by their spans and headings."""
    return tuple(
        Chunk(
            article_id=article.id,
            ordinal=ordinal,
            start=start,
            end=end,
            text=article.text[start:end],
            heading=heading,
        )
        for ordinal, (start, end, heading) in enumerate(spans)
    )


class Cutter(Protocol):
    """What gives an article's chunks, and forgets those that were asked for."""

    def cut(self, article: Article) -> tuple[Chunk, ...]:
        """Return an article's chunks."""

    def forget(self) -> None:
        """Let go of what isn't asked for again."""


class KnownChunks:
    """Gives the chunks that articles have already, by their ids; a ``Cutter``."""

    def __init__(self, chunks: Mapping[str, tuple[Chunk, ...]]) -> None:
        self._chunks = chunks

    def cut(self, article: Article) -> tuple[Chunk, ...]:
        """Return an article's chunks."""
        return self._chunks[article.id]

    def forget(self) -> None:
        """Keep them: they are the caller's."""


def serve(path: str, max_length: int, max_tokens: int, overlap_sentences: int) -> None:
    """Cut what comes through standard input until it ends: a helper's whole life."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not stand among the answers
    tokens = ModelTokenizer(Path(path), max_length)
    rules = ChunkingRules(count_tokens=tokens.count, max_tokens=max_tokens, overlap_sentences=overlap_sentences)
    with suppress(EOFError, BrokenPipeError):
        while True:
            send(answers, _answer(rules, receive(sys.stdin.buffer)))


def _answer(rules: ChunkingRules, request: list[Any]) -> list[Spans] | None:
    try:
        return [
            [(chunk.start, chunk.end, chunk.heading) for chunk in rules.cut(_article(arguments))]
            for arguments in request
        ]
    except Exception:  # who asked cuts them, too, and meets the same with the whole state at hand
        return None


def _values_of(article: Article) -> tuple[Any, ...]:
    sections = [(section.heading, section.start, section.end) for section in article.sections]
    return article.id, article.title, article.text, article.language, sections


def _article(arguments: tuple[Any, ...]) -> Article:
    id_, title, text, language, sections = arguments
    return Article(
        id=id_,
        title=title,
        text=text,
        language=language,
        sections=tuple(Section(heading=heading, start=start, end=end) for heading, start, end in sections),
    )


def _stopped(how: str) -> BackendError:
    return BackendError(
        f"A process that helps to cut articles {how}.",
        hint="Run the command again; with --jobs 1 it works in one process, which needs less memory.",
    )


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


class ChunkingPool:
    """Cuts articles: what it gives is the same whatever ``jobs`` is, the number of processes, this one among them.

    ``jobs`` None stands for as many as there are cores. Helpers are started when there is enough text, and only for
    encoders whose tokens another process can count: the default one and whatever is exported, not a caller's own.
    """

    def __init__(self, rules: ChunkingRules, encoder: Encoder, *, jobs: int | None = None) -> None:
        """Start nothing yet. Raises ``ConfigError`` where ``jobs`` is less than 1."""
        if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
            raise ConfigError(
                f"jobs is {jobs!r}.", hint="Give 1 or more, or leave it out for as many as there are cores."
            )
        self._rules = rules
        self._tokens = _tokens_of(encoder) if is_python() else None
        self._most = min((jobs or cores()) - 1, MOST_HELPERS)
        self._characters = 0
        self._group_of: dict[int, _Group] = {}
        self._waiting: list[_Group] = []
        self._last = _Group()
        self._helpers: list[ChunkingWorker] = []
        self._idle: list[ChunkingWorker] = []
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

    def _started(self, tokens: ModelTokenizer) -> ThreadPoolExecutor:
        for _ in range(self._most):
            self._helpers.append(ChunkingWorker(tokens, self._rules))
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


def _tokens_of(encoder: Encoder) -> ModelTokenizer | None:
    """Return what an encoder counts tokens by, where another process can make the same."""
    tokens = getattr(encoder, "tokens", None)
    return tokens if isinstance(tokens, ModelTokenizer) else None

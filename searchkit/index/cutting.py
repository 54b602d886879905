"""Here is an article; by which rules is it cut into chunks, here or in another process? A *helper* is such a process.

A helper is a Python of its own, started by the path of this one and given nothing but texts and numbers through pipes.
It imports searchkit, never the program that called us: so no ``if __name__ == "__main__"`` is needed there, and no
process with threads is forked. It ends when its pipe does, however the one ended that started it.

A message is its length (8 bytes, little-endian) and JSON in UTF-8, where a lone surrogate is the bytes of its number.
Asked: a list of articles, each as ``[id, title, text, language, [[heading, start, end] of each section]]``. Answered: a
list for each article of ``[start, end, heading]`` of each chunk, or null where anything was raised.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from searchkit.config import LONGEST_CHUNK, IndexConfig
from searchkit.encoders.tokenizer import Tokens
from searchkit.errors import BackendError
from searchkit.ingest.chunker import CountTokens, split
from searchkit.types import Article, Chunk, Encoder, Section

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from searchkit.index.cutting import serve; "
    "serve(*json.loads(sys.argv[2]))"
)

Spans = list[tuple[int, int, str]]
"""The start, the end and the heading of each chunk of an article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
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


def rules_of(config: IndexConfig, encoder: Encoder) -> Rules:
    """Return how an index of this configuration cuts articles for an encoder."""
    return Rules(
        count_tokens=encoder.count_tokens,
        max_tokens=min(config.chunk_tokens or LONGEST_CHUNK, encoder.max_tokens),
        overlap_sentences=config.overlap_sentences,
    )


class Helper:
    """A process that cuts articles."""

    def __init__(self, tokens: Tokens, rules: Rules) -> None:
        """Start it; it takes .4 s to be there. ``tokens`` counts what ``rules.count_tokens`` does.

        Raises ``BackendError`` where no process can be started.
        """
        told = [str(tokens.path), tokens.max_length, rules.max_tokens, rules.overlap_sentences]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps(sys.path), json.dumps(told)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"TOKENIZERS_PARALLELISM": "false"},  # the others have the other cores
                start_new_session=True,  # Ctrl-C is for the one that started it
            )
        except OSError as error:
            raise _stopped(f"can't be started: {error.strerror or error}") from error

    def ask(self, articles: Sequence[Article]) -> list[Spans] | None:
        """Return the spans of each article's chunks, or None where it couldn't cut one.

        Raises ``BackendError`` where it was stopped.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _send(process.stdin, [_told(article) for article in articles])
            spans: list[Spans] | None = _receive(process.stdout)
        except (OSError, EOFError, ValueError) as error:
            self.kill()
            raise _stopped(f"ended (exit status {process.wait()})") from error
        return spans

    def kill(self) -> None:
        """Stop it, whatever it is at; one that asks it meanwhile gets ``BackendError``."""
        self._process.kill()

    def close(self) -> None:
        """Stop it and let go of its pipes; nobody may ask it meanwhile."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what it never read
                if pipe is not None:
                    pipe.close()


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


def serve(path: str, max_length: int, max_tokens: int, overlap_sentences: int) -> None:
    """Cut what comes through standard input until it ends: a helper's whole life."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not stand among the answers
    tokens = Tokens(Path(path), max_length)
    rules = Rules(count_tokens=tokens.count, max_tokens=max_tokens, overlap_sentences=overlap_sentences)
    with suppress(EOFError, BrokenPipeError):
        while True:
            _send(answers, _answer(rules, _receive(sys.stdin.buffer)))


def _answer(rules: Rules, asked: list[Any]) -> list[Spans] | None:
    try:
        return [[(chunk.start, chunk.end, chunk.heading) for chunk in rules.cut(_article(told))] for told in asked]
    except Exception:  # who asked cuts them, too, and meets the same with the whole state at hand
        return None


def _told(article: Article) -> tuple[Any, ...]:
    sections = [(section.heading, section.start, section.end) for section in article.sections]
    return article.id, article.title, article.text, article.language, sections


def _article(told: tuple[Any, ...]) -> Article:
    id_, title, text, language, sections = told
    return Article(
        id=id_,
        title=title,
        text=text,
        language=language,
        sections=tuple(Section(heading=heading, start=start, end=end) for heading, start, end in sections),
    )


def _send(pipe: IO[bytes], values: Any) -> None:
    message = json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass")
    pipe.write(len(message).to_bytes(8, "little") + message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    """Read a message. Raises ``EOFError`` where the other end is gone."""
    size = int.from_bytes(_exactly(pipe, 8), "little")
    return json.loads(_exactly(pipe, size).decode("utf-8", "surrogatepass"))


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    read = pipe.read(size)
    if len(read) < size:
        raise EOFError
    return read


def _stopped(how: str) -> BackendError:
    return BackendError(
        f"A process that helps to cut articles {how}.",
        hint="Run the command again; with --jobs 1 it works in one process, which needs less memory.",
    )

"""What is searched in the benchmark? An archive made from a seed: any chunk of it can be made again on its own.

Words follow Zipf's law as Mandelbrot has it (1950s; exponent 1.07, shift 2.7), the frequent ones taken from the bundled
sample articles, the rest invented from syllables; every fortieth invented word is a number. Pairs and triples of words
recur as set phrases do. A chunk has 158 words in the mean (log-normal), an article is one chunk without a title, so
that every peer is given the same text. Vectors stand around 1,000 centres, at a cosine of about .5 with their own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from Stemmer import Stemmer

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.types import Article, Progress

SAMPLES = Path(__file__).parent.parent.parent / "searchkit" / "samples" / "articles"
ENGLISH = ("harbor-ledger", "meridian-wire", "northfield-courier", "open-bench")

SEED = 20_261_122
WORDS = 250_000
BLOCK = 5_000
"""Chunks that are made at once, from a seed of their own."""

PHRASES = 20_000
PHRASE_EVERY = 40
"""Words from one set phrase to the next, in the mean."""

PLAIN_FROM = 150
"""The rank from which on a word is rare enough to be asked for."""

MEAN_WORDS, SPREAD, FEWEST, MOST = 158, 0.28, 40, 235
DAYS = 4_000
FIRST_DAY = datetime(2014, 1, 1, tzinfo=UTC)
TAGS = {"tenth": 0.10, "hundredth": 0.01}
DIMENSION = 384
_CENTRES, _NOISES = 1_000, 4_096
_CONSONANTS, _VOWELS, _ENDS = "bcdfghjklmnpqrstvz", "aeiou", "kmprdn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One chunk of the archive, which is an article: its row, text, day since the first one, and tags."""

    row: int
    text: str
    day: int
    tags: tuple[str, ...]

    @property
    def published(self) -> datetime:
        """The day as an instant."""
        return FIRST_DAY + timedelta(days=self.day)

    def article(self) -> Article:
        """Return it as searchkit takes it."""
        return Article(
            id=str(self.row), text=self.text, published=self.published, language="en", source="made", tags=self.tags
        )


class Corpus:
    """The archive of ``chunks`` chunks. A larger one begins with the smaller one.

    With ``kept``, a folder, its blocks are written there once and read again: making them takes .09 ms a chunk.
    """

    def __init__(self, chunks: int, *, kept: Path | None = None) -> None:
        self.chunks = chunks
        self.words = _words()
        made_of = hashlib.sha256("\n".join([Path(__file__).read_text(encoding="utf-8"), *self.words]).encode())
        self._kept = None if kept is None else kept / made_of.hexdigest()[:12]
        self._sums = np.cumsum(1.0 / (np.arange(WORDS) + 2.7) ** 1.07)
        draw = np.random.default_rng(SEED)
        self.phrases = 30 + self._ranks(draw, PHRASES * 3, least=30).reshape(PHRASES, 3)
        weights = np.cumsum(1.0 / (np.arange(PHRASES) + 5.0))
        self._phrase_sums = weights / weights[-1]

    def blocks(self, first: int = 0) -> Iterator[list[Made]]:
        """Yield the chunks from row ``first`` on, a multiple of BLOCK, in lists of BLOCK."""
        for start in range(first, self.chunks, BLOCK):
            yield self.block(start // BLOCK)[: self.chunks - start]

    def block(self, number: int) -> list[Made]:
        """Return one block whole, also where the archive ends within it."""
        if self._kept is None:
            return self._made(number)
        path = self._kept / f"{number}.json"
        if not path.exists():
            facts = [(made.text, made.day, made.tags) for made in self._made(number)]
            self._kept.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps(facts), encoding="ascii")
            draft.replace(path)
        first = number * BLOCK
        return [
            Made(row=row, text=text, day=day, tags=tuple(tags))
            for row, (text, day, tags) in enumerate(json.loads(path.read_text(encoding="ascii")), start=first)
        ]

    def _made(self, number: int) -> list[Made]:
        draw = np.random.default_rng((SEED, number))
        ids, ends = self.ids(number)
        surfaces = self._surfaces[_variants(draw, len(ids)) * WORDS + ids].tolist()
        days = draw.integers(0, DAYS, BLOCK).tolist()
        tagged = {tag: draw.random(BLOCK) < share for tag, share in TAGS.items()}
        starts = [0, *ends.tolist()]
        return [
            Made(
                row=number * BLOCK + place,
                text=" ".join(surfaces[starts[place] : starts[place + 1]]).rstrip(".,") + ".",
                day=days[place],
                tags=tuple(tag for tag, chosen in tagged.items() if chosen[place]),
            )
            for place in range(BLOCK)
        ]

    def ids(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the ranks of a block's words, all in one, and where each chunk ends."""
        draw = np.random.default_rng((SEED, number, 1))
        mean = np.log(MEAN_WORDS) - SPREAD**2 / 2
        ends = np.cumsum(np.clip(draw.lognormal(mean, SPREAD, BLOCK), FEWEST, MOST).astype(np.int64))
        ids = self._ranks(draw, int(ends[-1]))
        places = np.flatnonzero(draw.random(len(ids) - 3) < 1 / PHRASE_EVERY)
        chosen = self.phrases[np.searchsorted(self._phrase_sums, draw.random(len(places)))]
        for offset in range(3):
            ids[places + offset] = chosen[:, offset]
        return ids, ends

    def texts(self) -> Iterator[str]:
        """Yield the texts alone."""
        for block in self.blocks():
            yield from (made.text for made in block)

    def phrase(self, draw: np.random.Generator, length: int) -> list[str]:
        """Return a set phrase that stands in the archive, cut to a length of at most 3."""
        number = int(np.searchsorted(self._phrase_sums, draw.random()))
        return [self.words[rank] for rank in self.phrases[number][:length]]

    def _ranks(self, draw: np.random.Generator, number: int, *, least: int = 0) -> NDArray[np.int64]:
        low = float(self._sums[least - 1]) if least else 0.0
        drawn = low + draw.random(number) * (float(self._sums[-1]) - low)
        return np.minimum(np.searchsorted(self._sums, drawn), WORDS - 1) - least

    @cached_property
    def _surfaces(self) -> NDArray[Any]:
        """Every word as it is, before a comma, at the end of a sentence, at the beginning, and in the plural."""
        words = self.words
        tail = [
            f"{word}s" if word.isalpha() and place >= len(words) // 50 else word for place, word in enumerate(words)
        ]
        forms = (
            words,
            [f"{one}," for one in words],
            [f"{one}." for one in words],
            [one.title() for one in words],
            tail,
        )
        return np.array([one for form in forms for one in form], dtype=object)


class MadeEncoder:
    """The vectors of the made archive: a text's own, decided by its bytes. A token is a word."""

    name = "made-vectors"
    fingerprint = "b" * 64
    dimension = DIMENSION
    max_tokens = 512

    def __init__(self) -> None:
        draw = np.random.default_rng(SEED + 1)
        self._centres = _unit(draw.standard_normal((_CENTRES, DIMENSION)))
        self._noises = _unit(draw.standard_normal((_NOISES, DIMENSION)))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the words."""
        return [text.count(" ") + 1 for text in texts]

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a query."""
        return np.asarray(self.encode_chunks([text])[0])

    def encode_chunks(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return a vector for each text."""
        digests = np.array([zlib.crc32(text.encode()) for text in texts], dtype=np.int64)
        vectors = _unit(self._centres[digests % _CENTRES] + self._noises[(digests >> 10) % _NOISES])
        if progress is not None:
            progress("encode", len(texts), len(texts))
        return vectors


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _words() -> list[str]:
    """Return the words by rank: those of the sample articles by their frequency, then invented ones.

    A British spelling is left out, since searchkit alone takes it for the American one: the answers would differ.
    """
    stem, analyzer = Stemmer("english").stemWord, Analyzer()
    found: Counter[str] = Counter()
    for folder in ENGLISH:
        for path in sorted((SAMPLES / folder).rglob("*.*")):
            if path.suffix in {".txt", ".md"}:
                found.update(re.findall(r"\b[a-z]{2,14}\b", path.read_text(encoding="utf-8").lower()))
    by_rank = [word for word, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))]
    words = [word for word in by_rank if stem(word) == analyzer.stem(word, "en")]
    known = set(words)
    number = 0
    while len(words) < WORDS:
        word = _invented(number)
        number += 1
        if word not in known:
            words.append(word)
    return words


def _invented(number: int) -> str:
    """Return the invented word of this number: three syllables and an end that no English stemmer takes for an ending.

    Numbers are spread over the alphabet (a multiplication modulo 90 to the third power), so that words of one beginning
    differ in frequency.
    """
    if number % 40 == 39:
        return str(1_000 + number)
    place = number * 289_849 % 729_000
    syllables = []
    for _ in range(3):
        place, syllable = divmod(place, 90)
        syllables.append(_CONSONANTS[syllable // 5] + _VOWELS[syllable % 5])
    return "".join(syllables) + _ENDS[number % len(_ENDS)]


def _variants(draw: np.random.Generator, number: int) -> NDArray[np.int64]:
    """Return how each word is written: 0 plain, 1 before a comma, 2 before a full stop, 3 capital, 4 plural."""
    chance = draw.random(number)
    variants = np.select([chance < 0.05, chance < 0.105, chance < 0.18], [1, 2, 4], 0)
    after = np.flatnonzero(variants == 2) + 1
    after = after[after < number]
    variants[after[variants[after] != 2]] = 3
    return variants

"""Highlighter: the part of a chunk that is worth reading, and the words in it that were asked for.

``native/highlight.c`` says the same of many chunks at once. It asks here only what tokens mean that it never met
before, so that a word is stemmed once, not in every chunk that it stands in. Of the words of letters, as most are, it
looks up those alone that the index knows to stand for a term asked for.
"""

from __future__ import annotations

import re
import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self, TypeVar

import numpy as np

from searchkit.answer import Snippet
from searchkit.keyword.analysis.analyzer import Analyzer, Expansion, cluster_starts, is_word
from searchkit.keyword.query.ast import Compound, Term, has_sign_outside, is_telling
from searchkit.storage import native
from searchkit.types import Chunk

SNIPPET_CHARACTERS = 320
"""About two sentences of news prose (54 words): enough to see whether a result tells what was asked."""

_REPEAT = 0.05
_SENTENCE_END = re.compile("[.!?。！？।؟…\n]")
_CLOSERS = "\"'”’»)]"

_TYPOGRAPHY = str.maketrans({**dict.fromkeys("’‘´", "'"), **dict.fromkeys("“”„«»–—…•€£", " ")})
"""What English prose has beside ASCII, as the rules of words see it: apostrophes join, the others stand between words.
In a text that has nothing else words are found three times as fast, at the same places."""

_WHOLE = 2**32 - 1
"""In the place of a token's end: the term is that of all of it."""

_FIRST_COMPOUND = 2**31
"""The number of the first token that stands for a compound's place: more than any token of a text has."""

_FORGET_AT = 1 << 17
"""Tokens whose meanings are remembered: about 25 MB."""

_FEW_TERMS = 256
"""Terms whose words are looked for one by one; a wildcard has thousands."""

_OTHER_CAPITALS = frozenset(("tr", "az"))
"""Languages in which I isn't the capital of i: their words aren't told by the letters of ASCII alone."""

_NOWHERE = array("I")

_NEAR = 16
"""More characters than stand between two words that stand side by side."""

Span = tuple[int, int]
Place = tuple[Span, frozenset[str]]
"""Where something stands in a text that was asked for, and the terms that it means."""
_TokenPlace = tuple[tuple[int, int, int], frozenset[str]]
"""Where something stands in a row of tokens, and what it means: which token, from which character of it to which."""
AnySpan = TypeVar("AnySpan")
Parsed = tuple[str, Span, Expansion]
"""A raw word of a text, where it stands, and what it stands for."""


class Highlighter:
    """Makes the snippets of searches. Holds caches alone, so any number of threads may share one."""

    def __init__(self, analyzer: Analyzer, words_of: Callable[[str], list[str]] | None = None) -> None:
        """``words_of`` tells all words of the chunks that stand for a term; without it each word is looked up."""
        self._analyzer = analyzer
        self._words_of = words_of
        self._guard = threading.Lock()
        self._forget()

    def of(
        self, chunks: Sequence[Chunk], words: Iterable[Term | Compound], languages: Sequence[str | None]
    ) -> list[Snippet]:
        """Return what ``snippet`` gives for each chunk, which is of the language in the same place.

        A compound's parts must be seen side by side, and the loops look at one token after the other: what tokens that
        may be parts mean together is seen here, in the few places where they stand.
        """
        words = tuple(words)
        if native.COMPILED is None or self._tokens is None:
            return [
                snippet(chunk, words, self._analyzer, language)
                for chunk, language in zip(chunks, languages, strict=True)
            ]
        terms = _terms(words)
        compounds = [word for word in words if isinstance(word, Compound)]
        parts = frozenset(term for word in compounds for part in (word.joined, *word.parts) for term in part.terms)
        texts = [chunk.text for chunk in chunks]
        with self._guard:
            numbers = array("I", [self._languages.setdefault(code, len(self._languages)) for code in languages])
            counts, spans = self._tokens.scan(texts, numbers, self._wanted(terms | parts, languages))
            self._learn()
            places = [self._places[term] for term in terms if term in self._places]
            part_tokens = {token for term in parts for token in self._places.get(term, _NOWHERE)[::3]}
            if len(self._tokens) + len(self._bits) > _FORGET_AT:
                self._forget()
        if part_tokens:
            counts, spans, together = self._with_compounds(texts, languages, compounds, counts, spans, part_tokens)
            places += together
        return _windows(chunks, texts, counts, spans, places)

    def _with_compounds(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None],
        compounds: Sequence[Compound],
        counts: bytes,
        spans: bytes,
        part_tokens: Collection[int],
    ) -> tuple[bytes, bytes, list[array[int]]]:
        """Add to the tokens of texts one for each place of a compound, and return where its terms stand.

        ``counts`` and ``spans`` are as ``scan`` gives them; ``part_tokens`` may be parts of the compounds.
        """
        rows = np.frombuffer(spans, np.uint32).reshape(-1, 3)
        text_of = np.repeat(np.arange(len(texts), dtype=np.uint32), np.frombuffer(counts, np.uint32))
        is_part = np.zeros(max(*part_tokens, int(rows[:, 0].max(initial=0))) + 1, dtype=np.bool_)
        is_part[list(part_tokens)] = True
        chosen = is_part[rows[:, 0]]
        stands: dict[int, list[Span]] = {}
        for text, start, end in zip(text_of[chosen].tolist(), *rows[chosen, 1:].T.tolist(), strict=True):
            stands.setdefault(text, []).append((start, end))
        reader = _CompoundReader(compounds, self._analyzer)
        tokens: dict[frozenset[str], int] = {}
        places: dict[str, array[int]] = {}
        added: list[tuple[int, int, int, int]] = []
        for text, at in stands.items():
            for (start, end), terms in reader.places(texts[text], at, languages[text]):
                token_id = tokens.get(terms)
                if token_id is None:
                    token_id = tokens[terms] = _FIRST_COMPOUND + len(tokens)
                    for term in terms:
                        places.setdefault(term, array("I")).extend((token_id, 0, _WHOLE))
                added.append((text, token_id, start, end))
        if not added:
            return counts, spans, []
        more = np.asarray(added, dtype=np.uint32)
        text_of, rows = np.concatenate((text_of, more[:, 0])), np.concatenate((rows, more[:, 1:]))
        rows = rows[np.lexsort((rows[:, 1], text_of))]
        counts = np.bincount(text_of, minlength=len(texts)).astype(np.uint32).tobytes()
        return counts, rows.tobytes(), list(places.values())

    def _wanted(self, terms: Collection[str], languages: Sequence[str | None]) -> list[bytes] | None:
        """Return which bits the words have that may mean a term, of each term; None where all words are looked up."""
        if self._words_of is None or len(terms) > _FEW_TERMS or not _OTHER_CAPITALS.isdisjoint(languages):
            return None
        bits = self._bits
        for term in terms:
            if term not in bits:
                bits[term] = native.COMPILED.word_bits(self._words_of(term))
        return [bits[term] for term in terms]

    def _forget(self) -> None:
        self._tokens: Any = None if native.COMPILED is None else native.COMPILED.Tokens()
        self._languages: dict[str | None, int] = {}
        self._places: dict[str, array[int]] = {}
        self._bits: dict[str, bytes] = {}
        self._known = 0

    def _learn(self) -> None:
        """Learn for each term which new tokens mean it: their numbers, and from which character to which."""
        if len(self._tokens) == self._known:
            return
        numbers, tokens = self._tokens.fresh()
        languages = list(self._languages)
        stems = [self._analyzer.word_stemmer(language) for language in languages]
        for token_id, (number, token) in enumerate(
            zip(memoryview(numbers).cast("I"), tokens, strict=True), self._known
        ):
            if is_word(token):
                self._stands(stems[number](token), token_id, 0, _WHOLE)
                continue
            for (start, end), meant in _meanings(token, self._analyzer, languages[number]):
                for term in meant:
                    self._stands(term, token_id, start, end)
        self._known = len(self._tokens)

    def _stands(self, term: str, token_id: int, start: int, end: int) -> None:
        """Remember that a term stands between two characters of a token."""
        # A new array: the one before may be in the hands of another thread.
        self._places[term] = self._places.get(term, _NOWHERE) + array("I", (token_id, start, end))


def snippet(chunk: Chunk, words: Iterable[Term | Compound], analyzer: Analyzer, language: str | None) -> Snippet:
    """Return the part of a chunk that holds most of the words, whole where it is short, and where they stand in it.

    Offsets count characters of the article. Without a word in the chunk it is the chunk's beginning.
    """
    places = _found(chunk.text, tuple(words), analyzer, language)
    start, end = _window(chunk.text, places)
    spans = _merged([span for span, _ in places if start <= span[0] and span[1] <= end])
    return Snippet(
        text=chunk.text[start:end],
        start=chunk.start + start,
        end=chunk.start + end,
        highlights=tuple((chunk.start + first, chunk.start + last) for first, last in spans),
    )


def spans_of(text: str, words: Iterable[Term | Compound], analyzer: Analyzer, language: str | None) -> tuple[Span, ...]:
    """Return where in a whole text the words stand, in order, without overlap."""
    return tuple(_merged([span for span, _ in _found(text, tuple(words), analyzer, language)]))


def _terms(words: Iterable[Term | Compound]) -> frozenset[str]:
    """Return the terms of the words that aren't compounds."""
    return frozenset(term for word in words if isinstance(word, Term) for term in word.terms)


def _windows(
    chunks: Sequence[Chunk], texts: list[str], counts: bytes, spans: bytes, places: list[array[int]]
) -> list[Snippet]:
    """Return the snippets, by the compiled loops.

    ``counts``: how many tokens each text has; ``spans``: number, start and end of each, 32 bits each; ``places``: for
    each term which tokens mean it, from which character of theirs to which.
    """
    bases = array("Q", [chunk.start for chunk in chunks])
    windows = native.COMPILED.windows(texts, bases, counts, spans, places, SNIPPET_CHARACTERS, _REPEAT)
    return [
        Snippet(text=text[start:end], start=base + start, end=base + end, highlights=marks)
        for base, text, (start, end, marks) in zip(bases, texts, windows, strict=True)
    ]


def _found(text: str, words: Sequence[Term | Compound], analyzer: Analyzer, language: str | None) -> list[Place]:
    """Return where words stand that were asked for, in order, and which terms each means."""
    if not words:
        return []
    parsed = [(word, span, analyzer.expand(word, language)) for word, span in _words(text, analyzer)]
    return _meant_together(parsed, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CompoundForm:
    """A compound as it is looked for in a text.

    ``joined``: the terms of the whole. ``parts``: those of each part; none where the parts side by side aren't the
    compound. ``means``: what its place means. ``telling``: the terms of the parts that say something by themselves;
    ``alone`` says that not all do.
    """

    joined: frozenset[str]
    parts: tuple[frozenset[str], ...]
    means: frozenset[str]
    telling: frozenset[str]
    alone: bool

    @classmethod
    def of(cls, compound: Compound) -> Self:
        """Make it of a query's compound."""
        joined = frozenset(compound.joined.terms)
        parts = tuple([frozenset(part.terms) for part in compound.parts])
        telling = [part.terms for part in compound.parts if is_telling(part)]
        return cls(
            joined=joined,
            parts=() if has_sign_outside(compound.joined) else parts,
            means=frozenset((min(joined, default="") or " ".join(min(part, default="") for part in parts),)),
            telling=frozenset(chain.from_iterable(telling)),
            alone=len(telling) < len(parts),
        )

    def whole_places(self, words: Sequence[tuple[AnySpan, Expansion]]) -> list[tuple[AnySpan, frozenset[str]]]:
        """Return where the compound stands: in one word (S300, S-300VM), or its parts side by side (S 300)."""
        joined, parts = self.joined, self.parts
        places = {place for place, (_, word) in enumerate(words) if not joined.isdisjoint(word.terms)}
        for place, (_, word) in enumerate(words if parts else ()):
            if parts[0].isdisjoint(word.terms):
                continue
            for offset in range(word.advance):
                if last := _read(parts, words, place, offset):
                    places.update(range(place, last))
        return [(words[place][0], self.means) for place in sorted(places)]

    def part_places(self, words: Sequence[tuple[AnySpan, Expansion]]) -> list[tuple[AnySpan, frozenset[str]]]:
        """Return where those parts stand that say something by themselves.

        The missiles of anti-missile, but neither the S of S-400 for S-300 nor the MiG of MiG-31 for MiG-29.
        """
        terms, alone = self.telling, self.alone
        if not terms:
            return []
        return [
            (span, terms.intersection(word.terms))
            for span, word in words
            if not (alone and word.joined) and not terms.isdisjoint(word.terms)
        ]


class _CompoundReader:
    """Reads what tokens mean together where they stand side by side, each row of them once.

    In a text about Covid-19 the same few stand in every other sentence.
    """

    def __init__(self, compounds: Sequence[Compound], analyzer: Analyzer) -> None:
        self._compounds = [_CompoundForm.of(compound) for compound in dict.fromkeys(compounds)]
        self._analyzer = analyzer
        self._known: dict[tuple[str | None, tuple[str, ...]], list[tuple[list[_TokenPlace], list[_TokenPlace]]]] = {}

    def places(self, text: str, spans: Sequence[Span], language: str | None) -> Iterator[Place]:
        """Yield where compounds stand in a text among some tokens, or the telling parts of one that doesn't."""
        rows = self._rows(text, spans)
        meanings = [self._meaning(tuple([text[start:end] for start, end in row]), language) for row in rows]
        for number in range(len(self._compounds)):
            stands = any(meaning[number][0] for meaning in meanings)
            for row, meaning in zip(rows, meanings, strict=True):
                for (place, first, behind), terms in meaning[number][0 if stands else 1]:
                    start = row[place][0]
                    yield (start + first, start + behind), terms

    def _rows(self, text: str, spans: Sequence[Span]) -> list[list[Span]]:
        """Part tokens where a word stands between them."""
        rows: list[list[Span]] = []
        last = 0
        for start, end in spans:
            is_apart = start - last > _NEAR or (
                any(map(str.isalnum, gap := text[last:start])) and self._analyzer.words(gap)
            )
            if is_apart or not rows:
                rows.append([])
            rows[-1].append((start, end))
            last = end
        return rows

    def _meaning(
        self, tokens: tuple[str, ...], language: str | None
    ) -> list[tuple[list[_TokenPlace], list[_TokenPlace]]]:
        """Return for each compound where it stands in a row of tokens, and where its telling parts do."""
        known = self._known.get((language, tokens))
        if known is None:
            words = [
                ((place, *span), self._analyzer.expand(word, language))
                for place, token in enumerate(tokens)
                for word, span in ([(token, (0, len(token)))] if is_word(token) else _words(token, self._analyzer))
            ]
            known = [(each.whole_places(words), each.part_places(words)) for each in self._compounds]
            self._known[language, tokens] = known
        return known


def _meant_together(parsed: Sequence[Parsed], words: Sequence[Term | Compound]) -> list[Place]:
    """Return where words were asked for, and which terms each means, among words in order."""
    terms = _terms(words)
    wanted = [word for word in parsed if not terms.isdisjoint(word[2].terms)]
    places = [(span, both) for span, meant in _meant(wanted) if (both := terms & meant)]
    compounds = dict.fromkeys(word for word in words if isinstance(word, Compound))
    if compounds:
        expanded = [(span, expansion) for _, span, expansion in parsed]
        for form in map(_CompoundForm.of, compounds):
            places += form.whole_places(expanded) or form.part_places(expanded)
        places.sort(key=lambda place: place[0])
    return places


def _read(parts: Sequence[frozenset[str]], words: Sequence[tuple[object, Expansion]], place: int, offset: int) -> int:
    """Return the word behind the parts of a compound that stand side by side from a word's position on; 0: they don't.

    The parts may be those of one word or of several.
    """
    for part in parts:
        if place == len(words):
            return 0
        word = words[place][1]
        for term, at in zip(word.terms, word.offsets, strict=True):
            if at == offset and term in part:
                break
        else:
            return 0
        offset += 1
        if offset >= word.advance:
            place, offset = place + 1, 0
    return place + (offset > 0)


def _words(text: str, analyzer: Analyzer) -> Iterator[tuple[str, Span]]:
    """Yield the raw words of a text and where they stand."""
    if not text.isascii() and (plain := text.translate(_TYPOGRAPHY)).isascii():
        text = plain
    end = 0
    for word in analyzer.words(text):
        start = text.index(word, end)  # the next of its characters is a word's first: every one that can be, is
        end = start + len(word)
        yield word, (start, end)


def _meanings(text: str, analyzer: Analyzer, language: str | None) -> list[Place]:
    """Return where the words of a text stand, and which terms each means."""
    return _meant([(word, span, analyzer.expand(word, language)) for word, span in _words(text, analyzer)])


def _meant(words: Iterable[Parsed]) -> list[Place]:
    places: list[Place] = []
    for word, (start, end), expansion in words:
        if expansion.joined or expansion.advance <= 1:
            places.append(((start, end), frozenset(expansion.terms)))
            continue
        # A run of a script without spaces: each term is a pair of grapheme clusters, counted by its offset.
        borders = [start + place for place in cluster_starts(word)] + [end]
        for place, (term, offset) in enumerate(zip(expansion.terms, expansion.offsets, strict=True)):
            last = min(offset + (2 if place < expansion.asked else 1), len(borders) - 1)
            places.append(((borders[min(offset, last)], borders[last]), frozenset((term,))))
    return places


def _window(text: str, places: list[Place]) -> Span:
    """Choose the span: the earliest that holds most different terms, at a sentence's beginning where it can be."""
    if len(text) <= SNIPPET_CHARACTERS:
        return 0, len(text)
    starts = _sentence_starts(text)
    best, best_worth = 0, 0.0
    for (position, _), _ in places:
        start = _opening(text, starts, position)
        worth = _worth(places, start, start + SNIPPET_CHARACTERS)
        if worth > best_worth:
            best, best_worth = start, worth
    return best, _closing(text, best)


def _worth(places: list[Place], start: int, end: int) -> float:
    inside = [terms for span, terms in places if start <= span[0] and span[1] <= end]
    return len(frozenset().union(*inside)) + _REPEAT * len(inside)


def _sentence_starts(text: str) -> list[int]:
    """Guess where sentences begin: good enough to open a snippet, which may open anywhere."""
    starts = [0]
    for end in _SENTENCE_END.finditer(text):
        after = end.end()
        while after < len(text) and text[after] in _CLOSERS:
            after += 1
        if after < len(text) and (end[0] in "。！？\n" or text[after].isspace()):
            while after < len(text) and text[after].isspace():
                after += 1
            starts.append(after)
    return starts


def _opening(text: str, starts: list[int], position: int) -> int:
    """Return where to open so that a position is read in its sentence: its beginning, or a word shortly before it."""
    start = starts[max(0, bisect_left(starts, position + 1) - 1)]
    if position - start <= SNIPPET_CHARACTERS // 2:
        return start
    start = position - SNIPPET_CHARACTERS // 4
    while start < position and not text[start - 1].isspace():
        start += 1
    return start


def _closing(text: str, start: int) -> int:
    end = start + SNIPPET_CHARACTERS
    if end >= len(text):
        return len(text.rstrip())
    cut = end
    while cut > start + SNIPPET_CHARACTERS // 2 and not text[cut].isspace():
        cut -= 1
    return len(text[: cut if text[cut].isspace() else end].rstrip())


def _merged(spans: list[Span]) -> list[Span]:
    """Join spans that touch or overlap, in order."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged

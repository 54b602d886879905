"""Inverter: chunks in order become rows and positions a term.

Worked out for some thousands of chunks at a time, by sorting.

Words never hold a space (but the no-break ones in numbers), so a text is cut at its spaces and each distinct *token* is
analysed once a language. A token stands for a row of *lexemes*; a lexeme is a surface word and the term that it stands
for. All ids are given in the order in which things are met; nothing of them reaches a file.

Tokens are numbered by the compiled table or by a dictionary, which give the same numbers. A token that is one word of
ASCII letters between punctuation is known by that word in lower case, so that "Oil," and "oil" are one; every other one
as it is written, and so is one with a sign that may belong to the word (C++, C#, .NET, #FyreFestival).
"""

from __future__ import annotations

import string
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from searchkit.ingest.indexed_text import compose, field_term, words_of_field
from searchkit.keyword.analysis.analyzer import (
    MAX_TERM,
    SPACES_IN_NUMBERS,
    Analyzer,
    base_language,
    is_plain,
    is_word,
    run_over,
)
from searchkit.keyword.analysis.compounds import possessor
from searchkit.storage import native
from searchkit.types import Article, Chunk


class TokenIds(Protocol):
    """Numbers the distinct tokens, apart by language, and keeps the numbers of those that were taken in.

    A language is a number. ``len`` counts the distinct tokens.
    """

    def __len__(self) -> int: ...

    def add(self, text: str | bytes, language: int, /) -> int:
        """Take the tokens of a text in, which is given as UTF-8 where it isn't ASCII; return how many it has."""
        ...

    def add_token(self, token: str | bytes, language: int, /) -> None:
        """Take one token in."""
        ...

    def fresh(self) -> tuple[Any, list[str]]:
        """Return the languages (32 bits each) and the tokens that are new since this was last asked, by number."""
        ...

    def take(self) -> Any:
        """Return the numbers (32 bits each) of what was taken in since this was last asked."""
        ...


def new_tokens() -> TokenIds:
    """Return an empty table: the compiled one, or the dictionary where it couldn't be compiled."""
    tokens: TokenIds = PlainTokenIds() if native.COMPILED is None else native.COMPILED.Tokens()
    return tokens


def utf8(text: str) -> str | bytes:
    """Return a text as tables take it: a lone surrogate, which UTF-8 hasn't, as the three bytes of its number."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass")


class PlainTokenIds:
    """The table without a compiler."""

    def __init__(self) -> None:
        self._numbers: dict[int, _Numbers] = {}
        self._keys: list[tuple[int, str]] = []
        self._fresh_from = 0
        self._taken = array("I")

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, text: str | bytes, language: int, /) -> int:
        """Take the tokens of a text in; return how many it has."""
        before = len(self._taken)
        self._taken.extend(map(self._of(language).__getitem__, _text(text).split()))
        return len(self._taken) - before

    def add_token(self, token: str | bytes, language: int, /) -> None:
        """Take one token in."""
        self._taken.append(self._of(language)[_text(token)])

    def fresh(self) -> tuple[Any, list[str]]:
        """Return the languages and the tokens that are new since this was last asked."""
        new = self._keys[self._fresh_from :]
        self._fresh_from = len(self._keys)
        return array("I", (language for language, _ in new)), [token for _, token in new]

    def take(self) -> Any:
        """Return the numbers of what was taken in since this was last asked."""
        taken, self._taken = self._taken, array("I")
        return taken

    def _of(self, language: int) -> _Numbers:
        if language not in self._numbers:
            self._numbers[language] = _Numbers(language, self._keys)
        return self._numbers[language]


class _Numbers(dict[str, int]):
    """The numbers of the tokens of one language as they are written."""

    def __init__(self, language: int, keys: list[tuple[int, str]]) -> None:
        super().__init__()
        self._language, self._keys = language, keys
        self._known: dict[str, int] = {}

    def __missing__(self, token: str) -> int:
        key = _key(token)
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self._keys)
            self._keys.append((self._language, key))
        self[token] = number
        return number


def bare_word(token: str) -> str:
    """Return a token without the punctuation around it; whole where a sign belongs to its word: C++, C#, .NET, #tag."""
    bare = token.strip(_AROUND_WORDS)
    start = token.find(bare) if bare else 0
    end = start + len(bare)
    if token[max(0, start - 1) : start] in _SIGNS_BEFORE or token[end : end + 1] in _SIGNS_AFTER:
        return token
    return bare


_AROUND_WORDS = string.punctuation + "“”‘’„«»…–—"
_SIGNS_BEFORE = frozenset("#@.")
_SIGNS_AFTER = frozenset("+#")


def _key(token: str) -> str:
    bare = bare_word(token)
    return bare.lower() if is_word(bare) else token


def _text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "surrogatepass")


_FORGET_AT = 1_000_000
"""Tokens, or lexemes of tokens, that are remembered from one run to the next: up to about 100 bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTables:
    """What the tokens stand for, by token id.

    Token t takes ``advances[t]`` positions; its lexemes are ``lexemes[starts[t]:starts[t + 1]]``, at the relative
    positions ``offsets[starts[t]:starts[t + 1]]``; those that count in a chunk's length are 1 in ``counted``.
    """

    starts: NDArray[np.int64]
    advances: NDArray[np.uint32]
    lexemes: NDArray[np.uint32]
    offsets: NDArray[np.uint32]
    counted: NDArray[np.uint8]


class Vocabulary:
    """The tokens, lexemes, terms and words that were met."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self.terms: dict[str, int] = {}
        self.words: dict[str, int] = {}
        self._languages: dict[tuple[str | None, str], int] = {}
        self._lexemes: dict[tuple[str, str], int] = {}
        self._lexeme_terms = array("I")
        self._lexeme_words = array("I")
        self._lexeme_forms = array("I")
        self._forms_of_term = array("I")
        self._forget()

    def add(self, text: str, language: str | None, field: str = "") -> int:
        """Take the tokens of a text in; return how many it has.

        Those of an article's own ``field`` stand for the terms of this field, too.
        """
        number = self._languages.get((language, field))
        if number is None:
            number = self._languages[language, field] = len(self._languages)
        if not text.isascii() and any(space in text for space in SPACES_IN_NUMBERS):
            words = self._analyzer.words(text)
            for word in words:
                self._tokens.add_token(utf8(word), number)
            return len(words)
        return self._tokens.add(utf8(text), number)

    def take(self) -> NDArray[np.uint32]:
        """Return the ids of the tokens that were taken in since this was last asked, in order; all are learnt now."""
        self._learn()
        return np.frombuffer(self._tokens.take(), np.uint32)

    def tables(self) -> TokenTables:
        """Return what the tokens learnt so far stand for."""
        return TokenTables(
            starts=np.array(self._starts, np.int64),
            advances=np.array(self._advances, np.uint32),
            lexemes=np.array(self._token_lexemes, np.uint32),
            offsets=np.array(self._token_offsets, np.uint32),
            counted=np.array(self._token_counted, np.uint8),
        )

    @property
    def lexeme_terms(self) -> NDArray[np.uint32]:
        """Return the term id of each lexeme."""
        return np.array(self._lexeme_terms, np.uint32)

    @property
    def lexeme_words(self) -> NDArray[np.uint32]:
        """Return the word id of each lexeme."""
        return np.array(self._lexeme_words, np.uint32)

    @property
    def lexeme_forms(self) -> NDArray[np.uint32]:
        """Return which of its term's forms each lexeme is: they are numbered from 0 in the order in which they came."""
        return np.array(self._lexeme_forms, np.uint32)

    def relax(self) -> None:
        """Forget the tokens if they have become many; token ids from before are void then."""
        if max(len(self._tokens), len(self._token_lexemes)) > _FORGET_AT:
            self._forget()

    def _forget(self) -> None:
        self._tokens = new_tokens()
        self._starts = array("Q", [0])
        self._advances = array("I")
        self._token_lexemes = array("I")
        self._token_offsets = array("I")
        self._token_counted = array("B")

    def _learn(self) -> None:
        """Learn the tokens that are new, by far most of them words of plain letters."""
        numbers, tokens = self._tokens.fresh()
        languages = [language for language, _ in self._languages]
        fields = [field for _, field in self._languages]
        bases = [base_language(language) for language in languages]
        stems = [self._analyzer.word_stemmer(language) for language in languages]
        for number, token in zip(np.frombuffer(numbers, np.uint32).tolist(), tokens, strict=True):
            word = token
            if not is_word(token):
                bare = bare_word(token)
                word = bare if is_word(bare) else possessor(bare, bases[number])
                if not is_word(word):
                    self._learn_token(token, bare, languages[number], fields[number])
                    self._starts.append(len(self._token_lexemes))
                    continue
                word = word.lower()
            self._learn_word(word, term := stems[number](word))
            if fields[number]:
                self._learn_in_field(fields[number], [term], [0])
            self._starts.append(len(self._token_lexemes))

    def _learn_in_field(self, field: str, terms: Sequence[str], offsets: Sequence[int]) -> None:
        """Add the terms of a field, which stand where those of the word do and count in no length."""
        self._token_lexemes.extend([self._lexeme(NO_WORD, field_term(field, term)) for term in terms])
        self._token_offsets.extend(offsets)
        self._token_counted.frombytes(b"\0" * len(terms))

    def _learn_word(self, surface: str, term: str) -> None:
        self._token_lexemes.append(self._lexeme(surface, term))
        self._token_offsets.append(0)
        self._token_counted.append(1)
        self._advances.append(1)

    def _learn_token(self, token: str, bare: str, language: str | None, field: str) -> None:
        words = [bare] if is_plain(bare) and len(bare) <= MAX_TERM else self._analyzer.words(token)
        self._advances.append(self._learn_words(words, language, field))

    def _learn_words(self, words: list[str], language: str | None, field: str) -> int:
        """Take in the words of a token; return how many positions they take."""
        position = 0
        for word in words:
            expansion = self._analyzer.expand(word, language)
            self._token_lexemes.extend(map(self._lexeme, expansion.surfaces, expansion.terms))
            self._token_offsets.extend([position + offset for offset in expansion.offsets])
            self._token_counted.frombytes(
                b"\1" * (len(expansion.terms) - expansion.uncounted) + b"\0" * expansion.uncounted
            )
            if field:
                offsets = [position + offset for offset in expansion.offsets]
                self._learn_in_field(field, expansion.terms, offsets)
            position += expansion.advance
        return position

    def _lexeme(self, surface: str, term: str) -> int:
        lexeme = self._lexemes.get((surface, term))
        if lexeme is not None:
            return lexeme
        lexeme = self._lexemes[surface, term] = len(self._lexemes)
        term_id = self.terms.setdefault(term, len(self.terms))
        self._lexeme_terms.append(term_id)
        self._lexeme_words.append(self.words.setdefault(surface, len(self.words)))
        if term_id == len(self._forms_of_term):
            self._forms_of_term.append(0)
        self._lexeme_forms.append(self._forms_of_term[term_id])
        self._forms_of_term[term_id] += 1
        return lexeme


NO_WORD = "\x1f" * 8
"""In the place of a word where a term is a field's: no query has it, no wildcard fits it, nothing is near it."""


PART_GAP = 100
"""Positions between title, heading, fields and body (the chunk's text), so that no phrase crosses."""

_PEEK = 16
"""Characters behind a chunk that are looked at: the first one of the next chunk, with all its marks."""

_FULL_AT = 5_000_000
"""Occurrences after which a run is worked out, however few chunks there are: about 400 MB while it is sorted."""

_LONG_TOKEN = 16
"""Characters a token, on average, above which a text is taken for one without spaces: about a term a character."""


class ChunkRow(NamedTuple):
    """A chunk as the keyword retriever takes it in.

    ``following``: how the article goes on behind it, a few characters. ``repeated``: how many characters at its
    beginning the row before ends with, where the article's text goes on from there; None where it doesn't. ``fields``:
    the words of each searchable field, in the first chunk of an article.
    """

    title: str
    heading: str
    text: str
    language: str | None
    following: str = ""
    repeated: int | None = None
    fields: tuple[str, ...] = ()


def rows_of(
    article: Article, chunks: Sequence[Chunk], unknown_as: str = "", searchable: Sequence[str] = ()
) -> Iterator[ChunkRow]:
    """Yield an article's chunks, all of them in order, as the keyword retriever takes them in.

    ``unknown_as`` is the language by which an article without one is analysed. ``searchable``: the fields whose words
    are found.
    """
    language = article.language or unknown_as or None
    fields = tuple(words_of_field(article, name) for name in searchable)
    repeated: int | None = None
    for place, chunk in enumerate(chunks, start=1):
        searched = compose(article, chunk)
        after = chunks[place] if place < len(chunks) and _goes_on(article.text, chunk, chunks[place]) else None
        following = article.text[chunk.end : chunk.end + _PEEK] if after else ""
        yield ChunkRow(searched.title, searched.heading, searched.text, language, following, repeated, fields)
        fields = ()
        repeated = max(0, chunk.end - after.start) if after else None


def _goes_on(text: str, chunk: Chunk, after: Chunk) -> bool:
    """Say whether the next chunk goes on where one ends: below the same heading, with no word between them."""
    inside = chunk.start <= after.start and chunk.end <= after.end
    return inside and chunk.heading == after.heading and not any(map(str.isalnum, text[chunk.end : after.start]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The postings of one field in some rows, sorted by the ids of terms.

    ``term_ids``: the vocabulary's; ``df`` postings and ``cf`` positions belong to each term, one after the other.
    ``rows`` is counted from the first row of all, ``counts`` belongs to a posting as ``rows`` does, ``forms`` to a
    position: which of the term's forms stands there.
    """

    term_ids: NDArray[np.uint32]
    df: NDArray[np.uint32]
    cf: NDArray[np.uint64]
    rows: NDArray[np.uint32]
    counts: NDArray[Any]
    positions: NDArray[Any]
    forms: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """How chunks of an article go on from one to the next: ``(rows,)`` each.

    ``bodies``: the position where the text of the chunk begins; ``ends``: the one behind its last. ``joins``: 0 where a
    row doesn't go on from the row before, else one more than the positions that both have.
    """

    bodies: NDArray[Any]
    ends: NDArray[Any]
    joins: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverted:
    """Some rows, worked out: the two fields, each row's length in terms, and the count of rows of each word id.

    Lengths are without what says no more than other terms of its word do (``Expansion.uncounted``).
    """

    text: Run
    title: Run
    lengths: NDArray[np.uint32]
    title_lengths: NDArray[np.uint32]
    word_rows: NDArray[np.uint32]
    borders: Borders


@dataclass(frozen=True, slots=True)
class _Occurrences:
    """Every occurrence of a lexeme: which lexeme, in which row (from 0 in the run), at which position.

    ``counted``: 1 where it counts in the row's length.
    """

    lexemes: NDArray[np.uint32]
    rows: NDArray[np.int64]
    positions: NDArray[np.int64]
    counted: NDArray[np.uint8]


class Inverter:
    """Collects chunks until it is full, then gives them back as a run."""

    def __init__(
        self, analyzer: Analyzer, title_weight: int, *, full_at_chunks: int = 25_000, searchable: Sequence[str] = ()
    ) -> None:
        self.vocabulary = Vocabulary(analyzer)
        self.rows = 0
        self._searchable = tuple(searchable)
        self._title_weight = title_weight
        self._full_at_chunks = full_at_chunks
        self._clear()

    def add(
        self,
        title: str,
        heading: str,
        text: str,
        language: str | None,
        following: str = "",
        repeated: int | None = None,
        fields: Sequence[str] = (),
    ) -> None:
        """Take the next row's chunk, as `ChunkRow` has it."""
        if following:
            text += run_over(text + following, len(text))
        again = ""
        if repeated:
            # The text is cut where the row before ends, so that the positions up to there are counted.
            again, text = text[:repeated] + run_over(text, repeated), text[repeated:]
        self._goes_on.append(repeated is not None)
        for part in (*[title] * self._title_weight, heading):
            self._add_part(part, language)
        for name, words in zip(self._searchable, fields or [""] * len(self._searchable), strict=True):
            self._add_part(words, language, name)
        self._add_part(again, language)
        self._add_part(text, language)
        self.rows += 1

    def _add_part(self, part: str, language: str | None, field: str = "") -> None:
        count = self.vocabulary.add(part, language, field)
        self._parts.append(count)
        self._occurrences += len(part) if len(part) > _LONG_TOKEN * count else count + count // 4

    @property
    def empty(self) -> bool:
        """Whether nothing is waiting."""
        return not self._parts

    @property
    def full(self) -> bool:
        """Whether it is time to take a run."""
        waiting = len(self._goes_on)
        return waiting >= self._full_at_chunks or self._occurrences >= _FULL_AT

    def take(self) -> Inverted:
        """Work out what is waiting, and begin anew."""
        vocabulary = self.vocabulary
        parts = np.array(self._parts, np.int64).reshape(-1, self._title_weight + len(self._searchable) + 3)
        goes_on = np.frombuffer(self._goes_on, np.uint8).astype(np.bool_)
        tokens = vocabulary.take()
        first_row = self.rows - len(parts)
        if native.COMPILED is None:
            inverted = _by_sorting(tokens, parts, goes_on, vocabulary, first_row)
        else:
            inverted = _by_counting(native.COMPILED, tokens, parts, goes_on, vocabulary, first_row)
        self._clear()
        vocabulary.relax()
        return inverted

    def _clear(self) -> None:
        self._parts = array("I")
        self._goes_on = array("B")
        self._occurrences = 0


def _by_counting(
    compiled: Any,
    tokens: NDArray[np.uint32],
    parts: NDArray[np.int64],
    goes_on: NDArray[np.bool_],
    vocabulary: Vocabulary,
    first_row: int,
) -> Inverted:
    """Work rows out in the compiled loops."""
    tables = vocabulary.tables()
    text, title, *counted = compiled.invert(
        tokens,
        parts,
        parts.shape[1],
        first_row,
        PART_GAP,
        tables.starts,
        tables.advances,
        tables.lexemes,
        tables.offsets,
        tables.counted,
        vocabulary.lexeme_terms,
        vocabulary.lexeme_words,
        vocabulary.lexeme_forms,
        len(vocabulary.terms),
        len(vocabulary.words),
    )
    lengths, title_lengths, word_rows, bodies, rests, ends = (np.frombuffer(buffer, np.uint32) for buffer in counted)
    return Inverted(
        text=_counted(text),
        title=_counted(title),
        lengths=lengths,
        title_lengths=title_lengths,
        word_rows=word_rows,
        borders=_borders(bodies, rests, ends, goes_on),
    )


def _borders(bodies: NDArray[Any], rests: NDArray[Any], ends: NDArray[Any], goes_on: NDArray[np.bool_]) -> Borders:
    """Return the borders of rows whose text begins, goes on from what is repeated, and ends at these positions."""
    joins = np.where(goes_on, rests.astype(np.int64) - bodies + 1, 0)
    return Borders(bodies=bodies.astype(np.uint32), ends=ends.astype(np.uint32), joins=joins.astype(np.uint32))


def _counted(lists: tuple[bytes, ...]) -> Run:
    df, cf, rows, counts, positions, forms = (np.frombuffer(buffer, np.uint32) for buffer in lists)
    term_ids = np.flatnonzero(df)
    return Run(
        term_ids=term_ids.astype(np.uint32),
        df=df[term_ids],
        cf=cf[term_ids].astype(np.uint64),
        rows=rows,
        counts=_narrow(counts),
        positions=_narrow(positions),
        forms=_narrow(forms),
    )


def _by_sorting(
    tokens: NDArray[np.uint32],
    parts: NDArray[np.int64],
    goes_on: NDArray[np.bool_],
    vocabulary: Vocabulary,
    first_row: int,
) -> Inverted:
    """Work rows out with numpy."""
    occurrences, in_title, places = _occurrences(tokens, parts, vocabulary)
    names = ("lexemes", "rows", "positions", "counted")
    titles = _Occurrences(*(getattr(occurrences, name)[in_title] for name in names))
    return Inverted(
        text=_run(occurrences, vocabulary, first_row),
        title=_run(titles, vocabulary, first_row),
        lengths=_lengths(occurrences, len(parts)),
        title_lengths=_lengths(titles, len(parts)),
        word_rows=_word_rows(occurrences, vocabulary),
        borders=_borders(*places, goes_on),
    )


def _lengths(occurrences: _Occurrences, rows: int) -> NDArray[np.uint32]:
    return np.bincount(occurrences.rows[occurrences.counted > 0], minlength=rows).astype(np.uint32)


def _occurrences(
    tokens: NDArray[np.uint32], parts: NDArray[np.int64], vocabulary: Vocabulary
) -> tuple[_Occurrences, NDArray[np.bool_], tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Spread tokens into lexemes with rows and positions; say too which of them stand in the first part, the title.

    ``parts`` is ``(rows, parts)``: how many tokens each part of each row has. The positions returned beside are those
    where the last part but one of each row begins, where the last one does, and where that ends.
    """
    tables = vocabulary.tables()
    rows, width = parts.shape
    reached = np.zeros(len(tokens) + 1, np.int64)
    np.cumsum(tables.advances[tokens], out=reached[1:])
    row_starts = np.zeros(rows, np.int64)
    np.cumsum(parts.sum(axis=1)[:-1], out=row_starts[1:])
    # The body is two parts, with nothing between them: what it repeats, and the rest.
    shift = np.minimum(np.arange(width), width - 2) * PART_GAP - reached[row_starts][:, None]
    positions = reached[:-1] + np.repeat(shift.ravel(), parts.ravel())
    part_of = np.repeat(np.arange(rows * width), parts.ravel())

    counts = (tables.starts[1:] - tables.starts[:-1])[tokens]
    of_token = np.repeat(np.arange(len(tokens)), counts)
    before = np.cumsum(counts) - counts
    at = np.arange(len(of_token)) + (tables.starts[tokens] - before)[of_token]
    part = part_of[of_token]
    places = positions[of_token] + tables.offsets[at]
    occurrences = _Occurrences(tables.lexemes[at], part // width, places, tables.counted[at])
    firsts = row_starts[:, None] + np.cumsum(parts, axis=1)[:, -3:]  # the tokens behind the last parts
    body, rest, end = (reached[firsts[:, place]] + shift[:, -1] for place in range(3))
    return occurrences, part % width == 0, (body, rest, end)


def _run(occurrences: _Occurrences, vocabulary: Vocabulary, first_row: int) -> Run:
    """Sort occurrences by term, row and position, and count them up."""
    terms = vocabulary.lexeme_terms[occurrences.lexemes].astype(np.int64)
    order = _sorted_together(terms, occurrences.rows, occurrences.positions)
    term, row, position = terms[order], occurrences.rows[order], occurrences.positions[order]
    fresh = np.ones(len(term), np.bool_)
    fresh[1:] = (term[1:] != term[:-1]) | (row[1:] != row[:-1])
    starts = np.flatnonzero(fresh)
    counts = np.diff(starts, append=len(term))
    cf = np.bincount(term)
    term_ids = np.flatnonzero(cf)
    return Run(
        term_ids=term_ids.astype(np.uint32),
        df=np.bincount(term[starts])[term_ids].astype(np.uint32),
        cf=cf[term_ids].astype(np.uint64),
        rows=(row[starts] + first_row).astype(np.uint32),
        counts=_narrow(counts),
        positions=_narrow(position),
        forms=_narrow(vocabulary.lexeme_forms[occurrences.lexemes][order]),
    )


def _sorted_together(rank: NDArray[np.int64], row: NDArray[np.int64], position: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order by rank, row and position; what is alike stays in its order.

    As one number of 64 bits where the three fit, which is several times quicker.
    """
    if not len(rank):
        return np.zeros(0, np.int64)
    row_bits, position_bits = (int(values.max()).bit_length() for values in (row, position))
    if int(rank.max()).bit_length() + row_bits + position_bits > 63:
        return np.lexsort((position, row, rank))
    return np.argsort((((rank << row_bits) | row) << position_bits) | position, kind="stable")


def _word_rows(occurrences: _Occurrences, vocabulary: Vocabulary) -> NDArray[np.uint32]:
    """Count in how many rows each word stands, by word id."""
    words = vocabulary.lexeme_words[occurrences.lexemes].astype(np.int64)
    row_bits = int(occurrences.rows.max(initial=0)).bit_length()
    key = (words << row_bits) | occurrences.rows
    key.sort()
    fresh = np.ones(len(key), np.bool_)
    fresh[1:] = key[1:] != key[:-1]
    return np.bincount(key[fresh] >> row_bits, minlength=len(vocabulary.words)).astype(np.uint32)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """Return the same numbers in as few bytes as hold them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))

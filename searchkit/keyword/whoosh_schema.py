"""Whoosh schema: the fields of an index as Whoosh's parser, matchers and facets see them, and the analyzer of words.

"text" and "title" hold words, analysed as articles were; every other field holds whole values, as filters do. What
those are this room doesn't know: whoever keeps the articles tells it (`Documents`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from whoosh import columns
from whoosh.analysis import Analyzer as WhooshAnalyzer
from whoosh.analysis import IDAnalyzer, Token
from whoosh.fields import DATETIME, NUMERIC, STORED, FieldType, Schema
from whoosh.formats import Existence, Positions
from whoosh.util.times import datetime_to_long, long_to_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from searchkit.keyword.analysis.analyzer import Analyzer, Expansion
    from searchkit.keyword.postings.inverter import ChunkRow
    from searchkit.keyword.query.ast import FieldName

WORD_FIELDS: tuple[FieldName, ...] = ("text", "title")
"""Fields of words; the schema has others."""

UNDATED = int(np.iinfo(np.int64).max)
"""In the place of a row's date where its article has none."""

ALTERNATIVE = "\0"
"""Stands between the stems of a word in a term that any of them is: no word has it in it."""

_EPOCH: int = datetime_to_long(datetime(1970, 1, 1))
"""Whoosh counts microseconds from the year 1 on."""

_DATE_BYTES = 9
_REMEMBERED = 1 << 16
"""Terms of several stems that were asked for and are known again in texts."""


class Documents(Protocol):
    """What the rows of an index have beside their words. Rows are counted over all segments."""

    @property
    def languages(self) -> Sequence[str | None]:
        """By which languages the articles are analysed, the most frequent first."""
        ...

    @property
    def values(self) -> Mapping[str, bool]:
        """The fields of whole values: whether a row may have several."""
        ...

    def stored(self, row: int) -> dict[str, Any]:
        """Return what is shown of a row, by field."""
        ...

    def chunk(self, row: int) -> ChunkRow:
        """Return a row's texts as they were indexed."""
        ...

    def key(self, field: str, value: str) -> str:
        """Return that by which a field's values compare."""
        ...

    def keys(self, field: str, rows: range) -> Sequence[str]:
        """Return the keys that living rows among some have in a field, ascending."""
        ...

    def rows(self, field: str, key: str) -> NDArray[np.int64]:
        """Return the living rows, ascending, that have a value of this key."""
        ...

    def column(self, field: str) -> Sequence[Any]:
        """Return each row's value (or title) as it is shown, "" for none; a list where there may be several."""
        ...

    def dates(self) -> NDArray[np.int64]:
        """Return when each row's article was published, in microseconds since 1970, or `UNDATED`."""
        ...


def schema_of(documents: Documents | None, analyzer: Analyzer) -> Schema:
    """Return the fields that an index has: of words alone where nothing else is known."""
    languages = (None,) if documents is None else documents.languages or (None,)
    words = WordAnalyzer(analyzer, languages)
    known = documents is not None
    schema = Schema(
        text=WordField(words, known=known, sortable=False), title=WordField(words, known=known, sortable=known)
    )
    if documents is not None:
        for name, several in documents.values.items():
            schema.add(name, ValueField(name, documents, several=several))
        schema.add("published", DateField())
        schema.add("url", STORED())
    return schema


class WordAnalyzer(WhooshAnalyzer):  # type: ignore[misc]  # Whoosh has no types
    """Makes terms of a text as the index did; of a query's words those that searches ask for.

    A word that has several stems, in the languages of an index, is one term of them all. The codec knows such a term,
    and so does a text that is highlighted: it stands wherever one of its stems does.
    """

    is_morph = True

    def __init__(self, analyzer: Analyzer, languages: Sequence[str | None]) -> None:
        self._analyzer = analyzer
        self._languages = tuple(languages)
        self._unions: dict[str, tuple[str, ...]] = {}

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __call__(
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,
        keeporiginal: bool = False,
        tokenize: bool = True,
        start_pos: int = 0,
        start_char: int = 0,
        mode: str = "",
        **others: Any,
    ) -> Iterator[Token]:
        """Yield the tokens of a text: all stems at a word's place, or what a query asks for (``mode="query"``)."""
        for text, original, position, start, end in self._terms(value, mode, tokenize):
            token = Token(positions, chars, mode=mode, **others)
            token.text = text
            if keeporiginal:
                token.original = original
            if positions:
                token.pos = start_pos + position
            if chars:
                token.startchar, token.endchar = start_char + start, start_char + end
            yield token

    def _terms(self, value: str, mode: str, tokenize: bool) -> Iterator[tuple[str, str, int, int, int]]:
        if not tokenize:  # a prefix or a pattern
            yield self._analyzer.fold(value), value, 0, 0, len(value)
            return
        if mode == "query":
            position = 0
            for word in self._analyzer.query_terms(value, self._languages):
                for unit in word.in_phrase:
                    yield self._term(unit.terms), word.surface, position + unit.offset, word.start, word.end
                position += word.advance
            return
        position = 0
        for surface, start, end in self._analyzer.word_spans(value):
            expansions = [self._analyzer.expand(surface, language) for language in self._languages]
            for term, offset in self._stems(expansions):
                yield term, surface, position + offset, start, end
            position += max(expansion.advance for expansion in expansions)

    def _stems(self, expansions: Sequence[Expansion]) -> dict[tuple[str, int], None]:
        """Return the terms of a word of a text with their offsets, and the terms of several stems that it is."""
        stems = dict.fromkeys(
            pair for expansion in expansions for pair in zip(expansion.terms, expansion.offsets, strict=True)
        )
        unions = self._unions
        if unions:
            stems |= dict.fromkeys((union, offset) for term, offset in stems for union in unions.get(term, ()))
        return stems

    def _term(self, stems: tuple[str, ...]) -> str:
        term = ALTERNATIVE.join(stems)
        if len(stems) > 1 and term not in self._unions.get(stems[0], ()):
            if len(self._unions) >= _REMEMBERED:
                self._unions = {}
            for stem in stems:
                self._unions[stem] = (*self._unions.get(stem, ()), term)
        return term


class WordField(FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field of words: analysed, with positions and exact lengths. A query's S-300 is a phrase of its parts."""

    def __init__(self, analyzer: WordAnalyzer, *, known: bool, sortable: bool) -> None:
        """``known``: whether the texts can be had, to show them and to list a row's terms."""
        super().__init__(
            Positions(),
            analyzer,
            scorable=True,
            stored=known,
            multitoken_query="phrase",
            vector=Positions() if known else None,
            sortable=ValueColumn(several=False) if sortable else False,
        )

    def to_bytes(self, value: Any) -> bytes:
        """Return a term as the codec has it."""
        return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")

    def from_bytes(self, bs: bytes) -> str:
        """Return a term as text."""
        return bs.decode("utf-8", "surrogatepass")

    def from_column_value(self, value: str) -> str | None:
        """Return a value of the column; None where there is none."""
        return value or None


class ValueField(FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field of whole values. Its terms are their keys; facets and sorting show them as articles have them."""

    def __init__(self, name: str, documents: Documents, *, several: bool) -> None:
        super().__init__(
            Existence(),
            IDAnalyzer(),
            stored=True,
            unique=name in ("id", "chunk_id"),
            sortable=ValueColumn(several=several),
        )
        self._name = name
        self._documents = documents

    def process_text(self, qstring: str, mode: str = "", **others: Any) -> Iterator[str]:
        """Yield the key of a value."""
        yield self._documents.key(self._name, qstring)

    def tokenize(self, value: str, **others: Any) -> Iterator[Token]:
        """Yield a value as one token."""
        for token in super().tokenize(value, **others):
            token.text = self._documents.key(self._name, token.text)
            yield token

    def to_bytes(self, value: Any) -> bytes:
        """Return the key of a value as the codec has it."""
        if isinstance(value, (list, tuple)):
            value = value[0]
        if isinstance(value, bytes):
            return value
        return self._documents.key(self._name, str(value)).encode("utf-8", "surrogatepass")

    def from_bytes(self, bs: bytes) -> str:
        """Return a key as text."""
        return bs.decode("utf-8", "surrogatepass")

    def from_column_value(self, value: Any) -> Any:
        """Return a value of the column, or its list of them; None where there is none."""
        return None if value == "" else value


class DateField(DATETIME):  # type: ignore[misc]  # Whoosh has no types
    """The date. Naive datetimes are in UTC, as Whoosh's are; what comes out is aware."""

    def __init__(self) -> None:
        super().__init__(stored=True, sortable=DateColumn())
        self.shift_step = 0  # a date is one term: ranges look at those between their ends

    def prepare_datetime(self, x: Any) -> Any:
        """Return a date as a number of microseconds."""
        if isinstance(x, int):
            return x
        if isinstance(x, datetime):
            return datetime_to_long(naive(x))
        if isinstance(x, date):
            return datetime_to_long(datetime(x.year, x.month, x.day))
        return super().prepare_datetime(x)

    def term(self, microseconds: int) -> bytes:
        """Return the term of a date, in microseconds since 1970."""
        term: bytes = self.to_bytes(microseconds + _EPOCH)
        return term

    def microseconds(self, term: bytes) -> int:
        """Return the date of a term, in microseconds since 1970; `UNDATED` where it is none."""
        return NUMERIC.from_bytes(self, term) - _EPOCH if len(term) == _DATE_BYTES else UNDATED

    def from_bytes(self, bs: bytes) -> datetime:
        """Return a term as a date."""
        instant: datetime = super().from_bytes(bs)
        return instant.replace(tzinfo=UTC)

    def from_column_value(self, x: int) -> datetime | None:
        """Return a key of the column as a date; None where there is none."""
        if x == UNDATED:
            return None
        instant: datetime = long_to_datetime(abs(x))
        return instant.replace(tzinfo=UTC)


def naive(instant: datetime) -> datetime:
    """Return an instant as Whoosh has it: in UTC, without a zone."""
    return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)


class ValueColumn(columns.Column):  # type: ignore[misc]  # Whoosh has no types
    """The type of a field's column of values."""

    def __init__(self, *, several: bool) -> None:
        self._several = several

    def default_value(self, reverse: bool = False) -> str:
        """Return the value of a row that has none."""
        return ""

    def stores_lists(self) -> bool:
        """Say whether a row may have several values."""
        return self._several


class DateColumn(columns.Column):  # type: ignore[misc]  # Whoosh has no types
    """The type of the column of dates."""

    reversible = True

    def default_value(self, reverse: bool = False) -> int:
        """Return the value of a row that has none."""
        return UNDATED


class ValueColumnReader(columns.ColumnReader):  # type: ignore[misc]  # Whoosh has no types
    """The values of a segment's rows."""

    def __init__(self, values: Sequence[Any], first: int, rows: int) -> None:
        """``values`` are those of all segments; those of this one begin at ``first``."""
        self._values = values
        self._first = first
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[Any]:
        return (self[row] for row in range(self._rows))

    def __getitem__(self, docnum: int) -> Any:
        return self._values[self._first + docnum]

    def sort_key(self, docnum: int) -> Any:
        """Return what a row is sorted by: its value, the first where it has several."""
        value = self[docnum]
        return (value[0] if value else "") if isinstance(value, list) else value


class DateColumnReader(columns.ColumnReader):  # type: ignore[misc]  # Whoosh has no types
    """The dates of a segment's rows, as Whoosh counts them."""

    def __init__(self, dates: NDArray[np.int64]) -> None:
        self._dates = dates
        self._sign = 1

    def __len__(self) -> int:
        return len(self._dates)

    def __iter__(self) -> Iterator[int]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, docnum: int) -> int:
        microseconds = int(self._dates[docnum])
        return UNDATED if microseconds == UNDATED else microseconds + _EPOCH

    def sort_key(self, docnum: int) -> int:
        """Return what a row is sorted by. Those without a date come last, also the other way round."""
        number = self[docnum]
        return number if number == UNDATED else self._sign * number

    def set_reverse(self) -> None:
        """Sort the other way round."""
        self._sign = -1

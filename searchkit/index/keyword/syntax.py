"""Here is what somebody typed; what does it ask for?

Plain words find any of themselves, in any form. ``"in quotes"`` is required, each word in its own form; so are
``+word``, ``title:word`` and filters; ``-word`` and NOT exclude; AND, OR and parentheses say exactly what must hold.
``miss*``, ``m?ssile``, ``missle~`` stand for the words they fit, ``missile~0`` for that form alone; ``"in order"~3``
allows gaps; ``word^2`` counts twice. ``source:``, ``language:``, ``tag:``, ``author:``, ``published:`` and the
archive's other fields filter, by value or by range (``published:2025-10``, ``published:[2025-01 TO 2025-06]``,
``published:>2025-01-01``). Anything else is words: what can't be read as an expression is searched as plain words, with
a note that says why.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from searchkit.errors import QueryError
from searchkit.index.keyword.conditions import read_filter
from searchkit.index.keyword.expression import Group, Item, Operand, Signed, UnreadableError
from searchkit.index.keyword.leaves import Words, all_of, any_of
from searchkit.index.keyword.quick import read_simple
from searchkit.index.keyword.tree import (
    TEXT,
    TITLE,
    Boost,
    Every,
    FieldName,
    Filter,
    Fuzzy,
    Maybe,
    Not,
    Nothing,
    Or,
    Pattern,
    Phrase,
    Term,
    Tree,
)

if TYPE_CHECKING:
    from searchkit.index.keyword.analysis import Analyzer, QueryWord

WORD_FIELDS = (TITLE,)
"""Fields that hold words, beside the default that holds all of them."""

FILTER_FIELDS = ("source", "language", "tag", "author", "published")
"""Fields that every archive has, and that hold whole values."""

MAX_EXPRESSION = 10_000
"""Characters of a query that is read as an expression: more than that was pasted, not typed."""

MAX_PATTERNS = 32
"""Wildcards and fuzzy words of a query: each may look through all words of the index, 20 ms at 165,000 words."""

MAX_PATTERN = 100
"""Characters of a wildcard or fuzzy word: the index has no longer words."""

MAX_SLOP = 50
"""Below the 100 positions between title, heading and chunk, so that no phrase crosses them."""

MAX_DISTANCE = 2
MAX_BOOST = 1_000.0

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
_OPERATOR = re.compile(r"""["*~^()]|\w\?+\w|(?<![^\s(])[+\-][^\W\d_]|(?<!\S)(?:AND|OR|NOT)(?!\S)""")
_LIKE_A_FIELD = re.compile(r"(?<![^\s(+\-])([^\W\d]\w{2,}):(?=[^\s/:])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a query asks for.

    ``tree`` is for the keyword leg. ``plain``: it asks for words and nothing else, no operator has a meaning in it.
    ``words``: the words it asks for, without excluded ones, wildcards and fuzzy ones, placed in the query as typed.
    ``text``: what the vector leg should look for: the query without operators, exclusions, filters and wildcards;
    empty where nothing is left. ``notes``: what the user must be told.
    """

    tree: Tree
    plain: bool
    words: tuple[QueryWord, ...]
    text: str
    notes: tuple[str, ...] = ()


def parse(
    text: str, *, analyzer: Analyzer, languages: Sequence[str | None] = (), filter_fields: Collection[str] = ()
) -> Parsed:
    """Read a query: any text is one.

    ``languages``: of the articles to search in, whose stems a word stands for; ``filter_fields``: the archive's other
    fields. Raises ``QueryError`` where there is nothing at all.
    """
    if not text.strip():
        raise QueryError("The query is empty.", hint="Type a few words, as in: searchkit search 'air defence'.")
    # One character for one, so that places in the query stay what they are.
    clean = text if text.isprintable() else _UNPRINTABLE.sub(" ", text)
    quoted = clean if clean.isascii() else clean.translate(_QUOTES)
    if clean.strip() in ("*", "*:*"):
        return Parsed(tree=Every(), plain=False, words=(), text="")
    names = _names(filter_fields if isinstance(filter_fields, frozenset) else tuple(filter_fields))
    notes: list[str] = []
    named = False
    if ":" in clean:
        fields = (*WORD_FIELDS, *names)
        notes = _unknown_fields(clean, fields)
        named = re.search(rf"{_named(fields)}\S", quoted) is not None
    if not named and not _OPERATOR.search(quoted):
        return _plain(clean, Words(analyzer, languages), notes)
    try:
        group = _read(quoted, names)
        reading = _Reading(Words(analyzer, languages), names)
        tree = reading.tree(group)
    except UnreadableError as problem:
        reason = f"The query could not be read as an expression ({problem}); it was searched as plain words."
        return _plain(clean, Words(analyzer, languages), [*notes, reason])
    if not reading.special:
        return _plain(clean, Words(analyzer, languages), notes)
    return Parsed(
        tree=tree,
        plain=False,
        words=tuple(reading.words.found),
        text=" ".join(reading.pieces),
        notes=(*notes, *reading.notes, *reading.words.notes(tree)),
    )


def _read(text: str, names: tuple[str, ...]) -> Group:
    """Read an expression, through Whoosh unless it is simple: imported here, since most queries needn't wait for it."""
    if len(text) > MAX_EXPRESSION:
        raise UnreadableError(f"more than {MAX_EXPRESSION:,} characters")
    simple = read_simple(text)
    if simple is not None:
        return simple
    from searchkit.index.keyword.grammar import read

    return read(text, fields=_named((*WORD_FIELDS, *names)), filters=_named(names))


def _plain(text: str, words: Words, notes: Iterable[str]) -> Parsed:
    leaves = words.telling_leaves(text)
    tree: Tree = Maybe(child=any_of(leaves)) if leaves else Nothing()
    return Parsed(
        tree=tree, plain=True, words=tuple(words.found), text=text.strip(), notes=(*notes, *words.notes(tree))
    )


@lru_cache(maxsize=64)
def _names(filter_fields: Collection[str]) -> tuple[str, ...]:
    """Return the names of fields that hold whole values, each once: those of every archive first."""
    return tuple(dict.fromkeys((*FILTER_FIELDS, *filter_fields)))


@lru_cache(maxsize=64)
def _named(fields: tuple[str, ...]) -> str:
    """Return an expression that finds any of some names, case aside, and its colon; the name is group ``text``."""
    names = "|".join(re.escape(name) for name in sorted(fields, key=lambda name: (-len(name), name)))
    return rf"(?<![^\s(+\-])(?P<text>(?i:{names})):"


def _unknown_fields(text: str, known: Sequence[str]) -> list[str]:
    """Note the names before a colon that are nearly a field's; any other colon is punctuation."""
    folded = {name.lower(): name for name in known}
    return [
        f"There is no field '{name}', so it was searched as words. Did you mean '{folded[near[0]]}:'?"
        for name in dict.fromkeys(_LIKE_A_FIELD.findall(text))
        if name.lower() not in folded and (near := get_close_matches(name.lower(), folded, n=1, cutoff=0.75))
    ]


class _Reading:
    """Makes a tree of an expression, and remembers what it was made of."""

    def __init__(self, words: Words, filter_fields: Sequence[str]) -> None:
        self.words = words
        self.pieces: list[str] = []
        self.notes: list[str] = []
        self.special = False
        self._patterns = 0
        self._fields = filter_fields

    def tree(self, group: Group) -> Tree:
        """Return the tree of a whole query. Raises ``UnreadableError``."""
        return self._together(group, whole=True, wanted=True) or Nothing()

    def _item(self, item: Item, wanted: bool) -> Tree | None:
        """Return the tree of an item that must hold, or None where nothing is in it."""
        match item:
            case Operand():
                leaves = self._operand(item, wanted)
                return all_of(leaves) if leaves else None
            case Signed():
                self.special = True
                tree = self._item(item.item, wanted and item.required)
                return tree if tree is None or item.required else Not(child=tree)
            case Group(joint="none"):
                return self._boosted(self._together(item, whole=False, wanted=wanted), item.boost)
            case Group():
                self.special = True
                trees = [tree for one in item.items if (tree := self._item(one, wanted)) is not None]
                joined = (all_of if item.joint == "and" else any_of)(trees) if trees else None
                return self._boosted(joined, item.boost)

    def _together(self, group: Group, *, whole: bool, wanted: bool) -> Tree | None:
        """Return the tree of items that stand together: some required, some excluded, the others optional.

        Of the optional ones any must hold, unless something is required: then they only score. In a ``whole`` query
        they only score anyway: it is the words that a row must have, not a condition on its article.
        """
        required: list[Tree] = []
        excluded: list[Tree] = []
        optional: list[Tree] = []
        for item in group.items:
            if isinstance(item, Operand) and not _is_required(item):
                optional += self._operand(item, wanted)
            elif (tree := self._item(item, wanted)) is not None:
                if _is_required(item):
                    required.append(tree)
                else:
                    wished, unwished = _parted(tree)
                    optional += wished
                    excluded += unwished
        children = [*_merged(required), *excluded]
        if optional:
            some = any_of(optional)
            children.append(Maybe(child=some) if required or whole else some)
        return all_of(children) if children else None

    def _operand(self, operand: Operand, wanted: bool) -> list[Tree]:
        """Return the leaves of an operand. Raises ``UnreadableError`` for a range that isn't one."""
        if operand.field is not None and (name := self._named(operand.field)):
            self.special = True
            return [read_filter(name, operand.text)]
        field = TEXT if operand.field is None else TITLE
        if operand.kind != "word" or operand.field is not None or operand.boost != 1.0:
            self.special = True
        leaves = self._leaves(operand, field, wanted)
        if leaves and wanted and operand.kind != "wildcard":
            self.pieces.append(operand.text.strip())
        return [tree for leaf in leaves if (tree := self._boosted(leaf, operand.boost)) is not None]

    def _named(self, field: str) -> str | None:
        """Return the name of a field that holds whole values, given in any case; the last of those alike."""
        return next((name for name in reversed(self._fields) if name.lower() == field.lower()), None)

    def _leaves(self, operand: Operand, field: FieldName, wanted: bool) -> list[Tree]:
        text, start = operand.text, operand.start
        if operand.kind == "phrase" or (operand.kind == "fuzzy" and not operand.number):
            return self._phrase(operand, field, wanted)
        if operand.kind in ("wildcard", "fuzzy"):
            self._patterns += 1
            if self._patterns > MAX_PATTERNS:
                raise UnreadableError(f"more than {MAX_PATTERNS} wildcards and fuzzy words")
            if len(text) > MAX_PATTERN:
                raise UnreadableError(f"a wildcard or fuzzy word of more than {MAX_PATTERN} characters")
        if operand.kind == "wildcard" and (pattern := self._pattern(text)):
            return [Pattern(text=pattern, field=field)]
        if operand.kind == "fuzzy":
            words = self.words.analysed(text, start, wanted=False)
            if len(words) == 1 and (words[0].units[0].joined or len(words[0].units) == 1):
                return [Fuzzy(word=words[0].units[0].surface, distance=self._distance(operand), field=field)]
        return self.words.leaves(text, start, field, wanted=wanted)

    def _phrase(self, operand: Operand, field: FieldName, wanted: bool) -> list[Tree]:
        units: list[Term] = []
        offsets: list[int] = []
        position = 0
        for word in self.words.analysed(operand.text, operand.start, wanted=wanted):
            for unit in word.units:
                if not unit.joined:  # the parts of a compound stand in the text one after the other
                    units.append(Term(terms=unit.terms, field=field, surfaces=unit.surfaces))
                    offsets.append(position + unit.offset)
            position += word.advance
        if len(units) < 2:
            return list(units)
        slop = max(1, operand.number)
        if slop > MAX_SLOP:
            slop = MAX_SLOP
            self._note(f"Words of a phrase can be {MAX_SLOP} positions apart at most; that was searched.")
        return [Phrase(units=tuple(units), offsets=tuple(offsets), slop=slop)]

    def _pattern(self, text: str) -> str:
        """Return a wildcard in the form of the index's words: folded, compounds in their joined form."""
        pieces = (piece if piece in "*?" else self.words.analyzer.fold(piece) for piece in re.split(r"([*?])", text))
        return re.sub(r"[^\w*?]", "", "".join(pieces)).replace("_", "")

    def _distance(self, operand: Operand) -> int:
        if operand.number > MAX_DISTANCE:
            self._note(f"'{operand.text}' was searched with {MAX_DISTANCE} edits, the most there is.")
        return min(operand.number, MAX_DISTANCE)

    def _boosted(self, tree: Tree | None, boost: float) -> Tree | None:
        if tree is None or boost == 1.0:
            return tree
        self.special = True
        if not 0 < boost <= MAX_BOOST:
            self._note(f"A boost lies above 0 and at {MAX_BOOST:,.0f} at most; another one was left out.")
            return tree
        return Boost(child=tree, factor=boost)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _is_required(item: Item) -> bool:
    """Say whether an item among others must hold: it is quoted, joined by AND, or names a field."""
    match item:
        case Operand():
            return item.kind in ("phrase", "filter") or item.field is not None
        case Signed():
            return item.required
        case Group(joint="and"):
            return True
        case Group(joint="or"):
            return all(map(_is_required, item.items))
        case Group():
            return any(map(_is_required, item.items))


def _parted(tree: Tree) -> tuple[list[Tree], list[Tree]]:
    """Part what is wished for from what is excluded: in ``a OR NOT b`` people mean to exclude b altogether."""
    children = tree.children if isinstance(tree, Or) else (tree,)
    excluded: list[Tree] = [child for child in children if isinstance(child, Not)]
    if not excluded:
        return [tree], []
    wished = [child for child in children if not isinstance(child, Not)]
    return [any_of(wished)] if wished else [], excluded


def _merged(required: Sequence[Tree]) -> list[Tree]:
    """Unite filters by value on one field: an article that meets any of them is meant. Ranges stay conditions each."""
    values: dict[str, list[str]] = {}
    for tree in required:
        if isinstance(tree, Filter):
            values.setdefault(tree.field, []).extend(tree.values)
    merged: list[Tree] = [Filter(field=name, values=tuple(those)) for name, those in values.items() if those]
    return merged + [tree for tree in required if not (isinstance(tree, Filter) and tree.values)]

"""Query parser: from a typed text to a query tree and filters.

Filters are read first (``text_filters.py``): ``source:``, ``language:``, ``tag:``, ``author:``, ``published:`` and the
archive's other fields, by value or by range (``published:2025-10``, ``published:[2025-01 TO 2025-06]``). They hold
whatever else is typed. What is left is words, or plainly an expression (``classifier.py``).

Words find any of themselves, in any form; signs and capitals mean nothing in them, and what is quoted in them ranks
higher. In an expression ``"in quotes"`` is required, each word in its own form; so are ``+word`` and ``title:word``;
``-word`` and NOT exclude; AND, OR and parentheses say exactly what must hold. ``miss*``, ``m?ssile``, ``missle~`` stand
for the words they fit, ``missile~0`` for that form alone; ``"in order"~3`` allows gaps; ``word^2`` counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from searchkit.errors import QueryError
from searchkit.keyword.query.ast import (
    TEXT,
    TITLE,
    And,
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
    Wish,
    in_field,
)
from searchkit.keyword.query.classifier import EVERY, LONG, MAX_EXPRESSION, classify, count_words
from searchkit.keyword.query.fast_grammar import read_simple
from searchkit.keyword.query.filter_values import read_filter
from searchkit.keyword.query.query_terms import QueryWords, all_of, any_of
from searchkit.keyword.query.syntax_nodes import Group, Item, Operand, Signed, UnreadableError
from searchkit.keyword.query.text_filters import (
    AS_WORDS,
    TextFilter,
    as_operands,
    check_filters,
    condition_of,
    conditions_of,
    find_filters,
    in_negated_group,
    is_operand,
    name_of,
    passed_over,
    shown,
    without,
)
from searchkit.types import QueryReading, Syntax, ValuePattern

if TYPE_CHECKING:
    from searchkit.keyword.analysis.analyzer import Analyzer, QueryWord


WORD_FIELDS = (TITLE,)
"""Fields that hold words, beside the default that holds all of them."""

FILTER_FIELDS = ("source", "language", "tag", "author", "published")
"""Fields that every archive has, and that hold whole values."""

MAX_PATTERNS = 32
"""Wildcards and fuzzy words of a query: each may look through all words of the index, 20 ms at 165,000 words."""

MAX_PATTERN = 100
"""Characters of a wildcard or fuzzy word: the index has no longer words."""

MAX_PASSED_OVER = 3
"""Notes on what could have been a filter in a long text."""

MAX_SLOP = 50
"""Below the 100 positions between title, heading and chunk, so that no phrase crosses them."""

MAX_DISTANCE = 2
MAX_BOOST = 1_000.0

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
_LIKE_A_FIELD = re.compile(r"(?<![^\s(+\-])(?P<sign>(?<=[+\-]))?(?P<name>[^\W\d]\w+):(?P<value>[^\s/:()])")
KNOWN_AS = {"date": "published", "day": "published", "time": "published", "by": "author", "from": "source"}
"""Names that other search engines have for fields of every archive."""

_TYPED = 8
"""Words of a query in which any name with a value behind its colon was most likely meant as a field."""

_QUOTED = re.compile(r'(?<!\w)"([^"\n]{1,200})"(?!\w)')

MAX_WISHES = 8
"""Quotations of a text that rank the articles higher that have them."""

WISH = 0.5
"""What a quotation weighs that is found as it stands, as a share of what its words weigh. It keeps questions of which
one to three words were quoted at random within .005 nDCG@10 of the questions as they are (by keyword: cranfield -.003
to +.001, scifact -.002 to -.004, xquad-en -.001 to +.001; ``scripts/bench_query_reading.py``); at 1 they lost up to
.010."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuery:
    """What a query asks for.

    ``tree`` is for the keyword retriever. ``plain``: it asks for words and nothing else, no operator has a meaning in
    it. ``words``: the words it asks for, without excluded ones, wildcards and fuzzy ones, placed in the query as typed.
    ``text``: what the vector retriever should look for: the query without operators, exclusions, filters and wildcards;
    empty where nothing is left. ``notes``: what the user must be told. ``reading``: as what it was read.
    ``telling``: of a plain query the words that count; None where they weren't told from the others.
    """

    tree: Tree
    plain: bool
    words: tuple[QueryWord, ...]
    text: str
    reading: QueryReading
    notes: tuple[str, ...] = ()
    telling: tuple[QueryWord, ...] | None = None


def parse(
    text: str,
    *,
    analyzer: Analyzer,
    languages: Sequence[str | None] = (),
    filter_fields: Collection[str] = (),
    searchable: tuple[str, ...] = (),
    syntax: Syntax = Syntax.AUTO,
) -> ParsedQuery:
    """Read a query: any text is one.

    ``languages``: of the articles to search in, whose stems a word stands for; ``filter_fields``: the archive's other
    fields; ``searchable``: the articles' own fields whose words are found; ``syntax``: what it is to be read as. Raises
    ``QueryError`` where there is nothing at all, where a filter can't be read, and where a text that is to be an
    expression isn't one.
    """
    if not text.strip():
        raise QueryError("The query is empty.", hint="Give a few words, such as: air defence.")
    # One character for one, so that places in the query stay what they are.
    clean = text if text.isprintable() else _UNPRINTABLE.sub(" ", text)
    if syntax is Syntax.WORDS:
        return _plain(clean, QueryWords(analyzer, languages), (), QueryReading(syntax=Syntax.WORDS, reason=_AS_ASKED))
    if clean.strip() in EVERY:
        return ParsedQuery(tree=Every(), plain=False, words=(), text="", reading=_EVERY)
    names = _names(filter_fields if isinstance(filter_fields, frozenset) else tuple(filter_fields))
    forced = syntax is Syntax.EXPRESSION
    return _TypedQuery(clean, analyzer, languages, names, (*WORD_FIELDS, *searchable), forced=forced).parsed()


class _TypedQuery:
    """A text as typed: its filters first, then what is left of it, by its form."""

    def __init__(
        self,
        text: str,
        analyzer: Analyzer,
        languages: Sequence[str | None],
        names: tuple[str, ...],
        word_fields: tuple[str, ...],
        *,
        forced: bool,
    ) -> None:
        """``names``: of the fields that hold whole values; ``word_fields``: of those that hold words.

        ``forced``: the text has to be an expression.
        """
        self._text, self._names, self._word_fields, self._forced = text, names, word_fields, forced
        self._analyzer, self._languages = analyzer, languages
        self._notes: list[str] = _unknown_fields(text, (*word_fields, *names)) if ":" in text else []

    def parsed(self) -> ParsedQuery:
        """Raises ``QueryError`` as ``parse`` does."""
        text = self._text
        if ":" not in text and "：" not in text:
            return self._beside(text, ())
        filters = find_filters(text, self._names)
        check_filters(text, filters)
        for text_filter in passed_over(text, self._names, filters)[:MAX_PASSED_OVER]:
            typed = text[text_filter.start : text_filter.end]
            self._notes.append(
                f"'{typed}' was searched as words, in the midst of a long text. It is a filter at the beginning or end."
            )
        required = [text_filter for text_filter in filters if text_filter.sign == "+"]
        others = [text_filter for text_filter in filters if text_filter.sign != "+"]
        rest = without(text, required) if required else text
        if others and any(is_operand(rest, text_filter) for text_filter in others):
            # A filter beside AND, OR, NOT or in parentheses has a boolean sense, if the whole can be read.
            quoted = _straightened(as_operands(rest, others), others)
            try:
                return self._expression(quoted, required, _Reason(text="a filter stands beside an operator"))
            except UnreadableError as problem:
                negated = any(
                    in_negated_group(rest, text_filter) for text_filter in others
                )  # what it excludes can't be told
                if self._forced or negated or _has_grouped_filter(quoted, self._names):
                    raise _unreadable(text, problem) from problem
                self._notes.append(f"{_COULD_NOT} ({problem}); its filters were applied.")
        return self._beside(without(text, filters) if others else rest, filters)

    def _beside(self, rest: str, filters: Sequence[TextFilter]) -> ParsedQuery:
        """Read what is left of the text beside filters that hold for all of it."""
        quoted = _straightened(rest, ())
        grouped = _has_grouped_filter(quoted, self._names)
        if self._forced or grouped:
            reason = _Reason(text=_AS_ASKED if self._forced else "a filter has several values", expression=True)
        else:
            form = classify(quoted, word_fields=[name.lower() for name in self._word_fields])
            reason = _Reason(text=form.reason, doubtful=form.doubtful, expression=form.expression)
        if reason.expression:
            try:
                return self._expression(quoted, filters, reason)
            except UnreadableError as problem:
                if self._forced or grouped:
                    raise _unreadable(self._text, problem) from problem
                self._notes.append(f"{_COULD_NOT} ({problem}); it was searched as plain words.")
                reason = _Reason(text=str(problem), doubtful=True)
        return self._words(rest, filters, reason)

    def _expression(self, quoted: str, filters: Sequence[TextFilter], reason: _Reason) -> ParsedQuery:
        """Return an expression and the filters that hold for all of it. Raises ``UnreadableError``."""
        expression = _TreeBuilder(QueryWords(self._analyzer, self._languages), self._names, self._word_fields)
        tree = expression.tree(_read(quoted, self._names, self._word_fields))
        if not expression.special:
            return self._words(quoted, filters, reason)
        conditions = conditions_of(self._text, filters, self._names)
        own = tree.children if isinstance(tree, And) else (tree,)
        return ParsedQuery(
            tree=all_of([*conditions, *own]) if conditions else tree,
            plain=False,
            words=tuple(expression.words.found),
            text=" ".join(expression.pieces),
            notes=(*self._notes, *expression.notes, *expression.words.notes(tree)),
            reading=QueryReading(
                syntax=Syntax.EXPRESSION,
                reason=reason.text,
                doubtful=reason.doubtful,
                filters=shown(self._text, filters, self._names),
            ),
        )

    def _words(self, rest: str, filters: Sequence[TextFilter], reason: _Reason) -> ParsedQuery:
        """Return words, and the filters beside them."""
        words = QueryWords(self._analyzer, self._languages)
        if not filters:
            reading = QueryReading(
                syntax=Syntax.EXPRESSION if self._forced else Syntax.WORDS, reason=reason.text, doubtful=reason.doubtful
            )
            return _plain(self._text, words, self._notes, reading)
        tree = _words_tree(rest, words)
        conditions = conditions_of(self._text, filters, self._names)
        whole = all_of(conditions if isinstance(tree, Nothing) else [*conditions, tree])
        return ParsedQuery(
            tree=whole,
            plain=False,
            words=tuple(words.found),
            text=" ".join(rest.split()),
            notes=(*self._notes, *words.notes(whole)),
            reading=QueryReading(
                syntax=Syntax.EXPRESSION,
                reason=reason.text,
                doubtful=reason.doubtful,
                filters=shown(self._text, filters, self._names),
                rest_is_words=True,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reason:
    """Why a text is read as it is."""

    text: str
    doubtful: bool = False
    expression: bool = False


_COULD_NOT = "The query could not be read as an expression"
_AS_ASKED = "as was asked for"
_EVERY = QueryReading(syntax=Syntax.EXPRESSION, reason="* stands for every article")


def _has_grouped_filter(quoted: str, names: tuple[str, ...]) -> bool:
    """Say whether a text has a filter whose values stand in parentheses: ``source:(a OR b)``."""
    return ":(" in quoted and re.search(rf"{_named(names)}\(", quoted) is not None


def _is_own_form(leaf: Term, leaves: Sequence[Tree]) -> bool:
    """Say whether a quoted word asks for less than the same word does without quotes."""
    return leaf not in leaves and any(isinstance(other, Term) and other.terms == leaf.terms for other in leaves)


def _unreadable(text: str, problem: UnreadableError) -> QueryError:
    """Make the error for a text that has to be an expression; the place is marked."""
    place = re.search(r" at character ([\d,]+)$", str(problem))
    marked = ""
    if place:
        at = int(place[1].replace(",", "")) - 1
        before, after = text[max(0, at - 30) : at], text[at : at + 30]
        marked = f" Here: {'…' if at > 30 else ''}{before}»{after}{'…' if at + 30 < len(text) else ''}"
    return QueryError(
        f"The query can't be read as an expression: {problem}.{marked}",
        hint=f"Mend it, or search its words: {AS_WORDS}.",
    )


def _straightened(text: str, filters: Sequence[TextFilter]) -> str:
    """Return a text with straight quotation marks alone, but for those within the values of filters."""
    if text.isascii():
        return text
    pieces, at = [], 0
    for text_filter in filters:
        pieces += [text[at : text_filter.start].translate(_QUOTES), text[text_filter.start : text_filter.end]]
        at = text_filter.end
    return "".join([*pieces, text[at:].translate(_QUOTES)])


def _read(text: str, names: tuple[str, ...], word_fields: tuple[str, ...]) -> Group:
    """Read an expression, through Whoosh unless it is simple: imported here, since most queries needn't wait for it."""
    if len(text) > MAX_EXPRESSION:
        raise UnreadableError(f"more than {MAX_EXPRESSION:,} characters")
    simple = read_simple(text)
    if simple is not None:
        return simple
    from searchkit.keyword.query.whoosh_grammar import read

    return read(text, fields=_named((*word_fields, *names)), filters=_named(names))


def _plain(text: str, words: QueryWords, notes: Iterable[str], reading: QueryReading) -> ParsedQuery:
    tree = _words_tree(text, words)
    return ParsedQuery(
        tree=tree,
        plain=True,
        words=tuple(words.found),
        text=text.strip(),
        notes=(*notes, *words.notes(tree)),
        reading=reading,
        telling=words.telling,
    )


def _words_tree(text: str, words: QueryWords) -> Tree:
    """Return the tree of words of which any may stand there; those that were quoted together rank higher."""
    leaves = words.telling_leaves(text)
    if not leaves:
        return Nothing()
    return Maybe(child=any_of([*leaves, *_wishes(text, words, leaves)]))


def _wishes(text: str, words: QueryWords, leaves: Sequence[Tree]) -> Iterator[Wish]:
    """Yield what is quoted in a text: a wish, no condition. One word is wished for where it asks for its own form."""
    straight = text if text.isascii() else text.translate(_QUOTES)
    if '"' not in straight:
        return
    reading = _TreeBuilder(QueryWords(words.analyzer, words.languages), ())
    for match in islice(_QUOTED.finditer(straight), MAX_WISHES):
        operand = Operand(kind="phrase", text=match[1], start=match.start(1))
        for leaf in reading.phrase(operand, TEXT):
            if isinstance(leaf, Phrase) or (isinstance(leaf, Term) and _is_own_form(leaf, leaves)):
                yield Wish(child=leaf, factor=WISH)


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
    """Note the names before a colon that look like a field's, and are none; any other colon is punctuation."""
    folded = {name.lower(): name for name in known}
    words = count_words(text)
    if words > LONG:
        return []
    notes = []
    for match in _LIKE_A_FIELD.finditer(text):
        name = match["name"]
        if name.lower() in folded:
            continue
        meant = _nearest_field(name.lower(), folded)
        plainly = match["sign"] is not None or match["value"] in '["{><'
        if meant and (len(name) > 2 or plainly or words <= _TYPED):
            notes.append(f"There is no field '{name}', so it was searched as words. Did you mean '{meant}:'?")
        elif plainly or (words <= _TYPED and name.islower()):
            notes.append(f"No article here has a field '{name}', so it was searched as words.")
    return list(dict.fromkeys(notes))


def _nearest_field(name: str, folded: Mapping[str, str]) -> str:
    """Return the field that a name is nearly, begins, or is another name of; "" where there is none."""
    near = get_close_matches(name, folded, n=1, cutoff=0.75)
    if near:
        return folded[near[0]]
    begun = [known for known in folded if len(name) > 2 and known.startswith(name)]
    return folded[begun[0]] if len(begun) == 1 else folded.get(KNOWN_AS.get(name, ""), "")


class _TreeBuilder:
    """Makes a tree of an expression, and remembers what it was made of."""

    def __init__(
        self, words: QueryWords, filter_fields: Sequence[str], word_fields: Sequence[str] = WORD_FIELDS
    ) -> None:
        self.words = words
        self._word_fields = word_fields
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
            case Operand(kind="word", field=None) if item.text in EVERY:  # beside AND, OR or NOT; else a bullet
                return Every()
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
                required = [
                    child for child in item.items if item.joint == "or" and isinstance(child, Signed) and child.required
                ]
                others = [child for child in item.items if child not in required]
                trees = [tree for child in others if (tree := self._item(child, wanted)) is not None]
                joined = (all_of if item.joint == "and" else any_of)(trees) if trees else None
                if required:  # a + says what must hold, also where it stands beside OR
                    musts = [tree for child in required if (tree := self._item(child, wanted)) is not None]
                    joined = all_of([*musts, *([Maybe(child=joined)] if joined is not None else [])])
                return self._boosted(joined, item.boost)

    def _together(self, group: Group, *, whole: bool, wanted: bool) -> Tree | None:
        """Return the tree of items that stand together: some required, some excluded, the others optional.

        Of the optional ones any must hold, unless something is required: then they only score. In a ``whole`` query
        words only score anyway: a row must have one, but that is no condition on its article. OR and patterns are one.
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
            children.append(Maybe(child=some) if required or (whole and not _is_condition(group.items)) else some)
        return all_of(children) if children else None

    def _operand(self, operand: Operand, wanted: bool) -> list[Tree]:
        """Return the leaves of an operand. Raises ``UnreadableError`` for a range that isn't one."""
        if operand.field is not None and (name := name_of(operand.field, self._fields)):
            self.special = True
            if operand.text.startswith('"'):
                return [condition_of(name, _unescaped(operand.text), quoted=True)]
            return [read_filter(name, operand.text)]
        within = None if operand.field is None else name_of(operand.field, self._word_fields)
        if within is not None and operand.text == "*":
            raise UnreadableError(f"'{within}:*' names no word; articles that have words in a field can't be asked for")
        field = TITLE if within == TITLE else TEXT
        if operand.kind != "word" or operand.field is not None or operand.boost != 1.0:
            self.special = True
        leaves = self._leaves(operand, field, wanted)
        if within is not None and within != TITLE:
            leaves = [in_field(leaf, within) for leaf in leaves]
        if leaves and wanted and operand.kind != "wildcard":
            self.pieces.append(operand.text.strip())
        return [tree for leaf in leaves if (tree := self._boosted(leaf, operand.boost)) is not None]

    def _leaves(self, operand: Operand, field: FieldName, wanted: bool) -> list[Tree]:
        text, start = operand.text, operand.start
        if operand.kind == "phrase" or (operand.kind == "fuzzy" and not operand.number):
            return self.phrase(operand, field, wanted=wanted)
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

    def phrase(self, operand: Operand, field: FieldName, *, wanted: bool = True) -> list[Tree]:
        """Return the leaf of words that were quoted together; of one word, or of none, what it asks for alone."""
        units: list[Term] = []
        offsets: list[int] = []
        position = 0
        for word in self.words.analysed(operand.text, operand.start, wanted=wanted):
            for unit in word.in_phrase:
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


def _unescaped(value: str) -> str:
    """Return a value without its quotation marks, and without the backslashes before those within it."""
    return re.sub(r'\\(["\\])', r"\1", value[1:-1]).strip()


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
            return any(map(_has_plus, item.items)) or _has_filter(item) or all(map(_is_required, item.items))
        case Group():
            return any(map(_is_required, item.items))


def _is_condition(items: Sequence[Item]) -> bool:
    """Say whether optional items are a condition as a whole: some have an OR, or all of them are patterns.

    A pattern beside words widens them, and these only score.
    """
    optional = [item for item in items if not isinstance(item, Signed)]
    return any(map(_has_or, optional)) or all(map(_is_pattern, optional))


def _has_or(item: Item) -> bool:
    match item:
        case Group(joint="none"):
            return any(map(_has_or, item.items))
        case Group():
            return item.joint == "or"
        case _:
            return False


def _is_pattern(item: Item) -> bool:
    match item:
        case Operand():
            return item.kind in ("wildcard", "fuzzy")
        case Group(joint="none"):
            return all(map(_is_pattern, item.items))
        case _:
            return False


def _has_plus(item: Item) -> bool:
    return isinstance(item, Signed) and item.required


def _has_filter(item: Item) -> bool:
    """Say whether an item has a filter somewhere: what a filter is a part of is a condition, also beside OR."""
    match item:
        case Operand():
            return item.kind == "filter"
        case Signed():
            return _has_filter(item.item)
        case Group():
            return any(map(_has_filter, item.items))


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
    values: dict[str, list[str | ValuePattern]] = {}
    for tree in required:
        if isinstance(tree, Filter):
            values.setdefault(tree.field, []).extend(tree.values or ())
    merged: list[Tree] = [Filter(field=name, values=tuple(those)) for name, those in values.items() if those]
    return merged + [tree for tree in required if not (isinstance(tree, Filter) and tree.values)]

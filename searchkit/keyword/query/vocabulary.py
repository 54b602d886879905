"""Vocabulary: an archive's own synonyms, stop words and protected words, from a file, as queries are read by them.

A line is one of four::

    flak, air defense, anti-aircraft    synonyms both ways: each is found by each other
    UN => United Nations                one way: who asks for UN finds the other, too
    stop: wire, report                  not searched by keyword, unless nothing else is asked for
    protect: IT, Apple                  found in their own form alone, and never left out as stop words

Empty lines, and what follows a ``#`` at a line's beginning, are passed over. Words compare as those of the index do, by
their stems; synonyms of several words are phrases. Only what is asked for is changed, by keyword: no phrase in quotes,
nothing that is excluded, and not the text that the vector retriever is given.

A synonym of one word joins the word's own forms: they count as one term, the union, so that a rare synonym doesn't
outweigh the word (as Lucene's SynonymQuery has it). One of several words is one more phrase of which any may hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from searchkit.errors import ConfigError
from searchkit.keyword.query.ast import (
    TEXT,
    TITLE,
    And,
    Boost,
    Maybe,
    Or,
    Phrase,
    Term,
    Tree,
    Wish,
    is_in_field,
    term_in,
)

if TYPE_CHECKING:
    from searchkit.keyword.analysis.analyzer import Analyzer

LONGEST_FILE = 16 * 2**20

Words = tuple[str, ...]
"""The words of a synonym, folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What a file says: synonyms as pairs of what is asked for and what is found, too; stop and protected words."""

    pairs: tuple[tuple[str, str], ...] = ()
    stop: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()


def read_vocabulary(path: str | Path) -> Vocabulary:
    """Read a file. Raises ``ConfigError`` naming the line that can't be read."""
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise ConfigError(
            f"The vocabulary {path} can't be read: {error}.", hint="Name a text file in UTF-8."
        ) from error
    if len(content) > LONGEST_FILE:
        raise ConfigError(f"The vocabulary {path} is larger than 16 MB.", hint="Leave in what queries ask for.")
    pairs: list[tuple[str, str]] = []
    stop: set[str] = set()
    protected: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, mark, rest = line.partition(":")
        left, arrow, right = line.partition("=>")
        if mark and name.strip() in ("stop", "protect"):
            (stop if name.strip() == "stop" else protected).update(_items(rest, path, number, least=1))
        elif arrow:
            synonyms = _items(right, path, number, least=1)
            pairs += [(typed, each) for typed in _items(left, path, number, least=1) for each in synonyms]
        else:
            items = _items(line, path, number, least=2)
            pairs += [(typed, each) for typed in items for each in items if each != typed]
    return Vocabulary(pairs=tuple(dict.fromkeys(pairs)), stop=frozenset(stop), protected=frozenset(protected))


def _items(text: str, path: str | Path, number: int, *, least: int) -> list[str]:
    items = [" ".join(item.split()) for item in text.split(",") if item.strip()]
    if len(items) < least:
        raise ConfigError(
            f"{path}, line {number}, names {'no word' if least == 1 else 'no synonyms'}: {text.strip()[:60]!r}.",
            hint="Write 'flak, air defense', 'UN => United Nations', 'stop: wire' or 'protect: IT'.",
        )
    return items


@dataclass(slots=True)
class _Note:
    """What was done to a query, in the order in which it was."""

    found_too: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    own_form: list[str] = field(default_factory=list)


class QueryVocabulary:
    """A vocabulary as the words of an archive's languages. Holds nothing that changes, so threads may share one."""

    def __init__(self, vocabulary: Vocabulary, analyzer: Analyzer, languages: Sequence[str | None]) -> None:
        self._analyzer, self._languages = analyzer, languages
        self._synonyms: dict[tuple[frozenset[str], ...], list[str]] = {}
        for typed, synonym in vocabulary.pairs:
            if key := tuple(frozenset(unit.terms) for unit in self._units(typed)):
                self._synonyms.setdefault(key, []).append(synonym)
        self._stop = {term for word in vocabulary.stop for unit in self._units(word) for term in unit.terms}
        self._protected = {analyzer.fold(word) for word in vocabulary.protected}
        self._by_term: Mapping[str, list[tuple[frozenset[str], ...]]] = self._keys_by_term()

    def applied(self, tree: Tree, text: str) -> tuple[Tree, tuple[str, ...]]:
        """Return a query's tree as the vocabulary has it, and notes on what that did; ``text`` is what was asked."""
        note = _Note()
        tree = self._changed(tree, note)
        tree = self._with_protected(tree, text, note)
        tree = self._with_phrases(tree, text, note)
        return tree, tuple(_told(note))

    def _changed(self, tree: Tree, note: _Note) -> Tree:
        match tree:
            case And() | Or():
                children = [child for child in tree.children if not self._is_stop(child)]
                if isinstance(tree, And) or not any(isinstance(child, Term | Phrase | Boost) for child in children):
                    children = list(tree.children)
                else:
                    note.left_out += [_word_of(child) for child in tree.children if self._is_stop(child)]
                return replace(tree, children=tuple(self._changed(child, note) for child in children))
            case Maybe() | Boost():
                return replace(tree, child=self._changed(tree.child, note))
            case Term(surfaces=()) if tree.field == TEXT:
                return self._widened(tree, note)
            case _:
                return tree

    def _widened(self, term: Term, note: _Note) -> Tree:
        """Return a word in its own form where it is protected, or else with its synonyms."""
        if self._is_protected(term):
            note.own_form.append(_word_of(term))
            return replace(term, surfaces=term.own)
        alone: list[str] = []
        phrases: list[Tree] = []
        for synonym in self._synonyms_of((frozenset(term.terms),)):
            units = self._units(synonym)
            if len(units) == 1:
                alone += units[0].terms
            elif units:
                phrases.append(_phrase(units))
            note.found_too.setdefault(_word_of(term), []).append(synonym)
        wide = replace(term, terms=tuple(dict.fromkeys((*term.terms, *alone)))) if alone else term
        return Or(children=(wide, *phrases)) if phrases else wide

    def _with_phrases(self, tree: Tree, text: str, note: _Note) -> Tree:
        """Add what synonyms of several neighbouring words in a query find."""
        units = self._units(text)
        added: list[Tree] = []
        for place in range(len(units)):
            keys = {key for term in units[place].terms for key in self._by_term.get(term, ()) if len(key) > 1}
            for key in sorted(keys, key=lambda key: [sorted(part) for part in key]):
                run = units[place : place + len(key)]
                if len(run) == len(key) and all(set(unit.terms) & part for unit, part in zip(run, key, strict=True)):
                    for synonym in self._synonyms[key]:
                        more = self._units(synonym)
                        added.append(more[0] if len(more) == 1 else _phrase(more))
                        note.found_too.setdefault(" ".join(map(_word_of, run)), []).append(synonym)
        return _beside(tree, added)

    def _with_protected(self, tree: Tree, text: str, note: _Note) -> Tree:
        """Add the protected words of a query that were left out of its tree as stop words."""
        there = {surface for term in _terms(tree) for surface in (*term.own, *term.surfaces)}
        lost = [unit for unit in self._units(text) if self._is_protected(unit) and not there & set(unit.own)]
        note.own_form += [_word_of(unit) for unit in lost]
        return _beside(tree, [replace(unit, surfaces=unit.own) for unit in lost])

    def _units(self, text: str) -> list[Term]:
        words = self._analyzer.query_terms(text, self._languages)
        return [Term(terms=unit.terms, own=unit.surfaces) for word in words for unit in word.in_phrase]

    def _keys_by_term(self) -> dict[str, list[tuple[frozenset[str], ...]]]:
        keys: dict[str, list[tuple[frozenset[str], ...]]] = {}
        for key in self._synonyms:
            for term in key[0]:
                keys.setdefault(term, []).append(key)
        return keys

    def _synonyms_of(self, typed: tuple[frozenset[str], ...]) -> list[str]:
        keys = dict.fromkeys(key for term in sorted(typed[0]) for key in self._by_term.get(term, ()) if len(key) == 1)
        return list(dict.fromkeys(synonym for key in keys for synonym in self._synonyms[key]))

    def _is_stop(self, tree: Tree) -> bool:
        return isinstance(tree, Term) and not self._is_protected(tree) and bool(self._stop & set(tree.terms))

    def _is_protected(self, term: Term) -> bool:
        return bool(self._protected & set(term.own))


def with_boosts(tree: Tree, boosts: Mapping[str, float]) -> Tree:
    """Add what fields that have a word asked for count more: so many times the score of their own words."""
    return _beside(tree, [wish for name, boost in boosts.items() for wish in boost_wishes(tree, name, boost)])


def boost_wishes(tree: Tree, name: str, boost: float) -> list[Wish]:
    """Return what one field adds that counts more: for each word asked for anywhere."""
    words = [term for term in dict.fromkeys(_terms(tree)) if term.field == TEXT and not is_in_field(term)]
    if name == TITLE:
        titles = [Term(terms=term.terms, field=TITLE, surfaces=term.surfaces) for term in words]
        return [Wish(child=term, factor=boost) for term in titles]
    return [Wish(child=term, factor=boost) for term in (term_in(term, name) for term in words)]


def _terms(tree: Tree) -> Iterator[Term]:
    """Yield the words that can score."""
    match tree:
        case And() | Or():
            for child in tree.children:
                yield from _terms(child)
        case Maybe() | Boost():
            yield from _terms(tree.child)
        case Term():
            yield tree


def _beside(tree: Tree, more: Sequence[Tree]) -> Tree:
    """Put more of which any may hold beside what may hold already; what must hold stays so."""
    if not more:
        return tree
    match tree:
        case Maybe(child=Or(children=children)):
            return Maybe(child=Or(children=(*children, *more)))
        case Maybe(child=child):
            return Maybe(child=Or(children=(child, *more)))
        case And(children=children):
            return And(children=(*children, Maybe(child=Or(children=tuple(more)))))
        case Or(children=children):
            return Or(children=(*children, *more))
        case _:
            return Or(children=(tree, *more))


def _phrase(units: Sequence[Term]) -> Phrase:
    return Phrase(units=tuple(units), offsets=tuple(range(len(units))))


def _word_of(tree: Tree) -> str:
    return tree.own[0] if isinstance(tree, Term) and tree.own else ""


def _told(note: _Note) -> Iterator[str]:
    """Say what was done."""
    for typed, synonyms in note.found_too.items():
        yield f"Searched for '{typed}' also as {', '.join(repr(each) for each in dict.fromkeys(synonyms))}."
    if note.left_out:
        yield f"Not searched by keyword, as stop words of the vocabulary: {', '.join(dict.fromkeys(note.left_out))}."
    if note.own_form:
        yield f"Searched in their own form alone, as protected words: {', '.join(dict.fromkeys(note.own_form))}."

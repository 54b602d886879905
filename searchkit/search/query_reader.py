"""Query reader: a query's text as a tree of an index's words, and as its vocabulary has it."""

from __future__ import annotations

from searchkit.config import SearchConfig
from searchkit.index.generation import FIELDS_EVERYWHERE
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.ast import TITLE, Tree
from searchkit.keyword.query.parser import ParsedQuery, parse
from searchkit.keyword.query.vocabulary import QueryVocabulary, read_vocabulary
from searchkit.types import Query


class QueryReader:
    """Reads queries to one index. Holds caches alone, so any number of threads may share one."""

    def __init__(
        self,
        analyzer: Analyzer,
        languages: tuple[str | None, ...],
        field_names: frozenset[str],
        searchable: tuple[str, ...] = (),
    ) -> None:
        """Take by which languages the index's articles are analysed, their fields, and those whose words are found."""
        self._analyzer, self._languages = analyzer, languages
        self._filter_fields = (FIELDS_EVERYWHERE | field_names) - set(searchable)
        self._searchable = searchable
        self._vocabularies: dict[str, QueryVocabulary] = {}

    def parse(self, query: Query) -> ParsedQuery:
        """Read the query language. Raises ``QueryError``."""
        # Of all its articles, also where a filter leaves those of one language: no filter may change a score.
        return parse(
            query.text,
            analyzer=self._analyzer,
            languages=self._languages,
            filter_fields=self._filter_fields,
            searchable=self._searchable,
            syntax=query.syntax,
        )

    def reread(self, parsed: ParsedQuery, config: SearchConfig) -> tuple[Tree, tuple[str, ...]]:
        """Return a query's tree as the settings' vocabulary has it, and notes on that and on boosts.

        Raises ``ConfigError`` where the vocabulary can't be read.
        """
        tree: Tree = parsed.tree
        notes: tuple[str, ...] = ()
        if config.vocabulary:
            known = self._vocabularies.get(config.vocabulary)
            if known is None:
                known = QueryVocabulary(read_vocabulary(config.vocabulary), self._analyzer, self._languages)
                self._vocabularies[config.vocabulary] = known
            tree, notes = known.applied(tree, parsed.text)
        if config.boosts:
            notes = (*notes, *(_boost_note(name, boost) for name, boost in config.boosts.items()))
        return tree, notes


def _boost_note(name: str, boost: float) -> str:
    place = "the title" if name == TITLE else f"the field '{name}'"
    return f"A match in {place} adds {boost:g} times its own score."

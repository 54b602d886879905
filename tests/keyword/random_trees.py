"""Small random archives and random questions about them."""

from __future__ import annotations

from hypothesis import strategies as st

from searchkit.keyword.query.ast import (
    TITLE,
    And,
    Boost,
    Compound,
    Every,
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
from tests.keyword.bm25_reference import Piece

WORDS = ("ab", "abc", "abcd", "acb", "ba", "bab", "cab", "cabs", "cacao", "жаба", "жаб")
ABSENT = "zzz"

words = st.sampled_from(WORDS)
texts = st.lists(words, max_size=9).map(" ".join)


def pieces(chunks: int, *, deletions: bool = True) -> st.SearchStrategy[Piece]:
    """Draw articles of up to so many chunks."""
    return st.builds(
        _piece,
        drawn=st.lists(st.tuples(texts, st.sampled_from((None, 0, 0, 1, 2))), min_size=1, max_size=chunks),
        title=st.lists(words, max_size=2).map(" ".join),
        language=st.sampled_from((None, "en")),
        deleted=st.booleans() if deletions else st.just(False),
    )


def _piece(drawn: list[tuple[str, int | None]], title: str, language: str | None, *, deleted: bool) -> Piece:
    """Make an article whose chunks repeat so many words of the chunk before, or don't go on from it."""
    chunks: list[str] = []
    repeated: list[int | None] = []
    for text, words in drawn:
        again = chunks[-1].split()[-words:] if chunks and words else []
        repeated.append(len(again) if chunks and words is not None else None)
        chunks.append(" ".join([*again, text] if text else again))
    return Piece(chunks=chunks, title=title, language=language, deleted=deleted, repeated=repeated)


def archives(chunks: int) -> st.SearchStrategy[list[list[Piece]]]:
    """Draw one to three segments, of which at least one row lives."""
    segments = st.lists(st.lists(pieces(chunks), max_size=5), min_size=1, max_size=3)
    last = st.lists(pieces(chunks, deletions=False), min_size=1, max_size=3)
    return st.tuples(segments, last).map(lambda drawn: [*drawn[0], drawn[1]])


fields = st.sampled_from(("text", "text", "text", TITLE))
asked = st.sampled_from((*WORDS, ABSENT))
single = st.builds(Term, terms=st.tuples(asked), field=fields)
exact = st.builds(
    lambda form, field: Term(terms=(form.rstrip("s"),), field=field, surfaces=(form,)), form=asked, field=fields
)
unions = st.builds(Term, terms=st.lists(asked, min_size=2, max_size=3, unique=True).map(tuple), field=fields)


@st.composite
def phrases(draw: st.DrawFn, *, unions_too: bool = True) -> Phrase:
    """Draw phrases, some with gaps as compounds make them."""
    name = draw(fields)
    units = st.lists(asked, min_size=1, max_size=2 if unions_too else 1, unique=True)
    own = draw(st.booleans()) if unions_too else False
    drawn = draw(st.lists(units, min_size=2, max_size=3))
    gaps = draw(st.lists(st.integers(1, 2 if unions_too else 1), min_size=len(drawn), max_size=len(drawn)))
    return Phrase(
        units=tuple(
            Term(terms=tuple(terms), field=name, surfaces=tuple(sorted(terms)) if own else ()) for terms in drawn
        ),
        offsets=tuple(sum(gaps[:i]) for i in range(len(drawn))),
        slop=draw(st.integers(1, 3)),
    )


patterns = st.builds(
    Pattern, text=st.sampled_from(("ab*", "*b", "c*o", "?ab", "a?c*", "*a*a*", "жа*", "z*", "ab", "*")), field=fields
)
fuzzy = st.builds(Fuzzy, word=asked, distance=st.integers(1, 2), field=fields)
compounds = st.builds(Compound, joined=single, parts=st.lists(single, min_size=2, max_size=3).map(tuple))
filters = st.builds(Filter, field=st.just("number"), values=st.lists(st.sampled_from("0123456"), max_size=4).map(tuple))
leaves = st.one_of(
    *(single, single, exact, unions, phrases(), phrases(), patterns, fuzzy, compounds, filters),
    st.just(Every()),
    st.just(Nothing()),
)


def _branches(child: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(child, min_size=1, max_size=4).map(tuple)
    return st.one_of(
        st.builds(And, children=several),
        st.builds(Or, children=several),
        st.builds(Not, child=child),
        st.builds(Maybe, child=child),
        st.builds(Boost, child=child, factor=st.sampled_from((0.5, 2.0, 3.0))),
    )


trees: st.SearchStrategy[Tree] = st.recursive(leaves, _branches, max_leaves=8)

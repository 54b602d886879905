"""Grammar of expressions, by Whoosh's parser: the parts of a query with operators and how they belong together.

Whoosh's parser reads it, with plugins of our own for what we write differently; what it lets pass in silence (an open
quote, an operator with nothing beside it) is refused here. What comes out is plain records, without Whoosh and without
analysis: ``parser.py`` makes a tree of them. Imports Whoosh (0.1 s), so a query without operators doesn't come here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from whoosh.qparser import QueryParser, plugins, syntax

from searchkit.keyword.query.syntax_nodes import Group, Item, Joint, Operand, OperandKind, Signed, UnreadableError

MAX_DEPTH = 30
"""Parentheses within parentheses: Whoosh's filters recurse, and so does all that walks a tree."""

_NUMBER = r"0*(?P<{}>0(?![0-9])|[1-9][0-9]{{0,3}}+)[0-9]*+"
"""Any digits. Only the first four that count are read: enough to lie above every limit, and never long to convert."""

_QUOTED = rf'"(?P<text>[^"]*)"(?:~{_NUMBER.format("slop")})?'
_WILD = r"(?<![\w*?'’.])[\w*?'’.\-]*[*?][\w*?'’.\-]*"
_FUZZY = rf"(?<=\w)~(?:{_NUMBER.format('maxdist')})?(?P<prefix>(?!x)x)?(?=[\s)^]|$)"
_SIGN = r'(?<![^\s(]){}(?=[^\W\d_]|["(])'
_BOUND = r'(?<![^\s()"]){}(?![^\s()"])'
_VALUE = r'(?:[<>]=?|=[<>])"[^"]*"|"(?:[^"\\]|\\.)*"|[\[{][^\]}]*[\]}]|[^\s()"]+'


def read(text: str, *, fields: str, filters: str) -> Group:
    """Read a query.

    ``fields`` is an expression that finds the name of a field (group ``text``) with its colon; ``filters`` finds those
    that hold whole values. Raises ``UnreadableError``.
    """
    parser = QueryParser("text", None, plugins=_plugins(fields, filters), group=_Together)
    tagged = parser.tag(text)
    _check(list(tagged))
    try:
        nodes = parser.filterize(tagged)
    except Exception as error:  # Whoosh checks little: whatever trips it, a query is no reason to stop a search
        raise UnreadableError("Whoosh's parser can't") from error
    return Group(joint="none", items=tuple(_items(nodes)))


def _plugins(fields: str, filters: str) -> list[Any]:
    operator = plugins.OperatorsPlugin.OpTagger
    prefix, infix = syntax.PrefixOperator, syntax.InfixOperator
    operators = [
        (operator(_BOUND.format("NOT"), syntax.NotGroup, prefix), 0),
        (operator(_SIGN.format("-"), syntax.NotGroup, prefix), 0),
        (operator(_SIGN.format(r"\+"), _Required, prefix), 0),
        (operator(_BOUND.format("AND"), syntax.AndGroup, infix), 0),
        (operator(_BOUND.format("OR"), syntax.OrGroup, infix), 0),
    ]
    return [
        plugins.GroupPlugin(),
        plugins.PhrasePlugin(expr=_QUOTED),
        plugins.FuzzyTermPlugin(expr=_FUZZY),
        plugins.BoostPlugin(),
        plugins.OperatorsPlugin(ops=operators, clean=True),
        _FilterPlugin(rf"{filters}(?P<value>{_VALUE})"),
        _WildcardPlugin(_WILD),
        plugins.FieldsPlugin(expr=rf"{fields}(?=[^\s)])", remove_unknown=False),
    ]


class _Together(syntax.GroupNode):  # type: ignore[misc]  # Whoosh has no types
    """Items with nothing between them. Not an OrGroup, which Whoosh would merge into an OR beside it."""

    def r(self) -> str:
        return "together"


class _Required(syntax.Wrapper):  # type: ignore[misc]  # Whoosh has no types
    """An item with a + before it."""


class _FilterNode(syntax.SyntaxNode):  # type: ignore[misc]  # Whoosh has no types
    """A field and the value asked for, as typed."""

    def __init__(self, field: str, value: str) -> None:
        self.field = field
        self.value = value


class _FilterPlugin(plugins.TaggingPlugin):  # type: ignore[misc]  # Whoosh has no types
    """Reads ``source:reuters``, ``author:"Ana Ruiz"`` and ``published:[2025-01 TO 2025-06]`` whole."""

    priority = -1

    def create(self, parser: object, match: re.Match[str]) -> _FilterNode:
        return _FilterNode(match["text"], match["value"])


class _WildcardNode(syntax.TextNode):  # type: ignore[misc]  # Whoosh has no types
    """A word with wildcards in it."""


class _WildcardPlugin(plugins.TaggingPlugin):  # type: ignore[misc]  # Whoosh has no types
    """Reads a word with ``*`` or ``?`` in it: at least two letters or digits, one of them a letter.

    A ``?`` at either end is punctuation ("who sold missiles?").
    """

    priority = 1

    def create(self, parser: object, match: re.Match[str]) -> _WildcardNode | None:
        text = re.sub(r"\*+", "*", match[0].strip("?.'’-"))
        signs = [letter for letter in text if letter.isalnum()]
        if not re.search(r"[*?]", text) or len(signs) < 2 or not any(map(str.isalpha, signs)):
            return None
        return _WildcardNode(text)


def _check(tagged: list[Any]) -> None:
    """Refuse what Whoosh lets pass: quotes and parentheses that don't pair, operators with nothing beside them."""
    tokens = [token for token in tagged if not token.is_ws()]
    depth: list[int] = []
    for token, before, after in zip(tokens, [None, *tokens], [*tokens[1:], None], strict=False):
        if isinstance(token, syntax.WordNode) and '"' in token.text:
            place = token.startchar + token.text.index('"') + 1
            raise UnreadableError(f"unmatched quote at character {place}")
        if isinstance(token, _OPEN):
            depth.append(token.startchar)
        elif isinstance(token, _CLOSE):
            if not depth:
                raise UnreadableError(f"unmatched parenthesis at character {token.startchar + 1}")
            depth.pop()
        elif isinstance(token, syntax.Operator) and not _stands(token, before, after):
            raise UnreadableError(f"nothing beside '{token.text}' at character {token.startchar + 1}")
        elif isinstance(token, syntax.FieldnameNode) and not isinstance(after, (syntax.TextNode, _OPEN)):
            raise UnreadableError(f"nothing after '{token.original}' at character {token.startchar + 1}")
        if len(depth) > MAX_DEPTH:
            raise UnreadableError(f"parentheses more than {MAX_DEPTH} deep")
    if depth:
        raise UnreadableError(f"unmatched parenthesis at character {depth[-1] + 1}")


_OPEN = plugins.GroupPlugin.OpenBracket
_CLOSE = plugins.GroupPlugin.CloseBracket
_BOOST = plugins.BoostPlugin.BoostNode
_FUZZINESS = plugins.FuzzyTermPlugin.FuzzinessNode


def _stands(operator: Any, before: Any, after: Any) -> bool:
    """Say whether an operator has what it needs beside it: an operand behind, and an infix one before it too."""
    if after is None or isinstance(after, (syntax.InfixOperator, _CLOSE, _BOOST, _FUZZINESS)):
        return False
    if isinstance(operator, syntax.PrefixOperator):
        return not isinstance(after, syntax.Operator)
    return before is not None and not isinstance(before, (syntax.Operator, syntax.FieldnameNode, _OPEN))


def _items(nodes: Any) -> Iterator[Item]:
    for node in nodes:
        item = _item(node)
        if item is not None:
            yield item


def _item(node: Any) -> Item | None:
    if isinstance(node, (syntax.NotGroup, _Required)):
        inner = _item(node[0])
        return None if inner is None else Signed(required=isinstance(node, _Required), item=inner)
    if isinstance(node, syntax.GroupNode):
        joint: Joint = (
            "and" if isinstance(node, syntax.AndGroup) else "or" if isinstance(node, syntax.OrGroup) else "none"
        )
        return Group(joint=joint, items=tuple(_items(node)), boost=node.boost)
    if isinstance(node, _FilterNode):
        return Operand(kind="filter", text=node.value, start=node.startchar, field=node.field)
    if isinstance(node, plugins.PhrasePlugin.PhraseNode):
        return _operand("phrase", node, start=node.textstartchar, number=node.slop)
    if isinstance(node, plugins.FuzzyTermPlugin.FuzzyTermNode):
        return _operand("fuzzy", node, start=node.startchar, number=node.maxdist)
    if isinstance(node, _WildcardNode):
        return _operand("wildcard", node, start=node.startchar)
    if isinstance(node, syntax.WordNode):
        return _operand("word", node, start=node.startchar)
    return None


def _operand(kind: OperandKind, node: Any, *, start: int, number: int = 1) -> Operand:
    return Operand(kind=kind, text=node.text, start=start, field=node.fieldname, boost=node.boost, number=number)

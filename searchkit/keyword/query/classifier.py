"""Query classification: is a typed text words, or plainly an expression of the query language?

Headlines, posts and sentences hold quotation marks, capitals, colons, hyphens, brackets, AND and NOT; read as
conditions, these throw the right article out. So a query is *words* unless its form as a whole is that of an
expression: filters and ``title:``, a phrase that is all of it, operators between short operands, signs, wildcards and
fuzzy words on a short query. To read an expression as words costs some further results behind the right ones; to read a
text as an expression costs the right ones. Where the form leaves a doubt, it is words.

It looks at the text alone, not at the archive, and takes time linear in its length.
``scripts/bench_query_reading.py`` measures what it costs on judged questions that are typed otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

LONG = 50
"""Words from which on a text was pasted: a bare ``name:value`` in its midst is a part of it, not a filter."""

_SHORT = 8
"""Words of a query in which a sign at a word (``-oil``) is an operator."""

_FEW = 6
"""Words of a query in which a wildcard or a fuzzy word is one; in longer ones ``*`` is a footnote or a mask (sh*t)."""

_OPERAND = 3
"""Words that stand together beside AND or OR: "New York Times", and no clause."""

_UNSPACED = 6
"""Characters of a word of Chinese or Thai with its sign; more are a sentence."""

_QUOTED_WHOLE = 8
"""Words of a phrase that is a whole query: longer ones are quotations, which seldom stand word for word elsewhere."""

EVERY = frozenset({"*", "*:*"})
"""What stands for every article: as a whole query, and beside AND, OR and NOT."""

MAX_EXPRESSION = 10_000
"""Characters of a query that is read as an expression: more than that was pasted, not typed."""

_SENTENCE_WORDS = frozenset(
    re.findall(
        r"\S+",
        "i you he she it we they me him them his her their our your my this that these those there is are was were be"
        " been being am do does did done have has had having will would shall should can could may might must not no if"
        " because but than then so who whom whose what which when where why how isn't aren't wasn't weren't don't"
        " doesn't didn't won't can't couldn't i'm it's that's",
    )
)
"""What betrays an English sentence around AND, OR, NOT in capitals. Acronyms (WHO, IT, US) are never meant. Those of
other languages needn't stand here: their sentences hold no such words."""

_SUSPECT = re.compile(
    r"""["“”„‟«»＂*~^]|\?(?=\w)|(?<![^\s(])[+\-](?=[^\W\d_]|["(])|(?<![^\s()])(?:AND|OR|NOT)(?![^\s()])"""
    r"""|(?<=\w):(?=[^\s/:])"""
)
"""What an expression has at least one of; a question mark at a word's end is punctuation."""

_TOKEN = re.compile(
    r"""(?P<phrase>(?P<sign>[+\-]?)(?P<field>[^\W\d]\w*:)?"(?P<text>[^"]*)"(?P<slop>~\d+)?(?:\^[\d.]+)?(?=[\s).,;:!?…]|$))
    | (?P<open>[+\-]?(?:[^\W\d]\w*:)?\()
    | (?P<close>\)(?:\^[\d.]+)?)
    | (?P<word>[^\s()"]+)
    | (?P<stray>")""",
    re.VERBOSE,
)
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_SIGNED = re.compile(r"[+\-][^\W\d_]")
_SENTENCE = re.compile(r"[,;:!?](?=\s|$)|(?<=\w\w)\.(?=\s|$)|\s\.(?=\s|$)|[…。、，！？]|\.\.\.|\s[–—-](?=\s)")
_WILDCARD = re.compile(r"[\w'’.\-]*[*?][\w*?'’.\-]*")
_FUZZY = re.compile(r"[^\W_]{3,}~\d*|[\w\-]{3,}\^\d*\.?\d+")

_ADDRESS = re.compile(r"<?(?:(?:https?:)?//\S+|(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?/\S*)>?", re.IGNORECASE)

TokenKind = Literal["phrase", "open", "close", "word", "operator", "stray"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A part of a query: a quoted phrase, a parenthesis, an operator in capitals, a quote without another, or a word.

    ``words``: how many it has; ``sign``: the ``+`` or ``-`` before it, or "".
    """

    kind: TokenKind
    text: str
    words: int = 0
    sign: str = ""
    field: bool = False
    slop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """Whether a query is an expression, and why: "" where it is words and nothing in it could be taken for more.

    ``doubtful``: a text of that form could have been meant otherwise, so that the user should be told.
    """

    expression: bool
    reason: str = ""
    doubtful: bool = False


PLAIN = Classification(expression=False)


def classify(text: str, *, word_fields: Sequence[str] = ("title",)) -> Classification:
    """Say whether a query without filters is an expression. ``text`` has straight quotation marks alone.

    ``word_fields``: the fields that hold words, whose name before a colon makes an expression.
    """
    if is_plain(text) or is_address(text):
        return PLAIN
    if len(text) > MAX_EXPRESSION:
        return Classification(expression=False, reason=f"of more than {MAX_EXPRESSION:,} characters")
    tokens = tokens_of(text)
    while _in_parentheses(tokens):
        text, tokens = text.strip()[1:-1], tokens[1:-1]
    return (
        _fielded(tokens, word_fields)
        or _quoted_whole(text, tokens)
        or _signed(text, tokens)
        or _boolean(text, tokens)
        or _patterned(text, tokens)
        or _quoted_in_part(tokens)
    )


def is_plain(text: str) -> bool:
    """Say whether nothing in a text could have a meaning in the query language: so it is of most questions."""
    return _SUSPECT.search(text) is None


def is_address(text: str) -> bool:
    """Say whether a text is the address of a page and nothing else, with its scheme or without."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def tokens_of(text: str) -> list[Token]:
    """Split a query into its parts."""
    tokens = []
    for match in _TOKEN.finditer(text):
        piece, kind = match[0], match.lastgroup
        if match["phrase"] is not None:
            tokens.append(
                Token(
                    kind="phrase",
                    text=piece,
                    words=count_words(match["text"]),
                    sign=match["sign"],
                    field=match["field"] is not None,
                    slop=match["slop"] is not None,
                )
            )
        elif kind == "open":
            sign = piece[0] if piece[0] in "+-" else ""
            tokens.append(Token(kind="open", text=piece, sign=sign, field=":" in piece))
        elif kind == "close":
            tokens.append(Token(kind="close", text=piece))
        elif kind == "stray":
            tokens.append(Token(kind="stray", text=piece))
        elif piece in _OPERATORS:
            tokens.append(Token(kind="operator", text=piece))
        else:
            sign = piece[0] if _SIGNED.match(piece) else ""
            tokens.append(Token(kind="word", text=piece, words=int(any(map(str.isalnum, piece))), sign=sign))
    return tokens


def count_words(text: str) -> int:
    """Count what stands between spaces and has a letter or digit."""
    return sum(any(map(str.isalnum, piece)) for piece in text.split())


def _fielded(tokens: Sequence[Token], word_fields: Sequence[str]) -> Classification | None:
    """``title:word``: nothing else is written so, but in a long text it may be quoted."""
    if sum(token.words for token in tokens) > LONG:
        return None
    for token in tokens:
        name, colon, value = token.text.lstrip("+-").partition(":")
        if colon and value and value[0] not in "/:" and name.lower() in word_fields:
            return Classification(expression=True, reason=f"{name}: names a field")
    return None


def _quoted_whole(text: str, tokens: Sequence[Token]) -> Classification | None:
    """A phrase that is all of the query, or nearly; or one that says how far apart its words may stand."""
    phrases = [token for token in tokens if token.kind == "phrase"]
    if not phrases or any(token.kind == "stray" for token in tokens):
        return None
    quoted, words = sum(token.words for token in phrases), sum(token.words for token in tokens)
    operators = any(token.kind == "operator" for token in tokens)
    if any(token.slop for token in phrases) and words <= 2 * _SHORT:
        return Classification(expression=True, reason="~ after a phrase says how far apart its words may stand")
    if not operators and quoted and all(token.words <= _QUOTED_WHOLE and not _ended(token) for token in phrases):
        outside = words - quoted
        if not outside or (outside == 1 and quoted >= 4 and not _is_sentence(text)):
            signed = any(token.sign for token in phrases)
            reason = "+ or - before a phrase says that it must stand there, or must not"
            return Classification(expression=True, reason=reason if signed else "all of it is quoted")
    return None


def _ended(phrase: Token) -> bool:
    """Say whether a phrase ends as a sentence does within its quotation marks: then somebody is quoted."""
    return phrase.text.rpartition('"')[0].rstrip()[-1:] in {".", "!", "?", ",", ";", "…"}


def _signed(text: str, tokens: Sequence[Token]) -> Classification | None:
    """``+word``, ``-word``, ``-"a phrase"``: on a short query that is no sentence."""
    signed = [token for token in tokens if token.sign]
    words = sum(token.words for token in tokens)
    if not signed or words > 2 * _SHORT or _is_sentence(text) or "\n" in text.strip():
        return None
    reason = f"{signed[0].text} is a word with a sign" if signed[0].kind == "word" else "a phrase or group has a sign"
    if any(token.kind in ("phrase", "open") for token in signed):
        balanced = _balanced(tokens)
        return Classification(expression=True, reason=reason, doubtful=True) if balanced else None
    if words > _SHORT:
        return None
    if any(token.kind == "operator" for token in tokens):
        return None
    if words > len(signed) and all(len(token.text) <= 3 and token.sign == "-" for token in signed):
        return Classification(
            expression=False, reason=f"{signed[0].text} is an option of a command, or a letter", doubtful=True
        )
    first = next(token for token in tokens if token.words)
    # A dash that was typed at the first word is a bullet or a quotation's beginning: nobody begins with what not to
    # find, unless there is hardly anything else.
    if len(signed) == 1 and signed[0].sign == "-" and signed[0] is first and (words > 2 or _is_unspaced(first.text)):
        return Classification(expression=False, reason=f"the dash of {signed[0].text} begins a text", doubtful=True)
    ends = next((place for place, token in enumerate(reversed(tokens)) if token.words and not token.sign), len(tokens))
    if words > _SHORT // 2 and not ends and all(token.sign == "-" for token in signed):
        return Classification(expression=False, reason=f"the text goes on behind {signed[0].text}", doubtful=True)
    return Classification(expression=True, reason=reason, doubtful=True)


def _is_unspaced(word: str) -> bool:
    """Say whether what stands between spaces is a sentence of a script without them (they begin at Thai, U+0E00)."""
    return len(word) > _UNSPACED and max(word) >= "\u0e00"


def _boolean(text: str, tokens: Sequence[Token]) -> Classification | None:
    """AND, OR, NOT between short operands, parentheses in balance."""
    operators = [token.text for token in tokens if token.kind == "operator"]
    if not operators:
        return None
    named = "/".join(dict.fromkeys(operators))
    if not _well_formed(tokens):
        reason = f"{named} {'joins' if len(set(operators)) == 1 else 'join'} no operands"
    elif _is_sentence(text) or any(map(_of_a_sentence, tokens)):
        reason = f"{named} stands in a sentence"
    elif _all_capitals(tokens):
        reason = f"all is in capitals, {named} too"
    elif not _short_operands(tokens):
        reason = f"{named} stands between more than {_OPERAND} words"
    elif not _plain_negation(tokens):
        reason = "NOT stands between more than single words"
    else:
        return Classification(expression=True, reason=f"{named} in capitals", doubtful="NOT" in operators)
    return Classification(expression=False, reason=reason, doubtful=True)


def _well_formed(tokens: Sequence[Token]) -> bool:
    """Say whether every operator has what it needs beside it, and parentheses and quotes pair."""
    if not _balanced(tokens):
        return False
    for before, token, after in _neighbours(tokens):
        if token.kind != "operator":
            continue
        begins = after is not None and after.kind in ("word", "phrase", "open")
        negated = after is not None and after.text == "NOT" and token.text != "NOT"
        ends = before is not None and before.kind in ("word", "phrase", "close")
        if not (begins or negated) or (token.text != "NOT" and not ends):
            return False
        if any(
            neighbour is not None and neighbour.kind == "word" and not neighbour.words and neighbour.text not in EVERY
            for neighbour in (before, after)
        ):
            return False
    return True


def _balanced(tokens: Sequence[Token]) -> bool:
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0 or token.kind == "stray":
            return False
    return not depth


def _in_parentheses(tokens: Sequence[Token]) -> bool:
    """Say whether one pair of parentheses holds all of a text, and so means nothing."""
    if len(tokens) < 2 or (tokens[0].text, tokens[-1].text) != ("(", ")"):
        return False
    depth = 0
    for token in tokens[:-1]:
        depth += (token.kind == "open") - (token.kind == "close")
        if not depth:
            return False
    return True


def _all_capitals(tokens: Sequence[Token]) -> bool:
    """Say whether a text is in capitals throughout and nothing but them speaks for an expression.

    Acronyms beside groups or phrases are no headline: (NATO OR EU) AND "AIR DEFENCE".
    """
    if any(letter.islower() for token in tokens for letter in token.text):
        return False
    if not any(letter.isupper() for token in tokens if token.kind != "operator" for letter in token.text):
        return False  # a script without capitals, or numbers
    if any(token.kind == "word" and token.text.lower() in _SENTENCE_WORDS for token in tokens):
        return True
    beside = [(before, after) for before, token, after in _neighbours(tokens) if token.kind == "operator"]
    return not any(
        token is not None and (token.kind in ("open", "close") or (token.kind == "phrase" and token.words > 1))
        for pair in beside
        for token in pair
    )


def _neighbours(tokens: Sequence[Token]) -> Iterator[tuple[Token | None, Token, Token | None]]:
    """Yield each part of a query with those before and behind it."""
    return zip([None, *tokens], tokens, [*tokens[1:], None], strict=False)


def _short_operands(tokens: Sequence[Token]) -> bool:
    runs = (list(run) for is_word, run in groupby(tokens, lambda token: token.kind == "word") if is_word)
    return all(sum(token.words for token in run) <= _OPERAND for run in runs)


def _plain_negation(tokens: Sequence[Token]) -> bool:
    """Say whether each NOT stands behind AND or OR, or between single operands: "pleads NOT guilty" is emphasis."""
    for place, token in enumerate(tokens):
        if token.text != "NOT" or token.kind != "operator":
            continue
        if place and tokens[place - 1].kind == "operator":
            continue
        before = [token.kind for token in tokens[max(0, place - 2) : place]]
        after = [token.kind for token in tokens[place + 1 : place + 3]]
        if before == ["word", "word"] or after == ["word", "word"]:
            return False
    return True


def _of_a_sentence(token: Token) -> bool:
    return token.kind == "word" and not token.text.isupper() and token.text.lower().replace("’", "'") in _SENTENCE_WORDS


def _is_sentence(text: str) -> bool:
    """Say whether a text is punctuated as sentences are, outside of its quotes."""
    return _SENTENCE.search(re.sub(r'"[^"]*"', '""', text)) is not None


def _patterned(text: str, tokens: Sequence[Token]) -> Classification | None:
    """``miss*``, ``m?ssile``, ``missle~``, ``word^2``: on a short query that is no sentence."""
    words = sum(token.words for token in tokens)
    if words > _FEW or not re.search(r"[*?~^]", text) or _is_sentence(text.rstrip("?")):
        return None
    for token in tokens:
        bare = token.text.lstrip("+-")
        if token.kind == "phrase" and "^" in bare.rpartition('"')[2]:
            return Classification(expression=True, reason="^ after a phrase weighs it")
        if token.kind == "close" and "^" in bare:
            return Classification(expression=True, reason="^ after a group weighs it")
        if token.kind == "word" and (_FUZZY.fullmatch(bare) or _is_wildcard(bare, words)):
            return Classification(expression=True, reason=f"{bare} stands for several words, or weighs one")
    return None


def _is_wildcard(word: str, words: int) -> bool:
    """Say whether a word has wildcards as people type them, and isn't masked, starred or emphasised."""
    if not _WILDCARD.fullmatch(word) or re.search(r"\w\*\*+\w|[A-Z]\*[A-Z]", word):
        return False
    core = word.rstrip("?").rstrip("*") if word.endswith("?") else word
    if not re.search(r"[*?]", word.rstrip("?")) or sum(map(str.isalnum, word)) < 2 or not re.search(r"[^\W\d_]", word):
        return False
    if word.lstrip("?").startswith("*") and words > 2:
        return False  # *emphasis*, and the footnote's own star
    if re.search(r"\w\*\w", core) and not re.search(r"\w\w\*\w\w", core):
        return False  # masked letters: sh*t, a*x
    between = re.search(r"\w\?\w", core)
    return not (between and words > 3)  # "really?yes" in a sentence, whose space is lost


def _quoted_in_part(tokens: Sequence[Token]) -> Classification:
    if any(token.kind == "phrase" and token.words > 1 for token in tokens):
        return Classification(expression=False, reason="what is quoted in it ranks higher", doubtful=True)
    return PLAIN

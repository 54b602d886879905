"""Text cleanup: what may stand in a stored text, and words parted at a line's end.

Of those, which lose their hyphen (infor-mation), and which keep it (well-known).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set: how lists of words are written here."""
    return frozenset(text.split())


SOFT_HYPHENS = "\u00ad\u00ac"
"""The soft hyphen and the sign that programs write for it: both stand nowhere but where a line may end."""

HYPHENS = f"-\u2010{SOFT_HYPHENS}"
"""The hyphen of the keyboard, Unicode's own, and the soft ones."""

_PARTED = re.compile(rf"(?<=[^\W_])(?P<hyphen>[{HYPHENS}])[ \t]*+\n[ \t]*+(?=[^\W_])")
_PARTED_WORD = re.compile(rf"(?<![^\W_])(?P<left>[^\W_]++)[{HYPHENS}][ \t]*+\n[ \t]*+(?P<right>[^\W_]++)")
_LINE_ENDS = tuple((hyphen, re.compile(rf"{hyphen}[ \t]*+\n[ \t]*+[^\W_]")) for hyphen in HYPHENS)
"""One for each hyphen: a pattern that begins with one character is looked for twenty times faster than with a set."""
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)
_WORD = re.compile(r"[^\W_]++(?:[-\u2010’'][^\W_]++)*+")
_LONGEST_WORD = 60
"""Characters looked at on each side of a break. Longer "words" are data."""

_SUSPENDED = frozenset({"und", "oder", "sowie", "bzw", "and"})
"""Words that no syllable is: a hyphen before them stands for what the next word ends with (``Haus- und Hoftür``)."""
_SUSPENDED_BEFORE_COMPOUND = frozenset({"or", "to", "bis", "en", "of", "og", "och"})
"""These end words, too (``may-or``): the hyphen stays where another compound comes next (``two- to three-year``)."""

_FIRST_PARTS = words(
    "all best cross early ex far fast first free full good half hard high ill large late left life light long low "
    "lower middle mid multi near new non old one open part post pre pro quasi right second self short single slow "
    "small so state third three tight top two upper user war well wide world year four five six seven eight nine ten "
    "anti award government market peace record"
)
_SECOND_PARTS = words(
    "aged age aligned backed based being born bound breaking building built called caused century class cold conscious "
    "controlled day dated day deep defence defense designed driven earned educated elected ever famous fashioned fed "
    "fledged foot free friendly funded grown held hour house income informed intentioned interest kept known lasting "
    "led level linked lived long looking made making man meaning mile minded month new off old only ordered organised "
    "organized out owned page paid paying placed point pound pressure profile proof quality range ranking rate read "
    "related rich run running scale sized speaking speed stage standing star story strength style taught term third "
    "time tier trained trust up wave way week wide wing winning wing worn written year yet"
)
_NEVER_ENDINGS = words(
    "aligned backed based being called caused conscious controlled defence defense driven educated famous fashioned "
    "fledged friendly funded intentioned known minded owned profile related sized speaking trained"
)
"""Second parts that end no word written as one: ``government-backed`` keeps its hyphen whatever stands before it."""
_TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")
_UNITS = words("one two three four five six seven eight nine first second third fourth fifth sixth seventh")
_CLITICS = words("il elle ils elles vous nous là même mêmes être то нибудь либо таки")
"""French and Russian words that are bound by a hyphen: ``dit-il``, ``peut-être``, ``кто-нибудь``."""

_LONG_WORD = 5
"""Letters of both parts, from which on they count as words of their own where the text has them as such."""


class Vocabulary:
    """How a text writes, elsewhere, the words that its lines' ends part; it is read when first asked."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _counts(self) -> Counter[str]:
        text = self._text.casefold()
        wanted: set[str] = set()
        for match in _PARTED_WORD.finditer(text):
            left, right = match["left"], match["right"]
            wanted.update((left, right, left + right, f"{left}-{right}", f"{left} {right}"))
        counts: Counter[str] = Counter()
        before, end = "", 0
        # What stands at a break itself says nothing about the word.
        for match in _WORD.finditer(_PARTED_WORD.sub("\0", text)):
            word = match[0].replace("\u2010", "-")
            pair = f"{before} {word}" if match.start() == end + 1 else ""
            counts.update(form for form in (word, pair) if form in wanted)
            before, end = word, match.end()
        return counts

    def count(self, form: str) -> int:
        """Return how often the text has a word, or two with a blank between them; of those that a line's end parts."""
        return self._counts[form]


def is_parted(above: str, below: str) -> bool:
    """Say whether a word goes on from one line to the next, with a hyphen at the end of the first."""
    above = above.rstrip(" \t")
    below = below.lstrip(" \t")
    return above[-1:] in tuple(HYPHENS) and above[-2:-1].isalnum() and below[:1].isalnum()


def join_parted_words(text: str, vocabulary: Vocabulary | None = None) -> str:
    r"""Return a text in which words that a line's end has parted are whole: ``infor-\nmation`` is ``information``.

    The line break goes; the hyphen stays where it belongs to the word. The text itself decides: how it writes the word
    elsewhere. Where it doesn't, compounds are told by their parts, and all else is one word. ``vocabulary`` is that of
    the whole text where only a part of it is given. Fenced code stays as it is.
    """
    if not _has_parted_word(text):
        return text
    vocabulary = vocabulary or Vocabulary(text)
    fences = _Fences(text)
    parts: list[str] = []
    at = 0
    for match in _PARTED.finditer(text):
        if not fences.holds(match.start()):
            parts += (text[at : match.start()], _between(text, match, vocabulary))
            at = match.end()
    return "".join(parts) + text[at:]


def _has_parted_word(text: str) -> bool:
    return any(
        match.start() and text[match.start() - 1].isalnum()
        for hyphen, line_end in _LINE_ENDS
        if hyphen in text
        for match in line_end.finditer(text)
    )


class _Fences:
    """The fenced code of a text, asked about places in their order."""

    def __init__(self, text: str) -> None:
        self._marks: Iterator[re.Match[str]] = _FENCE.finditer(text)
        self._next = next(self._marks, None)
        self._open = ""

    def holds(self, at: int) -> bool:
        while self._next is not None and self._next.start() < at:
            mark = self._next[1]
            self._open = "" if self._open == mark else self._open or mark
            self._next = next(self._marks, None)
        return bool(self._open)


def _between(text: str, match: re.Match[str], vocabulary: Vocabulary) -> str:
    """Return what stands between the two parts of a word in place of hyphen and line break."""
    hyphen = match["hyphen"]
    if hyphen in SOFT_HYPHENS:
        return ""
    before = text[max(0, match.start() - _LONGEST_WORD) : match.start()]
    after = text[match.end() : match.end() + 2 * _LONGEST_WORD]
    left, right = _last_word(before), _first_word(after)
    low, rest = right.casefold(), after[len(right) :]
    if _goes_on_with_hyphen(rest):  # state-of-the-art
        return hyphen
    if low in _SUSPENDED or (low in _SUSPENDED_BEFORE_COMPOUND and _compound_follows(rest)):
        return f"{hyphen} "
    return "" if _is_one_word(left, right, before, vocabulary) else hyphen


def _is_one_word(left: str, right: str, before: str, vocabulary: Vocabulary) -> bool:
    if not (left.isalpha() and right.isalpha()):
        return False
    low_left, low_right = left.casefold(), right.casefold()
    whole = vocabulary.count(low_left + low_right)
    hyphenated = vocabulary.count(f"{low_left}-{low_right}")
    if whole or hyphenated:
        return whole >= hyphenated
    capitals = len(left) > 1 and left.isupper() and right.isupper()
    if not (right[0].islower() or capitals):
        return False
    return not (
        before[: -len(left)].endswith(("-", "\u2010"))  # mother-in-law
        or min(len(left), len(right)) == 1
        or low_left == low_right
        or vocabulary.count(f"{low_left} {low_right}")
        or _is_compound(low_left, low_right)
        or (min(len(left), len(right)) >= _LONG_WORD and vocabulary.count(low_left) and vocabulary.count(low_right))
    )


def _is_compound(left: str, right: str) -> bool:
    return (
        right in _NEVER_ENDINGS
        or right in _CLITICS
        or (left in _FIRST_PARTS and right in _SECOND_PARTS)
        or (left in _TENS and right in _UNITS)
    )


def _goes_on_with_hyphen(rest: str) -> bool:
    return rest[:1] in ("-", "\u2010") and rest[1:2].isalnum()


def _compound_follows(rest: str) -> bool:
    words = rest.split(maxsplit=1)
    return bool(words) and any(hyphen in words[0].strip(".,;:") for hyphen in ("-", "\u2010"))


def _last_word(text: str) -> str:
    start = len(text)
    while start and text[start - 1].isalnum():
        start -= 1
    return text[start:]


def _first_word(text: str) -> str:
    end = 0
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[:end]


_SUSPECT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"  # kana and ideographs
)


def clean(text: str) -> str:
    r"""Return the text as it will be stored: every line break a ``\n``, no control characters, no lone surrogates.

    A byte order mark at the start goes too. Nothing else is changed, since spans count the characters stored:
    no Unicode normalisation, no stripping. Cleaning twice is cleaning once.
    """
    if text.isprintable():  # which most lines are, and then hold nothing to clean
        return text
    if _SUSPECT.search(text):
        text = _LINE_BREAK.sub("\n", text)
        text = _CONTROL.sub("", text)
        if _SURROGATE.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.lstrip("\ufeff")


def one_line(text: str) -> str:
    """Return the text cleaned, on one line, with single spaces: a title, a heading, a name."""
    return " ".join(clean(text).split())


def has_control(text: str) -> bool:
    """Say whether the text holds a control character, a tab or line break included."""
    return bool(_SUSPECT.search(text)) or "\n" in text or "\t" in text


def is_unspaced(text: str) -> bool:
    """Say whether most of the text is in a script that is written without spaces."""
    return 2 * len(_UNSPACED.findall(text)) > len(text)


_LOOKED_BACK_AT = 64
"""Characters at the end of a line that decide how the next one is joined to it."""


def glue(left: str, right: str, vocabulary: Vocabulary | None = None) -> str:
    """Join two lines of one paragraph: by a space, except between unspaced scripts and within a word.

    ``vocabulary`` tells how the text writes a word elsewhere that the line's end parts.
    """
    if not left or not right:
        return left + right
    if left[-1] in SOFT_HYPHENS:
        return left[:-1] + right
    if _UNSPACED.match(left[-1]) and _UNSPACED.match(right[0]):
        return left + right
    if is_parted(left, right):
        around = f"{left[-_LOOKED_BACK_AT:]}\n{right[: 2 * _LOOKED_BACK_AT]}"
        joined = join_parted_words(around, vocabulary or Vocabulary(""))
        return left[:-_LOOKED_BACK_AT] + joined + right[2 * _LOOKED_BACK_AT :]
    return f"{left} {right}"


def glued(lines: Iterable[str], vocabulary: Vocabulary | None = None) -> str:
    """Join all lines of one paragraph as ``glue`` does, without copying what is joined already again and again."""
    parts: list[str] = []
    tail = ""
    for line in lines:
        joined = glue(tail, line, vocabulary)
        parts.append(joined[:-_LOOKED_BACK_AT])
        tail = joined[-_LOOKED_BACK_AT:]
    return "".join(parts) + tail

"""Text cleanup: what may stand in a stored text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from searchkit.ingest.hyphenation import SOFT_HYPHENS, Vocabulary, is_parted, join_parted_words

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

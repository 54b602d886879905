"""Near titles: is a text nearly a title? Letters exchanged, a word misspelt, missing, too much, or in another place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from searchkit.index.article_keys import is_run

_FEWEST_IN_COMMON = 4
"""Words that two titles have in common of which one has a word more: "budget" is no way to say "Budget talks"."""

_FEWEST_CHARACTERS = 8
"""The same in a script in which each character is compared as a word."""

_FEWEST_LETTERS = 5
"""Letters of a title of which two may be exchanged, though the archive has the word that comes out."""

_ONE_SLIP, _TWO_SLIPS = 4, 8
"""Letters of a word in which one edit is a slip, and two."""


def is_near_title(typed_words: Sequence[str], title: Sequence[str], is_unknown: Callable[[str], bool]) -> bool:
    """Say whether words, as ``title_words`` gives them, are nearly those of a title.

    ``is_unknown`` says whether the archive lacks a word: a word that it has is meant, and no slip.
    """
    typed, written = "".join(typed_words), "".join(title)
    if Counter(typed) == Counter(written):
        return _is_exchanged(typed, written, is_unknown) or (
            len(typed_words) > 2 and Counter(typed_words) == Counter(title)
        )
    if len(typed_words) == len(title):
        return _is_misspelt(typed_words, title, is_unknown)
    return abs(len(typed_words) - len(title)) == 1 and _has_one_more(typed_words, title)


def _is_exchanged(typed: str, written: str, is_unknown: Callable[[str], bool]) -> bool:
    """Say whether two letters are exchanged, or spaces alone differ."""
    different = sum(first != second for first, second in zip(typed, written, strict=True))
    return different == 0 or (different == 2 and (len(typed) >= _FEWEST_LETTERS or is_unknown(typed)))


def _is_misspelt(typed_words: Sequence[str], title: Sequence[str], is_unknown: Callable[[str], bool]) -> bool:
    """Say whether one word is another, and looks like a slip."""
    different = [pair for pair in zip(typed_words, title, strict=True) if pair[0] != pair[1]]
    if len(different) != 1:
        return False
    typed, written = different[0]
    if is_run(typed) and len(typed) == len(written) == 1:
        return len(title) > _FEWEST_CHARACTERS
    slips = (len(written) >= _ONE_SLIP) + (len(written) >= _TWO_SLIPS)
    return 0 < edits(typed, written) <= slips and not typed.isdecimal() and is_unknown(typed)


def _has_one_more(typed_words: Sequence[str], title: Sequence[str]) -> bool:
    """Say whether one has a word more than the other, wherever it stands."""
    shorter, longer = sorted((typed_words, title), key=len)
    fewest = _FEWEST_CHARACTERS if any(map(is_run, shorter)) else _FEWEST_IN_COMMON
    at = next((place for place, word in enumerate(shorter) if word != longer[place]), len(shorter))
    return len(shorter) >= fewest and list(shorter[at:]) == list(longer[at + 1 :])


def edits(first: str, second: str) -> int:
    """Count the letters to add, take off, change or exchange with the next (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(second) + 1))
    for row, letter in enumerate(first, start=1):
        here = [row]
        for column, theirs in enumerate(second, start=1):
            cost = min(last[column] + 1, here[column - 1] + 1, last[column - 1] + (letter != theirs))
            if row > 1 and column > 1 and letter == second[column - 2] and first[row - 2] == theirs:
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, last = last, here
    return last[-1]

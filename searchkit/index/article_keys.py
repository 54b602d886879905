"""Article keys: the URL and the title of each article in the form in which they are looked up, as sorted hashes.

A key is the CRC-32 of what it stands for, with a letter in front for its kind. Several texts can have one key, so who
finds an article by a key compares its URL or title itself.

*URL*: what leads to the same page is the same (``ingest/url_key.py``). *Title*: its words, folded as those of the text
are, so that case, accents, hyphens and punctuation mean nothing; without the outlet's name behind a bar, too ("Rain |
Harbor Ledger" of the Harbor Ledger). *Letters*: those of the title in the order of the alphabet, which stay the same
where two are exchanged. *Shortened*: the title without one of its words, for each of them, so that a title is found of
which a word is missing, or written wrongly: then both without that word are the same.

A segment with an ``ids.bin`` has them there, as ``keys`` (u4, ascending) and ``key_articles`` (u4, the article's row).
In smaller segments and in those that an earlier version wrote, they are made when a question first needs them.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from searchkit.ingest.url_key import url_key
from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.analysis.normalization import fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchkit.storage.array_file import ArrayFile, ArrayWriter

    Keys = NDArray[np.uint32]
    Numbers = NDArray[np.int64]

KEYS, KEY_ARTICLES = "keys", "key_articles"

LONGEST_TITLE = 40
"""Words of a title, or of a question, that are looked up: a newspaper's longest titles have some 25."""

MOST_ALIKE = 64
"""Articles of one key that are looked at: more have a title such as "Editorial", by which none of them is known."""

_FIRST_IN_RUN = "\u0e00"
"""Scripts that are written without spaces begin at Thai: there each character is a word of its own."""

_JOINERS = str.maketrans("", "", "-'&/.,_`\"")
_BAR = re.compile(r"\s[|·•»–—-]\s")
_SITE = re.compile(r"\s+[|·•»–—-]\s+(?P<site>[^|·•»]+?)\s*$")
_HOST = re.compile(r"(?:www\.)?(?P<name>[\w-]+(?:\.[\w-]+)*?)(?:\.(?:ac|co|com|edu|gov|net|org))?\.[a-z]{2,}")
_ANALYZER = Analyzer()


def title_words(text: str) -> tuple[str, ...]:
    """Return the words of a title as they are compared; of a script without spaces each character."""
    if text.isascii():  # as most are, and every question pays for it
        return tuple([raw if raw.isalnum() else raw.translate(_JOINERS) for raw in _ANALYZER.words(text.lower())])
    words = [word for raw in _ANALYZER.words(text) if (word := word_key(raw))]
    return tuple(part for word in words for part in (word if is_run(word) else (word,)))


def word_key(raw: str) -> str:
    """Return a word as it is compared: folded, without hyphens and apostrophes."""
    return fold(raw).translate(_JOINERS)


def is_run(word: str) -> bool:
    """Say whether a word, as it is compared, is of a script without spaces: then each of its characters is a word."""
    return max(word, default="") >= _FIRST_IN_RUN


def outlet_names(source: str) -> frozenset[str]:
    """Return what an outlet is called, each name as its letters alone: of ``www.harborledger.com`` harborledger too."""
    names = {"".join(title_words(source))}
    if match := _HOST.fullmatch(source.strip().lower()):
        names.add("".join(title_words(match["name"])))
    return frozenset(names - {""})


def outlet_parts(title: str) -> tuple[str, str]:
    """Return a title without what stands behind its last bar or dash, and that; "" where it has none."""
    match = _SITE.search(title) if _BAR.search(title) else None
    return ("", "") if match is None else (title[: match.start()], match["site"])


def without_outlet(title: str, source: str | None) -> str:
    """Return a title without the name of its outlet at its end; "" where it has none there."""
    if not source:
        return ""
    bare, site = outlet_parts(title)
    return bare if site and "".join(title_words(site)) in outlet_names(source) else ""


def keys_of(title: str, url: str | None, source: str | None) -> Iterator[int]:
    """Yield the keys by which an article is looked up."""
    if url and (address := url_key(url)):
        yield _key("u", address)
    for text in (title, without_outlet(title, source)):
        words = title_words(text) if text else ()
        if words and len(words) <= LONGEST_TITLE:
            yield from set(title_keys(words))


def address_key(url: str) -> int:
    """Return the key of a URL."""
    return _key("u", url_key(url))


def title_keys(words: Sequence[str]) -> list[int]:
    """Return the keys of a title: its words, its letters whatever their order, its words without each of them.

    Two titles share one where they are the same, have letters exchanged, or a word is missing, too much or another.
    """
    keys = [_key("t", " ".join(words)), _key("l", "".join(sorted("".join(words))))]
    if len(words) > 1:
        parts = [b" " + word.encode("utf-8", "surrogatepass") for word in words]
        before = crc32(b"t")
        for place, part in enumerate(parts, start=1):
            keys.append(crc32(b"".join(parts[place:]), before))
            before = crc32(part, before)
    return keys


def _key(kind: str, text: str) -> int:
    return crc32(f"{kind} {text}".encode("utf-8", "surrogatepass"))


class ArticleKeysWriter:
    """Takes the keys of articles, in the order of their rows, and writes them in the end."""

    def __init__(self) -> None:
        self._keys, self._articles = array("I"), array("I")
        self._row = 0

    def add(self, title: str, url: str | None, source: str | None) -> None:
        """Take the next article's keys."""
        before = len(self._keys)
        self._keys.extend(keys_of(title, url, source))
        self._articles.extend([self._row] * (len(self._keys) - before))
        self._row += 1

    def arrays(self) -> tuple[Keys, Keys]:
        """Return the keys, ascending, and the row of each one's article."""
        keys, articles = (np.asarray(values, np.uint32) for values in (self._keys, self._articles))
        order = np.argsort(keys, kind="stable")
        return keys[order], articles[order]

    def write(self, writer: ArrayWriter) -> None:
        """Write all. Raises ``StorageError``."""
        for name, values in zip((KEYS, KEY_ARTICLES), self.arrays(), strict=True):
            writer.write(name, 4, values)


class ArticleKeys:
    """The keys of a segment's articles. Safe to share among threads."""

    def __init__(self, keys: Keys, articles: Keys) -> None:
        self.keys, self._articles = keys, articles

    @classmethod
    def of(cls, articles: Iterable[tuple[str, str | None, str | None]]) -> ArticleKeys:
        """Make them of the title, the URL and the source of each article, in the order of the rows."""
        writer = ArticleKeysWriter()
        for article in articles:
            writer.add(*article)
        return cls(*writer.arrays())

    @classmethod
    def read(cls, file: ArrayFile, articles: int) -> ArticleKeys | None:
        """Read those of so many articles; None in a file of a version that had none. Raises ``IndexCorrupt``."""
        if KEYS not in file:
            return None
        keys, rows = file.array(KEYS, 4), file.array(KEY_ARTICLES, 4)
        if len(keys) != len(rows) or (len(rows) and int(rows.max()) >= articles) or bool(np.any(keys[1:] < keys[:-1])):
            raise file.corrupt("the keys of its articles don't fit them")
        return cls(keys, rows)

    def __eq__(self, other: object) -> bool:
        """Say whether both have the same keys of the same articles."""
        if not isinstance(other, ArticleKeys):
            return NotImplemented
        pairs = ((self.keys, other.keys), (self._articles, other._articles))
        return all(np.array_equal(own, others) for own, others in pairs)

    __hash__ = None  # type: ignore[assignment]

    def rows(self, keys: Sequence[int]) -> list[int]:
        """Return the rows, ascending, of the articles that have any of some keys, but for keys that very many have."""
        if not len(self.keys):
            return []
        wanted = np.asarray(keys, np.uint32)
        first = self.keys.searchsorted(wanted)
        held = self.keys.take(first, mode="clip") == wanted
        if not held.any():
            return []
        rows: set[int] = set()
        for key, start in zip(wanted[held].tolist(), first[held].tolist(), strict=True):
            end = int(np.searchsorted(self.keys, key, side="right"))
            if end - start <= MOST_ALIKE:
                rows.update(self._articles[start:end].tolist())
        return sorted(rows)

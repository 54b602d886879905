"""Indexed text: title, section heading and chunk as both retrievers see them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from searchkit.ingest.sentences import last_cluster_end
from searchkit.types import Article, Chunk

TITLE_BYTES = 240
HEADING_BYTES = 120
"""How much of a title and of a heading an encoder is given, in bytes of UTF-8.

Bytes, since they follow the number of tokens over all scripts better than characters: 240 bytes are some 40 English
words or 80 Chinese characters, 50 to 80 tokens, more than a newspaper's title ever has. The bound leaves the text of
the chunk its place before the encoder's limit, however long a title is; the keyword retriever sees all of it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedText:
    """The text of a chunk as it is searched. The keyword retriever gets the three parts, the encoder ``joined``."""

    title: str
    heading: str
    text: str

    @property
    def joined(self) -> str:
        """The title, the heading and the text, a line each, empty parts left out, long headers shortened."""
        return "\n".join(part for part in (header(self.title, self.heading), self.text) if part)


def compose(article: Article, chunk: Chunk) -> SearchedText:
    """Return what both retrievers see of the chunk: the one place where it is decided."""
    return SearchedText(title=article.title.strip(), heading=chunk.heading.strip(), text=chunk.text)


def words_of_field(article: Article, name: str) -> str:
    """Return the words of a searchable field, a line for each of its values; only the keyword retriever sees them."""
    value = article.fields.get(name)
    items = value if isinstance(value, tuple) else () if value is None else (value,)
    return "\n".join(str(item) for item in items)


def field_term(field: str, term: str) -> str:
    """Return the term of a word within an article's own field; the words of texts have no colon in them."""
    return f"{field}:{term}"


def is_field_term(term: str) -> bool:
    """Say whether a term is one of a word within a field."""
    return ":" in term


@lru_cache(maxsize=64)
def header(title: str, heading: str) -> str:
    """Return the lines that stand before a chunk's text for the encoder: the title and the heading, shortened.

    Those of the last few articles are remembered: every chunk asks.
    """
    parts = (_shortened(title.strip(), TITLE_BYTES), _shortened(heading.strip(), HEADING_BYTES))
    return "\n".join(part for part in parts if part)


def _shortened(text: str, limit: int) -> str:
    """Return the longest beginning of at most ``limit`` bytes, cut between words, or between graphemes in the first."""
    if len(text) * 4 <= limit or len(text.encode("utf-8", "replace")) <= limit:
        return text
    length = sum(size <= limit for size in accumulate(map(_width, text[:limit])))
    if text[length].isspace() or text[length - 1].isspace():
        return text[:length].rstrip()
    words = text[:length].rsplit(maxsplit=1)
    return words[0] if len(words) > 1 else text[: last_cluster_end(text, 0, length)]


def _width(character: str) -> int:
    return len(character.encode("utf-8", "replace"))

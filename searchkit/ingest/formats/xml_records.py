"""XML records: the elements of a long file one after the other, whatever entities it declares."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from searchkit.ingest.charset import LONGEST, NotText

_DEEPEST = 100
"""Elements within each other: an export has six."""
_BLOCK = 2**16


def xml_records(stream: BinaryIO, names: frozenset[str]) -> Iterator[tuple[Element, int]]:
    """Yield the elements of some names with the lines where they begin; prefixes stay in names: ``wp:status``.

    An element outside the records is yielded for itself where its name is asked for. Entities that the file declares
    aren't expanded, nothing is fetched, and what is nested too deeply or too long is refused: raises ``NotText``, as
    for XML that isn't well-formed, after the records that came before.
    """
    reader = _Reader(names)
    while True:
        data = stream.read(_BLOCK)
        try:
            reader.parser.Parse(data, not data)
        except expat.ExpatError as error:
            yield from reader.take()
            message = expat.errors.messages[error.code]
            raise NotText(f"isn't valid XML: {message} at line {error.lineno}; what follows wasn't read") from error
        except NotText:
            yield from reader.take()
            raise
        yield from reader.take()
        if not data:
            return


class _Reader:
    """Builds the records of what a parser reports."""

    def __init__(self, names: frozenset[str]) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._skipped
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._names = names
        self._builder: TreeBuilder | None = None
        self._within = self._depth = self._length = self._line = 0
        self._ready: list[tuple[Element, int]] = []

    def take(self) -> list[tuple[Element, int]]:
        ready, self._ready = self._ready, []
        return ready

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotText(f"nests more than {_DEEPEST} elements within each other, as no export does")
        if self._builder is None and name in self._names:
            self._builder, self._length, self._line = TreeBuilder(), 0, self.parser.CurrentLineNumber
        if self._builder is not None:
            self._within += 1
            self._builder.start(name, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._builder is None:
            return
        self._builder.end(name)
        self._within -= 1
        if self._within == 0:
            self._ready.append((self._builder.close(), self._line))
            self._builder = None

    def _data(self, text: str) -> None:
        if self._builder is None:
            return
        self._length += len(text)
        if self._length > LONGEST:
            raise NotText(f"has an element of more than {LONGEST // 2**20} MiB at line {self._line}")
        self._builder.data(text)

    def _entity(self, name: str, *_: object) -> None:
        raise NotText(f"declares an entity of its own ({name[:40]}), as no export does")

    def _skipped(self, name: str, is_parameter: bool) -> None:
        if self._builder is not None and not is_parameter:
            self._builder.data(html.unescape(f"&{name};"))

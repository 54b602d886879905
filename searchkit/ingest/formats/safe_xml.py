"""Safe XML: an XML file as a tree, without entities, network or unbounded depth; and the text in it."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

from searchkit.ingest.charset import NotText
from searchkit.ingest.text_cleanup import clean, one_line

_LONGEST_REASON = 200
_BREAKS = frozenset({"br", "lb", "line-break", "tab"})
"""Elements that stand for white space."""


def parse_xml(data: bytes | str) -> Any:
    """Return the root of an XML document. What is damaged is read as far as it goes.

    Entities that the document defines stay unexpanded, external ones aren't fetched; the parser takes 256 levels.

    Raises ``NotText`` where it is no XML, or too hostile to be read.
    """
    from lxml import etree

    options: Any = {"resolve_entities": False, "no_network": True, "load_dtd": False, "remove_comments": True}
    source = data.encode() if isinstance(data, str) else data.lstrip()
    try:
        return etree.fromstring(source, etree.XMLParser(**options, remove_pis=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        if "depth" in str(error) or "amplification" in str(error).lower() or "entity" in str(error).lower():
            raise NotText(f"is no XML that can be read: {one_line(str(error))[:_LONGEST_REASON]}") from error
        root = etree.fromstring(source, etree.XMLParser(**options, remove_pis=True, recover=True))
        if root is None or not len(root):
            raise NotText(f"is no XML that can be read: {one_line(str(error))[:_LONGEST_REASON]}") from error
        return root


def name(element: Any) -> str:
    """Return an element's name without its namespace; an entity's or a comment's is empty."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def without_namespaces(root: Any) -> Any:
    """Return a tree in which names have no namespace: ``dc:title`` is ``title``, ``xml:lang`` is ``lang``."""
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        # What was damaged may have a name that none can be given.
        with suppress(ValueError):
            element.tag = name(element)
        for key, value in element.items():
            if key.startswith("{"):
                del element.attrib[key]
                element.attrib[key.rpartition("}")[2]] = value
    return root


def pieces(element: Any, unseen: Collection[str] = ()) -> Iterator[str]:
    """Yield the texts in an element in their order, but not those of elements with the names ``unseen``."""
    yield element.text or ""
    for child in element:
        if not isinstance(child.tag, str):
            yield _entity(child)
        elif name(child) in _BREAKS:
            yield "\n"
        elif name(child) not in unseen:
            yield from pieces(child, unseen)
        yield child.tail or ""


def _entity(node: Any) -> str:
    """Return the character that an entity of HTML stands for; any other stands for nothing."""
    reference = str(node.text or "")
    text = html.unescape(reference)
    return text if text != reference else ""


def words(element: Any, unseen: Collection[str] = ()) -> str:
    """Return the text in an element on one line."""
    return one_line(clean("".join(pieces(element, unseen))))

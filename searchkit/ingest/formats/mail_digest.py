"""Digests of mailing lists: the messages in a ``multipart/digest`` (RFC 2046, 5.1.5), or in one text (RFC 1153)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

_PREAMBLE_END = re.compile(r"^-{70}[ \t]*\n\s*\n", re.MULTILINE)
_SEPARATOR = re.compile(r"\n[ \t]*\n-{30}[ \t]*\n\s*\n")
_HEADERS = re.compile(r"\s*(?:[!-9;-~]+:[^\n]*\n(?:[ \t]+\S[^\n]*\n)*)+[ \t]*(?:\n|\Z)")
_FROM = re.compile(r"^From:[ \t]*\S", re.MULTILINE | re.IGNORECASE)
_DATE_OR_SUBJECT = re.compile(r"^(?:Date|Subject):", re.MULTILINE | re.IGNORECASE)
_END = re.compile(r"\s*(?:Subject:[^\n]*Digest Footer|End of .{0,200}Digest)", re.IGNORECASE)
_FOOTER = re.compile(r"(?<=\S)\s*+(?<=\n)End of [^\n]{0,200}Digest[^\n]*\n\*{4,}\s*+\Z", re.IGNORECASE)
_MOST_PARTS = 10_000


def messages_of_parts(message: Message) -> list[Message]:
    """Return the messages in the digests among a message's parts; none where it has no digest.

    What is attached to those is theirs.
    """
    messages: list[Message] = []
    waiting = [message]
    while waiting and len(messages) < _MOST_PARTS:
        part = waiting.pop()
        inner = part.get_payload()
        if part.get_content_maintype() != "multipart" or not isinstance(inner, list):
            continue
        parts = [each for each in inner if isinstance(each, Message)]
        if part.get_content_type() == "multipart/digest":
            messages += [held for each in parts if (held := _held(each)) is not None]
        else:
            waiting.extend(reversed(parts))
    return messages


def _held(part: Message) -> Message | None:
    """Return the message that a part of a digest is."""
    inner = part.get_payload()
    if part.get_content_maintype() != "message" or not isinstance(inner, list) or not inner:
        return None
    return inner[0] if isinstance(inner[0], Message) else None


def messages_of_text(text: str) -> list[Message]:
    """Return the messages of a text that is a digest; none where it isn't.

    Behind a list of topics and a line of 70 hyphens come the messages, each with headers, with a line of 30 between
    them.
    """
    text = text.replace("\r\n", "\n")
    preamble = _PREAMBLE_END.search(text)
    if preamble is None:
        return []
    parts = list(_parts(_FOOTER.sub("\n", text[preamble.end() :])))
    return [_message(part) for part in parts] if parts and all(map(_is_message, parts)) else []


def _parts(text: str) -> Iterator[str]:
    """Yield the messages of a digest; a line of hyphens without headers behind it belongs to the message before."""
    part = ""
    for each in _SEPARATOR.split(text):
        if _END.match(each):
            break
        if part and _is_message(each):
            yield part
            part = each
        else:
            part = f"{part}\n\n{each}" if part else each
    if part.strip():
        yield part


def _is_message(text: str) -> bool:
    headers = _HEADERS.match(text)
    return headers is not None and bool(_FROM.search(headers[0]) and _DATE_OR_SUBJECT.search(headers[0]))


def _message(text: str) -> Message:
    message = BytesParser(policy=compat32).parsebytes(text.lstrip().encode("utf-8", "replace"))
    # Its headers are those of before it was put into this text.
    kind = "text/html" if message.get_content_type() == "text/html" else "text/plain"
    del message["Content-Type"], message["Content-Transfer-Encoding"]
    message["Content-Type"] = f"{kind}; charset=utf-8"
    return message

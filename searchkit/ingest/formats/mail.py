"""E-mail: newsletters and messages of .eml files, mboxes and Maildir folders; pages saved as MHTML."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import replace
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses
from typing import BinaryIO

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import LONGEST, NotText, decode
from searchkit.ingest.dates import parse_dated
from searchkit.ingest.formats.export_fields import instant
from searchkit.ingest.formats.html import decode_page, parse_page
from searchkit.ingest.formats.html_fragment import field_text
from searchkit.ingest.formats.mail_digest import messages_of_parts, messages_of_text
from searchkit.ingest.formats.plain_text import parse_plain
from searchkit.ingest.rows import Rows
from searchkit.ingest.text_cleanup import clean, one_line
from searchkit.types import Article, Problem, Section

_FROM_LINE = re.compile(rb"From [^\r\n]{0,300}\d{4}[^\r\n]{0,40}\r?\n")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>?From ")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
_SAVED_PAGE = re.compile(r"saved by|internet explorer", re.IGNORECASE)
_LIST_NAME = re.compile(r"(?P<name>[^<]*)<(?P<id>[^<>]+)>")
_DIGEST = re.compile(rb"\bdigest\b", re.IGNORECASE)
_UNREADABLE = (MessageError, RecursionError, ValueError, LookupError, AttributeError, TypeError)
_MOST_PARTS = 1000
_DEEPEST = 8
"""Messages in one another that are read."""
_LONGEST_TITLE = 200
_LONGEST_HEADER = 20_000
"""Characters of a header that are looked at: encoded words are told by a pattern that long nonsense makes slow."""


def read_mbox(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each message of an mbox.

    A message begins where a line ``From …`` with a year stands behind an empty one and a header follows; in the text
    such lines are quoted (``>From``). What a message says of its length isn't believed: it is often wrong.

    Raises whatever the stream raises, after the articles that came before.
    """
    for line, sent, data in _messages(stream):
        if data is None:
            yield rows.problem(f"a message is longer than {LONGEST // 2**20} MiB", line)
            continue
        try:
            digest = read_digest(data, rows, line)
            draft = parse_mail(data) if digest is None else None
        except NotText as error:
            yield rows.problem(f"a message {error}", line)
        else:
            yield from digest or ()
            yield from rows.add(_sent_at(draft, sent), line=line, part=str(line)) if draft else ()
    yield from rows.end()


def _sent_at(draft: ParsedArticle, from_line: bytes) -> ParsedArticle:
    """Return a message; one without a date is of the time in the line ``From …`` that it begins with."""
    time = from_line.split(b" ", 2)[-1].decode("ascii", "replace").strip()
    moment = None if draft.values.get("published") else parse_dated(time)
    if moment is None or not moment.timestamp():  # 1970 stands for no time
        return draft
    return replace(draft, values={**draft.values, "published": moment})


def _messages(stream: BinaryIO) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Yield each message of an mbox, the line that it begins at and what stands there; None for one too long."""
    lines: list[bytes] = []
    begun = number = length = 0
    before = b"\n"
    from_line = b""
    pending: bytes | None = None
    for line in iter(lambda: stream.readline(2**20), b""):
        number += before.endswith(b"\n")
        if pending is not None and _HEADER.match(line):
            if begun:
                yield begun, from_line, _unquoted(lines, length)
            lines, length, begun, from_line = [], 0, number - 1, pending
        elif pending is not None:
            lines.append(pending)
        pending = line if not before.strip() and _FROM_LINE.fullmatch(line) else None
        if pending is None:
            length += len(line)
            lines.append(line) if length <= LONGEST else lines.clear()
        before = line
    if begun:
        yield begun, from_line, _unquoted(lines, length)


def _unquoted(lines: list[bytes], length: int) -> bytes | None:
    return _QUOTED_FROM.sub(rb"\1", b"".join(lines)) if length <= LONGEST else None


def read_digest(data: bytes, rows: Rows, line: int | None = None) -> Iterator[Article | Problem] | None:
    """Return the articles of a digest of a mailing list, one for each message; None where a message is none.

    ``line`` is where it begins in an mbox. Raises ``NotText`` where it can't be read.
    """
    if _DIGEST.search(data) is None:
        return None
    message = _message(data)
    inner = messages_of_parts(message)
    if not inner:
        texts = [part for part in _parts(message) if part.get_content_type() == "text/plain"]
        inner = messages_of_text(_text_of(texts[0], {})) if texts else []
    return _of_digest(message, inner, rows, line) if inner else None


def _of_digest(digest: Message, inner: list[Message], rows: Rows, line: int | None) -> Iterator[Article | Problem]:
    source = _list_name(_header(digest, "list-id"))
    for number, message in enumerate(inner, start=1):
        part = str(number) if line is None else f"{line}.{number}"
        try:
            draft = _parsed(message)
        except NotText as error:
            yield rows.problem(f"message {number} of a digest {error}", line)
            continue
        yield from rows.add(replace(draft, values={"source": source, **draft.values}), line=line, part=part)
    messages = f"{len(inner):,} message{'s' if inner[1:] else ''}"
    yield rows.problem(f"is a digest of {messages}, each an article; its list of topics isn't read", line, lost=False)


def parse_mail(data: bytes) -> ParsedArticle:
    """Return a message: its HTML part as the newsletter that it is, or else its plain text; of MHTML the page.

    The messages that it forwards are sections of its text, and counted. A digest is read by ``read_digest``.

    Raises ``NotText`` where it has no text.
    """
    return _parsed(_message(data))


def _message(data: bytes) -> Message:
    try:
        message = BytesParser(policy=compat32).parsebytes(data.lstrip(b"\xef\xbb\xbf\r\n"))
        _parts(message)
    except _UNREADABLE as error:
        raise NotText(f"is no e-mail that can be read: {error}"[:200]) from error
    return message


def _parsed(message: Message) -> ParsedArticle:
    parts = _parts(message)
    texts = [part for part in parts if _is_text(part)]
    notes: dict[str, None] = {}
    subject = _header(message, "subject")
    saved = message.get("Snapshot-Content-Location") or _SAVED_PAGE.search(_header(message, "from"))
    page = _page(texts, notes) if saved else None
    draft = page or _with_inner(_letter(texts, subject, notes), parts, notes)
    title = (draft.values.get("title") or subject) if page else subject
    if not draft.values.get("text") and not title:
        why = f" ({', '.join(notes)})" if notes else ""
        raise NotText(f"has neither a subject nor a text{why}")
    values = _saved(message, texts) if page else _envelope(message, parts, texts)
    known = {name: value for name, value in draft.values.items() if value}
    return ParsedArticle(
        values={**values, **known, "title": title}, sections=draft.sections, notes=(*notes, *draft.notes)
    )


def _saved(message: Message, texts: list[Message]) -> dict[str, object]:
    """Return where and when a page was saved."""
    locations = [message.get("Snapshot-Content-Location"), *(part.get("Content-Location") for part in texts)]
    url = next((str(location) for location in locations if location), "")
    return {"url": one_line(url), "saved": instant(_header(message, "date"))}


def _parts(message: Message) -> list[Message]:
    """Return the parts of a message that hold something, those of attached messages aside."""
    parts: list[Message] = []
    waiting = [message]
    while waiting and len(parts) < _MOST_PARTS:
        part = waiting.pop()
        inner = part.get_payload()
        if isinstance(inner, list) and part.get_content_maintype() == "multipart":
            waiting.extend(reversed([each for each in inner if isinstance(each, Message)]))
        else:
            parts.append(part)
    return parts


def _is_text(part: Message) -> bool:
    if part.get_content_disposition() == "attachment":
        return False
    return part.get_content_type() in ("text/html", "text/plain", "application/xhtml+xml")


def _letter(texts: list[Message], subject: str, notes: dict[str, None]) -> ParsedArticle:
    """Return the HTML parts of a message where they say something, or else the plain ones."""
    pages = [_text_of(part, notes) for part in texts if part.get_content_type() != "text/plain"]
    if pages:
        # In a newsletter all is article; what a page's extractor leaves out is as likely its body as its rim.
        shown = field_text(f"<div>{clean(chr(10).join(pages))}</div>")
        text = clean(shown.text)
        if text.strip():
            sections = (shown.sections or ()) if text == shown.text else ()
            return ParsedArticle(values={"text": text}, sections=sections)
    plain = "\n\n".join(_text_of(part, notes).strip() for part in texts if part.get_content_type() == "text/plain")
    if not plain.strip():
        return ParsedArticle(values={}, sections=())
    # The subject stands where plain text has its title.
    draft = parse_plain(f"{subject[:_LONGEST_TITLE] or 'Mail'}\n\n{plain}")
    return ParsedArticle(values={"text": draft.values["text"]}, sections=draft.sections)


def _with_inner(draft: ParsedArticle, parts: list[Message], notes: dict[str, None]) -> ParsedArticle:
    """Return a message with those that are attached to it behind its own text, a section for each."""
    text = str(draft.values.get("text") or "")
    sections = [*(draft.sections or ((Section(heading="", start=0, end=len(text)),) if text else ()))]
    inner = [letter for part in parts for letter in _inner_letters(part, notes, 1)]
    for subject, body in inner:
        heading = subject or "Mail"
        text += f"\n\n{heading}\n\n" if text else f"{heading}\n\n"
        sections.append(Section(heading=heading, start=len(text), end=len(text) + len(body)))
        text += body
    if not inner:
        return draft
    of_text = f"{len(inner):,} message{'s' if inner[1:] else ''}"
    notes[f"holds {of_text}, which became part of its text"] = None
    return ParsedArticle(values={**draft.values, "text": text}, sections=tuple(sections))


def _inner_letters(part: Message, notes: dict[str, None], depth: int) -> Iterator[tuple[str, str]]:
    """Yield subject and text of the message that a part is, and of those within it."""
    payload = part.get_payload() if part.get_content_type() == "message/rfc822" else None
    inner = payload[0] if isinstance(payload, list) and payload else None
    if not isinstance(inner, Message):
        return
    if depth > _DEEPEST:
        notes[f"holds messages in one another, more than {_DEEPEST} deep, which weren't read"] = None
        return
    parts = _parts(inner)
    subject = _header(inner, "subject")
    text = str(_letter([each for each in parts if _is_text(each)], subject, notes).values.get("text") or "")
    if text:
        yield subject, text
    for each in parts:
        yield from _inner_letters(each, notes, depth + 1)


def _page(texts: list[Message], notes: dict[str, None]) -> ParsedArticle | None:
    """Return the page of MHTML: its first HTML part, behind which stand frames; None where it has none.

    Raises ``NotText``.
    """
    for part in texts:
        if part.get_content_type() != "text/plain":
            text, note = decode_page(_bytes_of(part, notes), part.get_content_charset())
            notes.update({note: None} if note else {})
            return parse_page(text)
    return None


def _text_of(part: Message, notes: dict[str, None]) -> str:
    """Return a part's text; what can't be one is noted."""
    data = _bytes_of(part, notes)
    declared = part.get_content_charset() or ""
    # These write all their characters in ASCII's, and so are valid UTF-8.
    if declared.startswith(("iso-2022", "hz", "utf-7")):
        try:
            return data.decode(declared, "replace")
        except LookupError:
            pass
    try:
        decoded = decode(data, declared or None)
    except NotText as error:
        notes[f"a part is {error}"] = None
        return ""
    notes.update({decoded.note: None} if decoded.note else {})
    return decoded.text


def _bytes_of(part: Message, notes: dict[str, None]) -> bytes:
    payload = part.get_payload(decode=True)
    if part.defects:
        defects = ", ".join(sorted({type(each).__name__ for each in part.defects}))
        notes[f"a part is damaged and was repaired ({defects})"] = None
    return payload if isinstance(payload, bytes) else b""


def _envelope(message: Message, parts: list[Message], texts: list[Message]) -> dict[str, object]:
    """Return what a message's headers tell."""
    ids = _MESSAGE_ID.findall(_raw(message, "message-id"))
    before = _MESSAGE_ID.findall(f"{_raw(message, 'references')} {_raw(message, 'in-reply-to')}")
    date = _header(message, "date") or _raw(message, "received").rpartition(";")[2].strip()
    tags = [tag for name in ("keywords", "x-gmail-labels") for tag in _header(message, name).split(",") if tag.strip()]
    own = ids[0] if ids else ""
    values: dict[str, object] = {
        "id": own,
        "authors": _names(_raw(message, "from")),
        "published": date,
        "source": _list_name(_header(message, "list-id")),
        "language": _header(message, "content-language").partition(",")[0],
        "tags": [tag.strip() for tag in tags],
        "thread": before[0] if before else own,
        "attachments": [name for part in parts if part not in texts and (name := _file_name(part))],
    }
    return {name: value for name, value in values.items() if value}


def _names(header: str) -> list[str]:
    """Return the names in a list of senders, an address where there is none."""
    return [shown for name, address in getaddresses([header]) if (shown := _decoded(name) or address)]


def _list_name(header: str) -> str:
    match = _LIST_NAME.fullmatch(header)
    return (match["name"].strip(' "') or match["id"]) if match else header


def _file_name(part: Message) -> str:
    """Return the name of an attachment; a picture without one belongs to the text."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return _header(inner[0], "subject") if isinstance(inner, list) and isinstance(inner[0], Message) else ""
    return _decoded(part.get_filename() or "")


def _header(message: Message, name: str) -> str:
    return _decoded(_raw(message, name))


def _raw(message: Message, name: str) -> str:
    """Return the first header of a name on one line; bytes that are no ASCII are read as text."""
    value = next((value for key, value in message.raw_items() if key.lower() == name), "")
    text = str(value)[:_LONGEST_HEADER]
    if not text.isascii():
        try:
            text = decode(text.encode("utf-8", "surrogateescape")).text
        except NotText:
            text = text.encode("utf-8", "replace").decode()
    return one_line(text)


def _decoded(text: str) -> str:
    """Return a header with its encoded words (RFC 2047) as text; one that is broken stays as it is."""
    if "=?" not in text:
        return one_line(text)
    try:
        pieces = decode_header(text)
    except (MessageError, binascii.Error, ValueError):
        return one_line(text)
    return one_line("".join(_piece(piece, charset) for piece, charset in pieces))


def _piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    try:
        return piece.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        try:
            return decode(piece, charset).text
        except NotText:
            return piece.decode("utf-8", "replace")

"""WARC and ARC: an article for the newest capture of each page in a web archive.

Records are found and cut out here, so that a damaged one costs none behind it; warcio takes them apart. A file is read
twice: first to learn which capture of a URL is the newest, of which a digest and a number are remembered, then to read
those. A stream that can't go back is read once, and has all captures in their order.
"""

from __future__ import annotations

import io
import logging
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, BinaryIO

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.charset import LONGEST, NotText, decode
from searchkit.ingest.compression import DAMAGE, HEAD, buffered, compression_of, explain, read_whole
from searchkit.ingest.damage import reason_of
from searchkit.ingest.formats.html import decode_page, parse_page
from searchkit.ingest.formats.plain_text import parse_plain
from searchkit.ingest.local_copies import host_of
from searchkit.ingest.read_ahead import Begun, ParsedPage, Unread, entries_ahead
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_START = re.compile(
    rb"WARC/\d\.\d{1,2}\s*$|filedesc://|[a-z][a-z0-9+.-]{1,15}:[^\r\n]* \S+ \d{8,14} \S+ \d+\s*$", re.IGNORECASE
)
_START_WITHIN = re.compile(rb"\r?\n\r?\nWARC/[01]\.\d{1,2}\r?\n(?=[A-Za-z-]+: )")
_ROBOTS = re.compile(r"https?://[^/]*/robots\.txt(?:[?#].*)?", re.IGNORECASE)
_LONGEST_HEAD = 2**20
_LONGEST_LINE = 2**16
_LOOKED_AT = 2**12
_GZIP = b"\x1f\x8b\x08"
_BLOCK = 2**20

_OF_PAGES = ("response", "resource", "conversion")
_PAGE_TYPES = {"text/html": "captured page", "application/xhtml+xml": "captured page", "text/plain": "captured text"}
_KINDS = (
    (re.compile(r"image/"), "picture"),
    (re.compile(r"text/css"), "style sheet"),
    (re.compile(r".*javascript|.*ecmascript"), "script"),
    (re.compile(r"(?:audio|video)/"), "recording or video"),
    (re.compile(r".*font"), "font"),
    (re.compile(r".*json"), "JSON response"),
    (re.compile(r".*xml"), "XML response"),
    (re.compile(r"application/pdf"), "PDF"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A record as it stands in the file: where, its head and its body; ``None`` where that is too long to be read."""

    offset: int
    head: bytes
    body: bytes | None
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Damage:
    """What is wrong at a place of the file, and whether a record is lost by it."""

    offset: int
    reason: str
    is_lost: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Capture:
    """A page as it was captured; ``parsed`` is warcio's record."""

    url: str
    date: str
    form: str
    charset: str | None
    record: _Record
    parsed: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page to become an article, and what a helper makes of it."""

    url: str
    offset: int
    values: Mapping[str, object]
    form: str
    charset: str | None
    data: bytes
    parsed: ParsedPage | None


def read_warc(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each page or text of a WARC or ARC file, compressed or not, that was there (status 200).

    Of several captures of a URL the newest is read. What holds no article is counted by kind in a note; a record that
    is damaged is a problem. Raises whatever the stream raises on the first reading.
    """
    logging.getLogger("warcio.recordloader").addHandler(logging.NullHandler())
    counts: Counter[str] = Counter()
    chosen = _newest(stream, counts) if stream.seekable() else None
    without_text: Counter[str] = Counter()
    yield from entries_ahead(_parts(stream, chosen, counts, without_text, rows), rows.parser)
    if counts := counts + without_text:
        kinds = ", ".join(f"{count:,} {_plural(kind, count)}" for kind, count in counts.most_common())
        yield rows.problem(f"has records that hold no article: {kinds}", None, lost=False)
    yield from rows.end()


def _parts(
    stream: BinaryIO, chosen: set[int] | None, counts: Counter[str], without_text: Counter[str], rows: Rows
) -> Iterator[Begun]:
    """Yield the pages of a file, whose parsing has begun, and what is damaged. Counts what else there is."""
    for number, record in enumerate(_records(stream)):
        if isinstance(record, _Damage):
            yield Begun(entries=[_problem(record, rows)])
        elif chosen is None or number in chosen:
            capture = _capture(record)
            if isinstance(capture, _Damage):
                yield Begun(entries=[_problem(capture, rows)])
            elif isinstance(capture, str):
                counts.update([capture] if capture else [])
            else:
                yield _begun(capture, rows, without_text)


def _problem(damage: _Damage, rows: Rows) -> Problem:
    return rows.problem(f"at byte {damage.offset:,} {damage.reason}", None, lost=damage.is_lost)


def _plural(kind: str, count: int) -> str:
    if count == 1:
        return kind
    first, _, rest = kind.partition(" of ") if " of " in kind else kind.partition(" without ")
    return f"{first}s{kind[len(first) :]}" if rest else f"{kind}s"


def _newest(stream: BinaryIO, counts: Counter[str]) -> set[int]:
    """Return the numbers of the records to be read, count what others hold, and go back to the beginning.

    They are the newest capture of each URL, and what is damaged. A capture that is cut short counts only where there is
    no other.
    """
    newest: dict[bytes, tuple[str, int]] = {}
    damaged: list[int] = []
    captures = 0
    for number, record in enumerate(_records(stream)):
        capture = _capture(record) if isinstance(record, _Record) else ""
        if isinstance(capture, _Capture):
            captures += 1
            key = blake2b(capture.url.encode("utf-8", "replace"), digest_size=8).digest()
            newest[key] = max(newest.get(key, ("", -1)), (capture.date if capture.record.is_whole else "", number))
        elif isinstance(capture, _Damage):
            damaged.append(number)
        elif capture:
            counts[capture] += 1
    if captures > len(newest):
        counts["older capture of a page"] = captures - len(newest)
    stream.seek(0)
    return {number for _, number in newest.values()} | set(damaged)


# What a record holds


def _capture(record: _Record) -> _Capture | _Damage | str:
    """Return the page that a record holds, or which kind of thing it holds instead; "" for what is no response."""
    from warcio.exceptions import ArchiveLoadFailed
    from warcio.recordloader import ArcWarcRecordLoader

    if record.body is None:
        return f"record of more than {LONGEST // 2**20} MiB"
    try:
        loader = ArcWarcRecordLoader(verify_http=False, arc2warc=True)
        parsed = loader.parse_record_stream(io.BytesIO(record.head + record.body))
    except (ArchiveLoadFailed, ValueError, TypeError, AttributeError, IndexError, EOFError) as error:
        return _Damage(
            offset=record.offset, reason=f"a record's headers can't be read ({error or 'they end early'})"[:200]
        )
    if parsed.rec_type == "revisit":
        return "revisit of an unchanged page"
    if parsed.rec_type not in _OF_PAGES:
        return ""
    url = (parsed.rec_headers.get_header("WARC-Target-URI") or "").strip("<> ")
    if not url.startswith(("http:", "https:", "urn:", "file:")):
        return ""
    http = parsed.http_headers
    kind = _kind(url, http.get_statuscode() if http is not None else "200")
    if kind:
        return kind
    content_type = http.get_header("Content-Type") if http is not None else parsed.content_type
    media_type, charset = _content_type(content_type or "")
    form = _PAGE_TYPES.get(media_type or "text/html")
    if form is None:
        return next((name for pattern, name in _KINDS if pattern.match(media_type)), "response of another kind")
    date = parsed.rec_headers.get_header("WARC-Date") or ""
    return _Capture(url=url, date=date, form=form, charset=charset, record=record, parsed=parsed)


def _kind(url: str, status: str | None) -> str:
    """Return what a response is by its status and URL, "" where it may be a page."""
    if status and status.startswith("3"):
        return "redirect"
    if status != "200":
        return "response of another status than 200"
    return "robots.txt" if _ROBOTS.fullmatch(url) else ""


def _content_type(value: str) -> tuple[str, str | None]:
    """Return the media type that a header names, and the character set."""
    media_type, _, rest = value.partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", rest, re.IGNORECASE)
    return media_type.strip().lower(), charset[1] if charset else None


def _begun(capture: _Capture, rows: Rows, without_text: Counter[str]) -> Begun:
    offset = capture.record.offset
    try:
        data = _body(capture.parsed)
    except (*DAMAGE, ValueError) as error:
        return Begun(entries=[rows.problem(f"{capture.url}, at byte {offset:,}: {explain(error)}", None)])
    record_id = (capture.parsed.rec_headers.get_header("WARC-Record-ID") or "").strip("<> ")
    page = _Page(
        url=capture.url,
        offset=offset,
        values={
            "captured": capture.date,
            "warc_offset": offset,
            "warc_record_id": record_id if _is_warc(capture) else None,
        },
        form=capture.form,
        charset=capture.charset,
        data=data,
        parsed=rows.parser.begin_page(capture.form, data, capture.charset) if rows.parser else None,
    )
    return Begun(entries=_article(page, rows, without_text), size=len(data))


def _article(page: _Page, rows: Rows, without_text: Counter[str]) -> Iterator[Article | Problem]:
    draft = _draft(page)
    if isinstance(draft, Unread):
        if draft.has_no_text:
            without_text["page without readable text"] += 1
        else:
            yield rows.problem(f"{page.url}, at byte {page.offset:,}: {draft.reason}", None)
        return
    values = {
        **draft.values,
        "id": page.url,
        "url": draft.values.get("url") or page.url,
        "source": draft.values.get("source") or host_of(page.url),
        **page.values,
    }
    yield from rows.add(ParsedArticle(values=values, sections=draft.sections, notes=draft.notes))


def _draft(page: _Page) -> ParsedArticle | Unread:
    """Return what a helper made of a page, or what it is here. Raises as ``damage.reason_of``."""
    parsed = None if page.parsed is None else page.parsed.result()
    if parsed is not None:
        return parsed
    try:
        return parse_captured(page.form, page.data, page.charset)
    except NotText as error:
        return Unread(reason=str(error), has_no_text=True)
    except Exception as error:
        return Unread(reason=reason_of(error), has_no_text=False)


def _is_warc(capture: _Capture) -> bool:
    """Say whether a record has an id of its own: those of ARC are made up on reading."""
    return capture.record.head.startswith(b"WARC/")


def parse_captured(form: str, data: bytes, charset: str | None) -> ParsedArticle:
    """Return the article of a response, which says its character set. Raises ``NotText`` where it has no text."""
    if not data.strip():
        raise NotText("is empty")
    if form == "captured text":
        return parse_plain(decode(data, charset).text)
    text, _ = decode_page(data, charset)
    return parse_page(text)


def _body(parsed: Any) -> bytes:
    """Return a response's content, its chunks joined and decompressed. Raises any of ``DAMAGE`` and ``ValueError``."""
    from warcio.bufferedreaders import ChunkedDataReader

    http = parsed.http_headers
    if http is None:
        return read_whole(parsed.raw_stream, LONGEST)
    chunked = (http.get_header("Transfer-Encoding") or "").strip().lower() == "chunked"
    data = read_whole(ChunkedDataReader(parsed.raw_stream) if chunked else parsed.raw_stream, LONGEST)
    encodings = [each.strip().lower() for each in (http.get_header("Content-Encoding") or "").split(",")]
    for encoding in reversed(encodings):
        decoder = _DECODERS.get(encoding)
        data = decoder(data) if decoder else data
    return data


def _gunzipped(data: bytes) -> bytes:
    """Decompress, as far as it goes; some crawlers store a page decompressed and leave the header."""
    return _inflated(data, 31) if data.startswith(_GZIP) else data


def _undeflated(data: bytes) -> bytes:
    try:
        return _inflated(data, zlib.MAX_WBITS)
    except zlib.error:
        return _inflated(data, -zlib.MAX_WBITS)


def _inflated(data: bytes, window: int) -> bytes:
    decompressor = zlib.decompressobj(window)
    inflated = decompressor.decompress(data, LONGEST)
    if decompressor.unconsumed_tail:
        raise ValueError(f"is longer than {LONGEST // 2**20} MiB")
    return inflated


def _unbrotlied(data: bytes) -> bytes:
    try:
        import brotli
    except ImportError as error:
        raise ValueError("is compressed with Brotli: run 'pip install brotli' to read it") from error
    try:
        return bytes(brotli.decompress(data))
    except brotli.error as error:
        raise ValueError(f"is damaged: {error}") from error


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _undeflated,
    "br": _unbrotlied,
}


# Where records begin and end


def _records(stream: BinaryIO) -> Iterator[_Record | _Damage]:
    """Yield all records that can be read, and what is damaged between them."""
    if compression_of(_peek(stream)) != "gz" or not stream.seekable():
        yield from _cut(_Content(stream), None)
        return
    start, ahead = 0, b""
    while start >= 0:
        member = _Member(stream, ahead)
        try:
            yield from _cut(_Content(buffered(member)), start)
        except DAMAGE as error:
            yield _Damage(offset=start, reason=f"the file {explain(error)}")
            start, ahead = _next_member(stream, start + 1), b""
        else:
            start, ahead = start + member.taken(), member.ahead()
            if not _begins_record(ahead):
                if ahead.strip(b"\0"):
                    yield _Damage(offset=start, reason="no record begins where one should, or the file is damaged")
                start, ahead = _next_member(stream, start), b""


def _peek(stream: Any) -> bytes:
    return bytes(stream.peek(16)) if hasattr(stream, "peek") else b""


def _next_member(stream: BinaryIO, start: int) -> int:
    """Go to where the next gzip member begins, and return that; -1 where there is none."""
    position, rest = start, b""
    stream.seek(start)
    while block := stream.read(_BLOCK):
        data = rest + block
        for match in re.finditer(re.escape(_GZIP), data):
            if _begins_record(data[match.start() : match.start() + HEAD]):
                stream.seek(position - len(rest) + match.start())
                return position - len(rest) + match.start()
        rest = data[-HEAD:] if len(block) == _BLOCK else b""
        position += len(block)
    return -1


def _begins_record(data: bytes) -> bool | None:
    """Say whether a gzip member begins with a record's head; None where it is damaged, or none at all."""
    try:
        return bool(_START.match(zlib.decompressobj(31).decompress(data, 2000).lstrip().partition(b"\n")[0]))
    except zlib.error:
        return None


class _Member(io.RawIOBase):
    """What a gzip member holds, from where its stream stands; ``ahead`` is what was read of it before.

    So the stream is never sent back where nothing is damaged: in a ZIP that would read all before it again.
    """

    def __init__(self, source: BinaryIO, ahead: bytes) -> None:
        super().__init__()
        self._source = source
        self._decompressor = zlib.decompressobj(31)
        self._input = ahead
        self._read = len(ahead)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while not (self._decompressor.eof and self._is_end()):
            data = self._input or self._more()
            if not data:
                raise EOFError
            output = self._decompressor.decompress(data, len(view))
            self._input = self._decompressor.unconsumed_tail or self._decompressor.unused_data
            if output:
                view[: len(output)] = output
                return len(output)
        return 0

    def _more(self) -> bytes:
        data = self._source.read(HEAD)
        self._read += len(data)
        return data

    def _is_end(self) -> bool:
        """Say whether the record ends with the member: some writers begin a new one in the middle."""
        self._input += self._more() if len(self._input) < _LOOKED_AT else b""
        if not self._input.startswith(_GZIP) or _begins_record(self._input[:HEAD]) is not False:
            return True
        self._decompressor = zlib.decompressobj(31)
        return False

    def ahead(self) -> bytes:
        """Return what was read behind the member."""
        return self._input

    def taken(self) -> int:
        """Return how many bytes the member took."""
        return self._read - len(self._input)


class _Content:
    """A stream that can be handed back what was taken of it."""

    def __init__(self, source: Any) -> None:
        self._source, self._back, self._taken = source, io.BytesIO(), 0
        self._fault: BaseException | None = None

    def read(self, count: int) -> bytes:
        """Return so many bytes, or all that there are before the end or a fault, which ``check`` raises."""
        blocks = [self._back.read(count)]
        left = count - len(blocks[0])
        while left > 0:
            try:
                block = self._source.read1(min(left, _BLOCK))
            except DAMAGE as error:
                self._fault = error
                break
            if not block:
                break
            blocks.append(block)
            left -= len(block)
        self._taken += count - left
        return b"".join(blocks)

    def check(self) -> None:
        """Raise what reading came upon, one of ``DAMAGE``."""
        if self._fault is not None:
            raise self._fault

    def readline(self) -> bytes:
        """Return the next line, or so much of it as a head may have. Raises any of ``DAMAGE``."""
        self.check()
        line = self._back.readline(_LONGEST_LINE)
        if not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            line += self._source.readline(_LONGEST_LINE)
        self._taken += len(line)
        return line

    def hand_back(self, data: bytes) -> None:
        """Put bytes before what is to come."""
        self._back = io.BytesIO(data + self._back.read())
        self._taken -= len(data)

    def tell(self) -> int:
        """Return how many bytes were taken."""
        return self._taken


def _cut(content: _Content, member: int | None) -> Iterator[_Record | _Damage]:
    """Yield the records of a file, or of a gzip member that begins at ``member``. Raises any of ``DAMAGE``."""
    while line := content.readline():
        if not line.strip():
            continue
        offset = content.tell() - len(line) if member is None else member
        if _START.match(line):
            yield from _record(content, line, offset)
        else:
            _until_start(content)
            yield _Damage(offset=offset, reason="no record begins where one should")


def _until_start(content: _Content) -> bytes:
    """Return what stands before the next line that begins a record, or before the end."""
    lines, length = [], 0
    while line := content.readline():
        if _START.match(line):
            content.hand_back(line)
            break
        length += len(line)
        lines += [line] if length <= LONGEST else []
    return b"".join(lines)


def _record(content: _Content, line: bytes, offset: int) -> Iterator[_Record | _Damage]:
    head = _head(content, line)
    length = _length(head)
    if length is None:
        yield _Damage(offset=offset, reason="a record's headers have no length, or are too long")
        return
    if length > LONGEST:
        yield _Record(offset=offset, head=head, body=None)
        if _skip(content, length) < length:
            yield _Damage(offset=offset, reason="a record is cut short")
        return
    body = content.read(length)
    is_cut, goes_on = len(body) < length, _goes_on(content)
    if (is_cut or not goes_on) and (start := _START_WITHIN.search(body)) is not None:
        content.hand_back(body[start.start() :])
        body, reason = body[: start.start()], f"a record is shorter than the {length:,} bytes that it says"
        is_cut = False
    elif is_cut:
        reason = f"a record is cut short: {len(body):,} of {length:,} bytes are there"
    elif not goes_on:
        body, reason = body + _until_start(content), f"a record is longer than the {length:,} bytes that it says"
    else:
        reason = ""
    if reason:
        yield _Damage(offset=offset, reason=reason, is_lost=is_cut)
    yield _Record(offset=offset, head=_with_length(head, length, len(body)), body=body, is_whole=not is_cut)
    content.check()


def _head(content: _Content, line: bytes) -> bytes:
    """Return the headers that begin with a line. An ARC's is one line, its first record's among its content."""
    lines, length = [line], len(line)
    if not line.startswith(b"WARC/"):
        return line
    while length < _LONGEST_HEAD and (line := content.readline()):
        lines.append(line)
        length += len(line)
        if not line.strip():
            break
    return b"".join(lines)


_LENGTH = re.compile(rb"^(Content-Length:[ \t]*)(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def _length(head: bytes) -> int | None:
    if not head.startswith(b"WARC/"):
        last = head.split()[-1]
        return int(last) if last.isdigit() else None
    match = _LENGTH.search(head)
    return int(match[2]) if match and len(head) < _LONGEST_HEAD else None


def _with_length(head: bytes, length: int, actual: int) -> bytes:
    if length == actual:
        return head
    return _LENGTH.sub(lambda match: match[1] + str(actual).encode() + b"\r", head, count=1)


def _goes_on(content: _Content) -> bool:
    """Say whether the file ends here, or another record follows."""
    lines = [content.readline()]
    while lines[-1] and not lines[-1].strip() and len(lines) < 10:
        lines.append(content.readline())
    content.hand_back(b"".join(lines))
    return not lines[-1] or bool(_START.match(lines[-1]))


def _skip(content: _Content, length: int) -> int:
    skipped = 0
    while skipped < length and (block := content.read(min(_BLOCK, length - skipped))):
        skipped += len(block)
    return skipped

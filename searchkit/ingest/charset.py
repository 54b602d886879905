"""Character sets: whether bytes are text, and in which encoding."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from searchkit.ingest.charset_statistics import cyrillic, east_asian, hebrew, latin, latin_score
from searchkit.ingest.mojibake import repaired

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST = 64 * 2**20
"""Bytes of a file that holds one article, or of one line of a file that holds many. No article is that long, and a
compressed file of a few kilobytes can claim to be."""

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF87a", "a GIF image"),
    (0, b"GIF89a", "a GIF image"),
    (8, b"WEBP", "a WebP image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"\0\0\1\0", "an icon"),
    (4, b"ftyp", "an MP4 video or a HEIF image"),
    (0, b"\x1aE\xdf\xa3", "a Matroska video"),
    (0, b"ID3", "an MP3 recording"),
    (0, b"OggS", "an Ogg recording"),
    (0, b"fLaC", "a FLAC recording"),
    (8, b"WAVE", "a WAV recording"),
    (0, b"%PDF-", "a PDF"),
    (0, b"PK\x03\x04", "a ZIP archive (a Word or EPUB file is one too)"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office file"),
    (0, b"\x1f\x8b", "gzip data without the suffix .gz"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard data without the suffix .zst"),
    (0, b"BZh", "bzip2 data"),
    (0, b"\xfd7zXZ", "xz data"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "an ELF program"),
    (0, b"MZ\x90", "a Windows program"),
    (0, b"\0asm", "a WebAssembly module"),
    (0, b"\xca\xfe\xba\xbe", "a Java class"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"PAR1", "a Parquet file"),
)
"""Offset, bytes there, and what they give away."""

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; UTF-32's before UTF-16's, whose little-endian mark it begins with."""

_HEAD = 8192
_SAMPLE = 2**20
_FEW_HIGH_BYTES = 12
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b\x1a\b"))
_UNLIKELY = ["utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be", "utf_7", "cp037", "cp500"]
"""Encodings that a few bytes are easily taken for. UTF-16 and UTF-32 were recognised before; nobody saves EBCDIC."""

_WESTERN = re.compile("[\x00-\x7fÀ-ÖØ-öø-ÿŠšŽžŒœŸ‘’‚“”„‹›«»–—…•·°§©®™£€¡¿ºª\xa0]*")


_HIGH = bytes(range(128, 256))
_STRAY = re.compile("[\udc80-\udcff]")
_SWITCH = re.compile(rb"\x1b\$(?:[@B]|\([DO])")
_FEWEST_OF_EACH = 4
"""Characters outside ASCII that a text of two encodings has in each."""
_PUNCTUATION = ".,;:!?()[]{}<>\"'/-+*=#%&@_|\\’‘“”«»„–—…、。，．：；！？（）「」『』【】・《》"
_MOST = 0.95
"""The share of a text's characters that are letters, digits, blanks and usual signs."""

_CLEARLY_MORE = 0.2
"""By how much an encoding must give more letters of the text's language than the one that is declared."""


class NotText(ValueError):
    """Raised for bytes that are no text; says what they look like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A text, the encoding it was in, and what had to be repaired (None: nothing)."""

    text: str
    encoding: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line with its line break, counted from 1; or why there is none; or how it was repaired."""

    number: int
    text: str = ""
    problem: str | None = None
    note: str | None = None


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Return the bytes as text.

    A byte order mark decides, then UTF-8 where the bytes are valid, then what they are surely in, then ``declared``,
    then statistics. What was encoded in UTF-8 twice is repaired, and said. Raises ``NotText`` for what isn't text.
    """
    refuse_binary(data[:_HEAD])
    encoding = _marked(data) or _wide_without_mark(data) or _escaped(data)
    if encoding:
        return _decode_as(data, encoding)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _cut_short(data, error) or _by_lines(data) or _declared_or_detected(data, declared)
    repair = repaired(text)
    note = None if repair is text else "was encoded in UTF-8 twice; it was repaired"
    return Decoded(text=repair, encoding="utf-8", note=note)


def _cut_short(data: bytes, error: UnicodeDecodeError) -> Decoded | None:
    """Decode a text in UTF-8 that ends within a character; None where more is wrong, or nothing shows UTF-8."""
    whole = data[: error.start]
    if error.reason != "unexpected end of data" or whole.isascii() or _nearly_utf8(data):
        return None
    return Decoded(text=f"{whole.decode()}\ufffd", encoding="utf-8", note="is cut short within its last character")


def _by_lines(data: bytes) -> Decoded | None:
    """Decode a text of which some lines are in UTF-8 and some in an older encoding; None where it is no such text."""
    lines_ = data.split(b"\n")
    older = [line for line in lines_ if not line.isascii() and _high_characters(line) == 0]
    in_utf8 = sum(map(_high_characters, lines_))
    in_older = b"\n".join(older)
    bytes_of_older = len(in_older) - len(in_older.translate(None, _HIGH))
    if in_utf8 < _FEWEST_OF_EACH or bytes_of_older < _FEWEST_OF_EACH or east_asian(data):
        return None
    encoding = detect(in_older)
    if encoding == "utf-8" or (encoding == "cp1252" and not _is_western(in_older)):
        return None
    is_older = set(older)
    texts = [line.decode(encoding, "replace") if line in is_older else _mixed(line) for line in lines_]
    which = f"{len(older):,} lines that aren't utf-8; they were" if older[1:] else "a line that isn't utf-8; it was"
    note = f"has {which} read as {encoding}"
    return Decoded(text="\n".join(texts), encoding="utf-8", note=note)


def _high_characters(line: bytes) -> int:
    """Return how many characters outside ASCII a line has in UTF-8; what isn't valid counts for none."""
    return 0 if line.isascii() else sum(character > "\x7f" for character in line.decode("utf-8", "ignore"))


def _declared_or_detected(data: bytes, label: str | None) -> Decoded:
    """Decode as declared, unless the bytes are surely in another encoding, or can't be in this one."""
    declared = _declared(data, label)
    if declared is None:
        decoded = _decode_as(data, detect(data))
        known = _codec(label) if label else None
        if known is None or decoded.note or known == codecs.lookup(decoded.encoding).name:
            return decoded
        return replace(decoded, note=f"declares the encoding {label}, but is written in {decoded.encoding}")
    sure = None if _nearly_utf8(data) else _surely(data, declared)
    if sure is None or data.decode(sure, "replace") == data.decode(declared, "replace"):
        return _decode_as(data, declared)
    decoded = _decode_as(data, sure)
    note = f"declares the encoding {label}, but is written in {sure}"
    return replace(decoded, note=f"{note}; {decoded.note}" if decoded.note else note)


def _surely(data: bytes, declared: str) -> str | None:
    """Return the encoding that bytes are surely in, None where the one declared is as likely."""
    high = len(data) - len(data.translate(None, _HIGH))
    # A word or two of Cyrillic can be Hebrew just as well.
    of_hebrew = hebrew(data) if high >= _FEW_HIGH_BYTES else None
    of_cyrillic = cyrillic(data)
    if of_hebrew and of_cyrillic:
        return None
    if (encoding := east_asian(data) or of_hebrew or of_cyrillic) is not None:
        return encoding
    if high < _FEW_HIGH_BYTES or (encoding := latin(data, sure=True)) is None:
        return None
    return encoding if latin_score(data, encoding) > latin_score(data, declared) + _CLEARLY_MORE else None


def refuse_binary(head: bytes) -> None:
    """Raise ``NotText`` where the first bytes of a file (up to 8,192) can't be those of a text."""
    for offset, magic, what in _MAGIC:
        if head.startswith(magic, offset):
            raise NotText(f"not text: looks like {what}")
    if _marked(head) or _wide_without_mark(head):
        return
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if head.count(0) > max(1, len(head) // 100) or controls > max(2, len(head) // 10):
        raise NotText("not text: looks like binary data")


def detect(data: bytes) -> str:
    """Return the most likely encoding of a text that is no valid UTF-8. The same bytes give the same answer.

    Raises ``NotText`` where none is likely.
    """
    if _nearly_utf8(data):
        return "utf-8"
    sample = data[:_SAMPLE]
    if (encoding := east_asian(sample) or hebrew(sample) or cyrillic(sample) or latin(sample)) is not None:
        return encoding
    if sum(byte > 127 for byte in sample[:_HEAD]) < _FEW_HIGH_BYTES and _is_western(sample):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_exclusion=_UNLIKELY).best()
    if best is not None:
        return best.encoding
    if _is_western(sample):
        return "cp1252"
    raise NotText("not text: in no encoding that can be recognised")


def _marked(data: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)


def _wide_without_mark(data: bytes) -> str | None:
    """Recognise UTF-16 by the NULs that its blanks, digits and line breaks carry, and by the letters that it gives."""
    head = data[: _HEAD - _HEAD % 2]
    half = len(head) // 2
    if half < 2 or b"\0" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > half * 0.7 and even == 0:
        return "utf-16-le"
    if even > half * 0.7 and odd == 0:
        return "utf-16-be"
    return next((name for name in ("utf-16-le", "utf-16-be") if _is_writing(head, name)), None)


def _is_writing(head: bytes, encoding: str) -> bool:
    """Say whether bytes are letters and blanks in an encoding: nearly all characters, with a blank now and then."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head[: len(head) - len(head) % 2])
    likely = sum(character.isalnum() or character.isspace() or character in _PUNCTUATION for character in text)
    unlikely = sum(character > "\ud7ff" and character not in _PUNCTUATION for character in text)
    blanks = sum(character in " \n" for character in text)
    return likely >= _MOST * len(text) and not unlikely and blanks > 0


def _escaped(data: bytes) -> str | None:
    """Recognise ISO-2022-JP, which is ASCII with sequences that switch to Japanese."""
    return "iso2022_jp_ext" if _SWITCH.search(data, 0, _SAMPLE) else None


def _declared(data: bytes, label: str | None) -> str | None:
    """Return the codec of a declared encoding, if there is one that fits the data."""
    name = _codec(label) if label else None
    if name is None:
        return None
    try:
        data.decode(name)
    except (LookupError, ValueError):  # a codec may be none of texts
        return None
    return name


def _codec(label: str) -> str | None:
    """Return the codec of an encoding's name."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    # Browsers read both names as windows-1252, and so do the people who write them.
    return "cp1252" if name in {"iso8859-1", "ascii"} else name


def _decode_as(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(text=data.decode(encoding), encoding=encoding)
    except UnicodeDecodeError as error:
        text = _mixed(data) if encoding == "utf-8" else data.decode(encoding, "replace")
        note = f"has bytes that aren't {encoding} (the first at {error.start}); they were replaced"
        return Decoded(text=text, encoding=encoding, note=note)


def _mixed(data: bytes) -> str:
    """Decode UTF-8 with bytes in between that are none: those that make a small letter in a word are windows-1252."""
    return _STRAY.sub(_stray, data.decode("utf-8", "surrogateescape"))


def _stray(match: re.Match[str]) -> str:
    character = bytes([ord(match[0]) - 0xDC00]).decode("cp1252", "replace")
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return character if character.islower() and (before.isalpha() or after.isalpha()) else "\ufffd"


def _nearly_utf8(data: bytes) -> bool:
    """Say whether damaged UTF-8 is likelier than another encoding: valid sequences of bytes don't come by accident."""
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd") - data.count("\ufffd".encode())
    right = sum(character > "\x7f" for character in text) - wrong
    return right >= 4 * wrong


def _is_western(data: bytes) -> bool:
    try:
        return bool(_WESTERN.fullmatch(data.decode("cp1252")))
    except UnicodeDecodeError:
        return False


def lines(stream: BinaryIO, longest: int = LONGEST) -> Iterator[Line]:
    r"""Yield the lines of a stream as text, split at ``\n`` alone, however long the stream is.

    Where the stream begins with ``\r`` and no ``\n`` at its lines' ends, as old Macintosh programs write them, all line
    breaks become ``\n``.

    The first line tells whether it is UTF-16 or UTF-32 (by its mark) or UTF-8. A line that isn't valid UTF-8 is read in
    the encoding that the first such line seems to have; its note says so, once. A line above ``longest`` bytes has a
    problem instead of a text.

    Raises ``NotText`` where the first line is no text, and whatever the stream raises.
    """
    stream = _with_line_feeds(stream)
    first = stream.readline(longest + 1)
    refuse_binary(first[:_HEAD])
    encoding = _marked(first) or _wide_without_mark(first)
    if encoding in {None, "utf-8-sig"}:
        yield from _narrow_lines(stream, first.removeprefix(codecs.BOM_UTF8), longest)
    else:
        assert encoding is not None
        yield from _wide_lines(stream, first, encoding, longest)


def _with_line_feeds(stream: BinaryIO) -> BinaryIO:
    r"""Return a stream whose lines end with ``\n``."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    head = buffered.peek(_HEAD)
    if b"\n" in head or b"\r" not in head or b"\0" in head:
        return cast("BinaryIO", buffered)
    return cast("BinaryIO", io.BufferedReader(_LineFeeds(cast("BinaryIO", buffered)), _HEAD))


class _LineFeeds(io.RawIOBase):
    r"""A stream in which ``\r`` and ``\r\n`` are ``\n``."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("latin-1")(), translate=True)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._source.read(len(view))
        text = self._decoder.decode(data, final=not data)
        while data and not text:  # a carriage return waits for what follows it
            data = self._source.read(len(view) - 1)
            text = self._decoder.decode(data, final=not data)
        view[: len(text)] = text.encode("latin-1")
        return len(text)


def _narrow_lines(stream: BinaryIO, raw: bytes, longest: int) -> Iterator[Line]:
    number = 0
    fallback: str | None = None
    while raw:
        number += 1
        if len(raw) > longest and not raw.endswith(b"\n"):
            _skip_line(stream)
            yield Line(number=number, problem=f"is longer than {longest // 2**20} MiB")
        else:
            try:
                yield Line(number=number, text=raw.decode("utf-8"))
            except UnicodeDecodeError:
                line, fallback = _decode_line(raw, number, fallback)
                yield line
        raw = stream.readline(longest + 1)


def _decode_line(raw: bytes, number: int, fallback: str | None) -> tuple[Line, str | None]:
    try:
        encoding = fallback or detect(raw)
    except NotText as error:
        return Line(number=number, problem=str(error)), fallback
    note = None if fallback else f"isn't valid UTF-8; such lines were read as {encoding}"
    return Line(number=number, text=raw.decode(encoding, "replace"), note=note), encoding


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(2**20)) and not rest.endswith(b"\n"):
        pass


def _wide_lines(stream: BinaryIO, raw: bytes, encoding: str, longest: int) -> Iterator[Line]:
    """Decode as it comes: where the bytes are cut doesn't matter to an incremental decoder."""
    # Lines may end with a carriage return alone.
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("replace"), translate=True)
    number = 0
    rest = ""
    while raw:
        rest += decoder.decode(raw)
        *whole, rest = rest.split("\n")
        for text in whole:
            number += 1
            yield Line(number=number, text=text + "\n")
        if len(rest) > longest:
            yield Line(number=number + 1, problem=f"is longer than {longest // 2**20} MiB; the rest was left out")
            return
        raw = stream.readline(longest + 1)
    rest += decoder.decode(b"", final=True)
    if rest:
        yield Line(number=number + 1, text=rest)

"""References: RIS and BibTeX, of which the abstract is the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from searchkit.ingest.charset import LONGEST, decode, lines
from searchkit.ingest.compression import read_whole
from searchkit.ingest.formats.csl_json import address_of_doi
from searchkit.ingest.formats.export_fields import labels
from searchkit.ingest.rows import Rows
from searchkit.types import Article, Problem

_RIS_LINE = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*))?$", re.DOTALL)
_RIS_FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("TI", "T1", "CT", "BT"),
    "text": ("AB", "N2"),
    "url": ("UR", "L2", "LK"),
    "source": ("JO", "JF", "T2", "JA", "BT", "PB"),
    "published": ("DA", "PY", "Y1"),
    "language": ("LA",),
    "notes": ("N1", "RN"),
    "saved": ("Y2",),
    "doi": ("DO", "M3"),
}
_RIS_LISTS = {"authors": ("AU", "A1", "A2", "A3", "ED"), "tags": ("KW",)}

_ENTRY = re.compile(r"@\s*([A-Za-z]+)\s*[{(]\s*([^,\s{}\"]*)\s*,")
_FIELD = re.compile(r"\s*,?\s*([A-Za-z][\w:.+/-]*)\s*=\s*")
_SOURCES = ("journaltitle", "journal", "booktitle", "publisher")
_USED = frozenset(
    {"year", "month", "date", "author", "keywords", "abstract", "subtitle", "langid"}
    | {"annotation", "annote", "note", "urldate", "file"}
)
_NOT_AN_ENTRY = frozenset({"comment", "preamble", "string"})
_TEX_COMMAND = re.compile(r"\\(?:text(?:it|bf|rm|sc|tt)|emph|url|href|mkbibquote|relax)\b\s*")
_TEX_ACCENT = re.compile(r"\\([`'^\"~=.uvHcdbkr])\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))")
_COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "k": "\u0328",
    "r": "\u030a",
}  # fmt: skip
_TEX_SIGNS = {
    r"\ss": "ß", r"\ae": "æ", r"\AE": "Æ", r"\oe": "œ", r"\OE": "Œ", r"\aa": "å", r"\AA": "Å", r"\o": "ø", r"\O": "Ø",
    r"\l": "ł", r"\L": "Ł", r"\i": "i", r"\j": "j", r"\&": "&", r"\%": "%", r"\_": "_", r"\#": "#", r"\$": "$",
    "---": "—", "--": "–", "``": "“", "''": "”", "~": " ",
}  # fmt: skip
_TEX_SIGN = re.compile(
    "|".join(re.escape(sign) + (r"(?![A-Za-z])\s*" if sign[-1].isalpha() else "") for sign in _TEX_SIGNS)
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_ris(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each reference of a RIS file. Raises ``NotText`` and whatever the stream raises."""
    yield from rows.closing(_ris_records(stream, rows))


def _ris_records(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    record: list[tuple[str, str]] = []
    start = 1
    for line in lines(stream):
        if line.note:
            yield rows.problem(line.note, line.number, lost=False)
        if line.problem:
            yield rows.problem(line.problem, line.number)
            continue
        text = line.text.rstrip("\r\n").lstrip("\ufeff")
        match = _RIS_LINE.match(text)
        if match is None:
            if record and text.strip():  # a value goes on in the next line
                record[-1] = (record[-1][0], f"{record[-1][1]}\n{text.strip()}")
        elif match[1] == "ER":
            yield from rows.take(_ris(record), start)
            record = []
        else:
            if not record:
                start = line.number
            record.append((match[1], (match[2] or "").strip()))
    if record:
        yield from rows.take(_ris(record), start)


def _ris(record: list[tuple[str, str]]) -> Mapping[str, object]:
    values: dict[str, list[str]] = {}
    for tag, value in record:
        if value:
            values.setdefault(tag, []).append(value)
    article: dict[str, object] = {"type": " ".join(values.get("TY", []))}
    used = {"TY"}
    for name, tags in _RIS_FIELDS.items():
        for tag in tags:
            if tag in values and tag not in used:
                article[name] = "\n".join(values[tag])
                used.add(tag)
                break
    for name, tags in _RIS_LISTS.items():
        article[name] = [
            _turned(value) if name == "authors" else value for tag in tags for value in values.get(tag, [])
        ]
        used.update(tags)
    for name in ("published", "saved"):  # 2024/05/06/ with what follows the third slash
        parts = [part.strip() for part in str(article.get(name, "")).split("/")[:3]]
        article[name] = "-".join(part for part in parts if part)
    article["url"] = article.get("url") or address_of_doi(str(article.get("doi", "")))
    return {**{f"ris.{tag}": " ".join(found) for tag, found in values.items() if tag not in used}, **article}


def _turned(name: str) -> str:
    """Return ``Doe, Jane`` as ``Jane Doe``."""
    family, _, rest = name.partition(",")
    first_names, _, suffix = rest.partition(",")
    return " ".join(part.strip() for part in (first_names, family, suffix) if part.strip())


def read_bibtex(stream: BinaryIO, rows: Rows) -> Iterator[Article | Problem]:
    """Yield an article for each entry of a BibTeX file. Raises ``NotText`` and whatever the stream raises."""
    decoded = decode(read_whole(stream, LONGEST))
    if decoded.note:
        yield rows.problem(decoded.note, None, lost=False)
    text = decoded.text
    at = counted = 0
    line = 1
    while (entry := _ENTRY.search(text, at)) is not None:
        line += text.count("\n", counted, entry.start())
        counted = entry.start()
        at = entry.end()
        if entry[1].lower() in _NOT_AN_ENTRY:
            continue
        fields: dict[str, str] = {}
        while (field := _FIELD.match(text, at)) is not None:
            value, at = _value(text, field.end())
            fields[field[1].lower()] = value
        if at >= len(text) and not text.rstrip().endswith(("}", ")")):
            yield rows.problem("is cut short: its braces aren't closed", line)
        else:
            yield from rows.take(_bibtex(entry[1], entry[2], fields), line)
    yield from rows.end()


def _value(text: str, at: int) -> tuple[str, int]:
    """Return a value in braces or quotation marks, or a bare word, and where it ends; parts may be joined by ``#``."""
    parts: list[str] = []
    while True:
        end = _end_of_part(text, at)
        part = text[at:end].strip()
        parts.append(part[1:-1] if part[:1] in ("{", '"') else part)
        join = re.compile(r"\s*#\s*").match(text, end)
        if join is None:
            return "".join(parts), end
        at = join.end()


def _end_of_part(text: str, at: int) -> int:
    opening = text[at : at + 1]
    if opening not in ("{", '"'):
        match = re.compile(r"[^\s,}#]*").match(text, at)
        return match.end() if match else at
    depth = 0
    for match in re.compile(r'\\.|[{}"]', re.DOTALL).finditer(text, at):
        sign = match[0]
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0 and match.start() > at and sign == ("}" if opening == "{" else '"'):
            return match.end()
    return len(text)


def _bibtex(kind: str, key: str, fields: Mapping[str, str]) -> Mapping[str, object]:
    plain = {name: _plain(value) for name, value in fields.items()}
    month = plain.get("month", "").lower()
    number = int(month) if month.isdecimal() else _MONTHS.index(month[:3]) + 1 if month[:3] in _MONTHS else 0
    date = plain.get("date") or plain.get("year", "") + (f"-{number:02}" if plain.get("year") and number else "")
    named = {
        "id": key,
        "type": kind.lower(),
        "title": ": ".join(filter(None, [plain.get("title", ""), plain.get("subtitle", "")])),
        "text": plain.get("abstract", ""),
        "url": plain.get("url") or address_of_doi(plain.get("doi", "")),
        "source": next((plain[name] for name in _SOURCES if plain.get(name)), ""),
        "authors": [_turned(_plain(name)) for name in re.split(r"\s+and\s+", fields.get("author", "")) if name.strip()],
        "published": date,
        "language": plain.get("langid") or plain.get("language", ""),
        "tags": labels(fields.get("keywords", ""), separator=";" if ";" in fields.get("keywords", "") else ","),
        "notes": plain.get("annotation") or plain.get("annote") or plain.get("note", ""),
        "saved": plain.get("urldate", ""),
    }
    used = {*named, *_SOURCES, *_USED}
    return {**{name: value for name, value in plain.items() if name not in used}, **named}


def _plain(value: str) -> str:
    """Return a value of BibTeX without TeX's marks."""
    value = _TEX_ACCENT.sub(lambda match: (match[2] or match[3]) + _COMBINING[match[1]], value)
    value = _TEX_SIGN.sub(lambda match: _TEX_SIGNS[match[0] if match[0] in _TEX_SIGNS else match[0].rstrip()], value)
    value = _TEX_COMMAND.sub("", value).replace("{", "").replace("}", "")
    return unicodedata.normalize("NFC", " ".join(value.split()))

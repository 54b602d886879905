"""File kinds: files that hold no article, by their names, their first bytes, or the look of their text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from searchkit.ingest.charset import NotText


class NotArticle(NotText):
    """Raised for a file that its name and its content show to be of a kind that holds no article."""


def _by_suffix(table: str) -> dict[str, str]:
    """Read a table of kinds, each with its suffixes; those of one letter end a name too often that means nothing."""
    rows = (line.split(":") for line in table.strip().splitlines())
    return {f".{suffix}": kind.strip() for kind, suffixes in rows for suffix in suffixes.split()}


_TEXT_KINDS = _by_suffix(
    """
    source code: py pyi pyx rb pl pm lua cc cpp cxx hpp hh java kt kts scala go rs swift cs fs vb jl hs ml mli
    source code: erl ex exs clj cljs lisp el scm mm f90 f95 pas asm vhd sv dart groovy gradle zig nim php
    source code: ipynb cmake mk tcl awk sed proto thrift graphql gql wat sol cu cl glsl hlsl vert frag coffee
    a script: js mjs cjs jsx ts tsx vue svelte sh bash zsh fish bat cmd ps1 psm1
    a style sheet: css scss sass less styl xsl xslt
    subtitles: srt vtt sub ass ssa sbv lrc ttml
    TeX: tex latex sty cls bst dtx ltx
    settings: yaml yml toml ini cfg conf config properties env editorconfig plist reg desktop service lock htaccess
    settings: po pot strings
    a log: log
    a database script: sql
    a template: tpl tmpl j2 jinja jinja2 mustache hbs handlebars ejs erb haml pug jade liquid twig
    a schema: dtd xsd rng rnc wsdl
    a patch: diff patch
    a source map: map
    a vector picture: svg eps ps ai
    geographic data: kml gpx geojson topojson
    a calendar or an address book: ics vcf
    a list of songs or streams: m3u m3u8 pls cue
    a key or a certificate: pem crt cer key asc sig
    checksums: md5 sha1 sha256 sha512
    crawl index data: cdx cdxj
    """
)
_BINARY_KINDS = _by_suffix(
    """
    a picture: png jpg jpeg jpe gif webp bmp tif tiff ico heic heif avif jp2 psd xcf raw cr2 nef dng jfif
    a sound recording: mp3 m4a aac ogg oga opus flac wav wma aiff aif mid midi amr
    a video: mp4 m4v mov avi mkv webm wmv flv mpg mpeg 3gp ogv mts
    a font: woff woff2 ttf otf eot ttc
    an old Word document: doc dot
    a spreadsheet: xls xlsb xlsm ods numbers
    slides: ppt pptx pps ppsx odp
    a Kindle book: mobi azw azw3 prc
    a scanned book: djvu djv cbz cbr
    a database: sqlite sqlite3 db db3 mdb accdb dbf realm
    pickled Python objects: pkl pickle joblib npy npz pt pth h5 hdf5
    a program: exe dll so dylib lib msi apk jar class pyc pyo wasm deb rpm dmg iso swf
    an archive of a kind that isn't read: 7z rar cab lz lz4 lzo br ace arj cpio
    """
)
_OF_JSON = {
    ".ipynb": "a notebook of source code",
    **{suffix: _TEXT_KINDS[suffix] for suffix in (".geojson", ".topojson", ".map")},
}
_BY_NAME = {
    "makefile": "source code",
    "gnumakefile": "source code",
    "dockerfile": "source code",
    "containerfile": "source code",
    "cmakelists.txt": "source code",
    "jenkinsfile": "source code",
    "vagrantfile": "source code",
    "gemfile": "settings",
    "rakefile": "source code",
    "procfile": "settings",
    "pipfile": "settings",
    "robots.txt": "settings",
    "requirements.txt": "settings",
    "ads.txt": "settings",
    "app-ads.txt": "settings",
    "package.json": "settings",
    "package-lock.json": "settings",
    "composer.json": "settings",
    "tsconfig.json": "settings",
    "pnpm-lock.yaml": "settings",
    "go.sum": "settings",
    "go.mod": "settings",
    "license": "a licence",
    "licence": "a licence",
    "copying": "a licence",
}
_BY_MAGIC = (
    (0, b"wOFF", "a font"),
    (0, b"wOF2", "a font"),
    (0, b"OTTO\0", "a font"),
    (0, b"\0\1\0\0\0", "a font"),
    (60, b"BOOKMOBI", "a Kindle book"),
    (0, b"\x80\2}", "pickled Python objects"),
    (0, b"\x80\3", "pickled Python objects"),
    (0, b"\x80\4\x95", "pickled Python objects"),
    (0, b"\x80\5\x95", "pickled Python objects"),
    (0, b"\x93NUMPY", "pickled Python objects"),
    (0, b"\xff\xfb", "a sound recording"),
    (0, b"\0\0\1\xba", "a video"),
    (0, b"FLV\1", "a video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video"),
    (0, b"AT&TFORM", "a scanned book"),
    (0, b"8BPS", "a picture"),
)
_LOOKED_AT = 16_384
_PROSE_SHARE = 0.5
_FEWEST_WORDS = 5
_MOST_SIGNS_OF_SENTENCE = 0.03
_FEWEST_LETTERS_OF_SENTENCE = 0.7
"""By these 12,256 of 12,258 articles are prose (eight collections: news, abstracts of biology, twelve languages)."""
_MOST_SIGNS = 0.06
_FEWEST_LETTERS = 0.6
_SIGNS = re.compile(r"[{}\[\]<>=;|\\^~`@#$_]|//|\*/|--+")
_CODE_LINE = re.compile(
    r"[;{}]\s*\Z|^\s*(?:#!|#include\b|#define |import \w|from \S+ import |def \w+\(|class \w+[:({]|function\b.*\(|"
    r"var \w+ ?=|(?:export )?(?:const|let) \w+|package \w|using \w|public |private |return\b.*;|@\w+\(|"
    r"end (?:module|subroutine|function|if|do)\b|(?:module|subroutine|integer|real|character)\b.*|"
    r"(?:if|for|elif|while|with|except|else|try|finally|def|class|cdef|cpdef)\b.*:\s*\Z|(?:return|raise|assert|self\.)|"
    r"[\w.\[\]'\", ]+ [-+*/|&]?= \S|[\w.]+\(.*\)\s*\Z|\\[a-z]+[{\[]|[\w.-]+\s*=\s*\S+\Z|\[[\w .:-]+\]\Z)",
)
_PAIR_LINE = re.compile(r"\s*-?\s*(?:[\"'][\w.-]+[\"']|[a-z_][\w.-]*):(?:\s|\Z)")
_CODE_SHARE = 0.4
_SURELY_CODE = re.compile(
    r"[{}]\Z|[=(){}\[\]<>:].*;\Z|^[})\]]+[;,)]*\Z|^(?:#!|#include\b|#define |import [\w.]+(?: as \w+)?\Z|"
    r"from [\w.]+ import |"
    r"(?:async )?def \w+\(.*:\Z|class \w+(?:\(.*\))?:\Z|(?:export |async )*function\b.*\{\Z|"
    r"@\w[\w.]*(?:\(.*\))?\Z|"
    r"(?:if|for|elif|while|with|except|else|try|finally)\b[^.?!]*:\Z|"
    r"(?:return|raise|assert|yield)\b [\w(\[{\"'.]+\S*\Z|"
    r"[A-Za-z_][\w.]*(?:\[[^\]]*\])? ?[-+*/|&]?= ?\S|[A-Za-z_][\w.]*\(.*\)\Z|"
    r"[\w.-]+(?:\[\w+\])?(?:[=~<>!]=)[\d.*]+\S*\Z|"
    r"\[[\w .:-]+\]\Z|(?:User-agent|Disallow|Allow|Sitemap|Crawl-delay): ?\S*\Z)",
)
_COMMENT_LINE = re.compile(r"(?://|/\*|\*/|# |\* @)")
_LOG_LINE = re.compile(
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*\]?[ |]+\S*\[?\b"
    r"(?:INFO|DEBUG|WARN(?:ING)?|ERROR|TRACE|FATAL|CRITICAL|NOTICE)\b|"
    r"[\d.:a-f]{7,39} \S+ \S+ \[\d\d/\w{3}/\d{4}:|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [\w./-]+(?:\[\d+\])?: |"
    r"\[?(?:INFO|DEBUG|WARN(?:ING)?|ERROR|TRACE|FATAL|CRITICAL)\b\]?[: ]+\S*\d{2}:\d\d",
    re.IGNORECASE,
)
_ENCODED_LINE = re.compile(r"(?=[^\n]{0,200}[\d+/=A-Z])[A-Za-z0-9+/]+={0,2}")
_FEWEST_ENCODED = 80
_FEWEST_LINES_OF_CODE = 2
_MOSTLY = 0.6
_FEW = 0.3
_RULE = re.compile(r"\s*([-=_*~#+.^\"'])\1{2,}\s*")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|;|%|!|\"\"\"|REM )")
_CUE = re.compile(r"^\d{1,2}:\d\d(?::\d\d)?[.,]\d{2,3} --> ", re.MULTILINE)


def refuse_kind(name: str, head: bytes) -> None:
    """Raise ``NotArticle`` where a file that no format claims holds none, by its first bytes or its name.

    An old Office file is told by its suffix: all begin with the same bytes.
    """
    refuse_name(name)
    path = PurePosixPath(name.lower())
    for offset, magic, kind in _BY_MAGIC:
        if head.startswith(magic, offset):
            raise NotArticle(f"isn't an article: it is {kind}")
    kind_by_name = _BINARY_KINDS.get(path.suffix) or _TEXT_KINDS.get(path.suffix)
    if kind_by_name:
        raise NotArticle(f"isn't an article: it is {kind_by_name} ({path.suffix})")


def refuse_name(name: str) -> None:
    """Raise ``NotArticle`` where a file has a name that programs know: ``robots.txt`` is a text, and no article."""
    kind = _BY_NAME.get(PurePosixPath(name.lower()).name)
    if kind:
        raise NotArticle(f"isn't an article: it is {kind}")


def refuse_json_kind(name: str) -> None:
    """Raise ``NotArticle`` where a suffix says what JSON is: notebooks, maps of places and of sources."""
    suffix = PurePosixPath(name.lower()).suffix
    if suffix in _OF_JSON:
        raise NotArticle(f"isn't an article: it is {_OF_JSON[suffix]} ({suffix})")


def refuse_code(text: str) -> None:
    """Raise ``NotText`` where a text of no known suffix isn't prose: code, settings, markup, data, subtitles."""
    sample = text[:_LOOKED_AT]
    if _CUE.search(sample[:500]):
        raise NotText("isn't an article: it looks like subtitles")
    lines = [line for each in sample.split("\n") if (line := each.strip()) and not _RULE.fullmatch(line)]
    length = sum(map(len, lines))
    if not lines or sum(len(line) for line in lines if _is_sentence(line)) >= _PROSE_SHARE * length:
        return
    code = sum(bool(_CODE_LINE.search(line) or _PAIR_LINE.match(line)) for line in lines) / len(lines)
    written = "".join("".join(lines).split())
    signs = len(_SIGNS.findall(written)) / len(written)
    letters = sum(character.isalpha() or ord(character) > 0x2FF for character in written) / len(written)
    if code > _CODE_SHARE or signs > _MOST_SIGNS or letters < _FEWEST_LETTERS:
        raise NotText("isn't an article: its text isn't prose, but looks like code, settings or data")


def refuse_surely_code(text: str) -> None:
    """Raise ``NotText`` where a text that its suffix calls one is surely code, settings, a log or encoded data.

    The suffix speaks for prose: a poem, a list, a text with examples of code stay articles.
    """
    lines = [line for each in text[:_LOOKED_AT].split("\n") if (line := each.strip())]
    kind = _sure_kind(lines)
    if kind:
        raise NotText(f"isn't an article: its text isn't prose, but looks like {kind}")


def _sure_kind(lines: Sequence[str]) -> str:
    """Return what lines surely are, "" where they may be prose."""
    if len(lines) > 1 and sum(bool(_LOG_LINE.match(line)) for line in lines) > _MOSTLY * len(lines):
        return "a log"
    if sum(map(len, lines)) >= _FEWEST_ENCODED and all(map(_ENCODED_LINE.fullmatch, lines)):
        return "encoded data (base64)"
    sentences = sum(len(line) for line in lines if _is_sentence(line))
    if len(lines) < _FEWEST_LINES_OF_CODE or sentences >= _FEW * sum(map(len, lines)):
        return ""
    code = sum(bool(_SURELY_CODE.search(line)) for line in lines)
    comments = sum(bool(_COMMENT_LINE.match(line)) for line in lines)
    return "code or settings" if code and code + comments > _MOSTLY * len(lines) else ""


def _is_sentence(line: str) -> bool:
    """Say whether a line is of words: enough of them, few signs, and not a comment in code."""
    if _COMMENT.match(line) or len(_SIGNS.findall(line)) > _MOST_SIGNS_OF_SENTENCE * len(line):
        return False
    letters = sum(character.isalpha() for character in line)
    if letters < _FEWEST_LETTERS_OF_SENTENCE * len("".join(line.split())):
        return False
    return len(line.split()) >= _FEWEST_WORDS or (ord(max(line)) > 0xE00 and len(line) >= 2 * _FEWEST_WORDS)

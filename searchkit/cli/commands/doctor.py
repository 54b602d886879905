"""``doctor``: what an installation lacks, and what to type."""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from re import match
from typing import Annotated
from zipfile import ZipFile, ZipInfo

import typer

from searchkit.cli.index_argument import known_indexes
from searchkit.cli.options import Json, NoColor
from searchkit.cli.output.console import Screen, clean
from searchkit.cli.output.numbers import size
from searchkit.config import DEFAULT_ENCODER
from searchkit.errors import BackendError, MissingExtra, SearchkitError, StorageError, how_to_install
from searchkit.types import Article

OLDEST_SQLITE = (3, 31, 0)
"""The first that can be told not to trust a schema (sqlite.org, PRAGMA trusted_schema)."""

LIGHT_WITHOUT = "sentence-transformers"
"""What a light installation leaves out of the packages that are required; ``torch`` is told by itself."""

_PAGE = b"<html><head><title>A title</title></head><body><p>The otter swims, said the keeper.</p></body></html>"
_WARC = b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: http://example.org/\r\n" + (
    b"WARC-Date: 2025-05-03T00:00:00Z\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n"
    % (len(_PAGE), _PAGE)
)


def _zipped(members: Mapping[str, str]) -> bytes:
    """Return a zip of these members, as it is the same everywhere."""
    data = BytesIO()
    with ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(ZipInfo(name), content)
    return data.getvalue()


_PDF = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R
  /Resources <</Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj
4 0 obj <</Length 47>> stream
BT /F 12 Tf 20 100 Td (The otter swims.) Tj ET
endstream endobj
trailer <</Root 1 0 R>>
"""
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns"

FORMATS = {
    "text": ("a.txt", b"A title\n\nThe otter swims."),
    "Markdown": ("a.md", b"---\nauthor: Ada\n---\n# A title\n\nThe otter swims."),
    "reStructuredText": ("a.rst", b"A title\n=======\n\nThe otter swims."),
    "Org": ("a.org", b"#+title: A title\n\nThe otter swims."),
    "AsciiDoc": ("a.adoc", b"= A title\n\nThe otter swims."),
    "PDF": ("a.pdf", _PDF),
    "Word": (
        "a.docx",
        _zipped(
            {
                "[Content_Types].xml": "<Types/>",
                "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>The otter swims.</w:t>'
                "</w:r></w:p></w:body></w:document>",
            }
        ),
    ),
    "OpenDocument": (
        "a.odt",
        _zipped(
            {
                "mimetype": "application/vnd.oasis.opendocument.text",
                "content.xml": f'<o:document-content xmlns:o="{_OPEN_DOCUMENT}:office:1.0" '
                f'xmlns:t="{_OPEN_DOCUMENT}:text:1.0"><o:body><o:text><t:p>The otter swims.</t:p></o:text></o:body>'
                "</o:document-content>",
            }
        ),
    ),
    "RTF": ("a.rtf", b"{\\rtf1\\ansi A title\\par The otter swims.\\par}"),
    "EPUB": (
        "a.epub",
        _zipped(
            {
                "mimetype": "application/epub+zip",
                "a.opf": '<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
                '</manifest><spine><itemref idref="a"/></spine></package>',
                "a.xhtml": "<html><body><p>The otter swims.</p></body></html>",
            }
        ),
    ),
    "news XML": ("a.xml", b"<nitf><body><body.content><p>The otter swims.</p></body.content></body></nitf>"),
    "web pages": ("a.html", _PAGE),
    "JSON": ("a.json", b'[{"title": "A title", "text": "The otter swims.", "published": "3 mai 2025 kl. 10"}]'),
    "JSON lines": ("a.jsonl", b'{"title": "A title", "text": "The otter swims."}'),
    "CSV": ("a.csv", b"title,text\nA title,The otter swims.\n"),
    "exports": (
        "a.enex",
        b"<en-export><note><title>A title</title><content>The otter swims.</content></note></en-export>",
    ),
    "references": ("a.ris", b"TY  - JOUR\nTI  - A title\nAB  - The otter swims.\nER  - \n"),
    "feeds": ("a.xml", b"<rss version='2.0'><channel><item><title>The otter swims</title></item></channel></rss>"),
    "web archives": ("a.warc", _WARC),
    "e-mail": ("a.eml", b"From: ada@example.org\nSubject: A title\n\nThe otter swims."),
    "another encoding": (
        "a.txt",
        "Οι πύραυλοι φύλαγαν τον ουρανό πάνω από την πόλη, είπε.".encode("cp1253"),
    ),
    "bzip2": (
        "a.txt.bz2",
        bytes.fromhex(
            "425a6839314159265359508b209100000193804001040002629c802000310340d02001911a26ce7000bdf1f177245385090508b20910"
        ),
    ),
    "xz": (
        "a.txt.xz",
        bytes.fromhex(
            "fd377a585a000004e6d6b4460200210116000000742fe5a301000f546865206f74746572207377696d732e009373b135133249e600012810e50b6c601fb6f37d010000000004595a"
        ),
    ),
    "gzip": ("a.txt.gz", gzip.compress(b"A title\n\nThe otter swims.")),
    "Zstandard": ("a.txt.zst", b"\x28\xb5\x2f\xfd\x20\x10\x81\x00\x00The otter swims."),
}
"""A small file of each format, so that whatever package reads it is really used."""

MODULES = (
    *("fcntl", "sqlite3"),
    *("numpy", "babel", "faiss", "onnx", "onnxruntime", "platformdirs", "py3langid", "regex", "rich.console"),
    *("sentencex", "Stemmer", "tokenizers", "tzlocal", "whoosh", "yaml"),
)
"""Modules that commands import, beside those by which the formats are read."""

EXTRAS = {
    "evaluate": (
        ("ir_measures", "pytrec_eval"),
        "pip install ir-measures pytrec-eval-terrier",
        "'evaluate' and 'tune'",
    ),
    "watch": (("httpx", "watchdog"), "pip install httpx watchdog", "'watch' of feeds, and of folders without --poll,"),
    "serve": (("fastapi", "uvicorn"), "pip install fastapi httptools uvicorn uvloop", "'serve'"),
    "mcp": (("mcp",), "pip install mcp", "'mcp', and /mcp of 'serve',"),
    "ir_datasets": (("ir_datasets",), "pip install ir-datasets", "the data sets of 'evaluate irds:NAME'"),
    "opensearch": (("opensearchpy",), "pip install opensearch-py", "indexes on an OpenSearch cluster"),
    "parquet": (("pyarrow",), "pip install pyarrow", "Parquet, Arrow and Feather files"),
    "xlsx": (("openpyxl",), "pip install openpyxl", "Excel's workbooks"),
}
"""What need not be installed: modules, the command that installs them, and what needs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was looked at, what was found, whether it will do, and what to do where it won't."""

    name: str
    found: str
    good: bool = True
    remedy: str = ""


Address = Annotated[
    str | None,
    typer.Argument(
        metavar="ADDRESS", show_default=False, help="An index on an OpenSearch cluster, to look at that instead."
    ),
]


def doctor(*, address: Address = None, json: Json = False, no_color: NoColor = False) -> None:
    """Check the installation: what is there, what is missing, what to type. The exit code is 7 where something is.

    With an address it checks the cluster, and the exit code is 9 where something is wrong.
    """
    from searchkit.cli.output import formats

    screen = Screen(no_color=no_color)
    checks = list(examine() if address is None else _cluster(address))
    if json:
        screen.write(formats.to_json([asdict(check) for check in checks]))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            screen.write(f"{'ok ' if check.good else 'BAD'} {check.name:<{width}}  {clean(check.found)}")
            if not check.good:
                screen.write(f"    {'':<{width}}  {clean(check.remedy)}")
    if not all(check.good for check in checks):
        raise typer.Exit(MissingExtra.exit_code if address is None else BackendError.exit_code)


def _cluster(address: str) -> Iterator[Check]:
    """Yield the checks of a cluster and the index on it. Raises ``ConfigError``, ``MissingExtra``."""
    from searchkit.opensearch.address import address_of
    from searchkit.opensearch.health import examine as examine_cluster

    for check in examine_cluster(address_of(address)):
        yield Check(name=check.name, found=check.seen, good=check.good, remedy=check.remedy)


def examine() -> Iterator[Check]:
    """Yield the checks, the cheap ones first."""
    yield _python()
    yield from _packages()
    yield from _modules()
    yield from _guarded("formats", _formats)
    yield from _guarded("torch", lambda: [_torch()])
    yield from _extras()
    yield from _guarded("keyword loops", lambda: [_loops()])
    yield from _guarded("sqlite", lambda: [_sqlite()])
    yield from _guarded("locks", lambda: [_locks()])
    yield from _guarded("encoder", lambda: [_encoder()])
    yield from _guarded("vector cache", lambda: [_cache()])
    yield from _project()
    yield from _guarded("indexes", lambda: (_index(path) for path in known_indexes()))


def _project() -> Iterator[Check]:
    """Say which project file holds here, and whether it can be read."""
    from searchkit.cli.project_defaults import doctor_state

    yield _tried("searchkit.toml", lambda: doctor_state() or "none here or above", "")


def _guarded(name: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield checks; where what they look with can't be imported, that is what they found."""
    try:
        yield from checks()
    except ImportError as error:
        yield _unimportable(name, error)


def _modules() -> Iterator[Check]:
    """Import what all commands need: a package can be there and be broken, and Python be made without a module."""
    for module in MODULES:
        try:
            import_module(module)
        except ImportError as error:
            yield _unimportable(module, error)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Check(name="python", found=version, good=good, remedy="Install Python 3.11, 3.12 or 3.13.")


def _packages() -> Iterator[Check]:
    """Look for every package that is required, in a version that is allowed."""
    try:
        required = requires("searchkit") or []
    except PackageNotFoundError:
        yield Check(name="searchkit", found="run from its folder, not installed")
        return
    lines = [line for line in required if "extra ==" not in line and not line.startswith(LIGHT_WITHOUT)]
    needed = [parts.groups() for line in lines if (parts := match(r"([\w.-]+)(?:\s*[>=]=\s*([\d.]+))?", line))]
    wanting = [f"{name}>={floor}" if floor else name for name, floor in needed if not _is_there(name, floor)]
    present = f"{len(needed) - len(wanting)} of {len(needed)} are there"
    quoted = " ".join(f"'{requirement}'" if ">" in requirement else requirement for requirement in wanting)
    yield Check(name="packages", found=present, good=not wanting, remedy=f'Run "pip install {quoted}".')


def _is_there(package: str, floor: str | None) -> bool:
    """Say whether a package is installed, and not older than it may be."""
    try:
        here = version(package)
    except PackageNotFoundError:
        return False
    return floor is None or _numbers(here) >= _numbers(floor)


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with, without zeros at their end: 1.11.0.post1 is 1, 11."""
    version = match(r"\d+(\.\d+)*", text)
    numbers = [int(part) for part in version[0].split(".")] if version else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _formats() -> Iterator[Check]:
    """Read a small article of each format; where a package can't be imported, say which."""
    from searchkit.ingest import read

    good = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, (name, content) in FORMATS.items():
            path = Path(folder) / name
            path.write_bytes(content)

            def attempt(path: Path = path) -> str:
                entries = list(read([path]))
                if not any(isinstance(entry, Article) for entry in entries):
                    raise SearchkitError("; ".join(str(entry) for entry in entries) or "no article was read")
                return "read"

            check = _tried(kind, attempt, "")
            if check.good:
                good.append(kind)
            else:
                yield check
            path.unlink()
    yield Check(name="formats", found=f"{len(good)} of {len(FORMATS)} are read: {', '.join(good)}")


def _torch() -> Check:
    """Say whether other encoders than the default can be run; the default needs none of it."""
    from searchkit.encoders.sentence_transformer import INSTALL_TORCH, TORCH

    missing = _missing(TORCH)
    if not missing:
        return Check(name="torch", found=f"{version('torch')}, for other encoders and cross-encoders")
    state = f"not installed ({', '.join(missing)}): other encoders and cross-encoders need it. {INSTALL_TORCH}"
    return Check(name="torch", found=state)


def _extras() -> Iterator[Check]:
    """Import what is optional. What is absent is told with its command; what is there and broken is a fault."""
    for name, (modules, command, users) in EXTRAS.items():
        missing = _missing(modules)
        if missing:
            yield Check(name=name, found=f"not installed ({', '.join(missing)}): {users} need it. Run '{command}'.")
        else:

            def attempt(modules: tuple[str, ...] = modules) -> str:
                for module in modules:
                    import_module(module)
                return "installed"

            yield _tried(name, attempt, f"Run '{command.replace('install', 'install --force-reinstall')}'.")


def _missing(modules: Iterable[str]) -> list[str]:
    return [name for name in modules if name not in sys.modules and find_spec(name) is None]


def _loops() -> Check:
    """Say how keywords are searched: both ways give the same answers, so that either is fit to work."""
    from searchkit.storage import native

    if native.COMPILED is not None:
        return Check(name="keyword loops", found="compiled")
    state = "not compiled: numpy takes over, which is slower; install a C compiler, then searchkit again"
    return Check(name="keyword loops", found=state)


def _sqlite() -> Check:
    import sqlite3

    good = sqlite3.sqlite_version_info >= OLDEST_SQLITE
    return Check(name="sqlite", found=sqlite3.sqlite_version, good=good, remedy="Install Python with a newer SQLite.")


def _locks() -> Check:
    """Try the locks of writers and readers in this folder, where indexes are made."""
    from searchkit.index.lock import unread, writer_lock

    def attempt() -> str:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            path = Path(folder) / "LOCK"
            with writer_lock(path, "doctor"), unread(path) as free:
                return "work" if not free else "are not kept"

    return _tried("locks", attempt, "Keep indexes on a local disk: this folder's has no locks or can't be written to.")


def _encoder() -> Check:
    from searchkit.encoders import load_encoder

    def attempt() -> str:
        vector = load_encoder(DEFAULT_ENCODER).encode_query("air defence")
        return f"{DEFAULT_ENCODER}, {len(vector)} dimensions"

    return _tried("encoder", attempt, "")


def _cache() -> Check:
    """Try to write in the cache folder, which exported models need too; without it all works, but more slowly."""
    from searchkit.encoders.embedding_cache import bound
    from searchkit.storage.digest_cache import cache_folder

    def attempt() -> str:
        folder, most = cache_folder(), bound()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return f"{size(most)} at most" if most else "switched off"
        except OSError as error:
            reason = "it is a file" if folder.is_file() else error.strerror
            raise StorageError(
                f"{folder} can't be used: {reason}",
                hint="Let SEARCHKIT_CACHE name a folder that can be written, or leave it out.",
            ) from error

    return _tried("vector cache", attempt, "")


def _index(path: Path) -> Check:
    from searchkit.index.verify import verify

    def attempt() -> str:
        done = verify(path)
        if done.faults:
            first = done.faults[0]
            raise SearchkitError(
                first.found, hint=f"Run '{first.remedy}' to mend it." if first.remedy else first.meaning
            )
        return f"generation {done.generation} is whole"

    return _tried(str(path), attempt, "")


def _tried(name: str, attempt: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name=name, found=attempt())
    except ImportError as error:
        return _unimportable(name, error)
    except SearchkitError as error:
        if isinstance(error.__cause__, ImportError):
            return _unimportable(name, error.__cause__)
        return Check(name=name, found=error.message, good=False, remedy=remedy or error.hint)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        return Check(name=name, found=reason, good=False, remedy=remedy)


def _unimportable(name: str, error: ImportError) -> Check:
    """Name the command that installs what can't be imported: a module that is absent, or a package that is broken."""
    state = f"can't be imported: {' '.join(str(error).split())}"
    return Check(name=name, found=state, good=False, remedy=how_to_install(error))

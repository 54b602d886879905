"""Page templates: the page's own files, and the one place where text becomes HTML: every value is escaped."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from searchkit.server.package_check import needs_extra

if TYPE_CHECKING:
    from jinja2 import Template

FOLDER = Path(__file__).parent / "page"
_LONG_NUMBER = re.compile(r"\d+\.\d{4,}")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFile:
    """A file that the page loads."""

    content: bytes
    media_type: str
    tag: str


def page_file(name: str) -> PageFile | None:
    """Return a file of the page; None where there is none of this name."""
    return _page_files().get(name)


@cache
def _page_files() -> dict[str, PageFile]:
    """Return the files by their names: all, since whoever asks for others must not fill a cache with their names."""
    return {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}


def _read(path: Path) -> PageFile:
    content = path.read_bytes()
    digest = hashlib.blake2b(content, digest_size=8).hexdigest()
    return PageFile(content=content, media_type=_TYPES[path.suffix], tag=f'"{digest}"')


def rendered(name: str, values: dict[str, Any]) -> str:
    """Return a template with values in it. Raises ``MissingExtra`` where Jinja isn't installed."""
    return _template(name).render(values)


@cache
def _template(name: str) -> Template:
    with needs_extra("The page", "jinja2"):
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["web_address"] = web_address
    environment.filters["rounded"] = rounded
    environment.globals["zip"] = zip
    return environment.get_template(name)


def rounded(text: str) -> str:
    """Return a text whose numbers have three digits behind the point at most."""
    return _LONG_NUMBER.sub(lambda match: f"{float(match[0]):.3f}", text)


def web_address(url: str | None) -> str:
    """Return an address that a link may lead to: of the web; "" for any other, such as one that would run a script."""
    try:
        return url if url and urlsplit(url.strip()).scheme in {"http", "https"} else ""
    except ValueError:
        return ""

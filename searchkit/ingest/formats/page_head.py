"""Page head: what stands in a page's head, its scripts, its headlines and its times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from searchkit.ingest.formats.json_ld import plain
from searchkit.ingest.text_cleanup import one_line

_HEADLINES = 6
_TIMES = 40
"""Of each kind so many are looked at: those of the article come first."""

_LONGEST = 5_000
"""Characters of a value. What is longer describes nothing."""

_SHARED_ADDRESSES = ("og:url", "twitter:url", "parsely-link")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeElement:
    """A ``time`` element: what its names say of it, its machine's form, and its text."""

    names: str
    machine: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHead:
    """What stands in a page's head and scripts; of ``metas`` the names are in small letters."""

    metas: Mapping[str, Sequence[str]]
    scripts: Sequence[str]
    title: str
    canonical: str
    base: str
    headlines: Sequence[str]
    times: Sequence[TimeElement]

    def first(self, names: Iterable[str]) -> str:
        """Return the first value of the first name that has any; "" where none has."""
        return next(self.all(names), "")

    def all(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the values of some names, in the order of these."""
        return (value for name in names for value in self.metas.get(name, ()))


def read_head(tree: Any) -> PageHead:
    """Return what stands in a page's head and scripts."""
    metas: dict[str, list[str]] = {}
    scripts: list[str] = []
    headlines: list[str] = []
    times: list[TimeElement] = []
    title = canonical = base = ""
    for element in tree.iter("meta", "script", "title", "link", "base", "h1", "time"):
        match element.tag:
            case "meta":
                _add_meta(metas, element)
            case "script":
                if "ld+json" in (element.get("type") or "").lower():
                    scripts.append(element.text or "")
            case "title":
                title = title or plain((element.text or "")[:_LONGEST])
            case "link":
                if (element.get("rel") or "").lower().strip() == "canonical":
                    canonical = canonical or (element.get("href") or "").strip()
            case "base":
                base = base or (element.get("href") or "").strip()
            case "h1" if len(headlines) < _HEADLINES:
                headlines.append(_text(element))
            case "time" if len(times) < _TIMES:
                times.append(_time(element))
    return PageHead(
        metas=metas,
        scripts=scripts,
        title=title,
        canonical=canonical,
        base=base,
        headlines=[each for each in headlines if each],
        times=times,
    )


def _add_meta(metas: dict[str, list[str]], element: Any) -> None:
    content = element.get("content") or ""
    if not content.strip():
        return
    for attribute in ("property", "name", "itemprop", "http-equiv"):
        if name := element.get(attribute):
            metas.setdefault(name.strip().lower(), []).append(plain(content[:_LONGEST]))


def _text(element: Any) -> str:
    return plain("".join(element.itertext())[:_LONGEST])


def _time(element: Any) -> TimeElement:
    names = [element.get("itemprop"), element.get("class"), "pubdate" if element.get("pubdate") is not None else None]
    return TimeElement(
        names=" ".join(name for name in names if name).lower(),
        machine=(element.get("datetime") or "")[:_LONGEST],
        text=one_line(_text(element)[:100]),
    )


def address_of(head: PageHead) -> str:
    """Return a page's canonical address, or the one that it shares; a relative one is joined to the page's base.

    The address of a site's home page is no article's where the page shares another.
    """
    shared = head.first(_SHARED_ADDRESSES)
    base = head.base if _is_absolute(head.base) else shared
    addresses = (head.canonical, shared)
    for address in reversed(addresses) if _is_home(head.canonical) and not _is_home(shared) else addresses:
        if _is_absolute(address):
            return address
        if address and _is_absolute(base):
            try:
                return urljoin(base, address)
            except ValueError:
                continue
    return ""


def _is_home(address: str) -> bool:
    _, _, path, query = address_parts(address)
    return not path.strip("/") and not query


def _is_absolute(address: str) -> bool:
    parts = address_parts(address)
    return parts[0] in {"http", "https"} and bool(parts[1])


def address_parts(address: str) -> tuple[str, str, str, str]:
    """Return scheme, host, path and query of an address; empty ones where it is none."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return "", "", "", ""
    return parts.scheme, parts.netloc, parts.path, parts.query

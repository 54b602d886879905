"""URL key: a URL in the form in which two of one page are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote, urlsplit

_TRACKERS = re.compile(
    r"(?:utm_|mtm_|hsa_|_hs)\w*|(?:fb|g|dc|y|tw|tt)clid|msclkid|gclsrc|[gw]braid|li_fat_id|igsh(?:id)?|mc_[ce]id|_g[al]"
    r"|mkt_tok|ref_src|ref_url|s_cid|cmpid|amp|outputtype"
)
"""Parameters by which a link tells where it was clicked, or that a page is wanted in its form for phones."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://|//", re.IGNORECASE)
_PLAIN = re.compile(r"https?://(?!amp\.)(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+(?:/[\w,~@:+-]+)*)/?", re.ASCII)
"""Most URLs: they need no more than this."""

_AMP = re.compile(r"(?:/amp|\.amp)(?=/?$|\.html?$)")


@lru_cache(maxsize=1 << 10)
def url_key(url: str) -> str:
    """Return a URL in the form in which it is compared; "" where it is none.

    Without scheme, ``www.``, user, usual port, fragment, tracking parameters and a slash or ``index.html`` at the end;
    the host in small letters, parameters in order, percent encoding written out. A page's form for phones is the page
    where the address says so: ``/amp`` or ``.amp`` at its end, a host ``amp.``, a parameter ``amp``.
    """
    plain = _PLAIN.fullmatch(url)
    if plain is not None and not plain[1].endswith("/amp") and "xn--" not in url:
        return plain[1]
    text = url.strip().strip("<>")
    try:
        parts = urlsplit(text if _SCHEME.match(text) else f"//{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not host:
        return ""
    path = re.sub("/{2,}", "/", _written_out(parts.path))
    path = re.sub(r"/(?:index|default)\.(?:html?|php|aspx?)$", "", _AMP.sub("", path)).rstrip("/")
    parameters = sorted(_written_out(pair) for pair in parts.query.split("&") if pair and not _is_tracker(pair))
    fragment = f"#{parts.fragment}" if parts.fragment.startswith("!") else ""
    return "".join(
        (
            _host(host),
            "" if port in (None, 80, 443) else f":{port}",
            path,
            "?" if parameters else "",
            "&".join(parameters),
            fragment,
        )
    )


def _host(host: str) -> str:
    if "xn--" in host:
        try:
            host = host.encode("ascii").decode("idna")
        except UnicodeError:
            return host
    return re.sub(r"^(?:www\d?|amp)\.(?=.+\.)", "", unicodedata.normalize("NFC", host.rstrip(".")).lower())


def _written_out(text: str) -> str:
    """Return a part of a URL without percent encoding, but for what would part it otherwise."""
    kept = re.sub(r"%(2f|3f|23|26|25)", lambda match: f"%25{match[1].lower()}", text, flags=re.IGNORECASE)
    return unicodedata.normalize("NFC", unquote(kept))


def _is_tracker(pair: str) -> bool:
    return _TRACKERS.fullmatch(pair.partition("=")[0].lower()) is not None

"""Page state: what the page shows, as its address says it, and the addresses that lead on from there."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import Field
from starlette.datastructures import QueryParams

from searchkit.server.request_models import Name, SearchParameters, parameters

FILTER_FIELDS = ("source", "language", "tag", "author")
"""The fields whose values the page offers as filters."""

EVERYTHING = "*"
_LAST_WORD = re.compile(r"[^\W_]{2,}$")
_SIGNS = re.compile(r"[^\w\s]|\b(?:AND|OR|NOT|ANDNOT|ANDMAYBE)\b")
"""What may make an expression of a text."""

_OF_A_VIEW = ("cursor", "article", "at", "part", "filters_of")
"""What holds for what is shown now, and not for where a link leads."""


class PageState(SearchParameters):
    """What the page shows: a search as over HTTP, and beside it the index, and the article that is open."""

    q: str = Field("", description="What is typed; everything where nothing is.")
    index: Name | None = None
    filters_of: Name | None = Field(None, description="The index whose filters the form had: another has others.")
    article: str | None = Field(None, max_length=4_000)
    at: str = Field("0,0", pattern=r"^\d{1,12},\d{1,12}$", description="The characters of the passage that is shown.")
    typed: bool = Field(False, description="Whether the last word of ``q`` may go on: it is searched by keyword.")
    part: Literal["all", "results", "filters"] = Field("all", description="What of a search is shown.")

    @property
    def passage(self) -> tuple[int, int]:
        """The characters of the passage that is shown; none where both are the same."""
        start, _, end = self.at.partition(",")
        return int(start), int(end)

    @property
    def browses(self) -> bool:
        """Whether nothing is asked for but what passes the filters."""
        return self.q.strip() in {"", EVERYTHING}

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is set."""
        return bool(self.filters() or self.where)

    def options(self) -> dict[str, Any]:
        """Return the arguments of ``Searcher.search`` beside text and ``where``. Without words the newest are first."""
        options = super().options() | {"facets": ()}
        if self.browses:
            return options | {"mode": "keyword", "sort": self.sort or "-published"}
        return options | ({"mode": "keyword"} if self.typed else {})

    def text(self) -> str:
        """Return the text that is searched for; of what is being typed also what its last word may go on to."""
        if self.browses:
            return EVERYTHING
        if not self.typed or _SIGNS.search(self.q) or not (match := _LAST_WORD.search(self.q)):
            return self.q
        return f"{self.q} {match[0]}*"

    def address(self, **changes: Any) -> str:
        """Return the page's address with some changes; None takes a parameter away."""
        values = self.model_dump(exclude_defaults=True, exclude=set(_OF_A_VIEW)) | changes
        pairs = {name: value for name, value in values.items() if value not in (None, "", [])}
        plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in pairs.items()}
        return "/?" + urlencode(plain, doseq=True) if plain else "/"

    def unfiltered_address(self) -> str:
        """Return the page's address without filters."""
        return self.address(**dict.fromkeys((*FILTER_FIELDS, "since", "until", "where")))


def page_state(query: QueryParams) -> PageState:
    """Read what an address shows. Raises ``BadRequest``.

    A field of a form that was left empty isn't there, nor are filters of another index than the form now names.
    """
    before, chosen = query.get("filters_of"), query.get("index")
    dropped = {*FILTER_FIELDS, "where"} if before and chosen and before != chosen else frozenset()
    pairs = [(name, value) for name, value in query.multi_items() if value.strip() and name not in dropped]
    return parameters(PageState, QueryParams(pairs))

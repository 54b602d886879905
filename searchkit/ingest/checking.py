"""Here is an article that a program made; can it be stored as it is?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from searchkit.errors import SourceError
from searchkit.ingest.dates import offset_s, parse_date, parse_dated
from searchkit.ingest.fields import flatten
from searchkit.ingest.languages import detect, is_no_language, normalise
from searchkit.ingest.mapping import LONGEST_LANGUAGE, find_sections
from searchkit.ingest.texts import clean, has_control, one_line
from searchkit.types import Article, Section

_DAY_S = 86_400


def checked_article(article: Article) -> Article:
    """Return the article as it will be stored: its texts clean, its dates in UTC, its language known where possible.

    Sections are found where none are given, as for articles that are read from a file. An article that is fit to be
    stored is returned unchanged, so that checking twice is checking once.

    Raises ``SourceError`` where there is no id, a control character in it, neither text nor title, or where a section
    reaches out of the text, overlaps another, or would be moved by cleaning the text.
    """
    if not article.id.strip() or has_control(article.id):
        raise SourceError(
            "has no id" if not article.id.strip() else f"has a control character in its id {article.id!r}"
        )
    text, title = clean(article.text), one_line(article.title)
    if not text.strip() and not title:
        raise SourceError(f"the article '{article.id}' has neither text nor title")
    if article.sections:
        _check_sections(article, text)
    published = parse_dated(article.published)
    clock = offset_s(published) or article.utc_offset_s
    if not -_DAY_S < clock < _DAY_S:
        raise SourceError(
            f"the article '{article.id}' has a utc_offset_s of {clock}", hint="A clock is less than a day from UTC."
        )
    given = article.language or ""
    unknown = is_no_language(given) or len(given) > LONGEST_LANGUAGE
    return replace(
        article,
        id=clean(article.id.strip()),
        text=text,
        title=title,
        url=one_line(article.url or "") or None,
        source=one_line(article.source or "") or None,
        authors=tuple(name for each in article.authors if (name := one_line(each))),
        published=None if published is None else published.astimezone(UTC),
        updated=parse_date(article.updated),
        utc_offset_s=0 if published is None else clock,
        language=(None if unknown else normalise(given)) or detect(title, text),
        tags=tuple(tag for each in article.tags if (tag := one_line(each))),
        fields=flatten(article.fields, frozenset(), ""),
        sections=tuple(_cleaned(section) for section in article.sections) or find_sections(text, title),
    )


def _cleaned(section: Section) -> Section:
    heading = clean(section.heading)
    return section if heading == section.heading else replace(section, heading=heading)


def _check_sections(article: Article, text: str) -> None:
    if len(text) != len(article.text):
        raise SourceError(
            f"the article '{article.id}' has control characters or \\r in its text, which would move its sections",
            hint="Take them out before the sections are counted.",
        )
    ends = [0, *(section.end for section in article.sections)]
    for section, end in zip(article.sections, ends, strict=False):
        if not end <= section.start <= section.end <= len(text):
            raise SourceError(
                f"the section '{section.heading}' of the article '{article.id}' spans {section.start} to "
                f"{section.end}, after one that ends at {end}, in a text of {len(text)} characters"
            )

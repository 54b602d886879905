"""CSL-JSON: references as citation managers exchange them, of which the abstract is the text."""

from __future__ import annotations

from searchkit.ingest.article_builder import ParsedArticle
from searchkit.ingest.formats.export_fields import Beside, Row, export_article, inner, labels, rows_in, text_of


def csl(row: Row, beside: Beside) -> ParsedArticle:
    """Return a reference of CSL-JSON."""
    used = "title abstract author issued accessed URL container-title keyword language note publisher id DOI"
    return export_article(
        row,
        used.split(),
        id=str(row.get("id") or ""),
        title=text_of(row, "title", "title-short"),
        text=text_of(row, "abstract"),
        url=text_of(row, "URL") or address_of_doi(text_of(row, "DOI")),
        source=text_of(row, "container-title", "publisher"),
        authors=[name for each in rows_in(row, "author") if (name := _csl_name(each))],
        published=_csl_date(inner(row, "issued")),
        language=text_of(row, "language"),
        tags=labels(row.get("keyword"), separator=";" if ";" in text_of(row, "keyword") else ","),
        saved=_csl_date(inner(row, "accessed")),
        notes=text_of(row, "note"),
        doi=text_of(row, "DOI"),
    )


def address_of_doi(doi: str) -> str:
    """Return the address that a DOI is found at; an address stays what it is."""
    return f"https://doi.org/{doi.removeprefix('doi:').strip()}" if doi and not doi.startswith("http") else doi


def _csl_name(name: Row) -> str:
    parts = (text_of(name, key) for key in ("given", "non-dropping-particle", "family", "suffix"))
    return text_of(name, "literal") or " ".join(part for part in parts if part)


def _csl_date(date: Row) -> str:
    parts = date.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    numbers = [str(part) for part in first[:3] if str(part).isdecimal()]
    return "-".join(part.zfill(2 if place else 4) for place, part in enumerate(numbers)) or text_of(
        date, "raw", "literal"
    )

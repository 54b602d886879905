"""Reports on an article, an index or a build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from searchkit.answer import iso
from searchkit.cli.output.console import clean, clean_lines
from searchkit.cli.output.numbers import count, day, duration, size
from searchkit.cli.output.result_table import DIM, bar, byline
from searchkit.field_config import FieldConfig, field_configs
from searchkit.types import NO_ARTICLES, Article, BuildReport, Chunk, IndexInfo, ProblemKind, Section

if TYPE_CHECKING:
    from searchkit.index.history import GenerationInfo


SHOWN_PROBLEMS = 1000
"""Problems that are named: all of them, unless a whole archive is unreadable, which --json still lists."""

SHOWN_VALUES = 8


def article(whole: Article, chunks: Sequence[Chunk]) -> RenderableType:
    """Draw an article to be read: title, byline, text under its headings, and what else is known of it."""
    about: list[RenderableType] = [Text(clean(whole.title) or clean(whole.id), style="bold")]
    line = byline(whole, whole.language)
    if line:
        about.append(line)
    return Group(*about, "", *_sections(whole), _table(_details(whole, chunks)))


def chunk(one: Chunk, of: Article | None) -> RenderableType:
    """Draw a chunk: the article it is of, its heading, its text and its span."""
    about: list[RenderableType] = []
    if of is not None:
        about = [Text(clean(of.title) or clean(of.id), style="bold"), byline(of, of.language), ""]
    if one.heading:
        about.append(Text(clean(one.heading), style="italic"))
    where = Text(f"{clean(one.id)} · characters {one.start:,} to {one.end:,}", style=DIM, overflow="fold")
    return Group(*about, *_paragraphs(one.text), where)


def index(about: IndexInfo) -> RenderableType:
    """Draw what an index is made of."""
    return Group(Text(clean(about.path), style="bold", overflow="fold"), _table(_index_rows(about)))


def history(past: Sequence[GenerationInfo]) -> RenderableType:
    """Draw the generations of an index, the latest first."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=DIM, no_wrap=True)
    grid.add_column(overflow="fold")
    for number, generation in enumerate(past[:SHOWN_VALUES]):
        numbers = (
            count(generation.articles, "article"),
            count(generation.chunks, "chunk"),
            count(generation.segments, "segment"),
        )
        restored = f", brings back {generation.restored}" if generation.restored else ""
        vectors = f"{_encoder_name(generation.encoder)}{coverage(generation.vectors, generation.chunks)}"
        origin = f"made {iso(generation.created)}{restored}, {vectors}"
        line = generation.problem or f"{generation.number}: {', '.join(numbers)}, {origin}"
        grid.add_row("  history" if not number else "", Text(clean(line)))
    if len(past) > SHOWN_VALUES:
        grid.add_row("", Text(f"and {len(past) - SHOWN_VALUES:,} more", style=DIM))
    return grid


def listed(path: str, about: IndexInfo | str) -> Iterator[str]:
    """Yield the lines of a list of indexes for one of them; of one that can't be read, the reason."""
    yield clean(path)
    if isinstance(about, str):
        yield f"  {clean(about)}"
        return
    numbers = (count(about.articles, "article"), count(about.chunks, "chunk"), size(about.bytes))
    lacking = coverage(about.vectors, about.chunks)
    yield f"  {' · '.join(numbers)} · made {day(about.created)} · {clean(_encoder_name(about.encoder))}{lacking}"


def report(done: BuildReport) -> RenderableType:
    """Draw what a build did."""
    what = {name: getattr(done, name) for name in ("new", "changed", "unchanged", "vanished", "deleted")}
    counts = ", ".join(f"{number:,} {name}" for name, number in what.items() if number)
    vectors = {"encoded": done.vectors_encoded, "reused": done.vectors_reused}
    known = ", ".join(f"{count(number, 'vector')} {name}" for name, number in vectors.items() if number)
    rows: dict[str, RenderableType] = {
        "articles": _with_details(done.articles, counts),
        "chunks": _with_details(done.chunks, known),
        "time": duration(done.took_s),
    }
    rows = {name: value for name, value in rows.items() if value}
    return Group(Text(f"{clean(done.path)}, generation {done.generation}", style="bold"), _table(rows))


def _with_details(number: int, details: str) -> str:
    """Write a number with what it is made of; a zero is left out."""
    if not number:
        return details
    return f"{number:,} ({details})" if details else f"{number:,}"


def problems(done: BuildReport) -> Iterator[str]:
    """Name what could not be taken as it was, a line each, those of one kind together where there are many."""
    lost = done.lost
    losses = f", {lost:,} {'article or file' if lost == 1 else 'articles or files'} lost" if lost else ""
    yield f"{count(len(done.problems), 'problem')}{losses}:"
    kinds = done.problem_kinds
    yield from (f"  {clean(line)}" for kind in kinds[:SHOWN_PROBLEMS] for line in _of_kind(kind))
    if len(kinds) > SHOWN_PROBLEMS:
        yield f"  and {len(kinds) - SHOWN_PROBLEMS:,} more kinds: --json names all"


def _of_kind(kind: ProblemKind) -> Iterator[str]:
    if kind.count <= len(kind.examples):
        yield from map(str, kind.examples)
        return
    what = f"{kind.count:,} times: {kind.reason}"
    if kind.reason == NO_ARTICLES:
        what = f"{kind.count:,} files are no articles, but pictures, settings and the like"
    places = (each.place if each.line is None else f"{each.place}, line {each.line}" for each in kind.examples)
    yield f"{what}; for instance {'; '.join(places)}"


def _sections(whole: Article) -> Iterator[RenderableType]:
    """Yield each section's heading and paragraphs."""
    for section in whole.sections or (Section(heading="", start=0, end=len(whole.text)),):
        if section.heading:
            yield Text(clean(section.heading), style="italic bold")
        yield from _paragraphs(whole.text[section.start : section.end])


def _paragraphs(text: str) -> Iterator[RenderableType]:
    """Yield each line of a text that isn't empty, with an empty line after it."""
    for line in clean_lines(text).splitlines():
        if line.strip():
            yield Text(line, overflow="fold")
            yield ""


def _details(whole: Article, chunks: Sequence[Chunk]) -> dict[str, RenderableType]:
    """Return what is known of an article besides its text."""
    known: dict[str, str] = {
        "id": whole.id,
        "url": whole.url or "",
        "published": iso(whole.published_local) or "",
        "updated": iso(whole.updated) or "",
        "language": whole.language or "",
        "tags": ", ".join(whole.tags),
        **{
            name: ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            for name, value in whole.fields.items()
        },
        "chunks": f"{len(chunks):,}" + (f" ({chunks[0].id} to #{chunks[-1].ordinal})" if len(chunks) > 1 else ""),
    }
    return {clean(name): Text(clean(value), overflow="fold") for name, value in known.items() if value}


def _index_rows(about: IndexInfo) -> dict[str, RenderableType]:
    span = f" ({day(about.first_published)} to {day(about.last_published)})" if about.first_published else ""
    deleted = f", {count(about.deleted_chunks, 'chunk')} deleted" if about.deleted_chunks else ""
    rows: dict[str, RenderableType] = {
        "articles": f"{about.articles:,}{span}",
        "chunks": f"{about.chunks:,} in {count(about.segments, 'segment')}{deleted}",
        "encoder": Text(f"{clean(about.encoder)}, {about.dimension:,} dimensions", overflow="fold"),
        "vectors": f"{about.vectors:,} of {count(about.chunks, 'chunk')}{_scan(about)}",
        "size": size(about.bytes) + (f" ({_legs(about.leg_bytes)})" if about.bytes else ""),
        "generation": f"{about.generation}, made {iso(about.created)} (format {about.format})",
    }
    if weak := {name: share for name, share in about.encoder_shares.items() if share < 1}:
        known = ", ".join(f"{clean(name) or 'unknown'} {share:.0%}" for name, share in weak.items())
        rows["encoder by language"] = f"{known}: what its cosines count there, as it was measured on the articles"
    measured = "as measured on this archive" if about.confidence_measured else "as usual, until a rebuild measures it"
    rows["confidence"] = f"--min-confidence {about.min_confidence:g} leaves what is likely or sure, {measured}"
    rows["time zone"] = f'{clean(about.time_zone)}, where "today" and "last month" in a question are'
    if about.places:
        rows["places"] = Text("\n".join(clean(place) for place in about.places), overflow="fold")
    if about.languages:
        rows["languages"] = _values(about.languages)
    if about.sources:
        rows["sources"] = _values(about.sources)
    settings = {
        name: "default" if value is None else value
        for name, value in about.config.items()
        if name not in {"encoder", "fields"}
    }
    if declared := field_configs(about.config.get("fields", {})):
        rows["fields"] = Text("\n".join(f"{clean(name)}: {_declared(config)}" for name, config in declared.items()))
    rows["config"] = Text(", ".join(f"{name} {clean(str(value))}" for name, value in settings.items()))
    if about.settings:
        chosen = ", ".join(f"{name} {clean(str(value))}" for name, value in about.settings.items())
        rows["settings"] = Text(f"{chosen}, for every search that names no others")
    return rows


def _declared(config: FieldConfig) -> str:
    """Say what was declared of a field."""
    uses = {"searched": config.is_searchable, "counted": config.is_counted, "sorted by": config.is_sorted}
    chosen = [name for name, holds in uses.items() if holds] + ([] if config.stored else ["not shown"])
    return f"{config.type}, {', '.join(chosen)}" if chosen else config.type


def _scan(about: IndexInfo) -> str:
    """Say how the vector retriever finds its rows, and what of the nearest it was seen to find."""
    if not about.vectors:
        return ""
    if about.vector_recall is None:
        return ", scanned as they are"
    return f", {about.eight_bit_chunks:,} scanned at 8 bits, then scored exactly (recall@100 {about.vector_recall:.3f})"


def coverage(vectors: int, chunks: int) -> str:
    """Say how many chunks have a vector, where not all have."""
    return f", vectors: {vectors:,} of {count(chunks, 'chunk')}" if vectors < chunks else ""


def _encoder_name(name: str) -> str:
    return name.rpartition("/")[2]


def _legs(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {size(bytes_)}" for name, bytes_ in sizes.items() if bytes_)


def _values(counts: Mapping[str, int]) -> RenderableType:
    """Draw the most frequent values with a bar each, and say how many more there are."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(max_width=32, overflow="fold")
    grid.add_column(justify="right")
    for value, articles in ordered[:SHOWN_VALUES]:
        grid.add_row(clean(value) or "(none)", f"{articles:,}", bar(articles, ordered[0][1]))
    if len(ordered) > SHOWN_VALUES:
        grid.add_row(Text(f"and {len(ordered) - SHOWN_VALUES:,} more", style=DIM))
    return grid


def _table(rows: Mapping[str, RenderableType]) -> RenderableType:
    """Draw names and what belongs to each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=DIM, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows.items():
        grid.add_row(f"  {name}", Text(value) if isinstance(value, str) else value)
    return grid

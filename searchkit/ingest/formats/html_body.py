"""HTML body: the article on a page, in blocks, extracted by trafilatura from a pruned tree."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

from searchkit.ingest.formats.embedded_text import embedded_text, is_data
from searchkit.ingest.formats.html_boilerplate import is_boilerplate, is_byline
from searchkit.ingest.formats.html_fragment import field_text
from searchkit.ingest.formats.html_metadata import PageMetadata
from searchkit.ingest.formats.html_pruning import prune
from searchkit.ingest.formats.sections import Block
from searchkit.ingest.text_cleanup import clean, one_line

_WORD = re.compile(r"\w+")
_RUN = 3
"""Words of a run by which two texts are compared."""

_NEAR_THE_TOP = 5
_NEAR_THE_END = 3
_SHORT_KICKER, _LONGEST_KICKER = 25, 40
"""Characters beside the title in a block that repeats it; more than the first only where the title is longer."""

_LONG = 80
"""Characters of a block that nobody says twice."""

_LONGEST_BIOGRAPHY = 600

_NAMED_BY = 40
"""Characters of a biography before its name: "Our correspondent Ann Lee", "The economist Ann Lee"."""

_SAID = 0.8
"""Share of a headline's words that the page says elsewhere, so that nothing is lost with it."""

_LONGEST_CREDIT = 120
_MOST_NAMES = 12
_FEWEST_CREDITS = 4

_LONGEST_ANNOUNCEMENT = 200

_MOSTLY, _HARDLY = 0.9, 0.3
_SHORTEST_EMBEDDED = 400
_LONGEST_STUB = 2500
"""Characters that a page shows of an article which goes on in its data."""


def page_blocks(tree: Any, metadata: PageMetadata) -> list[Block]:
    """Return the blocks of a page's article, without its title; its standfirst comes first. The tree is used up.

    What a page shows comes before what its scripts carry; that is taken where the page shows less than half of it.
    """
    trafilatura = load_trafilatura()
    scripts = [each.text for each in tree.iter("script") if each.text and is_data(each.text)]
    prune(tree, metadata.url)
    document = trafilatura.bare_extraction(tree, with_metadata=False, include_comments=False, include_tables=True)
    blocks = list(_body(document.body)) if document is not None and document.body is not None else []
    if not any(block.text.strip() for block in blocks):
        blocks = [Block(text=clean(trafilatura.html2txt(tree)).strip())]
    blocks = without_boilerplate([block for block in blocks if block.text.strip()], metadata)
    return _with_standfirst(_or_embedded(blocks, metadata, scripts), metadata.standfirst)


def load_trafilatura() -> Any:
    """Return the package, which tells its doubts to whoever set up logging, not to a terminal where nobody did."""
    import trafilatura

    logger = logging.getLogger("trafilatura")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return trafilatura


def without_boilerplate(blocks: Sequence[Block], metadata: PageMetadata) -> list[Block]:
    """Leave out the title, and what belongs to no article by its words, its place, or the page's own data."""
    kept = _without_label(_without_headline(_without_title(blocks, metadata.title), metadata), metadata)
    last = len(kept) - _NEAR_THE_END
    kept = [
        block
        for i, block in enumerate(kept)
        if not is_boilerplate(block.text)
        and not ((i < _NEAR_THE_TOP or i >= last) and is_byline(block.text, metadata.authors))
    ]
    kept = _without_biographies(_only_articles(_once(kept), metadata.article_body), metadata.authors)
    kept = _without_credits(kept)
    while kept and (kept[-1].level or _announces(kept[-1].text)):
        kept.pop()
    return kept or [block for block in blocks if not block.level]


def _announces(text: str) -> bool:
    """Say whether a last line announces what was taken out behind it, as a link or a picture."""
    return len(text) <= _LONGEST_ANNOUNCEMENT and text.endswith((":", "："))


def _without_title(blocks: Sequence[Block], title: str) -> list[Block]:
    wanted = _words(title)
    longest = len(title) + max(_SHORT_KICKER, min(_LONGEST_KICKER, len(title)))
    return [
        block
        for i, block in enumerate(blocks)
        if i >= _NEAR_THE_TOP or not wanted or len(block.text) > longest or not _has(block, wanted)
    ]


def _has(block: Block, wanted: list[str]) -> bool:
    words = _words(block.text)
    return words == wanted or f" {' '.join(wanted)} " in f" {' '.join(words)} "


def _without_headline(blocks: Sequence[Block], metadata: PageMetadata) -> list[Block]:
    """Leave out a headline at the top that words the title differently, where the page says its words elsewhere."""
    headlines = [words for each in metadata.headlines if (words := _words(each))]
    wanted = [words for words in headlines if any(_words(block.text) == words for block in blocks[:_NEAR_THE_TOP])]
    if len(wanted) != 1:
        return list(blocks)
    others = [block for block in blocks if _words(block.text) != wanted[0]]
    said = {*_words(metadata.title), *(word for block in others for word in _words(block.text))}
    return others if sum(word in said for word in wanted[0]) >= _SAID * len(wanted[0]) else list(blocks)


def _without_label(blocks: Sequence[Block], metadata: PageMetadata) -> list[Block]:
    """Leave out, at the top and the end, the page's section and tags: its data has them."""
    labels = {each.casefold() for each in (metadata.section, *metadata.tags) if each}
    last = len(blocks) - _NEAR_THE_END
    return [
        block
        for i, block in enumerate(blocks)
        if last > i >= _NEAR_THE_TOP or (block.level and i) or not labels or not labels.issuperset(_labels(block.text))
    ]


def _labels(text: str) -> list[str]:
    return [part for raw in re.split("[,;|·•/]", text.removeprefix("- ")) if (part := raw.strip().casefold())]


def _without_credits(blocks: Sequence[Block]) -> list[Block]:
    """Leave out the roll of those who took part, at the end: "Photos: Ann Lee", and lines of the same form."""
    start = len(blocks)
    while start and all(map(_is_credit, blocks[start - 1].text.split("\n"))):
        start -= 1
    lines = [line for block in blocks[start:] for line in block.text.split("\n")]
    is_roll = len(lines) >= _FEWEST_CREDITS and any(map(is_boilerplate, lines))
    return list(blocks[:start] if is_roll else blocks)


def _is_credit(line: str) -> bool:
    """Say whether a line is a label, a colon and some names."""
    label, _, names = line.partition(": ")
    parts = names.split()
    return (
        len(line) <= _LONGEST_CREDIT
        and bool(label)
        and "." not in label
        and not any(letter.isdigit() for letter in line)
        and 1 < len(parts) <= _MOST_NAMES
        and ":" not in names
        and all(part[0].isalpha() for part in parts)
    )


def _once(blocks: Sequence[Block]) -> list[Block]:
    """Leave out a long block that stood before."""
    seen: set[str] = set()
    kept = []
    for block in blocks:
        if len(block.text) < _LONG or block.text not in seen:
            kept.append(block)
        seen.add(block.text)
    return kept


def _only_articles(blocks: Sequence[Block], body: str) -> list[Block]:
    """Leave out what the page's own data doesn't count to the article, once it has begun.

    Taken at its word where nearly all of that text is on the page and makes up most of it. A standfirst, headings and
    what is too short to tell stay.
    """
    if len(body) < _SHORTEST_EMBEDDED:
        return list(blocks)
    body_runs = _runs(field_text(body).text)
    runs = [_runs(block.text) for block in blocks]
    shares = [len(each & body_runs) / len(each) if each else 1.0 for each in runs]
    shown = sum(len(each) * share for each, share in zip(runs, shares, strict=True))
    on_page = len(body_runs & _runs(" ".join(block.text for block in blocks)))
    if on_page < _MOSTLY * len(body_runs) or shown < 0.6 * sum(map(len, runs)):
        return list(blocks)
    begun = next((i for i, share in enumerate(shares) if runs[i] and share >= 0.5), 0)
    return [
        block
        for i, (block, share) in enumerate(zip(blocks, shares, strict=True))
        if i < begun or block.level or share >= _HARDLY
    ]


def _without_biographies(blocks: Sequence[Block], authors: Sequence[str]) -> list[Block]:
    """Leave out what tells, at the end, who the author is: by name first, or in the last block soon."""
    names = [name for name in authors if len(name.split()) > 1]
    last = max(len(blocks) - _NEAR_THE_END, 2)
    kept = [block for i, block in enumerate(blocks) if i < last or not _tells_of(block, names, within=len("- "))]
    while len(kept) > last and _tells_of(kept[-1], names, within=_NAMED_BY):
        kept.pop()
    return kept


def _tells_of(block: Block, names: Sequence[str], *, within: int) -> bool:
    """Say whether a block has a name in its first characters."""
    is_short = len(block.text) <= _LONGEST_BIOGRAPHY
    return is_short and any(name in block.text[: within + len(name)] for name in names)


def _or_embedded(blocks: list[Block], metadata: PageMetadata, scripts: Sequence[str]) -> list[Block]:
    """Return the text that the page's data carries instead, where the page shows less than half of it."""
    shown = " ".join(block.text for block in blocks)
    embedded = field_text(metadata.article_body).text
    if len(shown) < _SHORTEST_EMBEDDED:  # a live blog that shows more shows its posts, too
        embedded = max(embedded, field_text(metadata.live_posts).text, key=len)
    carried = max((embedded, "" if len(embedded) > len(shown) else _carried(shown, scripts)), key=len)
    if len(carried) < max(_SHORTEST_EMBEDDED, 2 * len(shown)) or not _continues(shown, carried):
        return blocks
    return without_boilerplate([Block(text=line) for raw in carried.split("\n") if (line := one_line(raw))], metadata)


def _carried(shown: str, scripts: Sequence[str]) -> str:
    """Return the text in scripts; they are read only where little is shown, and they could hold twice of it."""
    if len(shown) > _LONGEST_STUB:
        return ""
    return embedded_text(scripts) if sum(map(len, scripts)) > 2 * len(shown) else ""


def _continues(shown: str, carried: str) -> bool:
    """Say whether a text that is carried is the one that is shown: a page has the data of other articles, too."""
    runs = _runs(shown)
    return len(shown) < _SHORTEST_EMBEDDED or len(runs & _runs(carried)) >= 0.5 * len(runs)


def _with_standfirst(blocks: list[Block], standfirst: str) -> list[Block]:
    """Put the standfirst before the text, unless it stands there already."""
    if not standfirst or _is_in(standfirst, blocks):
        return blocks
    return [Block(text=one_line(standfirst)), *blocks]


def _is_in(standfirst: str, blocks: Sequence[Block]) -> bool:
    wanted = " ".join(_words(standfirst))
    runs = _runs(standfirst)
    return any(
        wanted in " ".join(_words(block.text)) or (runs and len(runs & _runs(block.text)) >= _MOSTLY * len(runs))
        for block in blocks
    )


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _words(text)
    return {tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1)}


def _body(body: Any) -> Iterator[Block]:
    """Yield what an extracted body holds; of a page too short to tell its parts apart, that is one element of lines."""
    if len(body) == 1 and len(body[0]) == 0 and body[0].tag == "p":
        yield from (Block(text=one_line(line)) for line in (body[0].text or "").split("\n"))
    else:
        yield from _blocks(body)


def _blocks(element: Any) -> Iterator[Block]:
    """Yield what the extracted body holds; its elements are those of TEI, the XML of text editors."""
    if text := one_line(element.text or ""):
        yield Block(text=text)
    for child in element:
        match child.tag:
            case "head":
                yield Block(text=_line(child), level=_level(child.get("rend")))
            case "list":
                for i, text in enumerate(_items(child)):
                    yield Block(text=f"- {text}", gap="\n" if i else "\n\n")
            case "table":
                for i, row in enumerate(child.iterchildren("row")):
                    cells = " | ".join(_line(cell) for cell in row.iterchildren("cell"))
                    yield Block(text=cells if cells.strip(" |") else "", gap="\n" if i else "\n\n")
            case "code":
                yield Block(text=clean("".join(child.itertext())).strip("\n"))
            case "quote" | "div" | "body" if len(child):
                yield from _blocks(child)
            case str():
                yield Block(text=_line(child))
        if tail := one_line(child.tail or ""):
            yield Block(text=tail)


def _items(element: Any) -> Iterator[str]:
    """Yield the items of a list, each before those of the lists in it."""
    for item in element.iterchildren("item"):
        if text := _line(item):
            yield text
        for inner in item.iterdescendants("list"):
            if next(inner.iterancestors("item")) is item:
                yield from _items(inner)


def _level(rend: str | None) -> int:
    return int(rend[1]) if rend and re.fullmatch("h[1-6]", rend) else 2


def _line(element: Any) -> str:
    """Return an element's text on one line, or on several where it has line breaks; without the lists in it."""
    lines = "".join(_pieces(element)).split("\n")
    return "\n".join(line for raw in lines if (line := one_line(raw)))


_APART = frozenset({"p", "head", "quote", "table", "row", "cell", "div", "code"})


def _pieces(element: Any) -> Iterator[str]:
    """Yield the texts in an element. In HTML a line break of the source is a space: only ``lb`` is one."""
    yield clean(element.text or "").replace("\n", " ")
    for child in element:
        if child.tag == "lb":
            yield "\n"
        elif child.tag in _APART:
            yield from (" ", *_pieces(child), " ")
        elif child.tag != "list" and isinstance(child.tag, str):
            yield from _pieces(child)
        yield clean(child.tail or "").replace("\n", " ")

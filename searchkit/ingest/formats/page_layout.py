"""Page layout: words on pages become lines, columns and paragraphs in the order in which they are read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from searchkit.ingest.text_cleanup import Vocabulary, glued, is_parted


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words that stand side by side, and the box around them in points; ``bottom`` grows upwards."""

    text: str
    left: float
    right: float
    bottom: float
    top: float

    @property
    def height(self) -> float:
        """The height of its letters' boxes, which is that of its font."""
        return self.top - self.bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page's height in points and the runs on it, in the order of the file."""

    number: int
    height: float
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph, the page on which it begins, and the height of its letters."""

    text: str
    page: int
    height: float


_TITLE_ABOVE = 1.15
"""Times the height of the usual letters that a heading's have at least."""

_SAME_LINE = 0.5
"""Share of the lower box's height by which two runs of one line overlap."""

_FEWEST_LINES = 4
"""Lines that a column has at least."""
_MOST_CROSSING = 0.3
"""Share of lines that may reach over the gap between columns: headlines, tables, footers."""
_FEWEST_LETTERS = 14
"""Letters of a column's usual line; the cells of a table are shorter."""
_FULL = 0.5
"""Share of the column's width that its usual line fills; cells of a table are ragged."""
_DEEPEST = 4

_MARGIN = 0.17
"""Share of a page's height in which headers and footers stand."""
_MARGIN_ROWS = 4
_NEAR = 4.0
"""Points by which a header may move from page to page."""
_NUMBER = re.compile(
    r"\W*(?:page|seite|página|pagina|p\.|s\.|стр\.)?\s*(?:\d{1,4}|[ivxl]{1,7})\s*(?:(?:of|/|von|de|di|sur|из)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\W*(?:(?:page|seite|página|pagina|p\.|s\.|стр\.)\s*)?(?P<first>\d{1,4})\b(?![.,:]?\d)(?P<after>.*)|"
    r"(?P<words>.*?[^\d.,:])(?P<last>\d{1,4})\s*(?:(?:of|/|von|de|di|sur|из)\s*\d{1,4})?\s*[-–—|\]]?",
    re.IGNORECASE,
)
"""A row with a number before its words or behind them."""
_LARGE_REPEATS = 2
"""Pages nearby on which a row in large letters stands as well, if it is a header and not two pages' heading."""

_BULLET = re.compile(r"(?:[•▪‣◦●■–—]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_ENDS = tuple(".!?:;…。！？»”\"'’)")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


def without_margins(pages: Sequence[Page]) -> list[Page]:
    """Return pages without page numbers, and without the headers and footers that repeat on neighbouring pages.

    Those are alike to the letter, or but for a number that counts up with the pages. In larger letters than the body
    the latter are headings: ``Chapter 1``, ``Chapter 2``.
    """
    body = _usual_height((run.height, len(run.text)) for page in pages for run in page.runs)
    edges = [(_edge(page, top=True), _edge(page, top=False)) for page in pages]
    repeated = [
        {key for row in edge[side] for key in _keys(row, page.number, body)}
        for side in (0, 1)
        for page, edge in zip(pages, edges, strict=True)
    ]
    count = len(pages)
    kept = []
    for i, page in enumerate(pages):
        gone: set[int] = set()
        for side in (0, 1):
            near = [repeated[side * count + j] for j in range(max(0, i - 2), min(count, i + 3)) if j != i]
            gone.update(_margin_runs(edges[i][side], page.number, body, near))
        kept.append(replace(page, runs=tuple(run for run in page.runs if id(run) not in gone)) if gone else page)
    return kept


def _margin_runs(
    rows: Sequence[Sequence[Run]], number: int, body: float, near: Sequence[Set[tuple[str, int]]]
) -> Iterator[int]:
    """Yield which runs, from the page's edge inwards, are a page number or repeat on the pages near it."""
    for i, row in enumerate(rows):
        is_number = i < 2 and bool(_NUMBER.fullmatch(_row_text(row)))
        fewest = _LARGE_REPEATS if _is_large(row, body) else 1
        if not (is_number or any(_repeats(key, near) >= fewest for key in _keys(row, number, body))):
            return
        yield from (id(run) for run in row)


def _repeats(key: tuple[str, int], near: Sequence[Set[tuple[str, int]]]) -> int:
    """Return on how many pages a row stands, at about the same place."""
    text, height = key
    return sum(any((text, height + step) in page for step in (-1, 0, 1)) for page in near)


def _edge(page: Page, *, top: bool) -> list[list[Run]]:
    """Return the outermost rows of a page, the outermost first."""
    limit = page.height * _MARGIN
    rows = _rows(page.runs)
    if top:
        return [row for row in rows[:_MARGIN_ROWS] if row[0].bottom > page.height - limit]
    return [row for row in rows[: -_MARGIN_ROWS - 1 : -1] if 0 < row[0].top < limit]


def _keys(row: Sequence[Run], number: int, body: float) -> Iterator[tuple[str, int]]:
    """Yield what tells a row on a page: its words, those around a page number, and where it stands."""
    text, height = _row_text(row), round(row[0].bottom / _NEAR)
    yield text, height
    match = None if _is_large(row, body) or text.endswith(_ENDS) else _NUMBERED.fullmatch(text)
    if match is not None:
        counted = match["first"] or match["last"]
        words = match["after"] if match["first"] else match["words"]
        yield f"{words.strip()}\0{int(counted) - number}", height


def _is_large(row: Sequence[Run], body: float) -> bool:
    return max(run.height for run in row) >= _TITLE_ABOVE * body


def _row_text(row: Sequence[Run]) -> str:
    return " ".join(run.text for run in row)


def paragraphs(pages: Sequence[Page], vocabulary: Vocabulary) -> list[Paragraph]:
    """Return the paragraphs of pages in reading order. One that goes on in the next column or page is whole."""
    groups: list[tuple[int, list[Run]]] = []
    body = _usual_height((run.height, len(run.text)) for page in pages for run in page.runs)
    for page in pages:
        for column in _columns(list(page.runs), 0):
            for lines in _paragraph_lines(_lines(column), body):
                if groups and _goes_on(groups[-1][1][-1], lines[0]):
                    groups[-1][1].extend(lines)
                else:
                    groups.append((page.number, lines))
    return [
        Paragraph(
            text=glued((line.text for line in lines), vocabulary),
            page=number,
            height=median(line.height for line in lines),
        )
        for number, lines in groups
    ]


def body_height(found: Sequence[Paragraph]) -> float:
    """Return the height of the letters that most of a text is written in."""
    return _usual_height((each.height, len(each.text)) for each in found)


def _usual_height(heights: Iterable[tuple[float, int]]) -> float:
    """Return the height that most letters have; each comes with how many have it."""
    counts: Counter[float] = Counter()
    for height, letters in heights:
        counts[round(height * 2) / 2] += letters
    return min(counts, key=lambda height: (-counts[height], height), default=0.0)


def is_heading(paragraph: Paragraph, usual: float) -> bool:
    """Say whether a paragraph is a heading: short, in larger letters, and no sentence."""
    text = paragraph.text
    return (
        paragraph.height >= _TITLE_ABOVE * usual
        and 3 <= len(text) <= 150
        and sum(letter.isalpha() for letter in text) >= 3
        and not text.endswith((".", ",", ";"))
    )


def _goes_on(above: Run, line: Run) -> bool:
    """Say whether a column's first line goes on with what the column before ended with."""
    if not 0.9 < above.height / max(line.height, 0.1) < 1.1 or above.text.endswith(_ENDS):
        return False
    return line.text[:1].islower() or is_parted(above.text, line.text)


def _rows(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs that stand on one height together, from the top of the page to its end."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: (-run.top, run.left)):
        if rows and _overlap(rows[-1][0], run) >= _SAME_LINE * min(rows[-1][0].height, run.height):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [sorted(row, key=lambda run: run.left) for row in rows]


def _overlap(above: Run, below: Run) -> float:
    return min(above.top, below.top) - max(above.bottom, below.bottom)


def _lines(runs: Sequence[Run]) -> list[Run]:
    """Return the lines of one column: the runs of each height as one."""
    lines = []
    for row in _rows(runs):
        backwards = sum(len(_RIGHT_TO_LEFT.findall(run.text)) for run in row) * 2 > sum(len(run.text) for run in row)
        ordered = row[::-1] if backwards else row
        tallest = max(row, key=lambda run: len(run.text))
        lines.append(
            Run(
                text=_row_text(ordered),
                left=min(run.left for run in row),
                right=max(run.right for run in row),
                bottom=tallest.bottom,
                top=tallest.top,
            )
        )
    return lines


def _columns(runs: list[Run], depth: int) -> list[list[Run]]:
    """Return runs by the columns that they stand in, in reading order; what reaches over columns parts them."""
    edge = _right_column(runs) if depth < _DEEPEST else None
    if edge is None:
        return [runs] if runs else []
    columns: list[list[Run]] = []
    band: list[Run] = []
    for run in [*sorted(runs, key=lambda run: (-run.top, run.left)), None]:
        if run is not None and not _crosses(run, edge):
            band.append(run)
            continue
        columns += _band(band, edge, depth)
        band = []
        if run is not None and columns and columns[-1] and _crosses(columns[-1][-1], edge):
            columns[-1].append(run)
        elif run is not None:
            columns.append([run])
    return columns


def _band(band: list[Run], edge: float, depth: int) -> list[list[Run]]:
    """Return the columns between two headlines that reach over them; a line or two are no columns."""
    left = [run for run in band if run.left < edge - 1]
    right = [run for run in band if run.left >= edge - 1]
    if min(len(left), len(right)) < 2:
        return [band] if band else []
    return [*_columns(left, depth + 1), *_columns(right, depth + 1)]


def _crosses(run: Run, edge: float) -> bool:
    return run.left < edge - 1 and run.right > edge + 1


def _right_column(runs: Sequence[Run]) -> float | None:
    """Return where a column begins that stands right of another; None where there is one column.

    Its lines begin at one place, few lines reach over it, and what is left and right of it is text, and no table.
    """
    starts = Counter(round(run.left / 2) * 2 for run in runs)
    best: tuple[float, float] | None = None
    for start in sorted(starts):
        if starts[start] + starts[start + 2] + starts[start - 2] < 3:
            continue
        edge = start - 1.0
        left = [run for run in runs if run.right <= edge + 1]
        right = [run for run in runs if run.left >= edge - 1]
        if min(len(left), len(right)) < _FEWEST_LINES:
            continue
        crossing = len(runs) - len(left) - len(right)
        if crossing > _MOST_CROSSING * len(runs) or not (_is_column(left) and _is_column(right)):
            continue
        if min(_top(left), _top(right)) <= max(_bottom(left), _bottom(right)):
            continue  # one stands below the other
        rank = (crossing / len(runs), abs(len(left) - len(right)) / len(runs))
        if best is None or rank < best:
            best, chosen = rank, edge
    return None if best is None else chosen


def _top(runs: Sequence[Run]) -> float:
    return max(run.top for run in runs)


def _bottom(runs: Sequence[Run]) -> float:
    return min(run.bottom for run in runs)


def _is_column(runs: Sequence[Run]) -> bool:
    if median(len(run.text) for run in runs) < _FEWEST_LETTERS:
        return False
    width = max(run.right for run in runs) - min(run.left for run in runs)
    columns = max(1, round(width / max(1.0, median(run.right - run.left for run in runs))))
    return median(run.right - run.left for run in runs) * columns >= _FULL * width


def _paragraph_lines(lines: Sequence[Run], body: float) -> Iterator[list[Run]]:
    """Yield the lines of each paragraph of a column."""
    if not lines:
        return
    left = median(line.left for line in lines)
    right = sorted(line.right for line in lines)[len(lines) * 9 // 10]
    steps = [above.bottom - line.bottom for above, line in pairwise(lines) if above.bottom > line.bottom]
    usual = median(steps) if steps else 0.0
    group = [lines[0]]
    for above, line in pairwise(lines):
        if not _is_headline(above, line, body) and _is_apart(above, line, left, right, usual):
            yield group
            group = []
        group.append(line)
    yield group


def _is_headline(above: Run, line: Run, body: float) -> bool:
    """Say whether two lines are those of one headline, which may be centred."""
    alike = 0.95 < line.height / max(above.height, 0.1) < 1.05
    return alike and line.height >= _TITLE_ABOVE * body and 0 < above.bottom - line.bottom < 1.5 * line.height


def _is_apart(above: Run, line: Run, left: float, right: float, usual: float) -> bool:
    """Say whether a line begins a paragraph: by distance, height, indent or mark, or since the one above is short."""
    step = above.bottom - line.bottom
    if step > 1.4 * max(usual, 0.6 * line.height) or step < 0:
        return True
    if not 0.87 < line.height / max(above.height, 0.1) < 1.15 or _BULLET.match(line.text):
        return True
    if is_parted(above.text, line.text):
        return False
    em = line.height
    if line.left - left > 0.7 * em and above.left - left <= 0.7 * em:
        return True
    short = right - above.right
    width = max(1.0, right - left)
    if short > max(2 * em, 0.1 * width) and above.text.endswith(_ENDS):
        return True
    return short > 0.35 * width and not line.text[:1].islower()

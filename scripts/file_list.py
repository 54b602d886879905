#!/usr/bin/env python3
"""Print the list of searchkit's files as Markdown, or write it with --write.

Each file's line is the first of its docstring, or of its first comment where it is C. The list stands in
``searchkit/FILES.md``; a test compares.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "searchkit"
LIST = PACKAGE / "FILES.md"
FOLDERS = ("", "cli", "evaluation", "search", "index", "keyword", "ingest", "encoders", "storage")
"""As imports go, from the top down."""

HEAD = """# Every file

`scripts/file_list.py --write` writes this list from the first line of each file. `ARCHITECTURE.md` is the tour.
"""


def file_list() -> str:
    """Return the page: a table for each folder."""
    return "\n".join([HEAD, *(line for folder in FOLDERS for line in _table(folder))])


def _table(folder: str) -> Iterator[str]:
    yield f"## {folder or 'searchkit'}/"
    yield ""
    yield "| file | holds |"
    yield "|---|---|"
    top = PACKAGE / folder
    for path in sorted(top.rglob("*") if folder else top.iterdir()):
        if path.suffix in {".py", ".pyi", ".c"} and (line := _first_line(path)):
            yield f"| `{path.relative_to(top).as_posix()}` | {line.replace('|', chr(92) + '|')} |"
    yield ""


def _first_line(path: Path) -> str:
    """Return what a file says of itself first; "" where it says nothing."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".c":
        comment = re.search(r"/\*(.*?)\*/", text, re.DOTALL)
        words = " ".join(re.sub(r"\n \*", "\n", comment[1]).split()) if comment else ""
        return re.match(r".*?[.?](?= |$)|.*", words)[0]  # type: ignore[index] # the second part fits anything
    docstring = ast.get_docstring(ast.parse(text)) or ""
    return " ".join(docstring.split("\n\n")[0].split()).replace("``", "`")


def main() -> None:
    """Print the list, or with ``--write`` write its file."""
    if sys.argv[1:] == ["--write"]:
        LIST.write_text(file_list(), encoding="utf-8")
    else:
        print(file_list(), end="")


if __name__ == "__main__":
    main()

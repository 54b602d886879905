"""Here is a text file of columns; what stands in each line? Names the file and the line of whatever can't be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from searchkit.errors import SourceError

_WHITE = re.compile(r"[\s\x00-\x20]")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that isn't blank, a byte order mark left out.

    Raises ``SourceError`` where the file can't be read as UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path} can't be read: {(error.strerror or str(error)).lower()}.", hint=_NAME_IT) from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} isn't UTF-8 text.", hint="Write it as UTF-8.") from error
    # Not splitlines: a line separator of Unicode may stand within a query.
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if line.strip():
            yield number, line


_NAME_IT = "Name a file that exists."


def bad_line(path: Path, number: int, reason: str, hint: str) -> SourceError:
    """Make the error for a line that can't be read."""
    return SourceError(f"{path}, line {number}: {reason}.", hint=hint)


def column(text: str) -> str:
    """Return an id as it stands in a column of TREC's files: white space, which separates columns, percent-encoded."""
    return _WHITE.sub(lambda match: quote(match[0]), text) or "-"

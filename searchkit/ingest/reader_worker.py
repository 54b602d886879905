"""Reader worker: the whole life of a process that reads files for ``reader_pool``.

Asked: the seconds that it may take, and ``"file", {field of SourceFile: value}, {field: path}``, or ``"parse", format,
bytes in base64, character set``. Answered: ``entry_messages`` of the file's entries or of what the parser returned;
``["no text", reason]`` where there is no article, ``["failed", reason]`` where memory doesn't suffice; null where
something was raised that whoever asked must meet himself.
"""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from searchkit.ingest.article_reader import read_file
from searchkit.ingest.charset import NotText
from searchkit.ingest.damage import TOO_MUCH_MEMORY, is_lack_of_memory
from searchkit.ingest.discover import SourceFile
from searchkit.ingest.entry_messages import packed
from searchkit.ingest.format_readers import parse_format
from searchkit.storage.helper_process import receive, send


def serve(limit_bytes: int) -> None:
    """Read what is asked for through standard input until it ends, each within its time and so much memory."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not stand among the answers
    _limit("RLIMIT_AS", limit_bytes)
    _limit("RLIMIT_CORE", 0)
    with suppress(EOFError, BrokenPipeError):
        while True:
            limit_s, *request = receive(sys.stdin.buffer)
            # The system ends this process at the limit, whatever code it is in: a signal's handler would wait for C.
            _limit("RLIMIT_CPU", int(time.process_time()) + 1 + limit_s)
            send(answers, _answer(request))


def _limit(name: str, value: int) -> None:
    """Set a limit of this process, where the system has such limits."""
    with suppress(ImportError, AttributeError, ValueError, OSError):
        import resource

        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _answer(request: list[Any]) -> Any:
    try:
        match request:
            case ["file", file, fields]:
                return packed(list(read_file(_source_file(file), fields)))
            case ["parse", form, data, charset]:
                return packed(parse_format(form, base64.b64decode(data), charset))
    except NotText as error:
        return ["no text", str(error)]
    except Exception as error:  # whoever asked reads the file itself, and meets and reports it there
        return ["failed", TOO_MUCH_MEMORY] if is_lack_of_memory(error) else None
    return None


def _source_file(values: Mapping[str, str]) -> SourceFile:
    path, root = Path(values["path"]), Path(values["root"])
    return SourceFile(
        path=path,
        address=values["address"],
        real_address=values["real_address"],
        root=root,
        id=values["id"],
        format=values["format"],
        compression=values["compression"],
    )

"""Feed states: ``feeds.jsonl`` in an index's folder, what is remembered of each feed between two requests.

Each line is a JSON object with the values of a ``FeedState``. It is no part of a generation: without it every feed is
asked for as if for the first time, and what it brings is compared with what is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict

from searchkit.errors import StorageError
from searchkit.index.paths import IndexPaths
from searchkit.ingest.feed_fetcher import FeedState, is_feed_address
from searchkit.storage import files


def load_feed_states(paths: IndexPaths, addresses: Sequence[str]) -> list[FeedState]:
    """Return the state of each feed, in their order; a new one where none can be read."""
    known = _load(paths)
    return [_state(address, known.get(address)) for address in addresses]


def remembered_feeds(paths: IndexPaths) -> list[str]:
    """Return the addresses of the feeds that were watched for an index, in the order in which they came."""
    return [address for address in _load(paths) if is_feed_address(address)]


def save_feed_states(paths: IndexPaths, states: Iterable[FeedState]) -> None:
    """Write down the states. What can't be written is left: the feeds are asked for anew next time."""
    known = _load(paths) | {state.address: asdict(state) for state in states}
    with suppress(StorageError):
        files.replace(paths.feed_states, b"".join(json.dumps(values).encode() + b"\n" for values in known.values()))


def _load(paths: IndexPaths) -> dict[str, object]:
    """Read the values of each feed, by its address; a line that can't be read is left out."""
    known: dict[str, object] = {}
    with suppress(OSError):
        lines = [] if paths.feed_states.is_symlink() else paths.feed_states.read_bytes().splitlines()
        for line in lines:
            with suppress(ValueError, RecursionError):
                values = json.loads(line)
                if isinstance(values, dict):
                    known[str(values.get("address"))] = values
    return known


def _state(address: str, values: object) -> FeedState:
    blank = FeedState(address=address)
    if not isinstance(values, dict):
        return blank
    same = {name: value for name, value in asdict(blank).items() if type(values.get(name)) is not type(value)}
    known = {name: values[name] for name in asdict(blank) if name not in same}
    return FeedState(**{**same, **known, "address": address})

"""What does the cache of vectors hold, and how is it emptied? ``searchkit cache``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from searchkit.errors import StorageError
from searchkit.serve.cli.options import Json, NoColor
from searchkit.serve.cli.plain import count, day, size
from searchkit.serve.cli.terminal import Screen, clean

Clear = Annotated[bool, typer.Option("--clear", help="Remove all that is in it.")]


def cache(*, clear: Clear = False, json: Json = False, no_color: NoColor = False) -> None:
    """Show what your cache of vectors holds, or empty it.

    All your indexes share it: a text that was encoded once by an encoder isn't encoded again. The oldest go first where
    it is full. SEARCHKIT_VECTOR_CACHE sets its size, such as 500MB, or off; SEARCHKIT_CACHE its folder.

    """
    from searchkit.encoders import embedding_cache
    from searchkit.serve.cli import formats

    screen = Screen(no_color=no_color)
    freed = 0
    if clear:
        try:
            freed = embedding_cache.clear()
        except OSError as error:
            raise StorageError(f"The cache can't be emptied: {error}.", hint="Remove its folder by hand.") from error
    state = embedding_cache.cache_state()
    if json:
        screen.write(formats.to_json(asdict(state) | ({"freed": freed} if clear else {})))
        return
    if clear:
        screen.say(f"{size(freed)} were freed.")
    limit = f"of {size(state.bound)}" if state.bound else f"(it is off: {embedding_cache.SWITCH})"
    screen.write(clean(state.folder), f"{size(state.bytes)} {limit}")
    for share in state.encoders:
        known = (count(share.vectors, "vector"), size(share.bytes), f"{share.dimension:,} dimensions")
        since = f" · since {day(share.since)}" if share.since else ""
        screen.write(clean(share.encoder) or "(unreadable)", f"  {' · '.join(known)}{since}")
    for note in state.notes:
        screen.say(f"Note: {note}")

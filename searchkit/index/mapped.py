"""Here is an array that lies in a mapped file; how does it leave this process's memory when it was read?

A mapped page stays with the process until the system runs short. Who searches wants that; a writer that goes through
files once would end with all of them: with 1,000,000 chunks 1 GB of runs (``keyword/builder.py``), 1.5 GB of vectors.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def let_go(array: NDArray[Any]) -> None:
    """Give back the pages of the whole file that an array lies in; what is read again comes again, from the cache.

    An array that lies in no mapped file is left as it is, and so are all on systems without ``madvise``.
    """
    held: Any = array
    while isinstance(held, np.ndarray):
        held = held.base
    held = held.obj if isinstance(held, memoryview) else held
    if isinstance(held, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        held.madvise(mmap.MADV_DONTNEED)

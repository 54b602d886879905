"""What do all tests share? The folder beside the repository, where it is, and the real default encoder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from searchkit.types import Encoder

os.environ["SEARCHKIT_VECTOR_CACHE"] = "off"
"""What a test encodes depends on the test alone and leaves nothing in the user's cache; tests of it have their own."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real articles and judged collections; a test that asks for it is marked ``shared``."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not there")
    return folder


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The default encoder with its real weights; made ready in the user's cache when it is first used."""
    from searchkit.config import DEFAULT_ENCODER
    from searchkit.encoders import load_encoder

    return load_encoder(DEFAULT_ENCODER)


@pytest.fixture(autouse=True)
def _logger_as_before() -> Iterator[None]:
    """Take back what a command sets for its own process: the level and the handler of the library's log."""
    logger = logging.getLogger("searchkit")
    level, handlers, propagate = logger.level, list(logger.handlers), logger.propagate
    yield
    logger.setLevel(level)
    logger.handlers, logger.propagate = handlers, propagate

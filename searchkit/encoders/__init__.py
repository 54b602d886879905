"""Here is text; give me vectors. ``load_encoder`` finds a sentence-transformers model and runs it without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchkit.types import Encoder

__all__ = ["load_encoder"]


def load_encoder(name: str) -> Encoder:
    """Return the encoder of this name, ready to be shared among threads.

    ``name`` is that of the default model, whose weights are a package; the path of a sentence-transformers folder; or
    another model's name on the model hub, if the hub's cache on this machine has it. Nothing is ever downloaded.

    The first time, a model is exported to ONNX into the cache folder (``SEARCHKIT_CACHE``, or else the user's), which
    takes some seconds and torch; from then on it is opened without. A model that can't be exported runs in
    sentence-transformers, and a warning of the logger ``searchkit.encoders`` says so.

    Raises ``MissingExtra`` where the weights aren't on this machine, ``ConfigError`` where the name isn't a model's or
    the model can't be used.
    """
    from searchkit.encoders.loading import load

    return load(name)

"""From text to vectors, or to relevance scores.

``load_encoder`` finds a sentence-transformers model and runs it without torch; ``load_reranker`` finds a cross-encoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchkit.types import Encoder, Reranker

__all__ = ["load_encoder", "load_reranker"]

# What a static encoder costs, nDCG@10 of vectors alone and of the hybrid with a vector weight of 1.4, beside keywords
# alone and the model (2.8). It encodes 2,600 chunks per CPU-second where the default model encodes 18.
#
# collection   static vector  static hybrid  keyword  model vector  model hybrid
# scifact      .491           .720           .709     .665          .740
# cranfield    .388           .535           .526     .514          .570
# xquad-en     .865           .973           .971     .947          .981
# digitalgov   .652           .814           .809     .709          .828


def load_encoder(name: str, *, relative: bool = True) -> Encoder:
    """Load an encoder by its name. Nothing is ever downloaded.

    The first time, a model is exported to ONNX into the cache folder (``SEARCHKIT_CACHE``, or else the user's), which
    takes some seconds and torch. From then on it is opened without torch. A model that can't be exported runs in
    sentence-transformers, and a warning of the logger ``searchkit.encoders`` says so.

    Args:
        name: The name of the default model, whose weights are a package; the path of a sentence-transformers folder; or
            another model's name on the model hub, if the hub's cache on this machine has it. ``static:`` before such a
            name is the model's static form, for archives that are too large to encode: a table of its tokens, made once
            in half a minute, that runs without ONNX Runtime. That of the default model is 140 times as fast and ranks
            worse.
        relative: Whether a path may be relative. A name that an index gives may not: a stranger's index doesn't say
            what of the working folder is loaded.

    Returns:
        The encoder, ready to be shared among threads. That of a folder bears its absolute path as its name.

    Raises:
        MissingExtra: The weights, or a package that they need, aren't on this machine.
        ConfigError: The name isn't a model's, or the model can't be used.
        StorageError: The cache folder can't be written, and the encoder can't do without.

    Example:
        >>> from searchkit.encoders import load_encoder
        >>> encoder = load_encoder("sentence-transformers/all-MiniLM-L6-v2")
        >>> encoder.dimension, encoder.max_tokens
        (384, 254)
        >>> air_defense, missiles, cocoa = encoder.encode_chunks(["air defense", "anti-aircraft missiles", "cocoa"])
        >>> bool(air_defense @ missiles > air_defense @ cocoa)
        True
    """
    from searchkit.encoders.loader import load

    return load(name, relative=relative)


def load_reranker(name: str) -> Reranker:
    """Load a cross-encoder by its name. It runs in sentence-transformers, with torch. Nothing is ever downloaded.

    Args:
        name: The path of the folder of a sentence-transformers cross-encoder, or its name on the model hub, if the
            hub's cache on this machine has it.

    Returns:
        The reranker, ready to be shared among threads.

    Raises:
        MissingExtra: The weights, or a package that they need, aren't on this machine.
        ConfigError: The name isn't a model's, or the model isn't a cross-encoder that gives a pair one score.

    Example:
        >>> from searchkit.encoders import load_reranker
        >>> from searchkit.errors import MissingExtra
        >>> try:
        ...     reranker = load_reranker("cross-encoder/ms-marco-MiniLM-L6-v2")
        ... except MissingExtra as error:
        ...     reranker = None  # error.hint says how to get it
        >>> searcher = searchkit.open("indexes/news", reranker=reranker)
    """
    from searchkit.encoders.cross_encoder import load

    return load(name)

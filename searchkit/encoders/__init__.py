"""From text to vectors, or to relevance scores.

``load_encoder`` finds a sentence-transformers model and runs it without torch; ``load_reranker`` finds a cross-encoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchkit.types import EncodeFunction, Encoder, Reranker

__all__ = ["from_function", "load_encoder", "load_reranker"]

# What a static encoder costs, nDCG@10 of vectors alone and of the hybrid with a vector weight of 1.4, beside keywords
# alone and the model (2.8). It encodes 2,600 chunks per CPU-second where the default model encodes 18.
#
# collection   static vector  static hybrid  keyword  model vector  model hybrid
# scifact      .491           .720           .709     .665          .740
# cranfield    .388           .535           .526     .514          .570
# xquad-en     .865           .973           .971     .947          .981
# digitalgov   .652           .814           .809     .709          .828


def from_function(function: EncodeFunction, *, name: str = "", max_tokens: int = 512) -> Encoder:
    """Make an encoder of a function from texts to their vectors. ``build``, ``open`` and the others take it bare, too.

    Rows are brought to length 1. What a function gives isn't known before it is asked: how long its rows are is found
    out when it is first needed, and an index refuses others. Its name stands for what it gives; give another name to
    one that gives other vectors.

    Args:
        function: From a list of texts to an array, or lists of numbers, with a row for each text.
        name: A name by which an index knows the function again; without it its module and its own name.
        max_tokens: How many tokens the function reads of a text; a token is counted as three bytes of UTF-8.

    Returns:
        The encoder.

    Raises:
        ConfigError: The function has no name, as a lambda.

    Example:
        >>> from searchkit.encoders import from_function
        >>> def letters(texts):
        ...     return [[text.count(letter) + 0.1 for letter in "aeiou"] for text in texts]
        >>> from_function(letters, name="vowels").encode_query("radar").shape
        (5,)
        >>> articles = [{"id": "a1", "title": "Cocoa", "text": "The price has doubled."}]
        >>> searchkit.build("indexes/vowels", articles, encoder=letters).vectors_encoded
        1
        >>> with searchkit.open("indexes/vowels", encoder=letters) as searcher:
        ...     searcher.search("cocoa", mode="vector").results[0].article.id
        'a1'
    """
    from searchkit.encoders.function_encoder import FunctionEncoder

    return FunctionEncoder(function, name=name, max_tokens=max_tokens)


def load_encoder(name: str, *, relative: bool = True, device: str | None = None) -> Encoder:
    """Load an encoder by its name. Nothing is ever downloaded.

    The first time, a model is exported to ONNX into the cache folder (``SEARCHKIT_CACHE``, or else the user's), which
    takes some seconds and torch. From then on it is opened without torch. A model that can't be exported runs in
    sentence-transformers, and a warning of the logger ``searchkit.encoders`` says so.

    Args:
        name: The name of the default model, whose weights are a package; the path of a sentence-transformers folder; or
            another model's name on the model hub, if the hub's cache on this machine has it. ``static:`` before such a
            name is the model's static form, for archives that are too large to encode: a table of its tokens, made once
            in half a minute, that runs without ONNX Runtime. That of the default model is 140 times as fast and ranks
            worse. Or ``http://host/v1#model``: an endpoint that speaks as OpenAI's embeddings do
            (``encoders/endpoint_encoder.py``), its key in ``SEARCHKIT_ENCODER_KEY``.
        relative: Whether a path may be relative. A name that an index gives may not: a stranger's index doesn't say
            what of the working folder is loaded; and an endpoint only where it is of this machine or listed in
            ``SEARCHKIT_ENCODER_ENDPOINTS``.
        device: Where it encodes chunks: "cuda" or "mps", by sentence-transformers, which takes torch; "auto", the
            fastest that is there; "cpu" or None, as ever. What it gives is held against what queries get first.

    Returns:
        The encoder, ready to be shared among threads. That of a folder bears its absolute path as its name.

    Raises:
        MissingExtra: The weights, or a package that they need, aren't on this machine.
        ConfigError: The name isn't a model's, the model can't be used, or the device isn't there.
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
    from searchkit.encoders.loader import load, load_on

    return load(name, relative=relative) if device is None else load_on(name, device, relative=relative)


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

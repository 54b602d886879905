"""Cross-encoder: a reranker that reads a query and a text together.

It runs in sentence-transformers (``sentence_transformer.py`` imports that), so a search that reranks needs torch and
starts slowly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from searchkit.encoders.model_files import Model, find_model
from searchkit.encoders.sentence_transformer import clean, load_cross_encoder
from searchkit.errors import ConfigError

_HEAD = "ForSequenceClassification"
"""How the architecture of a model ends that gives a pair a score. Another would be given a head of random weights."""


class CrossEncoderReranker:
    """Scores pairs with a cross-encoder. Safe to share among threads, one of which runs at a time."""

    def __init__(self, model: Model) -> None:
        """Load the model.

        Raises ``ConfigError`` where it is no cross-encoder with one score, ``MissingExtra`` where a package lacks.
        """
        _check(model)
        self._model = model
        self._lock = Lock()
        self._encoder = load_cross_encoder(model.folder)

    @property
    def name(self) -> str:
        """The name by which the model was asked for."""
        return self._model.name

    @property
    def fingerprint(self) -> str:
        """The sha256 over all that decides the scores."""
        return self._model.fingerprint

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return a score for each text, in their order: log-odds, as the model gives them before its sigmoid."""
        if not texts:
            return []
        asked, *passages = clean([query, *texts])
        with self._lock:
            scores = self._encoder.predict(
                [(asked, text) for text in passages],
                batch_size=len(passages),
                activation_fn=_unchanged,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return [float(score) for score in scores]


def load(name: str) -> CrossEncoderReranker:
    """Return the reranker of this name; ``load_reranker`` says what may be asked for and what is raised."""
    return CrossEncoderReranker(find_model(name))


def _unchanged(scores: Any) -> Any:
    """Stand in for the sigmoid."""
    return scores


def _check(model: Model) -> None:
    """Refuse a model that isn't made to score pairs. Raises ``ConfigError``."""
    architectures, scores = _shape(model.folder / "config.json")
    if not architectures or not all(name.endswith(_HEAD) for name in architectures):
        raise ConfigError(
            f"'{model.name}' is no cross-encoder: its architecture is {', '.join(architectures) or 'not named'}.",
            hint="Name a model that scores pairs of texts, for instance 'cross-encoder/ms-marco-MiniLM-L6-v2'.",
        )
    if scores != 1:
        raise ConfigError(
            f"'{model.name}' gives {scores} scores to a pair.", hint="Choose a cross-encoder that gives one."
        )


def _shape(path: Path) -> tuple[list[str], int]:
    """Return the architectures that a model's configuration names, and how many scores it gives."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        labels = config.get("id2label") or {"0": "", "1": ""}  # what transformers takes where nothing is said
        return [str(name) for name in config.get("architectures") or ()], len(labels)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f"{path} can't be read: {error}.", hint="Save or download the model again.") from error

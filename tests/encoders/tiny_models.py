"""Here is a real BERT of sentence-transformers, made on the spot: random weights, its own words, a few KB."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

WORDS = ["air", "defense", "russian", "venezuela", "rice", "wave", "oil", "query", "passage", "the", "of", "in", "##s"]


def make_model(
    folder: Path,
    *,
    prompts: dict[str, str] | None = None,
    default_prompt_name: str | None = None,
    dense: bool = False,
    normalize: bool = True,
    max_length: int = 24,
    include_prompt: bool = True,
) -> Path:
    """Write the model's folder and return it. The same arguments make the same weights."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from transformers import BertModel

    torch.manual_seed(7)
    bare, size = _bare(folder)
    BertModel(size).save_pretrained(bare)
    modules: list[Any] = [Transformer(str(bare), max_seq_length=max_length), Pooling(32, include_prompt=include_prompt)]
    if dense:
        modules.append(Dense(32, 20))
    if normalize:
        modules.append(Normalize())
    model = SentenceTransformer(modules=modules, device="cpu")
    saved = folder / "saved"
    model.save_pretrained(str(saved), create_model_card=False)
    change_json(
        saved / "config_sentence_transformers.json", prompts=prompts or {}, default_prompt_name=default_prompt_name
    )
    return saved


def make_cross_encoder(folder: Path, *, max_length: int = 48) -> Path:
    """Write the folder of a cross-encoder and return it. The same arguments make the same weights."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertForSequenceClassification

    torch.manual_seed(7)
    bare, size = _bare(folder, num_labels=1, initializer_range=0.3)
    BertForSequenceClassification(size).save_pretrained(bare)
    saved = folder / "saved"
    CrossEncoder(str(bare), device="cpu", max_length=max_length, local_files_only=True).save_pretrained(
        str(saved), create_model_card=False
    )
    return saved


def _bare(folder: Path, **settings: Any) -> tuple[Path, Any]:
    """Write a tokenizer to a new folder; return the folder and a small BERT's configuration for it."""
    from transformers import BertConfig, BertTokenizer

    bare = folder / "bare"
    bare.mkdir(parents=True)
    signs = [*string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase), *string.digits, *".,:;!?-"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *signs, "俄", "罗", "斯"]
    (bare / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizer(str(bare / "vocab.txt")).save_pretrained(bare)
    return bare, BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        **settings,
    )


def change_json(path: Path, **changes: object) -> None:
    """Set values in a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")

"""Here is an ONNX graph that somebody else may have made; can it do harm? The only place where ``onnx`` is used.

An index can carry its encoder, and an index may come from a stranger. A graph can't run code, but ONNX Runtime would
read any file that it names as weights, and run operators that load others. So it is looked through before it is opened:
weights come from ``model.data`` beside it and nowhere else, within that file; there are no loops, branches or
functions; and every operator is one that encoders need, which compute and do nothing else. A graph that was found sound
is known again by its digest, for it takes .2 s.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from searchkit.encoders.cache import cache_folder, digest, write_text
from searchkit.encoders.exported import WEIGHTS
from searchkit.errors import IndexCorrupt

_RULES = 1
"""Raised when a graph must meet more than before, so that those found sound are looked through again."""

_LIMIT_BYTES = 64 << 20
"""The default encoder's graph has 99 KB: weights lie beside it."""

_STANDARD = """
Abs Add And ArgMax Cast CastLike Ceil Clip Concat Constant ConstantOfShape Cos CumSum Div Dropout Einsum Equal Erf
Exp Expand EyeLike Flatten Floor Gather GatherElements GatherND Gelu Gemm Greater GreaterOrEqual HardSigmoid
HardSwish Identity IsInf IsNaN LayerNormalization LeakyRelu Less LessOrEqual Log LpNormalization MatMul Max Mean Min
Mish Mod Mul Neg Not OneHot Or Pad Pow PRelu RMSNormalization Range Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp
ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round ScatterElements ScatterND
Selu Shape Sigmoid Sign Sin Size Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Tanh Tile TopK Transpose
Trilu Unsqueeze Where Xor DequantizeLinear DynamicQuantizeLinear MatMulInteger QuantizeLinear
"""
_OF_RUNTIME = """
Attention BiasAdd BiasGelu BiasSoftmax DynamicQuantizeMatMul EmbedLayerNormalization FastGelu FusedGemm FusedMatMul
Gelu GroupQueryAttention MatMulIntegerToFloat MultiHeadAttention QAttention QuickGelu RotaryEmbedding
SimplifiedLayerNormalization SkipLayerNormalization SkipSimplifiedLayerNormalization
"""
_ALLOWED = {"": _STANDARD.split(), "ai.onnx": _STANDARD.split(), "com.microsoft": _OF_RUNTIME.split()}


def check_graph(path: Path) -> None:
    """Look through a graph, unless one of the same bytes was found sound before.

    Raises ``IndexCorrupt`` naming what it must not have, or where it can't be read.
    """
    try:
        if path.stat().st_size > _LIMIT_BYTES:
            raise _refused(path, "is larger than any graph whose weights lie beside it")
        note = cache_folder() / "graphs" / f"{digest(path)[:32]}-{_RULES}"
        if note.is_file():
            return
        faults = _faults(path)
    except OSError as error:
        raise _refused(path, f"can't be read: {error.strerror}") from error
    if fault := next(faults, ""):
        raise _refused(path, fault)
    # Without a cache that can be written, it is looked through again next time: slower, not wrong.
    with contextlib.suppress(OSError):
        write_text(note, "sound\n")


def _refused(path: Path, fault: str) -> IndexCorrupt:
    return IndexCorrupt(
        f"The encoder's graph {path} {fault}.",
        hint="Run 'searchkit rebuild --index PATH' on a machine that has the encoder, or don't use this index.",
    )


def _faults(path: Path) -> Iterator[str]:
    import onnx

    try:
        model: Any = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's errors have no common root but this
        yield f"isn't a graph of ONNX: {str(error).splitlines()[0]}"
        return
    if model.functions:
        yield "has functions of its own"
    if model.training_info or model.graph.sparse_initializer:
        yield "holds what no encoder needs"
    size = (path.with_name(WEIGHTS)).stat().st_size if path.with_name(WEIGHTS).is_file() else 0
    for tensor in model.graph.initializer:
        yield from _tensor_faults(tensor, size)
    for node in model.graph.node:
        if node.op_type not in _ALLOWED.get(node.domain, ()):
            yield f"uses '{node.domain or 'ai.onnx'}.{node.op_type}', which no encoder needs"
        for attribute in node.attribute:
            if attribute.HasField("g") or attribute.graphs or attribute.HasField("sparse_tensor"):
                yield f"has a branch or loop in '{node.op_type}'"
            for tensor in (attribute.t, *attribute.tensors):
                yield from _tensor_faults(tensor, size)


def _tensor_faults(tensor: Any, size: int) -> Iterator[str]:
    """Yield what is wrong with where a tensor's values are; ``size`` is that of the file of weights."""
    if not tensor.external_data and tensor.data_location == 0:
        return
    where = {entry.key: entry.value for entry in tensor.external_data}
    if set(where) - {"location", "offset", "length", "checksum"} or where.get("location") != WEIGHTS:
        yield f"takes values from '{where.get('location', '')}' instead of '{WEIGHTS}'"
        return
    start, length = where.get("offset", "0"), where.get("length", "0")
    if not (start.isascii() and start.isdigit() and length.isascii() and length.isdigit()):
        yield f"takes values from no place in '{WEIGHTS}'"
    elif int(start[:18]) + int(length[:18]) > size:
        yield f"takes values from beyond the end of '{WEIGHTS}'"

"""ONNX graphs: checking one that somebody else may have made, and building the default encoder's from its weights.

The only place where ``onnx`` is used.

An index can carry its encoder, and an index may come from a stranger. A graph can't run code, but ONNX Runtime would
read any file that it names as weights, and run operators that load others. So it is looked through before it is opened:
weights come from ``model.data`` beside it and nowhere else, within that file; there are no loops, branches or
functions; and every operator is one that encoders need, which compute and do nothing else. A graph that was found sound
is known again by its digest, for it takes .2 s.

The default encoder is a BERT of six layers. ``build_bert`` writes its graph from ``model.safetensors``, so that nobody
needs torch to prepare it. ONNX Runtime's own operator is taken for the attention, and plain ones for the rest: against
the graph that torch exports, 200 tokens take 7 % less CPU, a query of 4 tokens 9 % less, 16 texts of 30 tokens the
same; with ``SkipLayerNormalization`` the last took 10 % more. Vectors differ by 3e-7 at most.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from searchkit.encoders.onnx_export import GRAPH, WEIGHTS
from searchkit.errors import IndexCorrupt, importing
from searchkit.storage.digest_cache import cache_folder, digest, write_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensors = Mapping[str, NDArray[np.float32]]


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
    with importing():
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


OUTSIDE_BYTES = 1024
"""Weights from this size on lie outside the graph's file, where they can be mapped into memory: opening the default
encoder takes 50 ms of CPU instead of 150."""

BERT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")

_RUNTIME = "com.microsoft"
_OPSET = 17
"""The first with ``LayerNormalization``."""
_IR_VERSION = 8
"""That of the same time: onnxruntime 1.20, the oldest allowed, reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BertShape:
    """What a BERT's ``config.json`` says that its weights don't."""

    layers: int
    heads: int
    epsilon: float


def read_safetensors(path: Path) -> Tensors:
    """Map the float32 tensors of a file: a length in 8 bytes, that many bytes of JSON with each one's place, the data.

    Raises ``OSError``; ``ValueError`` and its like where the file has another form.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(size))
    data = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + size)
    return {
        name: data[slice(*entry["data_offsets"])].view("<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


def build_bert(tensors: Tensors, shape: BertShape, folder: Path) -> None:
    """Write the graph of a BERT and the mean of its tokens' vectors to ``folder``, its weights in a file beside it.

    Devlin et al., "BERT", NAACL 2019, with the exact GELU; the mean is Reimers and Gurevych's ("Sentence-BERT", EMNLP
    2019). The vectors aren't of length 1 yet: whoever runs a graph sees to that. Raises ``OSError``.
    """
    with importing():
        import onnx

    build = _GraphBuilder(onnx, tensors)
    ids, mask, types = (build.node("Cast", [name], to=onnx.TensorProto.INT32) for name in BERT_INPUTS)
    tables = [f"embeddings.{name}_embeddings.weight" for name in ("word", "position", "token_type")]
    norm = [f"embeddings.LayerNorm.{part}" for part in ("weight", "bias")]
    hidden = build.node(
        "EmbedLayerNormalization",
        [ids, types, *map(build.weight, [*tables, *norm])],
        domain=_RUNTIME,
        epsilon=shape.epsilon,
    )
    for number in range(shape.layers):
        hidden = _bert_layer(build, f"encoder.layer.{number}.", hidden, mask, shape)
    counted = build.node("Cast", ["attention_mask"], to=onnx.TensorProto.FLOAT)
    axis = build.constant("axis", np.array([1]))
    sums = build.node("MatMul", [build.node("Unsqueeze", [counted, axis]), hidden])
    total = build.node("ReduceSum", [counted, axis], keepdims=1)
    build.node("Div", [build.node("Squeeze", [sums, axis]), total], output="vectors")
    width = int(tensors[tables[0]].shape[1])
    model = onnx.helper.make_model(
        build.graph(width),
        opset_imports=[onnx.helper.make_opsetid("", _OPSET), onnx.helper.make_opsetid(_RUNTIME, 1)],
        ir_version=_IR_VERSION,
    )
    onnx.save(model, str(folder / GRAPH), save_as_external_data=True, location=WEIGHTS, size_threshold=OUTSIDE_BYTES)


def _bert_layer(build: _GraphBuilder, prefix: str, hidden: str, mask: str, shape: BertShape) -> str:
    """Add a layer: attention, then two dense layers, each added to what came in and normalised."""
    parts = [f"{prefix}attention.self.{name}" for name in ("query", "key", "value")]
    attention = build.node(
        "Attention",
        [
            hidden,
            build.constant(f"{prefix}qkv.weight", np.hstack([build.tensors[f"{part}.weight"].T for part in parts])),
            build.constant(f"{prefix}qkv.bias", np.hstack([build.tensors[f"{part}.bias"] for part in parts])),
            mask,
        ],
        domain=_RUNTIME,
        num_heads=shape.heads,
    )
    hidden = _added(build, f"{prefix}attention.output.", attention, hidden, shape)
    bias = build.weight(f"{prefix}intermediate.dense.bias")
    wide = build.node("BiasGelu", [build.product(hidden, f"{prefix}intermediate.dense.weight"), bias], domain=_RUNTIME)
    return _added(build, f"{prefix}output.", wide, hidden, shape)


def _added(build: _GraphBuilder, prefix: str, inner: str, hidden: str, shape: BertShape) -> str:
    """Bring what a part of a layer gives to the layer's width, add what went in, and normalise the sum."""
    dense = build.node("Add", [build.product(inner, f"{prefix}dense.weight"), build.weight(f"{prefix}dense.bias")])
    norm = [build.weight(f"{prefix}LayerNorm.{part}") for part in ("weight", "bias")]
    return build.node("LayerNormalization", [build.node("Add", [dense, hidden]), *norm], epsilon=shape.epsilon, axis=-1)


class _GraphBuilder:
    """Collects the nodes and weights of a graph; every method returns the name of what it added."""

    def __init__(self, onnx: Any, tensors: Tensors) -> None:
        self.tensors = tensors
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def node(self, kind: str, inputs: list[str], *, output: str = "", domain: str = "", **attributes: Any) -> str:
        output = output or f"{kind}-{len(self._nodes)}"
        outputs = [output, f"{output}-mask"] if kind == "EmbedLayerNormalization" else [output]
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return output

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self._weights.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.tensors[name])

    def product(self, inner: str, name: str) -> str:
        """Multiply by a weight that is stored transposed, as torch stores it."""
        return self.node("MatMul", [inner, self.constant(name, self.tensors[name].T)])

    def graph(self, width: int) -> Any:
        info, kinds = self._onnx.helper.make_tensor_value_info, self._onnx.TensorProto
        inputs = [info(name, kinds.INT64, ["batch", "length"]) for name in BERT_INPUTS]
        vectors = [info("vectors", kinds.FLOAT, ["batch", width])]
        return self._onnx.helper.make_graph(self._nodes, "bert", inputs, vectors, self._weights)

"""Is a graph that could do harm refused before anything opens it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from searchkit.encoders.onnx_export import GRAPH, WEIGHTS
from searchkit.encoders.onnx_graph import check_graph
from searchkit.errors import IndexCorrupt


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEARCHKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / WEIGHTS).write_bytes(bytes(64))
    return tmp_path


def outside(**where: str) -> Any:
    """Make a tensor whose values lie in a file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 4], data_location=TensorProto.EXTERNAL)
    for key, value in where.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def model(nodes: list[Any], tensors: list[Any] = []) -> Any:  # noqa: B006 - never changed
    vector = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 4])
    graph = helper.make_graph(nodes, "g", [vector], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    graph.initializer.extend(tensors)
    return helper.make_model(graph)


def checked(folder: Path, made: Any) -> None:
    (folder / GRAPH).write_bytes(made.SerializeToString())
    check_graph(folder / GRAPH)


PRODUCT = helper.make_node("MatMul", ["x", "w"], ["y"])
WHERE = {"location": WEIGHTS, "offset": "0", "length": "64"}


def test_a_sound_graph_is_looked_through_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(folder, model([PRODUCT], [outside(**WHERE)]))
    monkeypatch.setattr(onnx, "load", lambda *_, **__: pytest.fail("it was read again"))
    check_graph(folder / GRAPH)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (WHERE | {"location": "/etc/passwd"}, "/etc/passwd"),
        (WHERE | {"location": "../model.data"}, r"\.\./model"),
        (WHERE | {"location": ""}, "instead of"),
        ({"offset": "0", "length": "64"}, "instead of"),
        (WHERE | {"length": "65"}, "beyond the end"),
        (WHERE | {"offset": "9" * 30}, "beyond the end"),
        (WHERE | {"offset": "-1"}, "no place"),
        (WHERE | {"basepath": "/"}, "instead of"),
    ],
)
def test_values_come_from_the_file_beside_it_alone(folder: Path, where: dict[str, str], found: str) -> None:
    with pytest.raises(IndexCorrupt, match=found):
        checked(folder, model([PRODUCT], [outside(**where)]))
    constant = helper.make_node("Constant", [], ["w"], value=outside(**where))
    with pytest.raises(IndexCorrupt, match=found):
        checked(folder, model([constant, PRODUCT]))


def test_other_operators_are_refused(folder: Path) -> None:
    for node in (
        helper.make_node("EPContext", ["x"], ["y"], domain="com.microsoft"),
        helper.make_node("MatMul", ["x", "w"], ["y"], domain="somebody.else"),
        helper.make_node("SequenceMap", ["x"], ["y"]),
    ):
        with pytest.raises(IndexCorrupt, match=node.op_type):
            checked(folder, model([node]))


def test_loops_branches_and_functions_are_refused(folder: Path) -> None:
    inner = model([helper.make_node("Identity", ["x"], ["y"])]).graph
    with pytest.raises(IndexCorrupt, match="If"):
        checked(folder, model([helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)]))
    with pytest.raises(IndexCorrupt, match="branch"):
        checked(folder, model([helper.make_node("Add", ["x", "x"], ["y"], body=inner)]))
    whole = model([PRODUCT])
    whole.functions.add(name="Add", domain="own")
    with pytest.raises(IndexCorrupt, match="functions"):
        checked(folder, whole)


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"PK\x03\x04"])
def test_what_is_no_graph_is_refused(folder: Path, content: bytes) -> None:
    (folder / GRAPH).write_bytes(content)
    if content == b"":
        check_graph(folder / GRAPH)  # an empty graph does nothing
        return
    with pytest.raises(IndexCorrupt, match="graph"):
        check_graph(folder / GRAPH)


def test_a_graph_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(IndexCorrupt, match=GRAPH):
        check_graph(folder / GRAPH)

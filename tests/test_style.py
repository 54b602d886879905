"""Rules of the house that no tool checks. Each test holds one rule over all files, and lists what breaks it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import searchkit
from searchkit import answer, errors, types
from searchkit.cli.app import COMMANDS
from searchkit.hints import for_program

ROOT = Path(searchkit.__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}

VAGUE_NAMES = frozenset({"one", "found", "given", "said"})
"""Names that don't say what they hold."""

MOST_VAGUE_SHARE = 0.004
"""Of all bindings, as in httpx (.4 %)."""

EXIT_CODES = {
    "SearchkitError": 2,
    "QueryError": 2,
    "CursorError": 2,
    "CursorExpired": 2,
    "ConfigError": 2,
    "IndexExists": 2,
    "IndexNotFound": 3,
    "IndexLocked": 4,
    "IndexCorrupt": 5,
    "FormatTooOld": 5,
    "FormatTooNew": 5,
    "StorageError": 5,
    "EncoderMismatch": 6,
    "VectorsInvalid": 6,
    "VectorsMissing": 6,
    "MissingExtra": 7,
    "SourceError": 8,
    "BackendError": 9,
    "OperationTimeout": 9,
    "ClusterUnreachable": 9,
    "ClusterRefused": 9,
    "ClusterUnsupported": 9,
    "ClusterReadOnly": 9,
    "ClusterTimeout": 9,
    "ClusterOverloaded": 9,
    "ShardsFailed": 9,
    "IndexForeign": 3,
    "NotOnCluster": 2,
}
METAPHORS = re.compile(
    r"^(ahead|zero|standing|leaning|caring|making|choosing|looking|tongues|asking|legs|straight|bare|quick)$"
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def classes_of(module: object) -> list[type]:
    return [member for _, member in inspect.getmembers(module, inspect.isclass) if member.__module__ == module.__name__]


def error_classes() -> list[type[errors.SearchkitError]]:
    return [member for member in classes_of(errors) if issubclass(member, Exception)]


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield relative(path), node


def test_every_module_says_what_it_holds() -> None:
    assert not [relative(path) for path, tree in TREES.items() if not ast.get_docstring(tree)]


def test_a_module_states_what_it_holds_and_asks_nothing() -> None:
    first_lines = {relative(path): (ast.get_docstring(tree) or "").partition("\n")[0] for path, tree in TREES.items()}
    asking = {"keyword/query/classifier.py"}  # what it decides is a question
    assert not [path for path, line in first_lines.items() if line.rstrip().endswith("?") and path not in asking]


def test_no_file_bears_a_metaphor() -> None:
    assert not [relative(path) for path in TREES if METAPHORS.match(path.stem)]


def test_no_two_rooms_have_a_file_of_one_name() -> None:
    rooms: dict[str, list[str]] = {}
    for path in TREES:
        if path.stem not in {"__init__", "__main__"}:
            rooms.setdefault(path.stem, []).append(relative(path))
    commands = {"build", "update", "generation_diff"}  # the command line's, and what does the work
    assert not {name: paths for name, paths in rooms.items() if len(paths) > 1 and name not in commands}


def test_a_record_is_frozen_slotted_and_made_by_keywords() -> None:
    wrong = []
    for record in filter(dataclasses.is_dataclass, [*classes_of(types), *classes_of(answer)]):
        by_keyword = all(field.kw_only for field in dataclasses.fields(record))
        documented = record.__doc__ and not record.__doc__.startswith(f"{record.__name__}(")
        if not (record.__dataclass_params__.frozen and "__slots__" in vars(record) and by_keyword and documented):
            wrong.append(record.__name__)
    assert not wrong


def test_every_error_has_its_exit_code() -> None:
    assert {error.__name__: error.exit_code for error in error_classes()} == EXIT_CODES


def test_an_error_says_what_to_do_next() -> None:
    commands = {name for name, *_ in COMMANDS}
    for error in error_classes():
        assert issubclass(error, errors.SearchkitError), error
        raised = error("It broke.")
        assert raised.hint, error
        assert raised.hint.endswith((".", "?")), error
        assert str(raised) == f"It broke. {for_program(raised.hint)}"
        assert error("It broke.", hint="Mend it.").hint == "Mend it."
        assert 400 <= error.http_status < 600, error
        assert set(re.findall(r"'searchkit ([a-z]+)", raised.hint)) <= commands, error


def test_hints_name_commands_that_exist() -> None:
    commands = {name for name, *_ in COMMANDS}
    wrong = []
    for path in TREES:
        named = set(re.findall(r"'searchkit ([a-z]+)", path.read_text(encoding="utf-8")))
        wrong += [f"{relative(path)}: {name}" for name in named - commands]
    assert not wrong


def test_every_parameter_and_return_is_typed() -> None:
    wrong = []
    for path, node in functions():
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        untyped = [each.arg for each in parameters if each.annotation is None and each.arg not in {"self", "cls"}]
        if untyped or node.returns is None:
            wrong.append(f"{path}: {node.name}")
    assert not wrong


def test_names_say_what_they_hold() -> None:
    bindings = 0
    vague = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                name = node.id
            elif isinstance(node, ast.arg):
                name = node.arg
            else:
                continue
            bindings += 1
            if name in VAGUE_NAMES:
                vague.append(f"{relative(path)}:{node.lineno} {name}")
    assert len(vague) <= MOST_VAGUE_SHARE * bindings, vague

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from pathlib import Path

import pytest

import searchkit
from searchkit import errors, types
from searchkit.cli.app import COMMANDS

ROOT = Path(searchkit.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

NOT_OUR_WORDS = re.compile(
    r"\b(documents?|docs?|passages?|records?|collections?|engines?|managers?|stores?)\b", re.IGNORECASE
)

RECORDS = [one for _, one in inspect.getmembers(types, dataclasses.is_dataclass) if one.__module__ == types.__name__]
ERRORS = [
    one
    for _, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, Exception) and one.__module__ == errors.__name__
]
EXIT_CODES = {
    "SearchkitError": 2,
    "QueryError": 2,
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
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_module_says_what_it_holds() -> None:
    assert not [relative(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_a_record_is_frozen_slotted_and_made_by_keywords(record: type) -> None:
    assert record.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(record)
    assert all(one.kw_only for one in dataclasses.fields(record))
    assert record.__doc__
    assert not record.__doc__.startswith(f"{record.__name__}(")


def test_every_error_has_its_exit_code() -> None:
    assert {error.__name__: error.exit_code for error in ERRORS} == EXIT_CODES


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_says_what_to_do_next(error: type[errors.SearchkitError]) -> None:
    assert issubclass(error, errors.SearchkitError)
    raised = error("It broke.")
    assert raised.hint
    assert raised.hint.endswith((".", "?"))
    assert str(raised) == f"It broke. {raised.hint}"
    assert error("It broke.", hint="Mend it.").hint == "Mend it."
    assert 400 <= error.http_status < 600
    named = re.findall(r"'searchkit ([a-z]+)", raised.hint)
    assert set(named) <= {name for name, *_ in COMMANDS}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_hints_name_commands_that_exist(path: Path) -> None:
    named = re.findall(r"'searchkit ([a-z]+)", path.read_text(encoding="utf-8"))
    assert set(named) <= {name for name, *_ in COMMANDS}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_public_names_use_the_words_of_the_house(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", node.name)
            assert not NOT_OUR_WORDS.search(words) or "whoosh" in path.read_text(encoding="utf-8"), node.name


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_parameter_and_return_is_typed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.returns is not None, f"{node.name} returns what?"
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            assert all(one.annotation for one in given if one.arg not in {"self", "cls"}), node.name

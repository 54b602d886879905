"""Does an adapter say what to install, and does it import its own framework alone?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import searchkit
from searchkit.errors import MissingExtra
from searchkit.integrations.framework import needed
from tests.test_imports import imported

FRAMEWORKS = {"langchain": "langchain_core", "llamaindex": "llama_index", "haystack": "haystack"}
ABSENT = f"""
import sys
from importlib import import_module
from searchkit.errors import MissingExtra

for extra, package in {FRAMEWORKS}.items():
    sys.modules[package] = None
    try:
        import_module(f"searchkit.integrations.{{extra}}")
    except MissingExtra as error:
        print(error)
"""


def test_a_framework_that_is_not_installed_is_named_with_what_installs_it() -> None:
    done = subprocess.run([sys.executable, "-c", ABSENT], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "LangChain isn't installed. Run 'pip install \"searchkit[langchain]\"'.",
        "LlamaIndex isn't installed. Run 'pip install \"searchkit[llamaindex]\"'.",
        "Haystack isn't installed. Run 'pip install \"searchkit[haystack]\"'.",
    ]


def test_what_a_framework_itself_lacks_is_told_as_it_tells_it() -> None:
    with pytest.raises(ModuleNotFoundError, match="orjson"), needed("LangChain", "langchain_core", "langchain"):
        raise ModuleNotFoundError("No module named 'orjson'", name="orjson")
    with pytest.raises(MissingExtra), needed("LangChain", "langchain_core", "langchain"):
        raise ModuleNotFoundError("No module named 'langchain_core'", name="langchain_core")


@pytest.mark.parametrize("extra", FRAMEWORKS)
def test_an_adapter_imports_its_own_framework_alone(extra: str) -> None:
    path = Path(searchkit.__file__).parent / "integrations" / f"{extra}.py"
    packages = {module.split(".")[0] for module in imported(path)} & set(FRAMEWORKS.values())
    assert packages == {FRAMEWORKS[extra]}

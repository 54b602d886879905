"""The headers of the compiled extension: no circle, one source file for each, and each stands alone."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

import searchkit

NATIVE = Path(searchkit.__file__).parent / "keyword" / "native"
HEADERS = sorted(NATIVE.glob("*.h"))
SOURCES = sorted(NATIVE.glob("*.c"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in [*HEADERS, *SOURCES]}
CODE = {name: re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL) for name, text in TEXTS.items()}
DECLARED = re.compile(r"^(?!static|typedef|#)\w[^;{}()=]*?\b(\w+)\([^;{}]*\);", re.MULTILINE)
DEFINED = re.compile(r"^(?!static|typedef|#)\w[^;{}()=]*?\b(\w+)\([^;{}]*\) \{", re.MULTILINE)
VARIABLES = re.compile(r"^extern [\w ]*?\*?(\w+);", re.MULTILINE)


def included(name: str) -> set[str]:
    """Return the stems of the headers that a file includes, without its own."""
    return set(re.findall(r'^#include "(\w+)\.h"', TEXTS[name], re.MULTILINE)) - {Path(name).stem}


def functions(pattern: re.Pattern[str], name: str) -> set[str]:
    """Return the functions that a file declares or defines for others."""
    return set(pattern.findall(CODE[name])) - {"PyInit__native"}


def test_the_includes_have_no_circle() -> None:
    """A header and the source file of its name count as one: what either includes, both depend on."""
    graph: dict[str, set[str]] = {}
    for name in TEXTS:
        graph.setdefault(Path(name).stem, set()).update(included(name))
    assert set().union(*graph.values()) <= set(graph)
    for name in graph:
        reached, waiting = set[str](), [name]
        while waiting:
            new = graph[waiting.pop()] - reached
            reached |= new
            waiting += new
        assert name not in reached, f"{name} includes itself by way of others"


def test_a_header_is_implemented_by_the_source_file_of_its_name_alone() -> None:
    for header in HEADERS:
        source = header.with_suffix(".c").name
        declared = functions(DECLARED, header.name)
        assert declared <= functions(DEFINED, source) if source in CODE else not declared, header.name
        for variable in VARIABLES.findall(CODE[header.name]):
            assert re.search(rf"^\w+ {variable} = ", CODE[source], re.MULTILINE), f"{header.name} declares {variable}"


def test_what_a_source_file_has_for_others_stands_in_its_header() -> None:
    for source in SOURCES:
        header = source.with_suffix(".h").name
        assert functions(DEFINED, source.name) == functions(DECLARED, header) if header in CODE else True, source.name
    assert {path.stem for path in SOURCES} - {path.stem for path in HEADERS} == {"module"}


def test_a_file_says_first_what_it_holds() -> None:
    for name, text in TEXTS.items():
        assert re.match(r"/\* [A-Z][\w -]*: [^?]+?\*/\n", text), name


@pytest.mark.slow
def test_a_header_includes_what_it_uses(tmp_path: Path) -> None:
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    python = Path(sysconfig.get_paths()["include"])
    if not shutil.which(compiler[0]) or not (python / "Python.h").exists():
        pytest.skip("no compiler is here, or no header of Python's")
    for header in HEADERS:
        alone = tmp_path / f"{header.stem}.c"
        alone.write_text(f'#include "{header.name}"\n', encoding="utf-8")
        command = [compiler[0], "-fsyntax-only", f"-I{NATIVE}", f"-I{python}", str(alone)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

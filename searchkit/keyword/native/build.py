"""Build hook: compiles the extension by the compiler that Python was built with, or CC; CFLAGS are added.

A hook of hatchling, the build backend. It leaves ``_native.abi3.so`` in the package (the stable interface of
Python 3.11, so that every later version loads it too) and names the wheel after that interface. Where there is no
compiler it says so, and searchkit is installed without: numpy takes over, and ``searchkit doctor`` tells.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OPTIONS = ("-O3", "-fPIC", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden")
"""No fused multiply and add: a sum must not depend on the processor."""

STABLE_NAMES = ("-DPyArg_ParseTuple=_PyArg_ParseTuple_SizeT", "-DPy_BuildValue=_Py_BuildValue_SizeT")
"""Under their plain names these functions refuse a "#" in 3.11 and 3.12, so the headers of those use the others. The
headers of 3.13 don't any more, and what was compiled with them would fail in 3.11. Every version has the others."""

BUILD_MACHINE_PATHS = re.compile(r"-L|-Wl,-rpath")
"""Options that name folders of the machine on which Python was built. The extension links no library from there, and a
wheel that goes elsewhere must not look for one."""


class NativeBuildHook(BuildHookInterface):  # type: ignore[misc]  # hatchling isn't there where types are checked
    """Compiles the extension before the files are collected."""

    PLUGIN_NAME = "native"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and mark the wheel as one of this platform and the stable interface where that went well."""
        sources = Path(self.root) / "searchkit" / "keyword" / "native"
        extension = Path(self.root) / "searchkit" / "_native.abi3.so"
        problem = compile_extension(sources, extension)
        if problem:
            extension.unlink(missing_ok=True)
            print(f"searchkit is installed without its compiled extension: {problem}", file=sys.stderr)
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{re.sub('[-.]', '_', sysconfig.get_platform())}"


def compile_extension(sources: Path, extension: Path) -> str:
    """Compile the C files of a folder; return what went wrong, "" where nothing did."""
    compiler, *linking = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")
    command = [
        *shlex.split(os.environ.get("CC") or compiler),
        *(option for option in linking if not BUILD_MACHINE_PATHS.match(option)),
        *OPTIONS,
        *STABLE_NAMES,
        *shlex.split(os.environ.get("CFLAGS", "")),
        f"-I{sysconfig.get_paths()['include']}",
        *sorted(map(str, sources.glob("*.c"))),
        "-o",
        str(extension),
    ]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if run.returncode == 0 else run.stderr.strip()[-2_000:] or f"{command[0]} failed"

"""Build hook: compiles the extension by the compiler that Python was built with, or CC.

A hook of hatchling, the build backend. It leaves ``_native.abi3.so`` in the package (the stable interface of
Python 3.11, so that every later version loads it too). Where there is no compiler it says so, and searchkit is
installed without: numpy takes over, and ``searchkit doctor`` tells.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OPTIONS = ("-O3", "-fPIC", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden")
"""No fused multiply and add: a sum must not depend on the processor."""


class NativeBuildHook(BuildHookInterface):  # type: ignore[misc]  # hatchling isn't there where types are checked
    """Compiles the loops before the files are collected."""

    PLUGIN_NAME = "loops"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and mark the wheel as one of this platform where that went well."""
        here = Path(self.root) / "searchkit" / "keyword" / "native"
        target = here.parents[1] / "_native.abi3.so"
        problem = compiled(here, target)
        if problem:
            target.unlink(missing_ok=True)
            print(f"searchkit is installed without compiled loops: {problem}", file=sys.stderr)
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def compiled(sources: Path, target: Path) -> str:
    """Compile the sources of a folder; return what went wrong, "" where nothing did."""
    compiler, *linking = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")
    command = [
        *shlex.split(os.environ.get("CC") or compiler),
        *linking,
        *OPTIONS,
        f"-I{sysconfig.get_paths()['include']}",
        *sorted(map(str, sources.glob("*.c"))),
        "-o",
        str(target),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip()[-2_000:] or f"{command[0]} failed"

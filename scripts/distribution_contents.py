"""Checks what a built sdist and wheel hold: ``python scripts/distribution_contents.py SOURCES DIST``.

SOURCES is the folder that they were built from, DIST the folder that holds one of each. Only the standard library is
needed.
"""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from email.parser import Parser
from fnmatch import fnmatch
from pathlib import Path

NATIVE = "searchkit/keyword/native"
SDIST_FILES = ("PKG-INFO", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".ci/run")
COMPILED = ("*.so", "*.pyc", "*.o")


def files(folder: Path, *tops: str) -> set[str]:
    """Return the paths of all files below some folders of a folder, from there."""
    return {path.relative_to(folder).as_posix() for top in tops for path in (folder / top).rglob("*") if path.is_file()}


def matching(names: set[str], *patterns: str) -> set[str]:
    """Return the names that fit any of some patterns."""
    return {name for name in names if any(fnmatch(name, pattern) for pattern in patterns)}


def sdist_faults(sources: Path, sdist: Path) -> list[str]:
    """Tell what an sdist lacks and what it shouldn't hold: all sources, tests and scripts belong there."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = files(sources, "searchkit", "tests", "scripts") | set(SDIST_FILES)
    return [
        *(f"the sdist lacks {name}" for name in sorted(expected - names)),
        *(f"the sdist holds {name}" for name in sorted(matching(names, *COMPILED))),
    ]


def wheel_faults(sources: Path, wheel: Path) -> list[str]:
    """Tell what a wheel lacks, what it shouldn't hold, and whether it is named for the stable interface."""
    faults = []
    tag = re.fullmatch(r"searchkit-[^-]+-(.+)\.whl", wheel.name)
    if not tag or not re.fullmatch(r"cp311-abi3-(?!any)\w+", tag[1]):
        faults.append(
            f"{wheel.name} isn't tagged cp311-abi3-PLATFORM: the extension wasn't compiled, see the build above"
        )
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = {Path(name).name: name for name in names if ".dist-info/" in name}
        metadata = Parser().parsestr(archive.read(info["WHEEL"]).decode())
        if tag and metadata.get_all("Tag") != [tag[1]]:
            faults.append(f"the wheel's metadata names other tags than its file: {metadata.get_all('Tag')}")
        if metadata["Root-Is-Purelib"] != "false":
            faults.append("the wheel's metadata call it pure Python")
    package = {name for name in names if name not in info.values()}
    expected = files(sources, "searchkit") - files(sources, NATIVE) | {"searchkit/_native.abi3.so"}
    return [
        *faults,
        *(f"the wheel lacks {name}" for name in sorted(expected - package)),
        *(f"the wheel holds {name}" for name in sorted(package - expected)),
        *(f"the wheel's metadata lack {name}" for name in sorted({"LICENSE", "entry_points.txt"} - set(info))),
    ]


def main() -> int:
    """Print the faults; the exit code tells whether there are any."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    sources, folder = Path(sys.argv[1]), Path(sys.argv[2])
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    faults = sdist_faults(sources, sdist) + wheel_faults(sources, wheel)
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if not faults:
        print(f"{sdist.name} and {wheel.name} hold what they should", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

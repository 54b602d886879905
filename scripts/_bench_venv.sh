# The environment that scripts/bench and scripts/bench_relevance share, one of their own, with searchkit and its peers.
#
# Sourced, not run. The peers' versions stand in scripts/benchmarks/requirements.txt; PyTorch comes without CUDA.

SEARCHKIT_VENV=${SEARCHKIT_VENV:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.venv-bench}
. "$(dirname "${BASH_SOURCE[0]}")/_venv.sh"

PEERS=scripts/benchmarks/requirements.txt

# Show a benchmark's help where it is among the arguments, by any Python and before anything is installed.
help_if_asked() {
    local module=$1 argument python
    shift
    for argument in "$@"; do
        case $argument in -h | --help)
            python=$(find_python)
            cd "$ROOT"
            exec "$python" -m scripts.benchmarks.options "$module" --help ;;
        esac
    done
}

install_peers() {
    install dev
    cd "$ROOT"
    local wanted stamp=$VENV/peers.stamp
    wanted=$(digest "$PEERS")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    log "installing the peers of $PEERS"
    "$VENV/bin/python" -m pip install --requirement "$PEERS" | log_pip
    refuse_cuda
    echo "$wanted" >"$stamp"
}

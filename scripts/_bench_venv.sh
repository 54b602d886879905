# What do scripts/bench and scripts/bench_relevance share? An environment of their own, with searchkit and its peers.
#
# Sourced, not run. The peers' versions stand in scripts/benchmarks/requirements.txt; PyTorch comes without CUDA.

SEARCHKIT_VENV=${SEARCHKIT_VENV:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/.venv-bench}
. "$(dirname "${BASH_SOURCE[0]}")/_venv.sh"

PEERS=scripts/benchmarks/requirements.txt

install_peers() {
    install dev
    cd "$ROOT"
    local wanted stamp=$VENV/peers.stamp
    wanted=$(digest "$PEERS")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    say "installing the peers of $PEERS"
    "$VENV/bin/python" -m pip install --requirement "$PEERS" | said
    refuse_cuda
    echo "$wanted" >"$stamp"
}

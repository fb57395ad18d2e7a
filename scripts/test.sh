#!/usr/bin/env bash
# Passes the tests: those of the Rust crates, the examples in their documentation, and then the readers that
# no one here wrote, on stores that the program makes. Needs Rust and Python 3.11 (and, for zarrita, node 20);
# what is missing besides comes from the package registries and is kept under target/.
#
#   scripts/test.sh            everything
#   scripts/test.sh rust       only the crates
#   scripts/test.sh oracle     only chunks beside C-Blosc2, which it builds
#   scripts/test.sh foreign    only the readers; further arguments go to pytest
#
# Ends with the summaries of the runners; the exit status is 0 only if every one of them passed.
set -uo pipefail
cd "$(dirname "$0")/.."
part=${1:-all}
[ $# -gt 0 ] && shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
summaries=()
failed=0

# step NAME PATTERN COMMAND...: runs it, keeps the lines that match as its summary.
step() {
    local name=$1 pattern=$2 status
    shift 2
    printf '\n== %s\n' "$name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    [ "$status" -eq 0 ] || failed=1
    mapfile -t found < <(sed -e 's/\x1b\[[0-9;]*m//g' -e 's/^ *//' "$log" | grep -E "$pattern")
    [ ${#found[@]} -gt 0 ] || found=("no summary (exit status $status)")
    for line in "${found[@]}"; do summaries+=("$name: $line"); done
}

rust() {
    if cargo nextest --version >/dev/null 2>&1; then
        step "nextest" '^Summary \[' cargo nextest run --workspace --no-fail-fast
    else
        step "cargo test" '^test result:' cargo test --workspace --lib --bins --tests --no-fail-fast
    fi
    step "doc examples" '^test result:' cargo test --workspace --doc --no-fail-fast
}

oracle() {
    local python
    python=$(python3 scripts/venv.py conformance-tests/requirements-oracle.txt) || exit 1
    export CMAKE=${CMAKE:-$(dirname "$python")/cmake}
    if cargo nextest --version >/dev/null 2>&1; then
        step "oracle" '^Summary \[' cargo nextest run --workspace --features ziggurat-oracle/c-blosc2 \
            --no-fail-fast --filterset 'package(ziggurat-oracle)'
    else
        step "oracle" '^test result:' cargo test --package ziggurat-oracle --features c-blosc2 --test main
    fi
}

foreign() {
    local python readers=conformance-tests/readers
    # All of the workspace: fewer packages would have other features, and be built anew.
    cargo build --quiet --workspace --bins --examples || exit 1
    python=$(python3 scripts/venv.py conformance-tests/requirements.txt) || exit 1
    export ZIGGURAT_BIN=${ZIGGURAT_BIN:-$(realpath -m "${CARGO_TARGET_DIR:-target}")/debug/ziggurat}
    if [ -z "${ZIGGURAT_GDAL_PYTHON:-}" ]; then
        ZIGGURAT_GDAL_PYTHON=$(python3 scripts/venv.py conformance-tests/requirements-gdal.txt --least 3.12) ||
            echo "SKIPPED: GDAL 3.12, which needs a Python >= 3.12"
        export ZIGGURAT_GDAL_PYTHON
    fi
    if ! command -v npm >/dev/null; then
        echo "SKIPPED: zarrita, which needs node"
    elif [ ! "$readers/node_modules/.package-lock.json" -nt "$readers/package-lock.json" ]; then
        npm ci --prefix "$readers" --no-audit --no-fund --silent || exit 1
    fi
    step "pytest" '^=* ?[0-9]+ (passed|failed|error).* in ' "$python" -m pytest -c conformance-tests/pytest.ini "$@"
}

case $part in
    all) rust && oracle && foreign ;;
    rust) rust ;;
    oracle) oracle ;;
    foreign) foreign "$@" ;;
    *) echo "usage: scripts/test.sh [all|rust|oracle|foreign [PYTEST ARGUMENT...]]" >&2; exit 2 ;;
esac

printf '\n'
printf '%s\n' "${summaries[@]}"
exit $failed

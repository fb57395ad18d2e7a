# `just` lists these; `just check` is what CI runs.

_default:
    @just --list --unsorted

# All that a change must pass
check:
    .ci/run

# The main job on real input, ending with a picture
demo:
    scripts/demo.sh

# Every test
test:
    scripts/test.sh

# Tests of the crates only
rust:
    scripts/test.sh rust

# Readers that no one here wrote, on stores that the program makes (arguments go to pytest)
foreign *arguments:
    scripts/test.sh foreign {{arguments}}

# Format and lint
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings

# Documentation, with warnings denied
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# A benchmark beside its peers: just bench pyramid [--quick]
bench suite *options:
    python3 benches/run.py {{suite}} {{options}}

"""The shared peer benchmark: array libraries, each in a process of its own, in turns on the same work.

It lies in `peers` of $ZIGGURAT_SHARED (default: ../shared) and is copied to a cache outside the repository
($ZIGGURAT_BENCH_CACHE, default: the user's cache directory), where its Rust peers are built once: within the
repository Cargo would take them for a part of the workspace.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness import HERE, ROOT, Bench

SHARED = Path(os.environ.get("ZIGGURAT_SHARED", ROOT.parent / "shared")) / "peers"
USER = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
CACHE = Path(os.environ.get("ZIGGURAT_BENCH_CACHE", USER / "ziggurat-bench")) / "peers"


@dataclass(frozen=True)
class Case:
    """One piece of work: workload, array and mode, as `run.py` of the benchmark names them."""

    workload: str
    variant: str
    mode: str = ""

    def __str__(self) -> str:
        return ":".join(filter(None, (self.workload, self.variant, self.mode)))


@dataclass
class Measured:
    """What the runs of one library on one case cost."""

    runs: list[dict] = field(default_factory=list)
    error: str = ""

    def median(self, metric: str) -> float:
        return statistics.median(_metric(run, metric) for run in self.runs)

    def has(self, metric: str) -> bool:
        return bool(self.runs) and all(metric in run or metric == "cpu" for run in self.runs)


Results = dict[Case, dict[str, Measured]]


class Peers:
    """The benchmark, ready to run."""

    def __init__(self, bench: Bench):
        if not (SHARED / "run.py").is_file():
            sys.exit(f"the peers are needed: {SHARED} is not there; set ZIGGURAT_SHARED")
        self.bench = bench
        _copy(SHARED, CACHE)
        self.python = bench.environment(CACHE / "requirements.txt")
        bench.say("building the peers (ten minutes the first time)")
        environment = os.environ | {
            "CARGO_TARGET_DIR": str(CACHE / "build"),
            # Without it the crate of c-blosc leaves out its AVX2 shuffle.
            "RUSTFLAGS": "-C target-cpu=native",
        }
        manifest = str(CACHE / "rust" / "Cargo.toml")
        build = ["cargo", "build", "--release", "--quiet", "--manifest-path", manifest]
        subprocess.run(["nice", *build], env=environment, cwd=CACHE, check=True)
        bench.versions |= _versions()

    def drivers(self, script: str, *arguments: object) -> str:
        """The command of benches/peers/`script`, as `--add` takes it."""
        return " ".join(map(str, [self.python, HERE / "peers" / script, *arguments]))

    def run(self, place: Path, cases: Sequence[Case], peers: Sequence[str], added: dict[str, str], rounds: int) -> Results:
        """Runs `peers` and `added` (NAME=FORMAT: command) on `cases`, with stores in `place`."""
        out = self.bench.place / "interleaved"
        log = out / "results.jsonl"
        log.unlink(missing_ok=True)
        options = ["--root", place, "--out", out, "--scale", "tiny" if self.bench.quick else "std", "--clean"]
        options += ["--python", self.python, "--bin", CACHE / "build" / "release", "--peers", ",".join(peers)]
        options += ["--reps", rounds, "--min-reps", min(rounds, 3), "--budget", 60]
        options += [f"--case={case}" for case in cases]
        options += [f"--add={name}={command}" for name, command in added.items()]
        command = [self.python, HERE / "peers" / "launch.py", CACHE, *options]
        subprocess.run(list(map(str, command)), stdout=sys.stderr, check=True)
        return _read(log)


def _copy(source: Path, target: Path) -> None:
    """Copies what differs, so that a build sees what changed; modes are not kept."""
    for file in source.rglob("*"):
        if not file.is_file():
            continue
        copy = target / file.relative_to(source)
        if not copy.exists() or copy.read_bytes() != file.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.unlink(missing_ok=True)
            copy.write_bytes(file.read_bytes())


def _versions() -> dict[str, str]:
    pins = (line.partition("==") for line in (CACHE / "requirements.txt").read_text().splitlines())
    pinned = {name: version for name, _, version in pins}
    lock = (CACHE / "rust" / "Cargo.lock").read_text()
    return {
        "zarr-python": pinned["zarr"],
        "zarrs pipeline": pinned["zarrs"],
        "tensorstore": pinned["tensorstore"],
        "zarrs": lock.split('name = "zarrs"\nversion = "')[1].partition('"')[0],
        "python-blosc2": pinned["blosc2"],
    }


def _read(log: Path) -> Results:
    results: Results = {}
    for line in log.read_text().splitlines():
        row = json.loads(line)
        if row["workload"] == "MEM":
            continue
        case = Case(row["workload"], row["variant"], row["mode"])
        measured = results.setdefault(case, {}).setdefault(row["peer"], Measured())
        if "error" in row:
            measured.error = row["error"]
        else:
            measured.runs.append(row)
    return results


def _metric(run: dict, metric: str) -> float:
    return run["user"] + run["sys"] if metric == "cpu" else run[metric]

"""Reads and updates of superchunks, beside zarr-python (with and without the zarrs pipeline), tensorstore, zarrs and
python-blosc2.

Arrays of 512 x 512 x 512 in superchunks of 256 x 256 x 256; `i2` is noisy int16, `f4` smooth float32; `c32` and `c64`
are blocks of 32 and 64 elements a side; `zstd5` and `lz4` are Blosc with shuffle at level 5, `zstd` is Zstandard at
level 3. Every run is a process of its own and only the work is timed; in every round the libraries take turns in a new
order. Page cache warm. What is read is compared with NumPy; what this library writes is read by zarr-python.

W1 writes the whole array, W2 reads it. W4 reads 1000 boxes of 16 x 16 x 16, 20 planes along each axis (x0, x1, x2) or
1000 points, one call after the other; `-points`, and ziggurat, take all points in one call. W5 appends 256 planes, one at a time. W6
overwrites one block of a superchunk 200 times; left out are peers that rewrite the superchunk each time and take a
minute. W7 lists 1000 arrays, or opens one and reads an element.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from harness import Bench, Table
from interleaved import CACHE, Case, Measured, Peers, Results
from suites.superchunk_goals import LISTED, READ, READERS, SMALL, SMALL_WRITERS, TARGETS, WRITE, Target

# Where a sync costs nothing.
MEMORY = Path("/dev/shm")

READS, WRITES = ("W2", "W4", "W7"), ("W1", "W5", "W6")

# Title: the metric, the factor to its unit, and where it tells something.
COLUMNS = {
    "CPU s": ("cpu", 1, (*READS, *WRITES)),
    "wall s": ("wall", 1, (*READS, *WRITES)),
    "p50 us": ("p50", 1e6, ("W4", "W5", "W6")),
    "p99 us": ("p99", 1e6, ("W4", "W5", "W6")),
    "read MiB": ("rchar", 2**-20, (*READS, "W5", "W6")),
    "written MiB": ("wchar", 2**-20, WRITES),
    "stored MiB": ("store_bytes", 2**-20, WRITES),
    "peak MiB": ("rss_peak_mib", 1, (*READS, *WRITES)),
}


def run(bench: Bench) -> None:
    peers = Peers(bench)
    driver = bench.build("--package", "ziggurat-core", "--example", "peer") / "examples" / "peer"
    in_memory = bench.chosen is None and MEMORY.is_dir()
    place = (MEMORY if in_memory else bench.place) / "ziggurat-bench"

    def ours(*options: str) -> str:
        return peers.drivers("reread.py", driver, *options)

    readers = {"ziggurat=zarr": ours(), "ziggurat-cache=zarr": ours("--cache")}
    for name, library, form in (
        ("zarr-python", "zarr-python", "zarr"),
        ("zarr-python+zarrs", "zarrs", "zarr"),
        ("tensorstore", "tensorstore", "zarr"),
        ("blosc2", "blosc2", "b2nd"),
    ):
        readers[f"{name}-points={form}"] = peers.drivers("points.py", CACHE / "drivers", library)
    writers = {
        "ziggurat=zarr": ours(),
        "ziggurat-in-place=zarr": ours("--in-place"),
        "ziggurat-writer=zarr": ours("--writer"),
    }
    synced = {} if in_memory else _synced(peers)
    try:
        results = peers.run(place, [*WRITE, *READ, *LISTED], READERS, readers | synced, bench.rounds)
        results |= peers.run(place, SMALL, SMALL_WRITERS, writers | synced, bench.rounds)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    bench.tables += [_table(case, results[case]) for case in (*WRITE, *READ, *SMALL, *LISTED) if case in results]
    for target in TARGETS:
        for case in target.cases:
            _judge(bench, target, case, results)
    bench.notes.append(
        "Stores in memory-backed files, where a sync costs nothing: tensorstore is told not to sync, as zarr-python and "
        "python-blosc2 never do; zarrs and ziggurat sync as they are shipped."
        if in_memory
        else "Stores on a disk: tensorstore syncs as it is shipped, and so do zarrs and ziggurat; zarr-python and "
        "python-blosc2 never sync."
    )


def _synced(peers: Peers) -> dict[str, str]:
    """tensorstore as it is shipped, in place of the drivers that switch its syncs off."""
    command = f"{peers.python} {CACHE / 'drivers' / 'ts.py'} --sync"
    options = {"tensorstore": "", "tensorstore-cache": " --cache 256", "tensorstore-txn": " --txn"}
    return {f"{name}=zarr": command + option for name, option in options.items()}


def _table(case: Case, found: dict[str, Measured]) -> Table:
    columns = {title: column[:2] for title, column in COLUMNS.items() if case.workload in column[2]}
    table = Table(str(case), list(columns))
    done = {name: measured for name, measured in found.items() if measured.runs and not measured.error}
    for name in sorted(done, key=lambda name: done[name].median("cpu")):
        measured = done[name]
        values = [measured.median(key) * unit if measured.has(key) else None for key, unit in columns.values()]
        table.rows[name] = values
    return table


def _judge(bench: Bench, target: Target, case: Case, results: Results) -> None:
    """Sets the goal, which is missed if anything it needs was not measured."""
    found = results.get(case, {})
    what = f"{case}: {target.what}"
    against = target.against or target.metric
    needed = [(target.ours, target.metric), *((peer, against) for peer in target.peers)]
    for name, metric in needed:
        measured = found.get(name, Measured())
        if measured.error or not measured.has(metric):
            bench.goal(what, None, target.factor, f"{name}: {measured.error or 'not measured'}")
            return
    best = min(target.peers, key=lambda name: found[name].median(against))
    ours, theirs = found[target.ours].median(target.metric), found[best].median(against)
    detail = f"{target.ours} {_shown(target.metric, ours)}, {best} {_shown(against, theirs)}"
    bench.goal(what, ours / theirs, target.factor, detail)


def _shown(metric: str, value: float) -> str:
    return f"{value:.3g} s" if metric in ("cpu", "wall") else f"{value / 2**20:.3g} MiB"

"""Runs a driver and has zarr-python read what it wrote.

usage: reread.py DRIVER [OPTIONS...] TASK.json

Prints what the driver printed, with `check` found by zarr-python, and for W6 the bytes of the superchunk file
and those that its blocks and index need. Ends with an error if the driver itself read something else.
"""

import json
import subprocess
import sys
from pathlib import Path

EMPTY = 2**64 - 1


def main() -> None:
    # First the driver: what it imports here would count as its memory.
    run = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(run.returncode)
    report = json.loads(run.stdout.strip().splitlines()[-1])
    task = json.loads(Path(sys.argv[-1]).read_text())
    if not report.get("skip") and task["workload"] in ("W1", "W5", "W6"):
        report |= reread(task, report.get("check"))
    print(json.dumps(report))


def reread(task: dict, claimed: int | None) -> dict:
    import numpy as np
    import zarr

    array = zarr.open_array(task["store"], mode="r", zarr_format=3)
    part = tuple(slice(0, size) for size in task["shard"]) if task["workload"] == "W6" else ...
    values = np.ascontiguousarray(array[part])
    if task["workload"] == "W1":
        data = np.fromfile(task["data"], task["dtype"]).reshape(task["shape"])
        if not np.array_equal(values, data):
            sys.exit("zarr-python does not read what was written")
    found = {"check": int(values.view(f"<i{values.dtype.itemsize}").sum(dtype="int64"))}
    if claimed not in (None, found["check"]):
        sys.exit(f"zarr-python reads {found['check']}, the driver {claimed}")
    if task["workload"] == "W6":
        file = Path(task["store"], "c", "0", "0", "0").read_bytes()
        blocks = int(np.prod([s // c for s, c in zip(task["shard"], task["chunk"])]))
        index = np.frombuffer(file[-16 * blocks - 4 : -4], "<u8").reshape(-1, 2)
        live = int(index[index[:, 0] != EMPTY, 1].sum())
        found |= {"file_end": len(file), "file_compacted": live + 16 * blocks + 4}
    return found


main()

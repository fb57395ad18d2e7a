"""All levels from an existing level 0, beside gdaladdo and tensorstore.

Input: float32 terrain, 6 % NaN, zstd-3, blocks of 512, superchunks of 2048; levels 2 to 64. Warm cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from harness import HERE, ROOT, Bench, Subject

LEVELS = 6
FACTORS = [str(2**level) for level in range(1, LEVELS + 1)]
MANY = "mean,min,max,count"


def run(bench: Bench) -> None:
    size, small, large = (4096, 2048, 4096) if bench.quick else (16384, 4096, 32768)
    gdaladdo = bench.need("gdaladdo", "gdal-bin")
    version = subprocess.run([gdaladdo, "--version"], capture_output=True, text=True, check=True).stdout
    bench.versions["gdal"] = version.removeprefix("GDAL ").split(",")[0]
    for package in ("tensorstore", "zarr", "numpy"):
        code = f"import importlib.metadata as m; print(m.version({package!r}))"
        bench.versions[package] = subprocess.run(
            [bench.python, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()

    level0 = _terrain(bench, size, "zarr")
    raster = _terrain(bench, size, "tif")
    base = _base(bench, level0)
    store, work = bench.place / "store.zarr", bench.place / "work.tif"
    ratio = size * size * 4 / sum(f.stat().st_size for f in level0.rglob("*") if f.is_file())
    bench.notes.append(f"input {size} x {size} float32, 6 % NaN, {ratio:.2f} times smaller on disk")

    def fresh_store() -> None:
        _link(base, store)

    def fresh_raster() -> None:
        shutil.copyfile(raster, work)

    one = {"GDAL_NUM_THREADS": "1", "ZSTD_LEVEL_OVERVIEW": "3", "GDAL_CACHEMAX": "512"}
    mean, many = "ziggurat build, mean, 2 threads", f"ziggurat build, {MANY}, 2 threads"
    single = "gdaladdo -r average, 1 thread"
    peer = "tensorstore downsample mean (not NaN-aware), 1 thread"
    bench.measure(
        [
            Subject(mean, _build(bench, store, "mean"), fresh_store),
            Subject(many, _build(bench, store, MANY), fresh_store),
            Subject(single, [gdaladdo, "-q", "-r", "average", str(work), *FACTORS], fresh_raster, one),
            Subject(peer, bench.peer("downsample.py", level0, bench.place / "tensorstore.zarr", LEVELS)),
        ]
    )

    fresh_store()
    subprocess.run(_build(bench, store, MANY), check=True)
    reference = ROOT / "conformance-tests" / "foreign"
    check = bench.peer("check.py", reference, store, LEVELS, MANY)
    bench.notes.append(subprocess.run(check, check=True, capture_output=True, text=True).stdout.strip())

    peaks = {}
    for edge in (small, large):
        _link(_base(bench, _terrain(bench, edge, "zarr")), store)
        name = f"ziggurat build, mean, {edge} x {edge}"
        peaks[edge] = bench.run(Subject(name, _build(bench, store, "mean"))).peak

    ours, theirs = bench.median(mean), bench.median(single)
    bench.goal("CPU of mean / CPU of gdaladdo", ours.cpu / theirs.cpu, 0.8)
    bench.goal("wall of mean on 2 cores / wall of gdaladdo", ours.wall / theirs.wall, 0.5)
    bench.goal("peak memory of mean, MB", ours.peak, 300)
    bench.goal(f"CPU of {MANY} / CPU of mean", bench.median(many).cpu / ours.cpu, 2.2)
    bench.goal(f"peak at {large} / peak at {small}", peaks[large] / peaks[small], 1.25)


def _build(bench: Bench, store: Path, aggregators: str) -> list[str]:
    options = ["--levels", str(LEVELS), "--aggregate", aggregators, "--threads", "2", "--quiet"]
    return [bench.program, "build", str(store), *options]


def _terrain(bench: Bench, size: int, kind: str) -> Path:
    """The input, named by what made it."""
    version = sha256((HERE / "peers" / "terrain.py").read_bytes()).hexdigest()[:8]
    return bench.make(bench.place / f"terrain-{version}-{size}.{kind}", bench.peer("terrain.py", kind, size))


def _base(bench: Bench, level0: Path) -> Path:
    """A datastore that has level 0 only."""
    layout = ["--block", "512,512", "--chunk", "512,512", "--superchunk", "2048,2048", "--codec", "zstd:3"]
    command = [bench.program, "import", "--quiet", "--levels", "0", *layout, str(level0)]
    return bench.make(bench.place / f"base-{level0.name}", command)


def _link(base: Path, store: Path) -> None:
    """A copy of a store in which the large files are links: they are only read."""
    shutil.rmtree(store, ignore_errors=True)

    def copy(source: str, target: str) -> None:
        if source.endswith(".json"):
            shutil.copyfile(source, target)
        else:
            os.link(source, target)

    shutil.copytree(base, store, copy_function=copy)



"""Updates in place, of stores that others wrote, as others read them: with gaps, and compact."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest
import tensorstore
import zarr
from zarr.codecs import BloscCodec, ZstdCodec

from program import ROOT, ziggurat

EDIT = ROOT / "target" / "debug" / "examples" / "edit"
SHAPE, SHARD, BLOCK = (64, 48, 32), (32, 48, 32), (8, 8, 8)


def values(version: int) -> np.ndarray:
    """What edit writes into a block."""
    i = np.arange(np.prod(BLOCK), dtype=np.uint64) + np.uint64(version * 1_000_003)
    mixed = i * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(40)) % np.uint64(700)).astype("i2").reshape(BLOCK)


def edited(array: np.ndarray, count: int) -> np.ndarray:
    """The array after the edits that edit makes."""
    array, random = array.copy(), 1
    grid = [s // b for s, b in zip(SHAPE, BLOCK)]
    for version in range(1, count + 1):
        random = (random * 6364136223846793005 + 1) % 2**64
        index = np.unravel_index((random >> 33) % np.prod(grid), grid)
        array[tuple(slice(i * b, (i + 1) * b) for i, b in zip(index, BLOCK))] = values(version)
    return array


def read_by_all(path):
    yield "zarr-python", zarr.open_array(path, mode="r")[:]
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}
    yield "tensorstore", tensorstore.open(spec, read=True).result().read().result()


@pytest.mark.parametrize("mode", ["in-place", "rewrite"])
@pytest.mark.parametrize("codec", [ZstdCodec(level=1), BloscCodec(cname="lz4", shuffle="shuffle")], ids=["zstd", "blosc"])
def test_edits_of_a_foreign_store_are_read_by_others(tmp_path, mode, codec):
    if not EDIT.is_file():
        pytest.skip(f"{EDIT} does not exist: run `cargo build --examples`")
    path = tmp_path / "a.zarr"
    array = zarr.create_array(path, shape=SHAPE, shards=SHARD, chunks=BLOCK, dtype="i2", compressors=[codec], fill_value=0)
    before = np.random.default_rng(5).integers(0, 700, SHAPE).astype("i2")
    before[:8] = 0
    array[:] = before
    size = lambda: sum(file.stat().st_size for file in path.rglob("c/*/*/*"))
    done = subprocess.run([EDIT, path, mode, "200"], capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    edits = size()
    assert report["size"] == edits
    expected = edited(before, 200)
    for reader, found in read_by_all(path):
        np.testing.assert_array_equal(found, expected, reader)
    ziggurat("compact", path)
    assert (size() < edits) == (mode == "in-place"), "gaps tell of edits in place"
    assert edits <= 1.5 * size()
    for reader, found in read_by_all(path):
        np.testing.assert_array_equal(found, expected, f"{reader}, compact")
    assert sorted(p.name for p in path.iterdir()) == ["c", "zarr.json"]
    # What others write next is read here.
    zarr.open_array(path, mode="r+")[3:5, 3:5, 3:5] = 7
    expected[3:5, 3:5, 3:5] = 7
    subprocess.run([EDIT, path, mode, "20"], check=True, capture_output=True)
    for reader, found in read_by_all(path):
        np.testing.assert_array_equal(found, edited(expected, 20), f"{reader}, after others wrote")

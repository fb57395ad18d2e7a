"""Arrays to which planes are appended in place, as others read them after each."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec

from program import ROOT, ziggurat
from test_updates import read_by_all

APPEND = ROOT / "target" / "debug" / "examples" / "append"


@pytest.mark.parametrize("cname", ["lz4", "zstd"])
@pytest.mark.parametrize("shuffle", ["shuffle", "bitshuffle", "noshuffle"])
def test_planes_are_read_by_others_as_they_are_appended(tmp_path, cname, shuffle):
    if not APPEND.is_file():
        pytest.skip(f"{APPEND} does not exist: run `cargo build --examples`")
    path, file = tmp_path / "a.zarr", tmp_path / "planes"
    codec = BloscCodec(cname=cname, shuffle=shuffle)
    zarr.create_array(path, shape=(0, 40, 70), shards=(16, 32, 64), chunks=(8, 16, 32), dtype="i2", compressors=[codec], fill_value=3)
    expected = np.random.default_rng(8).integers(0, 900, (37, 40, 70)).astype("i2")
    expected[5:7] = 3
    expected[:, :16, :32] = 3
    size = lambda: sum(file.stat().st_size for file in path.rglob("c/*/*/*"))
    done = 0
    # Some together, and most by a process of their own.
    for count in [1, 1, 1, 2, 3, 1, 1, 6, *[1] * 21]:
        expected[done : done + count].tofile(file)
        subprocess.run([APPEND, path, file], check=True)
        done += count
        for reader, found in read_by_all(path):
            np.testing.assert_array_equal(found, expected[:done], f"{reader}, {done} planes")
    assert done == len(expected)
    appended = size()
    ziggurat("compact", path)
    assert size() < appended, "room tells of blocks that grew"
    for reader, found in read_by_all(path):
        np.testing.assert_array_equal(found, expected, f"{reader}, compact")
    # What others write next is read here, and planes follow.
    zarr.open_array(path, mode="r+")[34:] = 5
    expected[34:] = 5
    expected[:2].tofile(file)
    subprocess.run([APPEND, path, file], check=True)
    for reader, found in read_by_all(path):
        np.testing.assert_array_equal(found, np.concatenate([expected, expected[:2]]), f"{reader}, after others wrote")

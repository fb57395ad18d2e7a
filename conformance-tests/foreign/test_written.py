"""Arrays that were written, appended to, erased, shrunk and enlarged again hold for others what numpy says."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorstore
import zarr

from program import PROGRAM

WRITTEN = Path(PROGRAM).parent / "examples" / "written"

CASES = [
    ("end", "zstd:3", "int32"),
    ("end", "blosc-lz4:5:shuffle", "float32"),
    ("start", "gzip:1", "int16"),
    ("unsharded", "blosc-zstd:5:bitshuffle", "float64"),
    ("end", "none", "uint16"),
]


def elements(shape, tag: int) -> np.ndarray:
    i, j = np.indices(shape)
    return tag + 7 * i + 3 * j


def replayed(changes: list[dict], dtype: str) -> np.ndarray:
    """What an array of 30 x 33 with fill value 1 holds after `changes`."""
    array = np.ones((30, 33), dtype)
    for change in changes:
        tag = change.get("tag")
        match change:
            case {"resize": shape}:
                smaller = array[: shape[0], : shape[1]]
                array = np.ones(shape, dtype)
                array[: smaller.shape[0], : smaller.shape[1]] = smaller
            case {"append": [d, count]}:
                shape = list(array.shape)
                shape[d] = count
                array = np.concatenate([array, elements(shape, tag).astype(dtype)], axis=d)
            case {"erase": [start, shape]}:
                array[tuple(slice(s, s + n) for s, n in zip(start, shape))] = 1
            case {"fill": [start, shape]}:
                array[tuple(slice(s, s + n) for s, n in zip(start, shape))] = tag
            case {"write": [start, shape]}:
                array[tuple(slice(s, s + n) for s, n in zip(start, shape))] = elements(shape, tag)
    return array


def tensorstore_reads(path: Path) -> np.ndarray:
    store = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(path)}}
    return tensorstore.open(store).result().read().result()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("layout, codec, dtype", CASES)
def test_others_read_what_was_written(tmp_path, seed, layout, codec, dtype):
    if not WRITTEN.is_file():
        pytest.fail(f"{WRITTEN} does not exist: run `cargo build -p ziggurat-core --example written`")
    path = tmp_path / "array"
    command = [WRITTEN, path, str(seed), layout, codec, dtype]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    changes = [json.loads(line) for line in said.splitlines()]
    kinds = {next(iter(change)) for change in changes}
    assert {"resize", "append", "erase", "fill", "write"} <= kinds
    truth = replayed(changes, dtype)
    np.testing.assert_array_equal(zarr.open_array(path, mode="r")[:], truth)
    np.testing.assert_array_equal(tensorstore_reads(path), truth)
    # And what others enlarge holds no stale values either.
    array = zarr.open_array(path, mode="r+")
    array.resize((truth.shape[0] + 20, truth.shape[1] + 20))
    larger = np.ones(array.shape, dtype)
    larger[: truth.shape[0], : truth.shape[1]] = truth
    np.testing.assert_array_equal(array[:], larger)
    np.testing.assert_array_equal(tensorstore_reads(path), larger)

"""Superchunks, chunks and blocks lie as spec/block-order.md says; seen through the bytes of the shard index."""

import json

import google_crc32c
import numpy as np
import pytest
import zarr

from inputs import _npy, _terrain
from program import ziggurat

MISSING = 2**64 - 1


def index_of(superchunk: bytes, blocks: tuple[int, ...]) -> np.ndarray:
    """[offset, size] of every block of a superchunk whose index is at the end."""
    count = int(np.prod(blocks))
    index, checksum = superchunk[-16 * count - 4 : -4], superchunk[-4:]
    assert google_crc32c.value(index) == int.from_bytes(checksum, "little")
    return np.frombuffer(index, "<u8").reshape(*blocks, 2)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("layout")
    values = _terrain((200, 300), 1).astype("float32")
    values[64:96, 128:192] = np.nan  # whole blocks
    source = _npy(scratch / "grid.npy", values)
    layout = ("--block", "16,32", "--chunk", "32,64", "--superchunk", "64,256", "--levels", "1")
    ziggurat("import", *layout, source, scratch / "store.zarr")
    return scratch / "store.zarr" / "0" / "grid", values


def test_the_shapes_are_those_asked_for(store):
    path, values = store
    array = zarr.open_array(str(path), mode="r")
    assert (array.shards, array.chunks) == ((64, 256), (16, 32))
    assert json.loads((path / "zarr.json").read_text())["attributes"]["ziggurat"]["chunk_shape"] == [32, 64]
    assert np.array_equal(array[...], values, equal_nan=True)


def test_blocks_of_a_chunk_are_adjacent_and_in_order(store):
    path, _ = store
    blocks, per_chunk = (4, 8), (2, 2)
    for superchunk in path.glob("c/*/*"):
        data = superchunk.read_bytes()
        index = index_of(data, blocks)
        expected = 0
        for chunk in np.ndindex(2, 4):
            for within in np.ndindex(per_chunk):
                block = tuple(c * n + w for c, n, w in zip(chunk, per_chunk, within, strict=True))
                offset, size = map(int, index[block])
                if offset == MISSING:
                    assert size == MISSING
                    continue
                assert offset == expected, f"{superchunk}: block {block}"
                expected += size
        assert expected == len(data) - 16 * index[..., 0].size - 4, "nothing else is in the object"


def test_blocks_of_fill_values_are_not_stored(store):
    path, values = store
    index = index_of((path / "c" / "1" / "0").read_bytes(), (4, 8))
    stored = index[..., 0] != MISSING
    cells = values[64:128, :256].reshape(4, 16, 8, 32)
    assert np.array_equal(stored, ~np.isnan(cells).all(axis=(1, 3)))


def test_the_example_of_the_specification(tmp_path):
    source = _npy(tmp_path / "example.npy", np.arange(1, 33, dtype="uint8").reshape(4, 8))
    layout = ("--block", "2,2", "--chunk", "4,4", "--superchunk", "4,8", "--levels", "0", "--codec", "none")
    ziggurat("import", *layout, source, tmp_path / "store.zarr")
    superchunk = (tmp_path / "store.zarr" / "0" / "example" / "c" / "0" / "0").read_bytes()
    positions = index_of(superchunk, (2, 4))[..., 0] // 4
    assert positions.tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]

"""Arrays with the codec `b2nd`, by the package in python/zarr-b2nd, and how their values are compared."""

from __future__ import annotations

import sys

import numpy as np
import zarr
from zarr.registry import register_codec

from program import ROOT

PACKAGE = ROOT / "python" / "zarr-b2nd"
sys.path.insert(0, str(PACKAGE / "src"))
from zarr_b2nd import B2ndCodec  # noqa: E402

register_codec("b2nd", B2ndCodec)

FILTERS = {
    "none": [],
    "shuffle": [{"name": "shuffle"}],
    "bitshuffle": [{"name": "bitshuffle"}],
    "delta": [{"name": "delta"}],
    "delta, shuffle": [{"name": "delta"}, {"name": "shuffle"}],
    "delta, bitshuffle": [{"name": "delta"}, {"name": "bitshuffle"}],
    "shuffle, bitshuffle": [{"name": "shuffle"}, {"name": "bitshuffle"}],
}
CODECS = ["blosclz", "lz4", "lz4hc", "zlib", "zstd"]
# Elements of 1 to 16 bytes, and longer ones.
DTYPES = ["bool", "i1", "u2", ">i2", "f2", "i4", ">f4", "f8", "u8", "c8", "c16", "M8[s]", "S3", "U1", "S7", "U3", "V15", "S255"]
# Shape, chunk and block that do not divide one another.
SHAPES = [
    ((), (), ()),
    ((1000,), (330,), (100,)),
    ((60, 50), (32, 32), (16, 10)),
    ((12, 17, 19), (5, 8, 19), (2, 8, 7)),
    ((5, 6, 7, 8), (3, 4, 4, 8), (2, 2, 3, 5)),
]


def codec(block, cname="zstd", clevel=5, filters="shuffle", **members) -> B2ndCodec:
    return B2ndCodec(block_shape=block, cname=cname, clevel=clevel, filters=FILTERS[filters], **members)


def values(dtype, shape, kind="smooth") -> np.ndarray:
    """Numbers of any type: smooth ones, ones that do not compress, and with whole blocks of zeros."""
    dtype, size = np.dtype(dtype), int(np.prod(shape))
    numbers = np.arange(size) // 3 % 251
    if kind == "random":
        numbers = np.random.default_rng(7).integers(0, 2**63, size)
    if kind == "sparse":
        numbers = np.where(np.arange(size) < 0.7 * size, 0, numbers)
    if dtype.kind in "SUV":
        return np.array([b"%d" % n for n in numbers], "S19").astype("S" if dtype.kind == "V" else dtype).astype(dtype).reshape(shape)
    return numbers.astype(dtype).reshape(shape)


def create(store, array: np.ndarray, chunk, serializer, shard=None, fill_value=None) -> zarr.Array:
    made = zarr.create_array(
        store,
        shape=array.shape,
        dtype=array.dtype,
        chunks=chunk,
        shards=shard,
        serializer=serializer,
        compressors=None,
        filters=None,
        fill_value=fill_value,
    )
    made[...] = array
    return zarr.open_array(store, mode="r")


def assert_reads(made: zarr.Array, array: np.ndarray):
    """The whole, and selections of every kind."""
    np.testing.assert_array_equal(made[...], array)
    if array.ndim == 0:
        return
    for axis, length in enumerate(array.shape):
        for selector in (length // 2, slice(1, length - 1), slice(0, length, 3), slice(length - 1, length)):
            selection = (slice(None),) * axis + (selector,)
            np.testing.assert_array_equal(made[selection], array[selection])
    point = tuple(length - 1 for length in array.shape)
    assert made[point] == array[point]
    picked = tuple(np.array([0, length // 2, length - 1]) for length in array.shape)
    np.testing.assert_array_equal(made.vindex[picked], array[picked])
    np.testing.assert_array_equal(made.oindex[picked], array[np.ix_(*picked)])
    mask = array.reshape(-1).view("u1").reshape(*array.shape, -1)[..., 0] % 5 == 1
    np.testing.assert_array_equal(made.vindex[mask], array[mask])

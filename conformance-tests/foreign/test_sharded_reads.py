"""Shards that others write, in every way they offer, read by us: the values are those of NumPy."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import tensorstore
import zarr
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    ZstdCodec,
)

from program import READERS, digest

sys.path.insert(0, str(READERS))
from digest import sha256  # noqa: E402

SHAPE, SHARD, CHUNK = (37, 29), (16, 12), (4, 6)
TYPES = ["bool", "int8", "uint16", "int32", "uint64", "float16", "float32", "float64", "complex64", "complex128"]


def values(dtype: str) -> np.ndarray:
    """Numbers with a hole: rows 16 to 31 of columns 12 to 23 are one missing shard, and some chunks are missing."""
    numbers = (np.arange(np.prod(SHAPE)).reshape(SHAPE) % 251 + 1).astype(dtype)
    numbers[16:32, 12:24] = 0
    numbers[4:8, 6:12] = 0
    return numbers


def assert_read(path, expected: np.ndarray):
    line = digest("ziggurat", path)[""]
    assert "error" not in line, line
    assert line["shape"] == list(expected.shape)
    assert line["sha256"] == sha256(expected)


INNER = {
    "raw": [BytesCodec()],
    "big-endian": [BytesCodec(endian="big")],
    "zstd": [BytesCodec(), ZstdCodec(level=3)],
    "zstd-checksum": [BytesCodec(), ZstdCodec(level=1, checksum=True), Crc32cCodec()],
    "gzip": [BytesCodec(), GzipCodec(level=5)],
    "blosc-lz4": [BytesCodec(), BloscCodec(cname="lz4", shuffle="shuffle", typesize=2)],
    "blosc-zstd-bits": [BytesCodec(), BloscCodec(cname="zstd", shuffle="bitshuffle", typesize=2)],
    "transposed": [TransposeCodec(order=(1, 0)), BytesCodec(), ZstdCodec()],
}
INDEX = {
    "usual": [BytesCodec(), Crc32cCodec()],
    "big-endian": [BytesCodec(endian="big"), Crc32cCodec()],
    "no-checksum": [BytesCodec()],
}


def zarr_python(path, dtype, inner, index, location):
    array = zarr.create_array(
        str(path),
        shape=SHAPE,
        dtype=dtype,
        chunks=SHARD,
        fill_value=0,
        compressors=None,
        filters=None,
        serializer=ShardingCodec(chunk_shape=CHUNK, codecs=inner, index_codecs=index, index_location=location),
    )
    array[...] = values(dtype)


@pytest.mark.parametrize("location", ["start", "end"])
@pytest.mark.parametrize("index", INDEX)
@pytest.mark.parametrize("inner", INNER)
def test_shards_of_zarr_python(tmp_path, inner, index, location):
    zarr_python(tmp_path / "a", "int16", INNER[inner], INDEX[index], location)
    assert_read(tmp_path / "a", values("int16"))


@pytest.mark.parametrize("dtype", TYPES)
def test_types_of_zarr_python(tmp_path, dtype):
    zarr_python(tmp_path / "a", dtype, INNER["zstd"], INDEX["usual"], "end")
    assert_read(tmp_path / "a", values(dtype))


def test_nested_shards_of_zarr_python(tmp_path):
    inner = ShardingCodec(chunk_shape=(2, 3), codecs=INNER["zstd"], index_location="start")
    zarr_python(tmp_path / "a", "int16", [inner], INDEX["usual"], "end")
    assert_read(tmp_path / "a", values("int16"))


def tensorstore_array(path, sharding) -> tensorstore.TensorStore:
    metadata = {
        "shape": list(SHAPE),
        "data_type": "int16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(SHARD)}},
        "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
    }
    kvstore = {"driver": "file", "path": f"{path}/"}
    return tensorstore.open({"driver": "zarr3", "kvstore": kvstore, "metadata": metadata}, create=True).result()


@pytest.mark.parametrize("order", ["C", "parts"])
@pytest.mark.parametrize("location", ["start", "end"])
def test_shards_of_tensorstore(tmp_path, location, order):
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    blosc = {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 2, "blocksize": 0}
    sharding = {
        "chunk_shape": list(CHUNK),
        "codecs": [little, {"name": "blosc", "configuration": blosc}],
        "index_codecs": [little, {"name": "crc32c"}],
        "index_location": location,
    }
    array, numbers = tensorstore_array(tmp_path / "a", sharding), values("int16")
    if order == "C":
        array.write(numbers).result()
    else:
        # Shards that were written again and again, in no order.
        for row in reversed(range(0, SHAPE[0], 5)):
            rows = slice(row, min(row + 5, SHAPE[0]))
            array[rows].write(numbers[rows]).result()
    assert_read(tmp_path / "a", numbers)

"""Blocks beside those of numcodecs, whose blosc is c-blosc with vector instructions and threads."""

from itertools import product

import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec

from program import ziggurat
from stores import Store

COMPRESSORS = ("zstd", "lz4", "lz4hc", "zlib", "blosclz")
SHUFFLES = ("shuffle", "bitshuffle", "noshuffle")


def _values(dtype: str) -> np.ndarray:
    """Smooth on one side, noise on the other."""
    noise = np.random.default_rng(3).integers(0, np.arange(1, 541), (300, 540))
    return (np.arange(300)[:, None] * 7 + noise).astype(dtype)


@pytest.mark.parametrize(
    "codec", ["zstd:9", "gzip:1", *(f"blosc-{c}:{i % 9 + 1}:{s}" for i, (c, s) in enumerate(product(COMPRESSORS, SHUFFLES)))]
)
def test_numcodecs_reads_what_we_write(codec, tmp_path):
    values = _values("float32")
    np.save(tmp_path / "values.npy", values)
    layout = ("--block", "100,270", "--chunk", "300,540", "--superchunk", "300,540", "--levels", "0")
    ziggurat("import", *layout, "--codec", codec, tmp_path / "values.npy", tmp_path / "store.zarr")
    assert np.array_equal(Store(tmp_path / "store.zarr").level("mean", 0, "values")[...], values)


@pytest.mark.parametrize("shuffle", SHUFFLES)
@pytest.mark.parametrize("cname", COMPRESSORS)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_we_read_what_numcodecs_writes(cname, shuffle, dtype, tmp_path):
    size = np.dtype(dtype).itemsize
    # Of the larger type, c-blosc cuts each chunk into several internal blocks.
    blosc = BloscCodec(cname=cname, clevel=1 + size % 4, shuffle=shuffle, typesize=size)
    _read_back([blosc], dtype, tmp_path)


@pytest.mark.parametrize("codecs", [[ZstdCodec(level=3, checksum=True)], [GzipCodec(level=5)], []])
def test_we_read_checksums(codecs, tmp_path):
    _read_back([*codecs, Crc32cCodec()], "int16", tmp_path)


def _read_back(codecs, dtype, tmp_path):
    values = _values(dtype)
    # Chunks that do not divide into eights, and a ragged edge.
    array = zarr.create_array(
        tmp_path / "values.zarr", shape=values.shape, dtype=dtype, chunks=(299, 271), compressors=codecs, fill_value=1
    )
    array[...] = values
    ziggurat("import", "--levels", "0", "--codec", "none", tmp_path / "values.zarr", tmp_path / "store.zarr")
    assert np.array_equal(Store(tmp_path / "store.zarr").level("mean", 0, "values")[...], values)

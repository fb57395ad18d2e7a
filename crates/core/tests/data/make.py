"""Writes `zarr_python/`, arrays for the tests of reading; made with zarr-python 3.1.6.

Element (i, j) of each is i * 11 + j - 20, except that rows 8 to 12 were never written.
"""

import pathlib
import shutil

import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

ROOT = pathlib.Path(__file__).parent / "zarr_python"
SHAPE = (13, 11)
VALUES = np.arange(13 * 11).reshape(SHAPE) - 20


def sharded(location, *inner):
    return ShardingCodec(chunk_shape=(2, 3), codecs=inner, index_location=location)


LITTLE = BytesCodec(endian="little")
ARRAYS = {
    "index_end": dict(serializer=sharded("end", LITTLE, ZstdCodec(level=3)), chunks=(4, 6), dtype="float32"),
    "index_start": dict(serializer=sharded("start", LITTLE, GzipCodec(level=5)), chunks=(4, 6), dtype="int32"),
    "transposed": dict(
        serializer=sharded("end", TransposeCodec(order=(1, 0)), LITTLE, ZstdCodec()), chunks=(4, 6), dtype="int16"
    ),
    "blosc": dict(compressors=[BloscCodec(cname="lz4", shuffle="bitshuffle")], chunks=(4, 5), dtype="float64"),
    "gzip": dict(compressors=[GzipCodec()], chunks=(4, 5), dtype="int64"),
    "big_endian": dict(serializer=BytesCodec(endian="big"), compressors=[ZstdCodec()], chunks=(4, 5), dtype="int16"),
    "raw": dict(compressors=None, chunks=(4, 11), dtype="int16"),
    "v2_keys": dict(
        compressors=[ZstdCodec(checksum=True)],
        chunks=(4, 5),
        dtype="float16",
        chunk_key_encoding={"name": "v2", "separator": "."},
    ),
}

shutil.rmtree(ROOT, ignore_errors=True)
for name, options in ARRAYS.items():
    dtype = np.dtype(options["dtype"])
    fill = np.nan if dtype.kind == "f" else -99
    if "serializer" in options:
        options.setdefault("compressors", None)
    array = zarr.create_array(ROOT / name, shape=SHAPE, fill_value=fill, filters=None, **options)
    array[:8] = VALUES[:8].astype(dtype)

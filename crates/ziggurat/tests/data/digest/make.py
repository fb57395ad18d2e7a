"""Makes the stores of the digest test and `expected.jsonl`, computed with numpy and json.

Needs zarr 3.1.6, numpy and numcodecs. Run in this directory: python make.py
"""

import hashlib
import json
import pathlib
import shutil
import warnings

import numpy as np
import zarr
from zarr.codecs import BytesCodec, GzipCodec, TransposeCodec, ZstdCodec

warnings.simplefilter("ignore")
HERE = pathlib.Path(".")
expected = {}


def sha(values):
    """The digest of a numpy array, as the program defines it."""
    values = np.asarray(values)
    if values.dtype.kind == "O":
        flat = [list(v) if isinstance(v, bytes) else v for v in values.ravel().tolist()]
        data = json.dumps(flat).encode()
    else:
        little = values.astype(values.dtype.newbyteorder("<"))
        data = np.ascontiguousarray(little).tobytes()
    return hashlib.sha256(data).hexdigest()


def expect(path, values, data_type):
    expected[path] = {
        "path": path,
        "shape": list(np.shape(values)),
        "data_type": data_type,
        "sha256": sha(values),
    }


def fail(path, words):
    """An array that is refused with an error that holds `words`."""
    expected[path] = {"path": path, "error": words}


def write(path, values, data_type=None, **options):
    values = np.asarray(values)
    options.setdefault("chunks", tuple(max(1, -(-n // 2)) for n in values.shape))
    options.setdefault("dtype", values.dtype)
    array = zarr.create_array(path, shape=values.shape, overwrite=True, **options)
    if values.size:
        array[...] = values
    expect(path, values, data_type or str(values.dtype.newbyteorder("=")))
    return array


def by_hand(path, shape, data_type, fill_value, chunk):
    """A store of one chunk with the plain `bytes` codec."""
    folder = HERE / path
    (folder / "c").mkdir(parents=True)
    metadata = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill_value,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {},
    }
    (folder / "zarr.json").write_text(json.dumps(metadata))
    if chunk is not None:
        (folder / "c/0").write_bytes(chunk)


for old in ["v2", "v3", "bad"]:
    shutil.rmtree(HERE / old, ignore_errors=True)

texts = np.array([["", "plain", 'a "q" \\ /'], ["tab\t\n\r\b\f\x00\x7f", "é ß 中", "😀"]], dtype=object)
blobs = np.array([b"", b"\x00\xff", b"abc", b"d"], dtype=object)
times = np.array(["1970-01-01", "2020-02-29T12:30:15", "NaT"], dtype="M8[s]")

root = zarr.group("v3", overwrite=True)
for name in ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
             "float16", "float32", "float64", "complex64", "complex128"]:
    write(f"v3/types/{name}", (np.arange(15).reshape(3, 5) * 37 % 101).astype(name), name)
write("v3/types/datetime", times, {"name": "numpy.datetime64", "configuration": {"unit": "s", "scale_factor": 1}})
write("v3/types/timedelta", np.array([1, -5], "m8[ns]"),
      {"name": "numpy.timedelta64", "configuration": {"unit": "ns", "scale_factor": 1}})
write("v3/types/utf32", np.array(["ab", "é"], "<U3"),
      {"name": "fixed_length_utf32", "configuration": {"length_bytes": 12}})
write("v3/types/string", texts, "string", dtype=str)
write("v3/types/bytes", blobs, "variable_length_bytes", dtype="variable_length_bytes")
write("v3/scalar", np.float32(2.5), "float32")
write("v3/scalar_string", np.array("x", dtype=object), "string", dtype=str)
write("v3/empty", np.zeros((0, 4), "i2"), "int16", chunks=(2, 2))
write("v3/empty_string", np.zeros(0, object), "string", dtype=str, chunks=(2,))
field = np.arange(24 * 20, dtype="f4").reshape(24, 20)
field[3, 4:9] = np.nan
write("v3/layout/sharded", field, chunks=(4, 5), shards=(12, 10), fill_value=np.nan)
write("v3/layout/transposed", field, filters=[TransposeCodec(order=(1, 0))])
write("v3/layout/big", field, serializer=BytesCodec(endian="big"), compressors=[GzipCodec()])
write("v3/layout/zstd", field, compressors=[ZstdCodec()], chunks=(7, 20))
sparse = write("v3/layout/sparse", np.full((6, 6), -1, "i2"), fill_value=-1, chunks=(2, 2))
sparse[2:4, 2:4] = 7
whole = np.full((6, 6), -1, "i2")
whole[2:4, 2:4] = 7
expect("v3/layout/sparse", whole, "int16")
# No node: other programs do not see it.
write("v3/__hidden/x", np.zeros(1, "i1"))
del expected["v3/__hidden/x"]
pairs = np.array([(1, 2.0), (0, 0), (3, np.nan), (0, 0)], "i2,f4")
fields = {"name": "structured", "configuration": {"fields": [["f0", "int16"], ["f1", "float32"]]}}
write("v3/types/struct", pairs, fields)
words = np.array([b"ab", b"", b"", b"wxyz"], "S4")
of_four = {"name": "null_terminated_bytes", "configuration": {"length_bytes": 4}}
write("v3/types/words", words, of_four, fill_value=b"")
write("v3/types/raw", words.view("V4"), {"name": "raw_bytes", "configuration": {"length_bytes": 4}})
by_hand("v3/by_hand/r16", [2], "r16", [0, 0], b"\1\2\3\4")
expect("v3/by_hand/r16", np.array([0x0201, 0x0403], "u2"), "r16")
by_hand("v3/by_hand/uint4", [3], "uint4", 0, b"\1\17\0")
expect("v3/by_hand/uint4", np.array([1, 15, 0], "u1"), "uint4")
by_hand("v3/by_hand/float8", [3], "float8_e4m3", "0x00", b"\1\17\0")
expect("v3/by_hand/float8", np.array([1, 15, 0], "u1"), "float8_e4m3")
by_hand("v3/by_hand/bfloat16", [2], "bfloat16", 0.0, b"\1\2\3\4")
expect("v3/by_hand/bfloat16", np.array([0x0201, 0x0403], "u2"), "bfloat16")

zarr.group("v2", overwrite=True, zarr_format=2)
two = {"zarr_format": 2, "compressors": None}
write("v2/plain", field, **two)
write("v2/fortran", field, order="F", **two)
write("v2/big", np.arange(6, dtype=">i4"), **two)
write("v2/bool", np.array([True, False, True]), **two)
write("v2/datetime", times, {"name": "numpy.datetime64", "configuration": {"unit": "s", "scale_factor": 1}}, **two)
write("v2/string", texts, "string", dtype=str, **two)
write("v2/timedelta", np.array([1, -5], ">m8[25us]"),
      {"name": "numpy.timedelta64", "configuration": {"unit": "us", "scale_factor": 25}}, **two)
write("v2/words", words, of_four, **two)
lacking = write("v2/lacking", words, of_four, fill_value=b"zz", **two)
words[2:] = lacking[2:] = b"zz"
expect("v2/lacking", words, of_four)
write("v2/utf32", np.array(["ab", "é"], ">U3"),
      {"name": "fixed_length_utf32", "configuration": {"length_bytes": 12}}, **two)
write("v2/struct", pairs, fields, **two)
import numcodecs  # noqa: E402

write("v2/blosc", field, zarr_format=2, compressors=numcodecs.Blosc())
write("v2/gzip", field, zarr_format=2, compressors=numcodecs.GZip())
write("v2/zstd", field, zarr_format=2, compressors=numcodecs.Zstd())
write("v2/group/slashes", field, chunk_key_encoding={"name": "v2", "separator": "/"}, **two)

write("bad/truncated", field, compressors=[ZstdCodec()], chunks=(24, 20))
chunk = HERE / "bad/truncated/c/0/0"
chunk.write_bytes(chunk.read_bytes()[:40])
fail("bad/truncated", "")
by_hand("bad/short", [3], "int16", 0, b"\1")
fail("bad/short", "")
by_hand("bad/type", [3], "no_such_type", 0, None)
fail("bad/type", "no_such_type")
by_hand("bad/huge_chunk", [1 << 60], "int16", 0, b"\1")
fail("bad/huge_chunk", "limit exceeded")
(HERE / "bad/json").mkdir()
(HERE / "bad/json/zarr.json").write_text("{")
fail("bad/json", "not a JSON object")
(HERE / "bad/node").mkdir()
(HERE / "bad/node/zarr.json").write_text("{}")
fail("bad/node", "node_type")

lines = [json.dumps(expected[path]) for path in sorted(expected, key=lambda p: p.split("/"))]
(HERE / "expected.jsonl").write_text("\n".join(lines) + "\n")

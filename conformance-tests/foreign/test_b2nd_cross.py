"""The codec `b2nd` of zarr-python, of zarrita and ours on each other's arrays."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import zarr

from b2nd_arrays import FILTERS, SHAPES, B2ndCodec, assert_reads, codec, create, values
from program import READERS, ROOT, TIME_LIMIT, digest, reader_missing

sys.path.insert(0, str(READERS))
from digest import sha256  # noqa: E402


@pytest.mark.skipif(reader_missing("zarrita") is not None, reason=str(reader_missing("zarrita")))
@pytest.mark.parametrize("checksum", [None, "crc32c"])
@pytest.mark.parametrize("kind", ["smooth", "random", "sparse"])
def test_zarrita_reads(tmp_path, kind, checksum):
    """By readers/b2nd.mjs, which decodes whole chunks, without Blosc2."""
    arrays = {}
    for (cname, filters), (dtype, case) in zip(
        itertools.product(["lz4", "lz4hc", "zlib", "zstd"], FILTERS),
        itertools.cycle([("uint8", 1), ("int32", 2), ("float64", 3)]),
        strict=False,
    ):
        shape, chunk, block = SHAPES[case]
        arrays[f"{cname}, {filters}, {dtype}"] = array = values(dtype, shape, kind)
        create(tmp_path / f"{cname}, {filters}, {dtype}", array, chunk, codec(block, cname, 5, filters, checksum=checksum))
    arrays["sharded"] = values("int16", (64, 64), kind)
    create(tmp_path / "sharded", arrays["sharded"], (16, 16), codec((6, 7), checksum=checksum), (32, 32))
    arrays["number"] = values("int16", (), kind)
    create(tmp_path / "number", arrays["number"], (), codec((), checksum=checksum))
    lines = digest("zarrita", tmp_path)
    assert {name: line.get("sha256", line) for name, line in lines.items()} == {n: sha256(a) for n, a in arrays.items()}


@pytest.mark.skipif(reader_missing("zarrita") is not None, reason=str(reader_missing("zarrita")))
def test_zarrita_finds_damage(tmp_path):
    array = values("int16", (12, 10))
    for at in range(0, 130, 3):
        create(tmp_path / f"{at}", array, (12, 10), codec((5, 4), checksum="crc32c"))
        (stored,) = (tmp_path / f"{at}" / "c" / "0").iterdir()
        flipped = bytearray(stored.read_bytes())
        flipped[at] ^= 1 << at % 8
        stored.write_bytes(bytes(flipped))
    assert [name for name, line in digest("zarrita", tmp_path).items() if "error" not in line] == []


TOOL = os.environ.get("ZIGGURAT_B2ND_CODEC", str(ROOT / "target" / "debug" / "examples" / "b2nd_codec"))
OURS = ["bool", "int8", "uint16", "int32", "uint64", "float16", "float32", "float64", "complex64", "complex128"]
# Each compressor with each list of filters, and with each way to split and check.
CONFIGURATIONS = [
    dict(cname=cname, clevel=clevel, filters=FILTERS[filters], split=split, checksum=checksum)
    for ((cname, clevel), filters), (split, checksum) in zip(
        itertools.product([("lz4", 5), ("lz4hc", 9), ("zlib", 6), ("zstd", 3), ("zstd", 7), ("zstd", 0)], FILTERS),
        itertools.cycle([("auto", None), ("always", "crc32c"), ("never", "crc32c")]),
        strict=False,
    )
]


def tool(*arguments):
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=TIME_LIMIT)
    assert done.returncode == 0, f"{arguments}:\n{done.stderr}"


def joined(lengths) -> str:
    return ",".join(map(str, lengths))


def assert_we_read(path, array: np.ndarray):
    """The whole, and a part through the planner of blocks."""
    line = digest("ziggurat", path)[""]
    assert "error" not in line, line
    assert (line["shape"], line["sha256"]) == (list(array.shape), sha256(array))
    start, shape = [n // 3 for n in array.shape], [max(1, n // 4) for n in array.shape]
    tool("read", path, path / "part", f"start={joined(start)}", f"shape={joined(shape)}")
    part = array[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))]
    assert (path / "part").read_bytes() == part.astype(part.dtype.newbyteorder("<")).tobytes()


def we_write(path, array: np.ndarray, chunk, configuration, shard=None) -> zarr.Array:
    path.with_suffix(".raw").write_bytes(array.astype(array.dtype.newbyteorder("<")).tobytes())
    shapes = {"shape": array.shape, "chunk": chunk} | ({} if shard is None else {"shard": shard})
    options = [f"{name}={joined(lengths)}" for name, lengths in shapes.items()]
    options.append(f"configuration={json.dumps(configuration)}")
    tool("write", path.with_suffix(".raw"), path, array.dtype.name, *options)
    return zarr.open_array(path, mode="r")


@pytest.mark.parametrize("kind, shard", [("smooth", None), ("random", None), ("sparse", (64, 32))])
@pytest.mark.parametrize("dtype", OURS)
def test_types_cross_over(tmp_path, dtype, shard, kind):
    """What zarr-python wrote is read by us, and what we wrote by zarr-python, of each data type."""
    shape, chunk, block = SHAPES[2]
    array = values(dtype, shape, kind)
    for checksum in (None, "crc32c"):
        serializer = codec(block, checksum=checksum)
        theirs, ours = tmp_path / f"theirs-{checksum}", tmp_path / f"ours-{checksum}"
        create(theirs, array, chunk, serializer, shard)
        assert_we_read(theirs, array)
        assert_reads(we_write(ours, array, chunk, serializer.to_dict()["configuration"], shard), array)


@pytest.mark.parametrize("case", SHAPES[1:], ids=str)
def test_shapes_cross_over(tmp_path, case):
    shape, chunk, block = case
    for checksum, dtype in itertools.product((None, "crc32c"), ("uint8", "float32")):
        array, serializer = values(dtype, shape), codec(block, checksum=checksum)
        theirs, ours = tmp_path / f"theirs-{checksum}-{dtype}", tmp_path / f"ours-{checksum}-{dtype}"
        create(theirs, array, chunk, serializer)
        assert_we_read(theirs, array)
        assert_reads(we_write(ours, array, chunk, serializer.to_dict()["configuration"]), array)


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda c: "-".join(str(v) for v in json.loads(json.dumps(c)).values()))
def test_configurations_cross_over(tmp_path, configuration):
    shape, chunk, block = (25, 30), (20, 16), (8, 7)
    configuration = {"block_shape": list(block)} | configuration
    for kind in ("smooth", "sparse"):
        array = values("int32", shape, kind)
        create(tmp_path / f"theirs-{kind}", array, chunk, B2ndCodec(**configuration))
        assert_we_read(tmp_path / f"theirs-{kind}", array)
        made = we_write(tmp_path / f"ours-{kind}", array, chunk, configuration)
        assert made.metadata.codecs[0].to_dict()["configuration"] == configuration
        assert_reads(made, array)


def test_blosclz_crosses_over(tmp_path):
    """We only read it."""
    for filters in FILTERS:
        array = values("int32", (25, 30))
        create(tmp_path / filters, array, (20, 16), codec((8, 7), "blosclz", 9, filters, checksum="crc32c"))
        assert_we_read(tmp_path / filters, array)


def test_truncated_precision_crosses_over(tmp_path):
    """Whatever becomes of a chunk: compressed, copied, special, or not compressed at all."""
    noise = np.random.default_rng(3).normal(size=(25, 30))
    same = np.full((25, 30), 1 / 3)
    for (kind, array), clevel, name, checksum in [
        (("rounded", noise // 0.01 / 3), 5, "none", "crc32c"),
        (("rounded", noise // 0.01 / 3), 5, "shuffle", None),
        (("rounded", noise // 0.01 / 3), 5, "delta", "crc32c"),
        (("rounded", noise // 0.01 / 3), 0, "delta", None),
        (("noise", noise), 5, "none", None),
        (("same", same), 5, "shuffle", None),
        (("same", same), 0, "none", "crc32c"),
    ]:
        expected = (array.view("u8") & ~np.uint64(2**32 - 1)).view("f8")
        filters = [{"name": "trunc_prec", "bits": 20}, *FILTERS[name]]
        serializer = B2ndCodec(block_shape=(8, 7), cname="zstd", clevel=clevel, filters=filters, checksum=checksum)
        label = f"{kind}-{clevel}-{name}"
        create(tmp_path / f"theirs-{label}", array, (20, 16), serializer)
        assert_we_read(tmp_path / f"theirs-{label}", expected)
        made = we_write(tmp_path / f"ours-{label}", array, (20, 16), serializer.to_dict()["configuration"])
        assert_reads(made, expected)

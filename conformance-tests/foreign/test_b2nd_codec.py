"""The codec `b2nd` in zarr-python, by the package in python/zarr-b2nd: values, payloads, bytes that are fetched, damage."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import struct
import subprocess
import sys

import blosc2
import numpy as np
import pytest
import zarr
import zarr.api.asynchronous
from zarr.abc.store import RangeByteRequest
from zarr.codecs import ShardingCodec, TransposeCodec
from zarr.storage import LocalStore, MemoryStore, WrapperStore

from b2nd_arrays import CODECS, DTYPES, FILTERS, PACKAGE, SHAPES, B2ndCodec, assert_reads, codec, create, values
from program import TIME_LIMIT


@pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning")
@pytest.mark.parametrize("kind, checksum", [("smooth", None), ("random", "crc32c"), ("sparse", "crc32c")])
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_of_every_type(dtype, kind, checksum):
    shape, chunk, block = SHAPES[2]
    array = values(dtype, shape, kind)
    assert_reads(create(MemoryStore(), array, chunk, codec(block, checksum=checksum)), array)


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("case", SHAPES, ids=str)
def test_values_of_every_shape(case, sharded):
    shape, chunk, block = case
    shard = tuple(2 * n for n in chunk) if sharded else None
    if sharded and not shape:
        pytest.skip("a number has no shards")
    for dtype, checksum in itertools.product(["u1", "<f4", ">f8"], [None, "crc32c"]):
        array = values(dtype, shape)
        assert_reads(create(MemoryStore(), array, chunk, codec(block, checksum=checksum), shard), array)


@pytest.mark.parametrize("checksum", [None, "crc32c"])
@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("cname", CODECS)
def test_values_of_every_configuration(cname, filters, checksum):
    for clevel, split, kind in [(0, "always", "smooth"), (1, "auto", "smooth"), (5, "always", "sparse"), (9, "never", "smooth")]:
        array = values("<i4", (40, 30), kind)
        serializer = codec((8, 7), cname, clevel, filters, split=split, checksum=checksum)
        assert_reads(create(MemoryStore(), array, (20, 30), serializer), array)


def test_structured_values():
    array = np.zeros((20, 11), [("a", ">i2"), ("b", "<f8"), ("c", "S3")])
    array["a"], array["b"], array["c"] = values("i2", array.shape), values("f8", array.shape), b"xyz"
    made = create(MemoryStore(), array, (8, 8), codec((3, 4)))
    np.testing.assert_array_equal(made[...], array)
    np.testing.assert_array_equal(made[7], array[7])


def test_precision_is_truncated():
    array = np.random.default_rng(1).normal(size=(40, 40)).astype("f8")
    for bits, then in itertools.product([12, -40], ([], [{"name": "shuffle"}], [{"name": "delta"}])):
        filters = [{"name": "trunc_prec", "bits": bits}, *then]
        serializer = B2ndCodec(block_shape=(9, 9), cname="zstd", clevel=5, filters=filters)
        made = create(MemoryStore(), array, (20, 20), serializer)
        expected = (array.view("u8") & ~np.uint64(2**40 - 1)).view("f8")
        np.testing.assert_array_equal(made[...], expected)
        np.testing.assert_array_equal(made[30, :], expected[30])


def test_fill_values_and_missing_chunks():
    for shard in (None, (20, 20)):
        store = MemoryStore()
        array = np.full((40, 30), -7, "i2")
        made = create(store, array, (10, 10), codec((4, 4)), shard, fill_value=-7)
        assert not [key for key in store._store_dict if "c/" in key]
        np.testing.assert_array_equal(made[35, :], array[35])
        again = zarr.open_array(store, mode="r+")
        array[3:17, 5] = again[3:17, 5] = 9
        assert_reads(zarr.open_array(store, mode="r"), array)


def test_a_transposed_chunk():
    store, array = MemoryStore(), values("i4", (30, 50))
    made = zarr.create_array(
        store, shape=(30, 50), chunks=(10, 40), dtype="i4", filters=[TransposeCodec(order=(1, 0))], serializer=codec((20, 5)), compressors=None
    )
    made[...] = array
    assert_reads(zarr.open_array(store, mode="r"), array)


def test_asynchronous_use():
    async def run():
        store, array = MemoryStore(), values("f4", (60, 50))
        made = await zarr.api.asynchronous.create_array(
            store, shape=array.shape, chunks=(32, 32), dtype="f4", serializer=codec((16, 10)), compressors=None
        )
        await made.setitem(slice(None), array)
        again = await zarr.api.asynchronous.open_array(store=store)
        planes = await asyncio.gather(*(again.getitem((row, slice(None))) for row in range(60)))
        np.testing.assert_array_equal(np.stack(planes), array)

    asyncio.run(run())


def payload(array, chunk, serializer) -> bytes:
    """What is stored of an array of one chunk."""
    store = MemoryStore()
    create(store, array, chunk, serializer)
    (key,) = (key for key in store._store_dict if "zarr.json" not in key)
    return store._store_dict[key].to_bytes()


@pytest.mark.parametrize("checksum", [None, "crc32c"])
@pytest.mark.parametrize("kind", ["smooth", "random", "sparse"])
@pytest.mark.parametrize("filters", FILTERS)
def test_a_payload_is_a_blosc2_chunk(filters, kind, checksum):
    """Of zero-padded blocks in C order, as the header says, and with checksums where they are promised."""
    array = values("<i4", (10, 13), kind)
    stored = payload(array, (10, 13), codec((4, 5), filters=filters, checksum=checksum))
    padded = np.zeros((12, 15), "<i4")
    padded[:10, :13] = array
    blocks = [padded[y : y + 4, x : x + 5] for y in range(0, 12, 4) for x in range(0, 15, 5)]
    assert blosc2.decompress2(stored) == b"".join(block.tobytes() for block in blocks)
    assert stored[3] == 4 and struct.unpack_from("<iii", stored, 4) == (12 * 15 * 4, 80, len(stored))
    if checksum:
        front = 32 + 4 * 9 + 4 * 9 + 4
        starts = struct.unpack_from("<9i", stored, 32)
        assert not stored[2] & 2 and not stored[31] >> 4 & 7, "copied or special"
        assert min(starts) == front
        sums = struct.unpack_from("<10I", stored, 32 + 4 * 9)
        borders = sorted([*starts, len(stored)])
        extents = [stored[start : borders[borders.index(start) + 1]] for start in starts]
        assert list(sums) == [crc32c(extent) for extent in extents] + [crc32c(stored[: front - 4])]


def crc32c(data: bytes) -> int:
    """By the definition: reflected, polynomial 0x1EDC6F41."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Counting(WrapperStore):
    """A store that counts what is read of chunks."""

    def __init__(self, store):
        super().__init__(store)
        self.requests, self.bytes = 0, 0

    async def get(self, key, prototype, byte_range=None):
        got = await super().get(key, prototype, byte_range)
        if got is not None and "zarr.json" not in key:
            assert byte_range is None or isinstance(byte_range, RangeByteRequest)
            self.requests, self.bytes = self.requests + 1, self.bytes + len(got)
        return got

    def read(self, made: zarr.Array, selection) -> tuple[np.ndarray, int, int]:
        self.requests, self.bytes = 0, 0
        return made[selection], self.requests, self.bytes


@pytest.mark.parametrize("checksum", [None, "crc32c"])
@pytest.mark.parametrize("filters", ["shuffle", "delta"])
@pytest.mark.parametrize("kind", ["noisy", "random"])
def test_only_touched_blocks_are_fetched(tmp_path, kind, filters, checksum):
    array = np.random.default_rng(5).integers(0, 2**12 if kind == "noisy" else 2**32, (32, 64, 64)).astype("<u4")
    local = LocalStore(tmp_path / "a.zarr")
    create(local, array, array.shape, codec((8, 16, 16), filters=filters, checksum=checksum))
    store = Counting(local)
    made = zarr.open_array(store, mode="r+")  # read-only, it would count in a copy of the store
    whole, requests, total = store.read(made, ...)
    assert requests == 1 and np.array_equal(whole, array)
    block, blocks = total / 64, {"shuffle": 0, "delta": 1}[filters]
    front = 32 + 8 * 64 + 4
    for selection, touched in [
        ((20,), 16),
        ((slice(None), 40), 16),
        ((slice(None), slice(None), 63), 16),
        ((slice(16, 24), slice(32, 48), slice(16, 32)), 1),
        ((31, 0, 63), 1),
    ]:
        found, requests, fetched = store.read(made, selection)
        np.testing.assert_array_equal(found, array[selection])
        assert fetched <= front + 1.1 * block * (touched + blocks) + 4096 * touched / 4, (selection, fetched, block)
        assert requests <= 2 + touched
    _, requests, fetched = store.read(made, (31, 63, 63))
    assert requests <= 3 and fetched < total / 20


def test_inner_chunks_of_shards_decode_touched_blocks_only(monkeypatch):
    array = values("<f4", (64, 64))
    made = create(MemoryStore(), array, (32, 32), codec((8, 8)), (64, 64))
    decoded = []
    from zarr_b2nd import chunk

    decode = chunk.Front.decode
    monkeypatch.setattr(chunk.Front, "decode", lambda self, blocks, parts: decoded.extend(blocks) or decode(self, blocks, parts))
    np.testing.assert_array_equal(made[33, 40:48], array[33, 40:48])
    assert decoded == [1]


@pytest.mark.parametrize("kind", ["smooth", "random", "sparse"])
def test_damage_is_found(kind):
    """Every byte flipped, and every length: an error, or the values where the damage is elsewhere."""
    array = values("<i2", (12, 10), kind)
    store = MemoryStore()
    made = create(store, array, (12, 10), codec((5, 4), checksum="crc32c"))
    (key,) = (key for key in store._store_dict if "zarr.json" not in key)
    buffer = store._store_dict[key]
    stored = buffer.to_bytes()
    for at in range(len(stored)):
        flipped = bytearray(stored)
        flipped[at] ^= 1 << at % 8
        for damaged in (bytes(flipped), stored[:at]):
            store._store_dict[key] = buffer.from_bytes(damaged)
            with pytest.raises(ValueError):
                made[...]
            try:
                assert made[6, 5] == array[6, 5]
            except ValueError:
                pass


@pytest.mark.parametrize("kind", ["smooth", "random", "sparse"])
def test_damage_without_checksums_ends_in_no_crash(kind):
    array = values("<i2", (12, 10), kind)
    store = MemoryStore()
    made = create(store, array, (12, 10), codec((5, 4)))
    (key,) = (key for key in store._store_dict if "zarr.json" not in key)
    buffer = store._store_dict[key]
    stored = buffer.to_bytes()
    # Every bit of what says how to decode, and a bit of every other byte.
    for at in (8 * byte + bit for byte in range(len(stored)) for bit in (range(8) if byte < 60 else [byte % 8])):
        flipped = bytearray(stored)
        flipped[at // 8] ^= 1 << at % 8
        store._store_dict[key] = buffer.from_bytes(bytes(flipped))
        try:
            made[... if at % 3 else (6, 5)]
        except ValueError:
            pass
    for length in range(len(stored)):
        store._store_dict[key] = buffer.from_bytes(stored[:length])
        with pytest.raises(ValueError):
            made[...]


def test_special_chunks_of_others():
    """Chunks that Blosc2 does not make of elements, but that are plain chunks: NaN and repeated values."""
    store = MemoryStore()
    made = create(store, np.ones((20, 10), "<f4"), (20, 10), codec((8, 8)))
    (key,) = (key for key in store._store_dict if "zarr.json" not in key)
    buffer = store._store_dict[key]
    for special, value, expected in [(1, b"", 0), (2, b"", np.nan), (3, struct.pack("<f", 2.5), 2.5)]:
        header = bytearray(blosc2.compress2(bytes(24 * 16 * 4), typesize=4, blocksize=256, nthreads=1)[:32])
        header[31] = header[31] & 0x8F | special << 4
        struct.pack_into("<i", header, 12, 32 + len(value))
        store._store_dict[key] = buffer.from_bytes(bytes(header) + value)
        np.testing.assert_array_equal(made[...], np.full((20, 10), expected, "<f4"))
        np.testing.assert_array_equal(made[9:12, 3], np.full(3, expected, "<f4"))
    header[31] = header[31] & 0x8F | 4 << 4
    store._store_dict[key] = buffer.from_bytes(bytes(header))
    with pytest.raises(ValueError, match="special"):
        made[0, 0]


def test_blocks_that_start_at_one_byte_are_refused():
    store = MemoryStore()
    made = create(store, values("<f4", (16, 16)), (16, 16), codec((8, 8)))
    (key,) = (key for key in store._store_dict if "zarr.json" not in key)
    buffer = store._store_dict[key]
    stored = bytearray(buffer.to_bytes())
    stored[36:40] = stored[32:36]
    store._store_dict[key] = buffer.from_bytes(bytes(stored))
    for selection in (..., (0, 0)):
        with pytest.raises(ValueError, match="start at one byte"):
            made[selection]


GOOD = {"block_shape": [4, 4], "cname": "zstd", "clevel": 5}
BAD = [
    {},
    {**GOOD, "level": 5},
    {**GOOD, "block_shape": [4, 0]},
    {**GOOD, "block_shape": [4, 4.0]},
    {**GOOD, "block_shape": 4},
    {**GOOD, "block_shape": [4]},
    {**GOOD, "block_shape": [4, 11]},
    {**GOOD, "cname": "snappy"},
    {**GOOD, "clevel": 10},
    {**GOOD, "clevel": True},
    {**GOOD, "split": "maybe"},
    {**GOOD, "checksum": "adler32"},
    {**GOOD, "filters": [{"name": "ndmean"}]},
    {**GOOD, "filters": ["shuffle"]},
    {**GOOD, "filters": [{"name": "shuffle", "bits": 4}]},
    {**GOOD, "filters": [{"name": "trunc_prec"}]},
    {**GOOD, "filters": [{"name": "trunc_prec", "bits": 24}]},
    {**GOOD, "filters": [{"name": "trunc_prec", "bits": 0}]},
    {**GOOD, "filters": [{"name": "trunc_prec", "bits": -23}]},
    {**GOOD, "filters": [{"name": "shuffle"}] * 3},
    {**GOOD, "filters": [{"name": "shuffle"}, {"name": "delta"}]},
    {**GOOD, "filters": [{"name": "delta"}, {"name": "delta"}]},
    {**GOOD, "filters": [{"name": "bitshuffle"}, {"name": "trunc_prec", "bits": 9}]},
]


@pytest.mark.parametrize("configuration", BAD, ids=json.dumps)
def test_refused_configurations(configuration):
    store = MemoryStore()
    create(store, values("f4", (20, 10)), (10, 10), codec((4, 4)))
    document = json.loads(store._store_dict["zarr.json"].to_bytes())
    document["codecs"] = [{"name": "b2nd", "configuration": configuration}]
    buffer = store._store_dict["zarr.json"]
    store._store_dict["zarr.json"] = buffer.from_bytes(json.dumps(document).encode())
    with pytest.raises(ValueError):
        zarr.open_array(store, mode="r")[0, 0]


def test_types_without_a_fixed_size_are_refused():
    for dtype in (np.dtypes.StringDType(), "S256"):
        with pytest.raises(ValueError, match="fixed size"):
            create(MemoryStore(), np.zeros((4,), dtype), (4,), codec((2,)))


def test_metadata_comes_back():
    filters = [{"name": "trunc_prec", "bits": 9}, {"name": "bitshuffle"}]
    for given in (GOOD, {**GOOD, "filters": filters, "split": "never", "checksum": "crc32c"}, {**GOOD, "checksum": None}):
        read = B2ndCodec.from_dict({"name": "b2nd", "configuration": given})
        written = read.to_dict()
        assert written["configuration"] == {"filters": [], "split": "auto", "checksum": None} | given
        assert B2ndCodec.from_dict(json.loads(json.dumps(written))) == read
        assert hash(read) == hash(B2ndCodec.from_dict(written))
    store = MemoryStore()
    inner = codec((4, 4), checksum="crc32c")
    create(store, values("f4", (20, 20)), (10, 10), inner, (20, 20))
    (sharding,) = zarr.open_array(store, mode="r").metadata.codecs
    assert isinstance(sharding, ShardingCodec) and sharding.codecs == (inner,)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment for programs that know the package only because pip installed it."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(target), str(PACKAGE)], check=True, timeout=TIME_LIMIT)
    return os.environ | {"PYTHONPATH": str(target)}


INSTALLED = """
import sys
import dask.array, numpy as np, xarray, zarr
path = sys.argv[1]
expected = np.load(path + "/expected.npy")
codec = {"name": "b2nd", "configuration": {"block_shape": [4, 8, 8], "cname": "lz4", "clevel": 5, "filters": [{"name": "shuffle"}]}}
group = zarr.create_group(path + "/store.zarr")
for name, shards in (("plain", None), ("sharded", (16, 32, 32))):
    array = group.create_array(name, shape=expected.shape, chunks=(8, 16, 16), shards=shards, dtype="f4", serializer=codec,
        compressors=None, dimension_names=["t", "y", "x"])
    array[...] = expected
assert "zarr_b2nd" in sys.modules, "found by its entry point"
assert np.array_equal(zarr.open(path + "/store.zarr/plain", mode="r")[3], expected[3])
for chunks in (None, {}):
    with xarray.open_zarr(path + "/store.zarr", chunks=chunks, consolidated=False) as data:
        for name in ("plain", "sharded"):
            assert (chunks is None) == (data[name].chunks is None)
            assert np.array_equal(data[name].values, expected)
            assert np.array_equal(data[name].isel(y=17).values, expected[:, 17])
lazy = dask.array.from_zarr(path + "/store.zarr/sharded")
assert np.allclose(lazy[:, 5:20].mean(axis=0).compute(), expected[:, 5:20].mean(axis=0))
data = xarray.Dataset({"written": (("t", "y", "x"), expected)})
encoding = {"written": {"chunks": (8, 16, 16), "serializer": codec, "compressors": None}}
data.to_zarr(path + "/xarray.zarr", encoding=encoding, zarr_format=3, consolidated=False)
assert zarr.open(path + "/xarray.zarr/written").metadata.codecs[0].to_dict()["name"] == "b2nd"
assert np.array_equal(xarray.open_zarr(path + "/xarray.zarr", consolidated=False)["written"].values, expected)
"""


def test_the_entry_point_alone_is_enough(installed, tmp_path):
    np.save(tmp_path / "expected.npy", values("f4", (20, 37, 41)))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", INSTALLED, str(tmp_path)],
        env=installed, capture_output=True, text=True, timeout=TIME_LIMIT, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

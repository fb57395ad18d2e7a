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
from zarr.registry import register_codec
from zarr.storage import LocalStore, MemoryStore, WrapperStore

from program import READERS, ROOT, TIME_LIMIT, digest, reader_missing

sys.path.insert(0, str(READERS))
from digest import sha256  # noqa: E402

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

"""`ziggurat convert`: what it makes of files of other software, what that makes of ours, and what stops it."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import signal
import subprocess
import time
import warnings
from pathlib import Path

import blosc2
import numpy as np
import pytest
import tensorstore
import zarr

from program import PROGRAM, ROOT, refusal, ziggurat
from test_interruption import small_disk  # noqa: F401  a fixture
from test_legacy import _python, bcolz, foreign  # noqa: F401  a fixture

SAMPLES = ROOT / "crates" / "codecs" / "tests" / "samples"
OBJECTS = "bcolz/objects"
TABLES = {"bcolz/ctable1", "bcolz/ctable_mutated", "bcolz/struct", "b2nd/struct.b2nd", "bloscpack/record.blp", "bloscpack/nested_record.blp"}
KNOWN = {"b2nd", "caterva", "bcolz", "bloscpack"}


def _samples() -> dict[str, Path]:
    found = {}
    for family in sorted(KNOWN):
        for path in sorted((SAMPLES / family).iterdir()):
            if path.suffix not in (".md", ".json") and path.name != "early":
                found[f"{family}/{path.name}"] = path
    return found


ALL = _samples()
ARRAYS = {name: path for name, path in ALL.items() if name != OBJECTS and name not in TABLES}
DIGESTS = {line["file"]: line for line in map(json.loads, (SAMPLES / "expected.jsonl").read_text().splitlines())}


@pytest.fixture(scope="session")
def caterva():
    return _python("caterva", "3.11")


def convert(source, target, *options) -> Path:
    ziggurat("convert", source, target, *options)
    return Path(target)


def read(path: Path) -> np.ndarray:
    """A Zarr array as zarr-python reads it; what it has no type for by the note beside it."""
    with warnings.catch_warnings():
        # Types of texts and times are not (yet) in the specification.
        warnings.simplefilter("ignore")
        array = zarr.open_array(str(path), mode="r")
        values = np.asarray(array[...])
    if note := array.attrs.get("numpy"):
        dtype = note["dtype"]
        values = np.ascontiguousarray(values).view(np.dtype(ast.literal_eval(dtype) if dtype[0] == "[" else dtype))[..., 0]
    return values


def assert_same(found: np.ndarray, expected: np.ndarray):
    """Bit for bit, which NumPy does not compare in NaN."""
    expected = np.asarray(expected)
    assert found.dtype == expected.dtype.newbyteorder("=") and found.shape == expected.shape
    assert found.tobytes() == expected.astype(found.dtype).tobytes()


def expected_values(name: str) -> tuple[np.dtype, list, list | None]:
    """Type, shape and values of a sample as its software read them."""
    family, file = name.split("/")
    entries = json.loads((SAMPLES / family / "expected.json").read_text())
    entry = entries[file.removesuffix(".blp")]
    if entry.get("kind") == "bytes":
        return np.dtype("u1"), [entry["nbytes"]], list(range(256)) * (entry["nbytes"] // 256)
    values = entry.get("values", entry.get("values_C_order"))
    if isinstance(values, str):
        other = entries[values]
        values = other.get("values", other.get("values_C_order"))
    dtype = entry["dtype"]
    return np.dtype(ast.literal_eval(dtype) if dtype[0] == "[" else dtype), entry["shape"], values


def flat(values) -> list:
    if isinstance(values, list):
        return [scalar for value in values for scalar in flat(value)]
    return [values]


def plain(array: np.ndarray) -> list:
    """Scalars as the samples have them in JSON."""
    if array.dtype.kind == "c":
        return array.reshape(-1).view(array.real.dtype).tolist()
    if array.dtype.kind in "mM":
        return array.reshape(-1).view("i8").tolist()
    if array.dtype.kind == "S":
        return [text.decode() for text in array.reshape(-1).tolist()]
    return array.reshape(-1).tolist()


SPECIAL = {None: "nan", "NaN": "nan", "inf": "inf", "-inf": "-inf", "Infinity": "inf", "-Infinity": "-inf"}


def same(a, b) -> bool:
    if isinstance(a, float) and not isinstance(b, float):
        b = float(SPECIAL.get(b, b))
    return a == b or a != a and b != b


@pytest.mark.parametrize("name", ARRAYS)
def test_zarr_has_the_values_of_the_samples(name, tmp_path):
    path = convert(ARRAYS[name], tmp_path / "a.zarr")
    found = read(path)
    if name in DIGESTS:
        line = DIGESTS[name]
        assert list(found.shape) == line["shape"]
        stored = found.astype(line["dtype"]) if line.get("dtype") and found.dtype.kind != "V" else found
        assert hashlib.sha256(stored.tobytes()).hexdigest() == line["sha256"]
        return
    dtype, shape, values = expected_values(name)
    assert found.dtype == dtype.newbyteorder("=") and list(found.shape) == shape
    values = flat(values)
    assert len(values) == len(plain(found))
    assert all(map(same, plain(found), values))


@pytest.mark.parametrize("name", ARRAYS)
def test_tensorstore_reads_the_numbers_of_the_samples(name, tmp_path):
    path = convert(ARRAYS[name], tmp_path / "a.zarr")
    document = json.loads((path / "zarr.json").read_text())
    if not isinstance(document["data_type"], str):
        pytest.skip("a type that only zarr-python reads")
    store = tensorstore.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": str(path)}}).result()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = zarr.open_array(str(path), mode="r")[...]
    assert np.asarray(store.read().result()).tobytes() == np.asarray(expected).tobytes()


def test_python_objects_are_refused(tmp_path):
    message = refusal("convert", ALL[OBJECTS], tmp_path / "a.zarr")
    assert "objects" in message and "pickle" in message
    assert list(tmp_path.iterdir()) == []


RNG = np.random.default_rng(5)
MADE = {
    "f8": RNG.normal(size=(130, 90)),
    "big_endian": np.arange(5000, dtype=">i4").reshape(50, 100),
    "three": RNG.integers(0, 9, (30, 40, 20)).astype("u2"),
    "bool": RNG.integers(0, 2, (100, 30)).astype(bool),
    "complex": np.arange(600).reshape(20, 30) * (1 - 2j),
    "time": np.arange(300).astype("M8[ms]").reshape(30, 10),
    "span": np.arange(300).astype("m8[25s]"),
    "text": np.array(["a", "ñbç", "日本", ""] * 40, "U4").reshape(16, 10),
    "bytes": np.array([b"a", b"bcd", b"hello", b""] * 40, "S5"),
    "void": np.frombuffer(bytes(range(210)), "V7").reshape(5, 6),
    "record2d": np.array([(i, i / 2) for i in range(60)], [("a", "<i4"), ("b", "<f8")]).reshape(6, 10),
    "zero_d": np.array(7.5),
    "empty": np.zeros((0, 4), "f4"),
}


@pytest.mark.parametrize("sparse", [False, True], ids=["contiguous", "sparse"])
@pytest.mark.parametrize("name", MADE)
def test_from_python_blosc2_and_back(name, sparse, tmp_path):
    array = MADE[name]
    source = tmp_path / "source.b2nd"
    made = blosc2.asarray(array, urlpath=str(source), contiguous=not sparse)
    made.schunk.vlmeta["title"] = "a title"
    made.schunk.vlmeta["scale"] = [1, 2.5, None, {"k": True}]
    made.schunk.vlmeta["raw"] = b"\x00\xff"
    store = convert(source, tmp_path / "a.zarr")
    array = np.asarray(made[()])
    assert_same(read(store), array)
    attributes = zarr.open_array(str(store), mode="r").attrs
    assert attributes["title"] == "a title" and attributes["scale"] == [1, 2.5, None, {"k": True}]

    options = ["--to", "sparse"] if sparse else []
    back = convert(store, tmp_path / "back.b2nd", *options)
    assert back.is_dir() == sparse
    opened = blosc2.open(str(back), mode="r")
    assert_same(np.asarray(opened[()]), array)
    # Zarr has no chunks of no length, which Blosc2 gives an empty array.
    shapes = [tuple(max(1, n) for n in cells) for cells in (made.chunks, made.blocks)]
    assert [opened.chunks, opened.blocks] == shapes
    assert opened.schunk.vlmeta[:] == made.schunk.vlmeta[:]


@pytest.mark.parametrize("options", [[], ["--codec", "zstd:3"], ["--codec", "none"], ["--chunk", "50,60", "--block", "10,20"]])
def test_from_zarr_python_to_python_blosc2(options, tmp_path):
    array = MADE["f8"]
    store = zarr.create_array(str(tmp_path / "a.zarr"), shape=array.shape, dtype=array.dtype, chunks=(32, 32), fill_value=np.nan,
                              dimension_names=["y", "x"], attributes={"units": "m", "a name that no metalayer can have": [1]})
    store[:64] = array[:64]
    expected = store[...]
    opened = blosc2.open(str(convert(tmp_path / "a.zarr", tmp_path / "a.b2nd", *options)), mode="r")
    assert_same(np.asarray(opened[()]), expected)
    assert opened.schunk.vlmeta["units"] == "m"
    assert opened.chunks == ((50, 60) if "--chunk" in options else (32, 32))
    again = zarr.open_array(str(convert(tmp_path / "a.b2nd", tmp_path / "b.zarr")), mode="r")
    assert_same(again[...], expected)
    assert np.isnan(again.fill_value)
    kept = {name: value for name, value in again.attrs.items() if name != "ziggurat"}
    assert kept == dict(store.attrs)
    assert again.metadata.dimension_names == ("y", "x")


@pytest.mark.parametrize("name", ["text", "bytes", "time", "span"])
def test_types_that_zarr_python_writes_are_read(name, tmp_path):
    array = MADE[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chunks = tuple(max(1, n // 3) for n in array.shape)
        zarr.create_array(str(tmp_path / "a.zarr"), data=array, chunks=chunks, shards=tuple(2 * n for n in chunks))
    opened = blosc2.open(str(convert(tmp_path / "a.zarr", tmp_path / "a.b2nd")), mode="r")
    assert_same(np.asarray(opened[()]), array)


def test_a_level_of_a_pyramid_is_a_source(two, tmp_path):
    name = two.store.variables()[0]
    array = convert(two.path / "0" / name, tmp_path / "a.b2nd")
    assert_same(np.asarray(blosc2.open(str(array), mode="r")[()]), read(two.path / "0" / name))


CATERVA = """
import sys, json, numpy, caterva
array = caterva.open(sys.argv[1])
elements = bytes(array.to_buffer()) if 0 not in array.shape else b""
numpy.save(sys.argv[2], numpy.frombuffer(elements, "u1"))
meta = {name: bytes(array.meta[name]).hex() if isinstance(array.meta[name], (bytes, bytearray)) else repr(array.meta[name])
        for name in array.meta.keys() if name != "caterva"} if hasattr(array, "meta") else {}
print(json.dumps({"shape": array.shape, "chunks": array.chunks, "blocks": array.blocks, "itemsize": array.itemsize, "meta": meta}))
"""


@pytest.mark.parametrize("name", [name for name in ARRAYS if name.startswith("caterva/")])
def test_caterva_opens_what_comes_back(name, caterva, tmp_path):
    """The samples of Caterva through Zarr and back to Caterva, beside the samples themselves."""
    store = convert(ARRAYS[name], tmp_path / "a.zarr")
    back = convert(store, tmp_path / "a.cat")
    said, values = [], []
    for i, path in enumerate([ARRAYS[name], back]):
        said.append(json.loads(foreign(caterva, CATERVA, path, tmp_path / f"{i}.npy")))
        values.append(np.load(tmp_path / f"{i}.npy"))
    # A chunk becomes whole blocks: in Zarr they divide it.
    whole = [-(-chunk // max(block, 1)) * block for chunk, block in zip(said[0]["chunks"], said[0]["blocks"])]
    assert said[1] == said[0] | {"chunks": whole}
    if "uninit" not in name:
        assert values[0].tobytes() == values[1].tobytes()


OPEN = """
import sys, json, numpy, bcolz
array = bcolz.open(sys.argv[1], mode="r")
numpy.save(sys.argv[2], array[:])
print(json.dumps({"attrs": {name: value for name, value in array.attrs}, "dflt": str(array.dflt), "chunklen": array.chunklen}))
"""
ONLY_TABLES = {"record2d", "void", "zero_d"}


@pytest.mark.parametrize("name", [name for name in MADE if name not in ONLY_TABLES])
def test_bcolz_opens_what_comes_of_zarr(name, bcolz, tmp_path):  # noqa: F811
    array = MADE[name]
    made = blosc2.asarray(array, urlpath=str(tmp_path / "a.b2nd"))
    made.schunk.vlmeta["title"] = "a title"
    store = convert(tmp_path / "a.b2nd", tmp_path / "a.zarr")
    said = json.loads(foreign(bcolz, OPEN, convert(store, tmp_path / "a.bcolz"), tmp_path / "a.npy"))
    assert_same(np.load(tmp_path / "a.npy"), array)
    assert said["attrs"] == {"title": "a title"}


@pytest.mark.parametrize("name", [name for name in ARRAYS if name.startswith("bcolz/")])
def test_bcolz_opens_what_comes_back(name, bcolz, tmp_path):  # noqa: F811
    back = convert(convert(ARRAYS[name], tmp_path / "a.zarr"), tmp_path / "a.bcolz")
    original = shutil.copytree(ARRAYS[name], tmp_path / "original")
    (original / "data").mkdir(exist_ok=True)  # which git does not keep where it is empty
    theirs = json.loads(foreign(bcolz, OPEN, original, tmp_path / "0.npy"))
    ours = json.loads(foreign(bcolz, OPEN, back, tmp_path / "1.npy"))
    # An array in one chunk gets chunks of the size that bcolz itself takes.
    for said in ours, theirs:
        said["chunklen"] = min(said["chunklen"], max(1, len(np.load(tmp_path / "0.npy"))))
    assert ours == theirs
    assert_same(np.load(tmp_path / "1.npy"), np.load(tmp_path / "0.npy"))


TABLE = """
import sys, json, numpy, bcolz
table = bcolz.open(sys.argv[1], mode="r")
attrs = {name: value for name, value in table.attrs}
cols = {name: {key: value for key, value in table[name].attrs} for name in table.names}
print(json.dumps({"names": table.names, "len": len(table), "attrs": attrs, "cols": cols}))
numpy.savez(sys.argv[2], **{name: table[name][:] for name in table.names})
"""


@pytest.mark.parametrize("name", ["ctable1", "ctable_mutated"])
def test_tables_of_bcolz(name, bcolz, tmp_path):  # noqa: F811
    """Zarr has a column for each column, and bcolz opens the table that comes back."""
    source = ALL[f"bcolz/{name}"]
    store = convert(source, tmp_path / "a.zarr")
    back = convert(store, tmp_path / "a.bcolz")
    theirs = json.loads(foreign(bcolz, TABLE, source, tmp_path / "0.npz"))
    ours = json.loads(foreign(bcolz, TABLE, back, tmp_path / "1.npz"))
    assert ours == theirs
    expected, found = np.load(tmp_path / "0.npz"), np.load(tmp_path / "1.npz")
    group = zarr.open_group(str(store), mode="r")
    for column in theirs["names"]:
        assert_same(found[column], expected[column])
        values = np.asarray(group[column][...])
        assert values.tobytes() == expected[column].astype(expected[column].dtype.newbyteorder("<")).tobytes()


RECORD = np.array([(i, i / 2, "xy"[i % 2], (i, -i), (i, b"ab")) for i in range(5000)],
                  [("a", "<i4"), ("b", ">f8"), ("c", "<U2"), ("d", "<i2", (2,)), ("e", [("f", "<u4"), ("g", "S3")])])


def test_records_become_columns_and_come_back(tmp_path, bcolz):  # noqa: F811
    made = blosc2.asarray(RECORD, urlpath=str(tmp_path / "a.b2nd"))
    store = convert(tmp_path / "a.b2nd", tmp_path / "a.zarr")
    group = zarr.open_group(str(store), mode="r")
    for column in "a", "b", "d":
        assert (group[column][...] == RECORD[column]).all()
    assert (group["e/f"][...] == RECORD["e"]["f"]).all()
    assert group["c"][...].tobytes() == RECORD["c"].tobytes() and group["e/g"][...].tobytes() == RECORD["e"]["g"].tobytes()
    opened = blosc2.open(str(convert(store, tmp_path / "b.b2nd")), mode="r")[()]
    assert opened.dtype.names == RECORD.dtype.names
    assert all((opened[name] == RECORD[name]).all() for name in RECORD.dtype.names)
    foreign(bcolz, TABLE, convert(store, tmp_path / "a.bcolz"), tmp_path / "t.npz")
    found = np.load(tmp_path / "t.npz")
    assert list(found) == ["a", "b", "c", "d", "e.f", "e.g"]
    assert (found["e.f"] == RECORD["e"]["f"]).all() and (found["c"] == RECORD["c"]).all()


@pytest.mark.parametrize("name", ["bcolz/struct", "b2nd/struct.b2nd", "bloscpack/record.blp", "bloscpack/nested_record.blp"])
def test_records_of_the_samples(name, tmp_path):
    group = zarr.open_group(str(convert(ALL[name], tmp_path / "a.zarr")), mode="r")
    expected = [[1, 2.5], [3, 4.5]] if name.startswith("b2nd") else expected_values(name)[2]
    if "nested" in name:
        assert [group["p/x"][0], group["p/y"][0], group["q"][0]] == flat(expected)
        return
    columns = sorted(group.array_keys())
    for row, values in enumerate(expected):
        for column, value in zip(columns, values):
            found = group[column][row]
            assert (found == value) if found.ndim == 0 else found[0] == ord(value)


def test_npy_there_and_back(tmp_path):
    for name in ["f8", "big_endian", "three", "bool", "complex", "empty"]:
        np.save(tmp_path / "a.npy", np.array(MADE[name], order="F"))
        store = convert(tmp_path / "a.npy", tmp_path / f"{name}.zarr")
        assert_same(read(store), MADE[name])
        assert_same(np.load(convert(store, tmp_path / f"{name}.npy")), MADE[name])


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())


@pytest.mark.parametrize("name", ALL)
def test_damage_is_refused(name, tmp_path):
    """Each file cut at several lengths, and with bits flipped: no panic, exit code 1, the name, no target."""
    source = tmp_path / ALL[name].name
    (shutil.copytree if ALL[name].is_dir() else shutil.copy)(ALL[name], source)
    files = _files(source)
    for file in {files[0], files[len(files) // 2], files[-1]}:
        whole = file.read_bytes()
        cut = [whole[: len(whole) * part // 5] for part in range(5)] + [whole[:-1]]
        flipped = []
        for part in range(5) if whole else ():
            at = (len(whole) - 1) * part // 4
            flipped.append(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        for changed in cut + flipped:
            file.write_bytes(changed)
            done = ziggurat("convert", source, tmp_path / "target.zarr", check=False)
            assert done.returncode in (0, 1), (done.args, done.stderr)
            assert "panicked" not in done.stderr
            if done.returncode:
                assert source.name in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
                assert [p.name for p in tmp_path.iterdir()] == [source.name]
            else:
                assert (tmp_path / "target.zarr" / "zarr.json").exists()
                shutil.rmtree(tmp_path / "target.zarr")
        file.write_bytes(whole)


TARGETS = ["a.zarr", "a.b2nd", "a.bcolz", "a.npy"]


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """(file that takes a while, target -> seconds that it takes)."""
    scratch = tmp_path_factory.mktemp("noise")
    np.save(scratch / "noise.npy", np.random.default_rng(0).normal(size=(8000, 4100)).astype("f4"))
    seconds = {}
    for name in TARGETS:
        started = time.monotonic()
        ziggurat("convert", scratch / "noise.npy", scratch / name, "--codec", "blosc-zstd:5")
        seconds[name] = time.monotonic() - started
    return scratch / "noise.npy", seconds


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("name", TARGETS)
def test_stopped(noise, tmp_path, name, sent, part):
    file, seconds = noise
    command = [PROGRAM, "convert", str(file), str(tmp_path / name), "--codec", "blosc-zstd:5"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    time.sleep(part * seconds[name])
    process.send_signal(sent)
    message = process.communicate(timeout=60)[1].decode()
    if process.returncode == 0:
        pytest.skip("the signal came when all was done")
    assert not (tmp_path / name).exists()
    assert "panicked" not in message
    if sent != signal.SIGKILL:
        assert process.returncode == 130 and list(tmp_path.iterdir()) == []
    # The next one clears away what was left.
    ziggurat("convert", file, tmp_path / name, "--codec", "none")
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", TARGETS)
def test_full_disk(noise, small_disk, name):  # noqa: F811
    message = refusal("convert", noise[0], small_disk / name)
    assert "space" in message, message
    assert list(small_disk.iterdir()) == []

"""The formats before Zarr: bloscpack and bcolz read what ziggurat-codecs writes, and the other way round.

Driven by crates/codecs/examples/legacy.rs, to which elements are bytes on stdin and stdout.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from program import ROOT, TIME_LIMIT

sys.path.insert(0, str(ROOT / "scripts"))
import venv as environments  # noqa: E402  scripts/venv.py, not the module of Python

RNG = np.random.default_rng(7)
COUNT = 3000

# Arrays by the name of what is special about them; small values, so that they are really compressed.
ARRAYS = {
    "int8": RNG.integers(-5, 5, COUNT).astype("i1"),
    "uint16": RNG.integers(0, 9, COUNT).astype("u2"),
    "float32": np.linspace(0, 1, COUNT, dtype="f4"),
    "float64_nan": np.where(np.arange(COUNT) % 7 == 0, np.nan, np.arange(COUNT) / 4),
    "big_endian": np.arange(COUNT).astype(">i4"),
    "bool": np.arange(COUNT) % 3 == 0,
    "datetime": np.arange(COUNT).astype("M8[ns]"),
    "bytes": np.array([b"a", b"bcd", b"hello", b""] * (COUNT // 4), dtype="S5"),
    "text": np.array(["a", "ñbç", "日本", ""] * (COUNT // 4), dtype="U4"),
    "three_dimensions": np.arange(COUNT, dtype="i8").reshape(50, 10, 6),
    "empty": np.empty(0, "f4"),
    "one": np.array([42], "i8"),
}
ONLY_BLOSCPACK = {
    "complex": np.arange(COUNT) * (1 + 2j),
    "record": np.array([(i, i / 2, "x") for i in range(COUNT)], [("a", "<i4"), ("b", ">f8"), ("c", "<U2")]),
    "nested_record": np.array([((i, -i), 0.5) for i in range(COUNT)], [("p", [("x", "<i4"), ("y", "<i4")]), ("q", "<f8")]),
    "fortran": np.asfortranarray(np.arange(COUNT, dtype="i2").reshape(50, 60)),
    "no_dimension": np.array(7.5),
}
CHECKSUMS = ["None", "adler32", "crc32", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"]
COMPRESSORS = ["blosclz", "lz4", "lz4hc", "zlib", "zstd"]


@pytest.fixture(scope="session")
def legacy():
    """The example program: arguments, elements -> (elements, what it says)."""
    if not shutil.which("cargo"):
        pytest.skip("the example is built with cargo, which is not here")
    command = ["cargo", "build", "--quiet", "--package", "ziggurat-codecs", "--example", "legacy", "--message-format=json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    built = [json.loads(line).get("executable") for line in done.stdout.splitlines()]
    program = next(path for path in built if path)

    def run(*arguments, elements: bytes = b"") -> tuple[bytes, str]:
        done = subprocess.run([program, *map(str, arguments)], input=elements, capture_output=True, timeout=TIME_LIMIT)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout, done.stderr.decode()

    return run


def _python(package: str, *versions: str):
    """An interpreter that has a package of the past; skips with the reason why there is none."""
    home = Path.home() / ".pyenv" / "versions"
    for version in versions:
        for name in [f"python{version}", *map(str, home.glob(f"{version}.*/bin/python3"))]:
            # The shims of pyenv exist for versions that are not active, and fail.
            if not shutil.which(name) or subprocess.run([name, "-c", ""], capture_output=True).returncode:
                continue
            try:
                return environments.environment(ROOT / "conformance-tests" / f"requirements-{package}.txt", name)
            except SystemExit as failure:
                pytest.skip(f"{package} cannot be installed: {failure}")
    pytest.skip(f"{package} needs Python {' or '.join(versions)}, which is not here")


@pytest.fixture(scope="session")
def bloscpack():
    return _python("bloscpack", "3.9", "3.8")


@pytest.fixture(scope="session")
def bcolz():
    return _python("bcolz", "3.11")


def foreign(python, code: str, *arguments) -> str:
    """What a foreign program prints."""
    done = subprocess.run([python, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=TIME_LIMIT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(legacy, kind: str, path: Path, array: np.ndarray, *options) -> None:
    is_fortran = kind == "bloscpack" and np.isfortran(array)
    dtype = str(array.dtype.descr) if array.dtype.names else array.dtype.str
    shape = "x".join(map(str, array.shape)) or "-"
    order = ["order=F"] if is_fortran else []
    elements = array.tobytes(order="F" if is_fortran else "C")
    legacy("write", kind, path, dtype, shape, *order, *options, elements=elements)


def read(legacy, *arguments) -> np.ndarray:
    elements, said = legacy("read", *arguments)
    said = json.loads(said)
    dtype = np.dtype(ast.literal_eval(said["dtype"]))
    return np.frombuffer(elements, dtype).reshape(said["shape"], order=said["order"])


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


UNPACK = """
import sys, numpy, bloscpack
numpy.save(sys.argv[2], bloscpack.unpack_ndarray_from_file(sys.argv[1]))
"""
PACK = """
import sys, numpy, bloscpack
from bloscpack.args import BloscArgs, BloscpackArgs, MetadataArgs
path, out, checksum, compressor = sys.argv[1:]
bloscpack.pack_ndarray_to_file(numpy.load(path), out, chunk_size=2400 * 8,
    blosc_args=BloscArgs(cname=compressor), bloscpack_args=BloscpackArgs(checksum=checksum),
    metadata_args=MetadataArgs(meta_checksum=checksum))
"""


@pytest.mark.parametrize("name", ARRAYS | ONLY_BLOSCPACK)
def test_bloscpack_reads_our_arrays(name, legacy, bloscpack, tmp_path):
    array = (ARRAYS | ONLY_BLOSCPACK)[name]
    write(legacy, "bloscpack", tmp_path / "a.blp", array, "chunk=700")
    foreign(bloscpack, UNPACK, tmp_path / "a.blp", tmp_path / "a.npy")
    assert_same(np.load(tmp_path / "a.npy"), array)


@pytest.mark.parametrize("checksum", CHECKSUMS)
@pytest.mark.parametrize("offsets", ["yes", "no"])
def test_bloscpack_reads_our_checksums(checksum, offsets, legacy, bloscpack, tmp_path):
    array = ARRAYS["float32"]
    write(legacy, "bloscpack", tmp_path / "a.blp", array, "chunk=700", f"checksum={checksum}", f"offsets={offsets}")
    foreign(bloscpack, UNPACK, tmp_path / "a.blp", tmp_path / "a.npy")
    assert_same(np.load(tmp_path / "a.npy"), array)


@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_bloscpack_reads_our_chunks(compressor, legacy, bloscpack, tmp_path):
    array = ARRAYS["three_dimensions"]
    for level in 0, 1, 9:
        write(legacy, "bloscpack", tmp_path / "a.blp", array, "chunk=1000", f"compressor={compressor}", f"level={level}")
        foreign(bloscpack, UNPACK, tmp_path / "a.blp", tmp_path / "a.npy")
        assert_same(np.load(tmp_path / "a.npy"), array)


@pytest.mark.parametrize("name", ARRAYS | ONLY_BLOSCPACK)
def test_we_read_the_arrays_of_bloscpack(name, legacy, bloscpack, tmp_path):
    array = (ARRAYS | ONLY_BLOSCPACK)[name]
    np.save(tmp_path / "a.npy", array)
    foreign(bloscpack, PACK, tmp_path / "a.npy", tmp_path / "a.blp", "sha1", "zstd")
    assert_same(read(legacy, "bloscpack", tmp_path / "a.blp"), array)


@pytest.mark.parametrize("checksum", CHECKSUMS)
def test_we_read_the_checksums_of_bloscpack(checksum, legacy, bloscpack, tmp_path):
    array = ARRAYS["uint16"]
    np.save(tmp_path / "a.npy", array)
    foreign(bloscpack, PACK, tmp_path / "a.npy", tmp_path / "a.blp", checksum, "blosclz")
    assert_same(read(legacy, "bloscpack", tmp_path / "a.blp"), array)


OPEN = """
import sys, numpy, bcolz
array = bcolz.open(sys.argv[1], mode="r")
numpy.save(sys.argv[2], array[:])
"""
CREATE = """
import sys, numpy, bcolz
array = numpy.load(sys.argv[1])
made = bcolz.carray(array, rootdir=sys.argv[2], chunklen=700, cparams=bcolz.cparams(cname=sys.argv[3]))
made.flush()
"""
APPEND = """
import sys, numpy, bcolz
array = bcolz.open(sys.argv[1], mode="a")
more = numpy.load(sys.argv[2])
array.append(more)
array.append(more)
array.trim(len(more) // 2)
array[3] = more[0]
array.flush()
"""


@pytest.mark.parametrize("name", ARRAYS | {"complex": ONLY_BLOSCPACK["complex"]})
def test_bcolz_reads_our_arrays(name, legacy, bcolz, tmp_path):
    array = (ARRAYS | ONLY_BLOSCPACK)[name]
    write(legacy, "carray", tmp_path / "a", array, "chunk=700")
    foreign(bcolz, OPEN, tmp_path / "a", tmp_path / "a.npy")
    assert_same(np.load(tmp_path / "a.npy"), array)


@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_bcolz_reads_our_chunks(compressor, legacy, bcolz, tmp_path):
    array = ARRAYS["three_dimensions"]
    for level in 0, 1, 9:
        root = tmp_path / str(level)
        write(legacy, "carray", root, array, "chunk=16", f"compressor={compressor}", f"level={level}")
        foreign(bcolz, OPEN, root, tmp_path / "a.npy")
        assert_same(np.load(tmp_path / "a.npy"), array)


@pytest.mark.parametrize("name", ARRAYS)
def test_we_read_the_arrays_of_bcolz(name, legacy, bcolz, tmp_path):
    array = ARRAYS[name]
    np.save(tmp_path / "a.npy", array)
    foreign(bcolz, CREATE, tmp_path / "a.npy", tmp_path / "a", COMPRESSORS[len(name) % 5])
    assert_same(read(legacy, "carray", tmp_path / "a"), array)


@pytest.mark.parametrize("name", ["float32", "text", "three_dimensions", "empty"])
def test_bcolz_changes_our_arrays(name, legacy, bcolz, tmp_path):
    array = ARRAYS[name]
    more = ARRAYS["float32"] if name == "empty" else array
    np.save(tmp_path / "more.npy", more)
    write(legacy, "carray", tmp_path / "a", array, "chunk=700")
    foreign(bcolz, APPEND, tmp_path / "a", tmp_path / "more.npy")
    expected = np.concatenate([array, more, more])
    expected = expected[: len(expected) - len(more) // 2]
    expected[3] = more[0]
    assert_same(read(legacy, "carray", tmp_path / "a"), expected)


TABLE = """
import sys, json, numpy, bcolz
table = bcolz.open(sys.argv[1], mode="a")
print(json.dumps([table.names, len(table), table.attrs["title"], table["b"][:].tolist()]))
table.addcol(numpy.arange(len(table), dtype="u4"), name="d")
table.delcol("a")
table.flush()
"""


def test_bcolz_changes_our_table(legacy, bcolz, tmp_path):
    a, b, c = np.arange(50, dtype="i4"), np.array(["x", "日本"] * 25), np.ones((50, 2), ">f8")
    columns = [f"{n}:{v.dtype.str}:{'x'.join(map(str, v.shape))}" for n, v in {"a": a, "b": b, "c": c}.items()]
    legacy("write", "ctable", tmp_path / "t", *columns, elements=b"".join(v.tobytes() for v in (a, b, c)))
    names, length, title, values = json.loads(foreign(bcolz, TABLE, tmp_path / "t"))
    assert (names, length, title, values) == (["a", "b", "c"], 50, "a table", b.tolist())
    assert_same(read(legacy, "ctable", tmp_path / "t", "c"), c)
    assert_same(read(legacy, "ctable", tmp_path / "t", "d"), np.arange(50, dtype="u4"))
    with pytest.raises(AssertionError, match="no such column"):
        read(legacy, "ctable", tmp_path / "t", "a")

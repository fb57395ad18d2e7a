"""Superchunks of two faces: python-blosc2 opens each file, Zarr readers the store, and both see the same values."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

import blosc2
import numpy as np
import pytest
import tensorstore
import zarr

from program import ROOT, TIME_LIMIT, ziggurat

TOOL = os.environ.get("ZIGGURAT_SUPERCHUNK", str(ROOT / "target" / "debug" / "examples" / "superchunk"))

# Zarr's name and NumPy's of types of 1 to 16 bytes.
TYPES = {
    "bool": "|b1", "uint8": "|u1", "int8": "|i1", "int16": "<i2", "float16": "<f2", "uint32": "<u4",
    "float32": "<f4", "int64": "<i8", "float64": "<f8", "complex64": "<c8", "complex128": "<c16",
}
# Shape, superchunk, chunk and block; shapes that they do not divide, superchunks larger than the array.
SHAPES = [
    ((1000,), (512,), (256,), (64,)),
    ((300, 290), (192, 128), (96, 64), (32, 16)),
    ((41, 37), (60, 64), (30, 32), (5, 8)),
    ((19, 23, 30), (16, 16, 32), (8, 16, 16), (4, 8, 8)),
    ((7, 6, 9, 10), (4, 4, 8, 8), (4, 2, 8, 8), (2, 2, 4, 4)),
]


def made(tmp_path: Path, shape, superchunk, chunk, block, zarr_type: str, fill, changes, codec="zstd:3") -> Path:
    """The array of `changes`, of which each is (kind, argument, elements)."""
    if not Path(TOOL).is_file():
        pytest.fail(f"{TOOL} does not exist: run `cargo build -p ziggurat-codecs --example superchunk`")
    dtype = TYPES[zarr_type]
    (tmp_path / "fill").write_bytes(np.asarray(fill, dtype).tobytes())
    lines = [
        {"create": {"shape": shape, "superchunk": superchunk, "chunk": chunk, "block": block,
                    "type": zarr_type, "fill": "fill", "codec": codec}}
    ]
    for n, (kind, argument, elements) in enumerate(changes):
        lines.append({kind: argument})
        if elements is not None:
            (tmp_path / f"elements{n}").write_bytes(np.ascontiguousarray(elements, dtype).tobytes())
            lines[-1]["elements"] = f"elements{n}"
    (tmp_path / "script").write_text("\n".join(map(json.dumps, lines)))
    done = subprocess.run([TOOL, tmp_path / "array", tmp_path / "script"], capture_output=True, text=True, timeout=TIME_LIMIT)
    assert done.returncode == 0, done.stderr
    return tmp_path / "array"


def values(shape, dtype: str, fill) -> np.ndarray:
    """By position: noise that does not compress, a ramp, fill values, zeros."""
    random = np.random.default_rng(7)
    size = np.dtype(dtype).itemsize
    count = int(np.prod(shape))
    noise = random.integers(0, 256, count * size, dtype=np.uint8)
    if dtype == "|b1":
        noise &= 1
    elements = noise.view(dtype).reshape(shape).copy()
    quarter = (shape[0] + 3) // 4
    ramp = np.arange(count).reshape(shape)
    elements[quarter : 2 * quarter] = (ramp % 100 if size == 1 else ramp % 30000)[quarter : 2 * quarter].astype(dtype)
    elements[2 * quarter : 3 * quarter] = np.asarray(fill, dtype)
    elements[3 * quarter :, ...] = np.zeros((), dtype)
    return elements


def by_zarr(path: Path):
    yield "zarr-python", zarr.open_array(path, mode="r")[...]
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}
    yield "tensorstore", tensorstore.open(spec, read=True).result().read().result()


def same(found, truth: np.ndarray, what: str) -> None:
    found = np.asarray(found)
    assert found.shape == truth.shape, what
    assert found.astype(truth.dtype).tobytes() == np.ascontiguousarray(truth).tobytes(), what


def files(path: Path, truth: np.ndarray):
    """Every superchunk file with the elements that it should hold."""
    document = json.loads((path / "zarr.json").read_text())
    size = document["chunk_grid"]["configuration"]["chunk_shape"]
    for index in itertools.product(*(range(-(-n // s)) for n, s in zip(truth.shape, size))):
        part = truth[tuple(slice(i * s, i * s + s) for i, s in zip(index, size))]
        file = path / "c" / "/".join(map(str, index))
        if file.is_file():
            yield file, part


def assert_both(path: Path, truth: np.ndarray, fill) -> None:
    """That everyone reads `truth`: whole by Zarr, each file by Blosc2, also in slices."""
    for reader, found in by_zarr(path):
        same(found, truth, reader)
    random = np.random.default_rng(3)
    framed = np.full(truth.shape, np.asarray(fill, truth.dtype))
    for file, part in files(path, truth):
        array = blosc2.open(str(file))
        assert isinstance(array, blosc2.NDArray)
        assert array.shape == part.shape and array.dtype == truth.dtype
        same(array[...], part, f"{file}, whole")
        for _ in range(8):
            start = [int(random.integers(0, n)) for n in part.shape]
            window = tuple(slice(s, s + int(random.integers(1, n - s + 1))) for s, n in zip(start, part.shape))
            same(array[window], part[window], f"{file} {window}")
        length = int.from_bytes(file.read_bytes()[16:24], "big")
        same(blosc2.ndarray_from_cframe(file.read_bytes()[:length])[...], part, f"{file}, in memory")
    stored = {file for file, _ in files(path, truth)}
    assert stored == {p for p in (path / "c").rglob("*") if p.is_file()}
    for file, part in files(path, framed):
        assert file in stored
    done = ziggurat("verify", path, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def fills(zarr_type: str):
    yield 0
    yield 1 if zarr_type == "bool" else 7
    if zarr_type.startswith(("float", "complex")):
        yield np.nan


@pytest.mark.parametrize("shapes", SHAPES, ids=lambda s: "x".join(map(str, s[0])))
@pytest.mark.parametrize("zarr_type, fill", [(t, f) for t in TYPES for f in fills(t)])
def test_both_faces_hold_what_was_written(tmp_path, zarr_type, fill, shapes):
    truth = values(shapes[0], TYPES[zarr_type], fill)
    path = made(tmp_path, *shapes, zarr_type, fill, [("write", [[0] * truth.ndim, truth.shape], truth)])
    assert_both(path, truth, fill)


@pytest.mark.parametrize("zarr_type, fill", [("uint8", 0), ("int16", 7), ("float32", np.nan), ("complex128", 0)])
def test_both_faces_follow_changes(tmp_path, zarr_type, fill):
    _, superchunk, chunk, block = SHAPES[1]
    dtype = np.dtype(TYPES[zarr_type])
    filled = lambda shape: np.full(shape, np.asarray(fill, dtype))
    first = values((300, 290), dtype.str, fill)
    small = values((3, 50), dtype.str, fill)
    more = values((100, 290), dtype.str, fill)
    truth = np.concatenate([first, more, filled((10, 290))])
    truth[190:193, 100:150] = small
    truth[200:260, :200] = np.asarray(fill, dtype)
    truth = truth[:390, :250]
    truth = np.concatenate([truth, filled((390, 30))], axis=1)
    path = made(
        tmp_path, (300, 290), superchunk, chunk, block, zarr_type, fill,
        [
            ("write", [[0, 0], [300, 290]], first),
            ("write", [[190, 100], [3, 50]], small),
            ("erase", [[200, 0], [60, 200]], None),
            ("append", 0, more),
            ("append", 0, filled((10, 290))),
            ("resize", [390, 250], None),
            ("resize", [390, 280], None),
        ],
    )
    assert_both(path, truth, fill)


@pytest.mark.parametrize("block, codec", [((5, 3), "zstd:1"), ((4, 1), "zstd:19"), ((1, 7), "zstd:3"), ((251, 1), "zstd:3"), ((512, 600), "zstd:-5")])
def test_blocks_of_any_size_are_read_alone(tmp_path, block, codec):
    """Of those that are not refused; noise, so that each is longer than its elements."""
    chunk = tuple(6 * n for n in block)
    shape = tuple(2 * n - 3 for n in chunk)
    truth = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    path = made(tmp_path, shape, chunk, chunk, block, "uint8", 0, [("write", [[0, 0], shape], truth)], codec)
    assert_both(path, truth, 0)


def test_a_block_that_blosc2_cannot_read_alone_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((600, 600), np.uint8))
    options = ["--layout", "superchunk", "--block", "257,1", "--chunk", "257,1", "--superchunk", "257,1"]
    done = ziggurat("import", tmp_path / "a.npy", tmp_path / "a", *options, check=False)
    assert done.returncode == 1 and "257 bytes" in done.stderr
    done = ziggurat("import", tmp_path / "a.npy", tmp_path / "a", "--layout", "superchunk", "--codec", "gzip", check=False)
    assert done.returncode == 1 and "zstd alone" in done.stderr
    assert not (tmp_path / "a" / "zarr.json").exists()


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> tuple[Path, np.ndarray]:
    """A pyramid of this layout; its base."""
    scratch = tmp_path_factory.mktemp("imported")
    truth = np.random.default_rng(1).normal(0, 50, (230, 300)).astype("f4")
    truth[:100, :90] = 0
    np.save(scratch / "a.npy", truth)
    sizes = ["--block", "16,16", "--chunk", "32,32", "--superchunk", "96,96"]
    done = ziggurat("import", scratch / "a.npy", scratch / "store", "--layout", "superchunk", "--levels", "4", *sizes)
    assert "shuffle" in done.stderr, "it says what the layout costs"
    return scratch / "store", truth


def framed_arrays(store: Path) -> list[Path]:
    named = {p.parent: json.loads(p.read_text()).get("attributes", {}) for p in store.rglob("zarr.json")}
    return sorted(p for p, a in named.items() if a.get("ziggurat", {}).get("framing") == "superchunk")


def test_all_levels_of_an_import_have_both_faces(imported):
    store, truth = imported
    arrays = framed_arrays(store)
    assert [p.relative_to(store).parts[0] for p in arrays] == ["0", "1", "2", "3", "4"]
    for path in arrays:
        level = zarr.open_array(path, mode="r")
        fill = level.fill_value
        if path == arrays[0]:
            same(level[...], truth, "the base")
        assert_both(path, level[...], fill)
    done = ziggurat("verify", store)
    assert done.stdout == ""


def test_levels_that_are_made_anew_have_both_faces(imported, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(imported[0], store)
    ziggurat("build", store, "--levels", "2", "--aggregate", "mean,max")
    arrays = framed_arrays(store)
    assert {str(p.relative_to(store).parent) for p in arrays} == {"0", "1", "2", "agg/max/1", "agg/max/2"}
    for path in arrays:
        level = zarr.open_array(path, mode="r")
        assert_both(path, level[...], level.fill_value)


@pytest.fixture
def array(tmp_path) -> tuple[Path, np.ndarray]:
    """An array of 300 x 290 int32 in superchunks of 192 x 128, blocks of 32 x 16."""
    truth = np.arange(300 * 290, dtype="i4").reshape(300, 290) // 5
    path = made(tmp_path, *SHAPES[1], "uint32", 0, [("write", [[0, 0], truth.shape], truth)])
    return path, truth.astype("u4")


def change_by_blosc2(path: Path, truth: np.ndarray) -> None:
    """Noise that does not compress, zeros, a constant, in one superchunk; part of a block in another."""
    noise = np.random.default_rng(2).integers(0, 2**32, (64, 48), dtype="u4")
    first = blosc2.open(str(path / "c/0/0"), mode="a")
    for window, value in [
        ((slice(0, 64), slice(0, 48)), noise),
        ((slice(96, 192), slice(0, 64)), np.zeros((96, 64), "u4")),
        ((slice(96, 192), slice(64, 128)), np.full((96, 64), 7, "u4")),
    ]:
        first[window] = value
        truth[window] = value
    last = blosc2.open(str(path / "c/1/2"), mode="a")
    last[3:5, 6:30] = 9
    truth[195:197, 262:286] = 9


def test_what_blosc2_changed_is_found_named_and_repaired(array):
    path, truth = array
    untouched = (path / "c/0/1").read_bytes()
    change_by_blosc2(path, truth)
    # Every Zarr reader notices.
    for reader in [lambda: zarr.open_array(path, mode="r")[0:2, 0:2], lambda: dict(by_zarr(path))]:
        with pytest.raises(Exception):
            reader()
    faults = ziggurat("verify", path, check=False)
    assert faults.returncode == 1
    lines = faults.stdout.splitlines()
    assert len(lines) == 2 and all("repair-index" in line for line in lines)
    assert "c/0/0" in lines[0] and "c/1/2" in lines[1]
    told = ziggurat("digest", path, check=False)
    assert told.returncode == 1 and "repair-index" in told.stdout and "c/0/0" in told.stdout
    said = ziggurat("repair-index", path).stdout.splitlines()
    assert len(said) == 2 and all("index made anew from the frame" in line for line in said)
    assert_both(path, truth, 0)
    assert (path / "c/0/1").read_bytes() == untouched
    before = {file: file.stat().st_mtime_ns for file, _ in files(path, truth)}
    assert ziggurat("repair-index", path).stdout == "", "nothing is left to repair"
    assert before == {file: file.stat().st_mtime_ns for file in before}


def test_repair_takes_other_codecs_and_filters(array):
    path, truth = array
    part = truth[:192, :128]
    options = dict(cparams=dict(codec=blosc2.Codec.LZ4, filters=[blosc2.Filter.SHUFFLE]))
    (path / "c/0/0").unlink()
    blosc2.asarray(part, chunks=(96, 64), blocks=(32, 16), urlpath=str(path / "c/0/0"), **options)
    assert "0 blocks kept" in ziggurat("repair-index", path).stdout
    assert_both(path, truth, 0)


def test_repair_frames_what_zarr_wrote(array):
    path, truth = array
    zarr.open_array(path, mode="r+")[5:9, 5:9] = 3
    truth[5:9, 5:9] = 3
    with pytest.raises(Exception):
        blosc2.open(str(path / "c/0/0"))
    faults = ziggurat("verify", path, check=False)
    assert faults.returncode == 1 and "c/0/0" in faults.stdout
    assert "frame made anew from the shard" in ziggurat("repair-index", path).stdout
    assert_both(path, truth, 0)


def test_what_cannot_be_repaired_is_refused(array):
    path, truth = array
    (path / "c/0/0").write_bytes(b"neither" * 1000)
    done = ziggurat("repair-index", path, check=False)
    assert done.returncode == 1 and "c/0/0" in done.stderr and "nor as Blosc2" in done.stderr
    assert (path / "c/0/0").read_bytes() == b"neither" * 1000
    plain = path.parent / "plain"
    zarr.create_array(plain, shape=(4,), chunks=(4,), dtype="i4")[:] = 1
    done = ziggurat("repair-index", plain, check=False)
    assert done.returncode == 2 and "no array of --layout superchunk" in done.stderr


def test_verify_names_damaged_blocks_of_any_array(tmp_path):
    path = tmp_path / "store"
    array = zarr.create_array(path, shape=(64, 64), shards=(32, 32), chunks=(8, 8), dtype="i4", fill_value=0)
    array[:] = np.random.default_rng(0).integers(0, 99, (64, 64))
    assert ziggurat("verify", path).stdout == ""
    file = path / "c/1/0"
    bytes = bytearray(file.read_bytes())
    bytes[:6] = b"broken"
    file.write_bytes(bytes)
    (path / "c/0/1").write_bytes(b"short")
    done = ziggurat("verify", path, check=False)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 2, lines
    assert "c/0/1" in lines[0] and "c/1/0" in lines[1] and "block [" in lines[1]

"""Tables, and arrays with every option of creation, as others read them; and arrays of others, changed here."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest
import tensorstore
import xarray
import zarr
from zarr.codecs import BytesCodec, TransposeCodec, ZstdCodec

from program import ROOT, ziggurat
from test_updates import read_by_all

EXAMPLES = ROOT / "target" / "debug" / "examples"

RECORD = np.dtype(
    [
        ("id", "<u4"),
        ("at", [("x", ">f4"), ("in", [("y", "<f8")])]),
        ("pair", "<i2", (2,)),
        ("name", "S3"),
        ("text", "<U2"),
        ("when", "<M8[ms]"),
        ("flag", "?"),
        ("z", "<c8"),
    ]
)


def example(name: str, *arguments) -> None:
    program = EXAMPLES / name
    if not program.is_file():
        pytest.skip(f"{program} does not exist: run `cargo build --examples`")
    subprocess.run([program, *map(str, arguments)], check=True)


def records(count: int) -> np.ndarray:
    rows, i = np.zeros(count, RECORD), np.arange(count)
    rows["id"] = i * 3
    rows["at"]["x"], rows["at"]["in"]["y"] = i / 4, -i / 8
    rows["pair"] = np.stack([i, -i], 1)
    rows["name"], rows["text"] = [f"n{n % 7}" for n in i], [f"é{n % 9}" for n in i]
    rows["when"] = np.datetime64("2020-02-28T12:00", "ms") + i * np.timedelta64(1, "h")
    rows["when"][count // 2] = np.datetime64("NaT")
    rows["flag"], rows["z"] = i % 3 == 0, i + 1j
    return rows


def append(path, rows: np.ndarray, scratch) -> None:
    rows.tofile(scratch)
    example("table", path, "append", rows.dtype.descr, scratch)


@pytest.fixture
def table(tmp_path):
    rows = records(150)
    path = tmp_path / "t.zarr"
    for part in (rows[:1], rows[1:130], rows[130:]):
        append(path, part, tmp_path / "rows")
    return path, rows


def columns(rows: np.ndarray, prefix=""):
    """Path and cells of each column that is an array, in order."""
    for name in rows.dtype.names:
        if rows[name].dtype.names:
            yield from columns(rows[name], f"{prefix}{name}/")
        else:
            yield prefix + name, rows[name]


def stored(cells: np.ndarray) -> np.ndarray:
    """Cells as the array of the column has them, by spec/table.md."""
    cells = np.ascontiguousarray(cells)
    match cells.dtype.kind:
        case "M" | "m":
            return cells.view("i8")
        case "S":
            return cells.view("u1").reshape(*cells.shape, -1)
        case "U":
            return cells.view("u4").reshape(*cells.shape, -1)
    return cells


def test_columns_are_arrays_for_everyone(table):
    path, rows = table
    group = zarr.open_group(path, mode="r")
    for name, cells in columns(rows):
        expected = stored(cells)
        assert group[name].dtype == expected.dtype.newbyteorder("="), name
        for reader, found in read_by_all(path / name):
            np.testing.assert_array_equal(found, expected, f"{reader} {name}")
    assert group.attrs["mean"] == "NaN"


def test_the_document_tells_the_record(table):
    path, rows = table
    told = zarr.open_group(path, mode="r").attrs["ziggurat"]

    def dtype(columns):
        field = lambda c: dtype(c["columns"]) if "columns" in c else np.dtype(c["dtype"])
        return np.dtype([(c["name"], field(c), tuple(c.get("shape", ()))) for c in columns])

    assert dtype(told["table"]["columns"]) == RECORD
    assert told["table"]["rows"] == len(rows)
    assert "change" not in told["table"]
    assert told["attribute_types"]["mean"] == {"type": "scalar", "dtype": "float32"}
    texts = zarr.open_group(path, mode="r")["text"][:]
    np.testing.assert_array_equal(texts.view("<U2")[:, 0], rows["text"])


def test_xarray_opens_it_with_times(table):
    path, rows = table
    with xarray.open_dataset(path, engine="zarr", consolidated=False) as found:
        assert found.sizes["row"] == len(rows)
        assert [*found.variables] and found["pair"].dims == ("row", "pair_1")
        np.testing.assert_array_equal(found["id"], rows["id"])
        np.testing.assert_array_equal(found["when"].values.astype("M8[ms]"), rows["when"])
    with xarray.open_datatree(path, engine="zarr", consolidated=False) as tree:
        np.testing.assert_array_equal(tree["at/in/y"], rows["at"]["in"]["y"])


def test_columns_come_and_go(table, tmp_path):
    path, rows = table
    new = np.arange(len(rows), dtype="f8") ** 2
    new.tofile(tmp_path / "cells")
    example("table", path, "add", "new", "<f8", tmp_path / "cells")
    example("table", path, "drop", "at")
    example("table", path, "resize", 100)
    group = zarr.open_group(path, mode="r")
    names = [column["name"] for column in group.attrs["ziggurat"]["table"]["columns"]]
    assert names == [name for name in RECORD.names if name != "at"] + ["new"]
    assert sorted(name for name, _ in group.members()) == sorted(names)
    np.testing.assert_array_equal(group["new"][:], new[:100])
    np.testing.assert_array_equal(group["id"][:], rows["id"][:100])
    # Whoever enlarges a column finds fill values.
    grown = zarr.open_array(path / "id", mode="r+")
    grown.resize((120,))
    assert not grown[100:].any()


def test_what_another_program_consolidates_is_not_left_behind(table, tmp_path):
    path, rows = table
    zarr.consolidate_metadata(path)
    append(path, rows[:5], tmp_path / "rows")
    assert zarr.open_group(path, mode="r")["id"].shape == (155,)


def test_the_program_tells_of_a_table(table):
    path, rows = table
    told = json.loads(ziggurat("info", path, "--json").stdout)
    assert told["rows"] == len(rows) and told["attributes"]["mean"] == "NaN"
    assert [column["name"] for column in told["columns"]] == [name for name, _ in columns(rows)]
    assert told["columns"][1]["dtype"] == ">f4" and told["columns"][3]["shape"] == [2]
    text = ziggurat("info", path).stdout
    assert "table of 150 rows" in text and "at/in/y" in text and "<M8[ms]" in text


@pytest.mark.parametrize("codec", ["zstd:3", "blosc-lz4:5:shuffle", "blosc-zstd:3:bitshuffle", "none"])
@pytest.mark.parametrize("options", [[], ["big"], ["fortran"], ["big", "fortran", "keep=8"]], ids="-".join)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_carrays_are_read_by_others(tmp_path, dtype, options, codec):
    path, file = tmp_path / "a.zarr", tmp_path / "elements"
    random = np.random.default_rng(3)
    values = np.round(random.uniform(0, 1, (150, 5, 3)) * 256) / 256
    values = values.astype(dtype)
    create = [f"type={dtype}", "row=5,3", f"codec={codec}", *options]
    for part in (values[:70], values[70:71], values[71:]):
        part.tofile(file)
        example("carray", path, file, *create)
    values[40:43] = values[90:93]
    values[40:43].tofile(file)
    example("carray", path, file, "at=40")
    keeps = "keep=8" in options
    for reader, found in [("zarr-python", zarr.open_array(path, mode="r")[:])] if keeps else read_by_all(path):
        np.testing.assert_array_equal(found, values, reader)


def rounded(values: np.ndarray, bits: int) -> np.ndarray:
    from numcodecs import BitRound

    return BitRound(bits).decode(BitRound(bits).encode(values.copy()), np.empty_like(values))


@pytest.mark.filterwarnings("ignore:Numcodecs codecs")
@pytest.mark.parametrize("shards", [None, (20, 8, 6)], ids=["chunks", "shards"])
@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("order", [None, (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("keep", [None, 6])
def test_arrays_of_others_are_changed(tmp_path, keep, order, endian, shards):
    from zarr.codecs.numcodecs import BitRound

    path, file = tmp_path / "a.zarr", tmp_path / "elements"
    filters = [BitRound(keepbits=keep)] if keep else []
    filters += [TransposeCodec(order=order)] if order else []
    array = zarr.create_array(
        path, shape=(33, 8, 6), chunks=(10, 4, 6), shards=shards, dtype="f4", filters=filters,
        serializer=BytesCodec(endian=endian), compressors=[ZstdCodec(level=1)], fill_value=float("nan"),
    )
    values = np.random.default_rng(4).normal(size=(60, 8, 6)).astype("f4")
    keeping = (lambda values: rounded(values, keep)) if keep else (lambda values: values)
    array[:] = values[:33]
    values[33:].tofile(file)
    example("carray", path, file)
    values[7:12] *= 2
    values[7:12].tofile(file)
    example("carray", path, file, "at=7")
    array = zarr.open_array(path, mode="r+")
    np.testing.assert_array_equal(array[:], keeping(values))
    assert json.loads((path / "zarr.json").read_text())["codecs"]
    # And once more by them.
    array[50:] = 3
    values[50:] = 3
    np.testing.assert_array_equal(array[:], keeping(values))

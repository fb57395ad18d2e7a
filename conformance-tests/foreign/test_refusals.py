"""What cannot be imported is refused with a message that names the file, and leaves nothing behind."""

import resource
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio.transform
import rasterio.warp
import xarray
import zarr

from inputs import _geotiff, _npy, _terrain, from_raster
from program import CROP, SHARED, assert_refused, refusal, ziggurat
from stores import Store


def refuses(scratch: Path, *arguments, **options) -> str:
    """Runs an import, which must be refused and change nothing in `scratch`; returns the message."""
    before = sorted(scratch.rglob("*"))
    message = refusal("import", *arguments, **options)
    assert sorted(scratch.rglob("*")) == before, "something was left behind"
    return message


@pytest.fixture
def store(tmp_path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "store.zarr"


def whole_file(kind: str, scratch: Path) -> Path:
    values = _terrain((120, 130), 1).astype("float32")
    match kind:
        case "tif":
            return _geotiff(scratch / "whole.tif", values, tiled=True, blockxsize=32, blockysize=32, compress="deflate")
        case "npy":
            return _npy(scratch / "whole.npy", values)
        case "nc":
            return Path(shutil.copy(CROP, scratch / "whole.nc"))


KINDS = ("tif", "npy", "nc")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_truncated(tmp_path, store, kind, part):
    whole = whole_file(kind, tmp_path)
    cut = tmp_path / f"cut.{kind}"
    data = whole.read_bytes()
    cut.write_bytes(data[: int(len(data) * part)])
    assert cut.name in refuses(store.parent, cut, store)


@pytest.mark.parametrize("kind", KINDS)
def test_empty_file(tmp_path, store, kind):
    empty = tmp_path / f"empty.{kind}"
    empty.touch()
    assert empty.name in refuses(store.parent, empty, store)


@pytest.mark.parametrize("kind", KINDS)
def test_text_with_the_name_of_a_raster(tmp_path, store, kind):
    text = tmp_path / f"readme.{kind}"
    text.write_text("This is no raster.\n" * 50)
    assert text.name in refuses(store.parent, text, store)


@pytest.mark.parametrize("name", ["notes.txt", "scan.nii.gz", "archive.zip"])
def test_format_that_is_not_read(tmp_path, store, name):
    file = tmp_path / name
    file.write_bytes(b"\x1f\x8b\x08\x00" + bytes(range(256)))
    assert name in refuses(store.parent, file, store)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"real input is not here: {SHARED}")
def test_nifti_is_refused(store):
    (scan,) = SHARED.glob("*.nii.gz")
    assert scan.name in refuses(store.parent, scan, store)


def test_source_that_does_not_exist(tmp_path, store):
    assert "nowhere.tif" in refuses(store.parent, tmp_path / "nowhere.tif", store)


def test_directory_that_is_no_store(tmp_path, store):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file.txt").write_text("x")
    assert "plain" in refuses(store.parent, tmp_path / "plain", store)


def test_target_directory_that_does_not_exist(tmp_path):
    missing = tmp_path / "no" / "such" / "place" / "store.zarr"
    message = refuses(tmp_path, CROP, missing)
    assert "store.zarr" in message or "place" in message


def test_target_that_exists(tmp_path, store):
    ziggurat("import", CROP, store, "--levels", "1")
    before = {p: p.stat().st_mtime_ns for p in store.rglob("*")}
    assert "store.zarr" in refuses(store.parent, CROP, store)
    assert {p: p.stat().st_mtime_ns for p in store.rglob("*")} == before, "the store that was there is untouched"


def test_target_that_is_a_file(tmp_path, store):
    store.write_text("precious")
    assert "store.zarr" in refuses(store.parent, CROP, store)
    assert store.read_text() == "precious"


def test_array_without_elements(tmp_path, store):
    assert "none.npy" in refuses(store.parent, _npy(tmp_path / "none.npy", np.zeros((0, 10), "f4")), store)


def test_type_without_numbers(tmp_path, store):
    assert "texts.npy" in refuses(store.parent, _npy(tmp_path / "texts.npy", np.array([["a", "b"]])), store)


@pytest.mark.parametrize(
    "option", [("--aggregate", "mode-ish"), ("--codec", "rar"), ("--levels", "many"), ("--factor", "0")]
)
def test_options_that_make_no_sense(tmp_path, store, option):
    assert option[1] in refuses(store.parent, *option, CROP, store)


def test_variable_that_is_not_there(tmp_path, store):
    path = tmp_path / "two.nc"
    grid = np.zeros((4, 5), "f4")
    xarray.Dataset({"wind": (("y", "x"), grid), "rain": (("y", "x"), grid)}).to_netcdf(path)
    message = refuses(store.parent, "--var", "hail", path, store)
    assert "hail" in message and "wind" in message and "rain" in message


# --- sizes that a header claims


def little_memory():
    """No allocation of what a header claims can succeed."""
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))


def test_npy_that_claims_to_be_huge(tmp_path, store):
    file = tmp_path / "huge.npy"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 1099511627776), }"
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    file.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(1000))
    assert "huge.npy" in refuses(store.parent, file, store, preexec_fn=little_memory)


def test_sparse_zarr_with_a_huge_domain(tmp_path, store):
    """2^40 cells of which one block is there: either made in bounded time and memory, or refused."""
    source = zarr.create_array(
        str(tmp_path / "sparse.zarr"), shape=(1 << 20, 1 << 20), chunks=(256, 256), dtype="i2", fill_value=-1
    )
    source[5000:5256, 700:900] = 7
    arguments = ("import", tmp_path / "sparse.zarr", store, "--levels", "3")
    done = ziggurat(*arguments, check=False, preexec_fn=little_memory, timeout=120)
    if done.returncode:
        assert_refused(done)
        assert "sparse.zarr" in done.stderr and not list(store.parent.iterdir())
        return
    made = Store(store)
    (name,) = made.variables()
    assert (made.level("mean", 0, name)[5000:5256, 700:900] == 7).all()
    assert (made.level("mean", 3, name)[625:657, 88:112] == 7).all()


# --- frames that cannot be stacked


def frames(scratch: Path, **second) -> list[Path]:
    """Two rasters, the second one changed."""
    options = dict(values=_terrain((60, 70), 3).astype("float32"), crs="EPSG:32633", origin=(400_000, 5_200_000), cell=5)
    paths = []
    for day, changed in (("20200101", {}), ("20210101", second)):
        o = options | changed
        transform = rasterio.transform.from_origin(*o["origin"], o["cell"], o["cell"])
        paths.append(_geotiff(scratch / f"frame_{day}.tif", o["values"], None, transform, o["crs"]))
    return paths


@pytest.mark.parametrize(
    "second",
    [
        {"origin": (400_000, 5_200_002)},
        {"origin": (400_005, 5_200_000)},
        {"cell": 6},
        {"values": _terrain((61, 70), 3).astype("float32")},
        {"crs": "EPSG:32632"},
    ],
    ids=["part of a cell", "a whole cell", "cell size", "rows", "crs"],
)
def test_frames_that_do_not_share_the_grid(tmp_path, store, second):
    message = refuses(store.parent, *frames(tmp_path, **second), store)
    assert "frame_20210101.tif" in message


def test_the_offset_of_a_shifted_frame_is_named(tmp_path, store):
    message = refuses(store.parent, *frames(tmp_path, origin=(400_000, 5_200_002)), store)
    assert "0.4" in message or "2" in message.replace("2020", "").replace("2021", "").replace("5200002", "")
    assert "--resample" in message


def test_frames_of_different_type(tmp_path, store):
    second = {"values": _terrain((60, 70), 3).astype("int16")}
    assert "frame_20210101.tif" in refuses(store.parent, *frames(tmp_path, **second), store)


def test_frames_without_a_time(tmp_path, store):
    paths = []
    for name in ("a.tif", "b.tif"):
        paths.append(_geotiff(tmp_path / name, _terrain((20, 20), 1).astype("float32")))
    message = refuses(store.parent, *paths, store)
    assert "a.tif" in message and "--time" in message


def _nearest(source: Path, store: Store, array: zarr.Array) -> np.ndarray:
    """What GDAL's warper makes of a raster on the grid of `array`."""
    with rasterio.open(source) as raster:
        a, b, c, d, e, f = store.group["0"].attrs["spatial:transform"]
        out = np.zeros((raster.count, *array.shape[-2:]), raster.dtypes[0])
        rasterio.warp.reproject(
            rasterio.band(raster, list(range(1, raster.count + 1))),
            out,
            dst_transform=rasterio.transform.Affine(a, b, c, d, e, f),
            dst_crs=raster.crs,
            resampling=rasterio.warp.Resampling.nearest,
        )
        return out if raster.count > 1 else out[0]


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"real input is not here: {SHARED}")
def test_naip_is_refused_as_it_is(store):
    message = refuses(store.parent, *sorted((SHARED / "naip").glob("*.tif")), store)
    assert "--resample" in message


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"real input is not here: {SHARED}")
def test_naip_is_resampled_when_told_to(store):
    paths = sorted((SHARED / "naip").glob("*.tif"))
    ziggurat("import", *reversed(paths), store, "--resample", "nearest", "--levels", "2")
    made = Store(store)
    (name,) = made.variables()
    array = made.level("mean", 0, name)
    assert array.shape[:2] == (5, 4)
    y = made.coordinate(array, 2)
    unchanged = 0
    for frame, path in zip(array, paths, strict=True):
        truth = from_raster(path)
        rows, columns = truth.values.shape[-2:]
        if truth.coordinates["y"][0] in y:
            unchanged += 1
            (first,) = np.flatnonzero(y == truth.coordinates["y"][0])
            assert np.array_equal(frame[:, first : first + rows, :columns], truth.values), f"{path.name} fits as it is"
            assert not frame[:, :first].any() and not frame[:, first + rows :].any(), "nothing is there: nodata"
        else:
            # The warper may decide about the outermost cells otherwise.
            same = (frame == _nearest(path, made, array))[:, 2:-2, 1:-1]
            assert same.all(), f"{path.name}: {np.mean(same):.4%} of cells agree with GDAL"
    assert unchanged == 4

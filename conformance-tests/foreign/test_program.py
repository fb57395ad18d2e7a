"""`info`, `get` and `digest`, checked by software that reads their output."""

import json

import numpy as np
import pytest
import rasterio

from program import digest, refusal, ziggurat


def test_info_for_people_and_programs(two):
    assert "level" in ziggurat("info", two.path).stdout.lower()
    said = json.loads(ziggurat("info", two.path, "--json").stdout)
    assert isinstance(said, dict) and said


@pytest.mark.parametrize("level", [0, 1, 2])
def test_get_npy(two, tmp_path, level):
    name, _ = next(two.truths())
    ziggurat("get", two.path, "--level", level, "--out", tmp_path / "out.npy")
    expected = two.store.level("mean", level, name)[...]
    actual = np.load(tmp_path / "out.npy")
    assert actual.dtype == expected.dtype
    assert np.array_equal(actual, expected)


def test_get_an_aggregator(two, tmp_path):
    name, _ = next(two.truths())
    ziggurat("get", f"{two.path}/agg/max", "--level", 1, "--out", tmp_path / "out.npy")
    assert np.array_equal(np.load(tmp_path / "out.npy"), two.store.level("max", 1, name)[...])


def test_get_geotiff(make_store, tmp_path):
    """North up, as GeoTIFF is read, though the source has the south first."""
    crop = make_store("etopo5_crop")
    ziggurat("get", crop.path, "--level", 2, "--out", tmp_path / "out.tif")
    with rasterio.open(tmp_path / "out.tif") as raster:
        assert np.array_equal(raster.read(1)[::-1], crop.store.level("mean", 2, "relief")[...])
        assert raster.crs.to_epsg() == 4326
        assert raster.nodata == -32768
        a, b, c, d, e, f = crop.store.group["2"].attrs["spatial:transform"]
        assert list(raster.transform)[:6] == pytest.approx([a, b, c, d, -e, f + e * raster.height])


def test_get_picture(make_store, tmp_path):
    crop = make_store("etopo5_crop")
    ziggurat("get", crop.path, "--shape", "120,160", "--out", tmp_path / "out.png")
    with rasterio.open(tmp_path / "out.png") as picture:
        assert picture.shape == (120, 160)
        assert np.ptp(picture.read(1).astype(int)) > 50, "the picture shows something"


def test_get_box(make_store, tmp_path):
    """90 to 100 E, 20 to 30 N at level 0: cells whose centres lie in it, by GDAL."""
    crop = make_store("etopo5_crop")
    ziggurat("get", crop.path, "--level", 0, "--bbox", "90,20,100,30", "--out", tmp_path / "out.tif")
    with rasterio.open(tmp_path / "out.tif") as raster:
        west, south, east, north = raster.bounds
        step = 1 / 12
        assert abs(west - 90) <= step and abs(east - 100) <= step
        assert abs(south - 20) <= step and abs(north - 30) <= step
        x, y = raster.xy(50, 60)
        (value,) = next(raster.sample([(x, y)]))
    base = crop.store.level("mean", 0, "relief")
    rows, columns = crop.store.coordinate(base, 0), crop.store.coordinate(base, 1)
    assert value == base[int(np.abs(rows - y).argmin()), int(np.abs(columns - x).argmin())]


def test_get_refuses_what_is_not_there(two, tmp_path):
    refusal("get", two.path, "--level", 99, "--out", tmp_path / "out.npy")
    refusal("get", tmp_path / "nowhere.zarr", "--out", tmp_path / "out.npy")
    refusal("get", two.path, "--level", 0, "--out", tmp_path / "out.xyz")
    assert list(tmp_path.iterdir()) == []


def test_digest_of_what_is_no_store(tmp_path):
    assert digest("ziggurat", tmp_path) == {}
    assert "error" in digest("ziggurat", tmp_path / "nowhere")[""]

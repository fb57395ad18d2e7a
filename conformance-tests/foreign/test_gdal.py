"""GDAL: the unsharded layout from 3.12 on (a wheel that needs Python 3.12), everything from 3.13 on (where installed)."""

import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest

from conftest import import_command
from program import READERS, digest, ziggurat

GDAL_PYTHON = os.environ.get("ZIGGURAT_GDAL_PYTHON")


def gdal_version() -> tuple[int, ...]:
    if not shutil.which("gdalinfo"):
        return (0,)
    said = subprocess.run(["gdalinfo", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"GDAL (\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else (0,)


@pytest.fixture(scope="module", params=["etopo5_crop", "irregular_time"])
def unsharded(request, make_store, tmp_path_factory):
    """(imported, path of the same in the unsharded layout)."""
    imported = make_store(request.param)
    path = tmp_path_factory.mktemp("unsharded") / "store.zarr"
    ziggurat(*import_command(imported.input, path), "--layout", "unsharded")
    return imported, path


def test_unsharded_layout_holds_the_same(unsharded):
    imported, path = unsharded
    sharded, other = digest("zarr-python", imported.path), digest("zarr-python", path)
    assert {p: line["sha256"] for p, line in sharded.items()} == {p: line["sha256"] for p, line in other.items()}
    for file in path.rglob("zarr.json"):
        assert "sharding_indexed" not in file.read_text()


@pytest.mark.skipif(not GDAL_PYTHON, reason="no Python >= 3.12 with rasterio 1.5 (ZIGGURAT_GDAL_PYTHON)")
def test_gdal_3_12_reads_the_unsharded_layout(unsharded):
    imported, path = unsharded
    said = digest("zarr-python", path)
    for asset, _, _ in imported.store.levels(imported.store.group):
        for name, truth in imported.truths():
            script = str(READERS / "describe_gdal.py")
            done = subprocess.run([GDAL_PYTHON, script, path, f"{asset}/{name}"], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            seen = json.loads(done.stdout)
            assert tuple(map(int, seen["gdal"].split(".")[:2])) >= (3, 12)
            assert seen["sha256"] == said[f"{asset}/{name}"]["sha256"]
            if truth.epsg:
                assert seen["epsg"] == truth.epsg
            if "x" in truth.coordinates:
                level = imported.store.group[asset].attrs["spatial:transform"]
                np.testing.assert_allclose(seen["transform"], level, rtol=1e-9)
            if truth.nodata is not None:
                assert seen["nodata"] == truth.nodata


@pytest.mark.skipif(gdal_version() < (3, 13), reason=f"gdalinfo is {gdal_version()}, not 3.13 or later")
def test_gdal_3_13_sees_the_pyramid(two):
    for name, truth in two.truths():
        done = subprocess.run(
            ["gdalinfo", "-json", f'ZARR:"{two.path}":/0/{name}'], capture_output=True, text=True, check=True
        )
        band = json.loads(done.stdout)["bands"][0]
        levels = two.store.levels(two.store.group)
        assert len(band.get("overviews", [])) == len(levels) - 1

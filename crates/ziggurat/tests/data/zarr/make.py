"""Makes stores.tgz beside this script, and prints what the tests expect of the stores in it.

Needs zarr 3, xarray, numpy and pyproj.
"""

import hashlib
import io
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pyproj
import xarray as xr
import zarr
from zarr.codecs import BytesCodec, ZstdCodec

HERE = Path(__file__).parent


def show(name, values):
    values = np.asarray(values)
    values = values.astype(values.dtype.newbyteorder("<"))
    print(name, values.dtype, values.shape, hashlib.sha256(values.tobytes()).hexdigest())


def sparse(root):
    """Sharded, and only two of its shards exist."""
    a = zarr.create_array(
        root / "sparse.zarr", shape=(70, 100), shards=(32, 32), chunks=(8, 16), dtype="f4",
        fill_value=np.nan, dimension_names=["y", "x"], compressors=ZstdCodec(level=1),
        attributes={
            "spatial:transform": [10.0, 0.0, 5000.0, 0.0, -10.0, 9000.0],
            "spatial:dimensions": ["y", "x"],
            "proj:code": "EPSG:3035",
            "units": "m",
        },
    )
    a[0:8, 0:16] = np.arange(128).reshape(8, 16)
    a[64:70, 96:100] = 7
    show("sparse", a[:])


def fill(root):
    """xarray writes the _FillValue of a float as base64, and that of an integer as it is."""
    count = np.arange(12).reshape(3, 4)
    d = xr.Dataset(
        {
            "f": (("y", "x"), np.where(count == 5, np.nan, count / 2).astype("f4")),
            "i": (("y", "x"), count.astype("f8")),
            "b": (("y", "x"), count % 2 == 0),
            "h": (("y", "x"), count.astype("f2")),
            "c": (("y", "x"), (count + 1j).astype("c8")),
            "when": (("time", "x"), np.arange(8).reshape(2, 4).astype("u1")),
        },
        coords={
            "x": ("x", [10, 20, 30, 40]),
            "y": ("y", [3.5, 2.5, 1.5]),
            "time": ("time", np.array(["2001-02-03T04:05:06", "2001-02-04"], "M8[ns]")),
        },
    )
    encoding = {
        "f": {"_FillValue": -9999.0},
        "i": {"_FillValue": -1, "dtype": "i2", "scale_factor": 0.5},
    }
    d.to_zarr(root / "fill3.zarr", zarr_format=3, encoding=encoding)
    for drop in "c":
        d = d.drop_vars(drop)
    d.to_zarr(root / "fill2.zarr", zarr_format=2, encoding=encoding)
    for version in "23":
        r = xr.open_zarr(root / f"fill{version}.zarr", mask_and_scale=False, decode_times=False)
        for name in r.variables:
            show(f"fill{version}/{name}", r[name])


def kinds(root):
    """Types that are not numbers, and layouts that are not plain."""
    g = zarr.create_group(root / "kinds.zarr")
    g.create_array("band", shape=(3,), dtype=str, chunks=(3,), dimension_names=["band"])[:] = ["red", "grün", "nir"]
    g.create_array("t", shape=(2,), dtype="M8[s]", chunks=(2,), dimension_names=["t"])[:] = np.array(["2000-01-01", "2000-01-03"], "M8[s]")
    v = g.create_array(
        "v", shape=(2, 3, 4, 5), dtype="u2", chunks=(1, 3, 2, 5), dimension_names=["t", "band", "row", "col"],
        serializer=BytesCodec(endian="big"), compressors=[], fill_value=9,
        attributes={
            "_CRS": {"wkt": pyproj.CRS.from_epsg(28992).to_wkt(), "url": "http://www.opengis.net/def/crs/EPSG/0/28992"},
            "spatial:dimensions": ["row", "col"],
        },
    )
    v[:] = np.arange(120).reshape(2, 3, 4, 5)
    g.create_array("text", shape=(3,), dtype=str, chunks=(3,), dimension_names=["q"])
    show("kinds/v", v[:])
    o = zarr.create(store=root / "order.zarr", shape=(5, 6), chunks=(2, 4), dtype=">i4", order="F", zarr_format=2,
                    fill_value=-5, compressor=None)
    o[0:4, 0:6] = np.arange(24).reshape(4, 6)
    show("order", o[:])


def image(root):
    """An OME-NGFF 0.5 image: levels are arrays."""
    g = zarr.create_group(root / "image.zarr", attributes={"ome": {"version": "0.5", "multiscales": [{
        "name": "cells",
        "axes": [
            {"name": "c", "type": "channel"},
            {"name": "y", "type": "space", "unit": "micrometer"},
            {"name": "x", "type": "space", "unit": "micrometer"},
        ],
        "datasets": [
            {"path": str(i), "coordinateTransformations": [
                {"type": "scale", "scale": [1.0, 0.5 * 2**i, 0.25 * 2**i]},
                {"type": "translation", "translation": [0.0, 10.0, 20.0]},
            ]} for i in range(2)
        ],
    }]}})
    for i in range(2):
        a = g.create_array(str(i), shape=(2, 8 >> i, 8 >> i), dtype="u1", chunks=(1, 4, 4), dimension_names=["c", "y", "x"])
        a[:] = np.arange(a.size).reshape(a.shape)
        show(f"image/{i}", a[:])


def pyramid(root):
    """Level groups by the multiscales convention; the place is declared once, at the top."""
    g = zarr.create_group(root / "levels.zarr", attributes={
        "multiscales": {"layout": [
            {"asset": "coarse", "derived_from": "fine"},
            {"asset": "fine"},
        ]},
        "proj:code": "EPSG:32633",
        "spatial:transform": [2.0, 0.0, 100.0, 0.0, -2.0, 50.0],
        "spatial:dimensions": ["y", "x"],
        "spatial:shape": [4, 6],
    })
    for name, n in [("fine", 1), ("coarse", 2)]:
        level = g.create_group(name)
        a = level.create_array("dem", shape=(4 // n, 6 // n), dtype="i2", chunks=(2, 3), dimension_names=["y", "x"],
                               attributes={"_FillValue": -32768})
        a[:] = np.arange(a.size).reshape(a.shape) * n
        show(f"levels/{name}", a[:])


def main():
    with tempfile.TemporaryDirectory() as temp:
        root = Path(temp)
        for make in [sparse, fill, kinds, image, pyramid]:
            make(root)
        with tarfile.open(HERE / "stores.tgz", "w:gz") as tar:
            for path in sorted(root.rglob("*")):
                if path.is_file():
                    info = tarfile.TarInfo(str(path.relative_to(root)))
                    info.size = path.stat().st_size
                    tar.addfile(info, io.BytesIO(path.read_bytes()))


main()

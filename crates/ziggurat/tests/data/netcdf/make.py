"""Makes the NetCDF files beside this script, and prints what the tests expect of them.

Needs netCDF4, numpy, pyproj and xarray. The values are small integers, so that the files
compress and every expected number can be checked by eye.
"""

import hashlib
from pathlib import Path

import netCDF4
import numpy as np
import pyproj
import xarray as xr

HERE = Path(__file__).parent


def classic(name, model):
    with netCDF4.Dataset(HERE / name, "w", format=model) as d:
        d.createDimension("time", None)
        d.createDimension("lat", 5)
        d.createDimension("lon", 7)
        d.createDimension("nv", 2)
        d.createDimension("length", 4)
        time = d.createVariable("time", "i4", ("time",))
        time.units, time.calendar, time.bounds = "hours since 2000-01-01", "noleap", "time_bnds"
        d.createVariable("time_bnds", "f8", ("time", "nv"))[:] = np.zeros((3, 2))
        time[:] = [0, 6, 18]
        lat = d.createVariable("lat", "f4", ("lat",))
        lat.units, lat.standard_name = "degrees_north", "latitude"
        lat[:] = np.arange(5) * 0.1 - 0.2
        lon = d.createVariable("lon", "f8", ("lon",))
        lon.units = "degrees_east"
        lon[:] = np.arange(7) + 350.0
        dims = ("time", "lat", "lon")
        count = np.arange(3 * 5 * 7).reshape(3, 5, 7)
        # Automatic masking and scaling would undo what is tested.
        d.set_auto_maskandscale(False)
        byte = d.createVariable("byte", "i1", dims, fill_value=np.int8(-1))
        byte._Unsigned = "true"
        byte.set_auto_maskandscale(False)
        byte[:] = (count * 2 + 46).astype("u1").view("i1")
        packed = d.createVariable("packed", "i2", dims)
        packed.scale_factor, packed.add_offset = np.float32(-0.25), 100.0
        packed.missing_value, packed.units = np.int16(-999), "K"
        packed.valid_range = np.array([-500, 500], "i2")
        packed.set_auto_maskandscale(False)
        packed[:] = np.where(count % 10 == 3, -999, count)
        static = d.createVariable("static", "f4", ("lat", "lon"), fill_value=np.float32(-1e34))
        static.long_name = "does not change"
        static[:] = np.where(count[0] == 4, np.float32(-1e34), count[0] / 8)
        station = d.createVariable("station", "S1", ("time", "length"))
        station[:] = netCDF4.stringtochar(np.array(["de", "bilt", "x"], "S4"))
        if model == "NETCDF3_64BIT_DATA":
            for kind in ["u2", "u4", "i8", "u8"]:
                v = d.createVariable(kind, kind, ("lat", "lon"))
                v[:] = np.iinfo(kind).max - count[0].astype(kind)


def projected(name):
    crs = pyproj.CRS.from_epsg(28992)
    with netCDF4.Dataset(HERE / name, "w", format="NETCDF4") as d:
        d.createDimension("time", None)
        d.createDimension("y", 6)
        d.createDimension("x", 8)
        d.createDimension("station", 3)
        time = d.createVariable("time", "f8", ("time",))
        time.units, time.axis = "days since 1970-01-01", "T"
        time[:] = [0.0, 0.5, 1.25, 1.5]
        y = d.createVariable("y", "f8", ("y",))
        y.standard_name, y.units = "projection_y_coordinate", "m"
        y[:] = 450000.0 - 500.0 - np.arange(6) * 1000.0
        x = d.createVariable("x", "f4", ("x",))
        x.standard_name, x.units = "projection_x_coordinate", "m"
        x[:] = 100000.0 + 500.0 + np.arange(8) * 1000.0
        mapping = d.createVariable("crs", "i4", ())
        mapping.crs_wkt = crs.to_wkt()
        mapping.GeoTransform = "100000 1000 0 450000 0 -1000 "
        mapping.grid_mapping_name = "oblique_stereographic"
        count = np.arange(4 * 6 * 8).reshape(4, 6, 8)
        rain = d.createVariable(
            "rain", "f4", ("time", "y", "x"), zlib=True, shuffle=True, chunksizes=(1, 4, 5),
            fill_value=np.float32("nan"),
        )
        rain.grid_mapping, rain.units = "crs: x y", "mm"
        rain[:] = np.where(count % 7 == 0, np.nan, count / 4)
        big = d.createVariable("big", ">i4", ("y", "x"), endian="big", chunksizes=(3, 8))
        big.grid_mapping = "crs"
        big[:] = count[0] * 1000
        label = d.createVariable("station", str, ("station",))
        label[:] = np.array(["De Bilt", "Cabauw", "Ås"], object)
        series = d.createVariable("series", "u8", ("time", "station"), fill_value=np.uint64(2**64 - 1))
        series.coordinates = "station"
        series[:] = count[:, 0, :3].astype("u8")
        pair = d.createCompoundType(np.dtype([("a", "i4"), ("b", "f8")]), "pair")
        d.createVariable("compound", pair, ("station",))
        ragged = d.createVLType("i4", "ragged")
        d.createVariable("vlen", ragged, ("station",))
        mode = d.createEnumType("i1", "mode", {"off": 0, "on": 1})
        d.createVariable("switch", mode, ("station",), fill_value=0)
        group = d.createGroup("inner")
        group.createDimension("x", 3)
        group.createVariable("x", "f8", ("x",))[:] = [1.0, 2.0, 4.0]
        group.createVariable("v", "i2", ("y", "x"))[:] = count[0, :, :3]


def curved(name):
    with netCDF4.Dataset(HERE / name, "w", format="NETCDF4_CLASSIC") as d:
        d.createDimension("nj", 4)
        d.createDimension("ni", 5)
        count = np.arange(20).reshape(4, 5)
        lat = d.createVariable("lat", "f8", ("nj", "ni"))
        lat.units, lat.standard_name = "degrees_north", "latitude"
        lat[:] = 50 + count * 0.1
        lon = d.createVariable("lon", "f8", ("nj", "ni"))
        lon.units, lon.standard_name = "degrees_east", "longitude"
        lon[:] = 4 + count * 0.2
        ice = d.createVariable("ice", "i1", ("nj", "ni"))
        ice.coordinates = "lat lon area"
        ice[:] = count


def main():
    classic("classic.nc", "NETCDF3_CLASSIC")
    classic("cdf5.nc", "NETCDF3_64BIT_DATA")
    projected("projected.nc")
    curved("curved.nc")
    for path in sorted(HERE.glob("*.nc")):
        for group in [None, "inner"] if path.name == "projected.nc" else [None]:
            with netCDF4.Dataset(path) as d:
                d.set_auto_maskandscale(False)
                for name, v in (d[group] if group else d).variables.items():
                    if name in ["station", "compound", "vlen", "switch"]:
                        continue
                    values = np.asarray(v[:]).astype(v.dtype.newbyteorder("<"))
                    print(path.name, group or "", name, v.dtype, values.shape,
                          hashlib.sha256(values.tobytes()).hexdigest())
        with xr.open_dataset(path, decode_times=False, drop_variables=["compound", "vlen"]) as d:
            print(d.sizes)


main()

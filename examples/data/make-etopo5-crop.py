#!/usr/bin/env python3
"""Cuts `etopo5-crop.nc` out of the ETOPO5 file of Debian's `ferret-datasets`.

    apt-get download ferret-datasets && dpkg -x ferret-datasets_*.deb .
    pip install netCDF4==1.7.5.1.post1
    python3 make-etopo5-crop.py usr/share/ferret-vis/data/etopo5.cdf

The values are untouched: whole metres, float32 there, int16 here. Rows keep their order (south first).
Longitude is written as n/12 degrees: the source's axis ends 0.003 degrees too far east.
"""

import sys
from pathlib import Path

import netCDF4
import numpy as np

WEST, EAST = 60, 140  # degrees, both ends included: cells are centred on the grid lines
SOUTH, NORTH = -10, 60
STEP = 12  # cells per degree


def main(source: str) -> None:
    rows = slice((SOUTH + 90) * STEP, (NORTH + 90) * STEP + 1)
    cols = slice(WEST * STEP, EAST * STEP + 1)
    with netCDF4.Dataset(source) as src:
        relief = src["ROSE"][rows, cols].filled(np.nan)
        assert np.allclose(src["ETOPO05_Y"][rows], np.arange(rows.start, rows.stop) / STEP - 90)
        assert np.allclose(src["ETOPO05_X"][cols], np.arange(cols.start, cols.stop) / STEP, atol=0.005)
    metres = relief.astype("int16")
    assert (metres == relief).all()

    target = Path(__file__).with_name("etopo5-crop.nc")
    with netCDF4.Dataset(target, "w", format="NETCDF4") as out:
        out.Conventions = "CF-1.11"
        out.title = "ETOPO5 relief of southern and eastern Asia, 5 arc-minutes"
        out.source = "ETOPO5 (NGDC), as etopo5.cdf of Ferret, NOAA PMEL"
        for name, standard, units, values in (
            ("lat", "latitude", "degrees_north", np.arange(rows.start, rows.stop) / STEP - 90),
            ("lon", "longitude", "degrees_east", np.arange(cols.start, cols.stop) / STEP),
        ):
            out.createDimension(name, len(values))
            axis = out.createVariable(name, "f8", (name,))
            axis.standard_name, axis.units = standard, units
            axis.axis = "Y" if name == "lat" else "X"
            axis[:] = values
        crs = out.createVariable("crs", "i4")
        crs.grid_mapping_name = "latitude_longitude"
        crs.semi_major_axis, crs.inverse_flattening = 6378137.0, 298.257223563
        crs.longitude_of_prime_meridian = 0.0
        data = out.createVariable(
            "relief", "i2", ("lat", "lon"), zlib=True, complevel=9, shuffle=True, chunksizes=(211, 241), fill_value=-32768
        )
        data.long_name, data.units, data.grid_mapping = "height above sea level", "m", "crs"
        data.standard_name = "height_above_mean_sea_level"
        data[:] = metres
    print(target, metres.shape, metres.min(), metres.max(), target.stat().st_size, "bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""What GDAL (rasterio) sees in an array of a Zarr store: `describe_gdal.py STORE NODE`, one JSON object."""

import json
import math
import sys

import rasterio
from digest import sha256

store, node = sys.argv[1:]
with rasterio.open(f'ZARR:"{store}":/{node}') as array:
    values = array.read()
    nodata = array.nodata
    seen = {
        "gdal": rasterio.__gdal_version__,
        "shape": list(values.shape),
        "sha256": sha256(values),
        "epsg": array.crs.to_epsg() if array.crs else None,
        "transform": list(array.transform)[:6],
        "nodata": None if nodata is None or math.isnan(nodata) else nodata,
    }
print(json.dumps(seen))

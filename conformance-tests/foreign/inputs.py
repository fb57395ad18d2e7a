"""Inputs of the tests, each with what other software reads in it: the truth that a store is compared with.

Every input is a function of a scratch directory that is given a name by `@made` (written here, small),
`@held` (in this repository) or `@shared` (real files that are too large for it, absent on many machines).
"""

from __future__ import annotations

import json
import lzma
import tarfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import netCDF4
import numpy as np
import rasterio
import rasterio.transform
import xarray

from program import CROP, SHARED

warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)


@dataclass
class Truth:
    """One variable of a source, in the source's order."""

    values: np.ndarray
    axes: tuple[str, ...]  # role of each dimension: time, band, z, y, x or other
    coordinates: dict[str, np.ndarray] = field(default_factory=dict)  # role -> cell centres, datetime64 for time
    nodata: float | int | None = None
    epsg: int | None = None
    attributes: dict = field(default_factory=dict)  # must be on the array, among others

    @property
    def factors(self) -> tuple[bool, ...]:
        """Which dimensions are reduced: y and x, or the last two where there are neither."""
        if {"x", "y"} & set(self.axes):
            return tuple(role in ("x", "y") for role in self.axes)
        return tuple(i >= len(self.axes) - 2 for i in range(len(self.axes)))


@dataclass
class Input:
    """Files to import, the options that it takes, and what must come out."""

    sources: list[Path]
    variables: dict[str, Truth]  # by name; the name "" stands for whatever name is given
    options: tuple[str, ...] = ()
    aggregators: tuple[str, ...] = ("mean", "min", "max", "count")
    factor: int = 2


Maker = Callable[[Path], Input]
MADE: dict[str, Maker] = {}
HELD: dict[str, Maker] = {}
REAL: dict[str, Maker] = {}


def _registers(registry: dict[str, Maker]):
    def register(function: Maker) -> Maker:
        registry[function.__name__] = function
        return function

    return register


made, held, shared = _registers(MADE), _registers(HELD), _registers(REAL)

ALL = ("mean", "sum", "count", "min", "max", "nearest")


# --- sources as other software reads them


def from_raster(path: Path, nodata=None) -> Truth:
    """What GDAL reads in a raster: (y, x) of one band, (band, y, x) of several."""
    with rasterio.open(path) as raster:
        values, t = raster.read(), raster.transform
        coordinates = {}
        if t.b == 0 and t.d == 0 and not t.is_identity:
            coordinates["y"] = t.f + t.e * (np.arange(raster.height) + 0.5)
            coordinates["x"] = t.c + t.a * (np.arange(raster.width) + 0.5)
        axes = ("band", "y", "x")
        if len(values) == 1:
            values, axes = values[0], axes[1:]
        epsg = raster.crs.to_epsg() if raster.crs else None
        return Truth(values, axes, coordinates, raster.nodata if nodata is None else nodata, epsg)


def stacked(truths: list[Truth], times: list[str]) -> Truth:
    """Frames of one grid, in the order of their times."""
    order = np.argsort(np.array(times, "datetime64[ns]"))
    first = truths[0]
    coordinates = first.coordinates | {"time": np.array(times, "datetime64[ns]")[order]}
    values = np.stack([truths[i].values for i in order])
    return Truth(values, ("time", *first.axes), coordinates, first.nodata, first.epsg, first.attributes)


def from_xarray(dataset: xarray.Dataset, roles: dict[str, str], epsg=None, names=None) -> dict[str, Truth]:
    """What xarray reads, undecoded, in the variables called `names`; `roles` by dimension name."""
    found = {}
    for name in names or [n for n, v in dataset.data_vars.items() if v.ndim > 1]:
        variable = dataset[name]
        nodata = variable.attrs.get("_FillValue", variable.attrs.get("missing_value"))
        coordinates = {roles[d]: dataset[d].values for d in variable.dims if d in dataset.coords}
        kept = ("units", "long_name", "standard_name", "scale_factor", "add_offset")
        attributes = {k: variable.attrs[k] for k in kept if k in variable.attrs}
        axes = tuple(roles[d] for d in variable.dims)
        found[name] = Truth(variable.values, axes, coordinates, nodata, epsg, attributes)
    return found


def times_of(path: Path, name: str, **options) -> np.ndarray:
    """The decoded time axis of a file, in nanoseconds."""
    opener = xarray.open_zarr if path.is_dir() else xarray.open_dataset
    return opener(path, **options)[name].values.astype("datetime64[ns]")


def unpacked(source: Path, into: Path) -> Path:
    """The file or directory in an `.xz` or `.tgz`."""
    if source.suffix == ".xz":
        target = into / source.stem
        target.write_bytes(lzma.decompress(source.read_bytes()))
        return target
    with tarfile.open(source) as archive:
        archive.extractall(into, filter="data")
    return into


# --- held in this repository


@held
def etopo5_crop(_: Path) -> Input:
    """int16, south first, longitudes of the eastern hemisphere, odd sizes."""
    dataset = xarray.open_dataset(CROP, mask_and_scale=False)
    return Input([CROP], from_xarray(dataset, {"lat": "y", "lon": "x"}, 4326, ["relief"]), aggregators=ALL)


# --- made here


def _terrain(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Smooth ground with noise, about -3000 to 3000."""
    rng = np.random.default_rng(seed)
    ground = sum(
        1000 * np.sin(np.arange(n).reshape([-1 if i == d else 1 for i in range(len(shape))]) / (5.0 + d) + d)
        for d, n in enumerate(shape)
    )
    return ground + rng.normal(scale=30, size=shape)


def _geotiff(path: Path, values: np.ndarray, nodata=None, transform=None, crs="EPSG:32633", **options) -> Path:
    bands = values if values.ndim == 3 else values[None]
    transform = transform or rasterio.transform.from_origin(400_000, 5_200_000, 30, 20)
    profile = dict(height=bands.shape[1], width=bands.shape[2], count=len(bands), dtype=bands.dtype.name)
    with rasterio.open(path, "w", "GTiff", crs=crs, transform=transform, nodata=nodata, **profile, **options) as out:
        out.write(bands)
    return path


def _npy(path: Path, values: np.ndarray) -> Path:
    np.save(path, values)
    return path


@made
def bytes_with_nodata(tmp: Path) -> Input:
    """uint8 GeoTIFF with holes, nodata 0, sizes 2n+1; a hole covers whole cells of every level."""
    rng = np.random.default_rng(1)
    values = rng.integers(1, 256, (257, 131), "uint8")
    values[rng.random(values.shape) < 0.3] = 0
    values[:80, 64:] = 0
    path = _geotiff(tmp / "holes.tif", values, 0, tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    return Input([path], {"": from_raster(path)}, ("--levels", "5"), ALL)


@made
def floats_with_nodata_and_nan(tmp: Path) -> Input:
    """float32 GeoTIFF in which both NaN and -9999 mean missing."""
    rng = np.random.default_rng(2)
    values = _terrain((200, 301), 2).astype("float32")
    values[rng.random(values.shape) < 0.1] = np.nan
    values[rng.random(values.shape) < 0.1] = -9999
    values[100:140, :70] = -9999
    path = _geotiff(tmp / "missing.tif", values, -9999, compress="lzw", predictor=3)
    return Input([path], {"": from_raster(path)}, ("--levels", "4"), ALL)


@made
def doubles_with_nan(tmp: Path) -> Input:
    """float64 .npy, NaN in places, one dimension far longer than the other."""
    values = _terrain((37, 900), 3)
    values[values > 1500] = np.nan
    path = _npy(tmp / "doubles.npy", values)
    return Input([path], {"": Truth(values, ("other", "other"))}, ("--levels", "5"), ALL)


@made
def three_bands(tmp: Path) -> Input:
    """uint16 GeoTIFF of three bands."""
    values = (_terrain((3, 120, 90), 4) + 4000).astype("uint16")
    path = _geotiff(tmp / "bands.tif", values, interleave="pixel", compress="deflate", predictor=2)
    return Input([path], {"": from_raster(path)}, ("--levels", "3"), ALL)


@made
def south_up(tmp: Path) -> Input:
    """GeoTIFF whose rows run from south to north."""
    transform = rasterio.transform.Affine(30, 0, 400_000, 0, 20, 5_000_000)
    path = _geotiff(tmp / "south-up.tif", _terrain((65, 70), 5).astype("int16"), -32768, transform)
    return Input([path], {"": from_raster(path)}, ("--levels", "2"))


@made
def by_three(tmp: Path) -> Input:
    """Factor 3, sizes that 3 does not divide."""
    path = _geotiff(tmp / "by-three.tif", _terrain((100, 200), 6).astype("int32"), -1)
    return Input([path], {"": from_raster(path)}, ("--levels", "3", "--factor", "3"), ALL, 3)


@made
def frames_in_any_order(tmp: Path) -> Input:
    """Four rasters of one grid, the date in the name, given out of order."""
    days = ["20200301", "20191224", "20200229", "20210704"]
    paths = [
        _geotiff(tmp / f"scene_{day}.tif", _terrain((70, 75), 10 + i).astype("float32"), -9999)
        for i, day in enumerate(days)
    ]
    truth = stacked([from_raster(p) for p in paths], [f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in days])
    return Input(paths, {"": truth}, ("--levels", "2"))


@made
def irregular_time(tmp: Path) -> Input:
    """(time, y, x) NetCDF-4, packed, times to the second at irregular distances."""
    seconds = np.array([0, 5, 3600, 86_400, 86_437])
    path = tmp / "series.nc"
    packed = np.clip(_terrain((5, 50, 60), 7), -3200, 3200).astype("int16")
    packed[2, :20] = -32768
    with netCDF4.Dataset(path, "w") as out:
        for name, size in (("time", None), ("y", 50), ("x", 60)):
            out.createDimension(name, size)
        time = out.createVariable("time", "i8", ("time",))
        time.units, time.calendar, time.standard_name = "seconds since 2021-03-04 05:06:07", "standard", "time"
        time[:] = seconds
        for name, values in (("y", 900 - 10.0 * np.arange(50)), ("x", 5 + 10.0 * np.arange(60))):
            axis = out.createVariable(name, "f8", (name,))
            axis.standard_name, axis.units = f"projection_{name}_coordinate", "m"
            axis[:] = values
        rain = out.createVariable("rain", "i2", ("time", "y", "x"), zlib=True, fill_value=-32768)
        rain.set_auto_maskandscale(False)
        rain.scale_factor, rain.add_offset, rain.units = 0.01, 5.0, "mm"
        rain[:] = packed
    truths = from_xarray(
        xarray.open_dataset(path, mask_and_scale=False), {"time": "time", "y": "y", "x": "x"}, names=["rain"]
    )
    return Input([path], truths, ("--levels", "2"), ALL)


@made
def one_pixel(tmp: Path) -> Input:
    """The smallest raster."""
    path = _geotiff(tmp / "one.tif", np.array([[7]], "int16"))
    return Input([path], {"": from_raster(path)})


@made
def nothing_but_nan(tmp: Path) -> Input:
    """A raster that holds no value at all is legal, and so are its levels."""
    path = _geotiff(tmp / "nan.tif", np.full((65, 65), np.nan, "float32"))
    return Input([path], {"": from_raster(path)}, ("--levels", "3"), ALL)


@made
def nothing_but_nodata(tmp: Path) -> Input:
    """The same with a nodata value."""
    path = _geotiff(tmp / "nodata.tif", np.full((65, 65), -1, "int16"), -1)
    return Input([path], {"": from_raster(path)}, ("--levels", "3"), ALL)


def _numbers(dtype: str) -> Maker:
    def maker(tmp: Path) -> Input:
        rng = np.random.default_rng(8)
        if np.dtype(dtype).kind == "f":
            values = rng.normal(size=(40, 33)).astype(dtype)
        else:
            info = np.iinfo(dtype)
            # Sums of 16 cells fit, but float64 does not hold them exactly.
            low, high = max(info.min, -(2**58)), min(info.max, 2**58)
            values = rng.integers(low, high, (40, 33), dtype, endpoint=True)
        path = _npy(tmp / f"{dtype}.npy", values)
        return Input([path], {"": Truth(values, ("other", "other"))}, ("--levels", "2"), ALL)

    return maker


for _type in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"):
    MADE[f"npy_{_type}"] = _numbers(_type)


@made
def npy_in_fortran_order_and_big_endian(tmp: Path) -> Input:
    """What .npy allows besides the usual."""
    values = np.asfortranarray(_terrain((60, 45), 9).astype(">i4"))
    path = _npy(tmp / "fortran.npy", values)
    return Input([path], {"": Truth(values.astype("int32"), ("other", "other"))}, ("--levels", "2"))


# --- real input that is too large for the repository


@shared
def etopo5(tmp: Path) -> Input:
    """The whole globe: south first, longitudes 0 to 360, both poles."""
    path = unpacked(SHARED / "etopo5.cdf.xz", tmp)
    dataset = xarray.open_dataset(path, mask_and_scale=False, decode_times=False)
    roles = {"ETOPO05_Y": "y", "ETOPO05_X": "x"}
    return Input([path], from_xarray(dataset, roles, names=["ROSE"]), ("--var", "ROSE"))


@shared
def ocean_atlas(tmp: Path) -> Input:
    """4-D, irregular depths, a third of the cells missing."""
    path = unpacked(SHARED / "ocean_atlas_subset.nc.xz", tmp)
    dataset = xarray.open_dataset(path, mask_and_scale=False, decode_times=False)
    roles = {"TIME": "other", "ZAXLEVIT19": "z", "YAX_SUBSET": "y", "XAX_SUBSET": "x"}
    return Input([path], from_xarray(dataset, roles, names=["TEMP"]), ("--var", "TEMP", "--levels", "3"))


@shared
def eraint(_: Path) -> Input:
    """Three packed variables with a negative scale factor."""
    path = SHARED / "eraint_uvz.nc"
    dataset = xarray.open_dataset(path, mask_and_scale=False)
    roles = {"month": "other", "level": "z", "latitude": "y", "longitude": "x"}
    variables = from_xarray(dataset, roles)
    for truth in variables.values():
        truth.nodata = None  # the file says NaN, which no int16 is
    return Input([path], variables, ("--levels", "2"))


@shared
def rgb(_: Path) -> Input:
    """Three bands, nodata 0, a collar of it."""
    path = SHARED / "RGB.byte.tif"
    return Input([path], {"": from_raster(path)}, (), ALL)


@shared
def fmi(_: Path) -> Input:
    """Three radar frames; nodata, gain and offset only in a private metadata item."""
    paths = sorted((SHARED / "fmi").glob("*.tif"))
    times = ["2016-09-28T15:40", "2016-09-28T15:45", "2016-09-28T17:50"]
    truth = stacked([from_raster(p, 255) for p in paths], times)
    truth.attributes = {"scale_factor": 0.5, "add_offset": -32.0}
    return Input(paths, {"": truth}, ("--levels", "3"), ("mean", "max", "count"))


@shared
def eopatch_ndvi(_: Path) -> Input:
    """float32 .npy of four dimensions."""
    path = SHARED / "eopatch" / "NDVI.npy"
    return Input([path], {"": Truth(np.load(path), ("other",) * 4)}, ("--levels", "2"))


@shared
def eopatch_clm(_: Path) -> Input:
    """uint8 .npy of four dimensions."""
    path = SHARED / "eopatch" / "CLM.npy"
    return Input([path], {"": Truth(np.load(path), ("other",) * 4)}, ("--levels", "2"))


@shared
def olci(tmp: Path) -> Input:
    """Zarr v2, overpasses at times with fractions of a second."""
    path = unpacked(SHARED / "olci_cube_v2.zarr.tgz", tmp) / "cube-1-250-250.zarr"
    dataset = xarray.open_zarr(path, mask_and_scale=False, decode_times=False, consolidated=False, chunks=None)
    variables = from_xarray(dataset, {"time": "time", "lat": "y", "lon": "x"})
    for truth in variables.values():
        truth.coordinates["time"] = times_of(path, "time", consolidated=False)
    return Input([path], variables, ("--levels", "2"), ("mean", "count"))


def _titiler(tmp: Path, name: str) -> Path:
    return unpacked(SHARED / "titiler_stores.tgz", tmp) / name


@shared
def titiler_v2(tmp: Path) -> Input:
    """Zarr v2 (time, y, x)."""
    path = _titiler(tmp, "dataset_3d.zarr")
    dataset = xarray.open_zarr(path, mask_and_scale=False, chunks=None)
    return Input([path], from_xarray(dataset, {"time": "time", "y": "y", "x": "x"}), ("--levels", "2"))


@shared
def titiler_v3_five_dimensions(tmp: Path) -> Input:
    """Zarr v3 with a dimension of texts."""
    path = _titiler(tmp, "zarr_5d.zarr")
    dataset = xarray.open_zarr(path, mask_and_scale=False, chunks=None, consolidated=False)
    roles = {"time": "time", "universe": "other", "z": "z", "y": "y", "x": "x"}
    truths = from_xarray(dataset, roles, names=["dataset"])
    for truth in truths.values():
        truth.coordinates.pop("other", None)
    return Input([path], truths, ("--levels", "2"))


@shared
def titiler_pyramid_base(tmp: Path) -> Input:
    """The finest level of an ndpyramid store."""
    path = _titiler(tmp, "pyramid.zarr") / "0"
    dataset = xarray.open_zarr(path, mask_and_scale=False, chunks=None, consolidated=False)
    return Input([path], from_xarray(dataset, {"y": "y", "x": "x"}), ("--levels", "2"))


def eopatch_times() -> list[str]:
    """When the frames of `eopatch` were taken."""
    return json.loads((SHARED / "eopatch" / "timestamps.json").read_text())

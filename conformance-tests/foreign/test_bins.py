"""Aggregation along time, as pandas resamples; in the calendars of models as xarray with cftime does."""

from __future__ import annotations

import json
import subprocess

import cftime
import numpy as np
import pandas as pd
import pytest
import xarray

from program import ROOT, SHARED

EXAMPLE = ROOT / "target" / "debug" / "examples" / "bins"
VALUES = ["count", "sum", "mean", "min", "max", "first", "last"]
TIMES = {"min-time": "idxmin", "max-time": "idxmax"}
NEVER = np.iinfo("i8").min
WIDTHS = {"5min": "5min", "1h": "h", "1D": "D", "1W": "W-MON", "1M": "MS", "1Y": "YS"}


def run(directory, ticks, frames, units, calendar, names, nodata="none"):
    """What the example makes of events, for each name: (labels, values by bin and cell), or the kept events."""
    if not EXAMPLE.is_file():
        pytest.skip(f"{EXAMPLE} does not exist: run `cargo build --examples`")
    np.asarray(ticks, "i8").tofile(directory / "ticks")
    np.ascontiguousarray(frames).tofile(directory / "values")
    files = [directory / "ticks", directory / "values", frames.dtype.name, nodata]
    command = [EXAMPLE, *files, units, calendar, directory, *names]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {}
    for name, line in zip(names, map(json.loads, done.stdout.splitlines()), strict=True):
        if "kept" in line:
            found[name] = line["kept"]
            continue
        values = np.fromfile(directory / name, line["type"])
        found[name] = np.array(line["label"]), values.reshape(len(line["label"]), line["cells"])
    return found


def irregular(rng, count=400, span=800 * 86400):
    """Seconds since 2023-01-01 and values of 5 cells, of which some are missing; some times end a bin."""
    ticks = rng.choice(span, count, replace=False)
    ticks[:40] = ticks[:40] // 86400 * 86400
    ticks[40:44] = np.array([0, 31, 365, 366]) * 86400
    ticks = np.unique(ticks)
    values = rng.integers(-50, 50, (len(ticks), 5)).astype("f8") / 4
    values[rng.random(values.shape) < 0.2] = np.nan
    return ticks, values


def resampled(frame: pd.DataFrame, width: str, closed: str, label: str):
    """pandas' resampler, with bins where ours are: weeks begin with Monday, days with midnight.

    Its weeks that are closed at the right end with the last moment of a day. Here an end is a moment in any
    width, as it is there in any other, so that 7 days from a Monday are what corresponds.
    """
    if (width, closed) == ("W-MON", "right"):
        return frame.resample("7D", closed=closed, label=label, origin=pd.Timestamp("2022-12-26"))
    return frame.resample(width, closed=closed, label=label)


def by_label(labels: pd.DatetimeIndex, table: np.ndarray) -> dict:
    """Bins of which something is known."""
    known = ~np.all(np.isnan(table), axis=1)
    return {label: row for label, row in zip(labels[known], table[known])}


def assert_same(ours: dict, theirs: dict, what: str):
    assert list(ours) == list(theirs), what
    for label, row in theirs.items():
        np.testing.assert_array_equal(ours[label], row, f"{what} at {label}")


def as_floats(name: str, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    values = np.where(values == NEVER, np.nan, values) if name.endswith("-time") else values.astype("f8")
    # pandas says 0, where here nothing is said, of a sum or count of nothing.
    return np.where(counts > 0, values, np.nan)


def assert_as_pandas(directory, ticks, values, since, width, closed, label):
    index = pd.Timestamp(since) + pd.to_timedelta(ticks, "s")
    frame = pd.DataFrame(values, index=index)
    bins = f"{width}.{closed}-{label}"
    names = [f"{name}@{bins}" for name in [*VALUES, *TIMES]]
    found = run(directory, ticks, values, f"seconds since {since}", "standard", names)
    resampler = resampled(frame, WIDTHS[width], closed, label)
    counts = resampler.count().to_numpy()
    mine = found[f"count@{bins}"][1]
    for name in [*VALUES, *TIMES]:
        labels, ours = found[f"{name}@{bins}"]
        labels = pd.Timestamp(since) + pd.to_timedelta(labels, "s")
        if name in TIMES:
            theirs = np.full(counts.shape, np.nan)
            group = {at: rows for at, rows in resampler}
            for i, at in enumerate(resampler.count().index):
                for cell in np.flatnonzero(counts[i]):
                    extreme = getattr(group[at][cell].dropna(), TIMES[name])()
                    theirs[i, cell] = (extreme - pd.Timestamp(since)).total_seconds()
        else:
            theirs = getattr(resampler, name)().to_numpy().astype("f8")
        theirs = by_label(resampler.count().index, np.where(counts > 0, theirs, np.nan))
        assert_same(by_label(labels, as_floats(name, ours, mine)), theirs, f"{name}@{bins}")
    if width in ("5min", "1h", "1D", "1W"):
        labels = found[names[0]][0]
        assert len(set(np.diff(labels))) <= 1, "equidistant"


@pytest.mark.parametrize("label", ["left", "right"])
@pytest.mark.parametrize("closed", ["left", "right"])
@pytest.mark.parametrize("width", WIDTHS)
def test_bins_are_those_of_pandas(tmp_path, width, closed, label):
    rng = np.random.default_rng(5)
    span = {"5min": 3 * 86400, "1h": 20 * 86400}.get(width, 800 * 86400)
    ticks, values = irregular(rng, 300, span)
    ticks, values = ticks[ticks < span], values[ticks < span]
    assert_as_pandas(tmp_path, ticks, values, "2023-01-01", width, closed, label)


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32", "int64"])
def test_integers_and_small_floats(tmp_path, dtype):
    """The mean of integers is rounded half to even, a missing value does not count."""
    rng = np.random.default_rng(6)
    ticks = np.unique(rng.integers(0, 30 * 86400, 500))
    values = rng.integers(0, 100, (len(ticks), 7)).astype(dtype)
    names = [f"{name}@1D" for name in ["mean", "min", "max", "first", "last"]]
    found = run(tmp_path, ticks, values, "seconds since 2023-01-01", "standard", names, nodata="99")
    index = pd.Timestamp("2023-01-01") + pd.to_timedelta(ticks, "s")
    frame = pd.DataFrame(np.where(values == 99, np.nan, values.astype("f8")), index=index)
    for name in names:
        theirs = getattr(frame.resample("D"), name.split("@")[0])().to_numpy()
        theirs = np.where(np.isnan(theirs), 99, theirs if dtype == "float32" else np.round(theirs))
        np.testing.assert_array_equal(found[name][1], theirs.astype(dtype), name)


def held(ticks, values, edges, hold=np.inf):
    """The time-weighted mean of bins: each second has the value of the event before."""
    seconds = np.arange(ticks[0], edges[-1])
    event = np.searchsorted(ticks, seconds, "right") - 1
    series = values[event]
    series[seconds - ticks[event] >= hold] = np.nan
    bins = np.searchsorted(edges, seconds, "right") - 1
    return pd.DataFrame(series).groupby(bins).mean().to_numpy()


@pytest.mark.parametrize(("name", "hold"), [("time-mean@1h", np.inf), ("time-mean-20min@1h", 1200)])
def test_a_time_weighted_mean_is_the_mean_of_every_second(tmp_path, name, hold):
    rng = np.random.default_rng(7)
    ticks, values = irregular(rng, 60, 86400)
    ticks, values = ticks[ticks < 86400], values[ticks < 86400]
    labels, ours = run(tmp_path, ticks, values, "seconds since 2023-01-01", "standard", [name])[name]
    theirs = held(ticks, values, np.append(labels, labels[-1] + 3600), hold)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("calendar", ["360_day", "noleap", "all_leap", "julian", "proleptic_gregorian"])
@pytest.mark.parametrize("width", ["1D", "1M", "1Y"])
def test_calendars_of_models_are_those_of_cftime(tmp_path, calendar, width):
    rng = np.random.default_rng(8)
    units = "hours since 1999-12-30"
    ticks = np.unique(rng.integers(0, 24 * 900, 250))
    values = rng.integers(-50, 50, (len(ticks), 3)).astype("f8")
    dates = cftime.num2date(ticks, units, calendar)
    coordinate = xarray.CFTimeIndex(dates)
    array = xarray.DataArray(values, dims=("time", "cell"), coords={"time": coordinate})
    names = ["mean", "min", "max", "count"]
    found = run(tmp_path, ticks, values, units, calendar, [f"{name}@{width}" for name in names])
    resampler = array.resample(time={"1D": "D", "1M": "MS", "1Y": "YS"}[width])
    for name in names:
        labels, ours = found[f"{name}@{width}"]
        theirs = getattr(resampler, name)()
        expected = cftime.date2num(theirs.time.values, units, calendar)
        known = found[f"count@{width}"][1][:, 0] > 0
        there = ~np.isnan(resampler.mean().values[:, 0])
        np.testing.assert_array_equal(labels[known], expected[there], f"{name}: labels")
        np.testing.assert_array_equal(ours[known], theirs.values[there], name)


def test_kept_events_are_the_extremes_of_frames(tmp_path):
    rng = np.random.default_rng(9)
    ticks, values = irregular(rng, 200, 30 * 86400)
    found = run(tmp_path, ticks, values, "seconds since 2023-01-01", "standard", ["extremes@1D", "thin-9"])
    series = pd.Series(np.nanmean(values, axis=1)).groupby(ticks // 86400)
    expected = sorted({*series.idxmin(), *series.idxmax()})
    assert found["extremes@1D"] == expected
    assert found["thin-9"] == list(range(0, len(ticks), 9))


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"real input is not here: {SHARED} (ZIGGURAT_SHARED)")
@pytest.mark.parametrize("width", ["1D", "1M", "1Y"])
def test_acquisitions_of_a_satellite(tmp_path, width):
    """68 acquisitions, of which two are of one day."""
    times = pd.to_datetime(json.loads((SHARED / "eopatch" / "timestamps.json").read_text()))
    ticks = ((times - pd.Timestamp("2015-01-01")) // pd.Timedelta("1s")).to_numpy()
    values = np.load(SHARED / "eopatch" / "NDVI.npy", mmap_mode="r")
    values = np.asarray(values).reshape(len(ticks), -1)[:, ::97].astype("f8")
    assert_as_pandas(tmp_path, ticks, values, "2015-01-01", width, "left", "left")

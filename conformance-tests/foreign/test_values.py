"""Level 0 is the source, bit for bit; every other level is what reference.py says."""

import numpy as np
import pytest

import reference
from stores import declared_nodata


def aligned(truth, store, array):
    """The values of `truth` in the order of `array`, whose coordinates may fall where the source's rise."""
    values = truth.values
    for axis, role in enumerate(truth.axes):
        expected = truth.coordinates.get(role)
        if expected is None or role not in ("y", "x"):
            continue
        stored = store.coordinate(array, axis)
        assert stored is not None, f"dimension {axis} ({role}) has lost its coordinate"
        step = abs(float(expected[-1]) - float(expected[0])) / max(1, len(expected) - 1) or 1
        # For each stored coordinate the source's, on the circle of longitudes if that is where they lie.
        distance = np.abs(stored[:, None] - expected[None, :])
        if role == "x" and np.ptp(expected) <= 360 and step < 10:
            distance = np.minimum(distance, np.abs(distance - 360))
        index = distance.argmin(axis=1)
        assert (distance.min(axis=1) < 0.05 * step).all(), f"dimension {axis} ({role}) has other coordinates"
        values = np.take(values, index, axis)
    return values


def test_level_0_is_the_source(imported):
    store = imported.store
    for name, truth in imported.truths():
        array = store.level("", 0, name)
        expected = aligned(truth, store, array)
        assert array.dtype == expected.dtype
        assert array.shape == expected.shape
        actual = array[...]
        same = np.ascontiguousarray(actual).view(np.uint8) == np.ascontiguousarray(expected).view(np.uint8)
        assert same.all(), f"{name}: {np.count_nonzero(~same)} bytes differ"


def test_levels_are_what_the_reference_says(imported):
    store = imported.store
    for name, truth in imported.truths():
        base = store.level("", 0, name)[...]
        packing = (truth.attributes.get("scale_factor", 1), truth.attributes.get("add_offset", 0))
        for aggregator in imported.input.aggregators:
            _, pyramid = store.pyramid(aggregator)
            for asset, derived_from, scale in store.levels(pyramid):
                factors = tuple(imported.input.factor ** int(asset) if f else 1 for f in truth.factors)
                if derived_from is not None:
                    finer = imported.input.factor ** int(derived_from)
                    assert scale == [f / finer if f > 1 else 1 for f in factors]
                if asset == "0":
                    continue
                array = store.level(aggregator, int(asset), name)
                reference.assert_level(
                    array[...],
                    base,
                    aggregator,
                    factors,
                    truth.nodata,
                    declared_nodata(array),
                    packing,
                    f"{name} {aggregator} level {asset}",
                )


def test_levels_asked_for_are_there(imported):
    options = imported.input.options
    store = imported.store
    for aggregator in imported.input.aggregators:
        prefix, pyramid = store.pyramid(aggregator)
        levels = [int(asset) for asset, _, _ in store.levels(pyramid)]
        assert levels == list(range(levels[0], levels[-1] + 1))
        if aggregator == imported.input.aggregators[0]:
            assert (prefix, levels[0]) == ("", 0), "the first aggregator is the root's own pyramid"
        if "--levels" in options:
            assert levels[-1] == int(options[options.index("--levels") + 1])


def test_nodata_is_declared(imported):
    store = imported.store
    for name, truth in imported.truths():
        if truth.nodata is None or np.isnan(truth.nodata):
            continue
        array = store.level("", 0, name)
        assert declared_nodata(array) == truth.nodata
        assert array.fill_value == np.asarray(truth.nodata).astype(array.dtype)


def test_attributes_are_carried_over(imported):
    store = imported.store
    for name, truth in imported.truths():
        attributes = store.level("", 0, name).attrs
        for key, value in truth.attributes.items():
            assert attributes.get(key) == pytest.approx(value) if isinstance(value, float) else value, key

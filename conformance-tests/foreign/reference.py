"""What a level must hold, in NumPy: slow, from the base alone, one definition for each aggregator.

Cell i of a level stands for the base cells [i * f, (i + 1) * f) that exist, f being the product of the
factors up to that level. A missing base cell (NaN or nodata) counts for nothing; a cell over missing
cells only is missing. Of a packed variable (CF scale_factor and add_offset) the aggregate is that of the
unpacked values: min and max change places where the scale is negative, a sum is stored unpacked. This file is the truth of the tests: it knows no store and no intermediate level.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

AGGREGATORS = ("mean", "sum", "count", "min", "max", "nearest")


def missing(values: np.ndarray, nodata=None) -> np.ndarray:
    """True where a value is missing: NaN in any float array, and `nodata` where one is declared."""
    mask = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    if nodata is not None and not np.isnan(nodata):
        mask |= values == np.asarray(nodata).astype(values.dtype)
    return mask


UNPACKED = (1, 0)  # scale and offset of values that mean what they say


def data_type(aggregator: str, base: np.dtype, may_be_missing: bool = False, packing=UNPACKED) -> tuple[str, ...]:
    """The data types in which `aggregator` is stored."""
    match aggregator:
        case "sum":
            if base.kind == "f" or may_be_missing or packing != UNPACKED:
                return ("float64",)
            return ("int64",) if base.kind == "i" else ("uint64",)
        case "count":
            return ("uint32", "uint64")
        case _:
            return (base.name,)


def shape(base: tuple[int, ...], factors: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of a level: sizes round up."""
    return tuple(-(-size // factor) for size, factor in zip(base, factors, strict=True))


def level(
    base: np.ndarray, aggregator: str, factors: tuple[int, ...], nodata=None, packing=UNPACKED
) -> tuple[np.ndarray, np.ndarray]:
    """(values, missing) of the level where a cell stands for `factors` base cells.

    Values under `missing` mean nothing. Float sums are in float64; integer sums are exact.
    """
    if base.ndim > 2 and factors[0] == 1:
        # Frame by frame: the intermediates are eight bytes a cell.
        frames = [level(frame, aggregator, factors[1:], nodata, packing) for frame in base]
        return np.stack([f[0] for f in frames]), np.stack([f[1] for f in frames])

    gone = missing(base, nodata)

    def over_blocks(ufunc: np.ufunc, cells: np.ndarray) -> np.ndarray:
        starts = [np.arange(0, size, factor) for size, factor in zip(base.shape, factors, strict=True)]
        return reduce(lambda a, axis: ufunc.reduceat(a, starts[axis], axis), range(base.ndim), cells)

    count = over_blocks(np.add, (~gone).astype(np.int64))
    nothing = count == 0
    match aggregator:
        case "count":
            return count, np.zeros_like(nothing)
        case "nearest":
            top_left = tuple(slice(None, None, f) for f in factors)
            return base[top_left], gone[top_left]
        case "min" | "max":
            smallest = bool((aggregator == "min") == (packing[0] > 0))
            ufunc = np.minimum if smallest else np.maximum
            limits = (-np.inf, np.inf) if base.dtype.kind == "f" else (np.iinfo(base.dtype).min, np.iinfo(base.dtype).max)
            neutral = base.dtype.type(limits[smallest])
            return over_blocks(ufunc, np.where(gone, neutral, base)), nothing
        case "sum" | "mean":
            wide = {"f": np.float64, "i": np.int64, "u": np.uint64, "b": np.uint64}[base.dtype.kind]
            total = over_blocks(np.add, np.where(gone, 0, base).astype(wide))
            if aggregator == "sum":
                scale, offset = packing
                return (total if packing == UNPACKED else total * float(scale) + count * float(offset)), nothing
            return _mean(total, np.maximum(count, 1), base.dtype), nothing
    raise ValueError(f"no such aggregator: {aggregator}")


def _mean(total: np.ndarray, count: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """total / count in `dtype`; integers are rounded half to even, exactly and once."""
    if dtype.kind == "f":
        return (total / count).astype(dtype)
    count = count.astype(total.dtype)
    quotient, rest = np.divmod(total, count)
    twice = 2 * rest
    up = (twice > count) | ((twice == count) & (quotient % 2 == 1))
    return (quotient + up.astype(quotient.dtype)).astype(dtype)


def assert_level(
    actual: np.ndarray,
    base: np.ndarray,
    aggregator: str,
    factors: tuple[int, ...],
    nodata=None,
    stored_nodata=None,
    packing=UNPACKED,
    what: str = "",
) -> None:
    """Asserts that `actual` is the level of `base`; `stored_nodata` is what the level declares as missing."""
    expected, gone = level(base, aggregator, factors, nodata, packing)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, not {expected.shape}"
    may_be_missing = base.dtype.kind == "f" or nodata is not None
    accepted = data_type(aggregator, base.dtype, may_be_missing, packing)
    assert actual.dtype.name in accepted, f"{what}: type {actual.dtype}, not {accepted}"
    if aggregator != "count":
        # A value that happens to equal nodata is written all the same, and reads as missing.
        gone = gone | missing(expected.astype(actual.dtype), stored_nodata)
    actual_gone = missing(actual, stored_nodata) if aggregator != "count" else gone
    assert np.array_equal(actual_gone, gone), (
        f"{what}: {np.count_nonzero(actual_gone & ~gone)} cells missing that have data, "
        f"{np.count_nonzero(gone & ~actual_gone)} cells filled that have none"
    )
    a, b = actual[~gone], expected[~gone]
    rounded = aggregator in ("mean", "sum") and (base.dtype.kind == "f" or expected.dtype.kind == "f")
    if rounded:
        # Sums in float64 may be taken in any order: the last bits of float64 are free, of less are not
        # (but for a tie of the final rounding).
        tolerance = 1e-11 if a.dtype == np.float64 else float(np.finfo(a.dtype).eps)
        scale = np.abs(base[~missing(base, nodata)].astype(np.float64)).max(initial=0.0)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=1e-13 * scale, err_msg=what)
        if a.dtype != np.float64 and a.size:
            assert np.mean(a == b) > 0.999, f"{what}: only {np.mean(a == b):.4%} of cells are exact"
    else:
        np.testing.assert_array_equal(a, b, err_msg=what)

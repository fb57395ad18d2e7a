"""The documents are legal, in the profile, and tell other tools what the data means."""

import json

import numpy as np
import pyproj
import pytest
import rioxarray  # noqa: F401
import xarray
from ome_zarr_models.v05 import Image
from zarr_metadata.model import read_node_metadata_v3

from inputs import times_of
from stores import declared_nodata

MULTISCALES = "d35379db-88df-4056-af3a-620245f8e347"
PROJ = "f17cb550-5864-4468-aeb7-f3180cfb622f"
SPATIAL = "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4"


def documents(path):
    """(path of the node, document) of every node."""
    for file in sorted(path.rglob("zarr.json")):
        yield str(file.parent.relative_to(path)), json.loads(file.read_text())


def uuids(attributes) -> set[str]:
    return {convention["uuid"] for convention in attributes.get("zarr_conventions", [])}


# --- the profile (P clauses of spec/zarr-profile.md)


def test_documents_pass_zarr_metadata(imported):
    for node, document in documents(imported.path):
        model = read_node_metadata_v3(document)
        assert model is not None, node


def test_arrays_keep_to_the_profile(imported):
    known = {"zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding"}
    known |= {"fill_value", "codecs", "attributes", "dimension_names"}
    for node, document in documents(imported.path):
        if document["node_type"] != "array":
            assert set(document) <= {"zarr_format", "node_type", "attributes", "consolidated_metadata"}, node
            continue
        assert set(document) <= known, node
        assert document["chunk_grid"]["name"] == "regular"
        assert document["chunk_key_encoding"] == {"name": "default", "configuration": {"separator": "/"}}
        names = document["dimension_names"]
        assert len(names) == len(set(names)) == len(document["shape"]) and all(names), node
        assert all(size > 0 for size in document["shape"]), node
        codecs = document["codecs"]
        if codecs[0]["name"] == "sharding_indexed":
            assert len(codecs) == 1
            sharding = codecs[0]["configuration"]
            assert sharding["index_location"] == "end"
            index = [codec["name"] for codec in sharding["index_codecs"]]
            assert index == ["bytes", "crc32c"]
            assert sharding["index_codecs"][0]["configuration"] == {"endian": "little"}
            codecs = sharding["codecs"]
        assert [c["name"] for c in codecs] in (["bytes"], ["bytes", "zstd"], ["bytes", "gzip"], ["bytes", "blosc"])
        fill = document["fill_value"]
        if isinstance(fill, int) and not isinstance(fill, bool):
            assert abs(fill) <= 2**53, node


def test_consolidated_metadata_is_complete_and_fresh(imported):
    every = dict(documents(imported.path))
    groups = {node: d for node, d in every.items() if d["node_type"] == "group"}
    assert "consolidated_metadata" in groups["."]
    for node, document in groups.items():
        consolidated = document.get("consolidated_metadata")
        if consolidated is None:
            continue
        assert (consolidated["kind"], consolidated["must_understand"]) == ("inline", False)
        below = {
            n.removeprefix("" if node == "." else f"{node}/"): d
            for n, d in every.items()
            if n != "." and (node == "." or n.startswith(f"{node}/"))
        }
        assert set(consolidated["metadata"]) == set(below), node
        for name, listed in consolidated["metadata"].items():
            bare = {k: v for k, v in below[name].items() if k != "consolidated_metadata"}
            assert {k: v for k, v in listed.items() if k != "consolidated_metadata"} == bare, f"{node}: {name}"
    level_groups = [n for n in groups if n.split("/")[-1].isdigit()]
    assert all("consolidated_metadata" in groups[n] for n in level_groups)


def test_every_group_has_its_own_document(imported):
    for node, _ in documents(imported.path):
        parts = [] if node == "." else node.split("/")
        for depth in range(len(parts)):
            assert (imported.path.joinpath(*parts[:depth]) / "zarr.json").is_file()


def test_no_leftovers(imported):
    assert [p.name for p in imported.path.parent.iterdir() if "partial" in p.name] == []


# --- the datastore (D clauses of spec/datastore.md)


def pyramids(imported):
    """(aggregator, path, group) of every pyramid."""
    store = imported.store
    for aggregator in imported.input.aggregators:
        path, group = store.pyramid(aggregator)
        yield aggregator, path, group


def test_multiscales_convention(imported):
    for aggregator, _, group in pyramids(imported):
        attributes = group.attrs.asdict()
        assert MULTISCALES in uuids(attributes)
        layout = attributes["multiscales"]["layout"]
        shapes = {}
        for level in layout:
            asset = group[level["asset"]]
            assert not hasattr(asset, "shape"), "an asset is a group"
            (array,) = [asset[name] for name, _ in imported.truths()][:1]
            shapes[level["asset"]] = array.shape
            assert len(level["transform"]["scale"]) == array.ndim
            if "derived_from" in level:
                finer = shapes[level["derived_from"]]
                expected = [-(-n // int(f)) for n, f in zip(finer, level["transform"]["scale"], strict=True)]
                assert list(array.shape) == expected
            if "spatial:shape" in level:
                assert level["spatial:shape"] == list(array.shape[-2:])


def test_each_level_has_the_spatial_place_of_its_cells(imported):
    for aggregator, _, group in pyramids(imported):
        for name, truth in imported.truths():
            if not {"x", "y"} <= set(truth.coordinates):
                continue
            first = None
            for asset, _, _ in imported.store.levels(group):
                level = group[asset]
                attributes = level.attrs.asdict()
                assert SPATIAL in uuids(attributes), f"{aggregator} {asset}"
                a, b, c, d, e, f = attributes["spatial:transform"]
                array = level[name]
                rows, columns = array.shape[truth.axes.index("y")], array.shape[truth.axes.index("x")]
                x = level[array.metadata.dimension_names[truth.axes.index("x")]][...]
                y = level[array.metadata.dimension_names[truth.axes.index("y")]][...]
                near = {"rtol": 1e-6, "atol": 1e-6 * max(abs(a), abs(e))}
                np.testing.assert_allclose(x, c + a * (np.arange(columns) + 0.5), **near)
                np.testing.assert_allclose(y, f + e * (np.arange(rows) + 0.5), **near)
                assert (b, d) == (0, 0)
                assert attributes["spatial:shape"] == [rows, columns]
                # The outer corner of the first cell is the same at every level.
                first = first or (c, f)
                np.testing.assert_allclose((c, f), first, rtol=1e-9, atol=1e-9)


def test_ome_validates(imported):
    validated = 0
    for _, path, group in pyramids(imported):
        if "ome" not in group.attrs:
            continue
        image = Image.from_zarr(group)
        assert image.ome_attributes.version == "0.5"
        validated += 1
    image = any(set(t.axes) <= {"time", "band", "y", "x"} for _, t in imported.truths())
    assert validated or not image, "OME has words for all of its axes"


# --- what xarray and rioxarray make of it


def test_every_level_opens_in_xarray(two):
    for _, path, group in pyramids(two):
        for asset, _, _ in two.store.levels(group):
            dataset = xarray.open_zarr(two.path, group=f"{path}{asset}", chunks=None)
            for name, truth in two.truths():
                variable = dataset[name]
                assert variable.ndim == len(truth.axes)
                for role, axis in zip(truth.axes, variable.dims, strict=True):
                    if role in truth.coordinates:
                        assert axis in dataset.coords


def test_open_datatree(two):
    tree = xarray.open_datatree(two.path, engine="zarr", chunks=None)
    name, _ = next(two.truths())
    for aggregator, path, group in pyramids(two):
        for asset, _, _ in two.store.levels(group):
            assert tree[f"{path}{asset}"].dataset[name].size


def test_xarray_decodes_what_the_source_means(imported):
    """Scale, offset and missing values give the numbers that the source gives."""
    for name, truth in imported.truths():
        # Times have their own test: xarray knows no calendar for the year 0 of one input.
        variable = xarray.open_zarr(imported.path, group="0", chunks=None, decode_times=False)[name]
        scale, offset = truth.attributes.get("scale_factor", 1), truth.attributes.get("add_offset", 0)
        array = imported.store.level("", 0, name)
        raw = array[...]
        gone = np.isnan(raw) if raw.dtype.kind == "f" else np.zeros(raw.shape, bool)
        if (nodata := declared_nodata(array)) is not None and not np.isnan(nodata):
            gone |= raw == np.asarray(nodata).astype(raw.dtype)
        values = variable.values
        assert np.array_equal(np.isnan(values), gone) if values.dtype.kind == "f" else not gone.any()
        expected = raw[~gone].astype("float64") * scale + offset
        np.testing.assert_allclose(values[~gone], expected, rtol=1e-5, atol=1e-5 * max(1, abs(offset)))


def test_time_axis_decodes(imported):
    for name, truth in imported.truths():
        if "time" not in truth.coordinates:
            continue
        expected = truth.coordinates["time"].astype("datetime64[ns]")
        dataset = xarray.open_zarr(imported.path, group="0", chunks=None, decode_times=False)
        axis = dataset[name].dims[truth.axes.index("time")]
        raw = dataset[axis]
        if expected.dtype.kind == "M" and "units" not in raw.attrs:
            pytest.fail(f"{axis} has no CF units")
        actual = times_of(imported.path, axis, group="0", chunks=None)
        assert (np.abs(actual - expected) <= np.timedelta64(1, "us")).all()
        for asset, _, _ in imported.store.levels(imported.store.group):
            later = xarray.open_zarr(imported.path, group=asset, chunks=None, decode_times=False)[axis]
            assert np.array_equal(later.values, raw.values), "time is the same at every spatial level"


def test_rioxarray_finds_crs_and_transform(imported):
    for name, truth in imported.truths():
        if truth.epsg is None:
            continue
        for asset, _, _ in imported.store.levels(imported.store.group):
            dataset = xarray.open_zarr(imported.path, group=asset, chunks=None, decode_coords="all")
            assert dataset.rio.crs is not None, f"level {asset} has no CRS"
            a, b, c, d, e, f, *_ = dataset.rio.transform(recalc=True)
            # Codes have synonyms (EPSG:3067 is EPSG:25835 to some); what counts is where a point lies.
            meant = pyproj.CRS.from_epsg(truth.epsg)
            there = pyproj.Transformer.from_crs(dataset.rio.crs.to_wkt(), meant, always_xy=True).transform(c, f)
            assert np.hypot(there[0] - c, there[1] - f) < (1e-6 if meant.is_geographic else 0.5)
            stored = imported.store.group[asset].attrs["spatial:transform"]
            if min(dataset.rio.shape) > 1:
                np.testing.assert_allclose((a, b, c, d, e, f), stored, rtol=1e-6, atol=1e-9)
        assert PROJ in uuids(imported.store.group.attrs)
        assert imported.store.group.attrs["proj:code"] == f"EPSG:{truth.epsg}"

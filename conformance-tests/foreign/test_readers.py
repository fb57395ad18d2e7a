"""Readers that no one here wrote open every array of every store and agree on every byte."""

import pytest

from program import READER_COMMANDS, digest, reader_missing

CORE_TYPES = {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"}


@pytest.mark.parametrize("reader", [r for r in READER_COMMANDS if r != "zarr-python"])
def test_reader_agrees_with_zarr_python(imported, reader):
    if why := reader_missing(reader):
        pytest.skip(why)
    expected = digest("zarr-python", imported.path)
    actual = digest(reader, imported.path)
    assert not [line for line in expected.values() if "error" in line]
    assert set(actual) == set(expected)
    for path, line in expected.items():
        # Texts are an extension: not every reader knows it, and each names it otherwise.
        core = str(line["data_type"]) in CORE_TYPES
        if not core and "error" in actual[path]:
            continue
        compared = ("shape", "data_type", "sha256") if core else ("shape", "sha256")
        assert {k: actual[path].get(k) for k in compared} == {k: line[k] for k in compared}, actual[path]

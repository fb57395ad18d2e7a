"""Stores of the program with the codec b2nd, through all of its commands; test_b2nd_codec.py is about the codec."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest
import zarr
from zarr.registry import register_codec

from program import CROP, ROOT, digest, refusal, ziggurat
from stores import Store

sys.path.insert(0, str(ROOT / "python" / "zarr-b2nd" / "src"))
from zarr_b2nd import B2ndCodec  # noqa: E402

register_codec("b2nd", B2ndCodec)

FORMS = ["b2nd", "b2nd-zlib:4:delta+shuffle", "b2nd-lz4hc:0", "b2nd-zstd:9:noshuffle"]
AGGREGATE = ["--aggregate", "mean,max"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The same data in a codec that zarr-python has."""
    path = tmp_path_factory.mktemp("plain") / "store.zarr"
    ziggurat("import", CROP, path, *AGGREGATE)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("b2nd") / "store.zarr"
    ziggurat("import", CROP, path, *AGGREGATE, "--codec", "b2nd-lz4:5:bitshuffle")
    return path


def values(path) -> dict:
    """The checksum of each array below `path`."""
    # Answers are kept, but stores change here.
    return {name: line.get("sha256", line) for name, line in digest.__wrapped__("ziggurat", path).items()}


@pytest.mark.parametrize("form", FORMS)
def test_zarr_python_reads_every_level(tmp_path, plain, form):
    path = tmp_path / "store.zarr"
    ziggurat("import", CROP, path, *AGGREGATE, "--codec", form, "--block", "100,90")
    assert values(path) == values(plain)
    expected = zarr.open_group(plain, mode="r")
    for level in "012":
        array = zarr.open_array(path / level / "relief", mode="r")
        (codec,) = array.metadata.codecs[0].codecs
        assert isinstance(codec, B2ndCodec) and codec.checksum == "crc32c"
        there = expected[f"{level}/relief"]
        np.testing.assert_array_equal(array[...], there[...])
        np.testing.assert_array_equal(array[77], there[77])
        np.testing.assert_array_equal(array[90:110, 85:93], there[90:110, 85:93])


def test_the_program_reads_windows(made, plain):
    for level, window in (("0", "lat=100:120,lon=7:300"), ("0", "lat=5"), ("0", "lon=940"), ("0", "lat=840,lon=960"), ("1", "lat=9:11")):
        arguments = ("--out", "-", "--level", level, "--index", window)
        assert ziggurat("get", made, *arguments).stdout == ziggurat("get", plain, *arguments).stdout


def test_the_program_maintains_it(tmp_path, made, plain):
    path = tmp_path / "store.zarr"
    shutil.copytree(made, path)
    assert "b2nd-lz4:5:bitshuffle" in ziggurat("info", path).stdout
    for command in (["verify"], ["build", "--levels", "1"], ["build", "--levels", "2"], ["refresh"], ["compact"], ["verify"]):
        ziggurat(command[0], path, *command[1:])
    assert values(path) == values(plain)
    # zarr-python changes it, and the levels are made anew.
    other = tmp_path / "other.zarr"
    shutil.copytree(plain, other)
    for store in (path, other):
        zarr.open_array(store / "0" / "relief", mode="r+")[200:300, 100:180] = 4711
        ziggurat("build", store)
    assert values(path) == values(other) != values(plain)


def test_damage_is_found(tmp_path, made):
    path = tmp_path / "store.zarr"
    shutil.copytree(made, path)
    (file,) = (f for f in (path / "0" / "relief" / "c").rglob("*") if f.is_file())
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    done = ziggurat("verify", path, check=False)
    assert done.returncode == 1 and "0/relief" in done.stdout and "checksum" in done.stdout, done


def test_conversions(tmp_path, made):
    expected = Store(made).group["0/relief"][...]
    for source, target, *codec in [
        (made / "0" / "relief", "a.npy"),
        (tmp_path / "a.npy", "b.zarr", "--codec", "b2nd-zstd:3:delta+shuffle", "--block", "64,64"),
        (tmp_path / "b.zarr", "c.zarr"),
        (tmp_path / "c.zarr", "d.b2nd"),
        (tmp_path / "d.b2nd", "e.zarr", "--codec", "b2nd"),
        (tmp_path / "e.zarr", "f.npy"),
    ]:
        ziggurat("convert", source, tmp_path / target, *codec)
    for name in "bce":
        array = zarr.open_array(tmp_path / f"{name}.zarr", mode="r")
        assert isinstance(array.metadata.codecs[0].codecs[0], B2ndCodec)
        np.testing.assert_array_equal(array[...], expected)
    for name in "af":
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), expected)


@pytest.mark.parametrize("form", ["b2nd-snappy", "b2nd-blosclz", "b2nd-zstd:10", "b2nd:5:shuffle+delta", "b2nd-lz4:5:bits", "b2ndx"])
def test_wrong_forms_are_refused(tmp_path, form):
    message = refusal("import", CROP, tmp_path / "store.zarr", "--codec", form)
    assert form in message and "b2nd[-{zstd,lz4,lz4hc,zlib}]" in message

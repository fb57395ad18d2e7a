"""Whatever stops an import, no half of a store is left that opens as one, and the next import works."""

import os
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
import zarr

from inputs import _npy
from program import PROGRAM, digest, refusal, ziggurat

LEVELS = ("--levels", "4", "--aggregate", "mean,min,max")


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """(file that takes a while to import, seconds it takes, digest of the store)."""
    scratch = tmp_path_factory.mktemp("noise")
    rng = np.random.default_rng(0)
    file = _npy(scratch / "noise.npy", rng.normal(size=(4000, 4100)).astype("float32"))
    started = time.monotonic()
    ziggurat("import", file, scratch / "store.zarr", *LEVELS)
    return file, time.monotonic() - started, hashes(scratch / "store.zarr")


def hashes(store) -> dict[str, str]:
    return {path: line["sha256"] for path, line in digest.__wrapped__("zarr-python", store).items()}


def opens(store) -> bool:
    try:
        zarr.open(str(store), mode="r")
    except (FileNotFoundError, zarr.errors.GroupNotFoundError, zarr.errors.NodeNotFoundError):
        return False
    return True


def stopped(noise, store, sent: signal.Signals, part: float) -> subprocess.Popen:
    """An import that was sent a signal after `part` of its time."""
    file, seconds, _ = noise
    process = subprocess.Popen([PROGRAM, "import", str(file), str(store), *LEVELS], stderr=subprocess.PIPE)
    time.sleep(part * seconds)
    if process.poll() is not None:
        pytest.skip("this machine was faster than the time that was measured")
    process.send_signal(sent)
    process.message = process.communicate(timeout=60)[1].decode()
    if process.returncode == 0:
        pytest.skip("the signal came when all was done")
    return process


@pytest.mark.parametrize("part", [0.1, 0.4, 0.7, 0.9])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_the_user(noise, tmp_path, sent, part):
    store = tmp_path / "store.zarr"
    process = stopped(noise, store, sent, part)
    assert "panicked" not in process.message
    if process.returncode > 0:
        assert process.message.strip(), "it says that it was interrupted"
    assert list(tmp_path.iterdir()) == [], "nothing is left"


@pytest.mark.parametrize("part", [0.1, 0.4, 0.7, 0.9])
def test_killed(noise, tmp_path, part):
    file, _, expected = noise
    store = tmp_path / "store.zarr"
    stopped(noise, store, signal.SIGKILL, part)
    assert not opens(store), "half of a store opens as one"
    ziggurat("import", file, store, *LEVELS)
    assert hashes(store) == expected


def test_no_store_is_there_before_it_is_whole(noise, tmp_path):
    """Whoever looks during the import sees no store, or all of it."""
    file, seconds, expected = noise
    store = tmp_path / "store.zarr"
    process = subprocess.Popen([PROGRAM, "import", str(file), str(store), *LEVELS], stderr=subprocess.DEVNULL)
    while process.poll() is None:
        if opens(store):
            assert hashes(store) == expected
            break
        time.sleep(seconds / 50)
    assert process.wait(60) == 0
    assert hashes(store) == expected


@pytest.fixture
def small_disk(tmp_path, is_root):
    """A file system of 8 MiB."""
    if not is_root or not shutil.which("mount"):
        pytest.skip("only root can mount a small file system")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def test_full_disk(noise, small_disk):
    store = small_disk / "store.zarr"
    message = refusal("import", noise[0], store, *LEVELS)
    assert "space" in message, message
    assert list(small_disk.iterdir()) == [], "nothing is left"
    assert os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize > 7 << 20

"""Running the program under test, and finding what the tests need."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = ROOT / "conformance-tests" / "readers"
CROP = ROOT / "examples" / "data" / "etopo5-crop.nc"

# Real input that is too large for the repository; tests that need it are skipped where it is not.
SHARED = Path(os.environ.get("ZIGGURAT_SHARED", ROOT.parent / "shared")) / "data"

PROGRAM = os.environ.get("ZIGGURAT_BIN", str(ROOT / "target" / "debug" / "ziggurat"))
TIME_LIMIT = 600  # seconds: an unoptimised build on a busy machine


def ziggurat(*arguments, check: bool = True, timeout=TIME_LIMIT, **options) -> subprocess.CompletedProcess[str]:
    """Runs the program; with `check`, a failure fails the test with what the program said."""
    command = [PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr}")
    return done


def refusal(*arguments, **options) -> str:
    """Runs the program, which must refuse with a message and no panic; returns the message."""
    done = ziggurat(*arguments, check=False, **options)
    assert done.returncode != 0, f"accepted: {arguments}\n{done.stdout}"
    assert_refused(done)
    return done.stderr


def assert_refused(done: subprocess.CompletedProcess[str]) -> None:
    """That a failed run ended by itself, with a message."""
    assert done.returncode > 0, f"killed by signal {-done.returncode}: {done.args}\n{done.stderr}"
    assert "panicked" not in done.stderr, done.stderr
    assert done.stderr.strip(), f"no message: {done.args}"


# How each reader is started; each prints the lines of readers/digest.py.
READER_COMMANDS = {
    "ziggurat": [PROGRAM, "digest", "--json"],
    "zarr-python": [sys.executable, str(READERS / "read_zarr.py")],
    "tensorstore": [sys.executable, str(READERS / "read_tensorstore.py")],
    "xarray": [sys.executable, str(READERS / "read_xarray.py")],
    "zarrita": ["node", str(READERS / "read_zarrita.mjs")],
}


def reader_missing(reader: str) -> str | None:
    """Why `reader` cannot run here."""
    if reader != "zarrita":
        return None
    if not shutil.which("node"):
        return "node is not installed"
    if not (READERS / "node_modules").is_dir():
        return "zarrita is not installed: run `npm ci` in conformance-tests/readers"
    return None


@cache
def digest(reader: str, path: Path, time_limit: float = TIME_LIMIT) -> dict[str, dict]:
    """What `reader` says of every array below `path`: relative path -> line; {"": {"error"}} if it breaks.

    The answers are kept: stores do not change.
    """
    try:
        done = subprocess.run(
            [*READER_COMMANDS[reader], str(path)], capture_output=True, text=True, timeout=time_limit
        )
    except subprocess.TimeoutExpired:
        return {"": {"error": f"no answer in {time_limit} s"}}
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode not in (0, 1) or done.returncode and not lines:
        return {"": {"error": f"ended with {done.returncode}: {done.stderr[-500:]}"}}
    assert done.returncode == any("error" in line for line in lines), f"{reader}: exit status {done.returncode}"
    base = str(path).rstrip("/")
    return {line["path"].removeprefix(base).strip("/"): line for line in lines}

#!/usr/bin/env python3
"""Makes a Python environment from pinned requirements, once, and prints its interpreter.

    scripts/venv.py conformance-tests/requirements.txt [--least 3.12]

Environments lie under target/env (or $ZIGGURAT_CACHE), named by what they were made from, so that a
change of the pins or of Python makes a new one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("ZIGGURAT_CACHE", ROOT / "target" / "env"))


def environment(requirements: Path, python: str = sys.executable) -> Path:
    """The interpreter of an environment that has exactly `requirements`."""
    version = _output(python, "-c", "import sys; print(sys.version)")
    name = hashlib.sha256(requirements.read_bytes() + version.encode()).hexdigest()[:12]
    place = CACHE / f"python-{name}"
    interpreter = place / "bin" / "python"
    done = place / "complete"
    if done.exists():
        return interpreter
    _say(f"making a Python environment for {requirements} in {place}")
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    if _run([python, "-m", "venv", place], check=False):
        _install_venv_module(python)
        _run([python, "-m", "venv", place])
    pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--only-binary", ":all:", "--requirement", requirements])
    done.touch()
    return interpreter


def newer_python(least: tuple[int, int]) -> str | None:
    """The command of an installed Python of at least this version, or None."""
    names = [sys.executable, *(f"python3.{minor}" for minor in range(20, least[1] - 1, -1))]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names += sorted(str(p) for p in pyenv.glob("3.*/bin/python3"))
    for name in names:
        check = f"import sys; sys.exit(sys.version_info < {least!r})"
        if shutil.which(name) and _run([name, "-c", check], check=False, quiet=True) == 0:
            return name
    return None


def _install_venv_module(python: str) -> None:
    """Debian keeps `venv` in a package of its own."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-qq", "--yes", "python3-venv"])
    else:
        sys.exit(f"{python} has no venv module: install it (Debian: apt-get install python3-venv)")


def _run(command: list, check: bool = True, quiet: bool = False) -> int:
    # What is installed is reported on stderr: stdout is the answer.
    out = subprocess.DEVNULL if quiet else sys.stderr
    done = subprocess.run([str(c) for c in command], stdout=out, stderr=subprocess.DEVNULL if quiet else None)
    if check and done.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return done.returncode


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirements", type=Path)
    parser.add_argument("--least", metavar="3.N", default="3.11", help="the oldest Python that will do")
    arguments = parser.parse_args()
    major, minor = map(int, arguments.least.split("."))
    python = newer_python((major, minor))
    if not python:
        _say(f"no Python >= {arguments.least} is installed")
        sys.exit(3)
    print(environment(arguments.requirements, python))


if __name__ == "__main__":
    main()

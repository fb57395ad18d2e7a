"""Stores that the tests share: each input is imported once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

import inputs
from inputs import Input
from program import PROGRAM, SHARED, ziggurat
from stores import Store


@dataclass
class Imported:
    """An input and the store that the program made of it."""

    name: str
    input: Input
    path: Path

    @property
    def store(self) -> Store:
        return Store(self.path)

    def truths(self):
        """(name of the variable in the store, truth) of every variable."""
        names = self.store.variables()
        for name, truth in self.input.variables.items():
            if not name:
                assert len(names) == 1, f"one variable expected, found {names}"
            yield name or names[0], truth


def import_command(input: Input, store: Path) -> list:
    return ["import", *input.sources, store, "--aggregate", ",".join(input.aggregators), *input.options]


@pytest.fixture(scope="session", autouse=True)
def program_exists():
    if not Path(PROGRAM).is_file():
        pytest.exit(f"{PROGRAM} does not exist: run `cargo build`, or set ZIGGURAT_BIN", returncode=2)


@pytest.fixture(scope="session")
def make_store(tmp_path_factory):
    """name of an input -> Imported, made at the first call; a failure is kept too."""
    made: dict[str, Imported | AssertionError] = {}

    def imported(name: str) -> Imported:
        scratch = tmp_path_factory.mktemp(name)
        registry = inputs.MADE | inputs.HELD | inputs.REAL
        source = registry[name](scratch)
        store = scratch / "store.zarr"
        ziggurat(*import_command(source, store))
        return Imported(name, source, store)

    def make(name: str) -> Imported:
        if name not in made:
            try:
                made[name] = imported(name)
            except AssertionError as failure:
                made[name] = failure
        if isinstance(made[name], AssertionError):
            raise made[name]
        return made[name]

    return make


def _every_input():
    yield from inputs.HELD
    yield from inputs.MADE
    absent = pytest.mark.skipif(not SHARED.is_dir(), reason=f"real input is not here: {SHARED} (ZIGGURAT_SHARED)")
    yield from (pytest.param(name, marks=absent) for name in inputs.REAL)


@pytest.fixture(scope="session", params=list(_every_input()))
def imported(request, make_store) -> Imported:
    """Every input, imported."""
    return make_store(request.param)


@pytest.fixture(scope="session", params=["etopo5_crop", "irregular_time"])
def two(request, make_store) -> Imported:
    """The two inputs that every reader is tried on in depth: (y, x) and (time, y, x)."""
    return make_store(request.param)


@pytest.fixture(scope="session")
def is_root() -> bool:
    return os.geteuid() == 0

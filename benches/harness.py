"""What every suite uses: building, environments, measuring processes, and reporting goals.

This module and the suites import nothing but the standard library and stay small: the peak memory that the
system reports for a child begins at the size of its parent.
"""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


@dataclass
class Usage:
    """What one process cost."""

    cpu: float  # seconds, user and system
    wall: float  # seconds
    peak: float  # MB, largest resident set


@dataclass
class Subject:
    """A command that is measured in every round."""

    name: str
    command: list[str]
    prepare: Callable[[], None] = lambda: None  # not measured
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Goal:
    """A measured number and what it must not exceed; None if it could not be measured, which misses the goal."""

    what: str
    measured: float | None
    limit: float
    detail: str = ""  # what it was made from

    @property
    def met(self) -> bool:
        return self.measured is not None and self.measured <= self.limit


@dataclass
class Table:
    """Numbers, with a name in front of each row."""

    title: str
    columns: list[str]
    rows: dict[str, list[float | None]] = field(default_factory=dict)


class Bench:
    """One run of a suite."""

    def __init__(self, suite: str, about: str, quick: bool, rounds: int | None, place: Path | None):
        self.suite = suite
        self.about = about
        self.quick = quick
        self.rounds = rounds or (1 if quick else 3)
        self.chosen = place
        self.place = (place or ROOT / "target" / "bench").resolve()
        self.place.mkdir(parents=True, exist_ok=True)
        self.runs: dict[str, list[Usage]] = {}
        self.tables: list[Table] = []
        self.goals: list[Goal] = []
        self.notes: list[str] = []
        # As it was before this run put load on it.
        self.machine = _machine()
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
        self.versions = {"commit": commit.stdout.strip()}

    # --- what is needed

    @cached_property
    def program(self) -> str:
        """The program `ziggurat`."""
        program = self.build("--package", "ziggurat") / "ziggurat"
        self.versions["ziggurat"] = _output(str(program), "--version").split()[-1]
        return str(program)

    @cached_property
    def python(self) -> str:
        """The interpreter of the peers in benches/peers."""
        return self.environment(HERE / "requirements.txt")

    def build(self, *what: str) -> Path:
        """Builds as it is shipped, and returns the directory of what was built."""
        self.say(f"building {what[-1]}")
        subprocess.run(["cargo", "build", "--release", "--quiet", *what], cwd=ROOT, check=True)
        return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"

    def environment(self, requirements: Path) -> str:
        """The interpreter of an environment with exactly `requirements`."""
        made = subprocess.run(
            [sys.executable, ROOT / "scripts" / "venv.py", requirements], stdout=subprocess.PIPE, text=True
        )
        if made.returncode:
            sys.exit("the environment of the peers could not be made")
        return made.stdout.strip()

    def need(self, command: str, package: str) -> str:
        """A command of the system, installed with its Debian package if that can be done."""
        if not shutil.which(command) and os.geteuid() == 0 and shutil.which("apt-get"):
            self.say(f"installing {package}")
            subprocess.run(["apt-get", "update", "-qq"], check=False)
            subprocess.run(["apt-get", "install", "-qq", "--yes", package], check=False, stdout=sys.stderr)
        found = shutil.which(command)
        if not found:
            sys.exit(f"{command} is needed: install {package}")
        return found

    def peer(self, script: str, *arguments: object) -> list[str]:
        """The command that runs benches/peers/`script` in the environment of the peers."""
        return [self.python, str(HERE / "peers" / script), *map(str, arguments)]

    def make(self, target: Path, command: list[str]) -> Path:
        """Makes `target`, which `command` is given as its last argument; kept, and not made again."""
        done = target.with_name(target.name + ".complete")
        if done.exists() and done.read_text() == str(command):
            return target
        self.say(f"making {target.name}")
        done.unlink(missing_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        target.unlink(missing_ok=True)
        subprocess.run([*command, str(target)], check=True, stdout=sys.stderr)
        done.write_text(str(command))
        return target

    # --- measuring

    def measure(self, subjects: list[Subject]) -> None:
        """Runs all subjects in every round, in a new order each time, so that a noisy moment hits all alike."""
        order = list(subjects)
        for number in range(self.rounds):
            random.Random(number).shuffle(order)
            for subject in order:
                self.run(subject, f"round {number + 1} of {self.rounds}")

    def run(self, subject: Subject, note: str = "") -> Usage:
        subject.prepare()
        self.say(f"{note}: {subject.name}".removeprefix(": "))
        environment = os.environ | subject.environment
        log = self.place / "output.log"
        with log.open("w") as output:
            started = time.monotonic()
            process = subprocess.Popen(subject.command, stdout=output, stderr=output, env=environment)
            _, status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(subject.command)}\nended with {process.returncode}:\n{log.read_text()[-2000:]}")
        usage = Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1000)
        self.runs.setdefault(subject.name, []).append(usage)
        return usage

    def median(self, name: str) -> Usage:
        runs = self.runs[name]
        middle = (statistics.median(getattr(run, part) for run in runs) for part in ("cpu", "wall", "peak"))
        return Usage(*middle)

    def goal(self, what: str, measured: float | None, limit: float, detail: str = "") -> None:
        self.goals.append(Goal(what, measured, limit, detail))

    def met(self) -> bool:
        return all(goal.met for goal in self.goals)

    # --- reporting

    def say(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    def report(self) -> dict[str, object]:
        """All that was found, for `report.py`."""
        tables = list(self.tables)
        if self.runs:
            medians = {name: [*asdict(self.median(name)).values()] for name in self.runs}
            tables.insert(0, Table("Whole processes", ["CPU s", "wall s", "peak MB"], medians))
        return {
            "suite": self.suite,
            "about": self.about,
            "date": time.strftime("%Y-%m-%d"),
            "quick": self.quick,
            "rounds": self.rounds,
            "machine": self.machine,
            "versions": self.versions,
            "goals": [asdict(goal) | {"met": goal.met} for goal in self.goals],
            "tables": [asdict(table) for table in tables],
            "runs": {name: [asdict(run) for run in runs] for name, runs in self.runs.items()},
            "notes": self.notes,
        }


def _machine() -> dict[str, object]:
    cpu = next((l.split(":")[1].strip() for l in _lines("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    memory = next((int(l.split()[1]) for l in _lines("/proc/meminfo") if l.startswith("MemTotal")), 0)
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory GB": round(memory / 1e6, 1),
        "kernel": platform.release(),
        "load before": round(os.getloadavg()[0], 1),
    }


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []

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
    """A measured number and what it must not exceed."""

    what: str
    measured: float
    limit: float

    @property
    def met(self) -> bool:
        return self.measured <= self.limit


class Bench:
    """One run of a suite."""

    def __init__(self, suite: str, quick: bool, rounds: int | None, place: Path | None):
        self.suite = suite
        self.quick = quick
        self.rounds = rounds or (1 if quick else 3)
        self.place = (place or ROOT / "target" / "bench").resolve()
        self.place.mkdir(parents=True, exist_ok=True)
        self.runs: dict[str, list[Usage]] = {}
        self.goals: list[Goal] = []
        self.notes: list[str] = []
        self.versions: dict[str, str] = {}
        self.program = self._build()
        self.python = self._environment()

    # --- what is needed

    def _build(self) -> str:
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        self.say("building the program")
        subprocess.run(["cargo", "build", "--release", "--quiet", "--package", "ziggurat"], cwd=ROOT, check=True)
        program = str(target / "release" / "ziggurat")
        self.versions["ziggurat"] = _output(program, "--version").split()[-1]
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
        self.versions["commit"] = commit.stdout.strip()
        return program

    def _environment(self) -> str:
        made = subprocess.run(
            [sys.executable, ROOT / "scripts" / "venv.py", HERE / "requirements.txt"], stdout=subprocess.PIPE, text=True
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

    def goal(self, what: str, measured: float, limit: float) -> None:
        self.goals.append(Goal(what, measured, limit))

    def met(self) -> bool:
        return all(goal.met for goal in self.goals)

    # --- reporting

    def say(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    def machine(self) -> dict[str, object]:
        cpu = next((l.split(":")[1].strip() for l in _lines("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
        memory = next((int(l.split()[1]) for l in _lines("/proc/meminfo") if l.startswith("MemTotal")), 0)
        return {
            "cpu": cpu,
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(memory / 1e6, 1),
            "kernel": platform.release(),
            "load": round(os.getloadavg()[0], 1),
        }

    def report(self) -> dict[str, object]:
        return {
            "suite": self.suite,
            "quick": self.quick,
            "machine": self.machine(),
            "versions": self.versions,
            "runs": {name: [asdict(run) for run in runs] for name, runs in self.runs.items()},
            "goals": [asdict(goal) | {"met": goal.met} for goal in self.goals],
            "notes": self.notes,
        }

    def table(self) -> str:
        machine = ", ".join(f"{key} {value}" for key, value in self.machine().items())
        versions = ", ".join(f"{key} {value}" for key, value in self.versions.items())
        lines = [f"{self.suite}{' (quick: numbers mean little)' if self.quick else ''}", machine, versions, ""]
        width = max(map(len, [*self.runs, *(goal.what for goal in self.goals)]))
        lines.append(f"{'median of ' + str(self.rounds):<{width}} {'CPU s':>9} {'wall s':>9} {'peak MB':>9}")
        for name in self.runs:
            usage = self.median(name)
            lines.append(f"{name:<{width}} {usage.cpu:9.2f} {usage.wall:9.2f} {usage.peak:9.0f}")
        lines += ["", f"{'goal':<{width}} {'measured':>9} {'at most':>9}"]
        for goal in self.goals:
            verdict = "met" if goal.met else "MISSED"
            lines.append(f"{goal.what:<{width}} {goal.measured:9.2f} {goal.limit:9.2f}  {verdict}")
        return "\n".join([*lines, "", *self.notes]).rstrip()


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []

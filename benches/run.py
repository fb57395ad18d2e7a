#!/usr/bin/env python3
"""Benchmarks, each beside its peers in the same run: `python3 benches/run.py SUITE [--quick] [--json]`.

A suite builds the program, makes its input (kept under target/bench), runs program and peers in turns, prints
what was measured beside the goals, and ends with exit status 1 if a goal was missed. It is no timed test: run it
on a quiet machine. `--quick` shows in a minute or two that everything works; its numbers mean little.
What `--json` prints, `benches/performance.py` turns into docs/performance.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import report
from harness import Bench

# Suites of the plan, and whether there is a module for them in suites/.
SUITES = ("pyramid", "superchunk", "blosc2", "ned", "update", "storage", "s3", "serve")


def available() -> list[str]:
    here = Path(__file__).parent / "suites"
    return [name for name in SUITES if (here / f"{name}.py").is_file()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", help=", ".join(available()))
    parser.add_argument("--quick", action="store_true", help="small input, one round")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--rounds", type=int, help="how often each command is run")
    parser.add_argument("--dir", type=Path, help="where inputs and outputs go [target/bench]")
    arguments = parser.parse_args()
    if arguments.suite not in available():
        known = "planned, but not there yet" if arguments.suite in SUITES else "not a suite"
        print(f"{arguments.suite}: {known}; available: {', '.join(available())}", file=sys.stderr)
        sys.exit(2)
    suite = importlib.import_module(f"suites.{arguments.suite}")
    about = suite.__doc__.strip()
    bench = Bench(arguments.suite, about, quick=arguments.quick, rounds=arguments.rounds, place=arguments.dir)
    suite.run(bench)
    found = bench.report()
    print(json.dumps(found, indent=2) if arguments.json else report.text(found))
    sys.exit(0 if bench.met() else 1)


if __name__ == "__main__":
    main()

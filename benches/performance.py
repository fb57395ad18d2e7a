#!/usr/bin/env python3
"""Writes docs/performance.md from what `benches/run.py SUITE --json` printed.

    python3 benches/performance.py RESULTS.json...

A section of the page is one run of one suite. Those of other suites stay as they are.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from report import markdown

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"

HEAD = """# Performance

Measured beside other software on the same machine, in the same run. Made by `benches/performance.py` from runs of
`benches/run.py`; not written by hand. A missed goal is said to be missed.
"""


def main() -> None:
    if len(sys.argv) == 1:
        sys.exit(__doc__.strip())
    sections = kept(PAGE.read_text()) if PAGE.exists() else {}
    for name in sys.argv[1:]:
        report = json.loads(Path(name).read_text())
        sections[report["suite"]] = markdown(report)
    PAGE.write_text("\n".join([HEAD, *sections.values()]))


def kept(page: str) -> dict[str, str]:
    """The sections of a page by the suites that they are named by."""
    _, *sections = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    return {section.splitlines()[0].removeprefix("## "): section.rstrip() + "\n" for section in sections}


if __name__ == "__main__":
    main()

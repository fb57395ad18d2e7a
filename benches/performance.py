#!/usr/bin/env python3
"""The page docs/performance.md, from what `benches/run.py SUITE --json` printed.

    python3 benches/performance.py RESULTS.json... > docs/performance.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from report import markdown

HEAD = """# Performance

Measured beside other software on the same machine, in the same run. Made by `benches/performance.py` from runs of
`benches/run.py`; not written by hand. A missed goal is said to be missed.
"""


def main() -> None:
    if len(sys.argv) == 1:
        sys.exit(__doc__.strip())
    sections = [markdown(json.loads(Path(name).read_text())) for name in sys.argv[1:]]
    print("\n".join([HEAD, *sections]), end="")


main()

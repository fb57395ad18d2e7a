"""A report of a suite as text for a terminal, and as a section of a Markdown page."""

from __future__ import annotations

import math


def number(value: float | None) -> str:
    """Three digits that count; `-` for what was not measured."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{max(digits, 0)}f}"


def text(report: dict) -> str:
    quick = " (quick: numbers mean little)" if report["quick"] else ""
    lines = [f"{report['suite']}{quick}, medians of {_runs(report)}", _pairs(report["machine"]), _pairs(report["versions"])]
    for table in report["tables"]:
        lines += ["", *_aligned([table["title"], *table["columns"]], _rows(table))]
    lines += ["", *_aligned(["goal", "measured", "at most", ""], _goals(report)), "", *report["notes"]]
    return "\n".join(lines).rstrip()


def markdown(report: dict) -> str:
    quick = "**A quick run: its numbers mean little.** " if report["quick"] else ""
    lines = [
        f"## {report['suite']}",
        report["about"],
        f"{quick}Run on {report['date']}, medians of {_runs(report)}. Machine: {_pairs(report['machine'])}.",
        f"Versions: {_pairs(report['versions'])}.",
        *report["notes"],
        _grid(["goal", "measured", "at most", "", "made from"], _goals(report)),
    ]
    for table in report["tables"]:
        lines += [f"### {table['title']}", _grid(["", *table["columns"]], _rows(table))]
    return "\n\n".join(lines) + "\n"


def _runs(report: dict) -> str:
    return "1 run" if report["rounds"] == 1 else f"{report['rounds']} runs"


def _pairs(values: dict) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _rows(table: dict) -> list[list[str]]:
    return [[name, *map(number, values)] for name, values in table["rows"].items()]


def _goals(report: dict) -> list[list[str]]:
    verdict = {True: "met", False: "MISSED"}
    return [
        [goal["what"], number(goal["measured"]), number(goal["limit"]), verdict[goal["met"]], goal["detail"]]
        for goal in report["goals"]
    ]


def _aligned(head: list[str], rows: list[list[str]]) -> list[str]:
    """Columns side by side: the first and everything beyond the head to the left, the others to the right."""
    cells = [head + [""] * (max(map(len, rows), default=0) - len(head)), *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    ends = [0, *range(len(head), len(widths))]

    def place(i: int, cell: str) -> str:
        return cell.ljust(widths[i]) if i in ends else cell.rjust(widths[i])

    return ["  ".join(place(i, cell) for i, cell in enumerate(row)).rstrip() for row in cells]


def _grid(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] + ["---:" for _ in head[1:]]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])

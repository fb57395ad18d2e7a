"""The suite of ../manifest.jsonl: our reader is right on every case, and the cases are right by others."""

import json
import subprocess
from functools import cache

import pytest

from program import READER_COMMANDS, ROOT, reader_missing

SUITE = ROOT / "conformance-tests"
CASES = [json.loads(line) for line in (SUITE / "manifest.jsonl").read_text().splitlines()]
FOREIGN = [reader for reader in READER_COMMANDS if reader != "ziggurat" and not reader_missing(reader)]
CLAUSES = {clause for case in CASES for clause in case["clauses"]}


@cache
def answers(reader: str) -> dict[str, dict]:
    """What `reader` says of every case."""
    paths = [str(SUITE / "cases" / case["path"]) for case in CASES]
    done = subprocess.run([*READER_COMMANDS[reader], *paths], capture_output=True, text=True, timeout=120)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["path"].removeprefix(f"{SUITE}/cases/"): line for line in lines}


def right(case: dict, reader: str) -> bool:
    answer = answers(reader).get(case["path"], {"error": "no answer"})
    refused = "error" in answer
    values = not refused and all(answer.get(key) == case.get(key) for key in ("shape", "data_type", "sha256"))
    return {"ok": values, "reject": refused, "either": refused or values}[case["expect"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["path"])
def test_our_reader(case):
    answer = answers("ziggurat").get(case["path"])
    assert answer is not None, "no answer"
    assert right(case, "ziggurat"), f"{case['reason']} (expected {case['expect']}): {answer}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["path"])
def test_some_foreign_reader_agrees(case):
    agreeing = [reader for reader in FOREIGN if right(case, reader)]
    said = {reader: answers(reader).get(case["path"]) for reader in FOREIGN}
    assert agreeing, f"no reader agrees that this is {case['expect']}: {said}"


def test_every_reading_clause_has_a_case():
    text = (ROOT / "spec" / "zarr-profile.md").read_text()
    clauses = {word.strip("*") for word in text.split() if word.startswith("**R") and word.strip("*")[1:].isdigit()}
    assert clauses and clauses <= CLAUSES, f"without a case: {clauses - CLAUSES}"


def test_every_case_is_in_the_manifest():
    found = {str(p.parent.relative_to(SUITE / "cases")) for p in (SUITE / "cases").rglob("zarr.json")}
    found |= {str(p.parent.relative_to(SUITE / "cases")) for p in (SUITE / "cases").rglob(".zarray")}
    assert found == {case["path"] for case in CASES}

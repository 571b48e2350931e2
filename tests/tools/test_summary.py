#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tools/test-summary counts right, and never calls a failure a success."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SUMMARY = Path(__file__).resolve().parent.parent.parent / "tools" / \
    "test-summary"
GATES = "format: ok 3 files (0.1 s)\nlayers: ok (0.1 s)\n"


def log(result="OK", stdout="", name="hookline:unit / one"):
    return json.dumps({"name": name, "result": result, "stdout": stdout})


# name, {file: text}, last line, exit status
CASES = [
    ("one test, two gates", {"a.json": log(), "gates.txt": GATES},
     "3 passed, 0 failed", 0),
    ("tap cases", {"a.json": log(stdout="1..3\nok 1 - x\nok 2\nok 3 # SKIP\n"),
                   "gates.txt": GATES}, "4 passed, 0 failed", 0),
    ("a tap case fails",
     {"a.json": log("FAIL", "ok 1\nnot ok 2 - x\n"), "gates.txt": GATES},
     "3 passed, 1 failed", 1),
    ("crash after good cases",
     {"a.json": log("ERROR", "ok 1\nok 2\n"), "gates.txt": GATES},
     "4 passed, 1 failed", 1),
    ("pytest", {"a.json": log(stdout="...\n3 passed, 1 skipped in 2.05s\n"),
                "gates.txt": GATES}, "5 passed, 0 failed", 0),
    ("pytest fails",
     {"a.json": log("FAIL", "F.E\n==== 1 failed, 2 passed, 1 error in 1.20s "
                    "====\n"), "gates.txt": GATES},
     "4 passed, 2 failed", 1),
    ("a sum", {"a.json": log("FAIL", "not ok - x: y\n7 passed, 1 failed\n"),
               "gates.txt": GATES}, "9 passed, 1 failed", 1),
    ("timeout", {"a.json": log() + "\n" + log("TIMEOUT"),
                 "gates.txt": GATES}, "3 passed, 1 failed", 1),
    ("skipped is not passed", {"a.json": log() + "\n" + log("SKIP"),
                               "gates.txt": GATES}, "3 passed, 0 failed", 0),
    ("only skipped", {"a.json": log("SKIP"), "gates.txt": GATES},
     "2 passed, 1 failed", 1),
    ("empty log", {"a.json": "", "gates.txt": GATES},
     "2 passed, 1 failed", 1),
    ("a build failed", {"a.json": log(), "b.failed": "build failed",
                        "gates.txt": GATES}, "3 passed, 1 failed", 1),
    ("a gate failed",
     {"a.json": log(), "gates.txt": GATES + "docs: FAILED 1 fault (1 s)\n"},
     "3 passed, 1 failed", 1),
    ("no gate ran", {"a.json": log(), "gates.txt": ""},
     "1 passed, 1 failed", 1),
    ("nothing ran", {}, "0 passed, 1 failed", 1),
]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, (name, files, want, status) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            for file, text in files.items():
                path = Path(folder, file)
                path.write_text(text)
                if path.suffix == ".json":
                    path.with_suffix(".tests").write_text(json.dumps(
                        [{"name": "one", "suite": ["hookline:unit"]}]))
            result = subprocess.run(
                [sys.executable, SUMMARY, folder], capture_output=True,
                text=True, check=False)
        last = (result.stdout.splitlines() or [""])[-1]
        good = last == want and result.returncode == status
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# {last}, {result.returncode}: {result.stderr}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

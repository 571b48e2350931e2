#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests the dialog runner against fake-hookline; prints TAP.

good/ must pass, whole and in one-byte writes.  In bad/ every dialog must
fail, for the reason (a regular expression) in its first comment.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(folder, cache, *more):
    """{dialog: (passed, skipped, text of its failure)}"""
    # Where the run user can go, which the tree need not be.
    program = Path(cache, "fake-hookline")
    shutil.copy(HERE / "fake-hookline", program)
    os.chmod(cache, 0o755)
    command = [sys.executable, HERE.parent / "run.py", "--hookline",
               program, "--folder", HERE / folder,
               "--cache", cache, *more]
    result = subprocess.run(command, capture_output=True, text=True,
                            timeout=120, check=False)
    sys.stderr.write(result.stderr)
    found = {}
    name = None
    for line in result.stdout.splitlines():
        match = re.match(r"(not )?ok \d+ - (?:\S*/)?([\w-]+)", line)
        if match:
            name = match[2]
            found[name] = [not match[1], "# SKIP" in line, ""]
        elif line.startswith("# ") and name:
            found[name][2] += line[2:] + "\n"
    failed = any(not one[0] for one in found.values())
    if (result.returncode != 0) != failed:
        found["(runner)"] = [False, False, f"{result.returncode}"]
    return found


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def case(self, good, name, detail=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        for line in "" if good else detail.splitlines():
            print(f"# {line}")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as cache:
        good = sorted(path.stem for path in (HERE / "good").glob("*.dlg"))
        for mode in [], ["--one-byte"]:
            found = run("good", cache, *mode)
            for name in good:
                passed, skipped, text = found.get(name, (False, False, "?"))
                tap.case(passed, " ".join([name, *mode]), text)
                if name == "whole":
                    tap.case(skipped == bool(mode), "whole: skipped or not")
        found = run("bad", cache, "--timeout", "4")
        for path in sorted((HERE / "bad").glob("*.dlg")):
            want = path.read_text().splitlines()[1][2:]
            passed, _, text = found.get(path.stem, (True, False, "not run"))
            tap.case(not passed and re.search(want, text, re.DOTALL),
                     f"{path.stem} fails", f"expected {want}\n{text}")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())

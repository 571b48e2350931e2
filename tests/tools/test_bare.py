#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""run.sh builds where the test library is missing: no target that is made
without cmocka reads its header.  Prints TAP."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
PKG_CONFIG = """#!/bin/sh
case $* in *cmocka*) exit 1 ;; esac
exec pkg-config "$@"
"""


def configure(folder):
    """A build directory that has no cmocka."""
    wrapper = folder / "pkg-config"
    wrapper.write_text(PKG_CONFIG)
    wrapper.chmod(0o755)
    result = subprocess.run(
        ["meson", "setup", folder / "build", TOP], text=True,
        env=dict(os.environ, PKG_CONFIG=str(wrapper), CC="gcc"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if result.returncode != 0:
        sys.exit(result.stdout)
    return folder / "build"


def reads_cmocka(entry):
    """Does this compile command include its header, by whatever way?"""
    words = shlex.split(entry["command"])
    words = words[:words.index("-MD")] + ["-M", "-MG", entry["file"]]
    result = subprocess.run(words, cwd=entry["directory"], text=True,
                            capture_output=True, check=False)
    return "cmocka.h" in result.stdout or result.returncode != 0


def main():
    folder = Path(tempfile.mkdtemp(prefix="hookline-bare-"))
    try:
        build = configure(folder)
        commands = json.loads((build / "compile_commands.json").read_text())
        commands = [entry for entry in commands if "/tests/" in entry["file"]]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            bad = [entry["file"] for entry, reads in zip(
                commands, pool.map(reads_cmocka, commands)) if reads]
    finally:
        shutil.rmtree(folder)
    print("1..1")
    good = commands and not bad
    print(f"{'' if good else 'not '}ok 1 - {len(commands)} files need no "
          "cmocka")
    for name in bad:
        print(f"# {name}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

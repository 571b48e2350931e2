#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs dialogs and prints TAP.  README.md describes the format.

In the source tree it is tests/dialog/run.py and tests build/release/hookline;
installed it is hookline-dialog, for plugins made elsewhere, and tests the
hookline it was installed with.
"""

import argparse
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dlg.errors import DialogError
from dlg.play import Play
from dlg.script import parse_script
from dlg.server import Stage

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
IN_TREE = (TOP / "meson.build").exists()
PREFIX = HERE.parents[2]    # of PREFIX/share/hookline/dialog


def default_program():
    if IN_TREE:
        return TOP / "build" / "release" / "hookline"
    installed = PREFIX / "bin" / "hookline"
    return installed if installed.exists() else \
        shutil.which("hookline") or "hookline"


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dialogs", nargs="*",
                        help="files, or parts of their names; default: all")
    parser.add_argument("--hookline", default=os.environ.get(
        "HOOKLINE", default_program()),
        help="the program (default: $HOOKLINE, else %(default)s)")
    parser.add_argument("--one-byte", action="store_true",
                        help="cut every write into writes of one byte")
    parser.add_argument("--folder", default=HERE if IN_TREE else Path("."),
                        type=Path,
                        help="where the .dlg files are")
    parser.add_argument("--include",
                        default=str((TOP if IN_TREE else PREFIX) / "include"),
                        help="where hookline/plugin.h is")
    parser.add_argument("--cache", default=str(
        TOP / "build" / "dialog") if IN_TREE else None,
        help="where compiled plugins are kept for the next time")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--timeout", type=float, default=float(
        os.environ.get("HOOKLINE_DIALOG_TIMEOUT", 30)),
        help="seconds that any one thing may take")
    parser.add_argument("--keep", action="store_true",
                        help="keep the directories of the servers")
    return parser.parse_args()


def find_dialogs(opts):
    """The .dlg files that were asked for, sorted."""
    files = sorted(opts.folder.glob("*.dlg"))
    if not opts.dialogs:
        return files
    wanted = []
    for name in opts.dialogs:
        if Path(name).is_file():
            wanted.append(Path(name))
            continue
        found = [path for path in files if name in path.name]
        if not found:
            sys.exit(f"no dialog {name}")
        wanted += found
    return wanted


def shown(path):
    try:
        return path.resolve().relative_to(TOP)
    except ValueError:
        return path


def run_one(path, number, stage, opts):
    """(name, failure text or None, reason to skip or None)"""
    try:
        script = parse_script(shown(path), path.read_text())
    except DialogError as err:
        return path.stem, str(err), None
    name = f"{path.stem}: {script.title}"
    if opts.one_byte and script.whole:
        return name, None, script.whole
    try:
        return name, Play(script, stage, number, opts,
                          path.parent).run(), None
    except Exception as err:  # the runner's own bug is a failure, not an end
        return name, f"{type(err).__name__}: {err}", None


def main():
    opts = options()
    paths = find_dialogs(opts)
    if not paths:
        print("1..0 # SKIP no dialogs")
        return 0
    if not os.access(opts.hookline, os.X_OK):
        sys.exit(f"no program {opts.hookline}")
    print(f"1..{len(paths)}", flush=True)
    stage = Stage(opts.hookline)
    opts.cache = opts.cache or stage.base / "cache"
    failed = 0
    try:
        with ThreadPoolExecutor(opts.jobs) as pool:
            results = pool.map(lambda job: run_one(job[1], job[0], stage,
                                                   opts), enumerate(paths))
            for number, (name, failure, skip) in enumerate(results, 1):
                end = f" # SKIP {skip}" if skip else ""
                name = name.replace("#", "_")
                print(f"{'not ok' if failure else 'ok'} {number} - "
                      f"{name}{end}")
                if failure:
                    failed += 1
                    print("".join(f"# {line}\n"
                                  for line in failure.splitlines()), end="")
                sys.stdout.flush()
    finally:
        if not opts.keep:
            stage.remove()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

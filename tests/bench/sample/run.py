#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""qpsmtpd's sample configuration on hookline and on qpsmtpd, side by side.

    tests/bench/sample/run.py BENCH [WORD ...]

BENCH is the runner of a benchmark of SMTP servers, which takes scripts like
peer.sh as `PATH:MODE`; WORDs are given to it (`-w "W1 W2" -r 3`), and after
them the modes, when others than the usual are wanted:

    run.py bench.sh -w W2 hookline-spamd prefork-spamd

nsd with root.zone and spamd with one rule are started for the time, outside
of what is measured.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parents[1]
for folder in ("services", "session", "dialog", ""):
    sys.path.insert(0, str(TESTS / folder))
from nsd import Nsd  # noqa: E402
from scanners import Spamd  # noqa: E402

WHO = ("hookline", "prefork", "forkserver")
USUAL = ["hookline-native", "prefork-native", "hookline-policies",
         "prefork-policies"]


def main():
    bench, *words = sys.argv[1:]
    modes = [word for word in words if word.partition("-")[0] in WHO]
    words = [word for word in words if word not in modes]
    modes = modes or USUAL
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o755)
        servers = [Nsd(Path(base) / "dns", {".": HERE / "root.zone"})]
        os.environ["SAMPLE_DNS"] = str(servers[0].port)
        if any(mode.endswith("-spamd") for mode in modes):
            servers.append(Spamd(Path(base) / "spamd"))
            os.environ["SAMPLE_SPAMD"] = str(servers[1].port)
        try:
            for server in servers:
                server.start()
            return subprocess.run(
                [bench, *words,
                 *(f"{HERE / 'peer.sh'}:{mode}" for mode in modes)],
                check=False).returncode
        finally:
            for server in servers:
                server.stop()


sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""./run.sh as a newcomer uses it, and the swaks line that it prints; TAP.

The packages and build/release are there when this runs, so it only takes the
time of a look at them.
"""

import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
RUN = TOP / "run.sh"
TIMEOUT = 60


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Running:
    """run.sh with these arguments, until it listens or has ended."""

    def __init__(self, folder, *arguments):
        self.log = Path(folder) / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [RUN, *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)
        deadline = time.monotonic() + TIMEOUT
        while self.process.poll() is None and "event=ready" not in \
                self.text() and time.monotonic() < deadline:
            time.sleep(0.02)

    def text(self):
        return self.log.read_text(errors="replace")

    def printed(self, word):
        match = re.search(rf"^{word}: (.*)$", self.text(), re.M)
        return match[1] if match else ""

    def stop(self, how):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


def messages(maildir):
    return [path.read_text() for path in Path(maildir).glob("new/*")]


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def case(self, good, name, detail=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        for line in [] if good else str(detail).splitlines():
            print(f"# {line}")


def check_words(tap):
    result = subprocess.run([RUN, "--help"], capture_output=True, text=True,
                            check=False)
    tap.case(result.returncode == 0 and "--build" in result.stdout,
             "--help explains", result)
    result = subprocess.run([RUN, "--config", "/nonexistent"],
                            capture_output=True, text=True, check=False)
    tap.case(result.returncode != 0 and "/nonexistent" in result.stderr,
             "a directory that is not there is named", result)


def check_default(tap, folder):
    """The sample configuration, on a port of our own."""
    port = free_port()
    state = Path(folder, "var")
    running = Running(folder, "--listen", f"127.0.0.1:{port}", "--state",
                      str(state))
    try:
        tap.case("event=ready" in running.text(), "starts", running.text())
        tap.case(running.printed("listening on").split() ==
                 [f"127.0.0.1:{port}"], "says where it listens")
        where = re.search(r"^mail for example\.com goes to: (.*)$",
                          running.text(), re.M)
        maildir = Path(where[1] if where else "/nonexistent")
        tap.case(maildir.parent == state, "says where mail goes", maildir)
        swaks = subprocess.run(running.printed("try"), shell=True, text=True,
                               capture_output=True, check=False,
                               timeout=TIMEOUT)
        tap.case(swaks.returncode == 0, "the line that it prints is taken",
                 swaks.stdout + swaks.stderr + running.text())
        found = messages(maildir)
        tap.case(len(found) == 1 and "test" in found[0],
                 "the message is in the maildir", found)
        if os.geteuid() == 0:
            owner = pwd.getpwuid(state.stat().st_uid).pw_name
            tap.case(owner == "nobody", "var/ is the run user's", owner)
    finally:
        status = running.stop(signal.SIGINT)
    tap.case(status == 0, "Ctrl-C ends it", f"{status}\n{running.text()}")


def main():
    tap = Tap()
    check_words(tap)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        check_default(tap, folder)
    tap.case((TOP / "hookline").resolve() == TOP / "build" / "release" /
             "hookline", "./hookline is the program")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())

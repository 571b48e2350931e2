# SPDX-License-Identifier: MIT
"""A running master for each test.

HOOKLINE_FAKE names the program (fake_main.c).  It is copied to where every
user can run it.  Tests that need root are skipped without.
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from waiting import WAIT, LogReader, until  # noqa: E402

# A checked build shall die of the signal, as any other.
os.environ.setdefault(
    "ASAN_OPTIONS",
    "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0")


class Client:
    """One session of the fake server's line protocol."""

    def __init__(self, where, timeout=WAIT):
        family = (socket.AF_UNIX if isinstance(where, str)
                  else socket.AF_INET6 if ":" in where[0]
                  else socket.AF_INET)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(where)
        self.file = self.socket.makefile("rwb", 0)

    def read(self):
        return self.file.readline().decode().rstrip("\r\n")

    def say(self, text):
        self.file.write(text.encode() + b"\r\n")

    def ask(self, text):
        self.say(text)
        return self.read()

    def greet(self):
        """(slot, generation, pid) of the worker."""
        words = self.read().split()
        assert words[0] == "220"
        return tuple(int(word) for word in words[1:])

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Server(LogReader):
    def __init__(self, base, program):
        self.base = base
        self.program = program
        self.config = base / "config"
        self.state = base / "state"
        self.log_path = base / "log"
        self.config.mkdir()
        self.write("listen", "127.0.0.1:0")
        self.process = None

    def write(self, name, text):
        path = self.config / name
        path.write_text(text + "\n")
        path.chmod(0o644)

    def arguments(self, *more):
        return [str(self.program), "serve", "--config", str(self.config),
                "--state", str(self.state), *more]

    def launch(self, *more, prefix=(), **popen):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [*prefix, *self.arguments(*more)], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, **popen)
        log.close()
        return self

    def start(self, *more, **popen):
        self.launch(*more, **popen)
        until(lambda: self.process.poll() is not None
              or "event=ready" in self.log())
        assert self.process.poll() is None, self.log()
        return self

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ""

    def ctl(self, *args):
        return subprocess.run(
            [str(self.program), "ctl", "--state", str(self.state), *args],
            capture_output=True, text=True, timeout=WAIT)

    def status(self):
        result = self.ctl("status", "--json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def workers(self, state="active"):
        return [w for w in self.status()["workers"] if w["state"] == state]

    def where(self, line=0):
        """The address that line `line` of config/listen became."""
        text = self.status()["listen"][line].split()[0]
        if text.startswith("unix:"):
            return text[5:]
        host, port = text.rsplit(":", 1)
        return (host.strip("[]"), int(port))

    def client(self, line=0):
        return Client(self.where(line))

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(WAIT)

    def finish(self):
        process = self.process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
        # Workers of a killed master end by themselves.
        until(lambda: not children_of(self.program))
        assert "LeakSanitizer" not in self.log(), self.log()


@pytest.fixture
def program():
    return Path(os.environ["HOOKLINE_FAKE"])


@pytest.fixture
def base():
    path = Path(tempfile.mkdtemp(prefix="hookline-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server(base, program):
    copy = base / "hookline"
    shutil.copy(program, copy)
    copy.chmod(0o755)
    server = Server(base, copy)
    yield server
    server.finish()


def children_of(program):
    """Processes that run this copy."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.readlink(entry / "exe").split(" ")[0] == str(program) and \
                    (entry / "stat").read_text().split(")")[1].split()[0] \
                    != "Z":
                found.append(int(entry.name))
        except OSError:
            pass
    return found


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    server = item.funcargs.get("server")
    if report.when == "call" and report.failed and server is not None:
        report.sections.append(("log of the server", server.log()))


def is_late(seconds, what):
    """Calls what(), which takes so long.  Then 1 if it took long enough more
    for the watchdog to have seen it hold, on a machine that is busy; else
    0."""
    begin = time.monotonic()
    what()
    return int(time.monotonic() - begin > seconds + 0.09)


def alive(pid):
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] != "Z"


def proc_status(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.M))


def limit_descriptors(pid, soft):
    """As the worker's user: root may lack the right to."""
    status = proc_status(pid)
    subprocess.run(["prlimit", f"--nofile={soft}:", "--pid", str(pid)],
                   check=True, user=int(status["Uid"].split()[0]),
                   group=int(status["Gid"].split()[0]), extra_groups=[])


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def _has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


# The loopback of a second family; machines without IPv6 have 127.0.0.2.
OTHER = "[::1]:0" if _has_ipv6() else "127.0.0.2:0"

# SPDX-License-Identifier: MIT
"""Readiness, watchdog and sockets as systemd does them."""
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from conftest import WAIT, Client, needs_root, until

UNIT = Path(__file__).resolve().parents[2] / "contrib/hookline.service.in"
ACTIVATE = shutil.which("systemd-socket-activate")


class Manager:
    """Receives what a service tells systemd."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        os.chmod(path, 0o777)
        self.socket.settimeout(WAIT)
        self.env = dict(os.environ, NOTIFY_SOCKET=str(path))

    def wait(self, word):
        while True:
            text = self.socket.recv(4096).decode()
            if word in text.splitlines():
                return text


@pytest.fixture
def manager(base):
    manager = Manager(base / "notify")
    yield manager
    manager.socket.close()


def test_states(server, manager):
    server.launch("--workers", "2", env=manager.env)
    text = manager.wait("READY=1")
    assert "STATUS=2 workers" in text
    assert f"MAINPID={server.process.pid}" in text
    server.signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in manager.wait("RELOADING=1")
    manager.wait("READY=1")
    server.write("plugins", "bad")
    server.signal(signal.SIGHUP)
    manager.wait("RELOADING=1")
    manager.wait("READY=1")
    server.signal(signal.SIGTERM)
    manager.wait("STOPPING=1")
    assert server.wait() == 0


def test_watchdog(server, manager):
    server.launch("--workers", "1",
                  env=dict(manager.env, WATCHDOG_USEC="400000"))
    for _ in range(3):
        manager.wait("WATCHDOG=1")


def environment_of(pid):
    with open(f"/proc/{pid}/environ", "rb") as file:
        return file.read().decode().split("\0")


def test_workers_do_not_talk_to_systemd(server, manager):
    server.start("--workers", "1", env=manager.env)
    pid = server.workers()[0]["pid"]
    assert not [e for e in environment_of(pid) if "NOTIFY" in e]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connect(port):
    def attempt():
        try:
            return Client(("127.0.0.1", port))
        except ConnectionRefusedError:
            return None
    return until(attempt)


def activate(server, port, *more, name=None):
    prefix = [ACTIVATE, "-l", f"127.0.0.1:{port}"]
    if name:
        prefix.append(f"--fdname={name}")
    server.launch("--workers", "2", *more, prefix=prefix)


needs_activate = pytest.mark.skipif(ACTIVATE is None,
                                    reason="no systemd-socket-activate")


@needs_activate
def test_activation_by_name(server):
    port = free_port()
    server.write("listen", "127.0.0.1:1 name=smtp")
    activate(server, port, name="smtp")
    with connect(port) as client:
        client.greet()
        assert client.ask("LINE") == "250 smtp"
    # The socket stays over a reload, and one that is stopped leaves it.
    assert server.ctl("reload").returncode == 0
    with Client(("127.0.0.1", port)) as client:
        assert client.greet()[1] == 2


@needs_activate
def test_activation_by_address(server):
    port = free_port()
    server.write("listen", f"127.0.0.1:{port} plugins=other")
    activate(server, port)
    with connect(port) as client:
        client.greet()
    assert "plugins=other" in server.status()["listen"][0]


@needs_activate
def test_activation_without_lines(server):
    port = free_port()
    (server.config / "listen").unlink()
    activate(server, port, name="smtp")
    with connect(port) as client:
        client.greet()
        assert client.ask("LINE") == "250 smtp"


@needs_activate
def test_activation_that_nobody_wants(server):
    port = free_port()
    activate(server, port, name="other")
    with connect(port):
        assert server.wait() == 1
    assert "name=other" in server.lines("event=start_failed")[0]


@needs_root
def test_capabilities_of_the_unit(server):
    """They suffice for serving, and not for ctl: hence the + of ExecReload."""
    text = UNIT.read_text()
    names = re.search(r"^CapabilityBoundingSet=(.*)", text, re.M)[1].split()
    bounds = "-all," + ",".join(
        "+" + name.removeprefix("CAP_").lower() for name in names)
    prefix = ["setpriv", "--no-new-privs", "--bounding-set", bounds, "--"]
    server.state.mkdir()  # as StateDirectory= does
    server.launch("--workers", "1", prefix=prefix)
    until(lambda: server.process.poll() is not None
          or "event=ready" in server.log())
    assert server.lines("event=run_user", "user=nobody")
    with server.client() as client:
        client.greet()
    assert server.ctl("reload").returncode == 0
    result = subprocess.run(
        [*prefix, str(server.program), "ctl", "--state", str(server.state),
         "reload"], capture_output=True, text=True)
    assert result.returncode == 1 and "ermission denied" in result.stderr
    assert re.search(r"^ExecReload=\+", text, re.M)

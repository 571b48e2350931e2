# SPDX-License-Identifier: MIT
"""The state process: started, replaced, ended by the master."""
import os
import signal
import socket
import struct

from conftest import WAIT, children_of, until

# src/state/proto.h
HELLO = struct.Struct(">IIiq")
REQUEST = struct.Struct(">IBBHIIIIQq")
GET, PUT = 1, 2


class State:
    """A connection as a worker has one."""

    def __init__(self, server):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(WAIT)
        self.socket.connect(str(server.state / "state.sock"))
        size, number, version, _ = HELLO.unpack(self.take(HELLO.size))
        assert (size, number, version) == (16, 0, 1)

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, "closed"
            data += more
        return data

    def ask(self, op, key, value=b""):
        """(status, value)"""
        body = b"p:t" + key + value
        self.socket.sendall(REQUEST.pack(
            36 + len(body), 1, op, 3, 1, len(key), len(value), 0, 0, 0)
            + body)
        size, number, status, _ = HELLO.unpack(self.take(HELLO.size))
        assert number == 1
        return status, self.take(size - 16)


def pid_of(server):
    return server.status()["state_process"]["pid"]


def is_gone(pid):
    return not os.path.exists(f"/proc/{pid}")


def test_runs_and_ends(server):
    server.start()
    pid = pid_of(server)
    assert pid > 0
    state = State(server)
    assert state.ask(PUT, b"k", b"v") == (0, b"")
    assert state.ask(GET, b"k") == (1, b"v")
    assert (server.state / "state.sock").stat().st_mode & 0o777 == 0o600
    assert (server.state / "state.db").stat().st_mode & 0o777 == 0o600
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert is_gone(pid)
    assert not (server.state / "state.sock").exists()
    # It was closed in order: no log is left over.
    assert not (server.state / "state.db-wal").exists()


def test_is_replaced(server):
    server.start()
    old = pid_of(server)
    state = State(server)
    assert state.ask(PUT, b"k", b"v") == (0, b"")
    os.kill(old, signal.SIGKILL)
    # The socket goes on listening: this waits for the next process.
    assert State(server).ask(GET, b"k") == (1, b"v")
    new = until(lambda: pid_of(server))
    assert new != old
    assert server.status()["state_process"]["deaths"] == 1
    server.wait_line("event=state_died")
    assert server.client().greet()


def test_survives_a_reload(server):
    server.start()
    pid = pid_of(server)
    state = State(server)
    assert server.ctl("reload").returncode == 0
    assert state.ask(PUT, b"k", b"v") == (0, b"")
    assert pid_of(server) == pid


def test_ends_with_a_killed_master(server):
    server.start()
    pid = pid_of(server)
    state = State(server)
    assert state.ask(PUT, b"k", b"v") == (0, b"")
    server.process.kill()
    server.process.wait()
    until(lambda: is_gone(pid))
    until(lambda: not children_of(server.program))


def test_ctrl_c_leaves_it_to_the_master(server):
    server.start()
    pid = pid_of(server)
    assert State(server).ask(GET, b"k") == (0, b"")
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    assert State(server).ask(PUT, b"k", b"v") == (0, b"")
    assert pid_of(server) == pid


def test_signals_while_the_master_ends(server):
    """It waits for the state process, which has stopped; one more order to
    end does not keep it from cleaning up."""
    server.start()
    os.kill(pid_of(server), signal.SIGSTOP)
    server.signal(signal.SIGTERM)
    server.wait_line("event=stopped")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        server.signal(number)
    assert server.wait() == 0
    assert not (server.state / "hookline.pid").exists()

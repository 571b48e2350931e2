# SPDX-License-Identifier: MIT
"""The control socket and its client."""
import json
import os
import signal
import socket
import threading
import time

import pytest

from conftest import WAIT, until


def test_text_and_json(server):
    server.start("--workers", "1")
    status = server.ctl("status")
    assert status.returncode == 0
    assert "running" in status.stdout
    assert "active" in status.stdout
    stats = server.ctl("stats")
    assert "connections accepted" in stats.stdout
    assert json.loads(server.ctl("stats", "--json").stdout)["hooks"]


@pytest.mark.parametrize("args,words", [
    ([], "what shall it do"),
    (["relaod"], "did you mean reload"),
    (["status", "stats"], "one request"),
    (["--frob", "status"], "no option --frob"),
])
def test_usage(server, args, words):
    result = server.ctl(*args)
    assert result.returncode == 2


def test_no_server(server):
    result = server.ctl("status")
    assert result.returncode == 1
    assert "no server runs" in result.stderr
    assert "--state" in result.stderr


def test_config_flush(server):
    server.start("--workers", "2")
    result = server.ctl("config-flush")
    assert (result.returncode, result.stdout) == (0, "2 workers\n")
    server.write("faulty", "")
    result = server.ctl("config-flush")
    assert result.returncode == 1
    assert "faulty:1: bad line" in result.stderr
    assert server.status()["faults"] == ["faulty:1: bad line"]
    assert "faulty:1: bad line" in server.ctl("status").stdout
    (server.config / "faulty").unlink()
    assert server.ctl("config-flush").returncode == 0
    assert server.status()["faults"] == []


def test_config_flush_and_a_death(server):
    """Who died is not waited for."""
    server.start("--workers", "1")
    with server.client() as client:
        client.greet()
        client.say("HOLD 60000")
        server.wait_line("event=loop_held")
        results = []
        thread = threading.Thread(
            target=lambda: results.append(server.ctl("config-flush")))
        thread.start()
        time.sleep(0.2)
        os.kill(server.workers()[0]["pid"], signal.SIGKILL)
        thread.join()
    assert results[0].returncode == 0


def test_drain_waits_for_the_end(server):
    server.start("--workers", "1")
    with server.client() as busy:
        busy.greet()
        busy.ask("TXN")
        results = []
        thread = threading.Thread(
            target=lambda: results.append(server.ctl("drain")))
        thread.start()
        server.wait_line("event=stop")
        assert server.status()["state"] == "draining"
        assert server.ctl("reload").returncode == 1
        assert not results
        busy.ask("DONE")
        thread.join()
    assert results[0].returncode == 0
    assert server.wait() == 0


def test_stop(server):
    server.start("--workers", "1")
    with server.client() as busy:
        busy.greet()
        busy.ask("TXN")
        assert server.ctl("stop").returncode == 0
        assert busy.read().startswith("421")
    assert server.wait() == 0


def test_start_right_after_stop(server):
    """When the client returns, the state directory is free."""
    for _ in range(5):
        server.start("--workers", "1")
        assert server.ctl("stop").returncode == 0
        server.log_path.unlink()


def raw(server, data, shut=False):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(WAIT)
        s.connect(str(server.state / "ctl.sock"))
        s.sendall(data)
        if shut:
            s.shutdown(socket.SHUT_WR)
        answer = b""
        while True:
            try:
                chunk = s.recv(4096)
            except ConnectionResetError:
                return answer
            if not chunk:
                return answer
            answer += chunk


@pytest.mark.parametrize("data,answer", [
    (b"frob\n", b"error no such command\n"),
    (b"\n", b"error no such command\n"),
    (b"x" * 600, b""),
    (b"status", b""),
])
def test_nonsense(server, data, answer):
    server.start("--workers", "1")
    assert raw(server, data, shut=True) == answer
    assert raw(server, b"status\n", shut=True).startswith(b"ok\nhookline")


def test_many_connections(server):
    """More than it takes: the later ones are closed, the server goes on."""
    server.start("--workers", "1")
    held = []
    for _ in range(60):
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(server.state / "ctl.sock"))
        held.append(s)
    for s in held:
        s.close()
    until(lambda: server.ctl("status").returncode == 0)


def test_client_that_goes_away(server):
    server.start("--workers", "1")
    server.write("plugins", "hang")
    s = socket.socket(socket.AF_UNIX)
    s.connect(str(server.state / "ctl.sock"))
    s.sendall(b"reload\n")
    starting = until(lambda: server.workers("starting"))
    s.close()
    os.kill(starting[0]["pid"], signal.SIGKILL)
    server.wait_line("event=reload_refused")
    assert server.ctl("status").returncode == 0

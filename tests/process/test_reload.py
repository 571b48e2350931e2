# SPDX-License-Identifier: MIT
"""Generations: who takes over, who drains, what is refused, what survives."""
import json
import os
import shutil
import signal
import threading
import time

import pytest

from conftest import OTHER, Client, alive, until


def reload(server):
    result = server.ctl("reload")
    assert result.returncode == 0, result.stderr
    return result.stdout


def reload_when_possible(server):
    """Waits for old generations that are slow to end."""
    def attempt():
        result = server.ctl("reload")
        assert result.returncode == 0 or "still drain" in result.stderr
        return result.returncode == 0
    until(attempt)


def test_reload(server):
    server.start("--workers", "2")
    old = [w["pid"] for w in server.workers()]
    with server.client() as client:
        pid = client.greet()[2]
        assert "generation 2" in reload(server)
        assert len(server.workers()) == 2
        assert not {w["pid"] for w in server.workers()} & set(old)
        # The session lives on in its worker; others have ended.
        assert client.ask("PEERS") == "250 1 1"
        until(lambda: [p for p in old if alive(p)] == [pid])
        with server.client() as other:
            assert other.greet()[1] == 2
            # Limits count over generations.
            assert other.ask("PEERS") == "250 2 2"
        assert client.ask("QUIT") == "221 bye"
    until(lambda: not alive(pid))
    assert server.status()["last_reload"] == "done"


def test_config_directory_is_a_link(server):
    """A reload takes what the link points to by then."""
    first = server.config.rename(server.base / "first")
    second = server.base / "second"
    shutil.copytree(first, second)
    (second / "workers").write_text("3\n")
    (first / "workers").write_text("1\n")
    server.config.symlink_to(first)
    server.start()
    assert len(server.workers()) == 1
    server.config.unlink()
    server.config.symlink_to(second)
    reload(server)
    assert len(server.workers()) == 3


def test_hangup_reloads(server):
    server.start("--workers", "1")
    server.signal(signal.SIGHUP)
    server.wait_line("event=ready", "generation=2")
    with server.client() as client:
        assert client.greet()[1] == 2


BAD = {
    "check": ("bad", "plugins:2: another"),
    "check crashes": ("bad-check-crash", "signal ABRT"),
    "load": ("fail no such plugin", "plugins:1: no such plugin"),
    "load crashes": ("crash", "signal"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_reload(server, case):
    text, reason = BAD[case]
    server.start("--workers", "2")
    pids = [w["pid"] for w in server.workers()]
    with server.client() as client:
        client.greet()
        server.write("plugins", text)
        result = server.ctl("reload")
        assert result.returncode == 1
        assert reason in result.stderr
        assert reason.split(":")[-1] in \
            server.wait_line("event=reload_refused")[0]
        assert [w["pid"] for w in server.workers()] == pids
        assert client.ask("PEERS") == "250 1 1"
    assert server.status()["last_reload"].startswith("refused: ")
    # And a good one afterwards.
    server.write("plugins", "")
    reload(server)
    until(lambda: len(server.status()["workers"]) == 2)


def test_bad_listen_is_refused(server):
    server.start("--workers", "1")
    server.write("listen", "127.0.0.1:0\n192.0.2.77:0")
    result = server.ctl("reload")
    assert result.returncode == 1
    assert "192.0.2.77:0" in result.stderr
    with server.client() as client:
        assert client.greet()[1] == 1


def test_reloads_one_after_the_other(server):
    """Each request is answered by a reload that began after it."""
    server.start("--workers", "1")
    results = []
    threads = [threading.Thread(
        target=lambda: results.append(server.ctl("reload").returncode))
        for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0] * 6
    assert 2 <= server.status()["generation"] <= 7


def test_four_generations(server):
    """One more than a slot has segments for is refused, and says so."""
    server.start("--workers", "1")
    clients = []
    for _ in range(3):
        clients.append(server.client())
        clients[-1].greet()
        reload(server)
    clients.append(server.client())
    clients[-1].greet()
    assert clients[-1].ask("PEERS") == "250 4 4"
    result = server.ctl("reload")
    assert result.returncode == 1
    assert "slot 0" in result.stderr
    assert clients[0].ask("PEERS") == "250 4 4"
    clients.pop(0).close()
    until(lambda: len(server.status()["workers"]) == 3)
    reload(server)
    for client in clients:
        client.close()


class Load(threading.Thread):
    """Connects again and again; a connection must get all its replies."""

    def __init__(self, where):
        super().__init__()
        self.where = where
        self.count = 0
        self.failures = []
        self.ends = False

    def run(self):
        while not self.ends:
            try:
                with Client(self.where) as client:
                    client.greet()
                    assert client.ask("PEERS").startswith("250")
                    assert client.ask("QUIT") == "221 bye"
                self.count += 1
            except (OSError, AssertionError) as error:
                self.failures.append(repr(error))


def under_load(where, work, threads=4):
    loads = [Load(where) for _ in range(threads)]
    for load in loads:
        load.start()
    try:
        work()
    finally:
        for load in loads:
            load.ends = True
        for load in loads:
            load.join()
    assert sum(load.count for load in loads) > 0
    return [failure for load in loads for failure in load.failures]


def test_no_connection_is_lost_by_reloads(server):
    server.start("--workers", "2")

    def work():
        for _ in range(8):
            reload_when_possible(server)

    assert under_load(server.where(), work) == []


def test_no_connection_is_lost_by_shrinking(server):
    """Sockets of slots that go are emptied before they are closed.

    The kernel may still give a connection to a socket between the last
    accept and the close: a few are allowed, a queue full is not.
    """
    server.write("workers", "4")
    server.start()
    where = server.where()

    def work():
        for count in ("1", "3", "2", "4", "1"):
            server.write("workers", count)
            reload_when_possible(server)
            assert len(server.workers()) == int(count)

    assert len(under_load(where, work)) <= 2


def test_removed_address(server):
    server.write("listen", "127.0.0.1:0 name=a\n127.0.0.1:0 name=b")
    server.start("--workers", "2")
    first, second = server.where(0), server.where(1)
    # Its queue is served before it goes.
    pids = [w["pid"] for w in server.workers()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    queued = [Client(second) for _ in range(10)]
    server.write("listen", "127.0.0.1:0 name=a")
    result = []
    thread = threading.Thread(
        target=lambda: result.append(server.ctl("reload")))
    thread.start()
    thread.join()
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    assert result[0].returncode == 0
    for client in queued:
        assert client.greet()[1] == 1
        client.close()
    with Client(first) as client:
        assert client.greet()[1] == 2

    def is_closed():
        try:
            Client(second).close()
            return False
        except ConnectionRefusedError:
            return True
    until(is_closed)


def test_added_address(server):
    server.start("--workers", "2")
    first = server.where(0)
    server.write("listen", f"127.0.0.1:0\n{OTHER} name=six")
    reload(server)
    assert server.where(0) == first
    with server.client(1) as client:
        client.greet()
        assert client.ask("LINE") == "250 six"


def test_death_of_a_draining_worker(server):
    """Is not replaced; its connections are not counted any more."""
    server.start("--workers", "1")
    with server.client() as client:
        pid = client.greet()[2]
        reload(server)
        os.kill(pid, signal.SIGKILL)
        assert server.wait_line("event=worker_died", "state=draining")
    time.sleep(0.3)
    assert len(server.status()["workers"]) == 1
    with server.client() as client:
        client.greet()
        assert client.ask("PEERS") == "250 1 1"


def test_death_during_a_reload(server):
    server.start("--workers", "2")
    server.write("plugins", "hang")
    server.signal(signal.SIGHUP)
    starting = until(lambda: server.workers("starting"))
    os.kill(starting[0]["pid"], signal.SIGKILL)
    assert "signal 9" in server.wait_line("event=reload_refused")[0]
    until(lambda: len(server.status()["workers"]) == 2)


def test_stop_during_a_reload(server):
    server.start("--workers", "1")
    server.write("plugins", "hang")
    server.signal(signal.SIGHUP)
    until(lambda: server.workers("starting"))
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


def test_user_needs_a_restart(server):
    server.start("--workers", "1")
    server.write("user", "daemon")
    reload(server)
    server.wait_line("event=user_kept")


def test_counters_survive_workers(server):
    server.start("--workers", "1")
    with server.client() as client:
        client.greet()
        client.ask("NOTE 100")
        client.ask("QUIT")
    reload(server)
    with server.client() as client:
        client.greet()
        client.ask("NOTE 100")
        client.ask("QUIT")
    until(lambda: len(server.status()["workers"]) == 1)
    stats = json.loads(server.ctl("stats", "--json").stdout)
    assert stats["totals"]["connections"] == 2
    row = stats["hooks"][0]
    assert (row["plugin"], row["hook"]) == ("fake", "rcpt")
    assert row["calls"] == row["ok"] == 2
    assert row["total_us"] == 200
    assert row["p50"] == 128

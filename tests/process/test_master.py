# SPDX-License-Identifier: MIT
"""Start, stop, deaths and what the master says about them."""
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

from conftest import (OTHER, WAIT, Client, alive, is_late, limit_descriptors,
                      needs_root, until)


# ---- start -----------------------------------------------------------------

def test_start(server):
    server.start("--workers", "2")
    status = server.status()
    assert status["state"] == "running"
    assert status["generation"] == 1
    assert [w["slot"] for w in status["workers"]] == [0, 1]
    with server.client() as client:
        slot, generation, pid = client.greet()
        assert generation == 1
        assert pid == status["workers"][slot]["pid"]
    pid_file = server.state / "hookline.pid"
    assert pid_file.read_text() == f"{server.process.pid}\n"
    mode = os.stat(server.state / "ctl.sock").st_mode
    assert stat.S_IMODE(mode) == 0o600
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert not pid_file.exists()
    assert not (server.state / "ctl.sock").exists()


def test_workers_from_config(server):
    server.write("workers", "3")
    server.start()
    assert len(server.workers()) == 3


def test_listen_option_replaces_the_file(server):
    server.write("listen", "127.0.0.1:1")
    server.start("--listen", "127.0.0.1:0 name=a", "--listen",
                 OTHER + " name=b")
    for line, name in enumerate(["a", "b"]):
        with server.client(line) as client:
            client.greet()
            assert client.ask("LINE") == f"250 {name}"


def test_files_too_small_for_the_shared_memory(server):
    """A limit that the system sets is told, and kills nobody."""
    server.launch("--workers", "1", prefix=("prlimit", "--fsize=65536"))
    assert server.wait() == 1
    assert "shared memory: File too large" in server.lines(
        "event=start_failed")[0]


def test_second_start_is_refused(server):
    server.start("--workers", "1")
    again = subprocess.run(
        server.arguments("--listen", "127.0.0.1:0"), capture_output=True,
        text=True, timeout=WAIT)
    assert again.returncode == 1
    assert f"pid {server.process.pid}" in again.stderr
    assert "--state" in again.stderr
    with server.client() as client:
        client.greet()


def test_start_after_kill(server):
    """The lock goes with the process, not with the file."""
    server.start("--workers", "1")
    server.process.kill()
    server.process.wait()
    assert (server.state / "hookline.pid").exists()
    server.log_path.unlink()
    server.start("--workers", "1")


def test_closed_standard_descriptors(server):
    """Nothing else takes their numbers, and workers have nothing else."""
    server.launch("--workers", "1", prefix=[
        "sh", "-c", 'exec "$0" "$@" <&- >&- 8</etc/passwd'])
    server.wait_line("event=ready")
    for pid in (server.process.pid, server.workers()[0]["pid"]):
        for fd in (0, 1):
            assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    pid = server.workers()[0]["pid"]
    assert "/etc/passwd" not in [
        os.readlink(f"/proc/{pid}/fd/{fd}")
        for fd in os.listdir(f"/proc/{pid}/fd")]


BAD_STARTS = {
    "no listener": ("listen", "", "nothing to listen on"),
    "bad listener": ("listen", "127.0.0.1", "listen:1"),
    "bad workers": ("workers", "many", "workers:1"),
    "plugins fail": ("plugins", "fail no such plugin", "plugins:1"),
    "plugins crash": ("plugins", "crash", "signal"),
    "not our address": ("listen", "192.0.2.77:0", "192.0.2.77"),
}


@pytest.mark.parametrize("case", BAD_STARTS)
def test_bad_start(server, case):
    name, text, reason = BAD_STARTS[case]
    server.write(name, text)
    server.launch("--workers", "2")
    assert server.wait() == 1
    assert reason in server.lines("event=start_failed")[0]
    assert not (server.state / "hookline.pid").exists()


def test_address_in_use(server):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server.launch("--listen", f"127.0.0.1:{port}")
        assert server.wait() == 1
    assert f"127.0.0.1:{port}" in server.lines("event=start_failed")[0]


def test_address_of_another_server(server):
    """Workers share an address; two servers of one user do not."""
    server.start("--workers", "2")
    port = server.where()[1]
    again = subprocess.run(
        [str(server.program), "serve", "--config", str(server.config),
         "--state", str(server.base / "other"),
         "--listen", f"127.0.0.1:{port}"],
        capture_output=True, text=True, timeout=20)
    assert again.returncode == 1
    assert f"127.0.0.1:{port}: bind: Address already in use" in again.stderr
    with server.client() as client:
        client.greet()


def test_wildcard_beside_an_address(server):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    server.start("--workers", "2", "--listen", f"0.0.0.0:{port}", "--listen",
                 f"127.0.0.1:{port}")
    with server.client(1) as client:
        client.greet()


def test_no_config_directory(server):
    server.config = server.base / "nowhere"
    server.launch()
    assert server.wait() == 1
    assert "--config" in server.lines("event=start_failed")[0]


def test_worker_is_not_for_people(server):
    result = subprocess.run([server.program, "worker"], capture_output=True,
                            text=True, timeout=WAIT)
    assert result.returncode == 2
    assert "hookline serve" in result.stderr


def test_unix_socket(server):
    path = server.base / "sock" / "smtp"
    path.parent.mkdir()
    path.parent.chmod(0o777)
    server.start("--listen", f"unix:{path}", "--workers", "2")
    with server.client() as client:
        client.greet()
    assert server.ctl("reload").returncode == 0
    with server.client() as client:
        assert client.greet()[1] == 2
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert not path.exists()


# ---- stop ------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_drain(server, number):
    server.start("--workers", "1")
    where = server.where()
    with Client(where) as idle, Client(where) as busy:
        idle.greet()
        busy.greet()
        busy.ask("TXN")
        server.signal(number)
        assert idle.read().startswith("421 4.3.2")
        assert idle.read() == ""
        with pytest.raises(ConnectionRefusedError):
            Client(where)
        assert busy.ask("TXN") == "250 busy"
        assert server.process.poll() is None
        assert busy.ask("DONE") == "250 done"
        assert busy.read().startswith("421")
    assert server.wait() == 0


def test_drain_timeout(server):
    server.write("drain_timeout", "1")
    server.start("--workers", "1")
    with server.client() as busy:
        busy.greet()
        busy.ask("TXN")
        begin = time.monotonic()
        server.signal(signal.SIGTERM)
        assert busy.read().startswith("421")
        assert 0.9 < time.monotonic() - begin < 25  # the default is 30
    assert server.wait() == 0


def test_second_signal_stops_at_once(server):
    server.start("--workers", "1")
    with server.client() as busy:
        busy.greet()
        busy.ask("TXN")
        server.signal(signal.SIGTERM)
        server.wait_line("event=stop")
        server.signal(signal.SIGTERM)
        assert busy.read().startswith("421")
    assert server.wait() == 0


def test_hanging_worker_is_killed(server):
    """A hook that holds the loop does not stop the stop."""
    server.start("--workers", "1")
    with server.client() as client:
        client.greet()
        client.say("HOLD 30000")
        server.wait_line("event=loop_held")
        server.signal(signal.SIGTERM)
        server.wait_line("event=stop")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    assert server.lines("event=worker_ended", "signal=KILL")


def test_stop_while_it_starts(server):
    server.write("plugins", "hang")
    server.launch("--workers", "1")
    until(lambda: server.status()["workers"]
          if (server.state / "ctl.sock").exists() else None)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


# ---- deaths ----------------------------------------------------------------

def test_killed_worker_is_replaced(server):
    server.start("--workers", "2")
    with server.client() as client:
        slot, _, pid = client.greet()
        os.kill(pid, signal.SIGKILL)
        line = server.wait_line("event=worker_died")[0]
        assert f"pid={pid}" in line
        assert "signal=KILL" in line
        assert "plugin=- hook=-" in line
        assert "sessions=1" in line
    until(lambda: len(server.workers()) == 2)
    assert pid not in [w["pid"] for w in server.workers()]
    assert server.status()["deaths"] == 1


def test_hanging_replacement(server):
    """It is ended when its time is over, and another one is tried."""
    server.start("--workers", "2", "--start-timeout", "1")
    first, second = (worker["pid"] for worker in server.workers())
    server.write("plugins", "hang")
    os.kill(second, signal.SIGKILL)
    line = server.wait_line("event=worker_start_failed")[0]
    assert "slot=1" in line
    assert "not ready within 1 seconds" in line
    assert [worker["pid"] for worker in server.workers()] == [first]
    server.write("plugins", "")
    until(lambda: len(server.workers()) == 2, server.log)
    assert second not in [worker["pid"] for worker in server.workers()]
    with server.client() as client:
        client.greet()


def test_hanging_start(server):
    server.write("plugins", "hang")
    server.launch("--workers", "1", "--start-timeout", "1")
    assert server.wait() == 1
    assert "were not ready within 1 seconds" in server.lines(
        "event=start_failed")[0]


@pytest.mark.parametrize("how,signal_name,more", [
    ("CRASH", "SEGV", ""), ("ABORT", "ABRT", ""),
    ("OVERFLOW", "SEGV", "stack=overflow")])
def test_crash_names_the_hook(server, how, signal_name, more):
    server.start("--workers", "1")
    with server.client() as client:
        client.greet()
        client.say(how)
        where = "plugin=fake hook=rcpt sid=s1 tid=t1"
        assert server.wait_line("event=worker_died",
                                f"signal={signal_name}", where)
        line = server.lines("event=crash", f"signal={signal_name}")[0]
        assert where in line
        assert more in line
    until(lambda: len(server.workers()) == 1)


def test_exit_of_a_worker(server):
    server.start("--workers", "1")
    with server.client() as client:
        client.greet()
        client.say("EXIT 3")
        assert server.wait_line("event=worker_died", "status=3")
    until(lambda: len(server.workers()) == 1)


def test_queue_waits_for_the_successor(server):
    """Connections that wait in a dead worker's socket are not reset."""
    server.start("--workers", "1")
    where = server.where()
    with Client(where) as first:
        pid = first.greet()[2]
        first.say("HOLD 60000")
        server.wait_line("event=loop_held")
        queued = [Client(where) for _ in range(20)]
        os.kill(pid, signal.SIGKILL)
        for client in queued:
            assert client.greet()[2] != pid
            client.close()


def test_three_deaths_in_a_plugin(server):
    """The slot waits 30 s; its socket is polled by the other worker."""
    server.start("--workers", "2")
    where = server.where()
    for count in range(1, 4):
        until(lambda: len(server.workers()) == 2)
        with Client(where) as client:
            client.greet()
            client.say("CRASH")
            server.wait_line("event=worker_died", count=count)
    line = server.wait_line("event=plugin_kills_workers")[0]
    assert " error event=" in line
    assert "plugin=fake" in line
    until(lambda: len(server.workers()) == 1)
    pid = server.workers()[0]["pid"]
    for _ in range(40):
        with Client(where) as client:
            assert client.greet()[2] == pid
    assert len(server.workers()) == 1


@needs_root
def test_no_descriptor_for_the_socket_of_another(server):
    """Who has none is asked again; nobody who has called meanwhile is lost."""
    server.start("--workers", "2")
    where = server.where()
    first, second = (worker["pid"] for worker in server.workers())
    used = {int(n) for n in os.listdir(f"/proc/{first}/fd")}
    server.write("plugins", "hang")
    os.kill(second, signal.SIGKILL)
    until(lambda: len(server.workers()) == 1)
    limit_descriptors(first, min(set(range(1000)) - used))
    server.wait_line("event=adopt_missed")
    waiting = [Client(where) for _ in range(20)]
    # It tries once a second, and says so once.
    time.sleep(1.5)
    limit_descriptors(first, 1000)
    for client in waiting:
        assert client.greet()[2] == first
        client.close()
    assert len(server.lines("event=adopt_missed")) == 1


def test_master_killed(server):
    server.start("--workers", "2")
    pids = [w["pid"] for w in server.workers()]
    with server.client() as idle:
        idle.greet()
        begin = time.monotonic()
        server.process.kill()
        assert idle.read().startswith("421")
        until(lambda: not any(alive(pid) for pid in pids))
        assert time.monotonic() - begin < 20    # of 30 that a drain has


def test_master_killed_while_a_hook_holds(server):
    server.start("--workers", "1")
    pid = server.workers()[0]["pid"]
    with server.client() as client:
        client.greet()
        client.say("HOLD 60000")
        server.wait_line("event=loop_held")
        begin = time.monotonic()
        server.process.kill()
        until(lambda: not alive(pid))
        assert time.monotonic() - begin < 30    # of 60 that the hook holds


# ---- watchdog --------------------------------------------------------------

def test_held_loop_is_named_once(server):
    server.start("--workers", "1")
    with server.client() as client:
        client.greet()
        late = is_late(0, lambda: client.ask("HOLD 20"))
        client.ask("HOLD 130")
        client.ask("HOLD 600")
    server.wait_line("event=loop_held", count=2)
    time.sleep(0.3)
    lines = server.lines("event=loop_held")
    assert 2 <= len(lines) <= 2 + late
    assert all("plugin=fake hook=rcpt sid=s1 tid=t1" in line
               for line in lines)


def test_hanging_worker_is_aborted(server):
    server.start("--workers", "1")
    with server.client() as client:
        pid = client.greet()[2]
        client.say("HOLD 60000")
        server.wait_line("event=worker_aborted")
        line = server.wait_line("event=worker_died", "signal=ABRT")[0]
        assert f"pid={pid}" in line
        assert "plugin=fake" in line
    until(lambda: len(server.workers()) == 1)

# SPDX-License-Identifier: MIT
"""Who the processes run as, and what they may do."""
import os
import pwd
import shutil
import socket
import subprocess

import pytest

from conftest import needs_root, proc_status

NOBODY = pwd.getpwnam("nobody")
KEPT = 1 << 10 | 1 << 2  # CAP_NET_BIND_SERVICE, CAP_DAC_READ_SEARCH


def assert_worker_is_bare(pid, user):
    status = proc_status(pid)
    assert status["Uid"].split() == [str(user.pw_uid)] * 4
    assert status["Gid"].split() == [str(user.pw_gid)] * 4
    assert status["Groups"].split() in ([], [str(user.pw_gid)])
    for key in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[key], 16) == 0, key
    assert status["NoNewPrivs"] == "1"


@needs_root
def test_root_becomes_nobody_and_says_so(server):
    server.start("--workers", "1")
    assert server.lines("event=run_user", "user=nobody", "text=")
    status = proc_status(server.process.pid)
    assert status["Uid"].split() == [str(NOBODY.pw_uid)] * 4
    assert int(status["CapPrm"], 16) & ~KEPT == 0
    assert int(status["CapBnd"], 16) == 0
    assert_worker_is_bare(server.workers()[0]["pid"], NOBODY)
    assert os.stat(server.state).st_uid == NOBODY.pw_uid


@needs_root
@pytest.mark.parametrize("how", ["option", "config"])
def test_root_becomes_the_chosen_user(server, how):
    user = pwd.getpwnam("daemon")
    if how == "config":
        server.write("user", "daemon")
        server.start("--workers", "1")
    else:
        server.write("user", "nobody")
        server.start("--workers", "1", "--user", "daemon")
    assert server.lines("event=run_user", "user=daemon")
    assert not server.lines("event=run_user", "text=")
    assert_worker_is_bare(server.workers()[0]["pid"], user)


def free_low_ports(count):
    found = []
    for port in range(600, 1024):
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    return pytest.skip("no free port below 1024")


@needs_root
def test_low_port(server):
    """Now and at a reload, after the change of user."""
    server.start("--workers", "1", "--listen", "127.0.0.1:0")
    if not int(proc_status(server.process.pid)["CapPrm"], 16) & 1 << 10:
        pytest.skip("no CAP_NET_BIND_SERVICE here")
    server.process.terminate()
    server.wait()
    server.log_path.unlink()
    first, second = (f"127.0.0.1:{port}" for port in free_low_ports(2))
    server.write("listen", first)
    server.start("--workers", "1")
    with server.client() as client:
        client.greet()
    server.write("listen", f"{first}\n{second}")
    server.write("workers", "2")
    result = server.ctl("reload")
    assert result.returncode == 0, result.stderr
    with server.client(1) as client:
        client.greet()


@needs_root
def test_not_root(server):
    server.base.chmod(0o777)
    server.start("--workers", "1", user="nobody", group="nogroup",
                 extra_groups=[])
    status = proc_status(server.process.pid)
    assert int(status["CapPrm"], 16) == 0
    assert_worker_is_bare(server.workers()[0]["pid"], NOBODY)
    assert server.ctl("reload").returncode == 0
    assert not server.lines("event=user_kept")


@needs_root
def test_not_root_and_another_user_named(server):
    """No fault: who is not root runs as himself."""
    server.base.chmod(0o777)
    server.write("user", "daemon")
    server.start("--workers", "1", user="nobody", group="nogroup",
                 extra_groups=[])
    line, = server.lines("event=user_kept")
    assert " info " in line and "only root can become it" in line


def test_user_needs_root(server):
    if os.geteuid() == 0:
        server.base.chmod(0o777)
        server.launch("--user", "daemon", user="nobody", group="nogroup",
                      extra_groups=[])
    else:
        server.launch("--user", "root")
    assert server.wait() == 1
    assert "as root" in server.lines("event=start_failed")[0]


def test_no_such_user(server):
    server.launch("--user", "no-such-user")
    assert server.wait() == 1
    assert "no-such-user" in server.lines("event=start_failed")[0]


@needs_root
def test_config_that_the_user_cannot_read(server):
    server.config.chmod(0o700)
    server.launch("--workers", "1")
    assert server.wait() == 1
    assert "ermission denied" in server.lines("event=start_failed")[0]


@needs_root
def test_foreign_state_directory(server):
    """Root's own directory with something in it is not given away."""
    server.state.mkdir()
    (server.state / "precious").touch()
    server.launch()
    assert server.wait() == 1
    assert "chown nobody" in server.lines("event=start_failed")[0]
    assert os.stat(server.state).st_uid == 0


@needs_root
def test_world_writable_state_directory(server):
    server.state.mkdir()
    server.state.chmod(0o1777)
    server.launch()
    assert server.wait() == 1
    assert os.stat(server.state).st_uid == 0


@needs_root
def test_ctl_is_for_root_and_the_user(server):
    server.state.mkdir()
    server.start("--workers", "1", "--user", "daemon")
    server.state.chmod(0o755)
    assert server.ctl("status").returncode == 0
    for user, code in (("daemon", 0), ("nobody", 1)):
        result = subprocess.run(
            [server.program, "ctl", "--state", server.state, "status"],
            capture_output=True, text=True, user=user, extra_groups=[])
        assert result.returncode == code, result.stderr


@needs_root
def test_long_state_path(server):
    server.state = server.base / ("x" * 100)
    server.launch()
    assert server.wait() == 1
    assert "--state" in server.lines("event=start_failed")[0]

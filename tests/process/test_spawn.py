# SPDX-License-Identifier: MIT
"""Programs that plugins have run: the spawn helper."""
import array
import errno
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

from conftest import (WAIT, alive, children_of, needs_root, proc_status,
                      until)
from shipped import stage
from test_server import open_session

if "HOOKLINE_RUNNER" not in os.environ:
    pytest.skip("HOOKLINE_RUNNER names no plugin", allow_module_level=True)


@pytest.fixture
def server(base):
    server = stage(base, os.environ["HOOKLINE_RUNNER"])
    server.write("plugins", "runner /bin/echo /bin/sh")
    yield server
    server.finish()


def helper_of(server):
    return server.status()["spawn_helper"]["pid"]


def run(session, *words, timeout_ms=0):
    """(status, output)"""
    session.say(f"VRFY run {timeout_ms} " + " ".join(words))
    return result(session)


def result(session):
    reply = session.reply().split(" ", 3)
    assert reply[0] == "250", reply
    return int(reply[2]), reply[3].strip() if len(reply) > 3 else ""


def script(server, name, text):
    """A program without arguments of its own: VRFY has no quotes."""
    path = server.base / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def pids(server, count=1):
    """What `echo $$ > pids` has written."""
    path = server.base / "pids"
    return until(lambda: path.exists()
                 and len(path.read_text().split()) >= count
                 and [int(word) for word in path.read_text().split()])


def start_with_sleeper(server, workers=1):
    """One of the programs sleeps, and so does its child.  Returns its path."""
    (server.base / "pids").touch(0o666)
    (server.base / "pids").chmod(0o666)
    path = script(server, "sleeper", f"""
        sleep 1000 &
        echo $$ $! >>{server.base}/pids
        wait
        """)
    server.write("plugins", f"runner /bin/echo {path}")
    server.start("--workers", str(workers))
    return path


def let_sleep(server, session, timeout_ms=0):
    """Has the session run it.  Returns the ids of both."""
    session.say(f"VRFY run {timeout_ms} {server.base}/sleeper")
    return pids(server, 2)


def wait_gone(running):
    until(lambda: not any(map(alive, running)))


def test_declared_and_not(server):
    server.start("--workers", "1")
    worker = server.workers()[0]["pid"]
    server.wait_line("runner began: 0 first")
    with open_session(server) as s:
        assert run(s, "/bin/echo", "a", "b") == (0, "a b")
        # The helper is its parent, and gives it no new privileges.
        status, text = run(s, "/bin/sh", "-c", "echo>&2;echo\t$PPID")
        assert (status, int(text)) == (0, helper_of(server))
        assert int(text) != worker
        assert run(s, "/bin/cat", "/etc/passwd")[0] == -13
        server.wait_line("undeclared", "/bin/cat")
        assert run(s, "/bin/../bin/echo")[0] == -13
        assert run(s, "/bin/sh", "-c", "exit\t7")[0] == 7


def test_what_it_runs_in(server):
    server.write("plugins", "runner /bin/grep")
    server.start("--workers", "1")
    with open_session(server) as s:
        for line in ("NoNewPrivs:\t1", "CapEff:\t0000000000000000",
                     "CapPrm:\t0000000000000000", "Seccomp:\t0"):
            assert run(s, "/bin/grep", line.split("\t")[0],
                       "/proc/self/status")[0] == 0
    assert proc_status(helper_of(server))["Threads"] == "1"


def test_what_it_is_fed(server):
    path = script(server, "eater", '''
        exec 8<&1
        echo "$(cat) $(cat <&8) $(cat <&9) $HL_X" >&2
        ''')
    server.write("plugins", f"runner {path}")
    server.start("--workers", "1")
    with open_session(server) as s:
        s.say(f"VRFY feed 0 {path}")
        assert result(s) == (0, "zero one nine y")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_set_user_id(server):
    """It counts where the plugin has asked for it, there alone, and not for
    root's."""
    paths = []
    for name, user, group, mode in (("gains", "games", "games", 0o6755),
                                    ("stays", "games", "games", 0o6755),
                                    ("roots", "root", "games", 0o4755),
                                    ("mixed", "root", "games", 0o6755)):
        path = server.base / name
        shutil.copy("/usr/bin/id", path)
        shutil.chown(path, user, group)
        path.chmod(mode)
        paths.append(str(path))
    gains, stays, roots, mixed = paths
    server.write("plugins", f"runner {stays} +{gains} +{roots} +{mixed}")
    server.start("--workers", "1")
    with open_session(server) as s:
        assert run(s, gains, "-un") == (0, "games")
        assert run(s, gains, "-gn") == (0, "games")
        assert run(s, stays, "-un") == (0, "nobody")
        assert run(s, gains, "-run") == (0, "nobody")
        assert run(s, roots, "-un") == (0, "nobody")
        assert run(s, mixed, "-un") == (0, "nobody")
        assert run(s, mixed, "-gn") == (0, "nogroup")
    text = subprocess.run([server.program, "check", "--config", server.config],
                          capture_output=True, text=True, check=False).stdout
    assert f"runs, as whom its file says, {gains}" in text
    assert f"runs {stays}" in text


SOMEBODY_ELSE = """
#include <unistd.h>
int
main(void)
{
	return setreuid(geteuid(), geteuid()) == 0 ? (int)sleep(1000) : 1;
}
"""


@needs_root
def test_one_that_cannot_be_killed(server):
    """The hook ends in time, a line names it, and the server stops."""
    path = server.base / "else"
    subprocess.run(["cc", "-x", "c", "-", "-o", path], check=True, text=True,
                   input=SOMEBODY_ELSE)
    shutil.chown(path, "games")
    path.chmod(0o4755)
    server.write("plugins", f"runner /bin/echo +{path}")
    server.start("--workers", "1")
    with open_session(server) as session:
        begin = time.monotonic()
        assert run(session, str(path), timeout_ms=300)[0] == -errno.ETIME
        assert time.monotonic() - begin < 10
        line = server.wait_line("event=spawn_goes_on", f"path={path}")[0]
        pid = int(re.search(r" pid=(\d+)", line)[1])
        try:
            assert alive(pid)
            # The others go on.
            assert run(session, "/bin/echo", "x") == (0, "x")
            server.signal(signal.SIGTERM)
            assert server.wait() == 0
        finally:
            os.kill(pid, signal.SIGKILL)
    assert len(server.lines("event=spawn_goes_on")) == 1


def test_timeout_kills_the_group(server):
    path = start_with_sleeper(server)
    with open_session(server) as s:
        # In its time it has to come as far as telling who it is.
        for timeout_ms in (1500, 25000):
            assert run(s, path, timeout_ms=timeout_ms)[0] == -62
            if (server.base / "pids").read_text():
                break
        wait_gone(pids(server, 2))
        # Its turn was given back.
        assert run(s, "/bin/echo", "x") == (0, "x")


def test_client_gone_kills_the_group(server):
    start_with_sleeper(server)
    with open_session(server) as s:
        running = let_sleep(server, s)
        # A reset, not the end of what it has to say.
        s.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
    wait_gone(running)


def test_worker_gone_kills_the_group(server):
    start_with_sleeper(server)
    with open_session(server) as s:
        running = let_sleep(server, s)
        os.kill(server.workers()[0]["pid"], signal.SIGKILL)
        wait_gone(running)


def test_stop_with_a_program_running(server):
    start_with_sleeper(server)
    with open_session(server) as s:
        running = let_sleep(server, s)
        helper = helper_of(server)
        server.signal(signal.SIGTERM)
        server.wait_line("event=stop ")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        wait_gone([*running, helper])
    assert not (server.state / "spawn.sock").exists()
    assert "event=crash" not in server.log()


def test_master_killed(server):
    start_with_sleeper(server)
    with open_session(server) as s:
        running = let_sleep(server, s)
        server.process.kill()
        server.process.wait()
        wait_gone(running)
    until(lambda: not children_of(server.program))
    # Its socket is no obstacle for the next.
    server.log_path.unlink()
    server.start("--workers", "1")
    with open_session(server) as s:
        assert run(s, "/bin/echo", "x") == (0, "x")


def test_helper_killed(server):
    start_with_sleeper(server, workers=2)
    with open_session(server) as s, open_session(server) as t:
        leader, left = let_sleep(server, s)
        old = helper_of(server)
        os.kill(old, signal.SIGKILL)
        assert result(s)[0] == -32
        wait_gone([leader])
        # These wait for the next one, which knows the lists.
        assert run(s, "/bin/echo", "x") == (0, "x")
        assert run(t, "/bin/echo", "y") == (0, "y")
        assert helper_of(server) not in (0, old)
        assert server.status()["spawn_helper"]["deaths"] == 1
    server.wait_line("event=spawn_helper_died", "signal=KILL")
    assert not server.lines("event=worker_died")
    # What the sleeper left is nobody's.
    if alive(left):
        os.kill(left, signal.SIGKILL)


def test_many_at_once(server):
    """500 wait for their turn; no more than max_programs run."""
    program = script(server, "counted", f"""
        mkdir {server.base}/running/$$
        ls {server.base}/running | wc -l >{server.base}/seen/$$
        sleep 0.05
        rmdir {server.base}/running/$$
        echo done
        """)
    for name in ("running", "seen"):
        (server.base / name).mkdir()
        (server.base / name).chmod(0o777)
    server.write("plugins", f"runner hl.timeout=300 /bin/echo {program}")
    server.write("max_programs", "8")
    server.write("max_per_client", "0")
    server.start("--workers", "1")
    sessions = [open_session(server) for _ in range(500)]
    for s in sessions:
        s.socket.settimeout(300)
        s.say(f"VRFY run 0 {program}")
    assert [result(s) for s in sessions] == [(0, "done")] * 500
    for s in sessions:
        s.close()
    seen = [int(p.read_text()) for p in (server.base / "seen").iterdir()]
    assert len(seen) == 500
    assert 2 <= max(seen) <= 8
    assert not server.lines("event=spawn_refused")


def test_waits_for_its_turn_in_its_time(server):
    server.write("max_programs", "1")
    start_with_sleeper(server)
    with open_session(server) as s, open_session(server) as t:
        running = let_sleep(server, s)
        assert run(t, "/bin/echo", "x", timeout_ms=300)[0] == -62
        t.say("VRFY run 25000 /bin/echo x")
        time.sleep(0.3)
        for pid in running:
            os.kill(pid, signal.SIGKILL)
        assert result(t) == (0, "x")
        assert result(s)[0] != 0


def test_given_up_before_the_helper_reads(server):
    """It was told that the program did not run, so it must not run later."""
    server.write("plugins", "runner /bin/echo /bin/touch")
    server.start("--workers", "1")
    made = server.base / "made"
    made.mkdir()
    made.chmod(0o777)
    helper = helper_of(server)
    sessions = [open_session(server) for _ in range(20)]
    os.kill(helper, signal.SIGSTOP)
    try:
        for i, s in enumerate(sessions):
            s.say(f"VRFY run 300 /bin/touch {made}/{i}")
        assert [result(s)[0] for s in sessions] == [-62] * 20
    finally:
        os.kill(helper, signal.SIGCONT)
    assert run(sessions[0], "/bin/echo", "x") == (0, "x")
    assert not list(made.iterdir())
    for s in sessions:
        s.close()
    assert not server.lines("event=spawn_refused")


def test_reload_adds_a_program(server):
    server.write("plugins", "runner /bin/echo")
    server.start("--workers", "1")
    with open_session(server) as old:
        assert run(old, "/bin/true")[0] == -13
        server.write("plugins", "runner /bin/true")
        assert server.ctl("reload").returncode == 0
        with open_session(server) as new:
            assert run(new, "/bin/true")[0] == 0
            assert run(new, "/bin/echo")[0] == -13
        # The old generation keeps what it had.
        assert run(old, "/bin/echo", "x") == (0, "x")
        assert run(old, "/bin/true")[0] == -13


def test_a_directory(server):
    server.write("plugins", f"runner /bin/echo {server.base}/programs/")
    (server.base / "programs").mkdir()
    program = script(server, "programs/here", "echo here")
    server.start("--workers", "1")
    with open_session(server) as s:
        assert run(s, program) == (0, "here")
        assert run(s, f"{server.base}/programs/none")[0] == -2


# ---- who may ask ----------------------------------------------------------

class Asker:
    """Asks the helper as a worker does (src/spawn/proto.h)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(WAIT)
        self.socket.connect(str(path))

    def ask(self, words, fds=2):
        words = ["0123456789"[:fds], *words]
        data = b"".join(word.encode() + b"\0" for word in words)
        null = os.open("/dev/null", os.O_RDWR)
        rights = array.array("i", [null] * fds)
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        self.socket.sendmsg([data], control if fds else [])
        os.close(null)
        return self.answer()

    def answer(self):
        answer = self.socket.recv(100)
        return struct.unpack("i", answer)[0] if answer else None


def test_strangers_are_refused(server):
    """The same user, but no worker."""
    server.start("--workers", "1", "--user", "root")
    path = server.state / "spawn.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Asker(path).ask(["/bin/echo", "x"]) == -13
    server.wait_line("event=spawn_refused", f"pid={os.getpid()}",
                     "path=/bin/echo")
    with open_session(server) as s:
        assert run(s, "/bin/echo", "x") == (0, "x")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_other_users_are_refused(server):
    server.start("--workers", "1")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        if Asker(server.state / "spawn.sock").ask(["/bin/echo"]) is None:
            raise ConnectionResetError


@pytest.mark.parametrize("data, fds", [
    (b"", 2), (b"01\0/bin/echo", 2), (b"01\0/bin/echo\0", 0),
    (b"01\0/bin/echo\0", 1), (b"01\0/bin/echo\0", 3), (b"\0", 2),
    (b"x" * 131072 + b"\0", 2), (b"01\0/bin/echo\0" + b"x\0" * 60000, 2),
    (b"00\0/bin/echo\0", 2), (b"0123456789\0/bin/echo\0", 11),
    (b"01\0PATH=/\0/bin/echo\0", 2), (b"\0/bin/echo\0", 0)],
    ids=range(12))
def test_nonsense(server, data, fds):
    server.start("--workers", "1", "--user", "root")
    helper = helper_of(server)
    asker = Asker(server.state / "spawn.sock")
    null = os.open("/dev/null", os.O_RDWR)
    rights = array.array("i", [null] * fds)
    asker.socket.sendmsg(
        [data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if fds
        else [])
    assert asker.answer() in (-22, -13, -32)
    os.close(null)
    assert helper_of(server) == helper
    assert len(os.listdir(f"/proc/{helper}/fd")) < 20


def test_a_worker_cannot_add(server):
    """What a compromised worker can do: use its channel to the master, and
    ask the helper.  It is this process that holds the worker's descriptors,
    taken from it; the list does not change any more."""
    server.start("--workers", "1", "--user", "root")
    worker = server.workers()[0]["pid"]
    pidfd = os.pidfd_open(worker)
    channel = pidfd_getfd(pidfd, channel_number(worker))
    with open_session(server) as s:
        listing = os.memfd_create("programs")
        os.write(listing, b"8\n/bin/cat\n")
        rights = array.array("i", [listing])
        channel.sendmsg([b"programs"],
                        [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        channel.sendmsg([b"grants"],
                        [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        time.sleep(0.3)
        assert run(s, "/bin/echo", "x") == (0, "x")
    os.close(pidfd)
    os.close(listing)
    # Nor may it ask for it: the helper knows who connected.
    answers = []
    child = os.fork()
    if child == 0:
        os._exit(0 if Asker(server.state / "spawn.sock").ask(
            ["/bin/cat"]) == -13 else 1)
    answers.append(os.waitpid(child, 0)[1])
    assert answers == [0]
    grants = server.wait_line("event=spawn_refused", "path=/bin/cat")
    assert len(grants) == 1


def channel_number(pid):
    """FD_CHANNEL of child.c."""
    assert os.readlink(f"/proc/{pid}/fd/4").startswith("socket:")
    return 4


def pidfd_getfd(pidfd, number):
    import ctypes
    fd = ctypes.CDLL(None, use_errno=True).syscall(438, pidfd, number, 0)
    assert fd >= 0
    return socket.socket(fileno=fd)

# SPDX-License-Identifier: MIT
"""What a confined worker cannot do, and what it still can.

The plugin breakout.c goes behind the API's back, on the thread of the loop
and on one of the pool.
"""
import ctypes
import errno
import os
import platform
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from conftest import WAIT, proc_status, until
from shipped import stage
from test_server import open_session

if "HOOKLINE_BREAKOUT" not in os.environ:
    pytest.skip("HOOKLINE_BREAKOUT names no plugin", allow_module_level=True)

LANDLOCK_CREATE = 444
SECCOMP = {"x86_64": 317, "aarch64": 277}.get(platform.machine())
ARCH = {"x86_64": 0xc000003e, "aarch64": 0xc00000b7}.get(platform.machine())
libc = ctypes.CDLL(None, use_errno=True)


def landlock_abi():
    return libc.syscall(LANDLOCK_CREATE, 0, 0, 1)


def is_sanitized(program):
    return b"__asan_init" in Path(program).read_bytes()


needs_landlock = pytest.mark.skipif(
    landlock_abi() < 2, reason="the kernel has no Landlock")
needs_ports = pytest.mark.skipif(
    landlock_abi() < 4, reason="this Landlock knows no ports")
both = pytest.mark.parametrize("thread", ["", "offload "],
                               ids=["loop", "pool"])


@pytest.fixture
def server(base):
    server = stage(base, os.environ["HOOKLINE_BREAKOUT"])
    server.write("plugins", "breakout")
    # Where the worker's user may write, but nothing is declared.
    for name in ("free", "declared"):
        (base / name).mkdir()
        (base / name).chmod(0o777)
        (base / name / "file").write_text("text")
        (base / name / "file").chmod(0o666)
    yield server
    server.finish()


def ask(session, text):
    reply = session.cmd("VRFY " + text).split()
    assert reply[0] == "250", reply
    return int(reply[2])


def confined(server, **words):
    return server.wait_line(
        "event=confined name=worker",
        *[f"{key}={value}" for key, value in words.items()])


# ---- files ----------------------------------------------------------------

@needs_landlock
@both
def test_files(server, thread):
    server.start("--workers", "1")
    confined(server, seccomp="on")
    free = server.base / "free"
    with open_session(server) as s:
        assert ask(s, thread + "read /etc/passwd") == errno.EACCES
        assert ask(s, thread + f"read {free}/file") == errno.EACCES
        assert ask(s, thread + f"read {free}") == errno.EACCES
        assert ask(s, thread + f"read {server.state}/state.db") \
            == errno.EACCES
        assert ask(s, thread + f"write {free}/file") == errno.EACCES
        assert ask(s, thread + f"write {free}/new") == errno.EACCES
        assert ask(s, thread + "write /tmp/hookline-breakout") \
            == errno.EACCES
        assert ask(s, thread + f"unlink {free}/file") == errno.EACCES
        assert ask(s, thread + f"mkdir {free}/dir") == errno.EACCES
        assert ask(s, thread + f"rename {free}/file:{free}/other") \
            == errno.EACCES
        assert ask(s, thread + f"write {server.config}/me") == errno.EACCES
        if landlock_abi() >= 3:
            assert ask(s, thread + f"truncate {free}/file") == errno.EACCES
        # What there is for everybody.
        assert ask(s, thread + "read /etc/hosts") == 0
        assert ask(s, thread + "write /dev/null") == 0
        assert ask(s, thread + f"read {server.config}/plugins") == 0
        assert ask(s, thread + f"write {server.state}/spool/x") == 0
    assert (free / "file").read_text() == "text"
    assert sorted(os.listdir(free)) == ["file"]
    # Before it was confined, on a thread that is gone by now.
    server.wait_line("at the start: 0")


@needs_landlock
@both
def test_declared_files(server, thread):
    declared = server.base / "declared"
    server.write("plugins", f"breakout write {declared}/ "
                 f"read {server.base}/free/file")
    server.start("--workers", "1")
    with open_session(server) as s:
        assert ask(s, thread + f"write {declared}/new") == 0
        assert ask(s, thread + f"mkdir {declared}/dir") == 0
        # Between directories: what a maildir does.
        assert ask(s, thread + f"rename {declared}/new:{declared}/dir/new") \
            == 0
        assert ask(s, thread + f"truncate {declared}/file") == 0
        assert ask(s, thread + f"unlink {declared}/dir/new") == 0
        assert ask(s, thread + f"read {server.base}/free/file") == 0
        assert ask(s, thread + f"write {server.base}/free/file") \
            == errno.EACCES
        # Another file renamed into its place.
        (server.base / "free/new").write_text("new")
        (server.base / "free/new").rename(server.base / "free/file")
        (server.base / "free/file").chmod(0o644)
        assert ask(s, thread + f"read {server.base}/free/file") == 0
        assert ask(s, thread + f"rename {declared}/file:"
                   f"{server.base}/free/x") in (errno.EACCES, errno.EXDEV)


@needs_landlock
def test_missing_directories(server):
    """One of ours is made; for another the one above it stands."""
    ours = server.state / "missing"
    server.write("plugins", f"breakout write {ours}/")
    server.start("--workers", "1")
    assert ours.stat().st_mode & 0o777 == 0o700
    with open_session(server) as s:
        assert ask(s, f"write {ours}/file") == 0
        assert ask(s, f"write {server.state}/file") == errno.EACCES
    missing = server.base / "declared/a/b"
    server.write("plugins", f"breakout write {missing}/")
    assert server.ctl("reload").returncode == 0
    server.wait_line("event=confined_wide", f"path={missing.parent.parent} ")
    assert not missing.exists()
    with open_session(server) as s:
        missing.mkdir(parents=True)
        missing.chmod(0o777)
        assert ask(s, f"write {missing}/file") == 0
        assert ask(s, f"write {server.base}/free/x") == errno.EACCES


# ---- programs, and other system calls --------------------------------------

@both
def test_programs(server, thread):
    server.start("--workers", "1")
    confined(server, seccomp="on")
    no_fork = errno.ENOSYS if is_sanitized(server.program) else errno.EPERM
    with open_session(server) as s:
        assert ask(s, thread + "exec /bin/true") == errno.EPERM
        assert ask(s, thread + "fork") == no_fork
        assert ask(s, thread + "spawn /bin/true") == no_fork
        assert ask(s, thread + "system true") == 127 << 8
        line = server.wait_line("event=forbidden cmd=execve")[0]
        if thread:
            assert "in the pool" in line
        else:
            assert "plugin=breakout hook=vrfy" in line
    assert not server.lines("event=crash")
    assert not server.lines("event=worker_died")


X86 = {"ptrace": 101, "mount": 165, "setuid": 105, "keyctl": 250, "bpf": 321,
       "perf_event_open": 298, "process_vm_readv": 310, "kexec_load": 246,
       "init_module": 175, "open_by_handle_at": 304, "userfaultfd": 323,
       "unshare": 272, "setns": 308, "chroot": 161, "pidfd_getfd": 438,
       "execveat": 322, "seccomp": 317, "personality": 135}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="its numbers")
@both
def test_calls(server, thread):
    server.start("--workers", "1")
    calls = dict(X86)
    if is_sanitized(server.program):
        del calls["ptrace"]
    with open_session(server) as s:
        for name, number in calls.items():
            assert ask(s, thread + f"call {number}") == errno.EPERM, name
            server.wait_line(f"event=forbidden cmd={name} ")
        # Unknown here, so that libraries do without.
        for number in (425, 435, 1000):  # io_uring_setup, clone3
            assert ask(s, thread + f"call {number}") == errno.ENOSYS
    assert not server.lines("event=worker_died")


def test_lines_are_bounded(server):
    server.start("--workers", "1")
    with open_session(server) as s:
        for _ in range(50):
            assert ask(s, "exec /bin/true") == errno.EPERM
        server.wait_line("event=forbidden", count=20)
    server.wait_line("event=disconnect")
    assert len(server.lines("event=forbidden")) == 20


@both
def test_signals(server, thread):
    server.start("--workers", "1")
    with open_session(server) as s:
        assert ask(s, thread + f"kill {server.process.pid}") == errno.EPERM
        assert ask(s, thread + f"kill {server.workers()[0]['pid']}") == 0
        assert ask(s, thread + "kill 4294967295") == errno.EPERM  # -1


@both
def test_orders_to_the_master(server, thread):
    server.start("--workers", "1")
    with open_session(server) as s:
        assert ask(s, thread + f"stop {server.state}/ctl.sock") == errno.EPIPE
        server.wait_line("event=ctl_refused")
        assert s.cmd("NOOP").startswith("250")
    assert server.status()["state"] == "running"


def test_orders_that_are_left_behind(server):
    """Who has given them is gone when the master looks."""
    server.start("--workers", "1")
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        child = os.fork()
        if child == 0:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(f"{server.state}/ctl.sock")
                s.sendall(b"stop\n")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    server.wait_line("event=ctl_refused")
    assert server.status()["state"] == "running"


@both
def test_sockets(server, thread):
    server.start("--workers", "1")
    with open_session(server) as s:
        assert ask(s, thread + f"socket {socket.AF_INET}") == 0
        assert ask(s, thread + f"socket {socket.AF_INET6}") in (
            0, errno.EAFNOSUPPORT)
        assert ask(s, thread + f"socket {socket.AF_UNIX}") == 0
        assert ask(s, thread + f"socket {socket.AF_PACKET}") \
            == errno.EAFNOSUPPORT
        assert ask(s, thread + f"socket {socket.AF_VSOCK}") \
            == errno.EAFNOSUPPORT
        assert ask(s, thread + "socket 38") == errno.EAFNOSUPPORT  # AF_ALG


# ---- connections -----------------------------------------------------------

@needs_ports
@both
def test_ports(server, thread):
    with socket.create_server(("127.0.0.1", 0)) as one, \
            socket.create_server(("127.0.0.1", 0)) as other:
        port, wrong = (x.getsockname()[1] for x in (one, other))
        server.write("plugins", f"breakout connect 127.0.0.1:{port}")
        server.write("resolvers", "127.0.0.1:5399")
        server.start("--workers", "1")
        confined(server, port="declared")
        with open_session(server) as s:
            assert ask(s, thread + f"connect {port}") == 0
            assert ask(s, thread + f"connect {wrong}") == errno.EACCES
            # Nobody listens there, but it was tried.
            assert ask(s, thread + "connect 53") == errno.ECONNREFUSED
            assert ask(s, thread + "connect 5399") == errno.ECONNREFUSED
            assert ask(s, thread + "bind 0") == errno.EACCES
            assert ask(s, thread + "bind 2526") == errno.EACCES


def test_any_port(server):
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
        server.write("plugins", "breakout connect *")
        server.start("--workers", "1")
        confined(server, port="any")
        with open_session(server) as s:
            assert ask(s, f"connect {port}") == 0


# ---- threads ---------------------------------------------------------------

@pytest.mark.parametrize("when", ["load", "init"])
def test_a_thread_that_would_not_be_confined(server, when):
    server.start("--workers", "1")
    server.write("plugins", f"breakout thread {when}")
    result = server.ctl("reload")
    assert result.returncode == 1
    assert "has started a thread" in result.stderr
    server.write("confine", "off")
    assert server.ctl("reload").returncode == 0


# ---- the configuration ------------------------------------------------------

@needs_landlock
def test_configuration_stays_readable(server):
    """Includes, symbolic links, files renamed into the place of others."""
    far = server.base / "far/away/lists"
    far.mkdir(parents=True)
    (far / "included").write_text("one.example\n")
    (far / "linked").write_text("Hello\n")
    (server.config / "smtpgreeting").symlink_to(far / "linked")
    server.write("rcpthosts", f"$include {far}/included")
    server.write("plugins", "breakout\nrcpt_ok")
    server.start("--workers", "1")

    def greeting():
        with open_session(server) as s:
            return s.cmd("RSET"), s.cmd("NOOP")

    def rcpt(domain):
        with open_session(server) as s:
            assert s.cmd("MAIL FROM:<>").startswith("250")
            return s.cmd(f"RCPT TO:<x@{domain}>")[:3]

    assert greeting()
    assert rcpt("one.example") == "250"
    assert rcpt("two.example") == "550"
    for name, text in (("included", "two.example\n"), ("linked", "Bye\n")):
        (far / "new").write_text(text)
        (far / "new").rename(far / name)
    until(lambda: rcpt("two.example") == "250")
    assert rcpt("one.example") == "550"
    (server.config / "new").write_text("three.example\n")
    (server.config / "new").rename(server.config / "rcpthosts")
    until(lambda: rcpt("three.example") == "250")

    def says_bye():
        with socket.create_connection(server.where(), WAIT) as s:
            return b"Bye" in s.recv(100)
    until(says_bye)
    assert not server.lines("event=config")
    assert not server.lines("Permission denied")


@needs_landlock
def test_qmail_control(server):
    control = server.base / "qmail/control"
    control.mkdir(parents=True)
    (control / "rcpthosts").write_text("qmail.example\n")
    (server.config / "rcpthosts").unlink()
    server.write("plugins", "breakout\nrcpt_ok")
    server.start("--workers", "1",
                 env={**os.environ, "QMAIL": str(server.base / "qmail")})
    with open_session(server) as s:
        s.cmd("MAIL FROM:<>")
        assert s.cmd("RCPT TO:<x@qmail.example>").startswith("250")
        assert ask(s, f"read {control}/rcpthosts") == 0
        assert ask(s, f"write {control}/rcpthosts") == errno.EACCES


# ---- shipped plugins ---------------------------------------------------------

def test_maildir_and_log_file(server):
    mail, logs = server.base / "mail", server.base / "logs"
    for path in (mail, logs):
        path.mkdir()
        path.chmod(0o777)
    server.write("plugins", f"rcpt_ok\nqueue/maildir {mail}/box\nbreakout")
    server.write("rcpthosts", "d.example")
    server.write("logging", f"logging/file {logs}/mail.log")
    server.start("--workers", "1")
    with open_session(server) as s:
        assert s.begin().finish().startswith("250")
        assert len(os.listdir(mail / "box/new")) == 1
        until((logs / "mail.log").exists)
        # Rotated.
        (logs / "mail.log").rename(logs / "mail.log.1")
        assert s.begin().finish().startswith("250")
        until((logs / "mail.log").exists)
        assert len(os.listdir(mail / "box/new")) == 2
        # It is this worker that is confined.
        assert ask(s, "exec /bin/true") == errno.EPERM


# ---- where less is possible ---------------------------------------------------

def test_off(server):
    server.write("confine", "off")
    server.start("--workers", "1")
    with open_session(server) as s:
        assert ask(s, "read /etc/passwd") == 0
        assert ask(s, "offload system true") == 0
    assert not server.lines("event=confined name=worker")
    status = proc_status(server.workers()[0]["pid"])
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("0", "1")
    # At a reload, it is.
    server.write("confine", "on")
    assert server.ctl("reload").returncode == 0
    until(lambda: len(server.status()["workers"]) == 1)
    confined(server)
    with open_session(server) as s:
        assert ask(s, "system true") != 0
    assert proc_status(server.workers()[0]["pid"])["Seccomp"] == "2"


def without(*numbers):
    """For preexec_fn: these system calls do not exist (ENOSYS)."""
    code = [(0x20, 0, 0, 0)]  # load the number
    for i, number in enumerate(numbers):
        code.append((0x15, len(numbers) - i, 0, number))  # equal: the last
    code += [(0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x00050000 | 38)]
    blob = b"".join(struct.pack("HBBI", *c) for c in code)
    filters = ctypes.create_string_buffer(blob)
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(filters))

    def apply():
        assert libc.prctl(38, 1, 0, 0, 0) == 0
        assert libc.prctl(22, 2, program, 0, 0) == 0
        assert filters
    return apply


@pytest.mark.skipif(SECCOMP is None, reason="numbers of other machines")
def test_kernel_without_landlock(server):
    server.start("--workers", "1", preexec_fn=without(444, 445, 446))
    confined(server, landlock='"no: Function not implemented"',
             seccomp="on", port="any")
    with open_session(server) as s:
        assert ask(s, "read /etc/passwd") == 0
        assert ask(s, "exec /bin/true") == errno.EPERM


@pytest.mark.skipif(SECCOMP is None, reason="numbers of other machines")
@needs_landlock
def test_kernel_without_seccomp(server):
    # prctl(PR_SET_SECCOMP) cannot be taken away by number alone.
    server.start("--workers", "1", preexec_fn=without(SECCOMP))
    server.wait_line("event=confined name=worker")
    with open_session(server) as s:
        assert ask(s, "read /etc/passwd") == errno.EACCES


# ---- other processes -----------------------------------------------------------

def test_the_state_process(server):
    server.start("--workers", "1")
    server.wait_line("event=confined name=state", "seccomp=on")
    status = proc_status(server.status()["state_process"]["pid"])
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")


def test_check_tells(server):
    declared = server.base / "declared"
    server.write("plugins", f"breakout write {declared}/ "
                 "connect 192.0.2.1:783")
    result = subprocess.run(
        [str(server.program), "check", "--config", str(server.config)],
        capture_output=True, text=True, timeout=WAIT)
    assert result.returncode == 0, result.stderr
    text = result.stdout[result.stdout.index("confinement\n"):]
    lines = [line.split() for line in text.splitlines()]
    assert ["writes", str(declared)] in lines
    assert ["reads", str(server.config)] in lines
    assert ["port", "783"] in lines
    # It has made nothing.
    server.write("plugins", f"breakout write {declared}/missing/")
    assert subprocess.run(
        [str(server.program), "check", "--config", str(server.config)],
        capture_output=True, timeout=WAIT).returncode == 0
    assert not (declared / "missing").exists()


def test_more_files_than_are_looked_at(server):
    """What they lead to may be closed then; one line says so."""
    for number in range(10000):
        (server.config / f"f{number}").touch()
    server.start("--workers", "2")
    lines = server.lines("event=config_unseen")
    assert len(lines) == 1 and "limit=10000" in lines[0]
    assert f"path={server.config} " in lines[0]
    server.ctl("stop")
    server.wait()
    server.log_path.unlink()
    server.write("confine", "off")
    server.start("--workers", "1")
    assert not server.lines("event=config_unseen")

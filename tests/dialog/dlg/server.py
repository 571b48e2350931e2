# SPDX-License-Identifier: MIT
"""A hookline of a dialog's own: directories, process, log."""

import contextlib
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import checks
from .errors import Failure
from .tls import Authority

# Words that no dialog may leave in the log, unless it says `allow:`.
FAULTS = re.compile(r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|"
                    r"runtime error:|SUMMARY: \w+Sanitizer|"
                    r"CHECK failed|check failed|"
                    # what Perl warns of in our own modules
                    r" at \S+/perl/lib/\S+ line \d|"
                    r"event=\S*(crash|died|watchdog)")
RUN_USER = "nobody"
# Below those that the kernel gives to clients.
PORTS = range(16384, 32768)


def free_ports(host, count):
    """Different ones."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ports = []
    with contextlib.ExitStack() as held:
        while len(ports) < count:
            sock = held.enter_context(socket.socket(family))
            port = random.choice(PORTS)
            try:
                sock.bind((host, port))
            except OSError:
                continue
            ports.append(port)
    return ports


def free_port(host):
    return free_ports(host, 1)[0]


class Stage:
    """The program under test at a place that the run user can reach.

    Started as root (in a container, say) the dialogs still run without
    privileges, and the tree may be in a home that nobody else can enter.
    """

    def __init__(self, program):
        self.program = Path(program).resolve()
        self.user = None
        self.base = Path(tempfile.mkdtemp(prefix="hookline-dialog-"))
        self.base.chmod(0o755)
        self.authority = Authority(self.base / "ca")
        self.in_tree = self.plugin_dir().is_dir()
        if os.geteuid() == 0:
            self.user = pwd.getpwnam(RUN_USER)
            if self.in_tree:
                self.copy()

    def copy(self):
        build = self.program.parent
        target = self.base / "program"
        target.mkdir()
        shutil.copy2(self.program, target)
        for source in build.glob("plugins/**/*.so"):
            copy = target / source.relative_to(build)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
        if (build / "perl").is_dir():
            shutil.copytree(build / "perl", target / "perl")
        for path in target.rglob("*"):
            path.chmod(0o755)
        self.program = target / self.program.name

    def plugin_dir(self):
        return self.program.parent / "plugins"

    def give(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def process_user(self):
        if not self.user:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid,
                "extra_groups": []}

    def remove(self):
        shutil.rmtree(self.base, ignore_errors=True)


class Server:
    def __init__(self, stage, number, args, timeout):
        self.stage = stage
        self.args = args
        self.timeout = timeout
        self.process = None
        self.allowed_status = {0}
        # An address of its own for each dialog: nobody else's port there.
        self.host = f"127.{10 + os.getpid() % 200}.{number // 250 % 250}." \
                    f"{1 + number % 250}"
        self.tmp = stage.base / f"d{number}"
        ports = map(str, free_ports(self.host, 3))
        self.vars = {"TMP": str(self.tmp), "CONFIG": str(self.tmp / "config"),
                     "STATE": str(self.tmp / "state"),
                     "MAILDIR": str(self.tmp / "state" / "maildir"),
                     "PLUGINS": str(stage.plugin_dir()),
                     "USER": stage.user.pw_name if stage.user else
                     pwd.getpwuid(os.geteuid()).pw_name,
                     "HOST": self.host,
                     **dict(zip(("PORT", "PORT2", "PORT3"), ports))}
        for path in (self.tmp, self.tmp / "config", self.tmp / "state",
                     self.tmp / "plugins"):
            path.mkdir()
            stage.give(path)
        self.log_path = self.tmp / "log"
        self.log_path.touch()
        # Nothing leaves this machine.
        self.config("me", ["mx.example"])
        self.config("rdns", ["0"])
        self.config("resolvers", ["127.0.0.1:9"])
        # An installed program knows where its own plugins are.
        dirs = [self.tmp / "plugins"]
        if stage.in_tree:
            dirs.append(stage.plugin_dir())
        self.config("plugin_dirs", [str(path) for path in dirs])

    def config(self, name, lines):
        """Writes a control file the way an administrator should: renamed."""
        self.file(self.tmp / "config" / name, lines)

    def file(self, path, lines):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name("." + path.name + ".new")
        new.write_text("".join(line + "\n" for line in lines))
        self.stage.give(new)
        if lines and lines[0].startswith("#!"):
            new.chmod(0o755)
        new.rename(path)

    def command(self):
        command = [str(self.stage.program), "serve",
                   "--config", self.vars["CONFIG"],
                   "--state", self.vars["STATE"]]
        if not (self.tmp / "config" / "listen").exists():
            command += ["--listen", f"{self.host}:{self.vars['PORT']}"]
        if not (self.tmp / "config" / "workers").exists():
            command += ["--workers", "1"]
        return command + self.args

    def start(self, fails=False):
        environment = dict(os.environ, TMPDIR=str(self.tmp))
        environment.pop("NOTIFY_SOCKET", None)
        environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.tmp, env=environment,
                start_new_session=True, **self.stage.process_user())
        deadline = time.monotonic() + self.timeout
        while self.process.poll() is None:
            if not fails and self.is_listening():
                return
            if time.monotonic() > deadline:
                raise Failure("did not refuse to start" if fails else
                              "does not listen")
            time.sleep(0.004)
        if not fails:
            raise Failure("ended at once with exit status "
                          f"{self.process.returncode}")
        self.allowed_status = None

    def is_listening(self):
        """Looks for the port without connecting, which would be a session."""
        return self.has_port() or any(
            path.is_socket() for path in self.tmp.glob("*.sock"))

    def has_port(self):
        if (self.tmp / "config" / "listen").exists():
            wanted = [self.vars["PORT"], self.vars["PORT2"],
                      self.vars["PORT3"]]
        else:
            wanted = [self.vars["PORT"]]
        ports = {f"{int(port):04X}" for port in wanted}
        host = "".join(f"{int(part):02X}"
                       for part in reversed(self.host.split(".")))
        for name in ("/proc/net/tcp", "/proc/net/tcp6"):
            try:
                lines = Path(name).read_text().splitlines()[1:]
            except OSError:
                continue
            for line in lines:
                fields = line.split()
                if fields[3] != "0A":
                    continue
                address, port = fields[1].split(":")
                if port in ports and (len(address) == 32 or
                                      address in (host, "00000000")):
                    return True
        return False

    def send_signal(self, name):
        if not self.process or self.process.poll() is not None:
            raise Failure("is not running")
        self.process.send_signal(getattr(signal, "SIG" + name))

    def stop(self, how=signal.SIGTERM):
        """Ends it, and returns its exit status (negative: signal)."""
        if not self.process:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(self.timeout)
            late = False
        except subprocess.TimeoutExpired:
            late = True
        # What it left behind is in its process group.
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        status = self.process.wait()
        self.process = None
        if late:
            raise Failure("does not end after SIGTERM")
        if how == signal.SIGKILL:
            self.wait_for_workers()
        return status

    def wait_for_workers(self):
        """The next one would be taken to listen where these still do."""
        deadline = time.monotonic() + self.timeout
        while self.has_port():
            if time.monotonic() > deadline:
                raise Failure("workers outlive their master")
            time.sleep(0.004)

    def ask(self, words):
        """`hookline WORD ...` of a command that asks the server."""
        result = subprocess.run(
            [str(self.stage.program), words[0], "--state",
             self.vars["STATE"], *words[1:]], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", timeout=self.timeout, check=False,
            **self.stage.process_user())
        return result.returncode, result.stdout + result.stderr

    def log(self):
        return self.log_path.read_text(errors="replace")

    def faults(self, allow):
        """Lines that no server should write."""
        return [line for line in self.log().splitlines()
                if (FAULTS.search(line) or checks.repeated(line)) and
                not any(re.search(pattern, line) for pattern in allow)]

# SPDX-License-Identifier: MIT
"""The servers of a setup: Debian's qpsmtpd, hookline with the same Perl files,
and hookline with its own plugins of these names.  All run as nobody, on
loopback, with directories of their own."""
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / name)
                for name in (".", "session", "services")]

from real import QPSMTPD_PLUGINS as PLUGINS  # noqa: E402
from real import RealServer, free_port, stuffed  # noqa: E402
from services import TOGETHER  # noqa: E402
from waiting import WAIT, until  # noqa: E402

FORKSERVER = "/usr/bin/qpsmtpd-forkserver"
PREFORK = "/usr/bin/qpsmtpd-prefork"
TAIL = ["rcpt_ok", "queue/maildir $MAIL"]


def unescaped(text):
    """As it was before our log's escapes."""
    return re.sub(r"\\(?:x([0-9a-f]{2})|(.))", lambda match:
                  match[2] or chr(int(match[1], 16)), text)


class Peer:
    """What both have: files, a log, a maildir."""

    def prepare(self, setup, variables):
        self.mail = self.tmp / "mail"
        self.seen_mail = set()
        self.log_at = 0
        self.words = dict(variables, MAIL=str(self.mail), TMP=str(self.tmp))
        for name, lines in setup.files.items():
            self.file(self.tmp / name, [self.fill(line) for line in lines])
            (self.tmp / name).chmod(0o755)
            self.stage.give((self.tmp / name).parent)
        for name, target in setup.links.items():
            (self.tmp / name).symlink_to(self.fill(target))
        for name, lines in setup.databases.items():
            with closing(sqlite3.connect(self.tmp / name)) as database:
                database.executescript("\n".join(lines))
            self.stage.give(self.tmp / name)
        for name, lines in {"me": ["mx.example"], "loglevel": ["6"],
                            "tls_before_auth": ["0"],
                            "rcpthosts": ["example.com"],
                            "spool_dir": [str(self.tmp / "spool")],
                            "plugin_dirs": [str(PLUGINS)],
                            **setup.config}.items():
            self.config(name, [self.fill(line) for line in lines])
        for folder in ("spool", "mail"):
            (self.tmp / folder).mkdir(mode=0o700, exist_ok=True)
            self.stage.give(self.tmp / folder)
        lines = setup.plugins + (TAIL if setup.tail else [])
        self.loggers = setup.loggers
        for name, lines in ("plugins", lines), ("logging", setup.loggers):
            self.config(name, [self.prefix + self.fill(line)
                               for line in lines])
        self.environment = {name: self.fill(value) for name, value in
                            setup.environment.items()}

    def fill(self, text):
        return re.sub(r"\$([A-Z]+\d?)", lambda match: str(
            self.words.get(match[1], match[0])), text)

    def connect(self, source):
        return socket.create_connection(self.address, WAIT, (source, 0))

    def new_mail(self):
        """Messages since the last question, as text."""
        names = {path for path in self.mail.rglob("*")
                 if path.is_file() and path.parent.name == "new"}
        fresh = sorted(names - self.seen_mail)
        self.seen_mail |= names
        return [path.read_text(errors="replace") for path in fresh]

    def new_log(self):
        text = self.log()
        fresh, self.log_at = text[self.log_at:], len(text)
        return fresh


class Perl(RealServer, Peer):
    """hookline with the same files."""
    side = "perl"
    prefix = "perl:"

    def __init__(self, stage, setup, variables):
        super().__init__(stage)
        self.prepare(setup, variables)
        self.config("perl_hosts", ["1 2"])
        self.config("rdns", ["1"])
        self.config("auth_delay", ["0"])
        self.config("resolvers", [f"127.0.0.1:{variables['DNS']}"])
        self.ended = 0

    def start(self, fails=False):
        kept = dict(os.environ)
        os.environ.update(self.environment, PERL5LIB=str(self.words["LIB"]))
        try:
            super().start(fails)
        finally:
            os.environ.clear()
            os.environ.update(kept)

    def session_log(self):
        """Log lines of plugins: (plugin, hook, the first line of it)."""
        self.ended += 1
        self.wait_line("event=disconnect", count=self.ended)
        return [(plugin, hook, re.split("[\r\n]", unescaped(quoted or bare))[0])
                for plugin, hook, quoted, bare in re.findall(
                    r" plugin=(\S+) hook=(\S+) text=(?:\"((?:\\.|[^\"])*)\""
                    r"|(\S*))$", self.new_log(), re.M)]


class Native(Perl):
    """hookline with its own plugins, where it has them."""
    side = "native"
    prefix = ""


class Qpsmtpd(Peer):
    side = "qpsmtpd"
    prefix = ""
    ready = "Running as user"

    def __init__(self, stage, setup, variables):
        RealServer.COUNT += 1
        self.stage = stage
        self.tmp = stage.base / f"q{RealServer.COUNT}"
        for path in (self.tmp, self.tmp / "config"):
            path.mkdir()
            stage.give(path)
        # An address of its own, where no client takes the port meanwhile.
        host = f"127.{210 + os.getpid() % 40}.{RealServer.COUNT // 250}." \
               f"{1 + RealServer.COUNT % 250}"
        self.address = (host, free_port(host))
        self.prepare(setup, variables)
        self.log_path = self.tmp / "log"

    def file(self, path, lines):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line + "\n" for line in lines))
        self.stage.give(path)

    def config(self, name, lines):
        self.file(self.tmp / "config" / name, lines)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def command(self):
        """Of a program that makes a session of its own, or not (False)."""
        return [FORKSERVER], False

    def start(self):
        environment = dict(os.environ, **self.environment,
                           RES_OPTIONS=f"port:{self.words['DNS']}",
                           QPSMTPD_CONFIG=str(self.tmp / "config"))
        program, has_session = self.command()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*TOGETHER, "perl", "-Tw", f"-I{self.words['LIB']}",
                 "-MLoopbackDns", *program,
                 "--listen-address", self.address[0],
                 "--port", str(self.address[1]),
                 "--user", self.stage.user.pw_name if self.stage.user
                 else os.environ["USER"]],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.tmp, env=environment,
                start_new_session=not has_session,
                **self.stage.process_user())

    def wait_start(self):
        def started():
            assert self.process.poll() is None, self.log()
            # A logging plugin may have taken the line.
            return self.listens() if self.loggers else \
                self.ready in self.log()
        until(started, self.log)
        self.new_log()

    def listens(self):
        local = f":{self.address[1]:04X} "
        return any(local in line and " 0A " in line for line in
                   Path("/proc/net/tcp").read_text().splitlines())

    def session_log(self):
        return [(m[2].replace("::", "/").replace("_2d", "-"), m[1], m[3])
                for m in re.finditer(r"^\d+ \((\S+)\) (\S+): (.*)$",
                                     self.new_log(), re.M)]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Prefork(Qpsmtpd):
    """One process for all sessions, one after the other."""

    ready = "new child"

    def command(self):
        return [PREFORK, "--debug", "--children=1",
                "--idle-children=1"], True

# SPDX-License-Identifier: MIT
"""Plays one dialog against a server of its own."""

import hashlib
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import checks
from .dns import DnsServer
from .errors import DialogError, Failure
from .script import raw_bytes
from .server import Server
from .tls import Client, options as tls_options
from .wire import Wire

SHARED = Path(__file__).resolve().parent.parent / "plugins"
VARIABLE = re.compile(r"\$(\w+)")


class Play:
    def __init__(self, script, stage, number, options, folder=Path(".")):
        self.script = script
        self.folder = folder    # of the dialog
        self.options = options
        self.server = Server(stage, number, [], options.timeout)
        self.vars = dict(self.server.vars)
        self.server.args = [self.expand(arg) for arg in script.args]
        self.wires = {}
        self.transcript = []
        self.started = False
        self.dns = None
        self.tls = Client(self.server.tmp)
        self.plugins = []
        self.output = ""
        self.status = None
        self.at_end = []    # nolog, logcount: need the whole log

    def expand(self, text):
        return VARIABLE.sub(
            lambda m: self.vars.get(m[1], m[0]), text)

    # ---- the whole dialog --------------------------------------------

    def run(self):
        """None, or the text of the failure."""
        step = None
        try:
            for step in self.script.steps:
                self.step(step)
            step = None
            self.finish()
            return None
        except (Failure, DialogError, subprocess.TimeoutExpired) as err:
            return self.report(step, err)
        finally:
            for wire in self.wires.values():
                wire.close()
            try:
                self.server.stop(signal.SIGKILL)
            except Failure:
                pass
            if self.dns:
                self.dns.stop()
            if not self.options.keep:
                shutil.rmtree(self.server.tmp, ignore_errors=True)

    def finish(self):
        if not self.started:
            self.start("")
        for wire in self.wires.values():
            wire.expect_nothing_left()
        for wire in self.wires.values():
            wire.close()
        self.end_server(signal.SIGTERM)
        faults = self.server.faults(self.script.allow)
        if faults:
            raise Failure("the log has: " + faults[0])
        for step in self.at_end:
            try:
                self.check_whole_log(step)
            except Failure as err:
                raise Failure(f"line {step.line}: {err}") from err

    def end_server(self, how):
        status = self.server.stop(how)
        if status is None:
            return
        self.status = status
        allowed = self.server.allowed_status
        if how == signal.SIGTERM and allowed and status not in allowed:
            raise Failure(f"exit status {status} after SIGTERM")

    def report(self, step, err):
        place = self.script.path + (f":{step.line}" if step else "")
        lines = [f"{place}: {err}"]
        lines += ["  " + line for line in self.transcript[-30:]]
        lines += ["  log: " + line
                  for line in self.server.log().splitlines()[-30:]]
        if self.options.keep:
            lines.append(f"  kept: {self.server.tmp}")
        return "\n".join(lines)

    # ---- steps -------------------------------------------------------

    SETUP = {"config", "plugin", "file", "dns", "start", "cert"}
    ON_SERVER = {"stop", "kill", "signal", "wait", "log", "nolog",
                 "logcount", "maildir", "file", "ctl", "ask", "out", "out~",
                 "exit"}

    def step(self, step):
        if step.word not in self.SETUP and not self.started:
            self.start("")
        if step.word in self.SETUP or step.word in self.ON_SERVER:
            name = "do_" + step.word.replace("~", "_regex")
            getattr(self, name)(step)
        elif step.word == "connect":
            self.connect(step)
        else:
            wire = self.wires.get(step.conn) or self.connect(step)
            self.on_wire(step, wire)

    def on_wire(self, step, wire):
        word = step.word
        if wire.tls:
            self.tls.keep_session(wire.tls)
        if word == "C":
            wire.send(self.expand(step.text).encode() + b"\r\n")
        elif word == "C~":
            wire.send(raw_bytes(self.expand(step.text)))
        elif word == "C!":
            wire.send_raw(raw_bytes(self.expand(step.text)))
        elif word == "EHLO":
            self.say_ehlo(wire, step.text.split())
        elif word in ("tls", "starttls"):
            self.start_tls(step, wire)
        elif word == "BDAT":
            chunk = raw_bytes(self.expand(step.text))
            size = f"BDAT {len(chunk)} {step.arg}".rstrip()
            wire.send(size.encode() + b"\r\n" + chunk)
        elif word == "S":
            self.expect_line(wire, self.expand(step.text))
        elif word == "S~":
            self.expect_match(wire, self.expand(step.text))
        elif word == "S*":
            lines = wire.last = wire.reply()
            if not lines[0].startswith(step.text.strip()):
                raise Failure(f"expected a reply {step.text!r}, "
                              f"got {lines}")
        elif word in ("has", "lacks"):
            found = any(line[4:] == step.text for line in wire.last)
            if found != (word == "has"):
                raise Failure(f"{word} {step.text!r}? {wire.last}")
        elif word == "closed":
            wire.expect_end("closed")
        elif word == "gone":
            wire.expect_end(None)
        elif word == "quiet":
            wire.expect_quiet(int(step.arg))
        elif word == "elapsed":
            self.check_elapsed(wire, step.arg)
        else:
            wire.close(word)
            if word != "half-close":
                del self.wires[step.conn]

    def connect(self, step):
        host, port = self.vars["HOST"], self.vars["PORT"]
        source = None
        if step.word == "connect" and step.arg:
            target, _, origin = self.expand(step.arg).partition("from ")
            source = origin.strip() or None
            target = target.strip()
            if target.startswith("unix:"):
                host, port = target[5:], None
            elif target:
                host, _, port = target.rpartition(":")
                host = host.strip("[]") or self.vars["HOST"]
        if source is None and ":" not in host:
            source = "127.0.0.1"
        if step.conn in self.wires:
            raise DialogError(f"{step.conn} is connected already")
        wire = Wire(step.conn, (host, int(port)) if port else host,
                    source if port else None, self.options.one_byte,
                    self.options.timeout, self.transcript)
        self.wires[step.conn] = wire
        return wire

    @staticmethod
    def say_ehlo(wire, wanted):
        """Looks for keywords, wherever they stand."""
        wire.send(b"EHLO client.example\r\n")
        lines = wire.reply()
        if not lines[0].startswith("250"):
            raise Failure(f"expected a reply '250', got {lines}")
        have = {line[4:].split(" ")[0] for line in lines[1:]}
        for word in wanted:
            if (word.lstrip("!") in have) == word.startswith("!"):
                raise Failure(f"{word}: {lines}")

    def start_tls(self, step, wire):
        """With `fails` there must be no session, and then the connection
        is over."""
        opts = tls_options(self.expand(step.arg))
        if step.word == "starttls":
            wire.send(b"STARTTLS\r\n")
            lines = wire.reply()
            if not lines[0].startswith("220"):
                raise Failure(f"expected a reply '220', got {lines}")
        tls = self.tls.wrap(opts)
        try:
            wire.start_tls(tls)
        except Failure as err:
            if "fails" not in opts:
                raise
            wire.note("!", str(err))
            wire.close()
            del self.wires[step.conn]
            if opts["fails"] and opts["fails"] not in str(err):
                raise Failure(f"fails otherwise: {err}") from err
            return
        if "fails" in opts:
            raise Failure("the handshake succeeds")

    @staticmethod
    def expect_line(wire, want):
        got = wire.line()
        if got != want:
            raise Failure(f"expected {want!r}, got {got!r}")

    def expect_match(self, wire, pattern):
        got = wire.line()
        try:
            match = re.fullmatch(pattern, got)
        except re.error as err:
            raise DialogError(f"bad regex {pattern}: {err}") from err
        if not match:
            raise Failure(f"expected /{pattern}/, got {got!r}")
        self.vars.update({key: text for key, text in
                          match.groupdict().items() if text is not None})

    @staticmethod
    def check_elapsed(wire, limits):
        low, high = (int(part) for part in limits.split("-"))
        took = (wire.last_at - wire.sent_at) * 1000
        if not low <= took <= high:
            raise Failure(f"took {took:.0f} ms, not {limits}")

    # ---- set-up ------------------------------------------------------

    def lines_of(self, step):
        lines = [step.text] if step.text else step.body
        return [self.expand(line) for line in lines]

    def do_config(self, step):
        self.server.config(step.arg, self.lines_of(step))

    def do_cert(self, step):
        name, _, kind = step.arg.partition(" ")
        authority = self.server.stage.authority
        authority.give(name, kind or "ec", self.server.tmp)
        self.vars["FINGERPRINT"] = authority.fingerprint(name)
        for path in self.server.tmp.glob("*.*"):
            if path.suffix in (".crt", ".key"):
                self.server.stage.give(path)

    def do_dns(self, step):
        if self.dns:
            raise DialogError("one dns block is enough")
        self.dns = DnsServer(self.vars["HOST"], self.lines_of(step))
        self.vars["DNS"] = self.dns.where
        self.server.config("resolvers", [self.dns.where])

    def do_file(self, step):
        path = self.server.tmp / self.expand(step.arg)
        if not step.text:
            self.server.file(path, self.lines_of(step))
            return
        verb, _, text = step.text.partition(" ")
        self.eventually(lambda: checks.check_content(
            step.arg, [path.read_bytes()] if path.exists() else [],
            verb, self.expand(text)))

    def do_plugin(self, step):
        if step.text.endswith(".so"):
            built = self.find_source(step.text)
        elif step.text:
            built = self.compile(step.arg,
                                 self.find_source(step.text).read_text())
        else:
            built = self.compile(
                step.arg, self.expand("\n".join(step.body)) + "\n")
        target = self.server.tmp / "plugins" / (step.arg + ".so")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(built, target)
        self.server.stage.give(target)
        self.plugins.append(step.arg)

    def find_source(self, name):
        """A plugin's file beside the dialog, or one that several share."""
        for folder in (self.folder, SHARED):
            if (folder / name).is_file():
                return folder / name
        raise DialogError(f"no file {name} in {self.folder}")

    def compile(self, name, source):
        """One cc line against the public header, as a user would."""
        header = Path(self.options.include, "hookline", "plugin.h")
        key = hashlib.sha256(header.read_bytes() +
                             source.encode()).hexdigest()[:24]
        cache = Path(self.options.cache)
        cache.mkdir(parents=True, exist_ok=True)
        built = cache / f"{key}.so"
        if built.exists():
            return built
        text = cache / f"{key}.{self.vars['PORT']}.c"
        text.write_text(source)
        part = text.with_suffix(".part")
        result = subprocess.run(
            ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g",
             "-shared", "-fPIC", f"-I{header.parent.parent}",
             "-o", part, text], capture_output=True, text=True, check=False)
        text.unlink()
        if result.returncode != 0:
            raise DialogError(f"plugin {name}: {result.stderr}")
        part.rename(built)
        return built

    # ---- the server --------------------------------------------------

    def do_start(self, step):
        self.start(step.arg)

    def start(self, arg):
        plugins = self.server.tmp / "config" / "plugins"
        if not plugins.exists():
            self.server.config("plugins", self.plugins)
        self.started = True
        self.server.start(fails=arg == "fails")

    def do_stop(self, _step):
        self.end_server(signal.SIGTERM)

    def do_kill(self, _step):
        self.end_server(signal.SIGKILL)

    def do_signal(self, step):
        self.server.send_signal(step.arg)

    def do_exit(self, step):
        if self.server.process:
            # It was to end by itself; give it the time.
            self.server.allowed_status = None
            try:
                self.status = self.server.process.wait(self.options.timeout)
            except subprocess.TimeoutExpired as err:
                raise Failure("is still running") from err
        if str(self.status) != step.text.strip():
            raise Failure(f"exit status {self.status}")

    def do_ctl(self, step):
        self.ask(["ctl", *self.expand(step.text).split()], 0)

    def do_ask(self, step):
        self.ask(self.expand(step.text).split(), int(step.arg or 0))

    def ask(self, words, wanted):
        status, self.output = self.server.ask(words)
        self.transcript.append(f"{' '.join(words)}: {self.output}")
        if status != wanted:
            raise Failure(f"{words[0]}: status {status}: {self.output}")

    def do_out(self, step):
        if self.expand(step.text) not in self.output:
            raise Failure(f"not in the output: {step.text}")

    def do_out_regex(self, step):
        if not re.search(self.expand(step.text), self.output, re.MULTILINE):
            raise Failure(f"does not match the output: {step.text}")

    # ---- time, log, mail ---------------------------------------------

    @staticmethod
    def do_wait(step):
        if int(step.arg) > 5000:
            raise DialogError("waits for more than 5 s")
        time.sleep(int(step.arg) / 1000)

    def eventually(self, check):
        """Runs check until it raises no Failure, or time is up."""
        deadline = time.monotonic() + self.options.timeout
        while True:
            try:
                return check()
            except Failure:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.01)

    def do_log(self, step):
        wanted = checks.conditions(self.expand(step.text))

        def check():
            text = self.server.log()
            if not checks.log_matches(text, wanted):
                raise Failure("no such log line; nearest: " +
                              checks.nearest(text, wanted))
        self.eventually(check)

    def do_nolog(self, step):
        checks.conditions(step.text)
        self.at_end.append(step)

    def do_logcount(self, step):
        checks.conditions(step.text)
        self.at_end.append(step)

    def check_whole_log(self, step):
        wanted = checks.conditions(self.expand(step.text))
        lines = checks.log_matches(self.server.log(), wanted)
        limit = 0 if step.word == "nolog" else int(step.arg)
        if len(lines) != limit:
            raise Failure(f"{len(lines)} such log lines, not {limit}: "
                          f"{lines[:3]}")

    def do_maildir(self, step):
        verb, _, text = step.text.partition(" ")
        root = step.arg and self.expand(step.arg) or self.vars["MAILDIR"]

        def check():
            checks.check_content("maildir", checks.messages(root), verb,
                                 self.expand(text))
        if verb == "lacks":
            check()
        else:
            self.eventually(check)

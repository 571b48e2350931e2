#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The conformance test: every hook, every verdict, over a real socket.

Cases are generated from the contract table (`hookline hooks --json`): hook x
verdict x with and without text x bad verdicts, and for the hooks of a message
also by BDAT and by LMTP.  Each is one conversation up
to the command that runs the hook; compared are code, enhanced code, text,
what happens to the connection, whether the transaction lives on, and which
hooks ran in which order.

    run.py HOOKLINE PLUGIN_DIR [-v] [HOOK...]
"""
import itertools
import json
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import auth

VALUES = {"DECLINED": 0, "OK": 900, "DENY": 901, "DENYSOFT": 902,
          "DENY_DISCONNECT": 903, "DENYSOFT_DISCONNECT": 904, "DONE": 910}
BAD = [1, 908, 909, 2147483648]
TEXTS = ["", "plugin text"]
CHUNK = b"Subject: x\r\nX-Two: y\r\n\r\nbody line\r\n"
MESSAGE = CHUNK + b".\r\n"

# What leads to a hook, as steps; the last one runs it.
EHLO, MAIL, RCPT = ("EHLO c.test", "MAIL FROM:<a@b.test>",
                    "RCPT TO:<x@example.com>")
WAY = {
    "pre-connection": ["connect"], "connect": ["connect"],
    "proxy": ["proxied"],
    "tls_done": ["connect", EHLO, "STARTTLS", EHLO],
    "reply": ["connect", EHLO, "NOOP"],
    "ehlo_parse": ["connect", EHLO], "ehlo": ["connect", EHLO],
    "capabilities": ["connect", EHLO],
    "helo_parse": ["connect", "HELO c.test"],
    "helo": ["connect", "HELO c.test"],
    "mail_parse": ["connect", EHLO, MAIL],
    "mail_pre": ["connect", EHLO, MAIL], "mail": ["connect", EHLO, MAIL],
    "rcpt_parse": ["connect", EHLO, MAIL, RCPT],
    "rcpt_pre": ["connect", EHLO, MAIL, RCPT],
    "rcpt": ["connect", EHLO, MAIL, RCPT],
    "user_config": ["connect", EHLO, MAIL, RCPT],
    "data": ["connect", EHLO, MAIL, RCPT, "DATA"],
    "max_data_exceeded": ["connect", EHLO,
                          "MAIL FROM:<a@b.test> SIZE=99999999"],
    "vrfy": ["connect", EHLO, MAIL, RCPT, "VRFY u"],
    "noop": ["connect", EHLO, "NOOP"], "help": ["connect", EHLO, "HELP"],
    "rset": ["connect", EHLO, MAIL, "RSET"],
    "quit": ["connect", EHLO, "QUIT"],
    "unrecognized_command": ["connect", EHLO, "FOO bar"],
    "reset_transaction": ["connect", EHLO, MAIL, "RSET"],
    "disconnect": ["connect", EHLO, "QUIT"],
    "post-connection": ["connect", EHLO, "QUIT"],
    "ok": ["connect", EHLO, "NOOP"],
    "config": ["connect"], "timeout": ["connect"],
    "auth_parse": ["connect", EHLO, "AUTH PLAIN AHVzZXIAcGVuY2ls"],
}
for name in auth.WAYS:
    WAY[name] = ["connect", EHLO]       # and then case_auth
for name in ("header", "data_headers_end", "body_chunk", "data_post_headers",
             "received_line", "data_post", "queue_pre", "queue",
             "queue_post"):
    WAY[name] = ["connect", EHLO, MAIL, RCPT, "DATA", "message"]
# Other ways to the same hooks.
MORE_WAYS = {}
for name, way in WAY.items():
    if "DATA" in way:
        MORE_WAYS[name] = {"BDAT": ["connect", EHLO, MAIL, RCPT, "BDAT"]}
    if "message" in way:
        MORE_WAYS[name]["LMTP"] = ["lmtp", "LHLO c.test", MAIL, RCPT, RCPT,
                                   "DATA", "message"]

# Hooks of a step when everything is accepted.
STEP_HOOKS = {
    "connect": ["pre-connection", "config", "connect"],
    "proxied": ["proxy", "pre-connection", "config", "connect"],
    "EHLO": ["ehlo_parse", "ehlo", "capabilities"],
    "HELO": ["helo_parse", "helo"],
    "MAIL": ["mail_parse", "mail_pre", "mail"],
    "RCPT": ["rcpt_parse", "rcpt_pre", "rcpt", "user_config"],
    "DATA": ["data"],
    "message": ["header", "header", "data_headers_end", "body_chunk",
                "data_post_headers", "received_line", "data_post",
                "queue_pre", "queue", "reset_transaction", "queue_post"],
    "AUTH": ["auth_parse", "auth-plain", "auth"],
    "NOOP": ["noop"], "VRFY": ["vrfy"], "HELP": ["help"],
    "RSET": ["rset", "reset_transaction"],
    "QUIT": ["quit", "disconnect", "post-connection"],
    "FOO": ["unrecognized_command"],
}
STEP_HOOKS["lmtp"] = STEP_HOOKS["connect"]
STEP_HOOKS["LHLO"] = STEP_HOOKS["EHLO"]
STEP_HOOKS["BDAT"] = STEP_HOOKS["DATA"] + STEP_HOOKS["message"]
# Replies of a step when nobody says anything and the row has none itself.
STEP_REPLY = {
    "connect": (220, None, None), "proxied": (220, None, None),
    "EHLO": (250, None, None),
    "HELO": (250, None, None),
    "MAIL": (250, "2.1.0", "<a@b.test> sender ok"),
    "RCPT": (250, "2.1.5", "<x@example.com> recipient ok"),
    "DATA": (354, None, "go ahead"), "message": (250, "2.0.0", None),
    "AUTH": (535, "5.7.8", "Authentication failed"),
    "NOOP": (250, "2.0.0", "ok"),
    "VRFY": (252, "2.5.0", None), "HELP": (214, "2.0.0", None),
    "RSET": (250, "2.0.0", "ok"), "FOO": (500, "5.5.1", None),
    "QUIT": (221, "2.0.0", None),
}
STEP_REPLY["lmtp"] = STEP_REPLY["connect"]
STEP_REPLY["LHLO"] = STEP_REPLY["EHLO"]
STEP_REPLY["BDAT"] = STEP_REPLY["message"]
OPENS_TXN = ("MAIL", "RCPT", "DATA", "BDAT", "message", "VRFY", "RSET")
NOISE = ("reply", "config", "user_config")


class Failure(Exception):
    pass


def verb(step):
    return step.split()[0]


class Server:
    """One hookline with the conform plugins in front of a base."""

    def __init__(self, program, plugin_dir, extra=None, order=None,
                 listen=""):
        self.dir = tempfile.mkdtemp(prefix="hl-conform-")
        os.chmod(self.dir, 0o777)
        self.config = os.path.join(self.dir, "config")
        self.state = os.path.join(self.dir, "state")
        os.mkdir(self.config)
        os.mkdir(self.state)
        if os.getuid() == 0:            # workers run as nobody then
            os.chown(self.state, pwd.getpwnam("nobody").pw_uid, -1)
        # The tree may be where only we can look.
        plugins = os.path.join(self.dir, "plugins")
        os.mkdir(plugins)
        for name in os.listdir(plugin_dir):
            if name.endswith(".so"):
                shutil.copy(os.path.join(plugin_dir, name), plugins)
        self.path = os.path.join(self.dir, "sock")
        files = {
            "plugins": "conform %s\nconform_base %s\n" % (self.dir, self.dir),
            "plugin_dirs": plugins + "\n", "me": "mx.test\n",
            "listen": "unix:{0}\nunix:{0}.proxied proxy\n"
                      "unix:{0}.lmtp lmtp\n".format(self.path)
                      + listen % {"path": self.path},
            "rcpthosts": "example.com\n",
            "databytes": "1000000\n", "max_errors": "0\n",
            "max_per_client": "0\n", "rdns": "0\n", "loglevel": "info\n",
            "smtpgreeting": "file greeting ESMTP\n", "max_junk": "0\n",
            "conform_key": "from file\n", "tls_before_auth": "0\n",
            "auth_delay": "0\n", "max_auth_failures": "0\n",
        }
        files.update(extra or {})
        for name, text in files.items():
            with open(os.path.join(self.config, name), "w") as out:
                out.write(text % {"dir": self.dir} if "%(" in text else text)
        if order is not None:           # before anything can ask for it
            self.order(*order)
        self.log = open(os.path.join(self.dir, "log"), "w+b")
        self.process = subprocess.Popen(
            [program, "serve", "--config", self.config, "--state", self.state,
             "--workers", "1"], stderr=self.log, stdout=self.log,
            stdin=subprocess.DEVNULL)

    def wait_ready(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(self.path)
                    probe.settimeout(60)
                    if probe.recv(1):
                        return True
            except OSError:
                pass
            time.sleep(0.01)
        return False

    def wait_quiet(self):
        """The session of wait_ready has ended."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if "post-connection" in self.trace():
                    return
            except FileNotFoundError:
                pass
            time.sleep(0.005)

    def order(self, hook, value, reply, text):
        path = os.path.join(self.dir, "order")
        with open(path + ".new", "w") as out:
            out.write("%s %d %d %s\n" % (hook, value, reply, text))
        os.chmod(path + ".new", 0o666)
        os.rename(path + ".new", path)
        for name in ("trace", "message", "user"):
            full = os.path.join(self.dir, name)
            with open(full, "w"):
                pass
            os.chmod(full, 0o666)

    def no_order(self):
        try:
            os.unlink(os.path.join(self.dir, "order"))
        except FileNotFoundError:
            pass

    def read(self, name):
        with open(os.path.join(self.dir, name)) as source:
            return source.read()

    def trace(self):
        return self.read("trace").split("\n")[:-1]

    def hooks_run(self):
        """The trace without what runs around every hook."""
        return [h for h in self.trace()
                if h.split(":")[0] not in ("ok", "deny") + NOISE]

    def logged(self):
        self.log.flush()
        return self.read("log")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.log.close()
        return status

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Client:
    def __init__(self, path):
        self.path = path
        self.sock = None
        self.buffer = b""

    def open(self, suffix):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path + suffix)

    def line(self):
        while b"\r\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                if self.buffer:
                    raise Failure("half a line: %r" % self.buffer)
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def reply(self):
        """(code, enhanced, text) or None at the end of the connection."""
        lines = []
        while True:
            line = self.line()
            if line is None:
                if lines:
                    raise Failure("reply ends with %r" % lines[-1])
                return None
            if not re.match(r"\d{3}[ -]", line):
                raise Failure("no reply line: %r" % line)
            lines.append(line)
            if line[3] == " ":
                break
        code = int(lines[0][:3])
        match = re.match(r"(\d\.\d+\.\d+) ", lines[0][4:])
        enh = match.group(1) if match else None
        cut = 4 + (len(enh) + 1 if enh else 0)
        return (code, enh, "\n".join(l[cut:] for l in lines))

    def do(self, step):
        if self.sock is None:
            self.open("" if step == "connect" else "." + step)
        if step == "message":
            self.sock.sendall(MESSAGE)
        elif step == "BDAT":
            self.sock.sendall(b"BDAT %d LAST\r\n" % len(CHUNK) + CHUNK)
        elif step == "proxied":
            self.sock.sendall(b"PROXY UNKNOWN\r\n")
        elif step not in ("connect", "lmtp"):
            self.sock.sendall(step.encode() + b"\r\n")
        return self.reply()

    def start_tls(self):
        """Whoever the server says it is."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)

    def close(self):
        self.sock.close()

    def leave(self):
        """Half-closes and waits: all hooks have run then."""
        try:
            self.sock.settimeout(60)
            self.sock.shutdown(socket.SHUT_WR)
            while self.sock.recv(65536):
                pass
        except OSError:
            pass
        self.sock.close()


class Case:
    """One conversation and what the table says of it."""

    def __init__(self, row, verdict, value, text, reply=0, mode=None):
        self.row, self.verdict, self.value = row, verdict, value
        self.text, self.reply, self.mode = text, reply, mode
        self.hook = row["name"]
        self.way = MORE_WAYS[self.hook][mode] if mode else WAY[self.hook]
        self.cell = self.settle()

    @property
    def name(self):
        return "%s %s%s%s" % (self.hook, self.verdict or self.value,
                              " text" if self.text else "",
                              " replied" if self.reply else "")

    def policy(self):
        """What the failure policy makes of an illegal answer."""
        if self.row["failure"] == "open":
            return dict(self.row["verdicts"]["DECLINED"], policy=True)
        cell = dict(self.row["verdicts"]["DENYSOFT"], policy=True)
        if self.hook == "data_headers_end":
            cell["fate"] = "swallow"
        if cell["fate"] in ("ignored", "data", "refuse"):
            return cell
        cell.update(code=451, enhanced="4.3.0",
                    text="Internal error, try again later")
        if self.hook in auth.WAYS:
            cell.update(code=454, enhanced="4.7.0")
        if "noenh" in self.row["flags"]:
            cell["enhanced"] = ""
        return cell

    def settle(self):
        rows = self.row["verdicts"]
        if self.verdict is None:            # no verdict at all: DECLINED
            return dict(rows["DECLINED"], bad=True)
        cell = dict(rows[self.verdict])
        if self.reply:
            return dict(cell, fate="answered", code=self.reply)
        if cell["fate"] == "illegal" or (
                self.verdict == "DONE" and cell["fate"] == "answered"):
            return self.policy()
        if cell["fate"] == "ignored":
            cell = dict(rows["DECLINED"], ignored=True)
        return cell

    # -- what the client sees --

    def expected_reply(self):
        """(code, enhanced, text); None for a field: anything."""
        step = verb(self.way[-1])
        cell, fate = self.cell, self.cell["fate"]
        if fate == "answered":
            return (self.reply, self.default_enh(self.reply), "plugin reply")
        if fate == "data":
            return self.expected_data()
        if cell["code"] == 0 or self.goes_on():
            if self.hook in ("rcpt", "queue") and not self.stops():
                return STEP_REPLY[step]     # the base plugin accepts
            if cell["code"] == 0:
                return STEP_REPLY[step]
        text = cell["text"]
        shows = fate in ("reply", "reset", "disc", "close", "swallow")
        if self.text and shows and not cell.get("policy") and \
                not cell.get("bad") and not cell.get("ignored") and \
                self.verdict != "DECLINED":
            text = self.text
        elif self.text and shows and self.verdict == "DECLINED" and \
                self.hook not in ("rcpt", "queue"):
            text = self.text
        if self.hook == "queue" and self.verdict == "OK":
            text = None
        if text is not None and "{" in text:
            text = None
        return (cell["code"], cell["enhanced"] or None, text)

    def default_enh(self, _code):
        return None

    def expected_data(self):
        step = verb(self.way[-1])
        if not self.text or self.hook in ("config", "received_line",
                                          "user_config"):
            if self.hook == "config" and self.text:
                return (220, None, self.text + " ESMTP")
            return STEP_REPLY[step]
        if self.hook in ("ehlo_parse", "helo_parse"):
            return (501, None, None)    # no host has a space
        if self.hook == "auth_parse":
            return (504, "5.5.4", None)  # nor has a mechanism
        # "plugin text" is no address
        return (501, {"mail_parse": "5.1.7", "mail_pre": "5.1.7"}.get(
            self.hook, "5.1.3"), None)

    def stops(self):
        return self.verdict not in (None, "DECLINED") and \
            not (self.cell.get("policy") and
                 self.row["failure"] == "open")

    def goes_on(self):
        return not self.stops()

    # -- which hooks run --

    def expected_trace(self):
        trace = []
        for step in self.way[:-1]:
            trace += STEP_HOOKS[verb(step)]
        trace += self.last_step_trace()
        return [h for h in trace if h not in NOISE]

    def txn_open(self):
        return any(verb(s) in OPENS_TXN for s in self.way)

    def closing(self, txn):
        return ["disconnect"] + (["reset_transaction"] if txn else []) + \
            ["post-connection"]

    def last_step_trace(self):
        step = verb(self.way[-1])
        hooks = list(STEP_HOOKS[step])
        fate = self.cell["fate"]
        if self.hook in ("max_data_exceeded",):
            return ["mail_parse", "mail_pre", "max_data_exceeded"] + (
                self.closing(True) if fate == "disc"
                else ["reset_transaction"])
        if self.hook == "quit":
            return hooks
        if self.hook in hooks and fate not in ("go", "keep", "data",
                                               "ignored"):
            if not (self.hook in ("rcpt", "queue") and self.goes_on()):
                if self.hook not in ("noop", "vrfy", "help", "rset",
                                     "unrecognized_command") or \
                        fate in ("reset", "disc"):
                    return self.cut(hooks, fate)
        if fate == "data" and self.text and self.hook in (
                "ehlo_parse", "helo_parse", "auth_parse"):
            return hooks[:1]
        if fate == "data" and self.text and self.hook in (
                "mail_parse", "mail_pre", "rcpt_parse", "rcpt_pre"):
            last = hooks.index("mail_pre" if "mail" in self.hook
                               else "rcpt_pre")
            return hooks[:last + 1]
        return hooks

    def cut(self, hooks, fate):
        step = verb(self.way[-1])
        at = hooks.index(self.hook) + 1
        ran = hooks[:at]
        if step in ("message", "BDAT") and self.hook != "data":
            return ran + self.message_tail(fate)
        txn = self.txn_open()
        if fate == "disc":
            return ran + self.closing(txn)
        if fate == "reset":
            return ran + (["reset_transaction"] if txn else [])
        return ran

    def message_tail(self, fate):
        if fate == "disc" and self.hook in ("data_post", "queue_pre",
                                            "data_headers_end"):
            return self.closing(True)
        if fate == "swallow":
            disc = (self.verdict or "").endswith("_DISCONNECT")
            return self.closing(True) if disc else ["reset_transaction"]
        if self.hook == "queue" and fate == "disc":
            return ["reset_transaction", "queue_post", "disconnect",
                    "post-connection"]
        if self.hook == "queue":
            tail = ["reset_transaction"]
            return tail + (["queue_post"] if fate != "answered" else [])
        if fate == "reset":
            return ["reset_transaction"]
        return []

    def ends(self):
        """Is the connection closed after the last step?"""
        return self.cell["fate"] in ("disc", "close") or \
            self.hook == "quit" or self.way[-1] == "QUIT" or \
            (self.cell["fate"] == "swallow" and
             (self.verdict or "").endswith("_DISCONNECT"))

    def expected_txn(self):
        """Does RCPT find a transaction afterwards?  None: not asked."""
        if self.ends() or verb(self.way[-1]) not in OPENS_TXN:
            return None
        if self.hook in ("reset_transaction", "rset"):
            return False
        fate = self.cell["fate"]
        step = verb(self.way[-1])
        if step == "BDAT" and self.hook == "data" and fate == "answered":
            return True     # that chunk is swallowed, the envelope stays
        if step in ("message", "BDAT"):
            return False    # also when it was kept: RCPT has come too late
        if self.hook == "max_data_exceeded":
            return False
        if step == "MAIL":
            return self.expected_reply()[0] == 250 and fate != "answered"
        if step == "DATA" and self.expected_reply()[0] == 354:
            return None
        return fate != "reset"


def same(want, got):
    return got is not None and all(
        w is None or w == g for w, g in zip(want, got))


def check_case(server, case):
    server.order(case.hook, case.value, case.reply, case.text)
    client = Client(server.path)
    try:
        for step in case.way[:-1]:
            got = client.do(step)
            if not same(STEP_REPLY[verb(step)], got):
                raise Failure("%s: got %s" % (step, got))
        want, got = case.expected_reply(), client.do(case.way[-1])
        if case.way[-1] == "connect" and got is None:
            raise Failure("no greeting")
        if not same(want, got):
            raise Failure("reply: want %s, got %s" % (want, got))
        if case.mode == "LMTP" and got[0] != 421:
            again = client.reply()      # for the other recipient
            if again != got:
                raise Failure("then: want %s, got %s" % (got, again))
        check_after(server, client, case)
    finally:
        client.leave()
    check_noted(server, case)


def check_after(server, client, case):
    if case.ends():
        extra = client.reply()
        if extra is not None:
            raise Failure("still open, says %s" % (extra,))
    else:
        got = client.do("NOOP") if verb(case.way[-1]) != "DATA" or \
            case.expected_reply()[0] != 354 else None
        if got is not None and got[0] not in (250, 450, 500):
            raise Failure("NOOP afterwards: %s" % (got,))
    trace = server.hooks_run()
    want = case.expected_trace()
    if not case.ends() and verb(case.way[-1]) != "DATA":
        want = want + ["noop"]
    elif not case.ends() and case.expected_reply()[0] != 354:
        want = want + ["noop"]
    if trace != want:
        raise Failure("hooks: want %s, got %s" % (want, trace))
    txn = case.expected_txn()
    if txn is None:
        return
    if case.cell["fate"] == "answered" and \
            case.hook in ("data_post", "queue_pre"):
        # Neither queued nor reset: only a MAIL, RSET or EHLO goes on.
        client.do("RSET")
        if "reset_transaction" not in server.hooks_run()[len(trace):]:
            raise Failure("transaction should be open: no reset at RSET")
        txn = False
    got = client.do(RCPT)
    if got is None or (got[0] == 503) == txn:
        raise Failure("transaction should be %s: %s" %
                      ("open" if txn else "gone", got))


def check_noted(server, case):
    """ok and deny were told of the target's verdict, once."""
    row = case.row
    if case.hook in ("ok", "deny") or case.cell.get("policy"):
        return
    column = case.verdict or "DECLINED"
    if case.reply and column != "DONE":
        column = "DONE"
    is_deny = column.startswith("DENY")
    told = "deny" if is_deny else "ok"
    wanted = "okdeny" in row["flags"] or (
        is_deny and "denyonly" in row["flags"])
    lines = [l for l in server.trace() if l.startswith(told + ":conform:")]
    if wanted and not any(":%s:" % column in l for l in lines):
        raise Failure("%s was not told of %s: %s" % (told, column, lines))


# -- hooks that need a way of their own --

def case_timeout(server, row, verdict, value, text):
    case = Case(row, verdict, value, text)
    server.order("timeout", value, 0, text)
    client = Client(server.path)
    client.do("connect")
    got = client.reply()            # after config/timeout
    cell = case.cell
    if verdict == "DONE":
        if got is not None:
            raise Failure("DONE must close without a reply: %s" % (got,))
    else:
        want = (421, "4.4.2", text if text and not cell.get("bad")
                else "Connection timed out")
        if not same(want, got) or client.reply() is not None:
            raise Failure("want %s, got %s" % (want, got))
    client.close()
    trace = server.hooks_run()
    if trace != ["pre-connection", "connect", "timeout", "disconnect",
                 "post-connection"]:
        raise Failure("hooks: %s" % trace)


def case_abort(server, row, verdict, value, text):
    server.order("abort", value, 0, text)
    client = Client(server.path)
    for step in ("connect", EHLO, MAIL):
        client.do(step)
    client.close()
    want = ["pre-connection", "connect", "ehlo_parse", "ehlo",
            "capabilities", "mail_parse", "mail_pre", "mail", "abort",
            "reset_transaction", "disconnect", "post-connection"]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        trace = server.hooks_run()
        if trace == want:
            return
        time.sleep(0.005)
    raise Failure("hooks: want %s, got %s" % (want, trace))


def made_certificate():
    """The control file that names it, and files for a Server to write."""
    folder = tempfile.mkdtemp(prefix="hl-conform-tls-")
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=mx.test",
             "-days", "30", "-keyout", folder + "/key", "-out",
             folder + "/cert"], check=True, capture_output=True)
        files = {}
        for name in ("key", "cert"):
            with open(os.path.join(folder, name)) as source:
                files["tls." + name] = source.read()
    finally:
        shutil.rmtree(folder)
    files["tls_certs"] = \
        "mx.test %(dir)s/config/tls.cert %(dir)s/config/tls.key\n"
    return files


def refused_text(cell, text):
    return text if text and cell["fate"] in ("reply", "disc") \
        else cell["text"]


def case_starttls(server, case):
    """Its answer comes with the next command, and with all but QUIT."""
    cell = case.cell
    client = Client(server.path)
    client.do("connect")
    client.do(EHLO)
    got = client.do("STARTTLS")
    if not same((220, "2.0.0", None), got):
        raise Failure("STARTTLS: got %s" % (got,))
    client.start_tls()
    before = ["pre-connection", "connect", "ehlo_parse", "ehlo",
              "capabilities", "tls_done"]
    if not cell["code"]:
        if not same((250, None, None), client.do(EHLO)):
            raise Failure("the session does not go on")
        before += ["ehlo_parse", "ehlo", "capabilities"]
    else:
        want = (cell["code"], cell["enhanced"], refused_text(cell, case.text))
        for step in (EHLO, "NOOP") if cell["fate"] != "disc" else (EHLO,):
            got = client.do(step)
            if not same(want, got):
                raise Failure("%s: want %s, got %s" % (step, want, got))
    if cell["fate"] == "disc":
        if client.reply() is not None:
            raise Failure("still open")
    else:
        if not same((221, None, None), client.do("QUIT")):
            raise Failure("QUIT is refused")
        before.append("quit")
    client.close()
    expect_hooks(server, before + ["disconnect", "post-connection"])


def case_implicit(server, case, connect_row):
    """Its answer comes instead of the greeting, with connect's codes."""
    cell = case.cell
    client = Client(server.path)
    client.open(".tls")
    client.start_tls()
    got = client.reply()
    hooks = ["pre-connection", "tls_done"]
    if not cell["code"]:
        if not same((220, None, None), got):
            raise Failure("want the greeting, got %s" % (got,))
        client.do("QUIT")
        hooks += ["connect", "quit"]
    else:
        want = (connect_row["verdicts"][case.verdict]["code"], None,
                refused_text(cell, case.text))
        if not same(want, got) or got[1] is not None:
            raise Failure("want %s, got %s" % (want, got))
    if client.reply() is not None:
        raise Failure("still open")
    client.close()
    expect_hooks(server, hooks + ["disconnect", "post-connection"])


def expect_hooks(server, want):
    end = time.monotonic() + 60
    trace = None
    while trace != want and time.monotonic() < end:
        trace = server.hooks_run()
        time.sleep(0.002)
    if trace != want:
        raise Failure("hooks: want %s, got %s" % (want, trace))


def case_tls_done(server, row, verdict, value, text, connect_row):
    case = Case(row, verdict, value, text)
    server.order("tls_done", value, 0, text)
    case_starttls(server, case)
    check_noted(server, case)
    server.order("tls_done", value, 0, text)
    case_implicit(server, case, connect_row)
    check_noted(server, case)


def case_deny(server, row, verdict, value, text):
    """deny is run by a second plugin's DENY: the base has none, so the
    order is given for noop's DENY of this very plugin."""
    server.order("deny", value, 0, text)
    client = Client(server.path)
    client.do("connect")
    got = client.do("NOOP")
    client.leave()
    if not same((250, "2.0.0", "ok"), got):
        raise Failure("got %s" % (got,))


def case_auth(server, row, verdict, value, text, reply):
    """The exchange ends as the table says; `auth` follows where nobody has
    decided."""
    case = Case(row, verdict, value, text, reply)
    server.order(case.hook, value, reply, text)
    client = Client(server.path)
    for step in case.way:
        client.do(step)
    got = auth.WAYS[case.hook](client)
    want = case.expected_reply()
    if case.cell["code"] == 0 and case.cell["fate"] != "answered":
        want = STEP_REPLY["AUTH"]       # nobody has decided
    if not same(want, got):
        raise Failure("reply: want %s, got %s" % (want, got))
    again = client.do("AUTH PLAIN =")
    if again[0] != (503 if want[0] == 235 else 501):
        raise Failure("AUTH afterwards: %s" % (again,))
    client.leave()
    trace = [hook for hook in server.hooks_run() if hook.startswith("auth")]
    expected = ["auth_parse", case.hook]
    if case.hook in auth.WITH_AUTH and case.cell["fate"] == "go":
        expected.append("auth")
    if case.hook == "auth":
        expected.insert(1, "auth-plain")
    if trace[:len(expected)] != expected or "auth" in trace[len(expected):]:
        raise Failure("hooks: want %s, got %s" % (expected, trace))
    check_noted(server, case)


def case_data(server, row, verdict, value, text):
    """received_line: the field itself."""
    server.order("received_line", value, 0, text)
    client = Client(server.path)
    for step in WAY["received_line"]:
        client.do(step)
    client.leave()
    top = server.read("message").split("\n")
    field = [l for l in top if l.startswith("Received:")][0]
    mine = field.strip() == "Received: plugin text"
    if mine != (verdict == "OK" and bool(text)):
        raise Failure("field: %s" % field)


def cases(rows, only):
    for row in rows:
        if "later" in row["flags"] or (only and row["name"] not in only):
            continue
        if row["name"] == "auth-external":
            continue    # needs a client's certificate: tests/session
        for mode, text in itertools.product(
                [None, *MORE_WAYS.get(row["name"], ())], TEXTS):
            for verdict, value in VALUES.items():
                yield row, verdict, value, text, 0, mode
                if verdict == "DONE" and \
                        row["verdicts"]["DONE"]["fate"] == "answered":
                    yield row, verdict, value, text, 450, mode
            for value in BAD:
                yield row, None, value, text, 0, mode


def run_start(program, plugin_dir, row, verdict, value, text):
    """init_worker and shutdown: a server of their own for each case."""
    server = Server(program, plugin_dir,
                    order=(row["name"], value, 0, text))
    try:
        ready = server.wait_ready()
        refused = row["name"] == "init_worker" and verdict is not None and \
            verdict.startswith("DENY")
        if ready == refused:
            raise Failure("%s, log: %s" % (
                "started" if ready else "did not start", server.logged()))
        if refused and text and text not in server.logged():
            raise Failure("no reason in the log: %s" % server.logged())
        status = server.process.wait(60) if refused else server.stop()
        if (status != 0) != refused:
            raise Failure("exit status %d" % status)
        if row["name"] not in server.trace():
            raise Failure("was not called: %s" % server.trace())
    finally:
        server.stop()
        server.remove()


def case_logging(server, row, verdict, value, text):
    """OK takes the line; otherwise it must still be written."""
    server.order("logging", value, 0, text)
    before = server.logged().count("event=reject")
    client = Client(server.path)
    client.do("connect")
    client.do("FOO bar")
    client.leave()
    end = time.monotonic() + 60
    while "logging" not in server.trace() and time.monotonic() < end:
        time.sleep(0.002)
    if "logging" not in server.trace():
        raise Failure("logging was not called")
    want = 0 if verdict not in (None, "DECLINED") else 1
    if want == 0:
        time.sleep(0.02)                # the batch of the turn is written
    while time.monotonic() < end:
        written = server.logged().count("event=reject") - before
        if written >= want:
            break
        time.sleep(0.002)
    if written != want:
        raise Failure("%d lines written" % written)


def check_user_config(server, row, verdict, text):
    want = text if verdict == "OK" and text else (
        "" if verdict == "OK" else "from file")
    if server.read("user").strip() != want:
        raise Failure("want %r, got %r" % (want, server.read("user")))


SPECIAL = {"abort": case_abort, "deny": case_deny}
OWN_SERVER = ("init_worker", "shutdown")


def run_one(server, others, program, plugin_dir, connect_row, item):
    row, verdict, value, text, reply, mode = item
    name = row["name"]
    if name in OWN_SERVER:
        run_start(program, plugin_dir, row, verdict, value, text)
    elif name == "tls_done":
        case_tls_done(others["tls"], row, verdict, value, text,
                      connect_row)
    elif name == "timeout":
        case_timeout(others["timeout"], row, verdict, value, text)
    elif name == "logging":
        case_logging(others["logging"], row, verdict, value, text)
    elif name in auth.WAYS:
        case_auth(server, row, verdict, value, text, reply)
    elif name in SPECIAL:
        SPECIAL[name](server, row, verdict, value, text)
    else:
        check_case(server, Case(row, verdict, value, text, reply, mode))
        if name == "received_line":
            case_data(server, row, verdict, value, text)
        if name == "user_config":
            check_user_config(server, row, verdict, text)


def main(argv):
    program, plugin_dir = argv[1], os.path.abspath(argv[2])
    verbose, only = "-v" in argv, [a for a in argv[3:] if a != "-v"]
    rows = json.loads(subprocess.check_output([program, "hooks", "--json"]))
    server = Server(program, plugin_dir)
    others = {
        "timeout": Server(program, plugin_dir, {"timeout": "1\n"}),
        "logging": Server(program, plugin_dir,
                          {"logging": "conform %(dir)s\n"}),
        "tls": Server(program, plugin_dir, made_certificate(),
                      listen="unix:%(path)s.tls tls\n"),
    }
    connect_row = [row for row in rows if row["name"] == "connect"][0]
    passed = failed = 0
    server.no_order()
    for one in [server] + list(others.values()):
        if not one.wait_ready():
            print(one.logged())
            return 1
    others["tls"].wait_quiet()
    for item in cases(rows, only):
        label = \
            "%s %s%s%s%s" % (item[0]["name"], item[1] or item[2],
                             " text" if item[3] else "",
                             " replied" if item[4] else "",
                             " by " + item[5] if item[5] else "")
        try:
            run_one(server, others, program, plugin_dir, connect_row,
                    item)
            passed += 1
            if verbose:
                print("ok - %s" % label)
        except (Failure, OSError, subprocess.TimeoutExpired) as fault:
            failed += 1
            print("not ok - %s: %s" % (label, fault))
    for one in [server] + list(others.values()):
        if one.process.poll() is not None:
            print("not ok - the server has ended: %s" % one.logged())
            failed += 1
        one.stop()
        one.remove()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

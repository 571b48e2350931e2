# SPDX-License-Identifier: MIT
"""Debian's qpsmtpd and hookline run the same Perl plugins, hear the same
client and must say, log and deliver the same.  The cases are tables."""
import base64
import hmac
import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import casefile
from peers import (FORKSERVER, TOP, Native, Perl, Prefork, Qpsmtpd,
                   WAIT, stuffed)
from real import Stage
from world import Stub, World, words_of

CASES = Path(__file__).resolve().parent / "cases"
SETUPS = [(path.stem, setup) for path in sorted(CASES.glob("*.case"))
          for setup in casefile.read(path)]
RESULTS = "Authentication-Results"
SPAM = ("X-Spam", "X-Old-Spam")
# Each session of qpsmtpd with its other server.
PREFORK_FOR_ALL = "DIFF_PREFORK" in os.environ
ALIASES = dict(re.findall(r'^ALIAS\w*\("([^"]+)",\s*"([^"]+)"', (
    TOP / "src/hook/plugin_alias.def").read_text(), re.M))
REPLY = 15  # seconds
# Of a plugin's log line: what is never the same twice.
VARIES = re.compile(r"(?<![\w.])\d+\.\d+ s(?:ec)?\b|\b\d{9,}\.\d+")

pytestmark = pytest.mark.skipif(not Path(FORKSERVER).exists(),
                                reason="qpsmtpd is not installed")


@pytest.fixture(scope="session")
def stage():
    stage = Stage(os.environ["HOOKLINE"])
    shutil.copytree(Path(__file__).parent / "lib", stage.base / "lib")
    yield stage
    stage.remove()


@pytest.fixture(scope="session")
def world(stage):
    world = World(stage)
    yield world
    world.stop()


@pytest.fixture(scope="session")
def native():
    """The names of hookline's own plugins, and their old ones."""
    listed = subprocess.run([os.environ["HOOKLINE"], "plugins"], check=True,
                            capture_output=True, text=True).stdout
    names = {line.split()[0] for line in listed.splitlines() if line}
    return names | {old for old, now in ALIASES.items() if now in names}


class Talk:
    """One session with one side."""

    def __init__(self, peer, case):
        self.peer = peer
        self.side = peer.side
        self.sock = peer.connect(case.client)
        self.sock.settimeout(WAIT)
        self.input = self.sock.makefile("rb")
        self.heard, self.faults, self.wanted = [], [], []
        steps = [("C:", case.hello, None), ("S:", "250", None)]
        if case.hello == "none":
            steps = []
        if not case.steps or case.steps[0][0] != "S:":
            steps.insert(0, ("S:", "220", None))
        for step in steps + case.steps:
            if casefile.is_for(step[2], self.side) and not (
                    # Its lines have our form; only what a table asks for
                    # itself is looked for.
                    step[0] == "log:" and step[2] != "native"
                    and self.side == "native"):
                self.step(*step[:2])
        if case.steps[-1][0] not in ("eof", "close"):
            self.send(b"QUIT\r\n")
            # The hooks of the end have run when the server hangs up.
            while self.read() not in ("eof", "silence"):
                pass
        self.input.close()
        self.sock.close()
        self.log = [(plugin, hook, VARIES.sub("#", text))
                    for plugin, hook, text in peer.session_log()]
        self.mail = [mail_of(text) for text in peer.new_mail()]

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            pass

    def read(self):
        lines = []
        while True:
            try:
                line = self.input.readline()
            except TimeoutError:
                return "silence"
            except OSError:
                line = b""
            if not line:
                return "eof"
            lines.append(line.decode(errors="replace").rstrip("\r\n"))
            if lines[-1][3:4] != "-":
                self.lines = lines
                return casefile.plain_reply(lines)

    def step(self, word, text):
        text = self.peer.fill(text)
        if word == "C:":
            self.send(text.encode() + b"\r\n")
        elif word == "send":
            self.send(text.encode().decode("unicode_escape")
                      .encode("latin-1"))
        elif word == "message":
            text = re.sub(r"^repeat (\d+) (.*)$", lambda match: "\n".join(
                [match[2]] * int(match[1])), text, flags=re.M)
            self.send(stuffed(text.replace("\n", "\r\n").encode()
                              + b"\r\n") + b".\r\n")
        elif word == "cram":
            self.cram(*text.split())
        elif word == "wait":
            time.sleep(float(text))
        elif word in ("S:", "eof"):
            reply = self.read()
            self.heard.append(reply)
            wanted = text if word == "S:" else "eof"
            if self.side == "native" and re.search(r" \(#[\d.]+\)$", wanted):
                reply = casefile.plain_reply(self.lines, suffix=True)
            if (reply[:3] if len(wanted) == 3 else reply) != wanted:
                self.faults.append(f"{self.side}: wanted {wanted!r}, "
                                   f"heard {reply!r}")
        else:
            self.wanted.append((word, text))

    def cram(self, user, password):
        """AUTH CRAM-MD5 up to the client's answer (RFC 2195)."""
        self.send(b"AUTH CRAM-MD5\r\n")
        reply = self.read()
        if not reply.startswith("334 "):
            self.faults.append(f"{self.side}: no challenge: {reply!r}")
            return
        digest = hmac.new(password.encode(), base64.b64decode(reply[4:]),
                          "md5").hexdigest()
        self.send(base64.b64encode(f"{user} {digest}".encode()) + b"\r\n")

    def check(self):
        """What the case wants to see afterwards."""
        mail = [f"{name}: {value}" for header, _ in self.mail
                for name, value in header]
        log = [f"{plugin} {hook}: {text}" for plugin, hook, text in self.log]
        for word, text in self.wanted:
            if word == "in:":
                name, _, text = text.partition(" ")
                where = (self.peer.tmp / name).read_text(errors="replace")
                if text not in where:
                    self.faults.append(f"{self.side}: no {text!r} in {where}")
                continue
            where = log if word == "log:" else mail
            if (text in where) == (word == "no-mail:"):
                self.faults.append(f"{self.side}: {word} {text!r} in {where}")
        return self.faults


def mail_of(text):
    """Header fields but those of the way, and the body.  Each server folds
    its Authentication-Results as it likes."""
    header, _, body = text.partition("\n\n")
    fields = re.findall(r"^([^\s:]+): ?(.*(?:\n[ \t].*)*)", header, re.M)
    fields = [(name, re.sub(r"\n\s+", " ", text) if name == RESULTS else text)
              for name, text in fields]
    # spamassassin takes its fields from a hash of Perl; queue/maildir puts each
    # recipient in front of those before.
    for names in SPAM, "Delivered-To":
        some = iter(sorted(pair for pair in fields
                           if pair[0].startswith(names)))
        fields = [next(some) if pair[0].startswith(names) else pair
                  for pair in fields]
    if body and not body.endswith("\n"):
        body += "\n"
    return [pair for pair in fields if pair[0] != "Received"], body


def compare(case, talks):
    """Says where both sides differ."""
    faults = [fault for talk in talks for fault in talk.check()]
    sides = {talk.side: talk for talk in talks}
    if "qpsmtpd" in sides and "perl" in sides:
        for part in ("log", "mail"):
            one, other = (getattr(sides[side], part)
                          for side in ("qpsmtpd", "perl"))
            if one != other and part not in case.differs:
                faults.append(f"{part} of qpsmtpd: {one}\n"
                              f"   {part} of perl:    {other}")
            elif one == other and part in case.differs:
                faults.append(f"{part} does not differ")
    if "qpsmtpd" in sides and "native" in sides and \
            not {"mail", "native-mail"} & case.differs and \
            sides["qpsmtpd"].mail != sides["native"].mail:
        faults.append(f"mail of qpsmtpd: {sides['qpsmtpd'].mail}\n"
                      f"   mail of native:  {sides['native'].mail}")
    return [f"{case.name}: {fault}" for fault in faults]


@pytest.mark.parametrize("name, setup", SETUPS,
                         ids=[f"{n}-{s.name}" for n, s in SETUPS])
def test_same(stage, world, native, name, setup):
    stubs = {key: Stub(lines) for key, lines in setup.stubs.items()}
    words = {"LIB": stage.base / "lib", **world.words(setup.servers)}
    for key, stub in stubs.items():
        words.update(words_of(key, stub))
    qpsmtpd = Prefork if setup.prefork or PREFORK_FOR_ALL else Qpsmtpd
    peers = [qpsmtpd(stage, setup, words), Perl(stage, setup, words)]
    if name.replace("__", "/") in native and not setup.not_native:
        peers.append(Native(stage, setup, words))
    faults = []
    try:
        for peer in peers:
            peer.start()
        peers[0].wait_start()
        for case in setup.cases:
            talks = [Talk(peer, case) for peer in peers
                     if case.is_for(peer.side)]
            faults += compare(case, talks)
    finally:
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(peer.stop) for peer in peers]:
                done.result(WAIT)
        for stub in stubs.values():
            stub.stop()
    if faults:
        pytest.fail("\n".join(faults + [peer.log()[-3000:]
                                        for peer in peers]), pytrace=False)

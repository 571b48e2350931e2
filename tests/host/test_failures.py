# SPDX-License-Identifier: MIT
"""The tables of docs/failures.md, row by row, in a server that is busy.

Each case is a client with an address of its own, for which the plugin
`failing` does what a row of the first table says, in the hook that a row of
the second one names.
"""
import base64
import itertools
import os
import re
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "session"))

from real import WAIT, Client, RealServer, Stage, until  # noqa: E402

TIMEOUT = 2    # seconds, hl.timeout of the plugin that fails
FLOOD = 60     # the same where it has to come to a limit of ours
TOGETHER = 12  # cases at once
LOAD = 3       # other clients
PATIENCE = WAIT  # seconds that a message of theirs may take


def table(heading):
    """The rows of the first table below a heading of docs/failures.md, as
    lists of cells."""
    text = (TOP / "docs" / "failures.md").read_text()
    part = re.search(r"(?:^\|.*\n)+", text.split(f"## {heading}\n")[1],
                     flags=re.M)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in part.splitlines() if line.startswith("|")]
    return rows[2:]


FAILURES = table("What the plugin does")
HOOKS = table("What the client gets")


# ---- what the plugin does ----

HOW = {
    "`kill -9` of itself": "kill",
    "`exit`": "exits",
    "`die`": "dies",
    "SIGSTOP of itself": "stops",
    "an endless loop": "loops",
    "4 GB of memory": "memory",
    "bytes that are no frame": "garbage",
    "an answer that nobody has asked for": "other_answer",
    "an answer with an update that is none": "bad_update",
    "half of an answer, then `kill -9`": "half_frame",
    "log lines without end": "logs",
    "18 MB of notes": "notes",
    "a fork that stays": "forks",
    "a fork that stays, then `kill -9`": "forks_and_dies",
}

# ---- how a client comes to a hook ----

MAIL = "MAIL FROM:<a@client.example>"
RCPT = "RCPT TO:<c@example.com>"
EHLO = "EHLO client.example"


def sasl(mechanism, *parts):
    return f"AUTH {mechanism} " + base64.b64encode(
        "".join(parts).encode()).decode()


def in_mail(line):
    return [EHLO, MAIL, line]


PLAIN = [EHLO, sasl("PLAIN", "\0joe\0wrong")]
MESSAGE = [EHLO, MAIL, RCPT, "DATA", None]
BEFORE = {"pre-connection", "connect"}

# The last line is the one in whose hooks it happens; None: the message.
STEPS = {
    "pre-connection": [], "connect": [],
    "ehlo_parse": [EHLO], "ehlo": [EHLO],
    "helo_parse": ["HELO client.example"], "helo": ["HELO client.example"],
    "auth_parse": PLAIN, "auth": PLAIN, "auth-plain": PLAIN,
    "auth-login": [EHLO, "AUTH LOGIN am9l", "d3Jvbmc="],
    "auth-cram-md5": [EHLO, "AUTH CRAM-MD5", base64.b64encode(
        b"joe 0123456789abcdef0123456789abcdef").decode()],
    "auth-xoauth2": [EHLO, sasl("XOAUTH2",
                                "user=joe\1auth=Bearer t\1\1")],
    "auth-oauthbearer": [EHLO, sasl("OAUTHBEARER",
                                    "n,a=joe,\1auth=Bearer t\1\1")],
    "mail_parse": [EHLO, MAIL], "mail_pre": [EHLO, MAIL],
    "mail": [EHLO, MAIL],
    "rcpt_parse": in_mail(RCPT), "rcpt_pre": in_mail(RCPT),
    "rcpt": in_mail(RCPT), "config": in_mail(RCPT),
    "user_config": in_mail(RCPT),
    "deny": in_mail("RCPT TO:<c@other.example>"),
    "data": [EHLO, MAIL, RCPT, "DATA"],
    "header": MESSAGE, "data_headers_end": MESSAGE,
    "data_post_headers": MESSAGE, "received_line": MESSAGE,
    "data_post": MESSAGE, "queue_pre": MESSAGE, "queue": MESSAGE,
    "queue_post": MESSAGE,
    "max_data_exceeded": [EHLO, MAIL + " SIZE=99999999"],
    "vrfy": [EHLO, "VRFY joe"], "noop": [EHLO, "NOOP"],
    "help": [EHLO, "HELP"], "rset": [EHLO, MAIL, "RSET"],
    "reset_transaction": [EHLO, MAIL, "RSET"],
    "unrecognized_command": [EHLO, "WHAT"],
    "quit": [EHLO, "QUIT"], "disconnect": [EHLO, "QUIT"],
    "post-connection": [EHLO, "QUIT"],
    "timeout": [EHLO, ""], "abort": [EHLO, MAIL, ""],
    "ok": [EHLO, "NOOP"], "logging": [EHLO, "NOOP"],
}
MESSAGE_HOOKS = [hook for hook, steps in STEPS.items() if steps == MESSAGE]


class Case:
    numbers = itertools.count(1)

    def __init__(self, server, hook, how, plugin):
        number = next(Case.numbers)
        self.server, self.hook, self.how = server, hook, how
        self.plugin = plugin
        self.address = f"127.{100 + number // 250}.{number % 250}.7"
        self.file = server.orders / (
            "log" if hook == "logging" else self.address)
        self.name = f"{plugin} {hook} {how}"
        self.reply, self.after = "", ""

    def arm(self):
        new = self.file.with_suffix(".new")
        new.write_text(f"{self.plugin} {self.hook} {self.how}\n")
        new.chmod(0o666)
        new.rename(self.file)

    def connect(self):
        client = Client.__new__(Client)
        client.sock = socket.create_connection(
            self.server.address, 60, (self.address, 0))
        client.input = bytearray()
        return client

    def say(self, client, line):
        if line is None:
            line = f"Subject: {self.name}\r\n\r\nx\r\n."
        client.say(line)

    def last(self, client, line):
        """The reply to what comes last."""
        if self.hook == "abort":
            client.close()
            return "-"
        if self.hook != "timeout":
            self.say(client, line)
        try:
            return client.reply()
        except (AssertionError, OSError):
            return "hung up"

    def run(self):
        steps = STEPS[self.hook]
        if self.hook in BEFORE:
            self.arm()
        client = self.connect()
        if self.hook in BEFORE:
            self.reply = client.reply()
        else:
            client.expect("220")
            for line in steps[:-1]:
                self.say(client, line)
                assert client.reply()[0] in "23", (self.name, line)
            self.arm()
            self.reply = self.last(client, steps[-1])
        self.after = self.look(client)
        client.close()
        until(lambda: not self.file.exists(), lambda: self.name)
        return self

    def look(self, client):
        if self.hook == "abort":
            return "closed"
        try:
            rest = {"354": "\r\n.", "334": ""}.get(self.reply[:3])
            if rest is not None:
                client.say(rest)
                client.reply()
            client.say("NOOP")
            reply = client.reply()
        except (AssertionError, OSError):
            return "closed"
        return "goes on" if reply.startswith("250") else reply

    def lines(self, log):
        """Of its session."""
        sid = re.search(rf"sid=(\S+) .*text=\"case {re.escape(self.name)}\"",
                        log)
        return [line for line in log.splitlines()
                if sid and sid[1] in line]

    def half_modified(self):
        """What is wrong with the message, if it was queued."""
        subject = f"Subject: {self.name}\n"
        found = [text for text in map(Path.read_text, self.server.maildir())
                 if subject in text]
        if len(found) != self.reply.startswith("250"):
            yield f"{self.name}: {len(found)} messages after {self.reply}"
        if any("X-Half" in text for text in found):
            yield f"{self.name}: queued half changed"


class Load(threading.Thread):
    """A client that sends message after message, and wants its 250s."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.sent, self.longest, self.fault = 0, 0.0, None
        self.stop = False

    def run(self):
        try:
            while not self.stop:
                since = time.monotonic()
                client = self.server.client()
                client.send(b"Subject: load\r\n\r\nx\r\n")
                client.ask("QUIT", "221")
                client.close()
                self.sent += 1
                self.longest = max(self.longest, time.monotonic() - since)
        except (AssertionError, OSError) as error:
            self.fault = error


class PerlServer(RealServer):
    """Runs, with a plugin of this text."""

    def __init__(self, stage, name, text, **files):
        super().__init__(stage, **files)
        self.orders = self.state / "orders"
        self.orders.mkdir()
        stage.give(self.orders)
        self.file(self.tmp / "plugins" / name, text.splitlines())
        self.start()

    def maildir(self):
        return (self.state / "maildir" / "new").glob("*")


@pytest.fixture(scope="module")
def stage():
    stage = Stage(os.environ["HOOKLINE"])
    yield stage
    stage.remove()


@pytest.fixture(scope="module")
def server(stage):
    words = f"hl.timeout={TIMEOUT} $STATE/orders"
    floods = f"failing:2 hl.timeout={FLOOD} $STATE/orders"
    server = PerlServer(
        stage, "failing", (TOP / "tests" / "host" / "failing").read_text(),
        plugins=[f"failing {words}",
                 f"failing:1 hl.on_failure=open {words}", floods,
                 "rcpt_ok", "queue/maildir $STATE/maildir"],
        logging=[f"failing {words}", floods],
        rcpthosts="example.com", perl_hosts="8 20", perl_memory="192M",
        tls_before_auth="0", auth_delay="0", databytes="1000000",
        timeoutsmtpd="5")
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture(autouse=True)
def load(server):
    """Others are served all the time, and soon."""
    threads = [Load(server) for _ in range(LOAD)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.stop = True
    for thread in threads:
        thread.join(60)
        assert thread.fault is None
        assert thread.sent > 0
        assert thread.longest < PATIENCE


def row_of(hook):
    return next(row for row in HOOKS if f"`{hook}`" in row[0])


def matches(pattern, text):
    """A cell's words, in which ... stands for anything."""
    words = re.escape(pattern.strip("`")).replace(re.escape("..."), ".*")
    return re.fullmatch(words, text) is not None


def expected(case, outcome):
    """The reply, and what comes then."""
    _, policy, by_policy, normal, then = row_of(case.hook)
    if policy == "soft" and outcome == "policy":
        return by_policy, then
    return normal, "goes on" if case.hook in BEFORE else then


def differences(case, outcome, words, log):
    """Between what the tables say and what has happened."""
    reply, then = expected(case, outcome)
    last = case.reply.splitlines()[-1]
    if not matches(reply, last):
        yield f"{case.name}: {last}, not {reply}"
    if case.after != then:
        yield f"{case.name}: then {case.after}, not {then}"
    lines = [line for line in log.splitlines() if "hook=logging" in line] \
        if case.hook == "logging" else case.lines(log)
    named = [f"plugin={case.plugin} ", f"hook={case.hook} ",
             words.rpartition("`")[0].rpartition("`")[2]]
    if words != "-" and not any(all(word in line for word in named)
                                for line in lines):
        yield f"{case.name}: no line with {named}"
    if outcome != "next" and case.hook in MESSAGE_HOOKS:
        yield from case.half_modified()


def run_cases(cases, outcome, words):
    with ThreadPoolExecutor(TOGETHER) as pool:
        cases = list(pool.map(Case.run, cases))
    found = []

    def all_is_said():
        """The log comes a little later, after a client that has gone."""
        log = cases[0].server.log()
        found[:] = [line for case in cases
                    for line in differences(case, outcome, words, log)]
        return not found

    until(all_is_said, lambda: "\n".join(found))


def test_tables_are_whole():
    assert {row[0] for row in FAILURES} == set(HOW)
    for hook in STEPS:
        row_of(hook)


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: HOW[row[0]])
def test_failure(server, row):
    what, outcome, words = row
    plugin = "failing:2" if HOW[what] == "logs" else "failing"
    run_cases([Case(server, hook, HOW[what], plugin) for hook in STEPS],
              outcome.partition(",")[0], words)


@pytest.mark.parametrize("how", ["kill", "half_frame", "bad_update"])
def test_open_goes_on_with_the_message_as_it_was(server, how):
    words = next(row[2] for row in FAILURES if HOW[row[0]] == how)
    run_cases([Case(server, hook, how, "failing:1")
               for hook in MESSAGE_HOOKS], "open", words)


# ---- several sessions in one host ----

LOST = [row for row in FAILURES if row[1].startswith("policy")
        and "fork" not in row[0]]


class Session:
    """Of a server with one host for all."""

    def __init__(self, server, number):
        self.case = Case(server, "mail", "", "failing")
        self.case.address = f"127.99.{number}.7"
        self.case.file = server.orders / self.case.address
        self.client = self.case.connect()
        self.client.expect("220")
        self.client.ask(EHLO)

    def fails(self, how):
        self.case.how = how
        self.case.name = f"failing mail {how}"
        self.case.arm()
        self.client.say(MAIL)

    def mails(self):
        """All is well."""
        self.client.ask(MAIL)
        self.client.ask(RCPT)
        self.client.ask("DATA", "354")
        self.client.ask("Subject: well\r\n\r\nx\r\n.")


@pytest.fixture(scope="module")
def shared(stage):
    text = (TOP / "tests" / "host" / "failing").read_text()
    every = "@Qpsmtpd::Plugin::hooks"
    assert every in text
    server = PerlServer(
        stage, "failing", text.replace(every, "qw(ehlo mail)"),
        plugins=[f"failing hl.timeout={TIMEOUT} $STATE/orders",
                 "rcpt_ok", "queue/maildir $STATE/maildir"],
        rcpthosts="example.com", perl_hosts="1 1", perl_share="4",
        perl_memory="192M")
    yield server
    assert server.stop() == 0, server.log()


@pytest.mark.parametrize("row", LOST, ids=lambda row: HOW[row[0]])
def test_shared_host_is_lost_by_all(shared, row):
    what, _, words = row
    before = len(shared.log())
    bad, waits, idle = (Session(shared, number) for number in range(3))
    bad.fails(HOW[what])
    time.sleep(0.2)
    waits.client.say(MAIL)
    for session in bad, waits:
        assert session.client.reply() == (
            "451 4.3.0 Internal error, try again later")
    idle.client.ask(MAIL, "451")
    for session in bad, waits, idle:
        session.mails()
        session.client.close()
    named = words.rpartition("`")[0].rpartition("`")[2]
    until(lambda: named in shared.log()[before:], shared.log)


@pytest.mark.parametrize("how", ["dies", "forks"])
def test_shared_host_goes_on(shared, how):
    bad, waits, idle = (Session(shared, number) for number in range(3))
    bad.fails(how)
    waits.client.say(MAIL)
    for session in bad, waits:
        assert session.client.reply().startswith("250")
    for session in bad, waits, idle:
        session.mails()
        session.client.close()


# ---- nobody is authenticated by a failure ----

AUTHING = """
use Hookline::Frame;
sub raw { syswrite $_[0]->qp->{_host}{frame}{socket}, $_[1] }
sub answer {
    pack 'N/a*', Hookline::Frame::pack_list('answer', $_[0],
        Hookline::Frame::pack_list(0, 900, 1, ''), '',
        map { Hookline::Frame::pack_list(@$_) } @_[1 .. $#_]);
}
sub hook_auth_plain {
    my ($self, $transaction, $mechanism, $user) = @_;
    return OK if $user eq 'good';
    my @relay = (['relay', 1], ['fact', 'auth_user', $user]);
    die 'broken' if $user eq 'dies';
    exit 3 if $user eq 'exits';
    kill 'KILL', $$ if $user eq 'kill';
    sleep 60 if $user eq 'hangs';
    $self->qp->connection->relay_client(1);
    $self->raw("\xff" x 99) if $user eq 'garbage';
    $self->raw(answer(99, $relay[0])) if $user eq 'other';
    $self->raw(answer(1, @relay)) if $user eq 'no_update';
    if ($user eq 'half') {
        $self->raw(substr answer(1, $relay[0]), 0, -1);
        kill 'KILL', $$;
    }
    return DENY;
}
"""
HANGS = ["exits", "kill", "hangs", "garbage", "other", "no_update", "half"]


@pytest.fixture(scope="module")
def authing(stage):
    server = PerlServer(
        stage, "authing", AUTHING,
        plugins=[f"authing hl.timeout={TIMEOUT}", "rcpt_ok",
                 "queue/discard"],
        rcpthosts="example.com", perl_hosts="2 4", tls_before_auth="0",
        auth_delay="0", max_auth_failures="100",
        max_auth_failures_per_client="1000")
    yield server
    assert server.stop() == 0, server.log()


@pytest.mark.parametrize("user", ["dies"] + HANGS)
def test_failing_auth_lets_nobody_in(authing, user):
    case = Case(authing, "auth-plain", user, "authing")
    client = case.connect()
    client.expect("220")
    client.ask(EHLO)
    client.say(sasl("PLAIN", f"\0{user}\0secret"))
    assert client.reply() == (
        "535 5.7.8 Authentication failed" if user == "dies" else
        "454 4.7.0 Internal error, try again later")
    client.ask(MAIL)
    client.ask("RCPT TO:<c@elsewhere.example>", "550")
    client.ask("RSET")
    client.ask(sasl("PLAIN", "\0good\0secret"), "235")
    client.ask(MAIL)
    client.ask("RCPT TO:<c@elsewhere.example>")
    client.close()
    assert "secret" not in authing.log()


def states(group):
    """The processes of a session of processes, and how they are."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[3]) == group:
            found.append(words[0])
    return found


def test_none_is_left_stopped_or_dead(server):
    until(lambda: not set(states(server.process.pid)) & {"T", "Z"})


@pytest.mark.parametrize("how", [
    "exit 1", "kill 'KILL', $$",
    "syswrite $_[0]->qp->{_host}{frame}{socket}, 'x' x 99; sleep 9"])
def test_many_deaths_are_slowed_down(stage, how):
    """Two hosts at most; each client's ends at once."""
    server = PerlServer(stage, "ending", f"sub hook_connect {{ {how} }}",
                        plugins=["ending", "queue/discard"],
                        perl_hosts="1 2")
    begin = time.monotonic()
    while time.monotonic() - begin < 4 or not server.lines("too often"):
        with socket.create_connection(server.address, 60) as sock:
            assert sock.recv(100).startswith(b"451")
        assert time.monotonic() - begin < WAIT
    log = server.log()
    passed = time.monotonic() - begin
    assert server.stop() == 0, log
    assert "hosts end too often" in log
    # Five at once, then two a second.
    deaths = len(re.findall(r"event=perl_host_ended pid=\d+ ", log))
    assert 5 <= deaths <= 12 + 2 * passed

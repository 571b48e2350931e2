# SPDX-License-Identifier: MIT
"""AUTH against the real services, over the wire.

One row a way to ask: the service, the plugin's line, and what a wrong password
is told apart from.
"""
import base64
import itertools
import re
import shutil
import subprocess

import pytest

from real import WAIT
from services import (HERE, HOST, USERS, Dovecot, Saslauthd, Service, Slapd,
                      missing)

# Seconds that a plugin waits for its service: so long that a busy machine does
# not matter, but where that wait is the point.
LIMIT, SHORT_LIMIT = 25, 4
TIMEOUT = "timeout $LIMIT"


class Checkpassword(Service):
    """A program; `stopped` it has no users to look at."""

    def __init__(self, folder):
        super().__init__(folder)
        self.program = folder / "checkpassword"
        shutil.copy(HERE / "checkpassword", self.program)
        self.program.chmod(0o755)

    def start(self):
        (self.folder / "users").write_text("".join(
            f"{name}\t{password}\n" for name, password in USERS.items()))
        return self

    def stop(self):
        (self.folder / "users").unlink(missing_ok=True)

    def hang(self):
        self.program.write_text("#!/bin/sh\nexec sleep 1000\n")

    def go_on(self):
        shutil.copy(HERE / "checkpassword", self.program)


class SaslauthdChain(Service):
    """saslauthd, and the Dovecot that it asks."""

    def __init__(self, folder):
        super().__init__(folder)
        self.behind = Dovecot(folder / "dovecot")
        self.front = Saslauthd(folder / "saslauthd", self.behind.imap)
        self.socket = self.front.socket

    def start(self):
        self.behind.start()
        self.front.start()
        return self

    def stop(self):
        self.front.stop()
        self.behind.stop()

    def hang(self):
        self.front.hang()

    def go_on(self):
        self.front.go_on()

    def output(self):
        return self.front.output() + self.behind.output()


def ldap(service, *words):
    return " ".join(["auth/auth_ldap_bind ldap_base dc=mail,dc=example",
                     "ldap_timeout $LIMIT", *words])


WAYS = {
    "dovecot": (Dovecot, lambda s: f"auth/auth_dovecot {TIMEOUT} "
                                   f"socket unix:{s.socket}"),
    "imap": (Dovecot, lambda s: f"auth/auth_imap {HOST} {s.imap} {TIMEOUT}"),
    "imap-starttls": (Dovecot, lambda s: (
        f"auth/auth_imap {HOST} {s.imap} tls starttls "
        f"ca_file {s.folder}/ca.pem {TIMEOUT}")),
    "imaps": (Dovecot, lambda s: (
        f"auth/auth_imap {HOST} {s.imaps} tls imaps "
        f"ca_file {s.folder}/ca.pem {TIMEOUT}")),
    "ldap": (Slapd, lambda s: ldap(s, f"ldap_port {s.port}")),
    "ldap-starttls": (Slapd, lambda s: ldap(
        s, f"ldap_port {s.port} ldap_tls starttls "
           f"ldap_ca_file {s.folder}/ca.pem")),
    "ldaps": (Slapd, lambda s: ldap(
        s, f"ldap_port {s.ldaps} ldap_tls ldaps "
           f"ldap_ca_file {s.folder}/ca.pem")),
    "saslauthd": (SaslauthdChain, lambda s: (
        f"auth/auth_saslauthd socket {s.socket} {TIMEOUT}")),
    "checkpassword": (Checkpassword, lambda s: (
        f"auth/auth_checkpassword checkpw {s.program} true /bin/true "
        f"{TIMEOUT}")),
}
NUMBERS = itertools.count()
PROGRAMS = {Dovecot: ["dovecot"], Slapd: ["slapd"], Checkpassword: [],
            SaslauthdChain: ["dovecot", "saslauthd"]}


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture
def service(way, stage):
    kind = WAYS[way][0]
    program = missing(*PROGRAMS[kind])
    if program:
        pytest.skip(f"{program} is not installed")
    # Paths of Unix sockets are short.
    service = kind(stage.base / f"s{next(NUMBERS)}")
    try:
        yield service.start()
    finally:
        service.stop()


def serve(hookline, line, limit=LIMIT, **files):
    server = hookline(plugins=[line.replace("$LIMIT", str(limit)), "rcpt_ok",
                               "queue/discard"],
                      tls_before_auth="0", auth_delay="0", max_per_client="0",
                      max_auth_failures="0", max_auth_failures_per_client="0",
                      **files)
    server.start()
    return server


@pytest.fixture
def limit():
    return LIMIT


@pytest.fixture
def server(hookline, way, service, limit):
    return serve(hookline, WAYS[way][1](service), limit)


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def attempt(server, user="tim", password=USERS["tim"]):
    """Code and enhanced code of the answer."""
    client = server.client()
    client.say(f"AUTH PLAIN {plain(user, password)}")
    reply = client.reply()
    client.close()
    return reply[:9]


RIGHT, WRONG, LATER = "235 2.7.0", "535 5.7.8", "454 4.7.0"


def complaints(server, count):
    """What the plugins wrote at error level: `count` lines, or fails."""
    lines = server.wait_line(" error ", " plugin=auth/", count=count)
    assert len(lines) == count, lines
    return lines


def test_passwords(server):
    assert attempt(server) == RIGHT
    assert attempt(server, password="Pencil") == WRONG
    assert attempt(server, password="pencil ") == WRONG
    assert attempt(server, user="nobody-by-that-name") == WRONG
    assert attempt(server, user="*") == WRONG
    # A kept connection serves the next, whatever the answer was.
    assert attempt(server) == RIGHT
    complaints(server, 0)
    assert "pencil" not in server.log().lower()


def test_odd_characters(server):
    assert attempt(server, "odd", USERS["odd"]) == RIGHT
    assert attempt(server, "odd", USERS["odd"] + "x") == WRONG
    complaints(server, 0)


def test_login(server):
    client = server.client()
    client.ask("AUTH LOGIN", "334")
    client.ask(base64.b64encode(b"tim").decode(), "334")
    client.ask(base64.b64encode(b"pencil").decode(), "235")
    client.send(b"Subject: x\r\n\r\nbody\r\n", rcpt="anybody@else.example")
    client.close()


def test_stopped_and_started(server, service):
    assert attempt(server) == RIGHT
    service.stop()
    assert attempt(server) == LATER
    assert attempt(server, password="wrong") == LATER
    complaints(server, 2)
    service.start()
    assert attempt(server) == RIGHT
    assert attempt(server, password="wrong") == WRONG
    complaints(server, 2)


def test_restarted_while_kept(server, service):
    assert attempt(server) == RIGHT
    service.stop()
    service.start()
    assert attempt(server) == RIGHT
    complaints(server, 0)


@pytest.mark.parametrize("limit", [SHORT_LIMIT])
def test_hangs(server, service):
    assert attempt(server) == RIGHT
    service.hang()
    # Others are served meanwhile.
    waiting = server.client()
    waiting.say(f"AUTH PLAIN {plain('tim', USERS['tim'])}")
    other = server.client()
    other.send(b"Subject: x\r\n\r\nbody\r\n", rcpt="c@mx.example")
    other.close()
    assert waiting.reply()[:9] == LATER
    waiting.close()
    complaints(server, 1)
    service.go_on()
    assert attempt(server) == RIGHT


# ---- what only one of them has ---------------------------------------------

def only(*ways):
    return pytest.mark.parametrize("way", ways, indirect=True)


@only("dovecot", "imap")
def test_dovecot_fails_inside(server, service):
    """One of those whom Dovecot asks cannot tell."""
    (service.folder / "fail").touch()
    assert attempt(server, password="wrong") == LATER
    assert re.search(r"Dovecot cannot: |\[UNAVAILABLE\]",
                     complaints(server, 1)[0])
    assert attempt(server) == RIGHT
    (service.folder / "fail").unlink()
    assert attempt(server, password="wrong") == WRONG


@only("dovecot")
def test_dovecot_many_at_once(server):
    """More connections than one: each has to be another client to Dovecot."""
    clients = [server.client() for _ in range(20)]
    for client in clients:
        client.say(f"AUTH PLAIN {plain('tim', USERS['tim'])}")
    assert {client.reply()[:9] for client in clients} == {RIGHT}
    for client in clients:
        client.close()


@only("dovecot")
def test_dovecot_names_the_user(server):
    """Its user name goes into the session: in lower case."""
    assert attempt(server, user="TIM") == RIGHT
    server.wait_line("event=auth", " user=tim")


@only("imap-starttls", "imaps")
def test_imap_stranger(hookline, way, service):
    """The system's authorities do not know this one."""
    line = WAYS[way][1](service).replace(f"ca_file {service.folder}/ca.pem",
                                         "")
    server = serve(hookline, line)
    assert attempt(server) == LATER
    assert "certificate verify failed: " in complaints(server, 1)[0]
    assert "pencil" not in service.output()
    server = serve(hookline, line + " verify 0")
    assert attempt(server) == RIGHT


@only("ldap-starttls", "ldaps")
def test_ldap_stranger(hookline, way, service):
    line = WAYS[way][1](service).replace(
        f"ldap_ca_file {service.folder}/ca.pem", "")
    server = serve(hookline, line)
    assert attempt(server) == LATER
    complaints(server, 1)
    # Who takes any needs no authorities: Debian has none by itself.
    server = serve(hookline,
                   line + " ldap_verify 0 ldap_ca_file /nonexistent")
    assert attempt(server) == RIGHT


@only("ldap")
def test_ldap_filter(server):
    # Two entries by that name, one by a name with a star, one without a
    # password, and an empty password, which some servers bind without a look.
    assert attempt(server, "twin", "one") == WRONG
    assert attempt(server, "a*b", "star") == RIGHT
    assert attempt(server, "a*", "star") == WRONG
    assert attempt(server, "tim)(uid=*", "pencil") == WRONG
    assert attempt(server, "nopass", "x") == WRONG
    # As in qpsmtpd: the part in front of '@', in lower case.
    assert attempt(server, "Tim@elsewhere.example") == RIGHT


@only("ldap")
def test_ldap_file(hookline, service):
    """config/ldap is read at each login; by mail, the whole address counts."""
    server = serve(hookline, "auth/auth_ldap_bind", ldap=[
        "ldap_base dc=mail,dc=example", f"ldap_port {service.port}",
        f"ldap_timeout {LIMIT}", "ldap_auth_filter_attr mail"])
    assert attempt(server, "tim@mail.example") == RIGHT
    assert attempt(server, "tim") == WRONG
    server.config("ldap", ["ldap_base dc=mail,dc=example",
                           f"ldap_timeout {LIMIT}",
                           f"ldap_port {service.port}"])
    assert server.ask(["ctl", "config-flush"])[0] == 0
    assert attempt(server, "tim") == RIGHT


@only("saslauthd")
def test_saslauthd_without_its_own(server, service):
    """saslauthd is there; whom it asks is not."""
    service.behind.stop()
    assert attempt(server) == LATER
    assert "[ALERT]" in complaints(server, 1)[0]
    service.behind.start()
    assert attempt(server) == RIGHT


@only("dovecot", "ldap", "checkpassword")
def test_swaks(server, way):
    for password, status in (("pencil", 0), ("wrong", 28)):
        for mechanism in ("PLAIN", "LOGIN"):
            result = subprocess.run(
                ["swaks", "--server", f"{server.host}:{server.vars['PORT']}",
                 "--auth", mechanism, "--auth-user", "tim",
                 "--auth-password", password, "--to", "any@else.example",
                 "--from", "tim@mail.example", "--silent", "3"],
                timeout=WAIT, capture_output=True, check=False)
            assert result.returncode == status, result.stdout

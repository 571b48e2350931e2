# SPDX-License-Identifier: MIT
"""After an AUTH no password is left in a worker's memory, nor in its log.

All of the memory is looked through, as a core dump would have it.
"""
import base64
import hashlib
import hmac
import re
import ssl
import time
from pathlib import Path

import pytest

from real import Client, until

MX = "mx.example"


def b64(text):
    return base64.b64encode(text).decode()


COMMON = "-".join(f"{n:03x}" for n in range(500, 508)).encode()


def secret_of(name):
    """A password that this file does not hold, so that nothing else does."""
    return name.encode() + b"-" + COMMON


def stored(password):
    """RFC 5803's form."""
    salt = b"16 octets of it."
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, 4096)

    def mac(text):
        return hmac.new(salted, text, "sha256").digest()
    stored_key = hashlib.sha256(mac(b"Client Key")).digest()
    return (f"SCRAM-SHA-256$4096:{b64(salt)}${b64(stored_key)}:"
            f"{b64(mac(b'Server Key'))}")


def workers(server):
    """Children of the master that are workers."""
    master = server.process.pid
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat = (path / "stat").read_text().rpartition(")")[2].split()
            command = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(stat[1]) == master and b"worker" in command[1:2]:
            found.append(int(path.name))
    assert found
    return found


def memory(pid):
    """(where, bytes) of everything that can be written to."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) (.*)", line)
            if not found[3].startswith("rw"):
                continue
            start, end = int(found[1], 16), int(found[2], 16)
            try:
                mem.seek(start)
                yield line.strip(), mem.read(end - start)
            except (OSError, ValueError):
                continue        # guard pages, devices


def needles():
    """What all the passwords share, in clear and as base64 in any position."""
    for text in [COMMON] + [
            base64.b64encode(b"\0" * shift + COMMON)[4:-4]
            for shift in range(3)]:
        yield text[:12]


def assert_clean(server):
    """The reply comes before what ends with its turn of the loop."""
    found = []

    def is_clean():
        found[:] = traces(server)
        return not found
    until(is_clean, lambda: "\n".join(found), seconds=20)


def traces(server):
    found = []
    for pid in workers(server):
        for where, content in memory(pid):
            for text in needles():
                at = content.find(text)
                if at >= 0:
                    found.append("%s +%#x: %r" % (
                        where, at, content[max(0, at - 24):at + 48]))
    return found


def readable():
    try:
        with open("/proc/self/mem", "rb", 0):
            return True
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not readable(),
                                reason="/proc/PID/mem cannot be read here")

PASSWORDS = {name: secret_of(name) for name in
             ("plain", "prompt", "login", "bytes", "wrong", "long", "cut")}
# Of "crypt-1f4-...".
CRYPT = ("$6$rounds=1000$abcdefgh$s/lYi5opuxh7xJ9qy0fAzI4VrJQNIqHYGlJj6OVENRFs"
         "uQgA1sWSzasq5cdogEFM3IQaesUAo1.J7GnLYHLEo1")


@pytest.fixture
def server(hookline):
    users = [f"{name}@a.example:{stored(password)}"
             for name, password in PASSWORDS.items()]
    users.append(f"crypt@a.example:{CRYPT}")
    server = hookline(plugins="auth/auth_flat_file", flat_auth_pw=users,
                      tls_before_auth="0", auth_delay="0", loglevel="debug",
                      max_auth_failures="0", max_auth_failures_per_client="0",
                      io_threads="2", me=MX)
    server.stage.authority.give(MX, "ec", server.tmp)
    server.config("tls_certs", [
        f"{MX} {server.tmp}/{MX}.crt {server.tmp}/{MX}.key"])
    server.start()
    return server


@pytest.fixture
def perl_server(hookline):
    server = hookline(plugins="p", tls_before_auth="0", auth_delay="0",
                      loglevel="debug", me=MX)
    (Path(server.tmp) / "perl").mkdir()
    (Path(server.tmp) / "perl" / "p").write_text("""
sub hook_auth { return (OK, 'whoever') }
sub hook_auth_parse { return DECLINED }
sub hook_mail { return (DENY, 'seen') }
""")
    server.config("plugin_dirs", [f"{server.tmp}/perl"])
    server.start()
    return server


def message_of(name, password=None):
    return b"\0" + f"{name}@a.example".encode() + b"\0" + (
        password or PASSWORDS[name])


def slowly(client, text):
    for byte in text.encode() + b"\r\n":
        client.sock.sendall(bytes([byte]))
        time.sleep(0.001)


def plain(client):
    client.ask("AUTH PLAIN " + b64(message_of("plain")), "235")


def prompt(client):
    client.ask("AUTH PLAIN", "334")
    client.ask(b64(message_of("prompt")), "235")


def login(client):
    client.ask("AUTH LOGIN", "334")
    client.ask(b64(b"login@a.example"), "334")
    client.ask(b64(PASSWORDS["login"]), "235")


def in_bytes(client):
    slowly(client, "AUTH PLAIN " + b64(message_of("bytes")))
    client.expect("235")


def bytes_at_a_prompt(client):
    client.ask("AUTH LOGIN", "334")
    slowly(client, b64(b"bytes@a.example"))
    client.expect("334")
    slowly(client, b64(PASSWORDS["bytes"]))
    client.expect("235")


def wrong(client):
    client.ask("AUTH PLAIN " + b64(
        message_of("nobody", PASSWORDS["wrong"])), "535")
    client.ask("AUTH PLAIN " + b64(PASSWORDS["wrong"]), "501")
    client.ask("AUTH FOO " + b64(PASSWORDS["wrong"]), "504")


def too_long(client):
    client.ask("AUTH PLAIN " + b64(PASSWORDS["long"] * 600), "500")
    client.ask("AUTH PLAIN", "334")
    client.ask(b64(PASSWORDS["long"] * 600), "500")


def hashed(client):
    """crypt(3) on the thread pool."""
    client.ask("AUTH PLAIN " + b64(
        message_of("crypt", secret_of("crypt"))), "235")


def cut(client):
    """It leaves in the middle of the line."""
    client.sock.sendall(b"AUTH PLAIN " + b64(message_of("cut")).encode())
    time.sleep(0.1)


def cut_at_a_prompt(client):
    client.ask("AUTH PLAIN", "334")
    client.sock.sendall(b64(message_of("cut")).encode())
    time.sleep(0.1)


WAYS = [plain, prompt, login, in_bytes, bytes_at_a_prompt, wrong, too_long,
        hashed, cut, cut_at_a_prompt]


def start_tls(server, client):
    context = ssl.create_default_context(cafile=f"{server.tmp}/ca.crt")
    context.check_hostname = False
    client.ask("STARTTLS", "220")
    client.sock = context.wrap_socket(client.sock)
    client.ask("EHLO client.example")


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left(server, way, tls):
    client = server.client()
    if tls:
        start_tls(server, client)
    way(client)
    # While the session lives, and after it.
    if not way.__name__.startswith("cut"):
        client.ask("NOOP")
        assert_clean(server)
    client.close()
    server.wait_line("event=disconnect")
    assert_clean(server)
    log = server.log().encode()
    for password in PASSWORDS.values():
        assert password not in log and b64(password)[4:-8].encode() not in log


@pytest.mark.parametrize("way", [plain, prompt, login])
def test_nothing_is_left_of_what_perl_was_told(perl_server, way):
    client = perl_server.client()
    way(client)
    client.ask("NOOP")
    assert_clean(perl_server)
    client.ask("MAIL FROM:<a@b.example>", "550")
    client.close()
    perl_server.wait_line("event=disconnect")
    assert_clean(perl_server)


def test_the_search_finds_what_is_there(server):
    """Else the tests above would prove nothing."""
    client = server.client()
    client.ask("NOOP " + b64(message_of("plain")))
    client.ask("NOOP " + PASSWORDS["login"].decode())
    found = traces(server)
    assert found
    assert isinstance(client, Client)

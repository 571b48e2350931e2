# SPDX-License-Identifier: MIT
"""One connection sends very many messages with every shipped plugin loaded.

What the session accounts for (its own memory, notes, buffers; `size` of
event=disconnect) is the same after ten messages and after all of them, and
the worker's memory does not grow.  HOOKLINE_SOAK is the number of messages.
"""
import os
import re
import shutil
import socket
import tempfile
import threading
from pathlib import Path

import pytest

from pki import Authority
from shipped import Smtp, own, stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)

# A sanitizer keeps freed memory; what the session accounts for still holds.
SANITIZED = b"__asan_init" in Path(os.environ["HOOKLINE"]).read_bytes()
MESSAGES = 3000 if SANITIZED else int(os.environ.get("HOOKLINE_SOAK", "20000"))
WARM_UP = 2000
GROWTH_MAX = 256 * 1024
PLUGINS = """hosts_allow
user_config users/%u
http_config retry 1h http://127.0.0.1:1/
ident/p0f /nowhere/p0f
ident/geoip db_dir geoip
karma reject 0
loadcheck max_load 100000
fcrdns
earlytalker wait 0
dns_whitelist_soft
whitelist
parse_addr_withhelo
helo reject 0
rcpt_regexp
rcpt_map domain map.example file map
noop_counter 1000000
random_error 0
dont_require_anglebrackets
count_unrecognized_commands 1000000
relay
badmailfrom
badrcptto
badmailfromto
resolvable_fromhost reject 0
greylisting reject 0
dnsbl
rhsbl
naughty
rcpt_ok
loop 50
bogus_bounce reject 1
headers require Subject past 1000
uribl
qmail_deliverable server 127.0.0.1:1
content_log file archive/text
spamassassin spamd_socket /nowhere/spamd
virus/clamdscan max_size 1 clamd_socket /nowhere/clamd
virus/sophie sophie_socket /nowhere/sophie
virus/exec /bin/true
virus/clamav clamscan_path=/bin/true
queue/maildir mail
queue/qmail-queue /bin/true
queue/exim-bsmtp exim_path /bin/true
queue/exec /bin/true
queue/postfix-queue /nowhere/cleanup
queue/smtp-forward 127.0.0.1 1
queue/lmtp unix:/nowhere/lmtp
queue/discard
help
quit_fortune
connection_time
tls keys/mx.crt keys/mx.key
auth/auth_flat_file
auth/auth_checkpassword checkpw /bin/true true /bin/true
auth/auth_imap 127.0.0.1 1
auth/auth_ldap_bind
auth/auth_saslauthd
auth/auth_dovecot
auth/authdeny"""
TEXT = "Subject: soak\r\n\r\n" + ("x" * 70 + "\r\n") * 20


@pytest.fixture
def memory_base():
    """On a file system in memory, if there is one: many small files."""
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="hookline-soak-", dir=where))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def syslog(memory_base):
    """A syslog that listens and forgets."""
    sink = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = memory_base / "log-socket"
    sink.bind(str(path))
    path.chmod(0o777)

    def drain():
        while sink.recv(65536) != b"stop":
            pass

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    yield path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.sendto(b"stop", str(path))
    thread.join()
    sink.close()


@pytest.fixture
def server(memory_base):
    server = stage(memory_base)
    yield server
    server.finish()


def shipped_plugins(base):
    """All names; the test must not forget one that comes later."""
    return {str(path.relative_to(base / "plugins").with_suffix(""))
            for path in (base / "plugins").rglob("*.so")}


def configure(server, base, syslog):
    (base / "logs").mkdir()
    own(base / "logs")
    Authority(base / "config" / "keys").issue("mx", "mx.example")
    server.write("flat_auth_pw", "user:word")
    server.write("ldap", "ldap_base dc=example")
    server.write("plugins", PLUGINS)
    server.write("logging", f"""logging/file:0 loglevel error {base}/log.file
logging/file:1 loglevel error |/bin/cat
logging/syslog loglevel info logsock unix:{syslog}
logging/devnull
logging/adaptive
logging/connection_id error
logging/transaction_id error
logging/journald socket {syslog}
logging/json {base}/logs/json
logging/warn info""")
    for name in ("badmailfrom", "badrcptto"):
        server.write(name, "@bad.example no\n^spam\\d+@ nor that")
    server.write("badhelo", "bad.example\n^dyn\\d")
    server.write("rcpt_regexp", "/^refused\\d/ DENY no")
    server.write("map", "me@map.example OK")
    server.write("badmailfromto", "bad@x.example\tyou@d.example")
    server.write("whitelistsenders", "friend.example")
    server.write("resolvers", "127.0.0.1:9")  # nobody answers there
    server.write("relayclients", "192.0.2.0/24\n198.51.100.")
    server.write("hosts_allow", "192.0.2.0/24 DENY no")
    server.write("max_errors", "0")
    server.write("max_junk", "0")
    (base / "config" / "help").mkdir()
    (base / "config" / "help" / "mail").write_text("MAIL FROM:<a@b>\n")
    used = set(re.findall(r"^(?:native:)?([\w/-]+)", "\n".join(
        (base / "config" / name).read_text()
        for name in ("plugins", "logging")), re.M))
    assert used == shipped_plugins(base)


def memory(pid):
    """What is its own.  PSS also changes with who else uses a library."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous:\s+(\d+) kB", text, re.M)[1]) * 1024


def send(smtp, count, server):
    """Messages, and between them what else a session may say."""
    for number in range(count):
        if number % 10 == 0:
            assert smtp.cmd("MAIL FROM:<x@bad.example>").startswith("550")
            assert smtp.cmd("MAIL FROM:a@b.example").startswith("250")
            assert smtp.cmd("RCPT TO:<spam17@d.example>").startswith("550")
            assert smtp.cmd("RCPT TO:<x@elsewhere.example>")[:3] == "550"
            assert smtp.cmd("RSET").startswith("250")
            assert smtp.cmd("HELP mail").startswith("214")
            assert smtp.cmd("NONSENSE").startswith("500")
        reply = smtp.message(TEXT)
        assert reply.startswith("250"), reply
        if number % 1000 == 999:
            for path in (server.state / "mail" / "new").iterdir():
                path.unlink()


def session_sizes(server):
    return [int(re.search(r" size=(\d+)", line)[1])
            for line in server.wait_line("event=disconnect", count=2)]


def test_soak(server, memory_base, syslog):
    configure(server, memory_base, syslog)
    server.start("--workers", "1")
    own(memory_base / "log-socket")
    with Smtp(server.where()) as smtp:
        send(smtp, 10, server)
        assert smtp.cmd("QUIT").startswith("221")
    pid = server.workers()[0]["pid"]
    with Smtp(server.where()) as smtp:
        send(smtp, WARM_UP, server)
        before = memory(pid)
        send(smtp, MESSAGES - WARM_UP, server)
        after = memory(pid)
        assert smtp.cmd("QUIT").startswith("221")
    sizes = session_sizes(server)
    print(f"memory {before} to {after} bytes, sessions {sizes} bytes")
    lines = server.wait_line("event=accept", count=MESSAGES + 10)
    assert len(lines) == MESSAGES + 10
    assert sizes[0] == sizes[1]
    assert SANITIZED or after - before < GROWTH_MAX
    assert server.workers()[0]["pid"] == pid

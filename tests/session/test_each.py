# SPDX-License-Identifier: MIT
"""Real clients of CHUNKING, PRDR and LMTP: each recipient has its own fate.

The plugin `fates` decides by the recipient's name: qo and R are delivered,
qh is refused for good, qs for now.
"""
import os
import pwd
import re
import shutil
import smtplib
import subprocess
from pathlib import Path

import pytest

from real import TOP, WAIT, free_port, until
from test_clients import Postfix, needs, run

PLUGINS = TOP / "tests" / "dialog" / "plugins"
# Unpacked by tools/packages.sh: it cannot be installed beside Postfix.
EXIM = Path(os.environ.get(
    "HOOKLINE_EXIM", TOP / "build/unpacked/exim4-daemon-light/usr/sbin/exim4"))
SENDER = "sender@client.example"
BODY = (b"Line one.\n"
        b".\n"
        b"..two dots\n" +
        b"0123456789" * 8 + b"\n" * 2000 +
        b"the end\n")
MESSAGE = (b"From: <sender@client.example>\n"
           b"To: <R@x.example>\n"
           b"Subject: to each\n"
           b"\n" + BODY)


# ---- the servers ----

@pytest.fixture
def shared(stage, request):
    """A directory in which a server and its client, of two users, meet."""
    top = stage.base / request.node.name.replace("[", "-").replace("]", "")
    top.mkdir(mode=0o777)
    top.chmod(0o777)
    yield top
    shutil.rmtree(top)


@pytest.fixture
def fates(hookline):
    """Makes a server with that plugin; with LMTP and a socket, too."""
    def make(path=None):
        server = hookline(plugins=["fates"]).plugin(PLUGINS / "fates.c")
        if path:
            server.config("listen", ["%s:%d lmtp" % server.address,
                                     f"unix:{path} lmtp"])
        server.start()
        return server
    return make


def accepted(server, count=1):
    """The recipients of each accepted message, of which there are `count`."""
    return [sorted(re.search(r" to=(\S+) ", line)[1].split(","))
            for line in server.wait_line(" event=accept ", count=count)]


# ---- Exim ----

EXIM_CONF = """\
exim_path = {exim}
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
primary_hostname = client.example
spool_directory = {top}/spool
log_file_path = {top}/%slog
log_selector = +all
ignore_bounce_errors_after = 0s
local_interfaces = 127.0.0.1
begin acl
begin routers
all:
  driver = manualroute
  route_list = * {host} byname
  transport = out
  self = send
begin transports
out:
  driver = smtp
  allow_localhost
  port = {port}
  hosts_try_chunking = {chunking}
  hosts_try_prdr = {prdr}
"""


class Exim:
    """Sends over SMTP, once, in the foreground."""

    def __init__(self, top, address, chunking="", prdr=""):
        self.top = top
        (top / "spool").mkdir()
        # Without its set-user-id bit, and where any user can get at it.
        self.program = top / "exim"
        shutil.copyfile(EXIM, self.program)
        self.program.chmod(0o755)
        (top / "conf").write_text(EXIM_CONF.format(
            exim=self.program, top=top, host=address[0], port=address[1],
            chunking=chunking, prdr=prdr))
        (top / "conf").chmod(0o644)
        # It was built to run as a user of this name, who is not root.
        self.user = {}
        uid, gid = os.getuid(), os.getgid()
        if uid == 0:
            nobody = pwd.getpwnam("nobody")
            uid, gid = nobody.pw_uid, nobody.pw_gid
            self.user = {"user": uid, "group": gid, "extra_groups": []}
            shutil.chown(top / "spool", uid, gid)
        (top / "passwd").write_text(
            f"Debian-exim:x:{uid}:{gid}::/:/bin/false\n"
            "root:x:0:0::/:/bin/sh\n")
        (top / "group").write_text(f"Debian-exim:x:{gid}:\nroot:x:0:\n"
                                   "mail:x:8:\n")

    def log(self):
        return "".join(path.read_text() for path in
                       (self.top / "mainlog", self.top / "paniclog")
                       if path.exists())

    def send(self, message, *rcpts):
        env = dict(os.environ, LD_PRELOAD="libnss_wrapper.so",
                   NSS_WRAPPER_PASSWD=str(self.top / "passwd"),
                   NSS_WRAPPER_GROUP=str(self.top / "group"))
        result = subprocess.run(
            [self.program, "-C", self.top / "conf", "-odf", "-oi", "-f", SENDER,
             *rcpts], input=message, env=env, timeout=WAIT, check=False,
            **self.user, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert result.returncode in (0, 2), result.stdout + self.log().encode()


needs_exim = pytest.mark.skipif(
    not EXIM.exists(), reason="exim4-daemon-light is not unpacked")


@pytest.fixture
def recorder(hookline):
    server = hookline(plugins=["rcpt_ok", "record $STATE/new"],
                      rcpthosts="x.example").plugin(PLUGINS / "record.c")
    server.start()
    return server


@needs_exim
@pytest.mark.parametrize("size", [0, 3_000_000], ids=["small", "large"])
def test_exim_chunks(recorder, shared, size):
    """By BDAT, in one chunk and in several, byte for byte."""
    body = BODY + (b"x" * 76 + b"\n") * (size // 77)
    exim = Exim(shared, recorder.address, chunking="*")
    exim.send(MESSAGE[:-len(BODY)] + body, "c@x.example", "d@x.example")
    # "K" in its log: CHUNKING was used.
    assert re.search(r" => c@x\.example .* K ", exim.log()), exim.log()
    (path,) = (recorder.state / "new").glob("*.msg")
    assert path.read_bytes().partition(b"\r\n\r\n")[2] == \
        body.replace(b"\n", b"\r\n")


@needs_exim
@pytest.mark.parametrize("chunking", ["", "*"], ids=["data", "bdat"])
def test_exim_prdr(fates, shared, chunking):
    server = fates()
    exim = Exim(shared, server.address, chunking=chunking, prdr="*")
    exim.send(MESSAGE, "qo@x.example", "qh@x.example", "qs@x.example",
              "qo-2@x.example")
    log = exim.log()
    for rcpt in ("qo", "qo-2"):
        assert re.search(rf" [-=]> {rcpt}@x\.example .* PRDR ", log), log
    assert re.search(r" \*\* qh@x\.example .*552 5\.3\.0 no such box", log), \
        log
    assert re.search(r" == qs@x\.example .*452 4\.2\.2 full", log), log
    assert accepted(server)[0] == ["qo-2@x.example", "qo@x.example"]


@needs_exim
def test_exim_without_prdr(fates, shared):
    """One reply: what failed after others were delivered is kept."""
    server = fates()
    exim = Exim(shared, server.address, chunking="*")
    exim.send(MESSAGE, "qo@x.example", "qh@x.example", "R@x.example")
    assert len(re.findall(r" [-=]> \S+@x\.example ", exim.log())) == 3
    server.wait_line("event=undelivered to=qh@x.example")


# ---- swaks ----

def swaks(where, *rcpts, status=0):
    return run("swaks", *where, "--protocol", "LMTP", "--helo",
               "client.example", "--from", SENDER, "--to", ",".join(rcpts),
               "--body", "hello", status=status)


@needs("swaks")
def test_swaks(fates, shared):
    path = shared / "lmtp"
    server = fates(path)
    for where in (["--server", "%s:%d" % server.address],
                  ["--socket", path]):
        said = swaks(where, "R@x.example", "qo@x.example")
        assert said.count("250 2.0.0 ") == 2 + said.count("250 2.0.0 ok")
    assert accepted(server, 2) == [["R@x.example", "qo@x.example"]] * 2


# ---- Postfix ----

@needs("postfix")
@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root to start")
@pytest.mark.parametrize("kind", ["unix", "inet"])
def test_postfix(fates, shared, kind):
    """Its LMTP client logs what each recipient was told."""
    path = shared / "lmtp"
    server = fates(path)
    where = f"unix:{path}" if kind == "unix" else \
        "inet:[%s]:%d" % server.address
    with Postfix(shared / "postfix", server.address,
                 f"relayhost =\ndefault_transport = lmtp:{where}\n"
                 "lmtp_host_lookup = native\n",
                 "lmtp unix - - n - - lmtp\n") as relay:
        rcpts = ["qo@x.example", "qh@x.example", "qs@x.example",
                 "R@x.example", "ph@x.example"]
        with relay.accepts() as client:
            client.sendmail(SENDER, rcpts, MESSAGE.replace(b"\n", b"\r\n"))
        until(lambda: relay.log().count(" status=") >= len(rcpts), relay.log,
              server.log)
        fate = dict(re.findall(r" to=<(\S+)@x\.example>, .* status=(.*)",
                               relay.log()))
        assert fate["qo"].startswith("sent (250 2.0.0 in the box [")
        assert fate["R"].startswith("sent (250 2.0.0 taken [")
        assert fate["qh"].startswith("bounced (") and \
            "552 5.3.0 no such box" in fate["qh"]
        assert fate["ph"].startswith("bounced (")
        assert fate["qs"].startswith("deferred (") and \
            "452 4.2.2 full" in fate["qs"]
        assert accepted(server)[0] == ["R@x.example", "qo@x.example"]


# ---- Dovecot ----

DOVECOT = """\
base_dir = {top}/run
state_dir = {top}/run
log_path = {top}/log
protocols = lmtp
listen = 127.0.0.1
ssl = no
lmtp_proxy = yes
login_trusted_networks = 127.0.0.0/8
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
passdb {{
  driver = static
  args = proxy=y host={host} port={to} nopassword=y
}}
service lmtp {{
  inet_listener {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""


@pytest.mark.skipif(not Path("/usr/lib/dovecot/lmtp").exists(),
                    reason="dovecot-lmtpd is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="Dovecot needs root to start")
def test_dovecot_proxy(fates, shared):
    """Dovecot's LMTP client passes each reply on."""
    server = fates(shared / "lmtp")
    port = free_port("127.0.0.1")
    conf = shared / "dovecot.conf"
    conf.write_text(DOVECOT.format(top=shared, port=port, host=server.host,
                                   to=server.address[1]))
    process = subprocess.Popen(["dovecot", "-F", "-c", conf],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    log = shared / "log"
    try:
        until(lambda: answers(port), lambda: log.read_text())
        # It sends the second one in small letters, with an ORCPT.
        said = swaks(["--server", f"127.0.0.1:{port}"], "qo@x.example",
                     "QH@x.example", "qo-2@x.example", "qs@x.example")
        replies = re.findall(r"^<[-~*]+ +(\d\d\d) (\d\.\d\.\d.*)", said, re.M)
        assert [code for code, text in replies if "box" in text or
                "Saved" in text or "full" in text] == \
            ["250", "552", "250", "452"], said + log.read_text()
        assert accepted(server) == [["qo-2@x.example", "qo@x.example"]]
    finally:
        process.terminate()
        process.wait(WAIT)


def answers(port):
    try:
        with smtplib.LMTP("127.0.0.1", port, timeout=5):
            return True
    except (OSError, smtplib.SMTPException):
        return False

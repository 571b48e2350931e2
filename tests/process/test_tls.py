# SPDX-License-Identifier: MIT
"""Certificates and keys: who reads them, when they are renewed, who gets
which.  Keys belong to root alone, workers run as nobody."""
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from conftest import (WAIT, children_of, limit_descriptors, needs_root,
                      proc_status, until)
from pki import Authority, openssl
from shipped import stage

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None,
                                reason="needs openssl(1)")


@pytest.fixture
def ca(base):
    authority = Authority(base / "keys")
    authority.path.chmod(0o700)
    return authority


@pytest.fixture
def server(base):
    server = stage(base)
    server.write("plugins", "rcpt_ok\nqueue/discard")
    server.write("listen", "127.0.0.1:0 tls name=smtps\n"
                           "127.0.0.1:0 name=smtp")
    yield server
    server.finish()


class Tls:
    """A session with the listener that begins with TLS."""

    def __init__(self, server, ca, name=None, session=None, version=None,
                 identity=None):
        context = ssl.create_default_context(cafile=ca.cert)
        context.check_hostname = False
        if version is not None:
            context.maximum_version = version
        if identity is not None:
            context.load_cert_chain(*identity)
        if session is not None:
            context = session.context
        raw = socket.create_connection(server.where(0), WAIT)
        self.socket = context.wrap_socket(
            raw, server_hostname=name, session=session and session.session)
        self.greeting = self.socket.recv(1000)
        self.context, self.session = context, self.socket.session

    @property
    def name(self):
        subject = dict(x[0] for x in self.socket.getpeercert()["subject"])
        return subject["commonName"]

    @property
    def serial(self):
        return self.socket.getpeercert()["serialNumber"]

    def ask(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.socket.recv(4000).decode()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def serial_of(cert):
    return openssl("x509", "-in", cert, "-noout",
                   "-serial").decode().strip().split("=")[1]


def name_served(server, ca, name=None):
    with Tls(server, ca, name) as tls:
        return tls.name


def serial_served(server, ca, name=None):
    with Tls(server, ca, name) as tls:
        return tls.serial


def install(pair, cert, key):
    """As most scripts do: each file renamed into place."""
    for source, to in ((pair[0], cert), (pair[1], key)):
        new = to.with_suffix(".new")
        shutil.copy2(source, new)
        os.utime(new, (1, 1))
        new.rename(to)


@needs_root
def test_names(server, ca):
    usual = ca.issue("usual", "usual.example")
    mx = ca.issue("mx", "mx.example")
    mx_rsa = ca.issue("mx-rsa", "mx.example", "rsa")
    wild = ca.issue("wild", "*.example.net")
    server.write("plugins", f"rcpt_ok\nqueue/discard\n"
                            f"tls {usual[0]} {usual[1]}")
    server.write("tls_certs",
                 "".join(f"{name} {pair[0]} {pair[1]}\n" for name, pair in
                         (("mx.example", mx), ("MX.example", mx_rsa),
                          ("*.example.net", wild))))
    server.start("--workers", "2")
    for pid in [server.process.pid] + [w["pid"] for w in server.workers()]:
        assert proc_status(pid)["Uid"].split()[1] != "0"
    assert not int(proc_status(server.process.pid)["CapEff"], 16) & 1 << 2
    for asked, want in ((None, "usual.example"), ("mx.example", "mx.example"),
                        ("other.example", "usual.example"),
                        ("a.example.net", "*.example.net"),
                        ("a.b.example.net", "usual.example")):
        assert name_served(server, ca, asked) == want, asked
    for kind, serial in (("ECDSA", serial_of(mx[0])),
                         ("RSA", serial_of(mx_rsa[0]))):
        context = ssl.create_default_context(cafile=ca.cert)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"ECDHE+a{kind}")
        with socket.create_connection(server.where(0), WAIT) as raw, \
                context.wrap_socket(raw, server_hostname="mx.example") as tls:
            assert tls.getpeercert()["serialNumber"] == serial


@needs_root
def test_qpsmtpds_places(server, ca):
    """`tls` alone, in a folder that only root can enter; no CA is there."""
    folder = server.config / "ssl"
    folder.mkdir()
    for path, end in zip(ca.issue("mx", "mx.example"), ("crt", "key")):
        shutil.copy2(path, folder / f"qpsmtpd-server.{end}")
    folder.chmod(0o700)
    server.write("plugins", "rcpt_ok\nqueue/discard\ntls")
    server.start("--workers", "1")
    assert name_served(server, ca) == "mx.example"


@needs_root
def test_certificates_of_a_listener(server, ca):
    """NAME/tls_certs stands for tls_certs; the plain listener has STARTTLS
    with the other certificate."""
    own, common = ca.issue("own", "a.example"), ca.issue("common", "b.example")
    server.write("tls_certs", f"* {common[0]} {common[1]}")
    (server.config / "smtps").mkdir()
    server.write("smtps/tls_certs", f"* {own[0]} {own[1]}")
    server.start("--workers", "1")
    assert name_served(server, ca) == "a.example"
    host, port = server.where(1)
    shown = subprocess.run(
        ["openssl", "s_client", "-starttls", "smtp", "-connect",
         f"{host}:{port}", "-CAfile", ca.cert], input=b"QUIT\r\n",
        capture_output=True, timeout=WAIT).stdout.decode()
    assert "subject=CN = b.example" in shown


@needs_root
def test_renewal(server, ca):
    old, new = ca.issue("old", "mx.example"), ca.issue("new", "mx.example")
    third = ca.issue("third", "mx.example")
    cert, key = ca.path / "live.crt", ca.path / "live.key"
    install(old, cert, key)
    server.write("tls_certs", f"mx.example {cert} {key}")
    server.start("--workers", "2")
    with Tls(server, ca) as before:
        assert before.serial == serial_of(old[0])
        install(new, cert, key)
        until(lambda: serial_served(server, ca) == serial_of(new[0]))
        server.wait_line("event=tls_renewed", "name=mx.example")
        # Sessions that run go on, and it was no reload.
        assert before.ask("NOOP").startswith("250")
        assert server.status()["generation"] == 1
    # All workers have it, also one that is started now.
    victim = server.workers()[0]["pid"]
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(server.workers()) == 2 and
          victim not in [w["pid"] for w in server.workers()])
    until(lambda: {serial_served(server, ca) for _ in range(20)} ==
          {serial_of(new[0])})
    # A certificate without its key is not taken.
    shutil.copy(third[0], cert)
    line = server.wait_line("event=tls_refused")[0]
    assert " error " in line
    assert f"file={server.config}/tls_certs line=1" in line
    assert "do not belong together" in line
    assert serial_served(server, ca) == serial_of(new[0])
    shown = server.ctl("status").stdout
    assert "newer files not taken" in shown and "mx.example" in shown
    # Told once.  A reload is refused with the same reason.
    result = server.ctl("reload")
    assert result.returncode != 0
    assert "tls_certs:1" in result.stderr + result.stdout
    assert len(server.lines("event=tls_refused")) == 1
    # With its key it is.
    shutil.copy(third[1], key)
    until(lambda: serial_served(server, ca) == serial_of(third[0]))
    assert "not taken" not in server.ctl("status").stdout
    assert server.ctl("reload").returncode == 0
    assert serial_served(server, ca) == serial_of(third[0])


@needs_root
def test_links_are_switched(server, ca):
    """certbot: live/NAME/*.pem point into archive/NAME/."""
    live, archive = ca.path / "live", ca.path / "archive"
    live.mkdir()
    archive.mkdir()
    serials = []
    for i in ("1", "2"):
        pair = ca.issue(f"n{i}", "mx.example")
        pair[0].rename(archive / f"cert{i}.pem")
        pair[1].rename(archive / f"privkey{i}.pem")
        serials.append(serial_of(archive / f"cert{i}.pem"))

    def point(i):
        for stem in ("cert", "privkey"):
            link = live / f"{stem}.pem"
            link.unlink(missing_ok=True)
            link.symlink_to(f"../archive/{stem}{i}.pem")
    point("1")
    server.write("tls_certs", f"* {live}/cert.pem {live}/privkey.pem")
    server.start("--workers", "1")
    assert serial_served(server, ca) == serials[0]
    point("2")
    until(lambda: serial_served(server, ca) == serials[1])
    assert not server.lines("event=tls_refused")


@needs_root
def test_config_flush_looks_now(server, ca):
    old, new = ca.issue("old", "mx.example"), ca.issue("new", "mx.example")
    cert, key = ca.path / "live.crt", ca.path / "live.key"
    install(old, cert, key)
    server.write("tls_certs", f"* {cert} {key}")
    server.start("--workers", "1")
    install(new, cert, key)
    assert server.ctl("config-flush").returncode == 0
    assert serial_served(server, ca) == serial_of(new[0])


@needs_root
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3])
def test_workers_resume_each_others_sessions(server, ca, version):
    cert, key = ca.issue("mx", "mx.example")
    server.write("tls_certs", f"* {cert} {key}")
    server.write("max_per_client", "0")
    server.start("--workers", "2")
    first = Tls(server, ca, "mx.example", version=version)
    assert not first.socket.session_reused
    later = [Tls(server, ca, "mx.example", session=first) for _ in range(20)]
    assert all(tls.socket.session_reused for tls in later)
    # They were not all with one worker.
    assert all(w["connections"] > 0 for w in server.workers())
    for tls in [first, *later]:
        tls.close()


@needs_root
def test_sessions_outlive_a_renewal_and_a_reload(server, ca):
    old, new = ca.issue("old", "mx.example"), ca.issue("new", "mx.example")
    cert, key = ca.path / "live.crt", ca.path / "live.key"
    install(old, cert, key)
    server.write("tls_certs", f"* {cert} {key}")
    server.start("--workers", "1")
    with Tls(server, ca, "mx.example") as first:
        install(new, cert, key)
        server.wait_line("event=tls_renewed")
        assert server.ctl("reload").returncode == 0
        with Tls(server, ca, "mx.example", session=first) as tls:
            assert tls.socket.session_reused


@needs_root
def test_staple(server, ca):
    cert, key = ca.issue("mx", "mx.example")
    other, _ = ca.issue("other", "other.example")
    ca.staple(cert, ca.path / "mx.der")
    server.write("tls_certs", f"* {cert} {key} {ca.path}/mx.der")
    server.start("--workers", "1")

    def stapled():
        host, port = server.where(0)
        return subprocess.run(
            ["openssl", "s_client", "-connect", f"{host}:{port}", "-status",
             "-CAfile", ca.cert], input=b"", capture_output=True,
            timeout=WAIT).stdout.decode()
    shown = stapled()
    assert "OCSP Response Status: successful" in shown
    assert "Cert Status: good" in shown
    assert "Verify return code: 0" in shown
    # One that is another certificate's is not sent; the rest goes on.
    ca.staple(other, ca.path / "mx.der")
    server.wait_line("event=tls_no_staple", "another certificate")
    until(lambda: "no response sent" in stapled())
    assert "no OCSP staple" in server.ctl("status").stdout


@needs_root
def test_client_certificate(server, ca):
    cert, key = ca.issue("mx", "mx.example")
    identity = ca.issue("client", "client.example")
    server.write("tls_certs", f"* {cert} {key}")
    server.write("tls_request_cert", "1")
    server.write("tls_client_ca", str(ca.cert))
    server.start("--workers", "1")
    host, port = server.where(0)
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"{host}:{port}"], input=b"",
        capture_output=True, timeout=WAIT).stdout.decode()
    assert "Acceptable client certificate CA names" in shown
    assert "CN = Test CA" in shown
    # Never required; with one the session goes on as well.
    for own in (None, identity):
        with Tls(server, ca, identity=own) as tls:
            assert tls.ask("NOOP").startswith("250")


@needs_root
def test_faults_at_the_start(server, ca):
    cert, key = ca.issue("mx", "mx.example")
    _, other_key = ca.issue("other", "mx.example")
    for line, want in (
            (f"mx.example {cert} {ca.path}/none.key",
             "tls_certs:1: {}/none.key: No such file or directory"),
            (f"mx.example {cert} {other_key}", "do not belong together"),
            ("mx.example", "tls_certs:1: a line is NAME CERT KEY"),
            ("", "listen:1: the listener is marked tls but has no")):
        server.write("tls_certs", line)
        server.launch("--workers", "1")
        assert server.wait() == 1
        assert want.format(ca.path) in server.lines("event=start_failed")[-1]
        result = subprocess.run(
            [server.program, "check", "--config", server.config],
            capture_output=True, text=True, timeout=WAIT)
        assert result.returncode == 1
        assert want.format(ca.path) in result.stderr


@needs_root
def test_bad_reload_keeps_the_old(server, ca):
    cert, key = ca.issue("mx", "mx.example")
    server.write("tls_certs", f"* {cert} {key}")
    server.start("--workers", "1")
    server.write("tls_certs", f"* {cert} {ca.path}/none.key")
    result = server.ctl("reload")
    assert result.returncode != 0
    assert "tls_certs:1" in result.stdout + result.stderr
    assert name_served(server, ca) == "mx.example"
    assert server.status()["generation"] == 1


@needs_root
def test_check_says_what_it_may_not_read(server, ca):
    cert, key = ca.issue("mx", "mx.example")
    server.write("tls_certs", f"* {cert} {key}")
    server.base.chmod(0o755)

    def check(**kwargs):
        return subprocess.run(
            [server.program, "check", "--config", server.config],
            capture_output=True, text=True, timeout=WAIT, **kwargs)
    result = check()
    assert result.returncode == 0, result.stderr
    assert "CN=mx.example, EC prime256v1, until " in result.stdout
    result = check(user="nobody", group="nogroup", extra_groups=[])
    assert result.returncode == 0, result.stderr
    assert f"{cert}: not looked at" in result.stdout


@needs_root
def test_renewal_that_finds_no_descriptor(server, ca):
    """A worker that has used up its descriptors gets it when it has some."""
    old, new = ca.issue("old", "mx.example"), ca.issue("new", "mx.example")
    cert, key = ca.path / "live.crt", ca.path / "live.key"
    install(old, cert, key)
    server.write("tls_certs", f"* {cert} {key}")
    server.start("--workers", "1")
    assert serial_served(server, ca) == serial_of(old[0])
    pid = server.workers()[0]["pid"]
    used = {int(n) for n in os.listdir(f"/proc/{pid}/fd")}
    limit_descriptors(pid, min(set(range(1000)) - used))
    install(new, cert, key)
    server.wait_line("event=tls_missed")
    limit_descriptors(pid, 1000)
    until(lambda: serial_served(server, ca) == serial_of(new[0]))
    assert len(server.lines("event=tls_missed")) == 1
    assert server.workers()[0]["pid"] == pid


@needs_root
def test_keys_beside_the_configuration(server, ca):
    """qpsmtpd's paths are relative to its home, where only root may look."""
    own = server.config.parent / "ssl"
    own.mkdir(mode=0o700)
    for path in ca.issue("mx", "mx.example"):
        shutil.copy(path, own)
    server.write("plugins", "tls ssl/mx.crt ssl/mx.key\nrcpt_ok\n"
                            "queue/discard")
    server.start("--workers", "1")
    assert name_served(server, ca) == "mx.example"


@needs_root
def test_end_is_near(server, ca):
    soon = ca.issue("soon", "soon.example", days=1)
    server.write("tls_certs", f"* {soon[0]} {soon[1]}")
    server.start("--workers", "1")
    assert not server.lines("event=tls_certificate_ends")
    over = ca.issue("over", "over.example", days=-1)
    server.write("tls_certs", f"* {over[0]} {over[1]}")
    result = subprocess.run(
        [server.program, "check", "--config", server.config],
        capture_output=True, text=True, timeout=WAIT)
    assert result.returncode == 0
    assert "warning: it ended on " in result.stdout
    assert server.ctl("reload").returncode == 0
    line = server.wait_line("event=tls_certificate_ends", " error ")[0]
    assert "renew it" in line
    assert "it ended on" in server.ctl("status").stdout


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_without_the_right_to_read(server, ca):
    """Then keys are read before root is given up, and a renewal fails."""
    old, new = ca.issue("old", "mx.example"), ca.issue("new", "mx.example")
    cert, key = ca.path / "live.crt", ca.path / "live.key"
    install(old, cert, key)
    server.write("tls_certs", f"* {cert} {key}")
    server.launch("--workers", "1", prefix=(
        "setpriv", "--bounding-set=-dac_read_search",
        "--inh-caps=-dac_read_search"))
    server.wait_line("event=ready")
    assert "restart" in server.lines("event=tls_read_once")[0]
    assert serial_served(server, ca) == serial_of(old[0])
    # A worker that is started later, and a reload, have it from memory.
    os.kill(server.workers()[0]["pid"], signal.SIGKILL)
    until(lambda: server.workers())
    assert serial_served(server, ca) == serial_of(old[0])
    assert server.ctl("reload").returncode == 0
    install(new, cert, key)
    assert server.ctl("config-flush").returncode == 0 # looks at it now
    assert serial_served(server, ca) == serial_of(old[0])


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_without_the_right_to_read_more_than_keys(server, ca):
    """A staple, and a CA that no word names, are kept like keys."""
    cert, key = ca.issue("mx", "mx.example")
    ca.staple(cert, ca.path / "mx.der")
    own = server.config / "ssl"
    own.mkdir(mode=0o700)
    shutil.copy(cert, own / "qpsmtpd-server.crt")
    shutil.copy(key, own / "qpsmtpd-server.key")
    shutil.copy(ca.cert, own / "qpsmtpd-ca.crt")
    server.write("plugins", "tls\nrcpt_ok\nqueue/discard")
    server.write("tls_certs", f"mx.example {cert} {key} {ca.path}/mx.der")
    server.launch("--workers", "1", prefix=(
        "setpriv", "--bounding-set=-dac_read_search",
        "--inh-caps=-dac_read_search"))
    server.wait_line("event=ready")
    assert not server.lines("event=tls_no_staple")
    status = {item["file"]: item for item in server.status()["tls"]}
    assert str(own / "qpsmtpd-ca.crt") in status
    assert not any("fault" in item for item in status.values())


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_without_the_right_to_read_a_bad_key(server, ca):
    """What is wrong is told, not only that it cannot be read again."""
    cert, key = ca.issue("mx", "mx.example")[0], ca.issue("x", "x.example")[1]
    server.write("tls_certs", f"* {cert} {key}")
    server.launch("--workers", "1", prefix=(
        "setpriv", "--bounding-set=-dac_read_search",
        "--inh-caps=-dac_read_search"))
    assert server.wait() == 1
    assert "do not belong together" in server.lines("event=tls_not_read")[0]
    assert "Permission denied" in server.lines("event=start_failed")[0]


@needs_root
def test_keys_are_nowhere_else(server, ca):
    """No worker has a descriptor of a key file, or may open one."""
    cert, key = ca.issue("mx", "mx.example")
    server.write("tls_certs", f"* {cert} {key}")
    server.start("--workers", "2")
    assert name_served(server, ca) == "mx.example"
    for pid in children_of(server.program):
        links = [os.readlink(entry) for entry in
                 (f"/proc/{pid}/fd/{n}" for n in os.listdir(
                     f"/proc/{pid}/fd"))]
        assert not any("/keys/" in link for link in links)
    for worker in server.workers():
        links = [os.readlink(f"/proc/{worker['pid']}/fd/{n}")
                 for n in os.listdir(f"/proc/{worker['pid']}/fd")]
        assert not any("memfd:t" in link for link in links), links

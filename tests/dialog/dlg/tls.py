# SPDX-License-Identifier: MIT
"""TLS of a dialog: its certificates and the client's end.

Certificates are made with openssl(1) when a dialog first names them, once in
a run.  The client's end is Python's ssl in memory, so that a dialog also
decides how the bytes of a handshake are cut.
"""

import hashlib
import shutil
import ssl
import subprocess
import threading

from .errors import DialogError, Failure

KINDS = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "rsa": ["-newkey", "rsa:2048"]}
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
NAME = "mx.example"     # what a client asks for unless it says otherwise


class Authority:
    """A CA, and certificates signed by it: ca.crt, NAME.crt, NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()

    def openssl(self, *words):
        result = subprocess.run(["openssl", *map(str, words)], text=True,
                                capture_output=True, check=False)
        if result.returncode != 0:
            raise DialogError(f"openssl: {result.stderr}")

    def path(self, name, suffix):
        return self.folder / f"{name}.{suffix}"

    def request(self, name, kind, *more):
        if kind not in KINDS:
            raise DialogError(f"no such kind of key: {kind}")
        self.openssl("req", "-x509", *KINDS[kind], "-nodes", "-days", "30",
                     "-keyout", self.path(name, "key"),
                     "-out", self.path(name, "crt.new"), *more)
        self.path(name, "crt.new").rename(self.path(name, "crt"))

    def make(self, name, kind):
        with self.lock:
            self.folder.mkdir(exist_ok=True)
            if not self.path("ca", "crt").exists():
                self.request("ca", "ec", "-subj", "/CN=dialog CA", "-addext",
                             "keyUsage=critical,keyCertSign,cRLSign")
            if self.path(name, "crt").exists():
                return
            # "self-NAME" is nobody's but its own.
            signer = [] if name.startswith("self-") else [
                "-CA", self.path("ca", "crt"), "-CAkey", self.path("ca", "key")]
            self.request(name, kind, *signer, "-subj", f"/CN={name}/O=Example",
                         "-addext", f"subjectAltName=DNS:{name},"
                                    f"email:post@{name}",
                         "-addext", "basicConstraints=critical,CA:FALSE")

    def fingerprint(self, name):
        """SHA-256 in lower-case hex."""
        pem = self.path(name, "crt").read_text()
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    def give(self, name, kind, target):
        """Copies of them where the server of a dialog may read."""
        self.make(name, kind)
        for source in ("ca.crt", f"{name}.crt", f"{name}.key"):
            shutil.copy(self.folder / source, target / source)
            (target / source).chmod(0o644)


def options(text):
    """"sni=a cert=b version=1.2 resume" to a dict."""
    known = {"sni", "cert", "version", "ciphers", "alpn", "resume", "fails"}
    found = {}
    for word in text.split():
        key, _, value = word.partition("=")
        if key not in known:
            raise DialogError(f"tls {word}?")
        found[key] = value
    return found


class Client:
    """Makes the contexts of a dialog, and keeps the last session."""

    def __init__(self, folder):
        self.folder = folder    # with ca.crt and the clients' own
        self.contexts = {}
        self.session = None

    def context(self, opts):
        key = tuple(sorted((name, value) for name, value in opts.items()
                           if name not in ("sni", "resume", "fails")))
        if key in self.contexts:
            return self.contexts[key]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(str(self.folder / "ca.crt"))
            if "cert" in opts:
                context.load_cert_chain(
                    str(self.folder / f"{opts['cert']}.crt"),
                    str(self.folder / f"{opts['cert']}.key"))
        except OSError as err:
            raise DialogError(f"no `cert` line for it: {err}") from err
        if "version" in opts:
            context.minimum_version = context.maximum_version = \
                VERSIONS[opts["version"]]
        if "ciphers" in opts:
            context.set_ciphers(opts["ciphers"])
        if "alpn" in opts:
            context.set_alpn_protocols(opts["alpn"].split(","))
        self.contexts[key] = context
        return context

    def keep_session(self, tls):
        """For `resume`; in TLS 1.3 it comes after the handshake."""
        self.session = tls.obj.session or self.session

    def wrap(self, opts):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = None
        if "resume" in opts:
            if not self.session:
                raise DialogError("there is no session to resume")
            session = self.session
        return Tls(self.context(opts).wrap_bio(
            incoming, outgoing, server_hostname=opts.get("sni", NAME),
            session=session), incoming, outgoing)


class Tls:
    """The client's end on one connection; its bytes are a Wire's business."""

    def __init__(self, obj, incoming, outgoing):
        self.obj = obj
        self.incoming = incoming
        self.outgoing = outgoing
        self.ended = None

    def shake(self, wire):
        """The handshake; raises Failure with OpenSSL's words."""
        while True:
            try:
                self.obj.do_handshake()
                wire.send_raw(self.outgoing.read())
                return
            except ssl.SSLWantReadError:
                wire.send_raw(self.outgoing.read())
            except ssl.SSLError as err:
                wire.send_raw(self.outgoing.read())
                raise Failure(f"TLS: {err.reason or err}") from err
            data = wire.receive(wire.timeout)
            if data is None:
                raise Failure("TLS: no answer")
            if not data:
                raise Failure("TLS: the server has hung up")
            self.incoming.write(data)

    def encrypt(self, data):
        self.obj.write(data)
        return self.outgoing.read()

    def decrypt(self, data):
        self.incoming.write(data)
        out = bytearray()
        try:
            while True:
                part = self.obj.read(65536)
                if not part:
                    self.ended = "closed"
                    break
                out += part
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = "closed"
        except ssl.SSLError as err:
            self.ended = f"broken ({err.reason or err})"
        return bytes(out)

    def bye(self):
        """Our close_notify."""
        try:
            self.obj.unwrap()
        except ssl.SSLError:
            pass
        return self.outgoing.read()

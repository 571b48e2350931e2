# SPDX-License-Identifier: MIT
"""Certificates, keys and OCSP responses, made with openssl(1)."""
import subprocess
from pathlib import Path


def openssl(*args, **kwargs):
    return subprocess.run(["openssl", *map(str, args)], check=True,
                          capture_output=True, timeout=60, **kwargs).stdout


class Authority:
    """A CA in a directory, and what it issued."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir()
        self.cert = self.path / "ca.crt"
        self.key = self.path / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=Test CA", "-keyout", self.key,
                "-out", self.cert)

    def issue(self, stem, name, kind="ec", days=90, more=()):
        """STEM.crt and STEM.key for the DNS name; both only for root.
        `more` are extensions of the certificate."""
        key, cert = self.path / f"{stem}.key", self.path / f"{stem}.crt"
        how = (["-newkey", "rsa:2048"] if kind == "rsa" else
               ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        request = openssl("req", "-new", *how, "-nodes", "-subj",
                          f"/CN={name}", "-addext",
                          f"subjectAltName=DNS:{name}",
                          *(word for each in more
                            for word in ("-addext", each)),
                          "-keyout", key)
        openssl("x509", "-req", "-CA", self.cert, "-CAkey", self.key,
                "-days", days, "-copy_extensions", "copyall", "-out", cert,
                input=request)
        key.chmod(0o600)
        cert.chmod(0o600)
        return cert, key

    def staple(self, cert, out):
        """An OCSP response that says "good", for a day."""
        serial = openssl("x509", "-in", cert, "-noout", "-serial")
        serial = serial.decode().strip().split("=")[1]
        index = self.path / "index.txt"
        index.write_text(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN=x\n")
        request = self.path / "request.der"
        openssl("ocsp", "-issuer", self.cert, "-cert", cert, "-no_nonce",
                "-reqout", request)
        openssl("ocsp", "-index", index, "-CA", self.cert, "-rsigner",
                self.cert, "-rkey", self.key, "-reqin", request,
                "-respout", out, "-ndays", "1")

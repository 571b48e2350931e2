# SPDX-License-Identifier: MIT
"""testssl.sh looks at the defaults: no finding of severity MEDIUM or worse,
chain of trust apart."""
import json
import shutil
import subprocess
import sys

import pytest

from real import TOP, RealServer

sys.path.insert(0, str(TOP / "tests" / "process"))

from pki import Authority  # noqa: E402

PATIENCE = 800
TAME = ("OK", "INFO", "LOW", "WARN", "DEBUG")
# That the test's own CA is nobody's, and says nothing about revocation.
TRUST = ("cert_chain_of_trust", "cert_trust", "cert_revocation")


@pytest.fixture
def server(hookline, stage):
    ca = Authority(stage.base / f"testssl-{RealServer.COUNT}")
    lines = []
    for kind in ("ec", "rsa"):
        cert, key = ca.issue(kind, "localhost", kind, more=(
            "authorityInfoAccess=OCSP;URI:http://127.0.0.1:1/",
            "extendedKeyUsage=serverAuth"))
        staple = ca.path / f"{kind}.der"
        ca.staple(cert, staple)
        # The server is not started as root here.
        for path in (cert, key, staple):
            path.chmod(0o644)
        lines.append(f"* {cert} {key} {staple}")
    server = hookline(plugins=["rcpt_ok", "queue/discard"], tls_certs=lines,
                      rcpthosts="example.com", max_per_client="0", rdns="0")
    server.implicit = server.vars["PORT2"]
    server.config("listen", [f"{server.host}:{server.vars['PORT']}",
                             f"{server.host}:{server.implicit} tls"])
    server.ca = ca
    server.start()
    return server


def findings(server, tmp_path, *args):
    out = tmp_path / "findings.json"
    result = subprocess.run(
        ["testssl", "--quiet", "--warnings", "off", "--color", "0", "--ip",
         "one", "--openssl", shutil.which("openssl"), "--add-ca",
         server.ca.cert, "--jsonfile", out, "-p", "-s", "-f", "-P", "-S", "-U",
         *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
    assert out.exists(), result.stdout
    return {row["id"]: row for row in json.loads(out.read_text())}


@pytest.mark.skipif(shutil.which("testssl") is None,
                    reason="testssl.sh is not installed")
@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_no_finding(server, tmp_path, how):
    if how == "starttls":
        found = findings(server, tmp_path, "--starttls", "smtp",
                         f"{server.host}:{server.vars['PORT']}")
    else:
        found = findings(server, tmp_path, f"{server.host}:{server.implicit}")
    bad = [(row["severity"], name, row["finding"])
           for name, row in found.items() if row["severity"] not in TAME
           and not name.startswith(TRUST)]
    assert not bad
    # It did look.
    for name, want in (("SSLv3", "not offered"), ("TLS1", "not offered"),
                       ("TLS1_1", "not offered"), ("TLS1_2", "offered"),
                       ("TLS1_3", "offered"), ("PFS", "offered"),
                       ("OCSP_stapling <cert#1>", "offered"),
                       ("cert_keySize <cert#2>", ""),
                       ("heartbleed", "not vulnerable"),
                       ("secure_client_renego", "not vulnerable")):
        assert found[name]["finding"].startswith(want), found[name]

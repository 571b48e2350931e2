# SPDX-License-Identifier: MIT
"""Debian's unbound on a loopback port, in front of an Nsd, which is its root
server, too.  It knows no trust anchors but the test's."""
import re
import shutil
import subprocess

from nsd import free_port, knows
from services import HOST, Service

SERVER = """
server:
    interface: {host}@{port}
    port: {port}
    username: ""
    chroot: ""
    directory: "{dir}"
    pidfile: "{dir}/unbound.pid"
    use-syslog: no
    logfile: ""
    num-threads: 1
    do-ip6: no
    do-not-query-localhost: no
    access-control: 127.0.0.0/8 allow
    module-config: "validator iterator"
    rrset-roundrobin: no
    extended-statistics: yes
    # What is for this machine alone by default is for the tests' zones here.
    {defaults}
    # The server behind hangs, and is asked again soon after.
    infra-host-ttl: 1
    {anchors}
remote-control:
    control-enable: yes
    control-interface: "{dir}/control"
    control-use-cert: no
"""
STUB = """
stub-zone:
    name: "{name}"
    stub-addr: {host}@{port}
"""
DEFAULTS = ("test.", "127.in-addr.arpa.", "2.0.192.in-addr.arpa.",
            "100.51.198.in-addr.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa.")
# A key that no zone of a test has.
ANCHOR = 'trust-anchor: "{name}. DS 4711 13 2 {digest}"'
PROGRAM = shutil.which("unbound") or shutil.which("unbound", path="/usr/sbin")


class Unbound(Service):
    """Asks `nsd` about everything, which refuses (a lame server) what is in
    none of its zones.  `bogus` are parts of these that had to be signed.  It
    is ready when it can tell nsd's first zone."""

    def __init__(self, folder, nsd, bogus=()):
        super().__init__(folder)
        self.port = free_port()
        self.first = nsd.first
        anchors = "\n    ".join(
            ANCHOR.format(name=name, digest="11" * 32) for name in bogus)
        defaults = "\n    ".join(
            f'local-zone: "{name}" nodefault' for name in DEFAULTS)
        self.conf = folder / "unbound.conf"
        self.conf.write_text(
            SERVER.format(host=HOST, port=self.port, dir=folder,
                          anchors=anchors, defaults=defaults)
            + "".join(STUB.format(name=name, host=HOST, port=nsd.port)
                      for name in [".", *nsd.zones]))

    def command(self):
        return [PROGRAM, "-d", "-p", "-c", self.conf]

    def is_ready(self):
        return knows(self.port, self.first)

    def count(self, name):
        """One of its statistics, as total.num.queries."""
        text = subprocess.run(
            [PROGRAM + "-control", "-c", self.conf, "stats_noreset"],
            check=True, capture_output=True, text=True).stdout
        return int(re.search(rf"^{re.escape(name)}=(\d+)", text, re.M)[1])

# SPDX-License-Identifier: MIT
"""What plugins ask outside: the DNS of root.zone, and servers of other
protocols that do what a table says."""
import re
import shutil
import socket
import subprocess
import threading
from pathlib import Path

from peers import TOGETHER, WAIT, until

HERE = Path(__file__).resolve().parent
NSD = """
server:
    ip-address: 127.0.0.1@{port}
    port: {port}
    username: ""
    chroot: ""
    zonesdir: "{here}"
    pidfile: "{dir}/nsd.pid"
    database: ""
    zonelistfile: "{dir}/zone.list"
    xfrdfile: "{dir}/xfrd.state"
    xfrdir: "{dir}"
    logfile: "{dir}/nsd.log"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: .
    zonefile: root.zone
zone:
    name: broken.example
    zonefile: missing
"""
QUERY = b"\0\1\1\0\0\1\0\0\0\0\0\0\7example\0\0\6\0\1"


def free_port():
    """For UDP and TCP."""
    while True:
        with socket.socket() as tcp, \
                socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]


class Dns:
    """Debian's nsd."""

    def __init__(self, folder):
        self.port = free_port()
        (folder / "nsd.conf").write_text(
            NSD.format(port=self.port, here=HERE, dir=folder))
        program = shutil.which("nsd") or "/usr/sbin/nsd"
        self.process = subprocess.Popen(
            [*TOGETHER, program, "-d", "-c", folder / "nsd.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        until(self.answers)

    def answers(self):
        assert self.process.poll() is None, "nsd has ended"
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.2)
            try:
                sock.sendto(QUERY, ("127.0.0.1", self.port))
                return len(sock.recv(4096)) > 12
            except OSError:
                return False

    def stop(self):
        self.process.terminate()
        self.process.wait(WAIT)


class Stub:
    """A TCP server.  For each client it does its lines: `> REGEX` reads until
    that is there, `< TEXT` writes a line, `<< TEXT` writes just that (both
    know \\r, \\n, \\0).  Then it hangs up."""

    def __init__(self, lines):
        self.lines = lines
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(WAIT)
                try:
                    self.serve(client)
                except OSError:
                    pass

    def serve(self, client):
        data = b""
        for line in self.lines:
            word, _, text = line.partition(" ")
            if word == ">":
                while not (found := re.search(text.encode(), data, re.S)):
                    more = client.recv(65536)
                    if not more:
                        return
                    data += more
                data = data[found.end():]
            else:
                text = text.encode().decode("unicode_escape")
                client.sendall((text + ("\r\n" if word == "<" else ""))
                               .encode("latin-1"))

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

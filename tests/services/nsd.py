# SPDX-License-Identifier: MIT
"""Debian's nsd with zones of a test, on a loopback port."""
import shutil
import socket
import struct

import real
from services import HOST, Service

SERVER = """
server:
    ip-address: {host}@{port}
    port: {port}
    username: ""
    chroot: ""
    zonesdir: "{dir}"
    pidfile: "{dir}/nsd.pid"
    database: ""
    zonelistfile: "{dir}/zone.list"
    xfrdfile: "{dir}/xfrd.state"
    xfrdir: "{dir}"
    logfile: "{dir}/nsd.output"
    server-count: 1
    rrl-ratelimit: 0
    hide-version: yes
remote-control:
    control-enable: no
"""
ZONE = """
zone:
    name: {name}
    zonefile: "{file}"
"""
PROGRAM = shutil.which("nsd") or shutil.which("nsd", path="/usr/sbin")
SOA = 6


def free_port():
    """For UDP and TCP."""
    while True:
        with socket.socket() as tcp, \
                socket.socket(type=socket.SOCK_DGRAM) as udp:
            port = real.free_port(HOST)
            try:
                tcp.bind((HOST, port))
                udp.bind((HOST, port))
            except OSError:
                continue
            return port


def knows(port, zone):
    """Does the server there answer a question about it?"""
    labels = [label for label in zone.split(".") if label]
    query = struct.pack("!6H", 1, 0x100, 1, 0, 0, 0) + b"".join(
        bytes([len(label)]) + label.encode() for label in labels) \
        + struct.pack("!BHH", 0, SOA, 1)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        try:
            sock.sendto(query, (HOST, port))
            answer = sock.recv(4096)
        except OSError:
            return False
    return len(answer) > 12 and not answer[3] & 15


class Nsd(Service):
    """`zones`: names and files, in `folder` or absolute.  It is ready when it
    knows the first; one whose file is missing is not served."""

    def __init__(self, folder, zones):
        super().__init__(folder)
        self.port = free_port()
        self.zones = list(zones)
        self.first = self.zones[0]
        (folder / "nsd.conf").write_text(
            SERVER.format(host=HOST, port=self.port, dir=folder)
            + "".join(ZONE.format(name=name, file=file)
                      for name, file in zones.items()))

    def command(self):
        return [PROGRAM, "-d", "-c", self.folder / "nsd.conf"]

    def is_ready(self):
        return knows(self.port, self.first)

# SPDX-License-Identifier: MIT
"""A DNS server for one dialog, over UDP.

Knows what the dialog's `dns` block says, one record a line:

	mx.example A 192.0.2.1
	example MX 10 mx.example
	example TXT v=spf1 -all
	1.2.0.192.in-addr.arpa PTR mx.example
	broken.example SERVFAIL
	silent.example TIMEOUT

A name without any line does not exist; one without the type that is asked
for has no such record.  CNAMEs are put in the answer and not followed.
"""

import socket
import struct
import threading

from .errors import DialogError

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16,
         "AAAA": 28, "SRV": 33}
TTL = 60
SERVFAIL, NXDOMAIN = 2, 3


def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        out += bytes([len(label)]) + label.encode() if label else b""
    return out + b"\0"


def wire_data(kind, text):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, text)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, text)
    if kind == "MX":
        priority, _, host = text.partition(" ")
        return struct.pack("!H", int(priority)) + wire_name(host.strip())
    if kind == "SRV":
        priority, weight, port, host = text.split()
        return struct.pack("!HHH", int(priority), int(weight),
                           int(port)) + wire_name(host)
    if kind == "TXT":
        data = text.encode()
        parts = [data[i:i + 255] for i in range(0, len(data), 255)] or [b""]
        return b"".join(bytes([len(part)]) + part for part in parts)
    return wire_name(text)


class Zone:
    def __init__(self, lines):
        self.records = {}       # name -> [(type, data)]
        self.faults = {}        # name -> SERVFAIL or TIMEOUT
        for line in lines:
            words = line.split(None, 2)
            if not words or words[0].startswith("#"):
                continue
            name = words[0].rstrip(".").lower()
            kind = words[1].upper() if len(words) > 1 else ""
            if kind in ("SERVFAIL", "TIMEOUT"):
                self.faults[name] = kind
            elif kind in TYPES and len(words) == 3:
                self.add(name, kind, words[2].strip(), line)
            else:
                raise DialogError(f"dns: not understood: {line}")

    def add(self, name, kind, text, line):
        try:
            data = wire_data(kind, text)
        except (OSError, ValueError) as err:
            raise DialogError(f"dns: {line}: {err}") from err
        self.records.setdefault(name, []).append((TYPES[kind], data))

    def answer(self, query):
        """The reply to a datagram, or None for silence."""
        ident, flags, questions = struct.unpack("!HHH", query[:6])
        if questions != 1 or flags & 0x8000:
            return None
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        name = ".".join(labels).lower()
        kind, = struct.unpack("!H", query[at + 1:at + 3])
        question = query[12:at + 5]
        if self.faults.get(name) == "TIMEOUT":
            return None
        code, records = 0, []
        if name in self.faults:
            code = SERVFAIL
        elif name not in self.records:
            code = NXDOMAIN
        else:
            records = [one for one in self.records[name]
                       if one[0] in (kind, TYPES["CNAME"])]
        head = struct.pack("!HHHHHH", ident, 0x8180 | code, 1, len(records),
                           0, 0)
        return head + question + b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", one, 1, TTL, len(data)) + data
            for one, data in records)


class DnsServer:
    def __init__(self, host, lines):
        self.zone = Zone(lines)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((host, 0))
        self.sock.settimeout(0.2)
        self.where = f"{host}:{self.sock.getsockname()[1]}"
        self.ended = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended:
            try:
                query, sender = self.sock.recvfrom(4096)
                reply = self.zone.answer(query)
            except socket.timeout:
                continue
            except (OSError, IndexError, struct.error):
                continue        # a query that is none
            if reply:
                self.sock.sendto(reply, sender)

    def stop(self):
        self.ended = True
        self.thread.join()
        self.sock.close()

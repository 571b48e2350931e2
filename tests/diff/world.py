# SPDX-License-Identifier: MIT
"""What plugins ask outside: the DNS of root.zone, real servers, and servers of
other protocols that do what a table says."""
import functools
import re
import socket
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from geoip import GeoIp
from peers import WAIT
from nsd import Nsd
from scanners import Clamd, Spamd
from services import HOST, Slapd, certificate

HERE = Path(__file__).resolve().parent


class Web:
    """The files of www/ over HTTP."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    def __init__(self, _):
        self.server = ThreadingHTTPServer((HOST, 0), functools.partial(
            self.Handler, directory=HERE / "www"))
        self.port = self.server.server_port

    def start(self):
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Certificate:
    """A folder with cert.pem, key.pem and ca.pem."""

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        self.folder.mkdir()
        certificate(self.folder)

    def stop(self):
        pass


class World:
    """A server is started when a setup first asks for it, and is there for
    all of them."""

    def __init__(self, stage):
        self.base, user = stage.base, stage.process_user()
        self.kinds = {
            "dns": lambda folder: Nsd(folder, {
                ".": HERE / "root.zone", "broken.example": "missing"}),
            "certificate": Certificate,
            "clamd": functools.partial(Clamd, user=user),
            "geoip": GeoIp,
            "http": Web,
            "slapd": Slapd,
            "spamd": functools.partial(Spamd, user=user),
        }
        self.servers = {}

    def words(self, names):
        """Variables: $NAME is the port of NAME, or its folder; where it has
        a socket that is $NAMESOCKET."""
        result = {}
        for name in ["dns", *names]:
            if name not in self.servers:
                server = self.kinds[name](self.base / name)
                server.start()
                self.servers[name] = server
            server = self.servers[name]
            result[name.upper()] = server.port \
                if hasattr(server, "port") else server.folder
            if hasattr(server, "socket"):
                result[name.upper() + "SOCKET"] = server.socket
        return result

    def stop(self):
        for server in self.servers.values():
            server.stop()


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

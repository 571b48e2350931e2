# SPDX-License-Identifier: MIT
"""What plugins ask outside: the DNS of root.zone, real servers, and servers of
other protocols that do what a table says."""
import functools
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from geoip import GeoIp
from deliverabled import Deliverabled
from fake import Fake, at_path
from nsd import Nsd
from scanners import Clamd, Spamd
from services import HOST, Cvm, Slapd, certificate

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


def words_of(name, server):
    """Variables: $NAME is the server's port, or its folder; where it has a
    socket that is $NAMESOCKET."""
    words = {name: getattr(server, "port", None) or server.folder}
    if hasattr(server, "socket"):
        words[name + "SOCKET"] = server.socket
    return words


class DkimKeys(Certificate):
    """A folder with a private key and a selector for signer.example."""

    def start(self):
        keys = self.folder / "signer.example"
        keys.mkdir(parents=True)
        (keys / "selector").write_text("test\n")
        subprocess.run(["openssl", "genrsa", "-traditional", "-out",
                        keys / "private", "1024"], check=True,
                       capture_output=True)
        (keys / "private").chmod(0o644)


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
            "cvm": Cvm,
            "deliverabled": Deliverabled,
            "dkim": DkimKeys,
            "geoip": GeoIp,
            "http": Web,
            "slapd": Slapd,
            "spamd": functools.partial(Spamd, user=user),
        }
        self.servers = {}

    def words(self, names):
        result = {}
        for name in ["dns", *names]:
            if name not in self.servers:
                server = self.kinds[name](self.base / name)
                server.start()
                self.servers[name] = server
            result.update(words_of(name.upper(), self.servers[name]))
        return result

    def stop(self):
        for server in self.servers.values():
            server.stop()


class Stub(Fake):
    """A server at a TCP port and a Unix socket.  For each client it does its
    lines: `> REGEX` reads until that is there, `< TEXT` writes a line,
    `<< TEXT` writes just that (both know \\r, \\n, \\0), `linger` waits until
    the client has hung up.  Then it hangs up."""

    def __init__(self, lines):
        self.lines = lines
        # Some plugins want a plain name.
        self.place = Path(tempfile.mkdtemp(prefix="stub", dir="/tmp"))
        self.socket = self.place / "socket"
        tcp = socket.create_server((HOST, 0))
        self.port = tcp.getsockname()[1]
        super().__init__(tcp, at_path(self.place))

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
            elif word == "linger":
                while client.recv(65536):
                    pass
            else:
                text = text.encode().decode("unicode_escape")
                client.sendall((text + ("\r\n" if word == "<" else ""))
                               .encode("latin-1"))

    def stop(self):
        super().stop()
        shutil.rmtree(self.place)

# SPDX-License-Identifier: MIT
"""Stands in for qmail-deliverabled, which Debian does not have: the answer is
the number that the local part begins with (0xf1, 0), none for others."""
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from urllib.parse import unquote, urlsplit

from services import HOST


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        address = unquote(url.query)
        self.server.asked.append((self.path, self.headers["Host"]))
        found = re.match("0x[0-9a-f]+|0", address)
        if url.path != "/qd1/deliverable":
            self.send_error(403)
        elif found:
            body = str(int(found[0], 16)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            self.send_response(204)
            self.end_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def server_bind(self):
        """Without asking the DNS for our name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


class Deliverabled:
    def __init__(self, _=None, host=HOST, port=0):
        self.server = Server((host, port), Handler)
        self.server.asked = []
        self.port = self.server.server_port

    @property
    def asked(self):
        return self.server.asked

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=[0.05],
                         daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

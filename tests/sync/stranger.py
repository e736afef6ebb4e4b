"""The tests' stranger: an HTTP server that is not the centre, or stands before it."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from commandcenter.protocol.messages import CONTENT_TYPE, VERSION_HEADER

OURS = {"Content-Type": CONTENT_TYPE, VERSION_HEADER: "1"}
Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Stranger:
    """``reply`` answers; requests are kept in ``asked``."""

    url: str
    reply: Callable[[Asked], Reply | None]
    asked: list[Asked] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    secure: Callable[[ssl.SSLContext], None] = lambda context: None  # from now on with TLS


@contextmanager
def stranger(reply: Callable[[Asked], Reply | None]) -> Iterator[Stranger]:
    """A server at some port. ``reply`` None: it says nothing until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
            here.asked.append(asked)
            said = here.reply(asked)
            if said is None:
                here.let_go.wait(30)
                self.close_connection = True
                return
            status, headers, body = said
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _serve

        def handle(self) -> None:
            """Who breaks off is no mistake here."""
            with contextlib.suppress(OSError):
                super().handle()

        def log_message(self, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here = Stranger(f"http://127.0.0.1:{server.server_address[1]}", reply)

    def secure(context: ssl.SSLContext) -> None:
        server.socket = context.wrap_socket(server.socket, server_side=True)

    here.secure = secure
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="stranger")
    thread.start()
    try:
        yield here
    finally:
        here.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def passed_on(asked: Asked, url: str) -> Reply:
    """What the centre at ``url`` answers to the same."""
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=10)
    path = asked.path
    if path.startswith("http"):  # as a proxy is asked
        path = path.split("/", 3)[3]
        path = "/" + path
    headers = {name: value for name, value in asked.headers.items() if name.lower() != "proxy-connection"}
    connection.request(asked.method, path, asked.body or None, headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    kept = {
        name: value
        for name, value in answer.getheaders()
        if name.lower() not in ("content-length", "transfer-encoding", "connection")
    }
    return answer.status, kept, body

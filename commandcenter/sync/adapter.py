"""The adapter between requests and the network: the machine's certificate store, and a way to break off."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import weakref
from typing import Any

import truststore
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Sockets:
    """The sockets of one session, so that a read that hangs can be ended from another thread."""

    def __init__(self) -> None:
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._cut = False

    def add(self, opened: socket.socket) -> None:
        """A connection was made."""
        with self._lock:
            self._open.add(opened)
            if self._cut:
                _shut(opened)

    def cut(self) -> None:
        """End every read and write under way, and every one begun from now on."""
        with self._lock:
            self._cut = True
            for opened in self._open:
                _shut(opened)

    def mend(self) -> None:
        """Connections made from now on live."""
        with self._lock:
            self._cut = False


def _shut(opened: socket.socket) -> None:
    # closing would wait for the reader's lock; and of TLS only what lies below it is ended, for the reader
    # is in the middle of it
    with contextlib.suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


class Adapter(HTTPAdapter):
    """Trusts what the machine trusts, and an authority named by ``REQUESTS_CA_BUNDLE``, nothing else."""

    def __init__(self, sockets: Sockets) -> None:
        self._context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._sockets = sockets
        super().__init__(pool_connections=2, pool_maxsize=2)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Connections straight to the centre."""
        super().init_poolmanager(*arguments, **named, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = _pools(self._sockets)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        """Connections by way of a proxy."""
        manager = super().proxy_manager_for(proxy, **named, ssl_context=self._context)
        manager.pool_classes_by_scheme = _pools(self._sockets)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Without the library's own list of authorities, which it would add to the machine's."""
        if verify is not True:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        else:
            conn.cert_reqs = "CERT_REQUIRED"


def _pools(sockets: Sockets) -> dict[str, Any]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}

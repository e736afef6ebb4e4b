"""The single window of a data directory: a second start asks the first one to come forward."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

WAIT_MS = 1000


def name_of(folder: Path) -> str:
    """The local socket's name: one for each data directory."""
    return "licheng-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]


def raise_other(folder: Path) -> bool:
    """Ask the window that holds ``folder`` to come forward. False if it did not answer."""
    socket = QLocalSocket()
    socket.connectToServer(name_of(folder))
    if not socket.waitForConnected(WAIT_MS):
        return False
    socket.disconnectFromServer()
    return True


class Listener(QObject):
    """Listens for a second start."""

    def __init__(self, folder: Path, come_forward: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._come_forward = come_forward
        self._server.newConnection.connect(self._asked)
        name = name_of(folder)
        QLocalServer.removeServer(name)  # left by a crash: the lock says nobody else is here
        self._server.listen(name)

    def _asked(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.close()
            socket.deleteLater()
        self._come_forward()

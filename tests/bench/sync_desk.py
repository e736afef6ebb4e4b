"""The bench's desk: the desktop program without its window, in a process of its own, told what to do.

``python -m tests.bench.sync_desk FOLDER``: one JSON object a line on standard input, one for each on standard
output. Instants are seconds of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

# what a window has loaded long before somebody pulls the cable
import commandcenter.sync.enrolment
import commandcenter.sync.known
import commandcenter.sync.synchroniser  # noqa: F401
from commandcenter.runtime import DataDirectory, Desktop
from commandcenter.services.log import WriteLogEntry

TEXT = "浮桥街道某小区地下室进水约 0.8 m，有 2 人未出，已通知常泰消防站派员前往处置，后续情况待报 {n}"
LONGEST_S = 600.0
ACKED_AND_RECEIVED = struct.Struct("=QQ")  # tcpi_bytes_acked, tcpi_bytes_received of Linux's struct tcp_info
THERE = 120


class Desk:
    """One desk and when each row of others came into its tables."""

    def __init__(self, folder: Path) -> None:
        self.desktop = Desktop(DataDirectory(folder))
        self.came: dict[str, float] = {}
        self._news = threading.Condition()
        self.desktop.sync.watch_arrivals(self._arrived)
        self.desktop.start()
        self.desktop.ready.result(60)

    def _arrived(self, rows: frozenset[UUID]) -> None:
        now = time.perf_counter()
        with self._news:
            self.came.update(dict.fromkeys(map(str, rows), now))
            self._news.notify_all()

    def begin(self) -> float:
        """Exchange from now on; the instant before."""
        began = time.perf_counter()
        self.desktop.sync.begin()
        return began

    def live(self) -> float:
        """Once it is online, live, and nothing waits."""
        ends = time.perf_counter() + LONGEST_S
        while True:
            state = self.desktop.sync_state()
            if self.desktop.sync.live and state.state == "online" and not state.waiting:
                return time.perf_counter()
            if time.perf_counter() > ends:
                raise TimeoutError(state)
            time.sleep(0.005)

    def rows(self, count: int) -> float:
        """When so many rows of others have come: the instant of the last."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.came) >= count, LONGEST_S):
                raise TimeoutError(f"{len(self.came)} of {count}")
            return max(self.came.values())

    def write(self, count: int, pause_s: float) -> list[tuple[str, float, float]]:
        """Lines with a pause after each: (id, handed in, on the disk)."""
        return [self._line(n, pause_s) for n in range(count)]

    def write_until(self, rows: int, pause_s: float) -> list[tuple[str, float, float]]:
        """The same until so many rows of others have come."""
        out: list[tuple[str, float, float]] = []
        while len(self.came) < rows:
            out.append(self._line(len(out), pause_s))
        return out

    def _line(self, n: int, pause_s: float) -> tuple[str, float, float]:
        command = WriteLogEntry(text=TEXT.format(n=n), channel="phone", direction="incoming")
        began = time.perf_counter()
        outcome = self.desktop.execute(command).result(60)
        done = time.perf_counter()
        time.sleep(pause_s)
        return str(outcome.ids[0]), began, done

    def bytes(self) -> tuple[int, int]:
        """(sent, received) on the wire by the worker's connections, everything of TCP's payload."""
        running = self.desktop.sync._running
        assert running is not None
        sent = received = 0
        with running._centre._sockets._lock:
            for one in running._centre._sockets._open:
                info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
                acked, got = ACKED_AND_RECEIVED.unpack_from(info, THERE)
                sent, received = sent + acked, received + got
        return sent, received

    def forget(self) -> None:
        """Count anew."""
        self.came.clear()


def main() -> int:
    """Do what standard input says until it ends."""
    desk = Desk(Path(sys.argv[1]))
    verbs: dict[str, Callable[..., Any]] = {
        "begin": desk.begin,
        "live": desk.live,
        "rows": desk.rows,
        "write": desk.write,
        "write_until": desk.write_until,
        "bytes": desk.bytes,
        "came": lambda: desk.came,
        "forget": desk.forget,
    }
    say({"ready": True})
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        say(verbs[verb](*arguments))
    desk.desktop.close()
    return 0


def say(what: Any) -> None:
    """One line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""The tests' centre process: started as an operator starts it, killed as a power cut does."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.terminal import ROOT, Answer, process

DISTRICT, STREET = "350502", "350502001"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


@dataclass
class CentreProcess:
    """A centre in a process of its own, on a file in ``folder`` or on the PostgreSQL at ``database``."""

    folder: Path
    port: int = field(default_factory=free_port)
    database: str | None = None
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> list[str]:
        """Where it is, as the command line says it."""
        where = [] if self.database is None else ["--database", self.database]
        return ["--data", str(self.folder), *where]

    @property
    def log(self) -> Path:
        """What it said on stderr."""
        return self.folder.parent / f"{self.folder.name}.log"

    def start(self) -> None:
        """Start it and wait until it answers."""
        arguments = ["serve", "--listen", f"127.0.0.1:{self.port}", *self.place]
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "commandcenter", *arguments, "--backup-at", "never"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self.running.stdout is not None
        line = self.running.stdout.readline()
        assert b"listening" in line, self.log.read_text()[-2000:]

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it; SIGKILL as a power cut would."""
        if self.running is not None:
            self.running.send_signal(number)
            self.running.wait(20)
            assert self.running.stdout is not None
            self.running.stdout.close()
            self.running = None

    def code(self, scope: str = DISTRICT) -> str:
        """An enrolment code."""
        answer = process(["code", "new", "--scope", scope, "--role", "desk", *self.place])
        assert answer.code == 0, answer
        code: str = answer.document["code"]
        return code

    def requests(self) -> list[str]:
        """Method and path of every request it answered so far, but for streams that are open."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [f"{line['method']} {line['path']}" for line in lines if line.get("said") == "request"]

    def enrol(self, data: Path, scope: str = DISTRICT) -> Answer:
        """A desk's folder enrolled from the command line."""
        return process(["enrol", "--server", self.url, "--code", self.code(scope), "--data", data])


def sync(data: Path, **more: Any) -> Answer:
    """``sync --once``."""
    return process(["sync", "--once", "--data", data], **more)


def until(holds: Callable[[], object], what: str, timeout_s: float = 15.0) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < ends, what
        time.sleep(0.01)

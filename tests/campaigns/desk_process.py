"""The campaigns' hold on a desk process: started, told what to do, killed, and what it acknowledged."""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.terminal import ROOT

ANSWER_S = 60.0
Answer = dict[str, Any]


class Killed(Exception):
    """The desk was killed before it answered."""


@dataclass
class DeskProcess:
    """A desk in ``folder``; see tests.campaigns.desk for what it can be told."""

    folder: Path
    acks: list[Answer] = field(default_factory=list)  # of all its processes, in their order
    _running: subprocess.Popen[bytes] | None = None
    _killing: bool = False
    _reader: threading.Thread | None = None
    _waiting: dict[int, Future[Answer]] = field(default_factory=dict)
    _serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def log(self) -> Path:
        """What it said on stderr."""
        return self.folder.parent / f"{self.folder.name}.log"

    def begin(self) -> Future[Answer]:
        """Start it; done when the desk is open."""
        ready = self._waiting[0] = Future()
        with self.log.open("ab") as log:
            running = self._running = subprocess.Popen(
                [sys.executable, "-m", "tests.campaigns.desk", str(self.folder)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._reader = threading.Thread(target=self._read, args=(running,), name=f"desk {self.folder.name}")
        self._reader.start()
        return ready

    def start(self) -> None:
        """Start it and wait until it is open."""
        self.begin().result(ANSWER_S)

    def tell(self, what: str, **more: Any) -> Future[Answer]:
        """Have something done behind what it was told before."""
        number = next(self._serial)
        done = self._waiting[number] = Future()
        running = self._running
        assert running is not None and running.stdin is not None
        try:
            running.stdin.write(json.dumps({"re": number, "what": what, **more}).encode() + b"\n")
            running.stdin.flush()
        except OSError as error:
            raise AssertionError(f"{self.folder.name} fell: {self.log.read_text()[-3000:]}") from error
        return done

    def ask(self, what: str, **more: Any) -> Answer:
        """The same, waiting for it."""
        return self.tell(what, **more).result(ANSWER_S)

    def _read(self, running: subprocess.Popen[bytes]) -> None:
        assert running.stdout is not None
        for line in running.stdout:
            if not line.endswith(b"\n"):
                break  # torn by its end: nobody was told
            said = json.loads(line)
            if "ack" in said:
                self.acks.append(said)
            else:
                self._waiting.pop(said["re"]).set_result(said)
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if self._killing:
                future.set_exception(Killed(self.folder.name))
            else:
                future.set_exception(
                    AssertionError(f"{self.folder.name} fell: {self.log.read_text()[-3000:]}")
                )

    def kill(self) -> None:
        """As a power cut does. Unlike it, what is on its way on the pipe arrives."""
        assert self._running is not None
        self._killing = True
        self._running.kill()
        code = self._ended(10)
        self._killing = False
        assert code == -signal.SIGKILL, (
            f"{self.folder.name} ended by itself with {code}: {self.log.read_text()}"
        )

    def stop(self) -> None:
        """As its window is closed."""
        if self._running is None:
            return
        assert self._running.stdin is not None
        self._running.stdin.close()
        try:
            code = self._ended(20)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._ended(10)
            raise
        assert code == 0, f"{self.folder.name} ended with {code}: {self.log.read_text()[-3000:]}"

    def abandon(self) -> None:
        """End it whatever it does: something has failed."""
        if self._running is not None:
            self._killing = True
            self._running.kill()
            self._ended(10)

    def _ended(self, timeout_s: float) -> int:
        assert self._running is not None and self._reader is not None
        code = self._running.wait(timeout_s)
        self._reader.join(10)
        for stream in (self._running.stdin, self._running.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):  # what it had not read yet
                stream.close()
        self._running = None
        return code

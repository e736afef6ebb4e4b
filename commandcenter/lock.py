"""The lock of a data directory: one program synchronises, owns the window, or restores."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO

from commandcenter.domain.errors import Unavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class Lock:
    """The lock file of a data directory: its holder synchronises, owns the window, or restores."""

    def __init__(self, folder: Path, purpose: str) -> None:
        self._file = folder / "lock"
        self._purpose = purpose
        self._stream: IO[str] | None = None

    def take(self) -> bool:
        """Take the lock if nobody has it. It ends with the process, however that ends."""
        stream = self._file.open("a+", encoding="utf-8")
        try:
            if sys.platform == "win32":
                stream.seek(0)
                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            return False
        self._stream = stream
        with contextlib.suppress(OSError):  # behind the byte that is locked: others may read it
            stream.truncate(0)
            stream.write(f" {self._purpose} {os.getpid()}\n")
            stream.flush()
        return True

    def holder(self) -> tuple[str, int] | None:
        """(what for, process id) of who holds it, as they wrote it down; None: nothing is written."""
        with contextlib.suppress(OSError, ValueError), self._file.open("rb") as stream:
            stream.seek(1)
            purpose, pid = stream.read(80).split()
            return purpose.decode("ascii"), int(pid)
        return None

    def release(self) -> None:
        """Give the lock back."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def __enter__(self) -> Lock:
        if not self.take():
            raise Unavailable("directory_in_use", purpose=self._purpose)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

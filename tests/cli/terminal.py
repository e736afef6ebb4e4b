"""The tests' terminal: a verb carried out in this process or in one of its own, and what it answered."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from commandcenter.__main__ import main
from commandcenter.domain.clock import instant_text, whole_ms

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """Exit code, the one JSON document of stdout, and what was said on stderr."""

    code: int
    document: dict[str, Any]
    stderr: str

    @property
    def ids(self) -> list[str]:
        """The ids of a command that was done."""
        assert self.code == 0, self
        ids: list[str] = self.document["ids"]
        return ids

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a list."""
        assert self.code == 0, self
        rows: list[dict[str, Any]] = self.document["rows"]
        assert self.document["count"] == len(rows)
        return rows


def now(**later: float) -> str:
    """An instant from now, as JSON has it."""
    return instant_text(whole_ms(datetime.now(UTC) + timedelta(**later)))


def here(*arguments: str | Path) -> Answer:
    """Carry a verb out in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Answer(code, json.loads(_one_line(out.getvalue())), err.getvalue())


def do(data: Path, command: str, /, **fields: Any) -> Answer:
    """``do COMMAND`` in this process."""
    return here("do", command, json.dumps(fields, ensure_ascii=False, default=str), "--data", data)


def listed(data: Path, kind: str, *where: str) -> list[dict[str, Any]]:
    """``list KIND`` in this process."""
    conditions = [part for condition in where for part in ("--where", condition)]
    return here("list", kind, *conditions, "--data", data).rows


def process(
    arguments: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    without: Sequence[str] = (),
    prefix: Sequence[str] = (),
    timeout_s: float = 60,
) -> Answer:
    """Carry a verb out in a process of its own; ``without``: environment variables it lacks.

    With ``stdin`` None it gets a pipe on which nothing ever comes: who waits for it, waits for ever."""
    environment = {name: value for name, value in os.environ.items() if name not in without}
    command = [*prefix, sys.executable, "-m", "commandcenter", *map(str, arguments)]
    nothing, never_written = os.pipe()
    try:
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=nothing if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            try:
                out, err = running.communicate(stdin, timeout_s)
            except BaseException:
                running.kill()
                raise
    finally:
        os.close(nothing)
        os.close(never_written)
    return Answer(running.returncode, json.loads(_one_line(out.decode())), err.decode())


def _one_line(text: str) -> str:
    assert text.endswith("\n")
    assert text.count("\n") == 1, f"not one document: {text!r}"
    return text

"""The centre's log: one JSON object a line, without a word of what anybody wrote, and without tokens."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

# What a line may say beside when, how bad, where and what: codes, numbers and ids only.
TOLD = ("request", "method", "path", "status", "ms", "device", "code", "error", "address", "file", "bytes")


class JsonLines(logging.Formatter):
    """A record as one line. Of an error its type and the places, never its text: that may hold a value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "said": record.msg if record.name.startswith("commandcenter.") else record.getMessage(),
        }
        for name in TOLD:
            value = record.__dict__.get(name)
            if value is not None:
                line[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            line["trace"] = _trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def _trace(error: BaseException) -> list[str]:
    told: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(told) < 40:
        told.append(type(cause).__qualname__)
        frames = traceback.extract_tb(cause.__traceback__)
        told += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        cause = cause.__cause__ or cause.__context__
    return told


def keep_log(level: int = logging.INFO) -> None:
    """Log to stderr, where systemd or a rotated file takes it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # its own lines repeat ours, and one of them has the whole address
    logging.getLogger("uvicorn").setLevel(logging.WARNING)

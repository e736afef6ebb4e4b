"""The child that reads a foreign table: it limits itself, reads one file, says what it found, and ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from commandcenter.documents import intake_excel, intake_text
from commandcenter.documents.intake_unfit import Unfit

FILE_MAX = 64 * 1024 * 1024  # bytes
MEMORY_MAX = 2 * 1024**3
CPU_S = 60

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"RIFF")
_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"


def limit() -> None:
    """Take no more memory and time than this, write no file. Nothing where the system has no such limits."""
    if sys.platform == "win32":
        return
    import resource

    for what, most in (
        (resource.RLIMIT_AS, MEMORY_MAX),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def read(path: Path, sheet: str | None) -> dict[str, Any]:
    """``{"sheet", "sheets", "rows"}``; a time stands as [text], an error cell as []. Unfit ``import_…``."""
    size = path.stat().st_size
    if size == 0:
        raise Unfit("import_empty")
    if size > FILE_MAX:
        raise Unfit("import_file_too_large", most=FILE_MAX // 1024**2)
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(_PICTURES) or start.startswith(_PDF):
        raise Unfit("import_picture")
    if start.startswith(_ZIP):
        return intake_excel.read_zip(path, sheet)
    if start.startswith(_OLE):
        return intake_excel.read_ole(path, sheet)
    return intake_text.read(path.read_bytes())


def main() -> None:
    """Read what the arguments name and answer on standard output."""
    limit()
    try:
        answer = read(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
    except Unfit as refusal:
        answer = {"refused": refusal.code, "values": refusal.values}
    except MemoryError:
        answer = {"refused": "import_unreadable", "values": {}}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    main()

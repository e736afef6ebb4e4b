"""The destination of a file: written beside its place, made durable, then put there in one step."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from commandcenter.domain.errors import Unavailable
from commandcenter.words import Words

_REASONS = {
    errno.ENOENT: "no_folder",
    errno.ENOTDIR: "no_folder",
    errno.EACCES: "not_allowed",
    errno.EPERM: "not_allowed",
    errno.EROFS: "not_allowed",
    errno.ETXTBSY: "not_allowed",
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EFBIG: "no_space",
    errno.EISDIR: "is_folder",
    errno.ENAMETOOLONG: "bad_name",
    errno.EINVAL: "bad_name",
}


@contextmanager
def replacing(path: Path, language: str) -> Iterator[BinaryIO]:
    """A new file, open for writing, that takes ``path``'s place when the block ends well.

    If anything is raised in the block, nothing is left and an older file at ``path`` is as it was. What the
    world refuses (no folder, no right, no space) is ``Unavailable("cannot_write_file", path=, reason=)``,
    with the reason in words of ``language``.
    """
    beside = path.parent / f".{uuid4().hex}.part"
    try:
        try:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            with beside.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            _remove(beside)
        _sync_folder(path.parent)
    except OSError as error:
        raise Unavailable("cannot_write_file", path=str(path), reason=_reason(error, language)) from error


def _remove(beside: Path) -> None:
    try:
        beside.unlink(missing_ok=True)
    except NotADirectoryError:
        return  # its "folder" is a file: nothing was made there


def _sync_folder(folder: Path) -> None:
    """The new name survives a power loss too. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: OSError, language: str) -> str:
    words = Words(language)
    known = _REASONS.get(error.errno or 0)
    if known is None:
        return words("documents.reason.other", detail=error.strerror or type(error).__name__)
    return words(f"documents.reason.{known}")

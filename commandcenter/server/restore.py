"""Restoring the centre: what was there is kept, and what comes opens a new epoch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commandcenter.domain.errors import Unavailable
from commandcenter.server.backup import folder_of
from db.centre import audit
from db.centre.backup import check_file, copy_to, epoch_of, fold_in, load_dump, others_connected
from db.centre.engine import FILE, CentreEngine, open_centre
from db.centre.purge import certificates

if TYPE_CHECKING:
    from db.centre.store import CentreStore

Certified = tuple[bytes, tuple[int, int]]  # a certificate's entry, and the number it was first given
Opening = Callable[[CentreEngine], "CentreStore"]


def file(data: Path, source: Path, opening: Opening, now: datetime) -> dict[str, Any]:
    """Put a backup in the place of the centre's file. ``{"file", "kept", "epoch", "n"}``.

    The new epoch is opened before it takes the place: one who is cut off has the former file or the new."""
    check_file(source)
    place = data / FILE
    arriving = data / "arriving"
    shutil.rmtree(arriving, ignore_errors=True)  # of a restore that was cut off
    arriving.mkdir()
    try:
        shutil.copyfile(source, arriving / FILE)
        known = _certificates_in(data)
        epoch, n = _renewed(open_centre(None, arriving), _epoch_in(data), opening, now, known)
        fold_in(arriving / FILE)
        kept = None
        if place.exists():
            kept = _kept(data, now, place.suffix)
            _keep(place, kept)
        _on_disk(arriving / FILE)
        (arriving / FILE).replace(place)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
    return {"file": str(source), "kept": None if kept is None else str(kept), "epoch": epoch, "n": n}


def dump(data: Path, database_url: str, source: Path, opening: Opening, now: datetime) -> dict[str, Any]:
    """Put a dump in the place of all that PostgreSQL has. ``{"file", "kept", "epoch", "n"}``.

    Unavailable ``centre_is_running`` while a serving process is connected."""
    engine = open_centre(database_url, data)
    try:
        if others_connected(engine):
            raise Unavailable("centre_is_running", path=engine.url.database or "?")
        former = epoch_of(engine)
        known = certificates(engine) if former else []
        kept = None
        if former:
            kept = _kept(data, now, ".dump")
            copy_to(engine, kept)
        load_dump(engine, source)
    finally:
        engine.dispose()
    epoch, n = _renewed(open_centre(database_url, data), former, opening, now, known)
    return {"file": str(source), "kept": None if kept is None else str(kept), "epoch": epoch, "n": n}


def _renewed(
    engine: CentreEngine, former: int, opening: Opening, now: datetime, known: list[Certified]
) -> tuple[int, int]:
    """A new epoch, above the one that the former database had come to: it too was restored once, maybe.
    Certificates that the former one knew (``known``) apply before anything else."""
    try:
        store = opening(engine)
        position = store.new_epoch()
        while position.epoch <= former:
            position = store.new_epoch()
        store.carry(known)
        with engine.begin() as connection:
            extent = {"epoch": position.epoch}
            audit.note(
                connection,
                now,
                "centre_restored",
                subject=("database", None),
                count=position.n,
                extent=extent,
            )
        return position.epoch, position.n
    finally:
        engine.dispose()


def _certificates_in(data: Path) -> list[Certified]:
    """What the former file knows; nothing where it cannot be read any more."""
    if not (data / FILE).exists():
        return []
    engine = open_centre(None, data)
    try:
        return certificates(engine)
    finally:
        engine.dispose()


def _epoch_in(data: Path) -> int:
    if not (data / FILE).exists():
        return 0
    engine = open_centre(None, data)
    try:
        return epoch_of(engine)
    finally:
        engine.dispose()


def _kept(data: Path, now: datetime, suffix: str) -> Path:
    folder_of(data).mkdir(exist_ok=True)
    return folder_of(data) / f"before-restore-{now.astimezone(UTC).strftime('%Y%m%dT%H%M%SZ')}{suffix}"


def _keep(place: Path, kept: Path) -> None:
    """Give the former file a second name; a damaged one keeps its log beside it."""
    try:
        fold_in(place)
    except Unavailable:
        for suffix in ("-wal", "-shm"):
            part = place.with_name(place.name + suffix)
            if part.exists():
                part.replace(kept.with_name(kept.name + suffix))
    try:
        os.link(place, kept)
    except OSError:  # a file system without second names
        shutil.copyfile(place, kept)
    for suffix in ("-wal", "-shm"):  # nothing of the former file is read into the new one
        place.with_name(place.name + suffix).unlink(missing_ok=True)


def _on_disk(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())

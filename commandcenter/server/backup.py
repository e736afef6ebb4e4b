"""Backups of the centre: one every night, seven days and four weeks kept, the last good one known."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from commandcenter.domain.clock import SHANGHAI, instant_text
from commandcenter.domain.errors import Unavailable
from db.centre import audit, purge
from db.centre.backup import copy_to, suffix_of
from db.centre.engine import CentreEngine, announce, is_away

_log = logging.getLogger(__name__)

DAYS, WEEKS = 7, 4
AT = "02:30"  # in the duty room's time
RETRY = timedelta(minutes=30)
_NAME = re.compile(r"centre-(\d{8}T\d{6}Z)\.(?:sqlite3|dump)")
_STAMP = "%Y%m%dT%H%M%SZ"


def folder_of(data_dir: Path) -> Path:
    """Where a centre's backups lie."""
    return data_dir / "backups"


def back_up(engine: CentreEngine, folder: Path, now: datetime) -> dict[str, Any]:
    """Make a backup, note it as the last good one, and remove those that nobody needs any more.

    ``{"file", "at", "bytes"}``. Unavailable as :func:`db.centre.backup.copy_to`."""
    target = folder / f"centre-{now.astimezone(UTC).strftime(_STAMP)}{suffix_of(engine)}"
    purge.scrub(engine)  # a file is copied without its freed pages anyway; the one in use forgets them now
    copy(engine, target, now)
    known = {"file": target.name, "at": instant_text(now), "bytes": target.stat().st_size}
    fresh = folder / "last_good.json.partial"
    fresh.write_text(json.dumps(known), encoding="utf-8")
    fresh.replace(folder / "last_good.json")
    for name in superfluous(file.name for file in folder.iterdir()):
        (folder / name).unlink(missing_ok=True)
    return known


def copy(engine: CentreEngine, target: Path, now: datetime) -> None:
    """:func:`db.centre.backup.copy_to`, and whether it was made is in the audit trail."""
    try:
        copy_to(engine, target)
    except Exception as error:
        code = error.code if isinstance(error, Unavailable) else "fault"
        try:
            _note(engine, now, "failed", code)
        except Exception as no:  # noqa: BLE001  the database is away, which is why there is no backup either
            _log.warning("a failed backup is not in the trail", extra={"reason": type(no).__name__})
        raise
    _note(engine, now, "done", None)


def _note(engine: CentreEngine, now: datetime, result: str, code: str | None) -> None:
    with engine.begin() as connection:
        audit.note(
            connection, now, "backup_made", subject=("database", None), extent={"code": code}, result=result
        )
    announce(engine)


def last_good(folder: Path) -> dict[str, Any] | None:
    """The newest backup that was made and checked; None if there is none."""
    try:
        known: dict[str, Any] = json.loads((folder / "last_good.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known if (folder / str(known.get("file"))).is_file() else None


def superfluous(names: Iterable[str]) -> list[str]:
    """The backups that neither of the last seven days with one nor of the last four weeks needs. Of a day
    and of a week the newest is kept; files of another name are nobody's business here."""
    made = sorted(((found[1], name) for name in names if (found := _NAME.fullmatch(name))), reverse=True)
    days: dict[object, str] = {}
    weeks: dict[object, str] = {}
    for stamp, name in made:
        day = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).astimezone(SHANGHAI).date()
        days.setdefault(day, name)
        weeks.setdefault(day.isocalendar()[:2], name)
    kept = {*list(days.values())[:DAYS], *list(weeks.values())[:WEEKS]}
    return [name for _, name in made if name not in kept]


def next_time(now: datetime, at: str) -> datetime:
    """The next ``HH:MM`` in the duty room's time after ``now``. ValueError."""
    hour, minute = (int(part) for part in at.split(":"))
    local = now.astimezone(SHANGHAI)
    today = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (today if today > local else today + timedelta(days=1)).astimezone(UTC)


class Nightly:
    """A thread that makes a backup every night, after ``chores``; what fails is tried again half an hour
    later."""

    def __init__(
        self,
        engine: CentreEngine,
        folder: Path,
        *,
        at: str = AT,
        chores: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._at = at
        self._chores = chores
        self._now = now
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="backup", daemon=True)

    def start(self) -> None:
        """Begin to wait for the night."""
        self._thread.start()

    def close(self) -> None:
        """End; a backup under way leaves no file."""
        self._end.set()
        self._thread.join(5)

    def _work(self) -> None:
        due = next_time(self._now(), self._at)
        while not self._end.is_set():
            now = self._now()
            if now < due:
                # in short pieces, because a clock that is set waits for nobody
                self._end.wait(min(30.0, (due - now).total_seconds()))
                continue
            due = next_time(now, self._at) if self._one(now) else now + RETRY

    def _one(self, now: datetime) -> bool:
        try:
            self._chores()
            known = back_up(self._engine, self._folder, now)
        except Unavailable as error:
            _log.error("backup failed", extra={"code": error.code})
            return False
        except Exception as error:  # noqa: BLE001  a night without one is told, and the next is tried
            code = "database_away" if is_away(error) else "fault"
            _log.error("backup failed", exc_info=error, extra={"code": code})
            return False
        _log.info("backup made", extra={"file": known["file"], "bytes": known["bytes"]})
        return True

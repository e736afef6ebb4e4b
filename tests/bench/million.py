"""The maker of a large desk file: years of a duty room's log, written by the program's own functions."""

from __future__ import annotations

import random
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from commandcenter.domain.access import UNSIGNED
from commandcenter.domain.clock import SHANGHAI, to_ms, whole_ms
from commandcenter.domain.record import Situation
from commandcenter.services.command import HANDLERS, Command
from commandcenter.services.incidents import AttachLine, CloseIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.reference import common_event_codes, is_code
from commandcenter.services.registers import AddCard
from commandcenter.services.workplace import Workplace
from db.desk.store import Author, Mint, Transaction

LINES_A_DAY = 900
NEWEST = datetime(2026, 7, 28, 8, 0, tzinfo=SHANGHAI)
BATCH = 20_000  # lines in one SQLite transaction
LATE_AFTER_S = 1800

WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
STREETS, ROADS, PLACES, UNITS, SUBJECTS, ACTIONS, ROUTINE = (
    tuple[str, ...](WORDS[name])
    for name in ("streets", "roads", "places", "units", "subjects", "actions", "routine")
)
SURNAMES: str = WORDS["surnames"]
GIVEN: str = WORDS["given"]


@dataclass
class Script:
    """Everything random of one file, from one seed."""

    random: random.Random
    now: datetime
    serial: int = 0
    entries: list[UUID] = field(default_factory=list)  # the latest lines, for strikes and attachments
    open_incidents: list[UUID] = field(default_factory=list)

    def new_id(self) -> UUID:
        """A UUIDv7 of the scripted instant."""
        self.serial += 1
        low = (self.serial & 0xFFF) << 64 | 0b10 << 62 | self.random.getrandbits(62)
        return UUID(int=to_ms(self.now) << 80 | 0x7 << 76 | low)

    def instant(self) -> datetime:
        """The scripted instant in whole milliseconds."""
        return whole_ms(self.now)

    def person(self) -> str:
        """A made-up name."""
        pick = self.random.choice
        return pick(SURNAMES) + pick(GIVEN) + (pick(GIVEN) if self.random.random() < 0.7 else "")

    def shop(self) -> str:
        """A made-up name of any of the 3,700 common characters."""
        r = self.random
        codes = bytes(
            part for _ in range(r.randint(2, 4)) for part in (r.randint(0xB0, 0xD6), r.randint(0xA1, 0xFE))
        )
        return codes.decode("gb2312")

    def text(self) -> str:
        """A made-up line of a duty log; its phones begin with 100, which no number here does."""
        r, pick = self.random, self.random.choice
        return pick(ROUTINE).format(
            unit=pick(UNITS),
            street=pick(STREETS),
            road=pick(ROADS),
            place=pick(PLACES),
            subject=pick(SUBJECTS),
            action=pick(ACTIONS),
            action2=pick(ACTIONS),
            person=self.person(),
            shop=self.shop(),
            number=r.randint(1, 999),
            phone=f"100{r.randint(0, 99_999_999):08d}",
            level=f"{r.uniform(1, 9):.2f}",
            rain=f"{r.uniform(0, 90):.1f}",
            few=r.randint(1, 9),
            hour=f"{r.randint(0, 23):02d}",
            minute=f"{r.randint(0, 59):02d}",
        )


class ScriptClock:
    """The script's instant as the desk's clock."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def now(self) -> datetime:
        """The scripted instant."""
        return self.script.now

    def offset_ms(self) -> int | None:
        """Never measured."""
        return None


def build(
    file: Path,
    lines: int = 1_000_000,
    seed: int = 20260728,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Make the desk database ``file`` (which must not exist) with ``lines`` lines of the log.

    True entry bytes, true chains of three desks, projections and counts: written by the commands' own
    handlers, many commands to one SQLite transaction and without waiting for the disk.
    """
    if file.exists():
        raise FileExistsError(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    days = lines / LINES_A_DAY
    script = Script(random.Random(seed), NEWEST - timedelta(days=days))
    mint = Mint(new_id=script.new_id, new_salt=lambda: script.random.randbytes(16))
    workplace = Workplace(
        file, clock=ScriptClock(script), mint=mint, backups=file.parent / "backups", profile="empty"
    )
    connection = workplace.connection
    try:
        streets = []
        for name in STREETS:
            card = AddCard(kind="organisation", fields={"name": name, "level": "street"})
            streets.append(workplace.execute(card).ids[0])
        connection.execute("PRAGMA synchronous=OFF")
        desks = [workplace.device, script.new_id(), script.new_id()]
        connection.execute("BEGIN IMMEDIATE")
        for number, desk in enumerate(desks[1:], start=2):
            tx = _transaction(workplace, script, mint, desk)
            tx.add("desk", {"number": number}, id_=desk)
            tx.close()
        step = timedelta(days=1) / LINES_A_DAY
        for done in range(lines):
            script.now += step * script.random.uniform(0.5, 1.5)
            desk = desks[min(int(script.random.expovariate(1.2)), 2)]
            _line(workplace, script, mint, desk)
            if script.random.random() < 0.004:
                _affair(workplace, script, mint, desk, streets)
            if done % BATCH == BATCH - 1:
                connection.execute("COMMIT")
                progress(done + 1)
                connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        workplace.close()


def _transaction(workplace: Workplace, script: Script, mint: Mint, desk: UUID) -> Transaction:
    author = Author(person=None, roles=(UNSIGNED,), device=desk, scope=None, offset_ms=None)
    situation = Situation(now=script.instant(), late_after_s=LATE_AFTER_S, is_code=is_code)
    return Transaction(workplace.connection, author, situation, mint)


def _execute(workplace: Workplace, script: Script, mint: Mint, desk: UUID, command: Command) -> list[UUID]:
    tx = _transaction(workplace, script, mint, desk)
    HANDLERS[type(command)](tx, command)
    tx.close()
    return tx.ids


def _line(workplace: Workplace, script: Script, mint: Mint, desk: UUID) -> None:
    r = script.random
    happened, reason = None, None
    if r.random() < 0.03:
        happened = script.instant() - timedelta(minutes=r.randint(1, 600))
        reason = "补记"
    incident = None
    if script.open_incidents and r.random() < 0.35:
        incident = r.choice(script.open_incidents)
    command = WriteLogEntry(
        text=script.text(),
        incident_id=incident,
        channel=r.choices(
            ("phone", "radio", "fax", "wechat", "in_person", "video", None), (50, 12, 3, 15, 4, 3, 13)
        )[0],
        direction=r.choice(("incoming", "outgoing", None)),
        counterpart=script.person() if r.random() < 0.3 else None,
        importance=r.choices(("normal", "important", "urgent"), (94, 5, 1))[0],
        happened_at=happened,
        late_reason=reason,
    )
    script.entries.append(_execute(workplace, script, mint, desk, command)[0])
    del script.entries[:-200]


def _affair(workplace: Workplace, script: Script, mint: Mint, desk: UUID, streets: list[UUID]) -> None:
    """Now and then a line is struck, attached, or begins an incident; old incidents are closed."""
    r = script.random
    entry = r.choice(script.entries)
    what = r.random()
    if what < 0.5:
        script.entries.remove(entry)
        text = script.text() if r.random() < 0.7 else None
        strike = StrikeFact(target_id=entry, reason="记录有误", replacement_text=text)
        _execute(workplace, script, mint, desk, strike)
    elif what < 0.65 and script.open_incidents:
        row = workplace.connection.execute("SELECT incident_id FROM log_entry WHERE id = ?", (entry.bytes,))
        incident = r.choice(script.open_incidents)
        if row.fetchone()[0] != incident.bytes:
            _execute(workplace, script, mint, desk, AttachLine(incident_id=incident, entry_id=entry))
    else:
        command = OpenIncident(
            title=r.choice(STREETS) + r.choice(ROADS) + r.choice(SUBJECTS),
            event_code=r.choice(common_event_codes()),
            street_id=r.choice(streets),
            place=f"{r.choice(ROADS)}{r.randint(1, 999)}号",
            known=script.text(),
            to_verify=r.choice(ACTIONS),
            from_entry_id=entry,
        )
        script.open_incidents.append(_execute(workplace, script, mint, desk, command)[0])
        if len(script.open_incidents) > 6:
            oldest = script.open_incidents.pop(0)
            _execute(workplace, script, mint, desk, CloseIncident(id=oldest, reason="处置完毕"))


def main() -> int:
    """``python -m tests.bench.million FILE [LINES]``."""
    file = Path(sys.argv[1])
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    build(file, lines, progress=lambda done: print(done, file=sys.stderr))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The tests' certified night: a desk's entries with certificates over some of them, as the centre tells."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec

from commandcenter.domain.change import decode
from commandcenter.protocol.messages import Numbered, Offered
from commandcenter.services.incidents import EditIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.purge import Certify, Purge
from commandcenter.services.registers import AddCard
from commandcenter.services.workplace import Workplace
from db.desk import outbox

EPOCH = 7
KEPT = "仍需保存之语"  # of the same incident, and never named
GONE = ("报警人王某某", "东湖路十七号", "十三八零零电话", "误记了姓名")


@dataclass(frozen=True)
class Night:
    """Entries in the order in which they were made; the certificates are among them."""

    numbered: tuple[Numbered, ...]
    incident: UUID
    line: UUID
    strike: UUID
    certificates: tuple[UUID, ...]

    @property
    def before(self) -> tuple[Numbered, ...]:
        """What was written before the first certificate."""
        first = next(n for n, one in enumerate(self.numbered) if decode(bytes(one.e)).kind == "certificate")
        return self.numbered[:first]

    @property
    def after(self) -> tuple[Numbered, ...]:
        """The certificates, and the access events written with them."""
        return self.numbered[len(self.before) :]

    @property
    def offered(self) -> list[Offered]:
        """The same, as desks offer them."""
        return [Offered(e=one.e, epoch=one.epoch, n=one.n, p=one.p) for one in self.numbered]


def signers(workplace: Workplace) -> tuple[UUID, UUID]:
    """A security officer and a duty chief."""
    made = [
        workplace.execute(AddCard(kind="person", fields={"name": name, "roles": [role]})).ids[0]
        for name, role in (("安全员甲", "security_officer"), ("带班乙", "duty_chief"))
    ]
    return made[0], made[1]


def wish(kind: str, row: UUID, **more: object) -> Purge:
    """A purge of a record with everything else as it need not vary."""
    return Purge(kind=kind, row=row, basis="retention_over", assessment="已过保存期", **more)  # type: ignore[arg-type]


def certify(workplace: Workplace, who: tuple[UUID, UUID], purge: Purge) -> UUID:
    """A certificate signed by these two."""
    return workplace.execute(Certify(purge=purge, assessed_by_id=who[0], approved_by_id=who[1])).ids[0]


def night(workplace: Workplace) -> Night:
    """An incident whose place was edited twice, a line that was struck, and a certificate over each."""
    who = signers(workplace)
    incident = workplace.execute(
        OpenIncident(title="内涝", event_code="11A01", place=GONE[1], known=KEPT)
    ).ids[0]
    line = workplace.execute(WriteLogEntry(text=GONE[0], counterpart=GONE[2])).ids[0]
    strike = workplace.execute(StrikeFact(target_id=line, reason=GONE[3])).ids[0]
    for place in (None, "西湖公园门口"):
        workplace.execute(EditIncident(id=incident, fields={"place": place}))
    certificates = (
        certify(workplace, who, wish("incident", incident, fields=["place"], changes=[incident])),
        certify(workplace, who, wish("log_entry", line)),
        certify(workplace, who, wish("strike", strike)),
    )
    found = workplace.connection.execute("SELECT id, bytes FROM journal ORDER BY seq").fetchall()
    numbered = tuple(
        Numbered(n=n, epoch=EPOCH, e=msgspec.Raw(data), p=outbox.beside(workplace.connection, id_))
        for n, (id_, data) in enumerate(found, start=1)
    )
    assert {decode(bytes(one.e)).kind for one in numbered} >= {"incident", "log_entry", "certificate"}
    return Night(numbered, incident, line, strike, certificates)


def words_in(file: Path) -> set[str]:
    """Which of the words that are to go a file still says, its log beside it included."""
    data = b"".join(part.read_bytes() for part in (file, file.with_name(file.name + "-wal")) if part.exists())
    return {word for word in GONE if word.encode() in data or word.encode("unicode-escape") in data}


def words_of(connection: sqlite3.Connection) -> set[str]:
    """The same of an open database, its freed pages too."""
    data = connection.serialize()
    return {word for word in GONE if word.encode() in data}

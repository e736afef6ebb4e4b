"""The proof that destroyed words are said to be destroyed wherever they stood, in windows and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from commandcenter.documents.audit_trail import export_audit
from commandcenter.documents.duty_log import export_log
from commandcenter.domain.change import decode
from commandcenter.protocol.messages import Numbered
from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.incidents import OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard, EditCard
from commandcenter.services.sign_in import keep_credential
from commandcenter.services.workplace import Workplace
from commandcenter.words import Words
from db.desk import local, outbox
from db.desk.engine import Connection
from db.desk.exchange import SCOPES, Taken
from db.desk.incoming import Incoming
from db.queries.audit import AuditFilter
from db.queries.exchange import stated
from db.queries.incidents import incident
from db.queries.log import LogFilter
from db.queries.purge import awaited, gone_from
from db.queries.registers import row
from db.queries.search import search
from tests.db.purging import certify, signers, wish
from tests.services.desk import Desk as PlainDesk
from tests.ui.desk import Desk, open_desk
from ui.exchange_words import exchange_words
from ui.pages.incident import IncidentPage
from ui.pages.log import LogPage
from ui.pages.registers import RegistersPage
from ui.purge_act import forbidden
from ui.search_hits import HitModel

EPOCH = 7
SAID = ("王某某", "13800000000", "东湖路十七号", "报警人的话", "报警人电话", "误记了姓名")
CHANGED = "13900000000"


class Night(NamedTuple):
    """What another desk wrote, as the centre tells it: everything, then the certificates."""

    before: list[Numbered]
    after: list[Numbered]
    person: UUID
    incident: UUID
    line: UUID
    officer: UUID


@pytest.fixture
def night(tmp_path: Path) -> Night:
    """A person, an incident and a struck line whose personal values are destroyed."""
    with PlainDesk(tmp_path / "other").working() as workplace:
        who = signers(workplace)

        def do(command: object) -> UUID:
            return workplace.execute(command).ids[0]  # type: ignore[arg-type]

        person = do(AddCard(kind="person", fields={"name": SAID[0], "phone": SAID[1], "roles": []}))
        opened = do(OpenIncident(title=SAID[2], event_code="11A01", place=SAID[2], known="水深半米"))
        line = do(WriteLogEntry(text=SAID[3], counterpart=SAID[4]))
        strike = do(StrikeFact(target_id=line, reason=SAID[5]))
        count = workplace.connection.execute("SELECT count(*) FROM journal").fetchone()[0]
        certify(workplace, who, wish("person", person))
        certify(workplace, who, wish("incident", opened, fields=["title", "place"]))
        certify(workplace, who, wish("log_entry", line))
        certify(workplace, who, wish("strike", strike))
        found = workplace.connection.execute("SELECT id, bytes FROM journal ORDER BY seq").fetchall()
        numbered = [
            Numbered(n=n, epoch=EPOCH, e=msgspec.Raw(data), p=outbox.beside(workplace.connection, id_))
            for n, (id_, data) in enumerate(found, start=1)
        ]
    return Night(numbered[:count], numbered[count:], person, opened, line, who[0])


def receive(desk: Desk, numbered: list[Numbered]) -> None:
    """Entries of the feed, as the writer takes them in."""

    def take(workplace: Workplace) -> Taken:
        def work(connection: Connection, device: UUID) -> Taken:
            incoming = Incoming(connection, device)
            return Taken(change_set=incoming.take(numbered), new_lines=incoming.new_lines)

        return workplace.exchange(work)

    desk.desktop.tell(desk.desktop.submit(take).result(20).change_set)
    desk.settle()
    desk.names.read()
    desk.settle()


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, night: Night) -> Iterator[Desk]:
    """A desk that was told of all of it."""
    with open_desk(qtbot, tmp_path / "desk") as made:
        receive(made, night.before)
        receive(made, night.after)
        yield made


def test_every_screen_says_so(desk: Desk, night: Night) -> None:
    words = desk.workbench.words
    card = desk.ask(lambda connection: incident(connection, night.incident))
    assert card is not None and set(card.gone) == {"title", "place"}
    page = IncidentPage(desk.workbench)
    desk.show(page)
    page.show_incident(night.incident)
    desk.settle()
    said = words("purge.destroyed", number=card.gone["title"])
    for name in ("title", "place"):
        assert page.fields[name].view.accessibleName().endswith(said)
    assert said in page.head.place.text()
    assert "水深半米" in page.fields["known"].view.accessibleName(), "what was not named stays"

    registers = RegistersPage(desk.workbench)
    desk.show(registers)
    registers.open("person", night.person)
    desk.until(lambda: registers.pane().form.current() == night.person)
    form = registers.pane().form
    number = desk.ask(lambda c: gone_from(c, "person", [row(c, "person", night.person) or {}]))[night.person]
    said = words("purge.destroyed", number=number["name"])
    assert form.title.text() == said
    assert form.fields["phone"].sentence() == said
    assert desk.names.name("person", night.person) == words("purge.name", number=number["name"])

    log = LogPage(desk.workbench)
    desk.show(log)
    desk.until(lambda: log.list.table.model.rowCount() > 0)
    log.open("log_entry", night.line)
    desk.until(lambda: (found := log.list.table.chosen_line()) is not None and found.id == night.line)
    line = log.list.table.chosen_line()
    assert line is not None
    shown = log.list.table.wording.shown(line)
    certified = words("purge.destroyed", number=line.destroyed)
    assert certified in shown.text
    assert certified in shown.counterpart
    assert shown.text.count("XH-") == 2, "the strike's reason has a certificate of its own"


def test_a_hit_says_so(desk: Desk, night: Night) -> None:
    found = desk.ask(lambda connection: search(connection, "水深"))
    assert [hit.id for hit in found.hits] == [night.incident]
    model = HitModel(desk.workbench.words, desk.names, desk.workbench.now)
    model.show("水深", found.hits)
    assert desk.workbench.words("purge.destroyed", number=found.hits[0].gone["title"]) in model.shown(0).text


def test_what_was_typed_since_is_shown(desk: Desk, night: Night) -> None:
    """The counterexample for asking what was ever destroyed of a record: a value replaced and emptied since
    is empty, not destroyed."""
    desk.do(EditCard(kind="person", id=night.person, fields={"phone": CHANGED}))

    def gone() -> dict[str, str]:
        return desk.ask(lambda c: gone_from(c, "person", [row(c, "person", night.person) or {}])).get(
            night.person, {}
        )

    assert gone().keys() == {"name"}
    desk.do(EditCard(kind="person", id=night.person, fields={"phone": None}))
    assert gone().keys() == {"name"}


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_on_paper(desk: Desk, night: Night, tmp_path: Path, language: str) -> None:
    desk.do(TakeSeat(person_id=night.officer))  # who reads the audit trail
    words, now = Words(language), datetime(2026, 7, 28, 12, tzinfo=UTC)
    log, audit = tmp_path / "log.csv", tmp_path / "audit.csv"

    def write(connection: Connection) -> None:
        export_log(connection, log, LogFilter(machine=True), words=words, chain=(1, "00"), now=now)
        export_audit(connection, audit, AuditFilter(), words=words, chain=(1, "00"), now=now)

    desk.ask(write)
    pages = [file.read_text(encoding="utf-8-sig") for file in (log, audit)]
    for page in pages:
        assert not [word for word in SAID if word in page]
        assert "XH-" in page
    assert words("purge.destroyed", number="XH-").split("XH-")[0] in pages[0]
    assert words("purge.field", field=words("person.fields.phone"), number="XH-").split("XH-")[0] in pages[1]


def test_what_waited_and_what_was_refused(desk: Desk, night: Night) -> None:
    """A change of the inbox whose words are destroyed says so too."""
    put = exchange_words(desk.workbench.words, desk.names)

    def stated_of(connection: Connection) -> list[str]:
        found = connection.execute("SELECT bytes FROM journal WHERE id = ?", (night.line.bytes,)).fetchone()
        return [put.change(stated(connection, decode(found[0])))]

    assert desk.ask(stated_of)[0].startswith(put.words("purge.destroyed", number="XH-").split("XH-")[0])


def opened(page: RegistersPage) -> bool:
    """Whether the panel is out."""
    return page.purge.panel is not None and page.purge.panel.is_open()


def test_where_no_certificate_can_be_given_the_act_says_why(desk: Desk, night: Night) -> None:
    words = desk.workbench.words
    page = RegistersPage(desk.workbench)
    desk.show(page)
    page.open("person", night.person)
    desk.until(lambda: page.pane().form.current() == night.person)
    chip = page.pane().form.purge
    assert chip is not None and not chip.isEnabled()
    assert chip.toolTip() == words("refused.nobody_can_sign")
    page.purge.open()
    assert desk.said[-1] == words("refused.nobody_can_sign")
    assert not opened(page)

    keep_credential(desk.desktop, night.person, "wang", "足够长的口令一二三")
    desk.names.read()
    desk.until(lambda: not forbidden(desk.names))
    assert chip.isEnabled()
    page.purge.open()
    assert opened(page)

    def belongs(workplace: Workplace) -> None:
        local.put(workplace.connection, SCOPES, [str(UUID(int=5))])

    desk.desktop.submit(belongs).result(20)
    desk.names.read()
    desk.until(lambda: forbidden(desk.names) == "district_only")
    assert not chip.isEnabled()


def test_a_certificate_waits_for_its_number(night: Night, tmp_path: Path) -> None:
    with PlainDesk(tmp_path / "other").working() as workplace:
        numbers = awaited(workplace.connection)
        assert len(numbers) == 4
        assert all(number.startswith("XH-") for number in numbers)

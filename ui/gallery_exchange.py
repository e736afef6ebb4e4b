"""The gallery's second desk: it and a centre on a scratch file make what the sync page shows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid5

from commandcenter.protocol.messages import Position
from commandcenter.runtime import DataDirectory, new_id
from commandcenter.services.command import Command
from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.first_start import shipped_changes
from commandcenter.services.incidents import EditIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.reference import is_code, shipped_row_id
from commandcenter.services.registers import EditCard
from commandcenter.services.samples import SampleClock
from commandcenter.services.workplace import Workplace
from commandcenter.words import Words
from db.centre.engine import open_centre
from db.centre.judgement import Caller
from db.centre.schema import bring_up_to_date
from db.centre.store import CentreStore
from db.desk import exchange, outbox
from db.desk.exchange import Taken
from db.desk.store import Mint
from db.queries.registers import row

PAGE = 500
STEP = timedelta(seconds=20)


class SecondDesk:
    """Call ``prepare`` on the file before the window has it, ``news`` on the window's writer."""

    def __init__(self, folder: Path, clock: SampleClock, incident: UUID, words: Words) -> None:
        self._clock, self._incident, self._words = clock, incident, words
        self._engine = open_centre(None, folder / "centre")
        bring_up_to_date(self._engine)
        self._store = CentreStore(
            self._engine, is_code=is_code, shipped=shipped_changes, now=lambda: clock.at
        )
        self._store.open()
        directory = DataDirectory(folder / "second")
        directory.make()
        mint = Mint(new_id=new_id)
        self._there = Workplace(directory.database, clock=clock, mint=mint, backups=directory.backups)

    def prepare(self, here: Workplace) -> None:
        """Both meet the centre, go on alone, meet it again: two values, a refusal, lines that wait."""
        words = self._words
        self._settle(here)
        self._do(self._there, TakeSeat(person_id=shipped_row_id("person", "sample-3")))
        name = {"name": words("gallery.second_desk")}
        self._do(self._there, EditCard(kind="desk", id=self._there.device, fields=name))
        values = row(here.connection, "incident", self._incident)
        assert values is not None
        for workplace, side in ((here, "here"), (self._there, "there")):
            for field in ("place", "known"):
                self._do(
                    workplace,
                    EditIncident(
                        id=self._incident,
                        fields={field: words(f"gallery.{field}_{side}")},
                        bases={field: values["heads"].get(field, [])},
                    ),
                )
        self._settle(here)
        for text, code in (("refused_scope", "not_your_scope"), ("refused_incident", "incident_is_closed")):
            group = self._do(here, WriteLogEntry(text=words(f"gallery.{text}"), incident_id=self._incident))
            self._refuse(here, group, code)
        for number in (1, 2, 3):
            self._do(here, WriteLogEntry(text=words(f"gallery.waiting_{number}")))

    def news(self, here: Workplace) -> Taken:
        """The second desk writes three lines, and the first takes them in."""
        for number, importance in ((1, "normal"), (2, "urgent"), (3, "normal")):
            text = self._words(f"gallery.news_{number}")
            self._do(
                self._there,
                WriteLogEntry(text=text, importance=importance, channel="phone", incident_id=self._incident),
            )
        self._push(self._there)
        return self._pull(here)

    def close(self) -> None:
        """Let the files go."""
        self._there.close()
        self._engine.dispose()

    def _do(self, workplace: Workplace, command: Command) -> UUID:
        self._clock.at += STEP
        outcome = workplace.execute(command)
        return outcome.ids[0] if outcome.ids else uuid5(self._incident, "nothing")

    def _refuse(self, here: Workplace, group: UUID, code: str) -> None:
        here.exchange(
            lambda connection, _device: Taken(
                change_set=outbox.refuse(connection, group, code, {}, self._clock.at)
            )
        )

    def _settle(self, here: Workplace) -> None:
        for _ in range(3):  # what one pushes the other pulls
            for workplace in (here, self._there):
                self._push(workplace)
                self._pull(workplace)

    def _push(self, workplace: Workplace) -> None:
        while (request := exchange.push_request(workplace.connection, self._clock.at)) is not None:
            answer = self._store.push(self._caller(workplace), request)
            workplace.exchange(lambda c, _d, answer=answer: exchange.take_push(c, answer, self._clock.at))  # type: ignore[misc]
            self._pull(workplace)

    def _pull(self, workplace: Workplace) -> Taken:
        taken = Taken()
        while True:
            asked = exchange.position(workplace.connection)
            page = self._store.feed(self._caller(workplace), Position(epoch=asked.epoch, n=asked.n), PAGE)
            one = workplace.exchange(lambda c, d: exchange.take_page(c, d, asked, page))  # noqa: B023
            taken.change_set |= one.change_set
            if not one.met_epoch and not page.more:
                return taken

    def _caller(self, workplace: Workplace) -> Caller:
        return Caller(
            device=workplace.device,
            devices=frozenset({workplace.device}),
            scope_id=None,
            roles=("desk", "unsigned"),
            scopes=frozenset({None}),
            district_id=None,
            alone_until=1_000_000,
        )

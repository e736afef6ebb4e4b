"""The simulated world: desks and a centre with their real stores in memory, a bad network, bad luck."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from alembic import command
from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from commandcenter.domain.change import Edit
from commandcenter.domain.change import decode as decode_entry
from commandcenter.domain.errors import Refused
from commandcenter.domain.merge import heads_out
from commandcenter.domain.opened import opened
from commandcenter.domain.projections.engagement import double
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol import messages
from commandcenter.protocol.messages import FeedPage, HistoryPage, OfferAnswer, Position, PushAnswer
from commandcenter.services.deployments import AdvanceDeployment, CancelDeployment, DispatchTeam
from commandcenter.services.incidents import (
    AttachLine,
    CloseIncident,
    EditIncident,
    OpenIncident,
    ReopenIncident,
)
from commandcenter.services.log import ConfirmTime, StrikeFact, WriteLogEntry
from commandcenter.services.purge import Certify, Purge
from commandcenter.services.reference import is_code
from commandcenter.services.registers import AddCard, EditCard
from commandcenter.services.shelters import CloseShelter, CountHeads, MovePeople, OpenShelters
from commandcenter.services.workplace import Workplace
from db.centre.judgement import Caller
from db.centre.store import CentreStore
from db.desk import digests, engagements, exchange, local, occupancies, outbox, projections, statements
from db.desk.exchange import Taken
from db.desk.standing import private_of
from db.desk.store import Mint
from db.desk.upgrade import SCHEMA, configuration
from db.desk.verify import verify
from db.queries.purge import personal_of

START = datetime(2026, 7, 28, 6, 0, tzinfo=UTC)
DISTRICT, STREET_A, STREET_B = (UUID(int=n) for n in (0xD1, 0x5A, 0x5B))
FIELDS = ("place", "known", "to_verify", "title")
PAGE = 4  # entries of a page: small, so that much happens between two


@cache
def _schema() -> bytes:
    """An empty database of today's schema."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    with engine.connect() as core:
        command.upgrade(configuration(core), "head")
        core.commit()
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    return connection.serialize()


def memory(image: bytes) -> sqlite3.Connection:
    """A database in memory, as the image says."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.deserialize(image)
    return connection


@dataclass
class Clock:
    """A desk's clock: off by ``error``; ``offset`` is what was last measured."""

    world: World
    error: timedelta = timedelta(0)
    offset: int | None = None

    def now(self) -> datetime:
        return self.world.now + self.error

    def offset_ms(self) -> int | None:
        return self.offset


@dataclass
class Form:
    """A form that somebody opened: the values on the screen and the changes they came from."""

    kind: str
    row: UUID
    field: str
    bases: list[UUID]
    shown: frozenset[str]  # the values that the person saw


@dataclass
class Machine:
    """One desk: its file, its clock, and what its operator has open."""

    world: World
    name: str
    scope: UUID | None
    clock: Clock
    workplace: Workplace
    devices: set[UUID]
    forms: list[Form] = field(default_factory=list)
    late: list[Callable[[], None]] = field(default_factory=list)  # requests still under way to the centre
    alone_until: int = 0
    unlucky: bool = False  # its disk was put back, or it is a clone: its memory is not held against it

    @property
    def connection(self) -> sqlite3.Connection:
        return self.workplace.connection

    def caller(self) -> Caller:
        scopes: frozenset[UUID | None] = frozenset({None} if self.scope is None else {self.scope})
        return Caller(
            device=self.workplace.device,
            devices=frozenset(self.devices),
            scope_id=self.scope,
            roles=("desk", "unsigned"),
            scopes=scopes,
            district_id=DISTRICT,
            alone_until=self.alone_until,
        )

    def exchange(self, work: Callable[[sqlite3.Connection, UUID], Taken]) -> Taken:
        taken = self.workplace.exchange(work)
        if taken.renew:
            self.workplace.begin_new_chain()
            self.devices.add(self.workplace.device)
        return taken


@dataclass
class World:
    """Everything there is, driven by its own random numbers."""

    seed: int = 0
    offer_judged: bool = False  # variant: see variants.py

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.now = START
        self.serial = 0
        self.machines: list[Machine] = []
        self.centre_file = memory(_schema())
        self.store = self._store()
        self.store.open()
        # half of the worlds have one incident and one field that everybody edits: there rules break
        self.crowded = self.random.random() < 0.5
        self.fields = FIELDS[:1] if self.crowded else FIELDS
        self.purging = self.random.random() < 0.6
        self.engaged = self.doubles = self.sheltered = 0  # seen at quiet points
        self.backups: list[bytes] = []
        self.restores = 0
        self.typed = 0
        self.value_of: dict[str, tuple[UUID, str]] = {}  # value -> (row, field) that it was typed into
        self.seen_by: dict[str, frozenset[str]] = {}  # value -> the values seen when it was typed
        self.purged: dict[UUID, frozenset[str]] = {}  # certificate -> the words that it names
        self.committed: dict[str, list[UUID]] = {}  # machine -> the changes that its operator saw confirmed
        self.numbered: set[UUID] = set()

    # --- making

    def _store(self) -> CentreStore:
        connection = self.centre_file
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        event.listen(engine, "begin", lambda core: core.exec_driver_sql("BEGIN"))
        return CentreStore(engine, is_code=is_code, shipped=frozenset, now=lambda: self.now)

    def new_id(self) -> UUID:
        self.serial += 1
        ms = int(self.now.timestamp() * 1000)
        tail = self.random.getrandbits(62)
        return UUID(int=(ms << 80) | (7 << 76) | ((self.serial & 0xFFF) << 64) | (0b10 << 62) | tail)

    def salt(self) -> bytes:
        return self.random.randbytes(16)

    def _workplace(self, image: bytes, clock: Clock) -> Workplace:
        return Workplace(
            Path(":memory:"),
            clock=clock,
            mint=Mint(new_id=self.new_id, new_salt=self.salt),
            backups=Path("/nonexistent"),
            profile="empty",
            open_=lambda file: memory(image),
        )

    def add_machine(self, scope: UUID | None = None) -> Machine:
        """A new desk, enrolled, that knows nothing of the others yet."""
        clock = Clock(self, error=timedelta(seconds=self.random.choice((0, 0, 0, -3000, 90, 86_400))))
        workplace = self._workplace(_schema(), clock)
        name = f"desk {len(self.machines) + 1}"
        machine = Machine(
            world=self, name=name, scope=scope, clock=clock, workplace=workplace, devices={workplace.device}
        )
        with_scope = [] if scope is None else [str(scope)]
        local.put(workplace.connection, exchange.SCOPES, with_scope)
        self.committed[name] = [
            UUID(bytes=id_)
            for (id_,) in workplace.connection.execute("SELECT id FROM journal WHERE device IS NOT NULL")
        ]
        self.machines.append(machine)
        if scope is not None:
            self.do(
                machine,
                EditCard(
                    kind="desk",
                    id=workplace.device,
                    fields={"organisation_id": str(scope), "scope_id": str(scope)},
                ),
            )
        machine.alone_until = len(self.committed[name])
        return machine

    # --- what an operator does

    def do(self, machine: Machine, command_: Any) -> list[UUID] | None:
        """Carry out a command; None if it was refused at the desk."""
        self.now += timedelta(milliseconds=self.random.randint(1, 5000))
        seq = machine.connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
        try:
            outcome = machine.workplace.execute(command_)
        except Refused:
            return None
        made = machine.connection.execute("SELECT id FROM journal WHERE seq > ?", (seq,)).fetchall()
        self.committed[machine.name] += [UUID(bytes=id_) for (id_,) in made]
        return list(outcome.ids)

    def value(self) -> str:
        """A text that was never typed before."""
        self.typed += 1
        return f"值{self.typed}号"

    def rows(self, machine: Machine, kind: str) -> list[UUID]:
        found = machine.connection.execute(f'SELECT id FROM "{kind}" ORDER BY id').fetchall()
        return [UUID(bytes=id_) for (id_,) in found]

    def write_line(self, machine: Machine) -> None:
        incidents = self.rows(machine, "incident")
        incident = self.random.choice([None, *incidents]) if incidents else None
        self.do(machine, WriteLogEntry(text=self.value(), incident_id=incident))

    def open_incident(self, machine: Machine) -> None:
        if self.crowded and len(self.rows(machine, "incident")) > 1:
            return
        title = self.value()
        made = self.do(machine, OpenIncident(title=title, event_code="11A01"))
        if made:
            self.value_of[title] = (made[0], "title")
            self.seen_by[title] = frozenset()

    def strike(self, machine: Machine) -> None:
        facts = [
            id_
            for kind in ("log_entry", "incident_event", "deployment_step", "head_count", "shelter_step")
            for id_ in self.rows(machine, kind)
        ]
        if facts:
            replacement = self.value() if self.random.random() < 0.3 else None
            target = self.random.choice(facts)
            self.do(machine, StrikeFact(target_id=target, reason="误", replacement_text=replacement))

    def attach(self, machine: Machine) -> None:
        incidents, lines = self.rows(machine, "incident"), self.rows(machine, "log_entry")
        if incidents and lines:
            self.do(
                machine,
                AttachLine(incident_id=self.random.choice(incidents), entry_id=self.random.choice(lines)),
            )

    def send_team(self, machine: Machine) -> None:
        """Make a team, send one, or note how far one has come."""
        teams, incidents = self.rows(machine, "team"), self.rows(machine, "incident")
        if not teams or (len(teams) < 3 and self.random.random() < 0.2):
            self.do(machine, AddCard(kind="team", fields={"name": self.value(), "category": "unit"}))
        elif incidents and self.random.random() < 0.5:
            self.do(
                machine,
                DispatchTeam(
                    incident_id=self.random.choice(incidents),
                    team_ids=[self.random.choice(teams)],
                    knowingly=self.random.random() < 0.3,
                    note=self.value(),
                ),
            )
        elif found := machine.connection.execute(
            "SELECT deployment_id FROM engagement ORDER BY deployment_id"
        ).fetchall():
            id_ = UUID(bytes=self.random.choice(found)[0])
            if self.random.random() < 0.8:
                self.do(machine, AdvanceDeployment(deployment_id=id_))
            else:
                self.do(machine, CancelDeployment(deployment_id=id_, reason="撤"))

    def shelter_people(self, machine: Machine) -> None:
        """Make a shelter, open or close one, count who is in it, or note who came; confirm a doubted time."""
        shelters = self.rows(machine, "shelter")
        chance = self.random.random()
        if not shelters or (len(shelters) < 2 and chance < 0.3):
            fields = {"name": self.value(), "shelter_class": "disaster", "capacity": 10}
            self.do(machine, AddCard(kind="shelter", fields=fields))
            return
        one = self.random.choice(shelters)
        people = self.random.randrange(20)
        if chance < 0.35:
            incidents = [None, *self.rows(machine, "incident")]
            incident = self.random.choice(incidents)
            self.do(machine, OpenShelters(shelter_ids=[one], incident_id=incident))
        elif chance < 0.6:
            self.do(machine, CountHeads(shelter_id=one, people=people, note=self.value()))
        elif chance < 0.85:
            self.do(machine, MovePeople(shelter_id=one, flow="in", people=people + 1))
        elif chance < 0.93:
            self.do(machine, CloseShelter(shelter_id=one, knowingly=True))
        elif facts := self.rows(machine, self.random.choice(("head_count", "deployment_step"))):
            self.do(machine, ConfirmTime(target_id=self.random.choice(facts)))

    def close_or_reopen(self, machine: Machine) -> None:
        incidents = self.rows(machine, "incident")
        if incidents:
            id_ = self.random.choice(incidents)
            if self.random.random() < 0.6:
                self.do(machine, CloseIncident(id=id_))
            else:
                self.do(machine, ReopenIncident(id=id_, reason="再"))

    def card(self, machine: Machine) -> None:
        if self.random.random() < 0.5:
            self.do(
                machine,
                AddCard(kind="organisation", fields={"name": self.value(), "level": "unit"}),
            )
        else:
            persons = self.rows(machine, "person")
            roles = self.random.sample(("duty_officer", "duty_chief", "leader", "security_officer"), 2)
            if persons and self.random.random() < 0.7:
                self.do(
                    machine,
                    EditCard(kind="person", id=self.random.choice(persons), fields={"roles": roles}),
                )
            else:
                self.do(machine, AddCard(kind="person", fields={"name": self.value(), "roles": roles}))

    def open_form(self, machine: Machine) -> None:
        """Look at a field: what is on the screen now is what the edit will be based on."""
        incidents = self.rows(machine, "incident")
        if not incidents:
            return
        id_ = self.random.choice(incidents)
        name = self.random.choice(self.fields)
        codec = statements.CODECS["incident"]
        row = codec.row(machine.connection.execute(codec.select, (id_.bytes,)).fetchone())
        heads = heads_out(codec.kind, row["heads"]).get(name, [])
        values = [row[name]] if row[name] else []
        if len(heads) > 1 and self.random.random() < 0.5:  # the page of exceptions shows them all
            values = [value for head in heads if (value := self.value_at(machine, head, name))]
        else:
            heads = heads[-1:]
        machine.forms.append(Form(kind="incident", row=id_, field=name, bases=heads, shown=frozenset(values)))

    def value_at(self, machine: Machine, change: UUID, name: str) -> str | None:
        data = machine.connection.execute(
            "SELECT bytes FROM journal WHERE id = ?", (change.bytes,)
        ).fetchone()
        said = opened(REGISTRY["incident"], decode_entry(data[0]), private_of(machine.connection, change))
        got = (said.set or {}).get(name) or (said.edit or {}).get(name)
        value = got.to if isinstance(got, Edit) else got
        return value if isinstance(value, str) else None

    def commit_form(self, machine: Machine) -> None:
        """Type over what the form showed when it was opened, however long ago."""
        if not machine.forms:
            return
        form = machine.forms.pop(self.random.randrange(len(machine.forms)))
        value = self.value()
        done = self.do(
            machine,
            EditIncident(id=form.row, fields={form.field: value}, bases={form.field: form.bases}),
        )
        if done:
            self.value_of[value] = (form.row, form.field)
            self.seen_by[value] = form.shown

    def share(self, machine: Machine) -> None:
        """Change who takes part in an incident, or whose it is."""
        incidents = self.rows(machine, "incident")
        if not incidents:
            return
        id_ = self.random.choice(incidents)
        if self.random.random() < 0.7:
            shared = [str(s) for s in (STREET_A, STREET_B) if self.random.random() < 0.5]
            self.do(machine, EditIncident(id=id_, fields={"shared_ids": shared}))
        else:
            scope = self.random.choice((STREET_A, STREET_B, DISTRICT))
            self.do(machine, EditIncident(id=id_, fields={"scope_id": str(scope)}))

    def purge(self, machine: Machine) -> None:
        """Two people sign for the destruction of what somebody wrote: a line, a card, a whole incident, or
        what lies refused in the inbox."""
        signers = [self._with_role(machine, role) for role in ("security_officer", "duty_chief")]
        kind = self.random.choice(("log_entry", "log_entry", "incident", "person", "strike"))
        rows = self.rows(machine, kind)
        refused = machine.connection.execute(
            "SELECT coalesce(\"row\", id) FROM journal WHERE absent = 'refused' ORDER BY seq"
        ).fetchall()
        if refused and self.random.random() < 0.5:
            rows = [UUID(bytes=id_) for (id_,) in refused]
        if not rows or None in signers:
            return
        row, whole = self.random.choice(rows), self.random.random() < 0.4
        words = {
            value
            for one in personal_of(machine.connection, kind, row, whole=whole).values
            for value in (private_of(machine.connection, one.change)[one.field].value,)
        }
        wish = Purge(kind=kind, row=row, basis="retention_over", assessment="评估", whole=whole)
        made = self.do(
            machine,
            Certify(purge=wish, assessed_by_id=signers[0], approved_by_id=signers[1]),
        )
        if made:
            self.purged[made[0]] = frozenset(str(word) for word in words if len(str(word)) > 2)

    def _with_role(self, machine: Machine, role: str) -> Any:
        found = machine.connection.execute("SELECT id, roles FROM person ORDER BY id").fetchall()
        holders = [UUID(bytes=id_) for id_, roles in found if role in (roles or "")]
        if holders:
            return self.random.choice(holders)
        made = self.do(machine, AddCard(kind="person", fields={"name": self.value(), "roles": [role]}))
        return made[0] if made else None

    def jump_clock(self, machine: Machine) -> None:
        machine.clock.error += timedelta(seconds=self.random.choice((-7200, -30, 30, 7200)))
        if self.random.random() < 0.5:
            machine.clock.offset = int(-machine.clock.error.total_seconds() * 1000)

    # --- the network

    def _sent(self, ask: Callable[[], Any], kind: type, *, calm: bool, machine: Machine) -> Any:
        """What comes back of a request, by way of the bytes; None: nothing came."""
        luck = 1.0 if calm else self.random.random()
        if luck < 0.10:
            return None  # the request was lost
        if luck < 0.15:
            machine.late.append(ask)  # it will arrive, but nobody waits any more
            return None
        answer = ask()
        if luck < 0.25:
            ask()  # it arrived twice
        if luck < 0.40:
            return None  # the answer was lost, or the desk restarted before it could take it
        return msgspec.json.Decoder(kind).decode(messages.encoder.encode(answer))

    def arrive_late(self, machine: Machine) -> None:
        if machine.late:
            machine.late.pop(self.random.randrange(len(machine.late)))()

    def step(self, machine: Machine, *, calm: bool = False) -> bool:
        """One request of the desk's round and its answer. True if there may be more to do."""
        connection = machine.connection
        here = exchange.position(connection)
        caller = machine.caller()
        more = False
        if here.epoch:
            offer = exchange.offer_request(connection)
            if offer is not None:
                answer = self._sent(
                    lambda: self.store.offer(caller, offer), OfferAnswer, calm=calm, machine=machine
                )
                if answer is not None:
                    taken = machine.exchange(lambda c, d: exchange.take_offer(c, answer))
                    if not taken.met_epoch:
                        exchange.all_offered(connection)
                return True
            exchange.all_offered(connection)
            self._push(machine, calm=calm)
            fill = exchange.next_fill(connection)
            if fill is not None:
                answer = self._sent(
                    lambda: self.store.incident(caller, *fill), HistoryPage, calm=calm, machine=machine
                )
                if answer is not None:
                    machine.exchange(lambda c, d: exchange.take_fill(c, d, fill[0], answer))
                    more = True
            state = exchange.history_state(connection)
            if state is not None:
                more = self._history(machine, state, calm=calm)
        return self._pull(machine, calm=calm) or more

    def _push(self, machine: Machine, *, calm: bool) -> None:
        push = exchange.push_request(machine.connection, machine.clock.now())
        if push is None or not (calm or self.random.random() < 0.6):
            return
        push.groups = push.groups[: self.random.randint(1, 4)]
        raw = messages.encoder.encode(push)
        caller = machine.caller()

        def ask() -> PushAnswer:
            return self.store.push(caller, messages.push_request.decode(raw))

        answer = self._sent(ask, PushAnswer, calm=calm, machine=machine)
        if answer is not None:
            machine.exchange(lambda c, d: exchange.take_push(c, answer, machine.clock.now()))

    def _history(self, machine: Machine, state: dict[str, Any], *, calm: bool) -> bool:
        class_ = "cards" if state["cards"] is not None else "facts"
        after, until = (state["cards"] or 0, state["until"]) if class_ == "cards" else (0, state["facts"])
        caller = machine.caller()
        answer = self._sent(
            lambda: self.store.history(caller, class_, after, until), HistoryPage, calm=calm, machine=machine
        )
        if answer is not None:
            machine.exchange(lambda c, d: exchange.take_history(c, d, class_, answer))
        return True

    def _pull(self, machine: Machine, *, calm: bool, whole: bool = False) -> bool:
        here = exchange.position(machine.connection)
        caller = machine.caller()
        page: FeedPage | None = self._sent(
            lambda: self.store.feed(caller, here, PAGE, whole=whole), FeedPage, calm=calm, machine=machine
        )
        if page is None:
            return True
        first = here.epoch == 0
        taken = machine.exchange(lambda c, d: exchange.take_page(c, d, here, page))
        if taken.ask_whole:
            return self._pull(machine, calm=calm, whole=True)
        if taken.met_epoch and first and self.random.random() < 0.5:
            exchange.begin_history(machine.connection, page)
        self.note_numbers(machine)
        assert not (calm and taken.differing and self._settled(machine)), (
            f"{machine.name}: the digests differ in {taken.differing}"
        )
        return bool(page.entries) or page.more or taken.met_epoch

    def _settled(self, machine: Machine) -> bool:
        return outbox.waiting(machine.connection).changes == 0

    def note_numbers(self, machine: Machine) -> None:
        found = machine.connection.execute("SELECT id FROM journal WHERE number IS NOT NULL")
        self.numbered.update(UUID(bytes=id_) for (id_,) in found)

    # --- bad luck

    def back_up(self) -> None:
        self.backups = [*self.backups[-1:], self.centre_file.serialize()]

    def restore(self) -> None:
        """The centre comes back from a backup, in a new epoch."""
        if not self.backups:
            return
        self.now += timedelta(minutes=2)
        self.centre_file = memory(self.random.choice(self.backups))
        self.store = self._store()
        self.store.new_epoch()
        for machine in self.machines:
            machine.late.clear()
        self.restores += 1

    def put_back(self, machine: Machine) -> None:
        """The desk's disk is put back from an image of a while ago."""
        image = machine.connection.serialize()
        for _ in range(self.random.randint(1, 4)):
            self.act(machine)
            self.step(machine)
        machine.workplace = self._workplace(image, machine.clock)
        machine.forms.clear()
        machine.unlucky = True

    def clone(self, machine: Machine) -> None:
        """Somebody copies the desk's disk into another computer."""
        if len(self.machines) >= 5:
            return
        clock = Clock(self)
        workplace = self._workplace(machine.connection.serialize(), clock)
        twin = Machine(
            world=self,
            name=f"desk {len(self.machines) + 1}",
            scope=machine.scope,
            clock=clock,
            workplace=workplace,
            devices=set(machine.devices),
            unlucky=True,
        )
        self.committed[twin.name] = []
        self.machines.append(twin)

    def act(self, machine: Machine) -> None:
        """Something an operator does."""
        actions = [
            *(self.write_line,) * 3,
            self.open_incident,
            *(self.open_form, self.commit_form) * 4,
            self.strike,
            self.attach,
            *(self.send_team,) * 2,
            self.shelter_people,
            self.close_or_reopen,
            self.card,
        ]
        if machine.scope is None:
            actions += [self.share, *(self.purge,) * (3 if self.purging else 0)]
        self.random.choice(actions)(machine)

    # --- quiet

    def quiet(self) -> None:
        """The cable holds: everybody exchanges until nothing moves any more."""
        for machine in self.machines:
            while machine.late:
                self.arrive_late(machine)
        for _ in range(400):
            moved = False
            for machine in self.machines:
                before = (exchange.position(machine.connection), self._count(machine))
                more = self.step(machine, calm=True)
                moved = (
                    moved or more or before != (exchange.position(machine.connection), self._count(machine))
                )
            if not moved:
                return
        raise AssertionError("the desks never came to rest")

    def _count(self, machine: Machine) -> tuple[int, ...]:
        row: tuple[int, ...] = machine.connection.execute(
            "SELECT count(*), count(number), count(absent) FROM journal"
        ).fetchone()
        return row

    def centre_rows(self, kind: str) -> dict[UUID, dict[str, Any]]:
        codec = statements.CODECS[kind]
        rows = (codec.row(raw) for raw in self.centre_file.execute(codec.select_all))
        return {row["id"]: row for row in rows}

    def desk_rows(self, machine: Machine, kind: str) -> dict[UUID, dict[str, Any]]:
        codec = statements.CODECS[kind]
        rows = (codec.row(raw) for raw in machine.connection.execute(codec.select_all))
        return {row["id"]: row for row in rows}

    def check(self) -> None:
        """After a quiet point: the laws of DESIGN §5."""
        for machine in self.machines:
            self._check_desk(machine)
        self._check_values()
        self._check_purged()
        self._check_engagements()
        self._check_occupancies()
        held = {UUID(bytes=id_) for (id_,) in self.centre_file.execute("SELECT id FROM journal")}
        for machine in self.machines:
            mine = {
                UUID(bytes=id_)
                for (id_,) in machine.connection.execute("SELECT id FROM journal WHERE number IS NOT NULL")
            }
            assert mine <= held, f"{machine.name} holds accepted entries that the centre lost: {mine - held}"
        if not self.restores:
            assert self.numbered <= held, "an accepted entry is gone"

    def _check_engagements(self) -> None:
        """Every side computes the same deployments and the same teams in two places, whatever it may see."""
        first: list[Any] | None = None
        for machine in self.machines:
            kept = engagements.read(machine.connection)
            doubled = [
                found for team in sorted({one.team_id for one in kept})
                if (found := double([one for one in kept if one.team_id == team])) is not None
            ]  # fmt: skip
            self.doubles += len(doubled)
            self.engaged += len(kept)
            first = [kept, doubled] if first is None else first
            assert [kept, doubled] == first, f"{machine.name}: {kept} is not {first[0]}"

    def _check_occupancies(self) -> None:
        """Every side counts the same people in the same shelters, whatever it may see."""
        first: list[Any] | None = None
        for machine in self.machines:
            kept = occupancies.read(machine.connection)
            self.sheltered += len(kept)
            first = kept if first is None else first
            assert kept == first, f"{machine.name}: {kept} is not {first}"

    def _check_desk(self, machine: Machine) -> None:
        connection = machine.connection
        found = verify(connection).findings
        assert not found, f"{machine.name}: verify finds {found[:3]}"
        assert outbox.waiting(connection).changes == 0, f"{machine.name} still has unsent changes"
        assert projections.differing(connection) == {}, f"{machine.name}: projections"
        visible = {kind: self._visible(machine, kind) for kind in REGISTRY}
        for kind, due in visible.items():
            mine = self.desk_rows(machine, kind)
            assert mine.keys() == due.keys(), (
                f"{machine.name} {kind}: has {mine.keys() - due.keys()}, lacks {due.keys() - mine.keys()}"
            )
            for id_, row in due.items():
                differing = {n: (mine[id_][n], v) for n, v in row.items() if mine[id_][n] != v}
                assert not differing, f"{machine.name} {kind} {id_}: {differing}"
        theirs = {(one.kind, one.scope): (one.count, one.sum) for one in self._digests(machine)}
        ours = digests.held(connection)
        for key, value in theirs.items():
            assert ours.get(key, (0, 0)) == value, f"{machine.name}: digest of {key}"
        refused = {UUID(bytes=id_) for (id_,) in connection.execute("SELECT group_id FROM refusal")}
        if not machine.unlucky:
            for id_ in self.committed[machine.name]:
                found = connection.execute(
                    "SELECT number, absent, bytes FROM journal WHERE id = ?", (id_.bytes,)
                ).fetchone()
                assert found is not None, f"{machine.name} lost a word"
                number, absent, data = found
                if number is None:
                    assert absent == "refused" and decode_entry(data).group in refused, "a silent loss"

    def _visible(self, machine: Machine, kind: str) -> dict[UUID, dict[str, Any]]:
        rows = self.centre_rows(kind)
        if machine.scope is None:
            return rows
        incidents = self.centre_rows("incident")
        out = {}
        for id_, row in rows.items():
            incident = incidents.get(id_ if kind == "incident" else row.get("incident_id") or id_)
            public = REGISTRY[kind].public or row.get("target_kind")
            if public or row["scope_id"] == machine.scope:
                told = row["scope_id"] == machine.scope or (
                    incident is not None
                    and not REGISTRY[kind].register
                    and (
                        incident["scope_id"] == machine.scope
                        or str(machine.scope) in (incident["shared_ids"] or ())
                    )
                )
                hidden = dict.fromkeys(REGISTRY[kind].personal()) if not told else {}
                out[id_] = {**row, **hidden} if not self._own(machine, id_) else row
                continue
            own_fact = REGISTRY[kind].nature == "fact" and self._own(machine, id_)
            seen = own_fact or (
                incident
                and (
                    incident["scope_id"] == machine.scope
                    or str(machine.scope) in (incident["shared_ids"] or ())
                )
            )
            if seen:
                out[id_] = row
        return out

    def _own(self, machine: Machine, row: UUID) -> bool:
        found = self.centre_file.execute(
            'SELECT bytes FROM journal WHERE id = ? OR "row" = ?', (row.bytes,) * 2
        )
        return any(decode_entry(data).device in machine.devices for (data,) in found)

    def _digests(self, machine: Machine) -> list[messages.Held]:
        page = self.store.feed(machine.caller(), Position(**_fields(self.store.head())), PAGE)
        return page.digests or []

    def _check_values(self) -> None:
        """Each value ever committed and accepted is current, superseded in sight of it, or listed."""
        codec = statements.CODECS["incident"]
        standing: set[str] = set()
        accepted: set[str] = set()
        private = {
            UUID(bytes=id_): body
            for id_, body in self.centre_file.execute("SELECT change_id, body FROM private_value")
        }
        import json

        for row in self.centre_rows("incident").values():
            for heads in heads_out(codec.kind, row["heads"]).values():
                for head in heads if isinstance(heads, list) else ():
                    body = json.loads(private.get(head, b"{}"))
                    standing.update(value["value"] for value in body.values())
        for body in private.values():
            accepted.update(value["value"] for value in json.loads(body).values() if value["value"])
        # what was destroyed superseded what was seen with it all the same
        gone = {word for id_ in self._accepted_certificates() for word in self.purged.get(id_, ())}
        for value in (accepted - gone) & self.value_of.keys():
            if value in standing:
                continue
            assert self._superseded(value, accepted | gone), f"{value} went under unseen"

    def _accepted_certificates(self) -> list[UUID]:
        return [UUID(bytes=id_) for (id_,) in self.centre_file.execute("SELECT id FROM certificate")]

    def _check_purged(self) -> None:
        """What an accepted certificate names is nowhere: not in the rows, not beside the chain, and not in
        the bytes of any file."""
        words = {word for id_ in self._accepted_certificates() for word in self.purged.get(id_, ())}
        if not words:
            return
        sides = [("the centre", self.centre_file)]
        sides += [(machine.name, machine.connection) for machine in self.machines]
        for name, connection in sides:
            connection.execute("VACUUM")
            image = connection.serialize()
            for word in words:
                assert word.encode() not in image, f"{name} still has {word}"
                assert word.encode("unicode-escape") not in image, f"{name} still has {word}, escaped"

    def _superseded(self, value: str, accepted: set[str]) -> bool:
        """Whether somebody who saw this value, or an own value typed over it, typed an accepted one."""
        row_field = self.value_of[value]
        waiting, done = [value], set()
        while waiting:
            seen = waiting.pop()
            for other, shown in self.seen_by.items():
                if other in done or seen not in shown or self.value_of[other] != row_field:
                    continue
                if other in accepted:
                    return True
                done.add(other)
                waiting.append(other)
        return False


def _fields(position: Position) -> dict[str, int]:
    return {"epoch": position.epoch, "n": position.n}

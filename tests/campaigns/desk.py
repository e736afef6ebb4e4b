"""The desk process of the campaigns: a desk as its window opens it, without the window, told what to do.

``python -m tests.campaigns.desk FOLDER`` reads one JSON object a line ({"re": number, …}, see ``DOES``) and
writes one a line: {"re": number, …} when it is done, and on the way {"ack": [change ids], …} for each
command that was acknowledged. It ends when its input does.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from commandcenter.domain.merge import heads_out
from commandcenter.domain.record import REGISTRY
from commandcenter.lock import Lock
from commandcenter.runtime import DataDirectory, Desktop, keep_log
from commandcenter.services.command import Command
from commandcenter.services.incidents import EditIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard
from commandcenter.services.sign_in import sign_in as prove
from db.desk import exchange, outbox
from db.desk.engine import Connection

Said = dict[str, Any]
INCIDENT = REGISTRY["incident"]


class Desk:
    """The open desk."""

    def __init__(self, folder: Path) -> None:
        directory = DataDirectory(folder)
        directory.make()
        lock = Lock(directory.path, "window")
        ends = time.monotonic() + 10
        while not lock.take():  # of one that was killed a moment ago
            if time.monotonic() > ends:
                raise TimeoutError("somebody else has this desk open")
            time.sleep(0.01)
        keep_log(directory)
        self.lock = lock
        self.desktop = Desktop(directory)
        self.desktop.start()
        self.desktop.ready.result(30)
        self.desktop.sync.begin()

    def do(self, command: Command, **about: Any) -> UUID:
        """Carry a command out and say that it was acknowledged; the last row it made or edited."""
        outcome = self.desktop.execute(command).result(30)
        last = outcome.change_set.seq

        def made(connection: Connection) -> list[str]:
            found = connection.execute(
                "SELECT id FROM journal WHERE seq > ? AND seq <= ?", (last - outcome.changes, last)
            )
            return [str(UUID(bytes=id_)) for (id_,) in found]

        ids = self.desktop.ask(made).result(30)
        assert len(ids) == outcome.changes
        say(ack=ids, rows=[str(id_) for id_ in outcome.ids], **about)
        return outcome.ids[0]


def say(**what: object) -> None:
    """One line on stdout, in one write, now: from here on somebody counts on it."""
    os.write(1, (json.dumps(what, ensure_ascii=False) + "\n").encode())


def enrol(desk: Desk, told: Said) -> Said:
    """Become a desk of a centre, as on the settings page."""
    desk.desktop.sync.enrol(told["url"], told["code"]).done.result(60)
    return {}


def add_officer(desk: Desk, told: Said) -> Said:
    """The card of a duty officer, written before there is a centre."""
    fields = {"name": told["name"], "roles": ["duty_officer"]}
    return {"id": str(desk.do(AddCard(kind="person", fields=fields)))}


def sign_in(desk: Desk, told: Said) -> Said:
    """Somebody sits down, by the centre's word."""
    proved = prove(desk.desktop, told["login"], told["password"], desk.desktop.sync.sign_in())
    return {"person": str(proved)}


def open_incident(desk: Desk, told: Said) -> Said:
    """A new incident."""
    title = told["title"]
    return {"id": str(desk.do(OpenIncident(title=title, event_code="11A01"), title=title))}


def look(desk: Desk, told: Said) -> Said:
    """The changes whose values of a field are on the screen."""

    def heads(connection: Connection) -> list[str]:
        (raw,) = connection.execute(
            "SELECT heads FROM incident WHERE id = ?", (UUID(told["id"]).bytes,)
        ).fetchone()
        found = heads_out(INCIDENT, json.loads(raw)).get(told["field"], [])
        return [str(head) for head in found]

    return {"heads": desk.desktop.ask(heads).result(30)}


def edit(desk: Desk, told: Said) -> Said:
    """A field typed over what the screen showed when editing began."""
    field, bases = told["field"], [UUID(head) for head in told["on"]]
    desk.do(
        EditIncident(id=UUID(told["id"]), fields={field: told["to"]}, bases={field: bases} if bases else {})
    )
    return {}


def load(desk: Desk, told: Said) -> Said:
    """An hour of a busy desk in a second: lines, incidents, edits, strikes."""
    chance, name = random.Random(told["seed"]), told["name"]
    incident = UUID(told["incident"])
    for i in range(told["count"]):
        text = f"{name} 第{i}条 𠮷 " + "水位" * chance.randrange(30)
        line = desk.do(WriteLogEntry(text=text, incident_id=incident), text=text)
        luck = chance.random()
        if luck < 0.06:
            title = f"{name} 事件{i}"
            incident = desk.do(OpenIncident(title=title, event_code="11A01"), title=title)
            for field in ("known", "place"):
                desk.do(EditIncident(id=incident, fields={field: f"{text}·{field}"}))
        elif luck < 0.12:
            text += "改"
            desk.do(StrikeFact(target_id=line, reason="写错", replacement_text=text), text=text)
        time.sleep(chance.random() * told["pause_s"])
    return {}


def state(desk: Desk, told: Said) -> Said:
    """Where it stands with its centre."""
    now = desk.desktop.sync_state()
    here = desk.desktop.ask(exchange.position).result(30)
    unsent = desk.desktop.ask(lambda connection: outbox.waiting(connection).changes).result(30)
    return {
        "state": now.state,
        "reason": now.reason,
        "waiting": now.waiting,  # as it is shown, a quarter of a second late
        "unsent": unsent,
        "refilled": now.refilled,
        "live": desk.desktop.sync.live,
        "equal": now.equal_at is not None,
        "at": [here.epoch, here.n],
    }


def try_now(desk: Desk, told: Said) -> Said:
    """As the operator asks not to wait."""
    desk.desktop.sync.try_now()
    return {}


DOES: dict[str, Callable[[Desk, Said], Said]] = {
    "officer": add_officer,
    "enrol": enrol,
    "sign in": sign_in,
    "open": open_incident,
    "look": look,
    "edit": edit,
    "load": load,
    "state": state,
    "try": try_now,
}


def main(arguments: list[str]) -> int:
    """Do what is told; 0 when the input ends."""
    desk = Desk(Path(arguments[0]))
    say(re=0, pid=os.getpid())
    for line in sys.stdin:
        told = json.loads(line)
        say(re=told["re"], **DOES[told["what"]](desk, told))
    desk.desktop.close()
    desk.lock.release()
    left = [one.name for one in threading.enumerate() if one.name in ("writer", "sync", "listener")]
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

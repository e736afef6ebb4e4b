"""The tampering hands: each does to a desk's file what somebody might, and says what must be found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from uuid import UUID

from commandcenter.domain.change import GENESIS, link
from commandcenter.services.incidents import AttachLine, CloseIncident, EditIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.registers import AddCard, EditCard
from tests.services.desk import Desk

Hand = Callable[[sqlite3.Connection], None]


def busy_night(desk: Desk) -> None:
    """Every kind of entry that there is: facts, cards, edits, a growing set, a strike, attached lines."""
    with desk.working() as at:
        first = at.execute(WriteLogEntry(text="东湖路积水约40厘米", channel="phone", counterpart="王某某"))
        at.execute(WriteLogEntry(text="已通知街道"))
        incident, *_ = at.execute(
            OpenIncident(title="东湖路内涝", event_code="11A01", place="东湖路", from_entry_id=first.ids[0])
        ).ids
        second = at.execute(WriteLogEntry(text="水位下降", incident_id=incident, importance="important"))
        third = at.execute(WriteLogEntry(text="补充一条"))
        at.execute(AttachLine(incident_id=incident, entry_id=third.ids[0]))
        at.execute(EditIncident(id=incident, fields={"place": "东湖路北段", "grade": "ordinary"}))
        at.execute(StrikeFact(target_id=second.ids[0], reason="数字写错", replacement_text="水位下降10厘米"))
        person = at.execute(
            AddCard(kind="person", fields={"name": "测试员", "roles": ["duty_officer", "leader"]})
        ).ids[0]
        at.execute(EditCard(kind="person", id=person, fields={"roles": ["duty_chief", "leader"]}))
        at.execute(CloseIncident(id=incident))
        at.execute(WriteLogEntry(text="倒数第二条"))
        at.execute(WriteLogEntry(text="最后一条"))


def newest(connection: sqlite3.Connection) -> tuple[int, bytes, bytes]:
    """(seq, id, device) of the newest entry."""
    found = connection.execute("SELECT seq, id, device FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return int(found[0]), bytes(found[1]), bytes(found[2])


def drop_newest(connection: sqlite3.Connection) -> None:
    """Take the newest line away with everything of it but the chain's head."""
    seq, id_, _ = newest(connection)
    (happened,) = connection.execute("SELECT happened_at FROM log_entry WHERE id = ?", (id_,)).fetchone()
    connection.execute("DELETE FROM journal WHERE seq = ?", (seq,))
    for table, column in (("log_entry", "id"), ("private_value", "change_id"), ("timeline", "row_id")):
        assert connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (id_,)).rowcount == 1
    connection.execute(
        "UPDATE day_count SET count = count - 1 WHERE kind = 'log_entry' AND importance = 'normal'"
        " AND channel = '' AND day = (? + 28800000) / 86400000",
        (happened,),
    )


def roll_chain_back(connection: sqlite3.Connection) -> None:
    """Set the chain's head to the entry that is now the newest: consistent in itself."""
    _, _, device = newest(connection)
    n, hash_ = connection.execute(
        "SELECT n, hash FROM journal WHERE device = ? ORDER BY n DESC LIMIT 1", (device,)
    ).fetchone()
    connection.execute("UPDATE chain SET n = ?, hash = ? WHERE device = ?", (n, hash_, device))


def drop_and_roll_back(connection: sqlite3.Connection) -> None:
    """The thorough hand: nothing left that could tell, inside the file."""
    drop_newest(connection)
    roll_chain_back(connection)


def chain_again(connection: sqlite3.Connection) -> None:
    """Hash the whole chain anew over what the entries now say, as one who knows the rule would."""
    previous: dict[bytes, bytes] = {}
    rows = connection.execute("SELECT seq, device, bytes FROM journal WHERE n > 0 ORDER BY seq").fetchall()
    for seq, device, data in rows:
        previous[device] = link(previous.get(device, GENESIS), data)
        connection.execute("UPDATE journal SET hash = ? WHERE seq = ?", (previous[device], seq))
    for device, hash_ in previous.items():
        connection.execute("UPDATE chain SET hash = ? WHERE device = ?", (hash_, device))


def swap_bytes(connection: sqlite3.Connection) -> None:
    """Two entries change places, their columns stay."""
    (a, data_a), (b, data_b) = connection.execute(
        "SELECT seq, bytes FROM journal WHERE n > 0 ORDER BY seq DESC LIMIT 2"
    ).fetchall()
    connection.execute("UPDATE journal SET bytes = ? WHERE seq = ?", (data_b, a))
    connection.execute("UPDATE journal SET bytes = ? WHERE seq = ?", (data_a, b))


def swap_seats(connection: sqlite3.Connection) -> None:
    """Two entries change places with all their columns."""
    (a,), (b,) = connection.execute(
        "SELECT seq FROM journal WHERE n > 0 ORDER BY seq DESC LIMIT 2"
    ).fetchall()
    for old, new in ((a, -1), (b, a), (-1, b)):
        connection.execute("UPDATE journal SET seq = ? WHERE seq = ?", (new, old))


def alter_entry(connection: sqlite3.Connection) -> None:
    """An open value inside an entry's bytes."""
    found = connection.execute(
        "SELECT seq, bytes FROM journal WHERE instr(bytes, CAST('important' AS BLOB)) > 0"
    ).fetchall()
    for seq, data in found:
        changed = data.replace(b'"important"', b'"urgent"')
        connection.execute("UPDATE journal SET bytes = ? WHERE seq = ?", (changed, seq))


def alter_entry_and_chain(connection: sqlite3.Connection) -> None:
    """The same, with the chain hashed anew: the row then tells, and an anchor."""
    alter_entry(connection)
    chain_again(connection)


def alter_entry_chain_and_row(connection: sqlite3.Connection) -> None:
    """The same, and the row and its lines say it too: only an anchor tells."""
    alter_entry_and_chain(connection)
    for table in ("log_entry", "timeline"):
        connection.execute(f"UPDATE {table} SET importance = 'urgent' WHERE importance = 'important'")
    connection.execute("UPDATE day_count SET importance = 'urgent' WHERE importance = 'important'")


def alter_private(connection: sqlite3.Connection) -> None:
    """A caller's words beside the chain, and the row that shows them."""
    change, body = connection.execute(
        "SELECT change_id, body FROM private_value ORDER BY change_id DESC LIMIT 1"
    ).fetchone()
    raw = json.loads(body)
    raw["text"]["value"] = "什么也没有发生"
    connection.execute(
        "UPDATE private_value SET body = ? WHERE change_id = ?",
        (json.dumps(raw, ensure_ascii=False).encode(), change),
    )
    connection.execute("UPDATE log_entry SET text = '什么也没有发生' WHERE id = ?", (change,))


def add_row(connection: sqlite3.Connection) -> None:
    """A line that no entry speaks of, in the log and in its counts."""
    columns = [row[1] for row in connection.execute("PRAGMA table_info(log_entry)") if row[1] != "id"]
    names = ", ".join(columns)
    id_ = UUID(int=7).bytes
    connection.execute(
        f"INSERT INTO log_entry (id, {names}) SELECT ?, {names} FROM log_entry ORDER BY id DESC LIMIT 1",
        (id_,),
    )
    connection.execute(
        "INSERT INTO timeline SELECT happened_at, ?, kind, machine, importance, channel, desk_id, NULL"
        " FROM timeline WHERE kind = 'log_entry' ORDER BY row_id DESC LIMIT 1",
        (id_,),
    )
    connection.execute(
        "UPDATE day_count SET count = count + 1 WHERE kind = 'log_entry' AND importance = 'normal'"
        " AND channel = ''"
    )


def statements(*sql: str) -> Hand:
    """A tampering of plain statements, each of which must change something."""

    def tamper(connection: sqlite3.Connection) -> None:
        for statement in sql:
            assert connection.execute(statement).rowcount > 0, statement

    return tamper


LAST = "(SELECT max(id) FROM log_entry)"
TAMPERINGS: dict[str, tuple[Hand, set[str]]] = {
    "a fact's row": (statements(f"UPDATE log_entry SET text = '改' WHERE id = {LAST}"), {"row_altered"}),
    "a fact's author": (
        statements(f"UPDATE log_entry SET typed_by_id = id WHERE id = {LAST}"),
        {"row_altered"},
    ),
    "a fact's scope": (statements(f"UPDATE log_entry SET scope_id = id WHERE id = {LAST}"), {"row_altered"}),
    "a card's row": (statements("UPDATE incident SET grade = 'major'"), {"row_altered"}),
    "a card's set": (statements("""UPDATE person SET roles = '["leader"]'"""), {"row_altered"}),
    "a card's heads": (statements("UPDATE incident SET heads = '{}'"), {"row_altered"}),
    "a shipped row": (statements("UPDATE setting SET value = '60'"), {"row_altered"}),
    "a row taken away": (
        statements(f"DELETE FROM log_entry WHERE id = {LAST}"),
        {"row_missing", "projection_differs"},
    ),
    "a row without an entry": (add_row, {"row_without_entry", "projection_differs"}),
    "an entry": (alter_entry, {"entry_altered", "row_altered"}),
    "an entry and the chain": (alter_entry_and_chain, {"row_altered"}),
    "an entry's columns": (
        statements("UPDATE journal SET device = id WHERE seq = (SELECT max(seq) FROM journal)"),
        {"entry_misfiled"},
    ),
    "an entry made unreadable": (
        statements("UPDATE journal SET bytes = x'7b7d' WHERE seq = (SELECT max(seq) FROM journal)"),
        {"entry_unreadable", "newest_missing", "row_without_entry", "projection_differs"},
    ),
    "a shipped entry": (
        statements(
            "UPDATE journal SET bytes = CAST(replace(CAST(bytes AS TEXT), '1800', '1801') AS BLOB)"
            " WHERE seq = 1"
        ),
        {"shipped_altered", "row_altered"},
    ),
    "a private value": (alter_private, {"value_altered"}),
    "a private value made unreadable": (
        statements("UPDATE private_value SET body = x'00'"),
        {"value_altered", "row_altered"},
    ),
    "a private value without its salt": (
        statements("""UPDATE private_value SET body = CAST('{"text": {}}' AS BLOB)"""),
        {"value_altered", "value_missing", "row_altered"},
    ),
    "a row made unreadable": (
        statements(f"UPDATE log_entry SET happened_at = 'yesterday' WHERE id = {LAST}"),
        {"row_altered", "projection_differs"},
    ),
    "an entry of another type": (
        statements("UPDATE journal SET bytes = 'text' WHERE seq = (SELECT max(seq) FROM journal)"),
        {"entry_unreadable", "newest_missing", "row_without_entry", "projection_differs"},
    ),
    "the newest entry": (drop_newest, {"newest_missing"}),
    "an entry in the middle": (
        statements("DELETE FROM journal WHERE n = 5"),
        {"chain_gap", "entry_altered", "row_without_entry", "projection_differs"},
    ),
    "two entries' bytes": (swap_bytes, {"entry_misfiled", "entry_altered"}),
    "two entries' seats": (swap_seats, {"chain_gap", "entry_altered", "newest_missing"}),
    "the chain's head": (statements("UPDATE chain SET hash = zeroblob(32)"), {"head_differs"}),
    "the chain's length": (statements("UPDATE chain SET n = n - 1"), {"head_differs"}),
    "the chain's row": (statements("DELETE FROM chain"), {"head_differs"}),
    "a line of the timeline": (
        statements(f"DELETE FROM timeline WHERE row_id = {LAST}"),
        {"line_missing", "projection_differs"},
    ),
    "a line hidden as the machine's": (
        statements(f"UPDATE timeline SET machine = 1 WHERE row_id = {LAST}"),
        {"projection_differs"},
    ),
    "a strike taken off": (
        statements("UPDATE timeline SET struck_id = NULL WHERE struck_id IS NOT NULL"),
        {"projection_differs"},
    ),
    "a strike put on": (
        statements(f"UPDATE timeline SET struck_id = row_id WHERE row_id = {LAST}"),
        {"projection_differs"},
    ),
    "a day's count": (statements("UPDATE day_count SET count = count + 1"), {"projection_differs"}),
    "counts moved to another day": (
        statements("UPDATE day_count SET day = day + 1 WHERE kind = 'log_entry'"),
        {"projection_differs"},
    ),
    "a line off its incident": (
        statements(
            "DELETE FROM incident_timeline WHERE row_id = (SELECT max(row_id) FROM incident_timeline"
            " WHERE kind = 'log_entry')"
        ),
        {"projection_differs"},
    ),
    "a line on another incident": (
        statements("UPDATE incident_timeline SET incident_id = row_id WHERE kind = 'log_entry'"),
        {"projection_differs"},
    ),
}

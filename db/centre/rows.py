"""The centre's rows: read in one question a kind, written in one statement a kind, on either database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update

from commandcenter.domain import change as entries
from commandcenter.domain.change import Change, Private
from commandcenter.domain.merge import heads_in, heads_out, standing
from commandcenter.domain.opened import Opened, opened, readable, unknown_fields
from commandcenter.domain.record import REGISTRY, Kind, settled
from commandcenter.protocol.messages import Beside
from db.centre.many import insert_many
from db.tables import RECORDS, journal, private_value

Row = dict[str, Any]
_BY_ID = {
    name: select(table).where(table.c.id.in_(bindparam("ids", expanding=True))).order_by(table.c.id)
    for name, table in RECORDS.items()
}
_LOCKED = {name: statement.with_for_update() for name, statement in _BY_ID.items()}
_DELETE = {name: delete(table).where(table.c.id == bindparam("b_id")) for name, table in RECORDS.items()}
_UPDATE = {
    name: update(table)
    .where(table.c.id == bindparam("b_id"))
    .values({column.name: bindparam(column.name) for column in table.columns if column.name != "id"})
    for name, table in RECORDS.items()
}
_ENTRIES = select(
    journal.c.seq, journal.c.epoch, journal.c.order_epoch, journal.c.order_number, journal.c.bytes
).where((journal.c.row == bindparam("of_row")) | (journal.c.id == bindparam("of_row")))
_PRIVATE = select(private_value.c.change_id, private_value.c.body).where(
    private_value.c.change_id.in_(bindparam("ids", expanding=True))
)
_body = msgspec.json.Decoder(dict[str, dict[str, Any]])


def private_of(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, dict[str, Private]]:
    """The personal values beside these changes; those that have none are left out."""
    if not ids:
        return {}
    return {
        id_: {
            name: Private(salt=bytes.fromhex(value["salt"]), value=value["value"], former=value["former"])
            for name, value in _body.decode(body).items()
        }
        for id_, body in connection.execute(_PRIVATE, {"ids": list(ids)})
    }


def beside_of(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, dict[str, Beside]]:
    """The same, as they travel."""
    if not ids:
        return {}
    return {
        id_: {
            name: Beside(s=value["salt"], v=value["value"], f=value["former"])
            for name, value in _body.decode(body).items()
        }
        for id_, body in connection.execute(_PRIVATE, {"ids": list(ids)})
    }


def read(connection: Connection, name: str, ids: Iterable[UUID], *, lock: bool = False) -> dict[UUID, Row]:
    """The rows of a kind with these ids, cards with their heads as UUIDs. ``lock``: held until the commit,
    taken in the order of the ids so that two who do so cannot wait for one another."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    kind = REGISTRY[name]
    statement = (_LOCKED if lock else _BY_ID)[name]
    out: dict[UUID, Row] = {}
    for found in connection.execute(statement, {"ids": wanted}).mappings():
        row = dict(found)
        for field, type_ in kind.types.items():
            if type_.shape == "codes":
                row[field] = tuple(row[field] or ())
            elif type_.shape == "flag":
                row[field] = bool(row[field])
        if "heads" in row:
            row["heads"] = heads_out(kind, row["heads"])
        out[row["id"]] = row
    return out


def _stored(kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(row)
    for field, type_ in kind.types.items():
        if type_.shape == "codes":
            out[field] = list(out.get(field) or ())
    if "heads" in out:
        out["heads"] = heads_in(out["heads"])
    return out


def write(connection: Connection, name: str, new: Sequence[Row], changed: Sequence[Row]) -> None:
    """Insert and update whole rows."""
    kind = REGISTRY[name]
    if new:
        insert_many(connection, RECORDS[name], [_stored(kind, row) for row in new])
    if changed:
        connection.execute(
            _UPDATE[name],
            [
                {"b_id": row["id"], **{k: v for k, v in _stored(kind, row).items() if k != "id"}}
                for row in changed
            ],
        )


def remove(connection: Connection, name: str, row: UUID) -> None:
    """Take a row out: no entry makes it."""
    connection.execute(_DELETE[name], {"b_id": row})


def refold(connection: Connection, kind: Kind, row: UUID) -> Row | None:
    """A card as all its entries make it, in the order of the numbers they were first given."""
    found = connection.execute(_ENTRIES, {"of_row": row}).all()
    changes = sorted(
        ((order_epoch or epoch, order_number or seq), bytes(data))
        for seq, epoch, order_epoch, order_number, data in found
    )
    decoded = [entries.decode(data) for _, data in changes]
    private = private_of(connection, [change.id for change in decoded]) if kind.personal() else {}
    return folded(kind, row, decoded, private)


def folded(
    kind: Kind, row: UUID, decoded: Sequence[Change], private: Mapping[UUID, Mapping[str, Private]]
) -> Row | None:
    """A card as these entries make it, which stand in the order of their first numbers; None while the one
    that makes it is not among them."""
    said: list[Opened] = [opened(kind, change, private.get(change.id, {})) for change in decoded]
    made = standing(kind, said)
    if made is None:
        return None
    creation = next(change for change in decoded if change.set is not None)
    full: Row = {name: settled(type_, None) for name, type_ in kind.types.items()}
    full |= {name: settled(kind.types[name], value) for name, value in readable(made.values).items()}
    return full | {
        "id": row,
        "extra": unknown_fields(kind, decoded),
        "typed_by_id": creation.by,
        "typed_desk_id": creation.device,
        "typed_at": creation.at,
        "typed_offset_ms": creation.offset_ms,
        "heads": made.heads,
    }

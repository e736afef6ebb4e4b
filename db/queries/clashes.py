"""The exceptions' queries: fields with several values, numbers given twice, lines replaced twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from commandcenter.domain.change import Edit, Sealed, decode
from commandcenter.domain.clock import from_ms
from commandcenter.domain.fields import plain
from commandcenter.domain.opened import opened
from commandcenter.domain.record import REGISTRY, Kind
from db.desk import inbox
from db.desk.engine import Connection
from db.desk.standing import private_of
from db.queries import team_clashes
from db.queries.clash import Clash, Value, of_ids
from db.queries.purge import destroyed_in, destroyed_of

PAGE = 200
CARDS = tuple(name for name, kind in REGISTRY.items() if kind.nature == "card")
# What the projections find, each in a file of its own.
SOURCES: tuple[Callable[[Connection], Iterator[Clash]], ...] = (team_clashes.found,)
# whose changes may make an exception or close one
KINDS = frozenset({*CARDS, "strike", "log_entry", *team_clashes.KINDS})


@dataclass(frozen=True, kw_only=True)
class ClashPage:
    """Exceptions, the newest first."""

    clashes: tuple[Clash, ...]
    open: int  # but those put aside, shown here or not
    aside: int
    more: bool


def clash_id(row: UUID, field: str) -> UUID:
    """The exception of a field."""
    return uuid5(row, field)


def clashes(connection: Connection, *, aside: bool = False, limit: int = PAGE) -> ClashPage:
    """The exceptions with all their values; ``aside``: also those that were put aside here."""
    away = inbox.aside(connection)
    found = sorted(_all(connection), key=_newest, reverse=True)
    shown = [clash for clash in found if aside or clash.id not in away]
    hidden = sum(clash.id in away for clash in found)
    return ClashPage(
        clashes=tuple(_filled(connection, clash, away) for clash in shown[:limit]),
        open=len(found) - hidden,
        aside=hidden,
        more=len(shown) > limit,
    )


def clash_count(connection: Connection) -> int:
    """How many exceptions nobody has put aside."""
    away = inbox.aside(connection)
    return sum(clash.id not in away for clash in _all(connection))


def _newest(clash: Clash) -> tuple[bytes, bytes]:
    ids = clash.heads or tuple(value.id for value in clash.values)
    return max(id_.bytes for id_ in ids), clash.id.bytes  # ids begin with the millisecond they were made in


# --- finding them


def _all(connection: Connection) -> Iterator[Clash]:
    for name in CARDS:
        yield from _of_fields(connection, REGISTRY[name])
    yield from _of_numbers(connection)
    yield from _of_replacements(connection)
    for source in SOURCES:
        yield from source(connection)


def _of_fields(connection: Connection, kind: Kind) -> Iterator[Clash]:
    # heads are kept without spaces: two ids in one list, and nothing else, stand so
    for id_, raw in connection.execute(
        f"""SELECT id, heads FROM "{kind.name}" WHERE instr(heads, '","') > 0"""
    ):
        row = UUID(bytes=id_)
        for name, heads in json.loads(raw).items():
            if isinstance(heads, list) and len(heads) > 1 and name in kind.types:
                yield Clash(
                    id=clash_id(row, name),
                    what="field",
                    kind=kind.name,
                    row=row,
                    field=name,
                    heads=tuple(UUID(head) for head in heads),
                )


def _of_numbers(connection: Connection) -> Iterator[Clash]:
    """Numbers that people say aloud and that two incidents carry: a cloned disk."""
    doubles = connection.execute(
        "SELECT number FROM incident WHERE number IS NOT NULL GROUP BY number HAVING count(*) > 1"
    ).fetchall()
    for (number,) in doubles:
        values = tuple(
            Value(
                id=UUID(bytes=id_),
                value=title,
                hidden=title is None,
                destroyed="" if title else _destroyed(connection, id_, "title"),
                by=None if by is None else UUID(bytes=by),
                desk=None if desk is None else UUID(bytes=desk),
                at=None if at is None else from_ms(at),
            )
            for id_, title, by, desk, at in connection.execute(
                "SELECT id, title, typed_by_id, typed_desk_id, typed_at FROM incident"
                " WHERE number = ? ORDER BY id",
                (number,),
            )
        )
        yield Clash(
            id=of_ids("number", values),
            what="number",
            kind="incident",
            row=values[0].id,
            number=number,
            values=values,
        )


def _of_replacements(connection: Connection) -> Iterator[Clash]:
    """Struck lines with several replacements that stand: the first (``happened_at``, id) counts."""
    doubles = connection.execute(
        "SELECT target_id FROM strike WHERE replacement_id IS NOT NULL"
        " GROUP BY target_id HAVING count(DISTINCT replacement_id) > 1"
    ).fetchall()
    for (target,) in doubles:
        found = connection.execute(
            "SELECT s.replacement_id, e.text, e.id IS NULL, s.typed_by_id, s.typed_desk_id, s.typed_at"
            " FROM strike AS s LEFT JOIN log_entry AS e ON e.id = s.replacement_id"
            " WHERE s.target_id = ? AND s.replacement_id IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM strike AS o WHERE o.target_id = s.replacement_id)"
            " ORDER BY s.happened_at, s.id",
            (target,),
        ).fetchall()
        values: dict[UUID, Value] = {}
        for id_, text, away, by, desk, at in found:
            key = UUID(bytes=id_)
            values.setdefault(
                key,
                Value(
                    id=key,
                    value=text,
                    hidden=bool(away) or text is None,
                    destroyed="" if text else _destroyed(connection, id_, "text"),
                    by=None if by is None else UUID(bytes=by),
                    desk=None if desk is None else UUID(bytes=desk),
                    at=None if at is None else from_ms(at),
                    current=not values,
                ),
            )
        if len(values) > 1:
            yield Clash(
                id=of_ids("replacement", tuple(values.values())),
                what="replacement",
                kind="log_entry",
                row=UUID(bytes=target),
                values=tuple(values.values()),
            )


def _destroyed(connection: Connection, row: bytes, name: str) -> str:
    return destroyed_of(connection, UUID(bytes=row)).get(name, "")


# --- filling them in


def _filled(connection: Connection, clash: Clash, away: frozenset[UUID]) -> Clash:
    kind = REGISTRY[clash.kind]
    title = number = state = ""
    if clash.what == "replacement":
        raw = connection.execute("SELECT text FROM log_entry WHERE id = ?", (clash.row.bytes,)).fetchone()
        title = "" if raw is None else raw[0] or ""
    elif kind.title or clash.kind == "incident":
        extra = ", number, state" if clash.kind == "incident" else ""
        raw = connection.execute(
            f'SELECT "{kind.title or "id"}"{extra} FROM "{kind.name}" WHERE id = ?', (clash.row.bytes,)
        ).fetchone()
        title = str(raw[0] or "") if kind.title else ""
        number, state = (raw[1] or "", raw[2] or "") if extra else ("", "")
    name = "text" if clash.what == "replacement" else kind.title
    clash = replace(
        clash,
        title=title,
        number=clash.number or number,
        state=state,
        aside=clash.id in away,
        destroyed=_destroyed(connection, clash.row.bytes, name) if name and not title else "",
    )
    if clash.what != "field":
        return clash
    values = tuple(_value(connection, kind, clash.field, head) for head in clash.heads)
    last = replace(values[-1], current=True)
    return replace(clash, values=(*values[:-1], last))


def _value(connection: Connection, kind: Kind, field: str, head: UUID) -> Value:
    raw = connection.execute("SELECT bytes, number FROM journal WHERE id = ?", (head.bytes,)).fetchone()
    if raw is None:
        return Value(id=head, hidden=True)
    change = decode(raw[0])
    made = opened(kind, change, private_of(connection, head) if kind.types[field].personal else {})
    said = (made.set or {}).get(field)
    if made.edit is not None:
        edit = made.edit.get(field)
        said = edit.to if isinstance(edit, Edit) else None
    hidden = isinstance(said, Sealed)
    return Value(
        id=head,
        value=None if hidden else plain(kind.types[field], said),
        hidden=hidden,
        destroyed=destroyed_in(connection, head).get(field, "") if hidden else "",
        by=change.by,
        desk=change.device,
        at=change.at,
        sent=raw[1] is not None,
    )

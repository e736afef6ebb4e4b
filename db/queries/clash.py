"""The exception as the queries tell it: what clashes, with every value, who said it and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import NAMESPACE_OID, UUID, uuid5

What = Literal["field", "number", "replacement", "team"]


@dataclass(frozen=True, kw_only=True)
class Value:
    """One of the values: who said it, at which desk, when. ``id``: the change, of a field; else the record.

    ``value`` as JSON has it; ``hidden``: it is not for this desk, or was destroyed."""

    id: UUID
    value: Any = None
    hidden: bool = False
    destroyed: str = ""  # the number of the certificate by which it was destroyed
    by: UUID | None = None
    desk: UUID | None = None
    at: datetime | None = None
    sent: bool = True  # the centre has it
    current: bool = False  # what stands until somebody chooses


@dataclass(frozen=True, kw_only=True)
class Clash:
    """An exception. ``id`` is the same at every desk: of a field made from record and field, of the others
    from the ids involved (DESIGN §3). ``row``: the card, the first incident, or the struck line."""

    id: UUID
    what: What
    kind: str
    row: UUID
    field: str = ""
    heads: tuple[UUID, ...] = ()  # of a field: the changes whose values are shown, in their order
    values: tuple[Value, ...] = ()
    title: str = ""  # the card's name or the struck line's words; "" where they are not for this desk
    number: str = ""  # of an incident
    state: str = ""  # of an incident
    destroyed: str = ""  # the number of the certificate by which the title was destroyed
    aside: bool = False


def of_ids(what: str, values: tuple[Value, ...]) -> UUID:
    """The id of an exception that is made of these records."""
    return uuid5(NAMESPACE_OID, what + "".join(sorted(str(value.id) for value in values)))

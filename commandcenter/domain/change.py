"""The journal entry: one change to one row, its canonical bytes, and what one commit touched.

The bytes are final: an entry is chained as first written and must read the same for ever. An entry is a
JSON object, UTF-8, keys sorted by code point, no white space, no floats, whole numbers within ±(2^53 − 1);
in strings only what must be is escaped (\\" \\\\ \\n \\t). One meaning has one form: bytes that are not
exactly what :func:`encode` makes of them are no entry. Keys (absent = none):

    v       1, the format
    id      the change's UUID; taking it twice is harmless
    group   the changes of one command, accepted or refused whole; absent: the change's own id
    batch   many groups of one import
    device  the desk that minted it, with n, its number in that desk's chain, from 1; absent: a row that
            ships, whose id is made from row and contents (:func:`shipped_id`)
    kind    the record's kind
    row     the record's id; absent: the change's own id
    by      the person; absent: nobody was signed in
    at      when it was typed, by the desk's clock
    offset  the last measured centre − desk in milliseconds; absent: never measured
    set     a record created: {field: value}; never null, "", false or an empty set: such are left out
    edit    a card changed: {field: {"to": value, "from": former value, "on": [ids of the bases]}}, "" being
            null; for a field that grows {"add": [values], "drop": {value: [ids of the adds seen]}}

Every entry has either ``set`` or ``edit``. Ids are lower-case with hyphens, instants UTC with three decimals,
lists sorted and each item once. A personal value stands as {"#": SHA-256(salt ‖ its JSON) in hex}; the salt
of 16 bytes and the value lie outside the chain; a value and its former one share a salt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

from commandcenter.domain.clock import instant_text, parse_instant
from commandcenter.domain.fields import AS_WRITTEN, INTEGER_MAX, FieldType, Plain, from_plain, plain
from commandcenter.domain.record import Kind, settled

FORMAT = 1
GENESIS = bytes(32)
SALT_BYTES = 16

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


class _Created(msgspec.Struct, omit_defaults=True):
    """An entry that creates a record, as it stands: what nearly every entry is, read without a detour."""

    v: int
    id: UUID
    kind: str
    set: dict[str, Any]
    group: UUID | None = None
    batch: UUID | None = None
    device: UUID | None = None
    n: int | None = None
    row: UUID | None = None
    by: UUID | None = None
    at: str | None = None
    offset: int | None = None


_created = msgspec.json.Decoder(_Created)
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A field's new value, its former one, and the changes whose values were on the screen."""

    to: Any
    former: Any = None
    on: tuple[UUID, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Grow:
    """What a set gained, and what it lost together with the changes that had added it."""

    add: tuple[str, ...] = ()
    drop: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A personal value as the chain has it: SHA-256(salt ‖ JSON of the value), 32 bytes in hex."""

    digest: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """One entry of the journal, decoded. ``set`` for a record created, ``edit`` for a card changed."""

    id: UUID
    group: UUID
    batch: UUID | None = None
    device: UUID | None = None
    n: int | None = None
    kind: str
    row: UUID
    by: UUID | None = None
    at: datetime | None = None
    offset_ms: int | None = None
    set: Mapping[str, Any] | None = None
    edit: Mapping[str, Edit | Grow] | None = None


@dataclass(frozen=True, kw_only=True)
class Private:
    """A personal value beside the chain: its salt, the value, and for an edit the former one."""

    salt: bytes
    value: Plain
    former: Plain = None


@dataclass(frozen=True)
class ChangeSet:
    """What one commit touched: {kind: ids}. ``seq`` is the journal's last line it covers."""

    touched: Mapping[str, frozenset[UUID]]
    seq: int = 0

    def of(self, kind: str) -> frozenset[UUID]:
        """The ids of ``kind`` that were touched."""
        return self.touched.get(kind, frozenset())

    def __or__(self, other: ChangeSet) -> ChangeSet:
        kinds = self.touched.keys() | other.touched.keys()
        return ChangeSet({kind: self.of(kind) | other.of(kind) for kind in kinds}, max(self.seq, other.seq))


def seal(salt: bytes, value: Plain) -> Sealed:
    """SHA-256(salt ‖ canonical JSON of the value). ValueError for a salt of another length: where the salt
    ends is part of what is sealed, or the first words of a text could be passed off as its salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt of {len(salt)} bytes")
    import hashlib

    return Sealed(digest=hashlib.sha256(salt + _encoder.encode(value)).hexdigest())


def seal_created(
    kind: Kind, values: Mapping[str, Any], new_salt: Callable[[], bytes]
) -> tuple[dict[str, Any], dict[str, Private]]:
    """The ``set`` of a new record in JSON's terms, personal values sealed, and those values beside it.

    Fields without a value are left out: an entry says only what was said.
    """
    out: dict[str, Any] = {}
    private: dict[str, Private] = {}
    for name, type_ in kind.types.items():
        value = values.get(name)
        if value is None or value == () or value is False:
            continue
        value = plain(type_, value)
        if type_.personal:
            salt = new_salt()
            private[name] = Private(salt=salt, value=value)
            value = seal(salt, value)
        out[name] = value
    return out, private


def seal_edited(
    kind: Kind, edits: Mapping[str, Edit | Grow], new_salt: Callable[[], bytes]
) -> tuple[dict[str, Edit | Grow], dict[str, Private]]:
    """The ``edit`` of a card in JSON's terms, personal values sealed, and those values beside it."""
    out: dict[str, Edit | Grow] = {}
    private: dict[str, Private] = {}
    for name, edit in edits.items():
        if isinstance(edit, Grow):
            out[name] = edit
            continue
        type_ = kind.types[name]
        to, former = plain(type_, settled(type_, edit.to)), plain(type_, settled(type_, edit.former))
        if type_.personal:
            salt = new_salt()
            private[name] = Private(salt=salt, value=to, former=former)
            out[name] = Edit(
                to=None if to is None else seal(salt, to),
                former=None if former is None else seal(salt, former),
                on=edit.on,
            )
        else:
            out[name] = Edit(to=to, former=former, on=edit.on)
    return out, private


def opened(type_: FieldType, value: Any, private: Private | None, *, former: bool = False) -> Any:
    """A value of an entry as the row has it; a sealed one is taken from ``private`` (None if purged)."""
    if isinstance(value, Sealed):
        if private is None:
            return None
        return from_plain(type_, private.former if former else private.value)
    return from_plain(type_, value)


def encode(change: Change) -> bytes:
    """The entry's canonical bytes."""
    out: dict[str, Any] = {"v": FORMAT, "id": str(change.id), "kind": change.kind}
    if change.group != change.id:
        out["group"] = str(change.group)
    if change.batch is not None:
        out["batch"] = str(change.batch)
    if change.device is not None:
        out["device"] = str(change.device)
        out["n"] = change.n
    if change.row != change.id:
        out["row"] = str(change.row)
    if change.by is not None:
        out["by"] = str(change.by)
    if change.at is not None:
        out["at"] = instant_text(change.at)
    if change.offset_ms is not None:
        out["offset"] = change.offset_ms
    if change.set is not None:
        out["set"] = {name: _wire(value) for name, value in change.set.items()}
    if change.edit is not None:
        out["edit"] = {name: _wire_edit(edit) for name, edit in change.edit.items()}
    return _encoder.encode(out)


def decode(data: bytes) -> Change:
    """The change whose bytes these are. ValueError if they are not an entry of this format, to the byte."""
    try:
        made = _created.decode(data)
        at = None if made.at is None else parse_instant(made.at)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        return _decode(data)  # an edit, or no entry
    if (
        made.v != FORMAT
        or (made.device is None) != (made.n is None)
        or made.group == made.id
        or made.row == made.id
        or (at is not None and instant_text(at) != made.at)
        or _encoder.encode(made) != data
    ):
        return _decode(data)
    change = Change(
        id=made.id,
        group=made.group or made.id,
        batch=made.batch,
        device=made.device,
        n=made.n,
        kind=made.kind,
        row=made.row or made.id,
        by=made.by,
        at=at,
        offset_ms=made.offset,
        set={name: _unwire(value) for name, value in made.set.items()},
    )
    _whole(change)
    return change


def _decode(data: bytes) -> Change:
    """The same of any entry, part by part; what is not quite one is told here."""
    try:
        raw = _decoder.decode(data)
        if raw["v"] != FORMAT:
            raise ValueError(f"entry format {raw['v']!r} is not known here")
        id_ = UUID(raw["id"])
        edit, set_ = raw.get("edit"), raw.get("set")
        change = Change(
            id=id_,
            group=UUID(raw["group"]) if "group" in raw else id_,
            batch=UUID(raw["batch"]) if "batch" in raw else None,
            device=UUID(raw["device"]) if "device" in raw else None,
            n=raw.get("n"),
            kind=raw["kind"],
            row=UUID(raw["row"]) if "row" in raw else id_,
            by=UUID(raw["by"]) if "by" in raw else None,
            at=parse_instant(raw["at"]) if "at" in raw else None,
            offset_ms=raw.get("offset"),
            set=None if set_ is None else {name: _unwire(value) for name, value in set_.items()},
            edit=None if edit is None else {name: _unwire_edit(value) for name, value in edit.items()},
        )
        _whole(change)
        if encode(change) != data:
            raise ValueError("not in its one form")
    except (KeyError, TypeError, AttributeError, OverflowError, msgspec.MsgspecError) as error:
        raise ValueError(f"not a journal entry: {error}") from error
    return change


def _whole(change: Change) -> None:
    """ValueError where the parts do not make an entry."""
    n, offset = change.n, change.offset_ms
    if type(change.kind) is not str or (change.set is None) == (change.edit is None):
        raise ValueError("not a change of one record")
    if change.device is not None and (type(n) is not int or not 0 < n <= INTEGER_MAX):
        raise ValueError(f"no number in a chain: {n!r}")
    if offset is not None and (type(offset) is not int or abs(offset) > INTEGER_MAX):
        raise ValueError(f"no offset: {offset!r}")


def check_values(kind: Kind, change: Change) -> None:
    """ValueError where a value of a field that ``kind`` has is not in its one form, or of another shape.

    For whoever takes entries from another hand (DESIGN §2: a desk is not trusted). Fields that are not
    known here are a newer program's and pass."""
    for name, value in (change.set or {}).items():
        if name in kind.types and (value is False or value in (None, "", [])):
            raise ValueError(f"{name} is said to be nothing")
        _check_value(kind, name, value)
    for name, edit in (change.edit or {}).items():
        type_ = kind.types.get(name)
        if type_ is not None and isinstance(edit, Grow) != (type_.merge == "grow"):
            raise ValueError(f"{name} is not changed so")
        if isinstance(edit, Edit):
            _check_value(kind, name, edit.to)
            _check_value(kind, name, edit.former)


def _check_value(kind: Kind, name: str, value: Any) -> None:
    type_ = kind.types.get(name)
    if type_ is None or isinstance(value, Sealed):
        return
    if value and type(value) is str and type_.shape in AS_WRITTEN:
        return  # has no other form
    try:
        one = None if value is None or value == "" else plain(type_, from_plain(type_, value))
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{name}: {error}") from error
    if value != one:
        raise ValueError(f"{name} is not in its one form")


def link(previous: bytes, data: bytes) -> bytes:
    """The chain's next hash: SHA-256(previous ‖ the entry's bytes)."""
    import hashlib  # OpenSSL with it: not before a window has its first lines

    return hashlib.sha256(previous + data).digest()


def shipped_id(
    row: UUID,
    kind: str,
    set_: Mapping[str, Any] | None = None,
    edit: Mapping[str, Edit | Grow] | None = None,
) -> UUID:
    """The change id of a row that ships (``set_``), or of a new edition of one, which is a patch based on
    the old edition's change (``edit``): made from row id and bytes, so loading it twice is one."""
    body: dict[str, Any] = {"kind": kind}
    if set_ is not None:
        body["set"] = {name: _wire(value) for name, value in set_.items()}
    if edit is not None:
        body["edit"] = {name: _wire_edit(value) for name, value in edit.items()}
    import hashlib

    return uuid5(row, hashlib.sha256(_encoder.encode(body)).hexdigest())


def _wire(value: Any) -> Any:
    return {"#": value.digest} if isinstance(value, Sealed) else value


def _unwire(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() != {"#"} or not _DIGEST.fullmatch(value["#"]):
            raise ValueError("not a sealed value")
        return Sealed(digest=value["#"])
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > INTEGER_MAX):
        raise ValueError(f"{value!r} is not a number that stands in an entry")
    return value


def _wire_edit(edit: Edit | Grow) -> dict[str, Any]:
    if isinstance(edit, Grow):
        return {"add": sorted(set(edit.add)), "drop": {value: _ids(ids) for value, ids in edit.drop.items()}}
    return {"to": _wire(edit.to), "from": _wire(edit.former), "on": _ids(edit.on)}


def _ids(ids: Iterable[UUID]) -> list[str]:
    return sorted({str(id_) for id_ in ids})


def _unwire_edit(raw: dict[str, Any]) -> Edit | Grow:
    if "add" in raw:
        return Grow(
            add=tuple(raw["add"]),
            drop={value: tuple(map(UUID, ids)) for value, ids in raw["drop"].items()},
        )
    return Edit(to=_unwire(raw["to"]), former=_unwire(raw["from"]), on=tuple(map(UUID, raw["on"])))

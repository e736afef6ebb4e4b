"""The record base and registry: a frozen dataclass per kind, from which tables, journal and forms come."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.clock import whole_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import FieldType, Value, from_plain

Nature = Literal["fact", "card"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every record has: an id, and a scope (the organisation whose it is; DESIGN §3)."""

    kind: ClassVar[str]
    nature: ClassVar[Nature]

    id: UUID
    scope_id: UUID | None = fields.reference("organisation")


@dataclass(frozen=True, kw_only=True)
class Fact(Record):
    """Written once; never edited, only struck. ``happened_at`` is the operator's statement of when."""

    nature: ClassVar[Nature] = "fact"

    happened_at: datetime = fields.instant(required=True)
    incident_id: UUID | None = fields.reference("incident")


@dataclass(frozen=True, kw_only=True)
class Card(Record):
    """Edited field by field; never deleted, only retired."""

    nature: ClassVar[Nature] = "card"

    retired: bool = fields.flag(merge="guarded")


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a rule may look at besides row and patch: no clock and no database of its own.

    The centre's intake judges an entry with the entry's own ``at`` and ``offset``, not with the time at
    which it arrived: a line written off-line hours ago is not late by that.
    """

    now: datetime  # by the desk's clock
    late_after_s: int  # a fact that happened longer ago than this wants a reason
    is_code: Callable[[str, str], bool]  # (code table, code) -> is it one
    offset_ms: int | None = None  # the last measured centre − desk

    @property
    def corrected(self) -> datetime:
        """What the time is: the desk's clock corrected by its measured offset (DESIGN §3)."""
        return self.now + timedelta(milliseconds=self.offset_ms or 0)


# A rule refuses by raising Refused. row: the values before, None when the record is being created;
# patch: the values asked for.
Rule = Callable[[Mapping[str, Value] | None, Mapping[str, Value], Situation], None]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One record type as the registry knows it."""

    name: str
    record: type[Record]
    nature: Nature
    types: Mapping[str, FieldType]  # every field but id, in the order of the definition
    rules: tuple[Rule, ...]
    register: bool  # served by the generic list and form
    machine: bool  # written by the program, hidden by default in the log
    strikable: bool
    public: bool  # every desk reads it, whosever it is
    title: str  # the field that names a card in lists; "" for facts
    of: str  # the field that names the card this fact is about, whose scope is the fact's own; "" for none
    indexed: tuple[str, ...]  # fields by which rows are looked up

    def personal(self) -> tuple[str, ...]:
        """The fields that never enter the chain in clear."""
        return tuple(name for name, type_ in self.types.items() if type_.personal)

    def searchable(self) -> tuple[str, ...]:
        """The fields whose words are found."""
        return tuple(name for name, type_ in self.types.items() if type_.searchable)


REGISTRY: dict[str, Kind] = {}
R = TypeVar("R", bound=type[Record])


def define(
    name: str,
    *,
    rules: tuple[Rule, ...] = (),
    register: bool = False,
    machine: bool = False,
    strikable: bool = True,
    public: bool = False,
    title: str = "",
    of: str = "",
    indexed: tuple[str, ...] = (),
) -> Callable[[R], R]:
    """Enter a record dataclass into the registry under ``name`` (also its table's name).

    ``of``: what a fact counts or moves is a card's (a team's step, a warehouse's stock): the fact has that
    card's scope, or two streets would compute two truths (DESIGN §3)."""

    def enter(cls: R) -> R:
        if name in REGISTRY:
            raise ValueError(f"the kind {name} is defined twice")
        types = {
            field.name: field.metadata["type"] for field in dataclasses.fields(cls) if field.name != "id"
        }
        cls.kind = name
        REGISTRY[name] = Kind(
            name=name,
            record=cls,
            nature=cls.nature,
            types=types,
            rules=rules,
            register=register,
            machine=machine,
            strikable=strikable and cls.nature == "fact",
            public=public or register,
            title=title,
            of=of,
            indexed=indexed,
        )
        return cls

    return enter


def kind_of(name: str) -> Kind:
    """The kind called ``name``. Refused ``unknown_kind`` if there is none."""
    try:
        return REGISTRY[name]
    except KeyError:
        raise Refused("unknown_kind", kind=name) from None


def values_of(record: Record) -> dict[str, Value]:
    """The record's fields but its id, by name."""
    types = REGISTRY[record.kind].types
    return {name: getattr(record, name) for name in types}


def make(kind: str, id_: UUID, values: Mapping[str, Value]) -> Record:
    """A record from its values; fields not given, or given as nothing, take their defaults, and a set is
    sorted: an entry says neither, so a row must not. Refused if a required one is missing."""
    definition = kind_of(kind)
    unknown = values.keys() - definition.types.keys()
    if unknown:
        raise Refused("unknown_field", field=min(unknown), kind=kind)
    missing = [
        name
        for name, type_ in definition.types.items()
        if type_.required and values.get(name) in (None, "", ())
    ]
    if missing:
        raise Refused("required", field=missing[0])
    settled_ = {name: settled(definition.types[name], value) for name, value in values.items()}
    arguments: dict[str, Any] = {name: value for name, value in settled_.items() if value is not None}
    return definition.record(id=id_, **arguments)


def settled(type_: FieldType, value: Value) -> Value:
    """The one form of a value: no text is None and never "", no flag is False, a set is sorted. What means
    the same must be the same, or rows that agree differ and entries that agree hash differently."""
    if value is None or value == "":
        return from_plain(type_, None)
    return tuple(sorted(set(value))) if isinstance(value, tuple) else value


def validate(
    kind: Kind, row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation
) -> None:
    """Refuse the patch where a field cannot hold its value, a code is unknown, or a rule says no."""
    types = kind.types
    for name, value in patch.items():
        type_ = types.get(name)
        if type_ is None:
            raise Refused("unknown_field", field=name, kind=kind.name)
        if value is None and not type_.required:
            continue
        fields.check(name, type_, value)
        if type_.table and value:
            for code in (value,) if isinstance(value, str) else value:  # type: ignore[union-attr]
                if not situation.is_code(type_.table, str(code)):
                    raise Refused("unknown_code", field=name, code=code)
    for rule in kind.rules:
        rule(row, patch, situation)


def patch_between(kind: Kind, row: Mapping[str, Value], wanted: Mapping[str, Value]) -> dict[str, Value]:
    """Only the fields of ``wanted`` whose value differs from the row's."""
    return {name: value for name, value in wanted.items() if row.get(name) != value}


def typed_values(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Field values as JSON has them turned into the record's; Refused where one is not of its shape.

    A time may be written with any offset; without one it is read as Asia/Shanghai."""
    types = REGISTRY[kind].types
    out: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in types:
            raise Refused("unknown_field", field=name, kind=kind)
        try:
            if types[name].shape == "instant" and value:
                out[name] = whole_ms(datetime.fromisoformat(value))
            else:
                out[name] = from_plain(types[name], None if value == "" else value)
        except (ValueError, TypeError, AttributeError, OverflowError):
            raise Refused("wrong_type", field=name) from None
    return out

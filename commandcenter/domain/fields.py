"""The vocabulary of field types: what a field holds, how much, how it merges, whether it is personal."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from commandcenter.domain.clock import instant_text, parse_instant
from commandcenter.domain.errors import Refused

Shape = Literal["text", "code", "reference", "instant", "integer", "flag", "codes"]
# DESIGN §5.3. last: several heads are an exception until a person chooses; guarded: refused unless based
# on the current change; once: refused if set; grow: a set, adds and removes that name the add.
Merge = Literal["last", "guarded", "once", "grow"]
Value = str | int | bool | UUID | datetime | tuple[str, ...] | None

PLAIN_TEXT_MAX = 200
# Beyond this readers of JSON in other languages round; no count or quantity comes near it.
INTEGER_MAX = 2**53 - 1


@dataclass(frozen=True, kw_only=True)
class FieldType:
    """What a field is. How it looks (columns, widths, editor) is the interface's business."""

    shape: Shape
    required: bool = False
    max_length: int = PLAIN_TEXT_MAX  # characters (code points), for text
    multiline: bool = False
    merge: Merge = "last"
    personal: bool = False  # enters the chain only as a salted hash (DESIGN §5.13)
    searchable: bool = False
    table: str = ""  # the code table of a code field
    target: str = ""  # the record kind of a reference ("" = any fact)
    minimum: int | None = None
    maximum: int | None = None


def text(
    *,
    required: bool = False,
    max_length: int = PLAIN_TEXT_MAX,
    multiline: bool = False,
    merge: Merge = "last",
    personal: bool = False,
    searchable: bool = False,
) -> Any:
    """Characters exactly as typed; line feed and tab only where ``multiline``."""
    return _field(
        FieldType(
            shape="text",
            required=required,
            max_length=max_length,
            multiline=multiline,
            merge=merge,
            personal=personal,
            searchable=searchable,
        )
    )


def code(table: str, *, required: bool = False, merge: Merge = "last", default: str | None = None) -> Any:
    """One code of the code table ``table``."""
    return _field(FieldType(shape="code", required=required, table=table, merge=merge), default)


def codes(table: str) -> Any:
    """A set of codes of ``table`` that grows and shrinks by single codes (merge rule ``grow``)."""
    return _field(FieldType(shape="codes", table=table, merge="grow"), ())


def references(target: str) -> Any:
    """A set of ids of other records, as text, that grows and shrinks by single ids (merge rule ``grow``)."""
    return _field(FieldType(shape="codes", target=target, merge="grow"), ())


def reference(target: str = "", *, required: bool = False, merge: Merge = "last") -> Any:
    """The id of another record of kind ``target``; "" for any. Never a foreign key (DESIGN §3)."""
    return _field(FieldType(shape="reference", required=required, target=target, merge=merge))


def instant(*, required: bool = False, merge: Merge = "last") -> Any:
    """A point in time, aware UTC, whole milliseconds."""
    return _field(FieldType(shape="instant", required=required, merge=merge))


def integer(
    *,
    required: bool = False,
    minimum: int | None = None,
    maximum: int | None = None,
    merge: Merge = "last",
) -> Any:
    """A whole number between ``minimum`` and ``maximum``, both included."""
    return _field(
        FieldType(shape="integer", required=required, minimum=minimum, maximum=maximum, merge=merge)
    )


def flag(*, merge: Merge = "last") -> Any:
    """True or False; False where nothing was said."""
    return _field(FieldType(shape="flag", merge=merge), False)


def _field(type_: FieldType, default: Value = None) -> Any:
    metadata: Mapping[str, object] = {"type": type_}
    if type_.required and default is None:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


_PYTHON: dict[Shape, type | tuple[type, ...]] = {
    "text": str,
    "code": str,
    "reference": UUID,
    "instant": datetime,
    "integer": int,
    "flag": bool,
    "codes": tuple,
}


def check(name: str, type_: FieldType, value: Value) -> None:
    """Refuse ``value`` where the field cannot hold it. Code tables are checked by the record's rules."""
    if value is None or value == "" or value == ():
        if type_.required:
            raise Refused("required", field=name)
        return
    if not isinstance(value, _PYTHON[type_.shape]) or (type_.shape == "integer" and isinstance(value, bool)):
        raise Refused("wrong_type", field=name)
    if isinstance(value, str):
        _check_text(name, type_, value)
    elif isinstance(value, datetime):
        if value.tzinfo is None:
            raise Refused("wrong_type", field=name)
    elif type_.shape == "integer" and isinstance(value, int):
        minimum = -INTEGER_MAX if type_.minimum is None else type_.minimum
        maximum = INTEGER_MAX if type_.maximum is None else type_.maximum
        if value < minimum:
            raise Refused("too_small", field=name, minimum=minimum)
        if value > maximum:
            raise Refused("too_large", field=name, maximum=maximum)
    elif isinstance(value, tuple) and not all(_is_item(type_, item) for item in value):
        raise Refused("wrong_type", field=name)


def _is_item(type_: FieldType, item: object) -> bool:
    """Whether this can stand in a set: a code, or an id in its one form."""
    if not isinstance(item, str) or not type_.target:
        return isinstance(item, str)
    try:
        return str(UUID(item)) == item
    except ValueError:
        return False


def _check_text(name: str, type_: FieldType, value: str) -> None:
    if len(value) > type_.max_length:
        raise Refused("too_long", field=name, max=type_.max_length, count=len(value))
    if value.isprintable():  # the common case: no control, separator or format character at all
        if type_.required and not value.strip():
            raise Refused("required", field=name)
        return
    allowed = "\n\t" if type_.multiline else ""
    visible = False
    for character in value:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character not in allowed):
            raise Refused("control_character", field=name, code_point=f"U+{ord(character):04X}")
        visible = visible or category[0] not in "CZ"
    if type_.required and not visible:
        raise Refused("required", field=name)


Plain = str | int | bool | list[str] | None


def plain(type_: FieldType, value: Value) -> Plain:
    """``value`` as JSON has it: ids and instants as text, sets as sorted lists."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return instant_text(value)
    return sorted(value)


AS_WRITTEN: frozenset[Shape] = frozenset({"text", "code"})  # JSON has them as the record does
_NOTHING: dict[Shape, Value] = {"flag": False, "codes": ()}


def from_plain(type_: FieldType, value: Any) -> Value:
    """The inverse of :func:`plain`; a set comes back sorted, no flag is False and no set the empty one.
    ValueError or TypeError if it is not of the field's shape."""
    if value is None:
        return _NOTHING.get(type_.shape)
    if type(value) is str and type_.shape in AS_WRITTEN:
        return value
    if type_.shape == "reference":
        return UUID(value)
    if type_.shape == "instant":
        return parse_instant(value)
    if type_.shape == "codes":
        return tuple(sorted(set(value)))
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"{value} does not fit a database")
    if isinstance(value, bool) != (type_.shape == "flag"):
        raise TypeError(f"{value!r} is not of shape {type_.shape}")
    if isinstance(value, str | int) and isinstance(value, _PYTHON[type_.shape]):
        return value
    raise TypeError(f"{value!r} is not of shape {type_.shape}")

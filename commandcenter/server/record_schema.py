"""The JSON Schema of every record type, made from its definition."""

from __future__ import annotations

from typing import Any

import commandcenter.domain.records  # noqa: F401  fills the registry
from commandcenter.domain.codes import TABLES
from commandcenter.domain.fields import INTEGER_MAX, FieldType
from commandcenter.domain.record import REGISTRY, Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
UUID = {"type": "string", "format": "uuid", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
INSTANT = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
}


def document() -> dict[str, Any]:
    """One schema; a row of kind K is valid against ``#/$defs/K``. Rows are as ``list KIND`` prints them."""
    return {
        "$schema": DIALECT,
        "title": "Licheng Emergency Command Centre: records",
        "$defs": {name: of_kind(kind) for name, kind in sorted(REGISTRY.items())},
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in sorted(REGISTRY)],
    }


def of_kind(kind: Kind) -> dict[str, Any]:
    """The schema of one kind's rows. Fields of a newer program stand in ``extra``."""
    doc = (kind.record.__doc__ or "").strip()
    properties: dict[str, Any] = {"id": UUID}
    for name, type_ in kind.types.items():
        properties[name] = of_field(type_)
    properties["extra"] = {"type": ["object", "null"]}
    properties |= {
        "typed_by_id": _or_null(UUID),
        "typed_desk_id": _or_null(UUID),
        "typed_at": _or_null(INSTANT),
        "typed_offset_ms": {"type": ["integer", "null"]},
    }
    if kind.strikable:
        properties["struck_id"] = _or_null(UUID)  # the strike that counts
    if kind.nature == "card":
        properties["heads"] = {"type": ["object", "null"]}
    required = ["id", *(name for name, type_ in kind.types.items() if type_.required)]
    return {
        "title": kind.name,
        "description": " ".join(doc.split()),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "x-nature": kind.nature,
    }


def of_field(type_: FieldType) -> dict[str, Any]:
    """The schema of one field's value."""
    schema = _of_shape(type_)
    if type_.personal:
        # null too where it is required: purged, or not for the eyes of who asked
        return {**_or_null(schema), "x-personal": True}
    return schema if type_.required or type_.shape in ("flag", "codes") else _or_null(schema)


def _of_shape(type_: FieldType) -> dict[str, Any]:
    if type_.shape == "text":
        return {"type": "string", "maxLength": type_.max_length, "minLength": 1}
    if type_.shape == "code":
        return _code(type_.table)
    if type_.shape == "codes":
        return {"type": "array", "items": _code(type_.table), "uniqueItems": True}
    if type_.shape == "reference":
        return {**UUID, "x-target": type_.target} if type_.target else dict(UUID)
    if type_.shape == "instant":
        return dict(INSTANT)
    if type_.shape == "flag":
        return {"type": "boolean"}
    return {
        "type": "integer",
        "minimum": -INTEGER_MAX if type_.minimum is None else type_.minimum,
        "maximum": INTEGER_MAX if type_.maximum is None else type_.maximum,
    }


def _code(table: str) -> dict[str, Any]:
    if table in TABLES:
        return {"type": "string", "enum": list(TABLES[table])}
    return {"type": "string", "minLength": 1, "x-table": table}  # a table that ships as a file


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    out = dict(schema)
    out["type"] = [schema["type"], "null"]
    if "enum" in schema:
        out["enum"] = [*schema["enum"], None]
    return out

"""Tests of the JSON Schema of the records: it is one, and real rows are valid against it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from commandcenter.domain.record import REGISTRY
from commandcenter.server.record_schema import document
from tests.cli.terminal import do, here, listed, now
from tests.services.desk import Desk


def validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    """The schema of one kind."""
    whole = document()
    return jsonschema_rs.Draft202012Validator(
        {**whole["$defs"][kind], "$schema": whole["$schema"]}, validate_formats=True
    )


def test_the_verb_prints_the_schema_of_every_kind() -> None:
    answer = here("schema")
    assert answer.code == 0
    assert answer.document == json.loads(json.dumps(document()))
    assert answer.document["$defs"].keys() == REGISTRY.keys()
    jsonschema_rs.meta.validate(answer.document)


def test_rows_as_they_are_printed_are_valid(licheng: Desk) -> None:
    data = licheng.path
    assert do(data, "OpenIncident", title="火情", event_code="11A01", place="某处").code == 0
    assert do(data, "WriteLogEntry", text="一句话", happened_at=now(), channel="phone").code == 0
    seen = 0
    for kind in sorted(REGISTRY):
        schema = validator(kind)
        for row in listed(data, kind):
            assert [error.message for error in schema.iter_errors(row)] == []
            seen += 1
    assert seen > 100


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("happened_at", "2026-11-23 12:00"),
        ("happened_at", None),
        ("channel", "pigeon"),
        ("text", "x" * 4001),
        ("id", "1"),
        ("unheard_of", 1),
    ],
)
def test_what_is_no_row_is_not_valid(desk: Desk, field: str, value: Any) -> None:
    assert do(desk.path, "WriteLogEntry", text="一句话", happened_at=now(), channel="phone").code == 0
    (row,) = listed(desk.path, "log_entry")
    schema = validator("log_entry")
    assert schema.is_valid(row)
    assert not schema.is_valid({**row, field: value})

"""The incident (突发事件): class, grade, place, what is known and what is still to be verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.codes import EVENT_CODE, INCIDENT_CLASSES, UNGRADED_CLASS
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.record import Card, Situation, define
from commandcenter.domain.rules import in_order, not_ahead

NOTE_MAX = 4000


def code_and_grade(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
    """Refuse a code outside classes 11–14, and a grade in class 14 (突发事件应对法 §3)."""
    before = row or {}
    code = str(patch.get("event_code", before.get("event_code")) or "")
    if code[:2] not in INCIDENT_CLASSES:
        raise Refused("unknown_code", field="event_code", code=code)
    if code.startswith(UNGRADED_CLASS) and patch.get("grade", before.get("grade")):
        raise Refused("class_without_grade", field="grade" if "grade" in patch else "event_code")


def open_to_edit(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
    """Refuse edits of a closed incident; it is reopened first."""
    if row is not None and row.get("state") == "closed" and "state" not in patch:
        raise Refused("incident_is_closed", field=min(patch, default=None))


@define(
    "incident",
    title="title",
    rules=(
        code_and_grade,
        open_to_edit,
        not_ahead("occurred_at"),
        not_ahead("reported_at"),
        in_order("occurred_at", "reported_at"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class Incident(Card):
    """``number`` is what people say aloud: SJ-date-desk-sequence, minted at the desk, never reused. The
    chain is read by it: the title begins as the first words of a line, which may be a caller's. It has one
    owner, its scope; ``shared_ids`` are the organisations that take part and see it too."""

    number: str = fields.text(required=True, merge="once", searchable=True, max_length=40)
    title: str = fields.text(required=True, personal=True, searchable=True, max_length=60)
    event_code: str = fields.code(EVENT_CODE, required=True)
    grade: str | None = fields.code("grade", merge="guarded")
    state: str = fields.code("incident_state", merge="guarded", default="open")
    occurred_at: datetime | None = fields.instant()
    reported_at: datetime | None = fields.instant()
    street_id: UUID | None = fields.reference("organisation")
    community_id: UUID | None = fields.reference("organisation")
    place: str | None = fields.text(personal=True, searchable=True)
    known: str | None = fields.text(max_length=NOTE_MAX, multiline=True, personal=True, searchable=True)
    to_verify: str | None = fields.text(max_length=NOTE_MAX, multiline=True, personal=True, searchable=True)
    closed_at: datetime | None = fields.instant(merge="guarded")
    shared_ids: tuple[str, ...] = fields.references("organisation")

"""The draft's way into the desk's file and back: a half-typed line as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from commandcenter.domain.clock import instant_text, parse_instant
from ui.shell.draft import LineDraft

LOG_BOX = "log-box"


def to_json(draft: LineDraft) -> dict[str, Any] | None:
    """The draft as JSON has it; None if nothing was typed."""
    if draft.blank and draft.after is None:
        return None
    body: dict[str, Any] = {}
    for name, value in draft._asdict().items():
        if isinstance(value, datetime):
            value = instant_text(value)
        elif isinstance(value, LineDraft):
            value = to_json(value)
        if value not in (None, ""):
            body[name] = value
    return body


def from_json(body: Mapping[str, Any]) -> LineDraft:
    """The draft that was kept; fields this program does not know are left aside."""
    values = {name: value for name, value in body.items() if name in LineDraft._fields}
    if isinstance(values.get("happened_at"), str):
        values["happened_at"] = parse_instant(values["happened_at"])
    if isinstance(values.get("after"), dict):
        values["after"] = from_json(values["after"])
    return LineDraft(**values)

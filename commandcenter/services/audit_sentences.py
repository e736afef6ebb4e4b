"""The audit trail's words: what each entry says, on screen and on paper alike, never a personal value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import SHANGHAI, date_of, parse_instant
from commandcenter.domain.fields import FieldType
from commandcenter.domain.record import REGISTRY
from commandcenter.services.code_words import code_label
from commandcenter.services.sentences import destroyed_text
from commandcenter.words import Words
from db.queries.audit import AuditField, AuditLine

# What a record is called, "" where it is not known here: (kind, id).
Names = Callable[[str, UUID], str]
MOST_FIELDS = 12  # a sentence names no more; the count says how many there are


class AuditWords:
    """Puts entries into words; frozen, so a reader thread may use it."""

    def __init__(self, words: Words, names: Names) -> None:
        self.words, self._names = words, names

    def name(self, kind: str, id_: UUID) -> str:
        """What a record is called; the end of its id where that is not known here."""
        return self._names(kind, id_) or short(id_)

    def action_word(self, action: str) -> str:
        """What an action is called."""
        changes = self.words.has(f"audit.action.{action}")
        return self.words.label("audit.action" if changes else "codes.access_action", action)

    def who(self, line: AuditLine) -> str:
        """The person, or that nobody was signed in."""
        if line.by is None:
            return self.words("audit.nobody")
        return self.name("person", line.by)

    def desk(self, line: AuditLine) -> str:
        """The desk that wrote it."""
        if line.desk is not None and line.desk.version == 5:  # see db.centre.audit
            return self.words("audit.centre")
        return "" if line.desk is None else self.name("desk", line.desk)

    def number(self, line: AuditLine) -> str:
        """Its number in the desk's chain."""
        return "" if line.n is None else f"#{line.n}"

    def action(self, line: AuditLine) -> str:
        """What was done."""
        if not line.action:
            return self.words("audit.unreadable")
        return self.action_word(line.action)

    def subject(self, line: AuditLine) -> str:
        """What it was done to: its kind, and which one where it has a name or a number."""
        if not line.kind:
            return ""
        kind = line.kind
        label = self.words.label(kind, "name") if self.words.has(f"{kind}.name") else ""
        label = label or self.words.label("audit.subject", kind)
        name = "" if line.row is None else self._names(kind, line.row)
        if line.row is not None and not name and line.action != "added":
            name = short(line.row)
        return f"{label} {name}".strip()

    def content(self, line: AuditLine) -> str:
        """The fields concerned; of an access event how many rows and which part of them."""
        if line.access is not None:
            return self.words("audit.and").join(self._access(line))
        names = [self._named(line.kind, field) for field in self.fields(line) if field.name != "scope_id"]
        said = self.words("audit.list").join(names[:MOST_FIELDS])
        return (
            said if len(names) <= MOST_FIELDS else self.words("audit.fields", fields=said, count=len(names))
        )

    def result(self, line: AuditLine) -> str:
        """How it ended; of a change only if the centre refused it."""
        if line.access is not None:
            return self.words.label("codes.access_result", line.access.get("result"))
        return self.words("audit.refused") if line.refused else ""

    def _access(self, line: AuditLine) -> Iterator[str]:
        access = line.access or {}
        if access.get("count") is not None:
            yield self.words("audit.rows", count=f"{access['count']:,}")
        for part in str(access.get("extent") or "").split():
            name, _, value = part.partition("=")
            if self.words.has(f"audit.extent.{name}"):
                yield self.words(f"audit.extent.{name}", value=self._extent(name, value))
            else:
                yield part

    def _extent(self, name: str, value: str) -> str:
        if name == "form":
            return self.words.label("audit.form", value)
        if name == "day" and value.lstrip("-").isdigit():
            return date_of(int(value)).isoformat()
        if name == "channel":
            return self.words.label("log.channel", value)
        if name == "action":
            return self.action_word(value)
        if name == "list":
            return self.words.label("exchange.tab", value)
        if name in ("desk", "person", "incident", "scope"):
            try:
                return self.name("organisation" if name == "scope" else name, UUID(value))
            except ValueError:
                return value
        return value

    # ---- fields

    def fields(self, line: AuditLine) -> list[AuditField]:
        """The fields concerned, in the order of the record's definition."""
        order = list(REGISTRY[line.kind].types) if line.kind in REGISTRY else []
        known = {name: at for at, name in enumerate(order)}
        return sorted(line.fields, key=lambda field: known.get(field.name, len(order)))

    def field(self, kind: str, field: AuditField) -> str:
        """What a field is called."""
        return self.words.label(f"{kind}.fields", field.name)

    def _named(self, kind: str, field: AuditField) -> str:
        label = self.field(kind, field)
        if not field.destroyed:
            return label
        return self.words("purge.field", field=label, number=field.destroyed)

    def values(self, kind: str, field: AuditField) -> str:
        """What became of a field: its value, or the former and the new one; of a personal one only that it
        is one."""
        if field.personal:
            return destroyed_text(field.destroyed, self.words) or self.words("audit.personal")
        type_ = REGISTRY[kind].types.get(field.name) if kind in REGISTRY else None
        if field.added or field.dropped:
            signs = [f"+ {self._value(type_, item)}" for item in field.added]
            signs += [f"− {self._value(type_, item)}" for item in field.dropped]
            return self.words("audit.list").join(signs)
        to = self._value(type_, field.to)
        if field.former is None:
            return to or self.words("audit.nothing")
        former = self._value(type_, field.former)
        return self.words("audit.from_to", former=former, to=to or self.words("audit.nothing"))

    def _value(self, type_: FieldType | None, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.words(f"audit.{'yes' if value else 'no'}")
        if isinstance(value, list):
            return self.words("audit.list").join(self._value(type_, item) for item in value)
        if type_ is None:
            return str(value)
        if type_.table:
            return code_label(self.words, type_.table, str(value))
        if type_.shape == "reference":
            return self._reference(type_, str(value))
        if type_.shape == "instant":
            return self._instant(str(value))
        return str(value)

    def _reference(self, type_: FieldType, value: str) -> str:
        try:
            id_ = UUID(value)
        except ValueError:
            return value
        return (self._names(type_.target, id_) if type_.target else "") or short(id_)

    def _instant(self, value: str) -> str:
        try:
            return time_text(parse_instant(value))
        except ValueError:
            return value


def short(id_: UUID) -> str:
    """The last eight characters of an id: enough to tell two apart by eye."""
    return f"…{str(id_)[-8:]}"


def time_text(at: datetime | None) -> str:
    """``2026-07-28 14:31:07`` in Asia/Shanghai; "" for no time."""
    return "" if at is None else f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"

"""The words of the sync page: what a change says, why it was refused, which values a field has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import SHANGHAI, parse_instant
from commandcenter.domain.record import REGISTRY
from commandcenter.services.code_words import code_label
from commandcenter.services.sentences import destroyed_text
from commandcenter.words import Words
from db.queries.clash import Clash, Value
from db.queries.exchange import Group, RefusedGroup, Said, Stated

# What a record is called, "" where it is not known here: (kind, id).
Names = Callable[[str, UUID], str]
VEIL = "\u25cf\u25cf\u25cf"  # while names and phones are hidden
UNSAID = frozenset({"scope_id", "happened_at"})  # every fact has them, and nobody typed them here


class ExchangeWords:
    """Puts changes, refusals and exceptions into words; frozen, so a reader thread may use it."""

    def __init__(self, words: Words, names: Names, *, hidden: bool = False) -> None:
        """``hidden``: personal values are not shown."""
        self.words, self._names, self.hidden = words, names, hidden

    # ---- who, where, when

    def person(self, id_: UUID | None) -> str:
        """Who; says so where nobody was signed in, or it is a person that is not known here."""
        if id_ is None:
            return self.words("exchange.nobody")
        return self._names("person", id_) or self.words("exchange.not_for_you")

    def desk(self, id_: UUID | None) -> str:
        """Which desk; the end of its id where its name is not known here."""
        if id_ is None:
            return ""
        return self._names("desk", id_) or self.words("exchange.unknown_desk", id=str(id_)[-4:])

    def when(self, at: datetime | None, now: datetime) -> str:
        """The time in Asia/Shanghai, with the day where it is not today."""
        if at is None:
            return ""
        local, today = at.astimezone(SHANGHAI), now.astimezone(SHANGHAI)
        if local.date() == today.date():
            return f"{local:%H:%M:%S}"
        return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"

    def author(self, by: UUID | None, desk: UUID | None, at: datetime | None, now: datetime) -> str:
        """Who, at which desk, when."""
        parts = (self.person(by), self.desk(desk), self.when(at, now))
        return self.words("exchange.and").join(part for part in parts if part)

    def age(self, at: datetime | None, now: datetime) -> str:
        """How long ago, in the largest unit; a clock that ran ahead gives no age."""
        if at is None:
            return ""
        return self.span(now - at)

    def span(self, span: timedelta) -> str:
        """A span in its largest unit."""
        seconds = max(0, int(span.total_seconds()))
        for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
            if seconds >= size:
                return self.words(f"exchange.{unit}", count=seconds // size)
        return self.words("exchange.seconds", count=seconds)

    # ---- values

    def kind(self, kind: str) -> str:
        """What a record of this kind is called."""
        return self.words.label(kind, "name") if self.words.has(f"{kind}.name") else kind

    def field(self, kind: str, name: str) -> str:
        """What a field is called."""
        return self.words.label(f"{kind}.fields", name)

    def value(self, kind: str, name: str, value: Any, *, hidden: bool = False, destroyed: str = "") -> str:
        """A value (as JSON has it) as a person reads it; 无权查看 where it is not for this desk, and the
        certificate's number where one destroyed it."""
        if destroyed:
            return destroyed_text(destroyed, self.words)
        if hidden:
            return self.words("exchange.not_for_you")
        if value is None or value in ("", []):
            return self.words("exchange.empty")
        type_ = REGISTRY[kind].types.get(name) if kind in REGISTRY else None
        if type_ is None:
            return str(value)
        if type_.personal and self.hidden:
            return VEIL
        if isinstance(value, bool):
            return self.words(f"exchange.{'yes' if value else 'no'}")
        if isinstance(value, list | tuple):
            listed = (self.value(kind, name, one) for one in value)
            return self.words("exchange.list").join(listed)
        if type_.table:
            return code_label(self.words, type_.table, str(value))
        if type_.shape == "reference" or type_.target:
            return self._reference(type_.target, str(value))
        if type_.shape == "instant":
            return f"{parse_instant(str(value)).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        return str(value)

    def _reference(self, target: str, value: str) -> str:
        try:
            id_ = UUID(value)
        except ValueError:
            return value
        return self._names(target, id_) or f"…{value[-8:]}"

    # ---- changes

    def change(self, change: Stated) -> str:
        """What a change says, in one line."""
        if change.kind == "log_entry" and change.created:
            said = self._one(change, "text")
            return said or self.kind(change.kind)
        if change.kind == "strike":
            return self.words("exchange.struck", reason=self._one(change, "reason"))
        if change.kind == "certificate":
            return self.words(
                "purge.line",
                number=self._one(change, "number"),
                basis=self._one(change, "basis"),
                assessment=self._one(change, "assessment"),
            )
        if change.kind == "incident_event":
            event = self._one(change, "event")
            return self.words("exchange.event", event=event, incident=self._incident(change))
        titled = self._titled(change)
        known = change.kind == "incident" and titled and not change.created  # by its number
        record = titled if known else f"{self.kind(change.kind)} {titled}".strip()
        if change.created:
            return self.words("exchange.added", record=record)
        said = self.words("exchange.list").join(self.said(change.kind, one) for one in change.fields)
        return self.words("exchange.edited", record=record, said=said)

    def said(self, kind: str, one: Said) -> str:
        """What a change says of a field."""
        label = self.field(kind, one.name)
        if one.added or one.dropped:
            signs = [f"+ {self.value(kind, one.name, item)}" for item in one.added]
            signs += [f"− {self.value(kind, one.name, item)}" for item in one.dropped]
            return self.words("exchange.field", field=label, value=self.words("exchange.list").join(signs))
        value = self.value(kind, one.name, one.to, hidden=one.hidden, destroyed=one.destroyed)
        return self.words("exchange.field", field=label, value=value)

    def group(self, group: Group) -> str:
        """What a command said: its first change that somebody typed, and how many more there are."""
        if not group.changes:
            return self.words("exchange.unreadable")
        typed = (one for one in group.changes if one.kind in REGISTRY and not REGISTRY[one.kind].machine)
        first = self.change(next(typed, group.changes[0]))
        if group.count == 1:
            return first
        return self.words("exchange.and_more", first=first, count=group.count - 1)

    def lines(self, group: Group) -> Iterator[str]:
        """Every change that was read, with every field it says."""
        for change in group.changes:
            yield self.change(change)
            if change.created and change.kind in REGISTRY:
                for one in change.fields:
                    if one.name not in UNSAID and not (change.kind == "log_entry" and one.name == "text"):
                        yield "    " + self.said(change.kind, one)

    def _one(self, change: Stated, name: str) -> str:
        one = next((said for said in change.fields if said.name == name), None)
        if one is None:
            return ""
        return self.value(change.kind, name, one.to, hidden=one.hidden, destroyed=one.destroyed)

    def _incident(self, change: Stated) -> str:
        value = change.value("incident_id")
        return "" if value is None else self._reference("incident", str(value))

    def _titled(self, change: Stated) -> str:
        known = self._names(change.kind, change.row)
        if known or change.kind not in REGISTRY:
            return known
        return self._one(change, REGISTRY[change.kind].title) if change.created else ""

    # ---- refusals

    def why(self, refused: RefusedGroup) -> str:
        """Why the centre refused it, in one sentence that says what can be done."""
        sentence = self.reason(refused.code, refused.arguments)
        name = refused.arguments.get("field")
        kinds = [one.kind for one in refused.group.changes if one.kind in REGISTRY]
        kind = next((kind for kind in kinds if name in REGISTRY[kind].types), None)
        if kind is None or name in UNSAID:
            return sentence
        return self.words("exchange.field", field=self.field(kind, str(name)), value=sentence)

    def reason(self, code: str, arguments: Mapping[str, Any]) -> str:
        """The sentence of a refusal's code; of one that this program does not know, that and the code."""
        for key in (f"exchange.why.{code}", f"refused.{code}"):
            if self.words.has(key):
                try:
                    sentence = self.words(key, **arguments) if arguments else self.words(key)
                except (KeyError, IndexError, ValueError):  # another program's arguments
                    continue
                if "{" not in sentence:
                    return sentence
        return self.words("exchange.why.unknown", code=code)

    # ---- exceptions

    def clash(self, clash: Clash) -> str:
        """Which record, and which field of it."""
        if clash.what == "replacement":
            title = self.value(
                "log_entry", "text", clash.title, hidden=not clash.title, destroyed=clash.destroyed
            )
            return self.words("exchange.clash.replacement", text=title)
        if clash.what == "team":
            return self.words("exchange.clash.team", team=clash.title)
        if clash.what == "number":
            return self.words("exchange.clash.number", number=clash.number)
        return self.words(
            "exchange.clash.field", record=self.record(clash), field=self.field(clash.kind, clash.field)
        )

    def record(self, clash: Clash) -> str:
        """What the card of an exception is called."""
        kind = REGISTRY[clash.kind]
        name = clash.title
        if name and kind.types[kind.title].personal and self.hidden:
            name = VEIL
        if not name:
            name = destroyed_text(clash.destroyed, self.words)
        if not name and not clash.number:
            name = self._names(clash.kind, clash.row)
        if not name and kind.title and kind.types[kind.title].personal:
            name = self.words("exchange.not_for_you")
        kind_word = clash.number or self.kind(clash.kind)  # an incident is known by its number
        return " ".join(part for part in (kind_word, name) if part)

    def of_clash(self, clash: Clash, value: Value) -> str:
        """One of its values."""
        incident = ("incident", "title")
        kind, name = {"number": incident, "team": incident, "replacement": ("log_entry", "text")}.get(
            clash.what, (clash.kind, clash.field)
        )
        return self.value(kind, name, value.value, hidden=value.hidden, destroyed=value.destroyed)

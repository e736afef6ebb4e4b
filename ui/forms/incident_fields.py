"""The incident's fields, edited in place: made here, placed by the page, committed and drafted here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject

from commandcenter.domain.codes import GRADES
from commandcenter.domain.fields import plain
from commandcenter.domain.record import kind_of
from commandcenter.services.incidents import EditIncident
from commandcenter.services.sentences import destroyed_text
from db.queries.incidents import IncidentCard
from ui.forms.choice import Choice
from ui.forms.drafts import DraftKeeper
from ui.forms.editors import LineText, NoteText, WhenText
from ui.forms.field import Bases, Field
from ui.forms.grade_choice import GradeChoice, bars_of, grade_word
from ui.forms.offered import event_class_text, event_options, organisation_options, ungraded
from ui.forms.views import GradeView, WordsView
from ui.shell.chip import Label
from ui.tables.wording import visible
from ui.theme import TYPE, Theme
from ui.workbench import Workbench

NOTE_ROWS = (3, 14)


class IncidentFields(QObject):
    """``fields`` by name. ``show`` puts an incident in; another incident's half-typed texts stay drafts."""

    def __init__(self, workbench: Workbench, owner: QObject, ok: Label) -> None:
        """``ok``: where the head's fields say that they are saved."""
        super().__init__(owner)
        self._workbench, self._words = workbench, workbench.words
        self._drafts = DraftKeeper(workbench, self)
        self._card: IncidentCard | None = None
        self._restored: UUID | None = None
        self.fields: dict[str, Field] = {}
        self.oks: dict[str, Label] = {}  # of the notes, whose captions are their panels' titles
        theme, words, directory = workbench.theme, self._words, workbench.directory

        def name(field: str) -> str:
            return words(f"incident.fields.{field}")

        title = LineText(workbench, name("title"), size=TYPE.title, bold=True)
        self._add("title", title, WordsView(theme, name("title"), size=TYPE.title, bold=True), ok=ok)
        words_of = {grade_word(words, grade): bars_of(grade) for grade in GRADES}
        grade = GradeChoice(workbench, name("grade"))
        badge = GradeView(theme, name("grade"), lambda word: words_of.get(word, 0))
        self._add("grade", grade, badge, ok=ok, shown=self._grade_shown)
        code = Choice(workbench, name("event_code"), lambda: event_options(words))
        chip = WordsView(theme, name("event_code"), size=TYPE.small, framed=True)
        self._add("event_code", code, chip, ok=ok, shown=lambda value: event_class_text(value, words))
        street = Choice(
            workbench, name("street_id"), lambda: organisation_options(directory, words, "street")
        )
        self._add("street_id", street, WordsView(theme, name("street_id")), shown=self._organisation)
        community = Choice(workbench, name("community_id"), self._communities)
        self._add("community_id", community, WordsView(theme, name("community_id")), shown=self._organisation)
        self._add("place", LineText(workbench, name("place")), WordsView(theme, name("place"), wrapped=True))
        for field in ("occurred_at", "reported_at"):
            view = WordsView(theme, name(field), figures=True)
            self._add(field, WhenText(workbench, name(field)), view)
        for field in ("known", "to_verify"):
            note = NoteText(workbench, name(field), rows=NOTE_ROWS)
            self.oks[field] = Label(theme, "", ink="accent", size=TYPE.small)
            self._add(field, note, WordsView(theme, name(field), wrapped=True), ok=self.oks[field])

    def _add(self, name: str, editor: Any, view: Any, **more: Any) -> None:
        if kind_of("incident").types[name].shape == "text":
            more["shown"] = lambda value: visible(self._words, value or "")
        field = Field(name, self._words(f"incident.fields.{name}"), editor, view, **more)
        field.committed.connect(self._commit)
        field.typed.connect(self._keep)
        field.clash_wanted.connect(self._show_values)
        self.fields[name] = field

    # ---- showing

    def show(self, card: IncidentCard) -> None:
        """Show an incident as it stands now; what is being typed is not touched."""
        if self._card is not None and self._card.id != card.id:
            self.let_go()
        self._card = card
        closed = card.values["state"] == "closed"
        types = kind_of("incident").types
        for name, field in self.fields.items():
            value = plain(types[name], card.values[name])
            assert value is None or isinstance(value, str)
            field.block(self._words("incident.closed_no_edit") if closed else "")
            gone = destroyed_text(card.gone.get(name), self._words)
            field.show_value(value, card.values["heads"].get(name, ()), gone)
        if not closed and ungraded(card.values["event_code"]):
            self.fields["grade"].block(self._words("incident.ungraded"))
        if self._restored != card.id:
            self._restored = card.id
            for name, draft in (self._drafts.find(self._key(card.id)) or {}).items():
                if name in self.fields and not self.fields[name].editing():
                    self.fields[name].restore(draft)

    def let_go(self) -> None:
        """Commit what can be, keep the rest as drafts: another incident comes, or none."""
        for field in self.fields.values():
            field.leave()
        self._drafts.flush()
        for field in self.fields.values():
            field.abandon()
        self._card = None
        self._restored = None

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        for field in self.fields.values():
            field.set_theme(theme)

    def _grade_shown(self, value: str | None) -> str:
        code = self._card.values["event_code"] if self._card is not None else None
        return self._words("incident.ungraded_word") if ungraded(code) else grade_word(self._words, value)

    def _organisation(self, value: str | None) -> str:
        return self._workbench.directory.name("organisation", UUID(value)) if value else ""

    def _communities(self) -> list[Any]:
        street = self._card.values["street_id"] if self._card is not None else None
        return organisation_options(self._workbench.directory, self._words, "community", street)

    # ---- committing

    def _commit(self, name: str, value: str | None, bases: Bases) -> None:
        card = self._card
        if card is None:
            return
        fields: dict[str, Any] = {name: value}
        based: dict[str, list[UUID]] = {name: list(bases)}
        also = self._also(card, name, value)
        for other, changed in also.items():
            fields[other] = changed
            based[other] = list(card.values["heads"].get(other, ()))
        field = self.fields[name]

        def here() -> bool:
            return self._card is not None and self._card.id == card.id

        def done(_outcome: object) -> None:
            if here():
                field.saved()
            else:
                self._forget(card.id, name)

        def failed(error: BaseException) -> None:
            if here():
                field.failed(error)
            else:
                self._workbench.say_error(error)

        command = EditIncident(id=card.id, fields=fields, bases=based)
        self._workbench.bridge.execute(self, command, done, failed)

    def _show_values(self, name: str) -> None:
        if self._card is not None:
            self._workbench.clash_requested.emit("incident", self._card.id, name)

    def _also(self, card: IncidentCard, name: str, value: str | None) -> dict[str, str | None]:
        """What must change with it: a community stands in its street."""
        directory = self._workbench.directory
        if name == "street_id":
            community = directory.card(card.values["community_id"])
            if community is not None and str(community.parent_id) != value:
                return {"community_id": None}
        elif name == "community_id" and value and card.values["street_id"] is None:
            community = directory.card(UUID(value))
            if community is not None and community.parent_id is not None:
                return {"street_id": str(community.parent_id)}
        return {}

    # ---- drafts

    def flush(self) -> None:
        """Hand over the drafts that wait."""
        self._drafts.flush()

    def _key(self, id_: UUID) -> str:
        return f"incident:{id_}"

    def _keep(self) -> None:
        if self._card is None or self._restored != self._card.id:
            return
        body = {name: draft for name, field in self.fields.items() if (draft := field.draft())}
        self._drafts.keep(self._key(self._card.id), body or None)

    def _forget(self, id_: UUID, name: str) -> None:
        kept: Mapping[str, Any] = self._drafts.find(self._key(id_)) or {}
        body = {other: draft for other, draft in kept.items() if other != name}
        self._drafts.keep(self._key(id_), body or None)

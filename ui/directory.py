"""The directory in memory: the names people choose from and rows refer to, read again when they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject, Signal

from commandcenter.domain.change import ChangeSet
from commandcenter.services.reference import event_codes, shipped_row_id
from commandcenter.services.sentences import nameless
from commandcenter.words import Words
from db.queries.registers import Directory, Named, directory
from ui.bridge import Bridge

HIDDEN = "\u25cf\u25cf\u25cf"  # in place of a name or a phone while nobody is known to be at the desk
NAMED = frozenset({"organisation", "person", "desk", "team", "shelter", "station", "incident", "setting"})


class LiveDirectory(QObject):
    """Holds the frozen Directory; never asks the database on the GUI thread."""

    changed = Signal()

    def __init__(self, bridge: Bridge, words: Words) -> None:
        super().__init__()
        self._bridge, self._words = bridge, words
        self._typed: dict[str, Mapping[str, Any] | None] = {}  # drafts since the start, newer than the file's
        self.hidden = False  # names and phones of people are not shown
        self.now = Directory(cards={}, device=None, person=None, preferences={}, drafts={}, late_after_s=1800)

    def read(self) -> None:
        """Read it anew; ``changed`` when it is here."""
        key = shipped_row_id("setting", "late_after_s")
        self._bridge.ask(self, lambda connection: directory(connection, key), self.take, topic="directory")

    def take(self, read: Directory) -> None:
        """Hold what was read."""
        self.now = read
        self.changed.emit()

    def hide(self, hidden: bool) -> None:
        """Hide the names and phones of people, or show them again; every view is told."""
        if hidden != self.hidden:
            self.hidden = hidden
            self.changed.emit()

    def heard(self, change_set: ChangeSet) -> None:
        """Read again if something named was touched."""
        if NAMED & change_set.touched.keys():
            self.read()

    def set_words(self, words: Words) -> None:
        """Take another language."""
        self._words = words
        self.changed.emit()

    def draft(self, key: str) -> Mapping[str, Any] | None:
        """What was being typed under ``key``, as of now; None if nothing."""
        if key in self._typed:
            return self._typed[key]
        kept = self.now.drafts.get(key)
        return None if kept is None else kept[0]

    def note_draft(self, key: str, body: Mapping[str, Any] | None) -> None:
        """Hold what is being typed, ahead of the file; None: it was sent or emptied."""
        self._typed[key] = body

    def card(self, id_: UUID | None) -> Named | None:
        """The card with this id, if it is here."""
        return None if id_ is None else self.now.cards.get(id_)

    def name(self, kind: str, id_: UUID | None) -> str:
        """What a card is called: a desk "1 号席", an incident its number; "" if it is not known here."""
        card = self.card(id_)
        if card is None:
            return ""
        if self.hidden and card.kind == "person":
            return HIDDEN
        if card.kind == "desk":
            return card.name or self._words("duty_log.desk", number=card.code)
        if card.kind == "incident":
            return card.code or ""
        if self._words.language == "en" and card.name_en:
            return card.name_en
        if card.kind == "person" and not card.name:
            return nameless(card, self._words)
        return card.name

    def product(self) -> str:
        """What this program is called here: with the district's name, where one is registered."""
        districts = (card for card in self.now.cards.values() if card.detail == "district")
        district = next(
            (card for card in districts if card.kind == "organisation" and not card.retired), None
        )
        if district is None:
            return self._words("shell.product")
        return self._words("shell.product_of", place=self.name("organisation", district.id))

    def event_name(self, code: str | None) -> str:
        """What an event code means, with 待核 where the code is a reconstruction."""
        found = event_codes().get(code or "")
        if found is None:
            return code or ""
        name = found.name_en if self._words.language == "en" else found.name
        return self._words("incident.to_verify_code", name=name) if found.to_verify else name

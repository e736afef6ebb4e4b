"""The words of a card: any field's value as a person reads it, from labels and names in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.fields import FieldType
from commandcenter.services.code_words import code_label
from commandcenter.services.sentences import destroyed_text, nameless
from commandcenter.words import Words
from db.queries.registers import Named
from ui.directory import HIDDEN, LiveDirectory

MOST_NAMED = 3
SCOPES = "centre.scopes"  # among the desk's own affairs: what the centre gave it to see


def kind_label(words: Words, kind: str) -> str:
    """What a record of this kind is called."""
    return words.label(kind, "name") if words.has(f"{kind}.name") else kind


def field_label(words: Words, kind: str, name: str) -> str:
    """What a field is called."""
    return words.label(f"{kind}.fields", name)


class CardWords:
    """Frozen: it may be handed to a reader thread."""

    def __init__(
        self,
        words: Words,
        cards: Mapping[UUID, Named],
        *,
        hidden: bool = False,
        scopes: frozenset[str] = frozenset(),
    ) -> None:
        """``hidden``: personal values and the names of people are not shown. ``scopes``: what the centre
        gave this desk to see; none: everything."""
        self._words, self._cards, self._hidden, self._scopes = words, cards, hidden, scopes

    @classmethod
    def of(cls, words: Words, directory: LiveDirectory) -> CardWords:
        """With the names known now."""
        scopes = frozenset(directory.now.preferences.get(SCOPES) or ())
        return cls(words, directory.now.cards, hidden=directory.hidden, scopes=scopes)

    def named(self, card: Named) -> str:
        """What a card is called."""
        if self._hidden and card.kind == "person":
            return HIDDEN
        if card.kind == "desk":
            return card.name or self._words("duty_log.desk", number=card.code)
        if self._words.language == "en" and card.name_en:
            return card.name_en
        if card.kind == "person" and not card.name:
            return nameless(card, self._words)
        return card.name or card.code or ""

    def name(self, id_: UUID | None) -> str:
        """What the card with this id is called; "" if it is not known here."""
        card = None if id_ is None else self._cards.get(id_)
        return "" if card is None else self.named(card)

    def not_for_this_desk(self, type_: FieldType, name: str, row: Mapping[str, Any]) -> bool:
        """Whether a personal field of a register's row has words that only its own scope may read."""
        if not type_.personal or row.get(name) is not None:
            return False
        said = type_.required or bool((row.get("heads") or {}).get(name))
        return said and bool(self._scopes) and str(row.get("scope_id")) not in self._scopes

    def cell_of(self, type_: FieldType, name: str, row: Mapping[str, Any], gone: str = "") -> str:
        """A field of a row on one line. ``gone``: the number of the certificate that destroyed it."""
        if gone:
            return self.destroyed(gone)
        if self.not_for_this_desk(type_, name, row):
            return self._words("registers.not_for_you")
        return self.cell(type_, row.get(name))

    def destroyed(self, number: str | None) -> str:
        """What stands in place of words that this certificate destroyed; "" for none."""
        return destroyed_text(number, self._words)

    def cell(self, type_: FieldType, value: Any) -> str:
        """A value on one line; "" where there is none."""
        if value is None or value == ():
            return ""
        if self._hidden and type_.personal:
            return HIDDEN
        if type_.shape == "reference":
            return self.name(value)
        if type_.shape == "code":
            return code_label(self._words, type_.table, value)
        if type_.shape == "codes":
            return self._words("registers.and").join(
                code_label(self._words, type_.table, code) for code in sorted(value)
            )
        if type_.shape == "flag":
            return self._words("registers.yes_value") if value else ""
        if isinstance(value, datetime):
            return self._words("registers.date", date=value.astimezone(SHANGHAI))
        return " ".join(str(value).split())

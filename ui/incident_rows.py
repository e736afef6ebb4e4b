"""The rows of open incidents: an incident's card in the words of the board."""

from __future__ import annotations

from db.queries.incidents import IncidentCard
from ui.forms.grade_choice import bars_of, grade_word
from ui.forms.offered import event_class_text, place_text, title_text, ungraded
from ui.tables.board import BoardRow
from ui.workbench import Workbench


def board_row(workbench: Workbench, card: IncidentCard) -> BoardRow:
    """One incident as lists show it."""
    values, words = card.values, workbench.words
    none = ungraded(values["event_code"])
    return BoardRow(
        id=card.id,
        bars=bars_of(values["grade"]),
        grade=words("incident.ungraded_word") if none else grade_word(words, values["grade"]),
        title=title_text(card, words),
        number=values["number"],
        place=place_text(workbench.directory, card, words),
        class_=event_class_text(values["event_code"], words),
        since=values["reported_at"] or values["occurred_at"],
        until=values["closed_at"] if values["state"] == "closed" else None,
        lines=card.lines,
        verify=words("incident.verify_tag") if (values["to_verify"] or "").strip() else "",
    )

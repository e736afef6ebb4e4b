"""The choices offered: event codes with their class path, streets, and the communities of a street."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from commandcenter.domain.codes import UNGRADED_CLASS
from commandcenter.services.reference import EventCode, common_event_codes, event_codes
from commandcenter.services.sentences import destroyed_text
from commandcenter.words import Words
from db.queries.incidents import IncidentCard
from db.queries.registers import Named
from ui.directory import LiveDirectory
from ui.forms.ranking import Option


def event_path(code: str, words: Words) -> list[str]:
    """The names from the class down to the code itself; [] for an unknown code."""
    path: list[str] = []
    found = event_codes().get(code)
    while found is not None:
        path.insert(0, _event_word(found, words))
        found = event_codes().get(found.parent)
    return path


def event_class_text(code: str | None, words: Words) -> str:
    """The class and the code's own name as a head shows them, with the tag of a reconstructed code."""
    path = event_path(code or "", words)
    if not path:
        return code or ""
    text = words("incident.path").join(dict.fromkeys((path[0], path[-1])))
    assert code is not None
    return words("incident.to_verify_code", name=text) if event_codes()[code].to_verify else text


@lru_cache(maxsize=2)
def event_options(words: Words) -> tuple[Option, ...]:
    """Every event code, the common ones first."""
    table = event_codes()
    common = [code for code in common_event_codes() if code in table]
    rest = [code for code in table if code not in set(common)]
    tag = words("forms.reconstructed")
    return tuple(
        Option(
            value=code,
            text=_event_word(table[code], words),
            code=code,
            detail=words("incident.path").join(event_path(code, words)[:-1]),
            mark=tag if table[code].to_verify else "",
            names=(table[code].name,) if words.language == "en" else (table[code].name_en,),
        )
        for code in [*common, *rest]
    )


def ungraded(code: str | None) -> bool:
    """Whether incidents of this class have no grade."""
    return bool(code) and str(code).startswith(UNGRADED_CLASS)


def organisation_options(
    directory: LiveDirectory, words: Words, level: str, parent: UUID | None = None
) -> list[Option]:
    """The organisations of a level, of one parent if given, as choices."""
    english = words.language == "en"

    def option(card: Named) -> Option:
        shown = card.name_en if english and card.name_en else card.name
        other = card.name if english else card.name_en
        return Option(value=str(card.id), text=shown, names=(other,) if other else ())

    return [
        option(card)
        for card in directory.now.of_kind("organisation")
        if card.detail == level and (parent is None or card.parent_id == parent)
    ]


def _event_word(code: EventCode, words: Words) -> str:
    return code.name_en if words.language == "en" else code.name


def title_text(card: IncidentCard, words: Words) -> str:
    """What an incident is called, or what stands in its place."""
    return card.values["title"] or destroyed_text(card.gone.get("title"), words)


def place_text(directory: LiveDirectory, card: IncidentCard, words: Words) -> str:
    """Street, community and particulars of an incident in one line; "" where nothing is known."""
    values = card.values
    parts = [
        directory.name("organisation", values["street_id"]),
        directory.name("organisation", values["community_id"]),
        (values["place"] or destroyed_text(card.gone.get("place"), words)).replace("\n", " "),
    ]
    return " ".join(part for part in parts if part)

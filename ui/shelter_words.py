"""The shelters' words and signs: state as shape and word, people of how many, what must be seen."""

from __future__ import annotations

from datetime import datetime

from commandcenter.services.code_words import code_label
from commandcenter.words import Words
from db.queries.shelters import ShelterNow
from ui.team_tiles import Tile
from ui.team_words import clock, since_text

SHAPES = {"opened": "\u25a0", "full": "\u25cf"}
# (ground, ink, edge) of a state
LOOKS = {
    "full": ("strong", "strong_text", "strong"),
    "opened": ("mid", "mid_text", "mid"),
    "closed": ("panel", "muted", "line"),
}


def state_text(words: Words, state: str) -> str:
    """Shape and word."""
    if state not in SHAPES:
        return words("shelters.closed")
    return f"{SHAPES[state]} {words.label('codes.shelter_step', state)}"


def people_text(words: Words, one: ShelterNow) -> str:
    """How many people, of how many it is declared for."""
    capacity = one.values["capacity"]
    if one.state == "closed":
        return "" if capacity is None else words("shelters.capacity", capacity=f"{capacity:,}")
    people = f"{max(0, one.people):,}"
    if capacity is None:
        return words("shelters.people", people=people)
    return words("shelters.of", people=people, capacity=f"{capacity:,}")


def mark_text(words: Words, one: ShelterNow) -> str:
    """Too many, or a number that cannot be; "" for nothing."""
    if one.over:
        return words("shelters.over", count=f"{one.over:,}")
    return words("shelters.below") if one.people < 0 else ""


def kind_text(words: Words, one: ShelterNow) -> str:
    """Grade and class, and that it is a sample."""
    values = one.values
    parts = [words("shelters.sample")] if values["sample"] else []
    if values["shelter_grade"]:
        parts.append(code_label(words, "shelter_grade", values["shelter_grade"]))
    parts.append(code_label(words, "shelter_class", values["shelter_class"]))
    return " \u00b7 ".join(parts)


def name_text(one: ShelterNow) -> str:
    """Number and name."""
    return f"{one.values['code'] or ''} {one.values['name'] or ''}".strip()


def tile_of(words: Words, one: ShelterNow, now: datetime) -> Tile:
    """The shelter as the board shows it."""
    where = one.organisation
    if one.occupancy is not None and one.state != "closed":
        where = f"{since_text(words, one.occupancy.since_at, now)} {where}".strip()
    parts = (people_text(words, one), kind_text(words, one))
    return Tile(
        id=one.id,
        state=one.state,
        state_text=state_text(words, one.state),
        name=str(one.values["name"] or ""),
        detail=" \u00b7 ".join(part for part in parts if part),
        where=where,
        mark=mark_text(words, one),
    )


def detail_lines(words: Words, one: ShelterNow, now: datetime, *, hidden: bool) -> list[str]:
    """Everything known of a shelter, line by line. ``hidden``: without names and phones."""
    values, occupancy = one.values, one.occupancy
    facilities = [code_label(words, "facility", code) for code in sorted(values["facilities"] or ())]
    area = values["effective_area_m2"]
    keys = [] if hidden else [values["keyholder"], values["keyholder_phone"]]
    lines = [
        " \u00b7 ".join(
            str(part) for part in (name_text(one), one.organisation, values["place"], *keys) if part
        ),
        " \u00b7 ".join(
            part
            for part in (
                people_text(words, one),
                "" if area is None else words("shelters.area", area=f"{area:,}"),
                *facilities,
                str(values["source"] or ""),
            )
            if part
        ),
    ]
    if occupancy is not None and occupancy.is_open:
        counted = occupancy.counted_at
        unknown = words("shelters.unknown")
        said = {
            name: unknown if (value := getattr(occupancy, name)) is None else f"{value:,}"
            for name in ("elderly", "children", "care")
        }
        parts = [state_text(words, one.state), since_text(words, occupancy.since_at, now)]
        if counted is None:
            parts.append(words("shelters.uncounted"))
        else:
            parts += [words("shelters.counted", at=clock(counted, now)), words("shelters.groups", **said)]
        lines.append(" \u00b7 ".join(parts))
    return [line for line in lines if line]

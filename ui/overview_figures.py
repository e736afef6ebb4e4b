"""The figures of the overview: what each tile says, from what was read; a tile only where there is a page."""

from __future__ import annotations

import importlib
from collections import Counter

from commandcenter.domain.codes import GRADES
from commandcenter.words import Words
from db.queries.overview import Overview
from db.queries.shelters import Shelters
from ui.overview_tiles import Figure
from ui.team_words import SHAPES, state_of

MOST_STATES = 3
# (key of db.queries.overview.MORE, module, function of (words, what was read) that gives the tile's Figure)
MORE: tuple[tuple[str, str, str], ...] = (("shelter", "ui.overview_figures", "shelters_figure"),)
# the kinds beside those of incidents, teams and the log whose changes concern a tile
CONCERNS: frozenset[str] = frozenset({"shelter", "shelter_step", "head_count", "shelter_flow"})


def incidents_figure(words: Words, found: Overview) -> Figure:
    """How many are open, by grade."""
    counted = Counter(card.values["grade"] for card in found.incidents)
    verify = sum(bool((card.values["to_verify"] or "").strip()) for card in found.incidents)
    parts = [
        words("overview.of_grade", count=counted[grade], grade=words.label("codes.grade", grade))
        for grade in GRADES
        if counted[grade]
    ]
    if verify:
        parts.append(words("overview.to_verify", count=verify))
    return Figure(
        page="incident",
        caption=words("overview.incidents"),
        figure=str(len(found.incidents)),
        note=" · ".join(parts) or words("overview.quiet"),
    )


def teams_figure(words: Words, found: Overview) -> Figure:
    """How many are out, of how many there are; one sent to two places unknowingly must be seen."""
    teams = found.forces.teams
    out = [team for team in teams if team.first is not None]
    counted = Counter(state_of(team) for team in out)
    double = sum(team.double is not None for team in teams)
    parts = [words("overview.double", count=double)] if double else []
    parts += [
        words("overview.of_state", state=words.label("codes.deployment_step", state), count=counted[state])
        for state in reversed(SHAPES)
        if counted[state]
    ][:MOST_STATES]
    return Figure(
        page="team",
        caption=words("overview.teams"),
        figure=words("overview.of_all", count=len(out), all=len(teams)),
        note=" · ".join(parts) or words("overview.all_free" if teams else "overview.no_teams"),
        urgent=double > 0,
    )


def lines_figure(words: Words, found: Overview) -> Figure:
    """How much was written today."""
    return Figure(
        page="log",
        caption=words("overview.lines"),
        figure=f"{found.lines:,}",
        note=words("overview.lines_note"),
    )


def shelters_figure(words: Words, found: Shelters) -> Figure:
    """How many are open, of how many there are, and the people in them."""
    over = sum(one.over > 0 for one in found.shelters)
    parts = [words("overview.over", count=over)] if over else []
    if found.people:
        parts.append(words("overview.people", count=found.people))
    if found.open_count and found.capacity:
        parts.append(words("overview.filled", share=round(found.people / found.capacity * 100)))
    quiet = "overview.no_shelter_open" if found.shelters else "overview.no_shelters"
    return Figure(
        page="shelter",
        caption=words("overview.shelters"),
        figure=words("overview.of_all", count=found.open_count, all=len(found.shelters)),
        note=" · ".join(parts) or words(quiet),
        urgent=over > 0,
    )


def figures(words: Words, found: Overview) -> list[Figure]:
    """All of them, in the order of the tiles."""
    more = [
        getattr(importlib.import_module(module), name)(words, found.more[key]) for key, module, name in MORE
    ]
    return [incidents_figure(words, found), teams_figure(words, found), *more, lines_figure(words, found)]

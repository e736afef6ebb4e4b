"""The teams' words and signs: state as shape and word, how long, and what was sent where."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from commandcenter.domain.clock import SHANGHAI
from commandcenter.domain.projections.engagement import Engagement
from commandcenter.words import Words
from db.queries.teams import TeamNow

if TYPE_CHECKING:
    from ui.welfare_watch import Asked

FREE = "free"
# states differ by shape, word and brightness, never by a scale's colour
SHAPES = {
    "ordered": "\u25cb",
    "acknowledged": "\u25ce",
    "under_way": "\u25b6",
    "arrived": "\u25a0",
    "working": "\u25c6",
    "returned": "\u2713",
    "cancelled": "\u2715",
}
# (ground, ink, edge) of a state
LOOKS = {
    "working": ("strong", "strong_text", "strong"),
    "arrived": ("strong", "strong_text", "strong"),
    "under_way": ("mid", "mid_text", "mid"),
    "acknowledged": ("raised", "text", "edge"),
    "ordered": ("raised", "text", "edge"),
    FREE: ("panel", "muted", "line"),
}


def state_of(team: TeamNow) -> str:
    """A code of its most engaged deployment, "free" where it has none."""
    return team.first.step if team.first is not None else FREE


def state_text(words: Words, state: str) -> str:
    """Shape and word."""
    word = words("teams.free") if state == FREE else words.label("codes.deployment_step", state)
    return f"{SHAPES[state]} {word}" if state in SHAPES else word


def clock(instant: datetime, now: datetime) -> str:
    """The time of day; with the date where it was another day."""
    local = instant.astimezone(SHANGHAI)
    today = local.date() == now.astimezone(SHANGHAI).date()
    return f"{local:%H:%M}" if today else f"{local:%m-%d %H:%M}"


def span(duration: timedelta | None) -> str:
    """A duration as h:mm; "" where it is not known."""
    if duration is None:
        return ""
    minutes = int(duration.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02d}"


def since_text(words: Words, since: datetime, now: datetime) -> str:
    """Since when and for how long; within a day the time of day says it."""
    at = clock(since, now if now - since >= timedelta(days=1) else since)
    return words("teams.since", at=at, span=span(now - since))


def welfare_text(words: Words, asked: Asked, now: datetime) -> str:
    """How long a team to be asked was not heard of, and whether it answers."""
    key = "teams.welfare.silent" if asked.welfare.state == "escalated" else "teams.welfare.due"
    return words(key, span=span(now - asked.welfare.heard_at))


def times(words: Words, one: Engagement, now: datetime) -> str:
    """Turnout, travel and time on the scene, as far as they are known."""
    known = (("turnout", one.turnout), ("travel", one.travel), ("on_scene", one.on_scene(now)))
    parts = [words(f"teams.times.{name}", span=span(value)) for name, value in known if value is not None]
    return " · ".join(parts)

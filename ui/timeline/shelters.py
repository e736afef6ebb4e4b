"""The lane of shelters: a bar from each opening to its closing, in a part for each count of heads."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from commandcenter.words import Words
from db.queries.log import LogLine
from ui.timeline.lane import Item, Part

KINDS = ("shelter_step", "head_count", "shelter_flow")
SOME, MANY, OVER = 0, 2, 3  # how much a part is filled: nobody counted, people in it, closed again


def bars(words: Words, lines: Iterable[LogLine], now: float) -> list[Item]:
    """The bars of an incident's shelter facts, in any order; a bar leads to the fact that opened it."""
    by_shelter: dict[UUID, list[LogLine]] = {}
    for line in sorted(lines, key=lambda line: (line.happened_at, line.id)):
        by_shelter.setdefault(line.values["shelter_id"], []).append(line)
    return [bar for facts in by_shelter.values() for bar in _of_one(words, facts, now)]


def _of_one(words: Words, facts: list[LogLine], now: float) -> list[Item]:
    out: list[Item] = []
    opened: list[LogLine] = []  # the opening that stands, and what was counted since
    for line in facts:
        step = line.values.get("step")
        if step == "closed" and opened:
            out.append(_bar(words, opened, line.happened_at.timestamp(), over=True))
            opened = []
        elif opened or step not in (None, "closed"):
            opened.append(line)
    if opened:
        out.append(_bar(words, opened, max(now, opened[-1].happened_at.timestamp()), over=False))
    return out


def _bar(words: Words, facts: list[LogLine], end: float, *, over: bool) -> Item:
    begin = facts[0].happened_at.timestamp()
    people: int | None = None
    begins: list[tuple[float, int | None]] = [(begin, None)]
    for line in facts[1:]:
        counted, flow = line.values.get("people"), line.values.get("flow")
        if line.kind == "head_count" and counted is not None:
            people = counted
        elif line.kind == "shelter_flow" and counted is not None:
            people = max(0, (people or 0) + (counted if flow == "in" else -counted))
        else:
            continue
        begins.append((line.happened_at.timestamp(), people))
    parts = []
    for at, (since, count) in enumerate(begins):
        until = begins[at + 1][0] if at + 1 < len(begins) else end
        text = "" if count is None else words("incident.lanes.people", count=count)
        tone = OVER if over else MANY if count else SOME
        parts.append(Part(since, until, text, tone))
    name = str(facts[0].values.get("thing") or "")
    return Item(id=facts[0].id, begin=begin, end=end, text=name, parts=tuple(parts), open=not over)

"""The sources of charts: where each series comes from, what it is called, and what changes concern it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commandcenter.domain.readings import QUANTITIES
from commandcenter.domain.record import REGISTRY
from commandcenter.words import Words
from db.desk.engine import Connection
from db.queries import series
from db.queries.series import Points, StationNow
from ui.charts.spec import Spec, Style
from ui.charts.words import value_text

Read = Callable[[Connection, datetime, datetime], Points]
DECIMALS = {"rain": 1, "level": 2, "flow": 1, "wind_speed": 1, "temperature": 1}
LEVELS = (("warning", "warning_level"), ("guarantee", "guarantee_level"))


@dataclass(frozen=True, kw_only=True)
class Source:
    """One series. ``kinds``: the records whose changes concern it; ``grows``: whether newer points are all
    that is ever read after the first time."""

    key: str
    spec: Spec
    read: Read
    kinds: frozenset[str] = frozenset()
    grows: bool = False
    told: Read | None = None  # what people told of it, where that is marked


def station_source(words: Words, one: StationNow) -> Source:
    """What a station measures. Its levels are those of its card, which says where each comes from."""
    values = one.values or {}
    quantity = QUANTITIES.get(one.quantity)
    decimals = DECIMALS.get(one.quantity, 0)
    name = str(values.get("name") or words("charts.nobody", code=one.station_id.hex[-4:]))
    levels = []
    for key, field in LEVELS:
        if one.quantity == "level" and values.get(field) is not None:
            value = values[field] / 1000
            levels.append((value, words(f"charts.{key}", value=value_text(value, decimals))))
    known = words.has(f"charts.quantity.{one.quantity}")

    def read(connection: Connection, since: datetime, until: datetime) -> Points:
        return series.measured(connection, one.station_id, one.quantity, since, until)

    def told(connection: Connection, since: datetime, until: datetime) -> Points:
        return series.told(connection, one.station_id, one.quantity, since, until)

    return Source(
        key=f"{one.station_id}:{one.quantity}",
        spec=Spec(
            title=words(
                "charts.title.station",
                station=name,
                quantity=words(f"charts.quantity.{one.quantity}") if known else one.quantity,
            ),
            unit=words(f"charts.unit.{one.quantity}") if known else "",
            style="line",
            decimals=decimals,
            levels=tuple(levels),
            stale_after=None if quantity is None else quantity.stale_after,
            from_zero=one.quantity in ("rain", "wind_speed", "flow", "humidity"),
        ),
        read=read,
        kinds=frozenset({"told_level", "strike"}),
        grows=True,
        told=told,
    )


# (key, style, the record kind it needs, module, function, the kinds whose changes concern it)
COUNTS: tuple[tuple[str, Style, str, str, str, frozenset[str]], ...] = (
    (
        "people",
        "step",
        "head_count",
        "db.queries.shelters",
        "people_series",
        frozenset({"head_count", "shelter_flow", "shelter_step", "strike"}),
    ),
    (
        "teams",
        "step",
        "deployment_step",
        "db.queries.series",
        "teams_out",
        frozenset({"deployment_step", "strike"}),
    ),
    (
        "lines",
        "filled",
        "log_entry",
        "db.queries.series",
        "lines_per_hour",
        frozenset({"log_entry", "strike"}),
    ),
)


def count_sources(words: Words) -> list[Source]:
    """What is counted here: only what there are records of."""
    found = []
    for key, style, kind, module, name, kinds in COUNTS:
        if kind in REGISTRY and importlib.util.find_spec(module) is not None:
            found.append(
                Source(
                    key=key,
                    spec=Spec(
                        title=words(f"charts.title.{key}"), unit=words(f"charts.unit.{key}"), style=style
                    ),
                    read=_seconds(getattr(importlib.import_module(module), name)),
                    kinds=kinds,
                )
            )
    return found


def _seconds(read: Callable[[Connection, datetime, datetime], Any]) -> Read:
    """Instants as seconds since 1970, where a query gives instants."""

    def asked(connection: Connection, since: datetime, until: datetime) -> Points:
        found = read(connection, since, until)
        return tuple(
            (at.timestamp() if isinstance(at, datetime) else at, float(value)) for at, value in found
        )

    return asked

"""The sentences of what is measured: a level that somebody told, as the log says it."""

from __future__ import annotations

from commandcenter.words import Words
from db.queries.log import LogLine


def told(line: LogLine, words: Words) -> str:
    """Which station, what, how much, and who told it."""
    values = line.values
    quantity = str(values.get("quantity") or "")
    value = values.get("value")
    sentence = words(
        "log.level_text.said",
        station=values.get("thing") or words("log.level_text.unknown_station"),
        quantity=words.label("codes.quantity", quantity),
        value="" if value is None else f"{value / 1000:g}",
        unit=words(f"charts.unit.{quantity}") if words.has(f"charts.unit.{quantity}") else "",
    )
    if values.get("told_by"):
        sentence += words("log.level_text.by", who=values["told_by"])
    return sentence + (words("log.step_text.note", note=values["note"]) if values.get("note") else "")

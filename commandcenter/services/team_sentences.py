"""The sentences of the teams' facts."""

from __future__ import annotations

from commandcenter.words import Words
from db.queries.log import LogLine


def step(line: LogLine, words: Words) -> str:
    """Who is how far, with how many people."""
    values = line.values
    code, strength, note = values.get("step") or "", values.get("strength"), values.get("note")
    sentence = words(
        "log.step_text.said",
        team=values.get("thing") or words("log.step_text.unknown_team"),
        step=words(f"log.step_text.{code}") if words.has(f"log.step_text.{code}") else code,
    )
    if strength is not None:
        sentence += words("log.step_text.strength", count=strength)
    if values.get("knowingly"):
        sentence += words("log.step_text.knowingly")
    return sentence + (words("log.step_text.note", note=note) if note else "")


def check(line: LogLine, words: Words) -> str:
    """Whether a team in the field answered."""
    values = line.values
    outcome, note = values.get("outcome") or "", values.get("note")
    sentence = words(
        "log.step_text.said",
        team=values.get("thing") or words("log.step_text.unknown_team"),
        step=words(f"log.welfare_text.{outcome}") if words.has(f"log.welfare_text.{outcome}") else outcome,
    )
    return sentence + (words("log.step_text.note", note=note) if note else "")

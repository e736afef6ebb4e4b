"""The sentences of the shelters' facts."""

from __future__ import annotations

from commandcenter.domain.records.head_count import GROUPS
from commandcenter.words import Words
from db.queries.log import LogLine


def step(line: LogLine, words: Words) -> str:
    """Opened, full, with room again, closed."""
    code = line.values.get("step") or ""
    said = words(f"shelters.said.{code}") if words.has(f"shelters.said.{code}") else code
    if line.values.get("knowingly"):
        said += words("shelters.said.knowingly")
    return _of(line, words, said)


def count(line: LogLine, words: Words) -> str:
    """How many people, and of which groups."""
    values = line.values
    said = words("shelters.said.counted", people=f"{values.get('people') or 0:,}")
    groups = [
        words(f"shelters.said.{name}", count=values[name]) for name in GROUPS if values.get(name) is not None
    ]
    if groups:
        said += words("shelters.said.groups", groups=words("shelters.said.and").join(groups))
    return _of(line, words, said)


def flow(line: LogLine, words: Words) -> str:
    """Who came, who left."""
    code = "came" if line.values.get("flow") == "in" else "left"
    return _of(line, words, words(f"shelters.said.{code}", people=f"{line.values.get('people') or 0:,}"))


def _of(line: LogLine, words: Words, said: str) -> str:
    shelter = line.values.get("thing") or words("shelters.said.unknown")
    sentence = words("shelters.said.of", shelter=shelter, said=said)
    note = line.values.get("note")
    return sentence + (words("log.step_text.note", note=note) if note else "")

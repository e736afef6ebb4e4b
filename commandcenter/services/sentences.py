"""The sentences of facts that carry codes: what the log says of them, on screen and on paper alike."""

from __future__ import annotations

from collections.abc import Callable

from commandcenter.services import level_sentences, shelter_sentences, team_sentences
from commandcenter.services.reference import event_codes
from commandcenter.words import Words
from db.queries.log import LogLine, Struck
from db.queries.registers import Named

# kind -> what the log says of its facts, each room's in a file of its own
SAID: dict[str, Callable[[LogLine, Words], str]] = {
    "deployment_step": team_sentences.step,
    "welfare_check": team_sentences.check,
    "told_level": level_sentences.told,
    "shelter_step": shelter_sentences.step,
    "head_count": shelter_sentences.count,
    "shelter_flow": shelter_sentences.flow,
    "time_confirmation": lambda line, words: words("time_confirmation.line"),
}


def destroyed_text(number: str | None, words: Words) -> str:
    """What stands in place of words that a certificate destroyed; "" where none did. ``number``: its spoken
    number. Every screen and every page says it so."""
    return words("purge.destroyed", number=number) if number else ""


def nameless(card: Named, words: Words) -> str:
    """What stands in place of a person's name, which is required: it was destroyed, or is not for this
    desk."""
    if card.destroyed:
        return words("purge.name", number=card.destroyed)
    return words("registers.not_for_you")


def reason_of(strike: Struck, words: Words) -> str:
    """Why a line was struck."""
    return strike.reason or destroyed_text(strike.destroyed, words)


def stated(line: LogLine, name: str, words: Words) -> str:
    """A field of a line as it was typed, or what stands in its place; "" where nothing was said."""
    return str(line.values.get(name) or "") or destroyed_text(line.gone.get(name), words)


def tag_of(line: LogLine, words: Words) -> str:
    """The short label of what a line is; "" for one that nobody labelled."""
    if line.kind == "incident_event":
        return words.label("log.incident_event", line.values.get("event"))
    if line.kind != "log_entry":
        return words.label("log.kind", line.kind)
    if line.replaces_id is not None:
        return words("log.tag.replacing")
    return words.label("log.channel", line.values.get("channel") or None)


def said_by(line: LogLine, words: Words) -> str:
    """What a line says: the text of a log entry, else a sentence from its codes."""
    values = line.values
    if line.destroyed:
        return destroyed_text(line.destroyed, words)
    if line.kind == "certificate":
        return words(
            "purge.line",
            number=values.get("number") or "",
            basis=words.label("codes.purge_basis", values.get("basis")),
            assessment=values.get("assessment") or "",
        )
    if line.kind == "strike":
        return words("log.struck.line", reason=values.get("reason") or "")
    if line.kind in SAID:
        return SAID[line.kind](line, words)
    if line.kind == "access_event":
        return words.label("codes.access_action", values.get("action"))
    if line.kind != "incident_event":
        return line.text or words("log.not_for_you")  # words are required: these are not for this desk
    event, reason = values.get("event") or "", stated(line, "reason", words)
    key = f"log.event_text.{event}"
    if not words.has(key):
        return event  # a newer program's event
    before, after = (_meaning(event, values.get(side), words) for side in ("before", "after"))
    sentence = words(key, before=before, after=after)
    return sentence + (words("log.event_text.because", reason=reason) if reason else "")


def _meaning(event: str, code: str | None, words: Words) -> str:
    if not code:
        return words("log.event_text.none")
    if event == "graded":
        return words.label("codes.grade", code)
    found = event_codes().get(code)
    if found is None:
        return code
    return found.name_en if words.language == "en" else found.name

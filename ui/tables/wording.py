"""How a line of the log is put into words: its cells, its marks and its tool tips, from codes and names."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from commandcenter.domain.clock import SHANGHAI
from commandcenter.services.sentences import destroyed_text, reason_of, said_by, stated, tag_of
from commandcenter.words import Words
from db.queries.log import LogLine
from ui.directory import HIDDEN
from ui.shell.draft import BIDI_MARKS, code_point
from ui.tables.days import clock_text, whole_text

# (kind of record, id) -> what it is called here, "" where it is not known
Names = Callable[[str, UUID], str]
Ink = Literal["text", "muted", "struck", "mark", "break"]
FIRST_WORDS = 40


@dataclass(frozen=True)
class Run:
    """A piece of the text cell in one ink."""

    text: str
    ink: Ink


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One line as the list paints it."""

    time: str
    tag: str
    badge: str  # "urgent", "important" or ""
    badge_text: str
    late_text: str  # "" when it is not late
    runs: tuple[Run, ...]
    incident: str
    counterpart: str
    who: str
    quiet: bool  # the program wrote it

    @property
    def text(self) -> str:
        """The text cell in one string, marks included."""
        marks = [part for part in (self.badge_text, self.late_text) if part]
        return " ".join([*marks, "".join(run.text for run in self.runs)])

    def cells(self) -> tuple[str, ...]:
        """The row's cells, in the order of the columns."""
        return self.time, self.tag, self.text, self.incident, self.counterpart, self.who


class Wording:
    """Puts lines into words. Asks no database: names come from a directory in memory."""

    def __init__(self, words: Words, names: Names, others: Mapping[UUID, LogLine]) -> None:
        """``others``: lines that shown ones point at, as far as they are known."""
        self.words = words
        self.names = names
        self.others = others
        self.hidden: Callable[[], bool] = lambda: False  # whether names and phones are not shown now

    def shown(self, line: LogLine) -> Shown:
        """The line as the list paints it."""
        values, words = line.values, self.words
        importance = values.get("importance") or "normal"
        late = bool(stated(line, "late_reason", words))
        return Shown(
            time=clock_text(line.happened_at),
            tag=self.tag(line),
            badge="" if importance == "normal" else importance,
            badge_text="" if importance == "normal" else words.label("log.importance", importance),
            late_text=words("log.tag.doubtful" if line.doubtful else "log.tag.late")
            if late or line.doubtful
            else "",
            runs=self._runs(line),
            incident=self.incident(line),
            counterpart=self.counterpart(line),
            who=self.who(line),
            quiet=line.machine,
        )

    def tag(self, line: LogLine) -> str:
        """The short label of what this line is; "" for one that nobody labelled."""
        return tag_of(line, self.words)

    def body(self, line: LogLine) -> str:
        """What the line says: its text, or a sentence from its codes."""
        return said_by(line, self.words)

    def incident(self, line: LogLine) -> str:
        """The number of the line's incident."""
        id_ = line.values.get("incident_id")
        return "" if id_ is None else self.names("incident", id_)

    def counterpart(self, line: LogLine) -> str:
        """Who it was said to or by, behind an arrow for the direction."""
        name = "".join(run.text for run in self.one_line(self.spoken_to(line), "text"))
        sign = self.words.label("log.direction_sign", line.values.get("direction") or None)
        return f"{sign} {name}" if sign and name else name

    def spoken_to(self, line: LogLine) -> str:
        """The name or phone of the other side, as typed; not while such things are hidden."""
        typed = str(line.values.get("counterpart") or "")
        if not typed:
            return destroyed_text(line.gone.get("counterpart"), self.words)
        return HIDDEN if self.hidden() else typed

    def who(self, line: LogLine) -> str:
        """The person and the desk; says so where nobody was signed in."""
        return " · ".join(
            part for part in (self.person(line.values.get("typed_by_id")), self.desk(line)) if part
        )

    def desk(self, line: LogLine) -> str:
        """The desk's name."""
        id_ = line.values.get("typed_desk_id")
        return "" if id_ is None else self.names("desk", id_)

    def person(self, id_: UUID | None) -> str:
        """The person's name, or that nobody was signed in."""
        return self.words("log.not_signed_in") if id_ is None else self.names("person", id_)

    def struck_sentence(self, line: LogLine) -> str:
        """When, by whom and why the line was struck; "" if it was not."""
        strike = line.struck
        if strike is None:
            return ""
        at = whole_text(strike.at, self.words)
        reason = reason_of(strike, self.words)
        return self.words("log.struck.said", at=at, who=self.person(strike.by_id), reason=reason)

    def late_sentence(self, line: LogLine) -> str:
        """When a late line was typed and why so late; "" if it was not late."""
        reason = stated(line, "late_reason", self.words)
        typed = line.values.get("typed_at")
        if not reason:
            return ""
        return self.words("log.late.tip", typed=whole_text(typed, self.words) if typed else "", reason=reason)

    def copied(self, line: LogLine) -> str:
        """The line for the clipboard: date, time, and the text exactly as typed."""
        local = line.happened_at.astimezone(SHANGHAI)
        return f"{local:%Y-%m-%d %H:%M:%S} {self.body(line)}"

    def row_text(self, line: LogLine) -> str:
        """The row as a screen reader says it."""
        shown = self.shown(line)
        return self.words("log.row", time=shown.time, tag=shown.tag, text=shown.text, who=shown.who)

    def _runs(self, line: LogLine) -> tuple[Run, ...]:
        ink: Ink = "struck" if line.struck else "muted" if line.machine else "text"
        runs = list(self.one_line(self.body(line), ink))
        strike = line.struck
        if strike is not None:
            tail = " "
            other = self.others.get(strike.replacement_id) if strike.replacement_id else None
            if other is not None:
                first = "".join(run.text for run in self.one_line(self.body(other), "text"))
                first = first[:FIRST_WORDS] + ("…" if len(first) > FIRST_WORDS else "")
                runs.append(Run(" " + self.words("log.struck.to", text=first), "text"))
                tail = ""
            reason = reason_of(strike, self.words)
            tail += self.words("log.struck.tail", who=self.person(strike.by_id), reason=reason)
            runs.append(Run(tail, "muted"))
        return tuple(runs)

    def one_line(self, text: str, ink: Ink) -> tuple[Run, ...]:
        """``text`` on one row: line breaks and direction marks as signs of their own."""
        if text.isprintable():  # most lines: no break, no mark
            return (Run(text, ink),) if text else ()
        runs: list[Run] = []
        plain = ""
        for character in text:
            sign = self._sign(character)
            if sign is None:
                plain += character
                continue
            if plain:
                runs.append(Run(plain, ink))
                plain = ""
            runs.append(Run(sign, "mark" if character in BIDI_MARKS else "break"))
        if plain:
            runs.append(Run(plain, ink))
        return tuple(runs)

    def _sign(self, character: str) -> str | None:
        if character == "\n":
            return f" {self.words('log.line_break')} "
        if character == "\t":
            return "  "
        if character in BIDI_MARKS:
            return self.words("log.mark", sign=code_point(character))
        return None


def visible(words: Words, text: str) -> str:
    """``text`` with its direction marks written out, line breaks kept."""
    if not any(character in BIDI_MARKS for character in text):
        return text
    return "".join(
        words("log.mark", sign=code_point(character)) if character in BIDI_MARKS else character
        for character in text
    )


def fold(text: str) -> tuple[str, list[int]]:
    """``text`` as search sees it (NFKC, case-folded), and for each folded character the one it came from."""
    folded, origin = "", []
    for index, character in enumerate(text):
        piece = unicodedata.normalize("NFKC", character).casefold()
        folded += piece
        origin += [index] * len(piece)
    return folded, origin


def spans(text: str, highlight: str) -> list[tuple[int, int]]:
    """Where the words of ``highlight`` stand in ``text``: (first, past the last), merged, in order."""
    wanted = [fold(word)[0] for word in highlight.split()]
    if not any(wanted):
        return []
    folded, origin = fold(text)
    marked = [False] * len(text)
    for word in filter(None, wanted):
        at = folded.find(word)
        while at >= 0:
            for index in range(origin[at], origin[at + len(word) - 1] + 1):
                marked[index] = True
            at = folded.find(word, at + 1)
    out: list[tuple[int, int]] = []
    for index, on in enumerate(marked):
        if on and out and out[-1][1] == index:
            out[-1] = (out[-1][0], index + 1)
        elif on:
            out.append((index, index + 1))
    return out

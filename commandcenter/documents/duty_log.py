"""The duty log as a Sheet: what the list shows, every line of it, for paper, Excel or CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from commandcenter.documents.chain_text import chain_text
from commandcenter.documents.delimited import write_csv
from commandcenter.documents.excel import write_xlsx
from commandcenter.documents.pdf import write_pdf
from commandcenter.documents.sheet import Cancelling, Column, Progress, Row, Sheet
from commandcenter.domain.clock import SHANGHAI, date_of
from commandcenter.domain.errors import Refused
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.sentences import nameless, reason_of, said_by, stated, tag_of
from commandcenter.words import Words
from db.desk.engine import Connection
from db.queries.log import DayCounts, LogFilter, LogLine, day_counts, page
from db.queries.registers import Directory, directory

PAGE = 500
WRITERS = {".pdf": write_pdf, ".xlsx": write_xlsx, ".csv": write_csv}


def export_log(
    connection: Connection,
    path: Path,
    filter_: LogFilter,
    *,
    words: Words,
    chain: tuple[int, str],
    now: datetime,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> int:
    """Write the log to ``path`` in the format its ending names; returns the lines written.

    The connection sees one state from the first line to the last, so the count printed is the count
    stored. ``chain``: the head (n, hash in hex) that the page carries as an anchor. Refused
    ``unknown_format``; Cancelled; Unavailable."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise Refused("unknown_format", field="file", suffix=path.suffix)
    connection.execute("BEGIN")
    try:
        names = directory(connection, shipped_row_id("setting", "late_after_s"))
        counts = day_counts(connection, filter_)
        writer(
            sheet(connection, counts, names, words, chain, now), path, progress=progress, cancelled=cancelled
        )
        return counts.total
    finally:
        connection.execute("ROLLBACK")


def sheet(
    connection: Connection,
    counts: DayCounts,
    names: Directory,
    words: Words,
    chain: tuple[int, str],
    now: datetime,
) -> Sheet:
    """The Sheet of what ``counts`` counted: oldest first, as a log is read."""
    district = next((card for card in names.of_kind("organisation") if card.detail == "district"), None)
    place = _name(names, district.id if district else None, words)
    return Sheet(
        title=words("duty_log.title", place=place).strip(),
        subtitle=tuple(_subtitle(counts, names, words)),
        columns=(
            Column(key="happened_at", title=words("duty_log.column.happened_at"), kind="time", width=8),
            Column(key="what", title=words("duty_log.column.what"), width=4),
            Column(key="text", title=words("duty_log.column.text"), width=22),
            Column(key="incident", title=words("duty_log.column.incident"), width=10),
            Column(key="counterpart", title=words("duty_log.column.counterpart"), width=6),
            Column(key="by", title=words("duty_log.column.by"), width=5),
        ),
        rows=_rows(connection, counts, names, words),
        count=counts.total,
        printed_at=now,
        printed_by=_name(names, names.person, words) or words("duty_log.unsigned"),
        desk=_name(names, names.device, words),
        chain_head=chain_text(connection, chain, words),
        signatures=(words("duty_log.sign.officer"), words("duty_log.sign.chief")),
        language=words.language,
    )


def _subtitle(counts: DayCounts, names: Directory, words: Words) -> Iterator[str]:
    filter_ = counts.filter
    if counts.days:
        first, last = date_of(counts.days[-1]), date_of(counts.days[0])
        yield words("duty_log.period", first=first.isoformat(), last=last.isoformat())
    particulars = []
    if filter_.incident_id is not None:
        particulars.append(_incident(names, filter_.incident_id))
    if filter_.important:
        particulars.append(words("duty_log.filter.important"))
    if filter_.channel is not None:
        particulars.append(words.label("log.channel", filter_.channel))
    if filter_.desk_id is not None:
        particulars.append(_name(names, filter_.desk_id, words))
    particulars.append(words("duty_log.filter.machine" if filter_.machine else "duty_log.filter.people"))
    yield " · ".join(particulars)


def _rows(connection: Connection, counts: DayCounts, names: Directory, words: Words) -> Iterator[Row]:
    end = counts.total
    while end > 0:
        first = max(0, end - PAGE)
        for line in reversed(page(connection, counts, first, end - first)):
            yield _row(line, names, words)
        end = first


def _row(line: LogLine, names: Directory, words: Words) -> Row:
    values = line.values
    notes = []
    if line.struck is not None:
        notes.append(
            words(
                "duty_log.struck",
                who=_name(names, line.struck.by_id, words) or words("duty_log.unsigned"),
                at=f"{line.struck.at.astimezone(SHANGHAI):%m-%d %H:%M}",
                reason=reason_of(line.struck, words),
            )
        )
    if line.replaces_id is not None:
        notes.append(words("duty_log.replaces"))
    if late := stated(line, "late_reason", words):
        typed = values["typed_at"].astimezone(SHANGHAI)
        notes.append(words("duty_log.late", typed=f"{typed:%m-%d %H:%M}", reason=late))
    by = _name(names, values.get("typed_by_id"), words) or words("duty_log.unsigned")
    return Row(
        cells=(
            line.happened_at,
            tag_of(line, words),
            said_by(line, words),
            _number(names, values.get("incident_id")),
            stated(line, "counterpart", words) or None,
            by,
        ),
        struck=line.struck is not None,
        note=words("duty_log.and").join(notes),
    )


def _name(names: Directory, id_: UUID | None, words: Words) -> str:
    card = names.cards.get(id_) if id_ is not None else None
    if card is None:
        return ""
    if card.kind == "desk":
        return card.name or words("duty_log.desk", number=card.code)
    if card.kind == "person" and not card.name:
        return nameless(card, words)
    return (card.name_en or card.name) if words.language == "en" else card.name


def _number(names: Directory, id_: UUID | None) -> str:
    card = names.cards.get(id_) if id_ is not None else None
    return "" if card is None or card.code is None else card.code


def _incident(names: Directory, id_: UUID | None) -> str:
    card = names.cards.get(id_) if id_ is not None else None
    return "" if card is None else f"{card.code} {card.name}"

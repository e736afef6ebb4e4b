"""The audit trail as a Sheet: every entry of what the list shows, for paper, Excel or CSV."""

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
from commandcenter.domain.clock import date_of
from commandcenter.domain.errors import Refused
from commandcenter.services.audit_sentences import AuditWords
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.sentences import nameless
from commandcenter.words import Words
from db.desk.engine import Connection
from db.queries.audit import AuditFilter, AuditLine, count, lines, may_read
from db.queries.registers import Directory, directory

WRITERS = {".pdf": write_pdf, ".xlsx": write_xlsx, ".csv": write_csv}


def export_audit(
    connection: Connection,
    path: Path,
    filter_: AuditFilter,
    *,
    words: Words,
    chain: tuple[int, str],
    now: datetime,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> int:
    """Write the audit trail to ``path`` in the format its ending names; returns the entries written.

    The connection sees one state throughout, so the count printed is the count stored. ``chain``: the head
    (n, hash in hex) that the page carries as an anchor. Refused ``unknown_format``, ``no_auditor``;
    Cancelled; Unavailable."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise Refused("unknown_format", field="file", suffix=path.suffix)
    connection.execute("BEGIN")
    try:
        if not may_read(connection):
            raise Refused("no_auditor")
        names = directory(connection, shipped_row_id("setting", "late_after_s"))
        total = count(connection, filter_)
        made = sheet(connection, filter_, total, names, words, chain, now)
        writer(made, path, progress=progress, cancelled=cancelled)
        return total
    finally:
        connection.execute("ROLLBACK")


def sheet(
    connection: Connection,
    filter_: AuditFilter,
    total: int,
    names: Directory,
    words: Words,
    chain: tuple[int, str],
    now: datetime,
) -> Sheet:
    """The Sheet of a filter's entries: oldest first, each with its number in its desk's chain."""
    district = next((card for card in names.of_kind("organisation") if card.detail == "district"), None)

    def name(kind: str, id_: UUID) -> str:
        return name_of(names, words, id_)

    put = AuditWords(words, name)
    columns = (
        ("at", 8),
        ("who", 5),
        ("desk", 5),
        ("number", 4),
        ("action", 6),
        ("subject", 9),
        ("content", 16),
    )
    return Sheet(
        title=words(
            "audit.sheet.title", place=name_of(names, words, district.id) if district else ""
        ).strip(),
        subtitle=(_subtitle(filter_, put, names, words), words("audit.kept")),
        columns=(
            Column(key="at", title=words("audit.column.at"), kind="time", width=columns[0][1]),
            *(Column(key=key, title=words(f"audit.column.{key}"), width=width) for key, width in columns[1:]),
            Column(key="result", title=words("audit.column.result"), width=5),
        ),
        rows=(_row(line, put) for line in lines(connection, filter_)),
        count=total,
        printed_at=now,
        printed_by=name_of(names, words, names.person) or words("audit.nobody"),
        desk=name_of(names, words, names.device),
        chain_head=chain_text(connection, chain, words),
        annotated=False,
        signatures=(words("audit.sheet.sign"),),
        language=words.language,
    )


def _row(line: AuditLine, put: AuditWords) -> Row:
    return Row(
        cells=(
            line.at,
            put.who(line),
            put.desk(line),
            put.number(line),
            put.action(line),
            put.subject(line),
            put.content(line),
            put.result(line),
        )
    )


def _subtitle(filter_: AuditFilter, put: AuditWords, names: Directory, words: Words) -> str:
    return words("audit.and").join(_particulars(filter_, put, names, words))


def _particulars(filter_: AuditFilter, put: AuditWords, names: Directory, words: Words) -> Iterator[str]:
    yield words(f"audit.filter.{filter_.what}")
    if filter_.action is not None:
        yield put.action_word(filter_.action)
    for id_ in (filter_.person_id, filter_.desk_id):
        if id_ is not None:
            yield name_of(names, words, id_)
    if filter_.day is not None:
        yield date_of(filter_.day).isoformat()


def name_of(names: Directory, words: Words, id_: UUID | None) -> str:
    """What a card is called: a desk by its name or number, an incident by its number."""
    card = names.cards.get(id_) if id_ is not None else None
    if card is None:
        return ""
    if card.kind == "desk":
        return card.name or words("duty_log.desk", number=card.code)
    if card.kind == "incident":
        return card.code or ""
    if card.kind == "person" and not card.name:
        return nameless(card, words)
    return (card.name_en or card.name) if words.language == "en" else card.name

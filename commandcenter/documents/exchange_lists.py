"""The lists of the sync page as Sheets: what waits, what was refused, fields with several values."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

from commandcenter.documents.audit_trail import WRITERS, name_of
from commandcenter.documents.chain_text import chain_text
from commandcenter.documents.sheet import Cancelling, Column, Progress, Row, Sheet
from commandcenter.domain.errors import Refused
from commandcenter.services.exchange_sentences import ExchangeWords
from commandcenter.services.reference import shipped_row_id
from commandcenter.words import Words
from db.desk import local
from db.desk.engine import Connection
from db.queries.clashes import clashes
from db.queries.exchange import ExchangeFilter, Group, refused, waiting
from db.queries.registers import Directory, directory

ALL = sys.maxsize - 1


def export_exchange(
    connection: Connection,
    path: Path,
    filter_: ExchangeFilter,
    *,
    words: Words,
    chain: tuple[int, str],
    now: datetime,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> int:
    """Write one of the lists to ``path`` in the format its ending names; returns the rows written.

    ``chain``: the head (n, hash in hex) that the page carries as an anchor. Refused ``unknown_format``;
    Cancelled; Unavailable."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise Refused("unknown_format", field="file", suffix=path.suffix)
    connection.execute("BEGIN")
    try:
        names = directory(connection, shipped_row_id("setting", "late_after_s"))
        made = sheet(connection, filter_, names, words, chain, now)
        writer(made, path, progress=progress, cancelled=cancelled)
        return made.count
    finally:
        connection.execute("ROLLBACK")


def sheet(
    connection: Connection,
    filter_: ExchangeFilter,
    names: Directory,
    words: Words,
    chain: tuple[int, str],
    now: datetime,
) -> Sheet:
    """The Sheet of a list; of an exception one row for each value."""

    def name(kind: str, id_: UUID) -> str:
        return name_of(names, words, id_)

    put = ExchangeWords(words, name, hidden=bool(names.preferences.get(local.MASKED)))
    district = next((card for card in names.of_kind("organisation") if card.detail == "district"), None)
    columns, rows = _made(connection, filter_, put)
    return Sheet(
        title=words(
            f"exchange.sheet.title_{filter_.list}",
            place=name_of(names, words, district.id) if district else "",
        ).strip(),
        subtitle=(words(f"exchange.tab.{filter_.list}"),),
        columns=tuple(
            Column(
                key=key,
                title=words(f"exchange.column.{key}"),
                kind="time" if key == "at" else "text",
                width=width,
            )
            for key, width in columns
        ),
        rows=iter(rows),
        count=len(rows),
        printed_at=now,
        printed_by=name_of(names, words, names.person) or words("exchange.nobody"),
        desk=name_of(names, words, names.device),
        chain_head=chain_text(connection, chain, words),
        annotated=False,
        signatures=(words("exchange.sheet.sign"),),
        language=words.language,
    )


def _made(
    connection: Connection, filter_: ExchangeFilter, put: ExchangeWords
) -> tuple[tuple[tuple[str, int], ...], list[Row]]:
    """The columns with their widths, and the rows."""
    author = (("at", 8), ("who", 5), ("desk", 5))
    if filter_.list == "waiting":
        found = waiting(connection, limit=ALL)
        return (*author, ("what", 30)), [Row(cells=_written(group, put)) for group in found.groups]
    if filter_.list == "refused":
        back = refused(connection, answered=filter_.answered, limit=ALL)
        rows = [
            Row(
                cells=(
                    *_written(group.group, put),
                    put.why(group),
                    put.words("exchange.row.answered") if group.answered_at is not None else "",
                )
            )
            for group in back.groups
        ]
        return (*author, ("what", 18), ("why", 16), ("state", 4)), rows
    rows = [
        Row(
            cells=(
                value.at,
                put.person(value.by),
                put.desk(value.desk),
                put.clash(clash),
                put.of_clash(clash, value),
            )
        )
        for clash in clashes(connection, aside=filter_.answered, limit=ALL).clashes
        for value in clash.values
    ]
    return (*author, ("subject", 14), ("value", 18)), rows


def _written(group: Group, put: ExchangeWords) -> tuple[datetime | None, str, str, str]:
    first = group.changes[0] if group.changes else None
    if first is None:
        return None, "", "", put.group(group)
    return first.at, put.person(first.by), put.desk(first.desk), "\n".join(put.lines(group))

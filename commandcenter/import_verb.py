"""The import's verbs: a table looked at, taken into a register, taken back out of it, and written again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from commandcenter.domain.errors import Refused

# The command line asks for the arguments of every verb; what reads spreadsheets is loaded where it runs.
if TYPE_CHECKING:
    from commandcenter.documents.intake_columns import Columns
    from commandcenter.documents.intake_proposal import Proposed
    from commandcenter.documents.intake_table import Table
    from commandcenter.domain.record import Kind
    from commandcenter.runtime import DataDirectory
    from commandcenter.services.workplace import Workplace
    from commandcenter.words import Words


def add_verbs(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Add them to the command line's."""
    take = verbs.add_parser("import", parents=[common], help="take an Excel or CSV table into a register")
    take.add_argument("kind")
    take.add_argument("file", type=Path)
    take.add_argument("--sheet", default=None)
    take.add_argument(
        "--column", action="append", default=[], metavar="N=FIELD", help="N from 1; FIELD may be empty"
    )
    way = take.add_mutually_exclusive_group()
    way.add_argument("--preview", action="store_true", help="only say what it would do (the default)")
    way.add_argument("--accept", action="store_true", help="write what is right")

    undo = verbs.add_parser(
        "undo-import", parents=[common], help="undo a whole import, the last one by default"
    )
    undo.add_argument("batch", nargs="?", default=None)

    out = verbs.add_parser("export-register", parents=[common], help="a register as a table, .xlsx or .csv")
    out.add_argument("kind")
    out.add_argument("file", type=Path)


def import_(options: argparse.Namespace) -> dict[str, Any]:
    """``{"kind", "file", "sheet", "header", "columns", "counts", "problems", …}``; with ``--accept`` also
    ``{"batch", "written"}``. Rows that are wrong are left out and told."""
    from commandcenter.documents.intake_columns import importable, match
    from commandcenter.documents.intake_known import known, layout_key, remembered
    from commandcenter.documents.intake_proposal import propose
    from commandcenter.documents.intake_table import read_table
    from commandcenter.domain.record import kind_of
    from commandcenter.runtime import new_id
    from commandcenter.services.desk_affairs import SetPreference
    from commandcenter.words import AUTHORITY, Words

    kind = kind_of(options.kind)
    if kind.name not in importable():
        raise Refused("import_not_this_kind", kind=kind.name)
    words = Words(options.lang or AUTHORITY)
    table = read_table(options.file, options.sheet)
    workplace = _workplace(options)
    try:
        connection = workplace.connection
        columns = _said(kind, match(kind, table, remembered(connection, kind.name)), options.column)
        proposal = propose(kind, table, columns, known(connection, kind, _now()))
        answer = _told(kind, table, columns)
        answer["counts"] = proposal.counts
        answer["problems"] = [problem for row in proposal.rows for problem in _problems(row, columns, words)]
        if options.accept:
            batch = new_id()
            written = 0
            for command in proposal.groups(kind, batch, table.file):
                workplace.execute(command)
                written += len(command.add) + len(command.edit)
            if options.column:
                key = layout_key(kind.name, columns.signature)
                workplace.execute(SetPreference(key=key, value=list(columns.fields)))
            answer |= {"batch": str(batch) if written else None, "written": written}
    finally:
        workplace.close()
    return answer


def undo_import(options: argparse.Namespace) -> dict[str, Any]:
    """``{"batch", "changes"}``: how many changes it took."""
    from commandcenter.services.imports import UndoImport
    from db.queries.imports import past

    workplace = _workplace(options)
    try:
        if options.batch is None:
            made = next((entry for entry in past(workplace.connection) if not entry["undone"]), None)
            if made is None:
                raise Refused("unknown_import", field="batch")
            batch = UUID(made["batch"])
        else:
            try:
                batch = UUID(options.batch)
            except ValueError:
                raise Refused("wrong_type", field="batch") from None
        changes = 0
        while part := workplace.execute(UndoImport(batch=batch)).changes:
            changes += part
    finally:
        workplace.close()
    return {"batch": str(batch), "changes": changes}


def export_register(options: argparse.Namespace) -> dict[str, Any]:
    """``{"file", "count"}``"""
    from commandcenter.documents.register_sheet import RegisterFilter
    from commandcenter.documents.register_sheet import export_register as write
    from commandcenter.services.audit import NoteAccess, extent_of
    from commandcenter.words import AUTHORITY, Words

    workplace = _workplace(options)
    try:
        chain = _directory(options).note_anchor(workplace.connection, workplace.device, "export")
        words = Words(options.lang or AUTHORITY)
        wanted = RegisterFilter(kind=options.kind)
        count = write(workplace.connection, options.file, wanted, words=words, chain=chain, now=_now())
        extent = extent_of(options.file.suffix.lower().lstrip("."))
        workplace.execute(
            NoteAccess(action="exported", subject_kind=options.kind, count=count, extent=extent)
        )
    finally:
        workplace.close()
    return {"file": str(options.file), "count": count}


def _said(kind: Kind, columns: Columns, said: list[str]) -> Columns:
    """The matching with what the command line says of single columns."""
    from commandcenter.documents.intake_columns import fields_of

    for text in said:
        number, equals, name = text.partition("=")
        if not equals or not number.isdecimal() or not 0 < int(number) <= len(columns.fields):
            raise Refused("usage", reason=f"--column {text}")
        if name and name not in fields_of(kind):
            raise Refused("import_unknown_field", name=name)
        columns = columns.with_field(int(number) - 1, name)
    return columns


def _told(kind: Kind, table: Table, columns: Columns) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "file": table.file,
        "sheet": table.sheet or None,
        "header": columns.header + 1,
        "columns": [
            {"column": at + 1, "title": title, "field": name or None}
            for at, (title, name) in enumerate(zip(columns.titles, columns.fields, strict=True))
        ],
    }


def _problems(row: Proposed, columns: Columns, words: Words) -> list[dict[str, Any]]:
    return [
        {
            "row": row.row,
            "column": problem.column + 1 or None,
            "field": columns.fields[problem.column] if problem.column >= 0 else problem.error.field,
            "code": problem.error.code,
            "sentence": words.sentence(problem.error),
        }
        for problem in row.problems
    ]


def _now() -> Any:
    from datetime import UTC, datetime

    from commandcenter.domain.clock import whole_ms

    return whole_ms(datetime.now(UTC))


def _directory(options: argparse.Namespace) -> DataDirectory:
    from commandcenter.runtime import DataDirectory, default_directory

    return DataDirectory(options.data or default_directory())


def _workplace(options: argparse.Namespace) -> Workplace:
    from commandcenter.runtime import open_workplace

    return open_workplace(_directory(options), options.profile)


VERBS = {"import": import_, "undo-import": undo_import, "export-register": export_register}

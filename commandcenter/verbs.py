"""The headless verbs: what a script asks of a data directory, each answering with one JSON document."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from commandcenter.desk_verbs import person_named
from commandcenter.domain.clock import instant_text, whole_ms
from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.domain.fields import plain
from commandcenter.domain.record import kind_of, typed_values
from commandcenter.runtime import DataDirectory, default_directory, open_workplace
from commandcenter.services.audit import NoteAccess, extent_of
from commandcenter.services.command import described, half_character, parse
from commandcenter.services.first_start import shipped_changes
from commandcenter.services.workplace import Workplace
from db.desk.backup import backup as copy_database
from db.desk.backup import carry_counters
from db.desk.carried import carry, certificates_of
from db.desk.engine import Connection, explained, open_reader
from db.desk.store import immediate
from db.desk.verify import Anchor, heads
from db.desk.verify import verify as check
from db.queries.log import LogFilter
from db.queries.registers import rows
from db.queries.search import search as find

JSON_MAX = 4_000_000


def _directory(options: argparse.Namespace) -> DataDirectory:
    return DataDirectory(options.data or default_directory())


def _workplace(options: argparse.Namespace) -> Workplace:
    return open_workplace(_directory(options), options.profile)


def _reader(options: argparse.Namespace) -> tuple[Path, Connection]:
    """A read-only connection; the first start makes the directory, as for every verb."""
    directory = _directory(options)
    if not directory.database.exists():
        open_workplace(directory, options.profile).close()
    with explained(directory.database):
        _workplace(options).close()  # brings an older file up to date, refuses a newer one
    return directory.database, open_reader(directory.database)


def do(options: argparse.Namespace) -> dict[str, Any]:
    """``{"ids": […], "changes": n}``; with ``--as`` the first line of standard input may be a password."""
    by = None if options.person is None else person_named(options)
    try:
        text = sys.stdin.read(JSON_MAX + 1) if options.document == "-" else options.document
        if len(text) > JSON_MAX:
            raise Refused("document_too_long", max=JSON_MAX)
        document = json.loads(text)
    except (ValueError, RecursionError) as error:  # also bytes that are no text, and what is nested too deep
        raise Refused("not_json", reason=str(error)) from None
    command = parse(options.command, document)
    workplace = _workplace(options)
    try:
        outcome = workplace.execute(command, by)
    finally:
        workplace.close()
    return {"ids": [str(id_) for id_ in outcome.ids], "changes": outcome.changes}


def list_(options: argparse.Namespace) -> dict[str, Any]:
    """``{"kind", "count", "rows": […]}``"""
    kind = kind_of(options.kind)
    where: dict[str, Any] = {}
    for condition in options.where:
        name, equals, value = condition.partition("=")
        if not equals:
            raise Refused("usage", reason=f"--where {condition}")
        if half := half_character(value):
            raise Refused("control_character", field=name, code_point=half)
        if name == "id":
            where[name] = _uuid(value, name)
        else:
            shape = kind.types[name].shape if name in kind.types else "text"
            read: Any = value
            if shape in ("integer", "flag", "codes"):
                try:
                    read = json.loads(value)
                except json.JSONDecodeError:
                    raise Refused("wrong_type", field=name) from None
            where |= typed_values(kind.name, {name: read})
    file, connection = _reader(options)
    try:
        with explained(file):
            found = [_plain_row(kind.name, row) for row in rows(connection, kind.name, where, options.limit)]
    finally:
        connection.close()
    return {"kind": kind.name, "count": len(found), "rows": found}


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("wrong_type", field=field) from None


def _plain_row(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    types = kind_of(kind).types
    out: dict[str, Any] = {}
    for name, value in row.items():
        if name in types:
            out[name] = plain(types[name], value)
        elif isinstance(value, datetime):
            out[name] = instant_text(value)
        elif isinstance(value, UUID):
            out[name] = str(value)
        else:
            out[name] = value
    return out


def search(options: argparse.Namespace) -> dict[str, Any]:
    """``{"kind": "hit", "count", "rows": […], "more", "unindexed"}``, newest first."""
    file, connection = _reader(options)
    try:
        with explained(file):
            found = find(connection, options.text, kind=options.kind, limit=options.limit)
    finally:
        connection.close()
    hits = [
        {"kind": hit.kind, "id": str(hit.id), "field": hit.field, "row": _plain_row(hit.kind, hit.values)}
        for hit in found.hits
    ]
    return {
        "kind": "hit",
        "count": len(hits),
        "rows": hits,
        "more": found.more,
        "unindexed": found.unindexed,
    }


def commands(options: argparse.Namespace) -> dict[str, Any]:
    """Every command with its fields."""
    found = described()
    return {"kind": "command", "count": len(found), "rows": found}


def verify(options: argparse.Namespace) -> dict[str, Any]:
    """What was checked and found; exit 2 where something is not as it was written."""
    directory = _directory(options)
    if not directory.database.exists():
        raise Unavailable("no_such_file", file=str(directory.database))
    workplace = _workplace(options)
    try:
        anchors = directory.known_anchors() + [_anchor(text, workplace.device) for text in options.anchor]
        with explained(directory.database):
            result = check(workplace.connection, anchors, shipped=shipped_changes())
        n, hash_ = (0, "")
        if not result.findings:
            n, hash_ = directory.note_anchor(workplace.connection, workplace.device, "verify")
    finally:
        workplace.close()
    findings = [
        {
            "finding": finding.code,
            "device": None if finding.device is None else str(finding.device),
            "n": finding.n,
            "kind": finding.kind or None,
            "row": None if finding.row is None else str(finding.row),
            "detail": finding.detail or None,
        }
        for finding in result.findings
    ]
    heads = [
        {
            "device": str(device),
            "n": last,
            "hash": head,
            "anchored_to": result.anchored.get(device, 0),
            # An entry dropped after the newest anchor, with its row and its count, leaves no trace in the
            # file: only a head that somebody else holds would show it.
            "anchor_needed_from": last + 1,
        }
        for device, (last, head) in result.heads.items()
    ]
    return {
        "sound": not findings,
        "entries": result.entries,
        "rows": result.rows,
        "anchors": result.anchors,
        "purged": result.purged,
        "heads": heads,
        "findings": findings,
        "exit": 0 if not findings else 2,
    } | ({"noted": {"n": n, "hash": hash_}} if n else {})


def _anchor(text: str, device: UUID) -> Anchor:
    parts = text.split(":")
    try:
        owner = UUID(parts[0]) if len(parts) == 3 else device
        n, hash_ = int(parts[-2]), parts[-1].lower()
    except (ValueError, IndexError):
        raise Refused("not_an_anchor", field="anchor", text=text) from None
    if n < 1 or len(hash_) < 16 or not set(hash_) <= set("0123456789abcdef"):
        raise Refused("not_an_anchor", field="anchor", text=text)
    return Anchor(device=owner, n=n, hash=hash_)


def rebuild(options: argparse.Namespace) -> dict[str, Any]:
    """``{"lines", "documents"}``: projections and text index made anew from the rows."""
    from db.desk import projections, purge
    from db.desk import search as index

    workplace = _workplace(options)
    try:
        with immediate(workplace.connection, workplace.file):
            lines = projections.rebuild(workplace.connection)
            purge.rebuild(workplace.connection)
        documents = index.rebuild(workplace.connection)
    finally:
        workplace.close()
    return {"lines": lines, "documents": documents}


def backup(options: argparse.Namespace) -> dict[str, Any]:
    """``{"file", "n", "hash"}``: the copy, checked, and the head it ends with."""
    directory = _directory(options)
    if not directory.database.exists():
        raise Unavailable("no_such_file", file=str(directory.database))
    workplace = _workplace(options)
    try:
        copy_database(workplace.connection, directory.database, options.file)
        n, hash_ = directory.note_anchor(workplace.connection, workplace.device, "backup")
    finally:
        workplace.close()
    return {"file": str(options.file), "n": n, "hash": hash_}


def restore(options: argparse.Namespace) -> dict[str, Any]:
    """``{"file", "kept"}``: the backup in place, and where the former database was kept."""
    directory = _directory(options)
    restored: dict[str, int] = {}

    def prepare(arriving: DataDirectory) -> None:
        workplace = open_workplace(arriving, options.profile)
        try:
            restored.update({str(device): n for device, n in heads(workplace.connection).items()})
            workplace.begin_new_chain()
            if directory.database.exists():
                carry_counters(workplace.connection, directory.database)
                certificates = certificates_of(directory.database)
                workplace.exchange(lambda connection, device: carry(connection, device, certificates))
        finally:
            workplace.close()

    kept = directory.restore(options.file, prepare)
    workplace = _workplace(options)
    try:
        directory.note_anchor(workplace.connection, workplace.device, "restore", restored=restored)
    finally:
        workplace.close()
    return {"file": str(options.file), "kept": None if kept is None else str(kept)}


def export(options: argparse.Namespace) -> dict[str, Any]:
    """``{"file", "count"}``: the day's log, or the whole, as the list shows it."""
    from commandcenter.documents.duty_log import export_log
    from commandcenter.words import AUTHORITY, Words

    day = None
    if options.day is not None:
        try:
            wanted = date.fromisoformat(options.day)
        except ValueError:
            raise Refused("wrong_type", field="day") from None
        day = (wanted - date(1970, 1, 1)).days
    directory = _directory(options)
    workplace = _workplace(options)
    try:
        chain = directory.note_anchor(workplace.connection, workplace.device, "export")
        filter_ = LogFilter(day=day, machine=options.all)
        count = export_log(
            workplace.connection,
            options.file,
            filter_,
            words=Words(options.lang or AUTHORITY),
            chain=chain,
            now=whole_ms(datetime.now().astimezone()),
        )
        extent = extent_of(options.file.suffix.lower().lstrip("."), filter_)
        note = NoteAccess(action="exported", subject_kind="log_entry", count=count, extent=extent)
        workplace.execute(note)
    finally:
        workplace.close()
    return {"file": str(options.file), "count": count}

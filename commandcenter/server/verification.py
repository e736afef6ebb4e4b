"""The centre's verification as the verb asks for it: the database, and the heads that others keep."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from commandcenter.server.centre_key import centre_key_of
from commandcenter.server.heads import FILE, as_json, heads_in, note, signed, sorted_by_signature
from db.centre import audit
from db.centre.engine import CentreEngine, announce, reading
from db.centre.verify import Verification, verify

Say = Callable[..., str]


def check(
    engine: CentreEngine,
    folder: Path,
    files: Iterable[Path],
    now: datetime,
    *,
    shipped: Collection[UUID] | None,
) -> tuple[Verification, dict[str, Any] | None]:
    """(what was found, the head that was signed and noted in ``folder``: None where it is not sound).

    ``files``: with heads of this centre that others keep; those noted in ``folder`` are looked at too. What
    it came to is in the audit trail. Unavailable ``no_such_file``."""
    kept = [head for file in files for head in heads_in(file)]
    if (folder / FILE).exists():
        kept += heads_in(folder / FILE)
    head = None
    with reading(engine) as connection:
        key = centre_key_of(connection)
        good, bad = sorted_by_signature(b"" if key is None else key.public, kept)
        result = verify(connection, good, shipped=shipped)
        for one in bad:
            result.found("head_not_ours", n=one.n, detail=f"({one.epoch}, {one.n}) {one.hash[:16]}")
        if key is not None and not result.findings:
            head = signed(connection, key, now)
    if head is not None:
        note(folder, head, "verify")
    with engine.begin() as connection:
        audit.note(
            connection,
            now,
            "centre_verified",
            subject=("database", None),
            count=result.entries,
            extent={"findings": len(result.findings), "heads": result.heads},
            result="failed" if result.findings else "done",
        )
    announce(engine)
    return result, None if head is None else as_json(head)


def document(result: Verification, noted: dict[str, Any] | None, words: Say, kind: Say) -> dict[str, Any]:
    """As the verb answers: exit 2 where something is not as it was written. ``words``: a sentence by its key;
    ``kind``: what a kind of record is called."""
    findings = [
        {
            "finding": one.code,
            "n": one.n,
            "device": None if one.device is None else str(one.device),
            "kind": one.kind or None,
            "row": None if one.row is None else str(one.row),
            "detail": one.detail or None,
            "sentence": words(
                f"centre.finding.{one.code}",
                n=one.n,
                device=str(one.device or "")[-12:],
                kind=kind(one.kind),
                row=str(one.row or "")[-12:],
                detail=one.detail,
            ),
        }
        for one in result.findings
    ]
    return {
        "sound": not findings,
        "entries": result.entries,
        "rows": result.rows,
        "chains": result.chains,
        "unlinked": result.unlinked,
        "certified": result.certified,
        "lacking": result.lacking,
        "heads": result.heads,
        "beyond": result.beyond,
        "head": {"epoch": result.epoch, "n": result.n, "hash": result.hash},
        "findings": findings,
        "exit": 2 if findings else 0,
    } | ({"noted": noted} if noted else {})

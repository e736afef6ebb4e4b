"""The verb that destroys personal data: what it would take, or the certificate that two people sign."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import Any
from uuid import UUID

from commandcenter.domain.codes import PURGE_BASES
from commandcenter.domain.errors import Refused

LINE_MAX = 4000


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Add it to the command line's."""
    purge = verbs.add_parser(
        "purge",
        parents=[common],
        help="destroy personal data; two lines of standard input are the two passwords, assessor's first",
    )
    purge.add_argument("kind")
    purge.add_argument("row", metavar="ID")
    purge.add_argument("--whole", action="store_true", help="of an incident: everything on its timeline too")
    purge.add_argument("--field", action="append", default=[], help="only this field; may be given again")
    purge.add_argument("--change", action="append", default=[], help="only what this change stated")
    purge.add_argument("--basis", choices=PURGE_BASES, default=None)
    purge.add_argument("--assessment", default="", help="kept for ever in clear: names nobody")
    purge.add_argument("--assessor", default="", metavar="LOGIN", help="a security officer")
    purge.add_argument("--approver", default="", metavar="LOGIN", help="a duty chief or an administrator")


def purge(options: argparse.Namespace) -> dict[str, Any]:
    """Without ``--basis``: what would be destroyed, ``{"count", "rows": [{"kind", "field", "count"}]}``. With
    it ``{"certificate", "number", "count"}``; it destroys once the centre has taken it (``sync``)."""
    from commandcenter.domain.record import kind_of
    from commandcenter.runtime import DataDirectory, default_directory, open_workplace
    from commandcenter.services.purge import Purge, Signature, Signing, named_of
    from commandcenter.services.sign_in import AtOnce
    from commandcenter.sync import membership as memberships
    from db.queries.purge import personal_of
    from db.queries.registers import rows

    kind = kind_of(options.kind).name
    wish = Purge(
        kind=kind,
        row=_uuid(options.row, "row"),
        basis=options.basis or "",
        assessment=options.assessment,
        changes=[_uuid(text, "change") for text in options.change],
        fields=options.field,
        whole=options.whole,
    )
    directory = DataDirectory(options.data or default_directory())
    with closing(open_workplace(directory, options.profile)) as workplace:
        there = named_of(
            personal_of(workplace.connection, kind, wish.row, whole=wish.whole), wish.changes, wish.fields
        )
        if options.basis is None:
            counted = [
                {"kind": name, "field": field, "count": count}
                for (name, field), count in sorted(there.counts.items())
            ]
            return {"count": len(there.values), "records": there.rows, "rows": counted}
        member = memberships.load(directory.path)
        centre = None
        if member is not None:
            from commandcenter.sync.enrolment import centre_says

            centre = centre_says(member)
        signing = Signing(AtOnce(workplace), wish, centre)
        signing.assess(Signature(login=options.assessor, password=_line()))
        outcome = signing.approve(Signature(login=options.approver, password=_line()))
        (row,) = rows(workplace.connection, "certificate", {"id": outcome.ids[0]})
    return {"certificate": str(outcome.ids[0]), "number": row["number"], "count": len(there.values)}


def _line() -> str:
    return sys.stdin.readline(LINE_MAX).removesuffix("\n").removesuffix("\r")


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("wrong_type", field=field) from None

"""The import's view of the desk: everything a proposal compares a table with, read in one go."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from commandcenter.documents.intake_cells import Reader, folded
from commandcenter.documents.intake_proposal import Known
from commandcenter.domain.access import acting_roles
from commandcenter.domain.record import REGISTRY, Kind, Situation
from commandcenter.services.reference import is_code, shipped_row_id
from db.desk import local
from db.desk.engine import Connection
from db.queries.imports import cards, named

# How a corrected matching is remembered at this desk: with the layouts of lists (SetPreference).
LAYOUT = "layout.import"


def layout_key(kind: str, signature: str) -> str:
    """The preference under which the columns of one layout are kept: a list of field names."""
    return f"{LAYOUT}.{kind}.{signature}"


def remembered(connection: Connection, kind: str) -> dict[str, Any]:
    """The corrected matchings of a register: {signature: field names in the order of the columns}."""
    start = f"{LAYOUT}.{kind}."
    return {
        key.removeprefix(start): value
        for key, value in local.everything(connection).items()
        if key.startswith(start)
    }


def known(connection: Connection, kind: Kind, now: datetime) -> Known:
    """What a proposal for ``kind`` needs."""
    device = local.get(connection, "device")
    sitting = local.sitting(connection, UUID(device), shipped_row_id("setting", "late_after_s"))
    targets = {type_.target for type_ in kind.types.values() if type_.target in REGISTRY}
    return Known(
        cards=cards(connection, kind.name),
        reader=Reader(named={target: named(connection, target, folded) for target in targets}),
        situation=Situation(now=now, late_after_s=sitting.late_after_s or 1800, is_code=is_code),
        roles=acting_roles(sitting.roles, passwords=sitting.passwords),
        person=sitting.person,
    )

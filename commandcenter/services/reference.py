"""The reader of reference data that ship as files: event codes, and the rows of a district's profile."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid5

from commandcenter.domain.codes import EVENT_CODE, TABLES

# Ids of rows that ship are made from kind and code under this name space; it can never change.
SHIPPED = UUID("6f0c1d5e-3502-5502-8000-6c6963686e67")

PROFILES = ("licheng", "empty")


@dataclass(frozen=True, kw_only=True)
class EventCode:
    """One row of the event code table; ``to_verify``: reconstructed, shown as 待核."""

    code: str
    name: str
    name_en: str
    parent: str
    to_verify: bool


def rows(*path: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file in resources/reference."""
    import csv
    from importlib.resources import files

    file = files("resources") / "reference"
    for part in path:
        file = file / part
    yield from csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))


@lru_cache(maxsize=1)
def event_codes() -> dict[str, EventCode]:
    """The event code table, classes 11–14, by code, in the table's order."""
    return {
        row["code"]: EventCode(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            parent=row["parent"],
            to_verify=row["to_verify"] == "1",
        )
        for row in rows("event_codes.csv")
    }


@lru_cache(maxsize=1)
def common_event_codes() -> tuple[str, ...]:
    """The codes a district of this kind meets most, in order."""
    return tuple(row["code"] for row in rows("event_codes_common.csv"))


def is_code(table: str, code: str) -> bool:
    """Whether ``code`` stands in the code table ``table``."""
    if table == EVENT_CODE:
        return code in event_codes()
    return code in TABLES.get(table, ())


def shipped_row_id(kind: str, code: str) -> UUID:
    """The row id of a row that ships."""
    return uuid5(SHIPPED, f"{kind}:{code}")

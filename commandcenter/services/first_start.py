"""The first start of a data directory: the profile's rows, this desk's own card, its kind for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.services.reference import PROFILES, rows, shipped_row_id
from db.desk import local
from db.desk.engine import Connection
from db.desk.shipped import plant, shipped
from db.desk.store import Transaction

# key, value: the source of each is the program's own default until the district decides.
SETTINGS = (("late_after_s", "1800"), ("idle_after_s", "600"), ("welfare_after_s", "1200"))


def shipped_rows(profile: str) -> Iterator[tuple[str, UUID, dict[str, Any]]]:
    """(kind, row id, values) of everything a profile ships."""
    for key, value in SETTINGS:
        yield "setting", shipped_row_id("setting", key), {"key": key, "value": value}
    if profile == "empty":
        return
    for row in rows(profile, "organisations.csv"):
        parent = row["parent_code"]
        yield (
            "organisation",
            shipped_row_id("organisation", row["code"]),
            {
                "code": row["code"],
                "name": row["name"],
                "name_en": row["name_en"] or None,
                "level": row["kind"],
                "parent_id": shipped_row_id("organisation", parent) if parent else None,
                "scope_id": shipped_row_id("organisation", row["code"]),
            },
        )
    for row in rows(profile, "persons.csv"):
        organisation = shipped_row_id("organisation", row["organisation_code"])
        yield (
            "person",
            shipped_row_id("person", row["code"]),
            {
                "name": row["name"],
                "roles": (row["role"],),
                "phone": row["phone"] or None,
                "organisation_id": organisation,
                "scope_id": organisation,
                "sample": row["sample"] == "1",
            },
        )
    for row in rows(profile, "shelters.csv"):
        organisation = shipped_row_id("organisation", row["organisation_code"])
        yield (
            "shelter",
            shipped_row_id("shelter", row["code"]),
            {
                "code": row["code"],
                "name": row["name"],
                "shelter_class": row["shelter_class"],
                "shelter_grade": row["shelter_grade"],
                "organisation_id": organisation,
                "capacity": int(row["capacity"]) if row["capacity"] else None,
                "effective_area_m2": int(row["effective_area_m2"]) if row["effective_area_m2"] else None,
                "source": row["source"],
                "scope_id": organisation,
            },
        )


def district_of(profile: str) -> UUID | None:
    """The organisation whose desk this is; None in an empty profile."""
    if profile == "empty":
        return None
    first = next(iter(rows(profile, "organisations.csv")))
    return shipped_row_id("organisation", first["code"])


def plant_profile(connection: Connection, profile: str) -> int:
    """Enter the profile's rows; entering them again changes nothing. Returns how many were new."""
    if profile not in PROFILES:
        raise Refused("unknown_profile", field="profile", profile=profile)
    return sum(plant(connection, kind, row_id, values) for kind, row_id, values in shipped_rows(profile))


def shipped_changes() -> frozenset[UUID]:
    """The ids of all changes that came with the program, whichever the profile. A new edition adds its own
    and keeps these: ``verify`` holds what stands in no chain against them."""
    return frozenset(
        shipped(kind, row_id, values).change.id
        for profile in PROFILES
        for kind, row_id, values in shipped_rows(profile)
    )


def settle(tx: Transaction, profile: str, directory_kind: str) -> None:
    """Write the desk's own first facts: which profile, which kind of directory, and its card."""
    plant_profile(tx.connection, profile)
    local.put(tx.connection, "profile", profile)
    local.put(tx.connection, "directory", directory_kind)
    local.put(tx.connection, "device", str(tx.author.device))
    district = district_of(profile)
    tx.add(
        "desk",
        {"number": 1, "organisation_id": district, "scope_id": district},
        id_=tx.author.device,
    )

"""Who may do what to which record, and whose rows a desk sees: pure rules of desk and centre alike.

What is not listed is denied. ``ACCESS`` says who may add or edit a kind at all, ``FIELDS`` who may change a
field that decides more than the rest of its card, ``VALUES`` who may state certain values; the scope rules
say which rows a desk reads and writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.domain.record import kind_of

# Somebody at a desk that no centre knows, where nobody has a password: whoever opens it first must be able
# to set it up, and the duty goes on.
UNSIGNED = "unsigned"
# Nobody signed in at a desk where people have passwords: the log still takes a line (marked so), and what
# cannot wait is opened.
UNSIGNED_ENROLLED = "unsigned_enrolled"
NOBODY = frozenset({UNSIGNED, UNSIGNED_ENROLLED})

CHIEFS = frozenset({UNSIGNED, "duty_chief", "administrator"})
# Who reads the audit trail.
AUDITORS = frozenset({"auditor", "security_officer", "administrator", "duty_chief"})
ADMINISTRATORS = frozenset({UNSIGNED, "administrator"})
DISTRICT_DUTY = frozenset({UNSIGNED, "duty_officer", "duty_chief"})
DUTY = DISTRICT_DUTY | {"street_user"}
REGISTRARS = DISTRICT_DUTY | {"administrator"}
OPENERS = DUTY | {UNSIGNED_ENROLLED}
ANYBODY = OPENERS | {"leader", "warehouse_keeper", "administrator"}
# What is only noted of somebody is never refused.
EVERYBODY = ANYBODY | {"wall", "security_officer", "auditor"}
# Who sits there to look: also where nobody has a password.
READERS = frozenset({"leader", "wall", "security_officer", "auditor"})
RELEASERS = frozenset({"duty_chief", "administrator"})
# Who signs for the destruction of personal data: one assesses, another one approves (DESIGN §5.13).
ASSESSORS = frozenset({"security_officer"})
APPROVERS = frozenset({"duty_chief", "administrator"})

ACCESS: dict[tuple[str, str], frozenset[str]] = {
    ("log_entry", "add"): ANYBODY,
    ("strike", "add"): ANYBODY,
    ("time_confirmation", "add"): DUTY,
    ("access_event", "add"): EVERYBODY,
    ("certificate", "add"): APPROVERS,
    ("incident", "add"): OPENERS,
    ("incident", "edit"): DUTY,
    ("incident_event", "add"): OPENERS,
    ("deployment_step", "add"): OPENERS,
    ("welfare_check", "add"): OPENERS,
    ("shelter_step", "add"): OPENERS,
    ("head_count", "add"): OPENERS,
    ("shelter_flow", "add"): OPENERS,
    ("shelter", "add"): REGISTRARS,
    ("shelter", "edit"): REGISTRARS,
    ("organisation", "add"): REGISTRARS,
    ("organisation", "edit"): REGISTRARS,
    ("person", "add"): REGISTRARS,
    ("person", "edit"): REGISTRARS,
    ("team", "add"): REGISTRARS,
    ("team", "edit"): REGISTRARS,
    ("station", "add"): REGISTRARS,
    ("station", "edit"): REGISTRARS,
    ("told_level", "add"): ANYBODY,
    ("desk", "add"): CHIEFS,
    ("desk", "edit"): CHIEFS,
    ("setting", "add"): CHIEFS,
    ("setting", "edit"): CHIEFS,
}

# (kind, field) -> who may change it; on top of ACCESS. Whose a row is decides who sees it.
FIELDS: dict[tuple[str, str], frozenset[str]] = {
    ("person", "roles"): ADMINISTRATORS,
    ("desk", "organisation_id"): ADMINISTRATORS,
    ("incident", "grade"): DISTRICT_DUTY,
    ("incident", "state"): DISTRICT_DUTY,
    ("incident", "closed_at"): DISTRICT_DUTY,
    ("incident", "retired"): DISTRICT_DUTY,
    ("incident", "shared_ids"): DISTRICT_DUTY,
    ("incident", "scope_id"): DISTRICT_DUTY,
    ("organisation", "scope_id"): ADMINISTRATORS,
    ("organisation", "parent_id"): ADMINISTRATORS,
    ("person", "scope_id"): ADMINISTRATORS,
    ("team", "scope_id"): ADMINISTRATORS,
    ("shelter", "scope_id"): ADMINISTRATORS,
    ("station", "scope_id"): ADMINISTRATORS,
    ("desk", "scope_id"): ADMINISTRATORS,
    ("setting", "scope_id"): CHIEFS,
}
# Whoever makes a card says these too: what it begins with is part of making it. Only roles are given.
GIVEN_TO_SOMEBODY = frozenset({("person", "roles")})

# (kind, field, value) -> who may state it: the event of a change nobody else may make.
VALUES: dict[tuple[str, str, str], frozenset[str]] = {
    ("incident_event", "event", "graded"): DISTRICT_DUTY,
    ("incident_event", "event", "closed"): DISTRICT_DUTY,
    ("incident_event", "event", "reopened"): DISTRICT_DUTY,
    ("incident_event", "event", "reclassified"): DUTY,
}

_FIELD_BY_FIELD = frozenset(kind for kind, *_ in (*FIELDS, *VALUES))

Scopes = Collection[UUID | None]
DISTRICT: Scopes = frozenset({None})  # of a desk that writes everything


def acting_roles(roles: Iterable[str], *, passwords: bool) -> tuple[str, ...]:
    """The roles in which somebody at a desk acts. ``roles``: those of whoever sits there, empty if nobody
    does; ``passwords``: whether one must prove to be that person (the desk is enrolled).

    Without passwords a seat is only a name: who takes part in the duty may do there what anybody may, for
    one key makes them nobody; who sits there to look keeps to looking."""
    held = tuple(roles)
    if passwords:
        return held or (UNSIGNED_ENROLLED,)
    return held if held and READERS.issuperset(held) else (*held, UNSIGNED)


def require(
    kind: str,
    action: str,
    roles: Iterable[str],
    patch: Mapping[str, object] | None = None,
    *,
    by: UUID | None = None,
    row_id: UUID | None = None,
) -> None:
    """Refused ``not_allowed`` unless one of ``roles`` may do ``action`` ("add", "edit") to ``kind``, and to
    every field of ``patch``: the values asked for, of an edit only those that differ, sealed ones as they
    are. ``by``: who asks; ``row_id``: the card concerned, for what nobody may do to oneself."""
    held = frozenset(roles)
    if ACCESS.get((kind, action), frozenset()).isdisjoint(held):
        raise Refused("not_allowed", kind=kind, action=action)
    for name, value in (patch or {}).items() if kind in _FIELD_BY_FIELD else ():
        if action == "add" and ((kind, name) not in GIVEN_TO_SOMEBODY or not value):
            allowed = EVERYBODY
        else:
            allowed = FIELDS.get((kind, name), EVERYBODY)
        if isinstance(value, str):
            allowed &= VALUES.get((kind, name, value), EVERYBODY)
        if allowed.isdisjoint(held):
            raise Refused("not_allowed", field=name, kind=kind, action=action)
    oneself = kind == "person" and by is not None and by == row_id
    if oneself and patch and "roles" in patch and UNSIGNED not in held:  # there roles protect nothing yet
        raise Refused("not_to_oneself", field="roles")


def scopes_of(organisation: UUID | None, parents: Mapping[UUID, UUID | None]) -> frozenset[UUID | None]:
    """The scopes of a desk that stands in ``organisation``: it and everything below it. ``parents``: the
    organisation above each one. A desk of no organisation is the district's: {None}."""
    if organisation is None:
        return frozenset({None})
    below: dict[UUID, list[UUID]] = {}
    for child, parent in parents.items():
        if parent is not None:
            below.setdefault(parent, []).append(child)
    found, waiting = {organisation}, [organisation]
    while waiting:
        fresh = [child for child in below.get(waiting.pop(), ()) if child not in found]  # a loop ends too
        found.update(fresh)
        waiting.extend(fresh)
    return frozenset(found)


def is_district(desk_scopes: Scopes, district: UUID | None) -> bool:
    """Whether a desk of these scopes is the district's own, which sees and writes everything. A desk of no
    scope at all (the empty set) is nobody's and reads only registers."""
    return None in desk_scopes or (district is not None and district in desk_scopes)


def may_see(
    kind: str, scope_id: UUID | None, incident_scopes: Scopes, desk_scopes: Scopes, district: UUID | None
) -> bool:
    """Whether a desk may read a row: what is public everybody, registers too, else its own scope's rows and
    those of incidents it takes part in. ``incident_scopes``: the owner of the row's incident and those who
    take part; of an incident itself its own; empty for a row of no incident."""
    if kind_of(kind).public:
        return True
    return _within(scope_id, incident_scopes, desk_scopes, district)


def may_see_personal(
    kind: str, scope_id: UUID | None, incident_scopes: Scopes, desk_scopes: Scopes, district: UUID | None
) -> bool:
    """Whether a desk may read a row's personal fields: of a register only its own scope and the district."""
    if kind_of(kind).register:
        return _within(scope_id, (), desk_scopes, district)
    return _within(scope_id, incident_scopes, desk_scopes, district)


def may_write(
    kind: str, scope_id: UUID | None, incident_scopes: Scopes, desk_scopes: Scopes, district: UUID | None
) -> bool:
    """Whether a desk may write a row of this scope; an edit that moves one wants both scopes. In an incident
    it takes part in it writes what it does there, and to cards of a register only its own."""
    if kind_of(kind).register:
        return _within(scope_id, (), desk_scopes, district)
    return _within(scope_id, incident_scopes, desk_scopes, district)


def _within(
    scope_id: UUID | None, incident_scopes: Scopes, desk_scopes: Scopes, district: UUID | None
) -> bool:
    if is_district(desk_scopes, district):
        return True
    if scope_id is not None and scope_id in desk_scopes:
        return True
    return any(scope is not None and scope in desk_scopes for scope in incident_scopes)


def may_audit(roles: Iterable[str], *, alone: bool) -> bool:
    """Whether these roles read the audit trail. ``alone``: the desk never met a centre and knows nobody who
    audits; then whoever sits there may look, for there is nobody else to."""
    return alone or not AUDITORS.isdisjoint(roles)

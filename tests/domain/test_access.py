"""Who may do what: every kind with every role, the fields that decide more, and whose rows a desk sees."""

from __future__ import annotations

from uuid import UUID

import pytest

import commandcenter.domain.records  # noqa: F401  fills the registry
from commandcenter.domain.access import (
    ACCESS,
    FIELDS,
    UNSIGNED,
    UNSIGNED_ENROLLED,
    VALUES,
    acting_roles,
    is_district,
    may_see,
    may_see_personal,
    may_write,
    require,
    scopes_of,
)
from commandcenter.domain.codes import ROLES, TABLES
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import REGISTRY

DISTRICT, STREET, COMMUNITY, OTHER = (UUID(int=n) for n in range(1, 5))
PARENTS = {DISTRICT: None, STREET: DISTRICT, COMMUNITY: STREET, OTHER: DISTRICT}
ME, COLLEAGUE = UUID(int=81), UUID(int=82)
ACTIONS = ("add", "edit")

# Written out by hand, a row a role, so that a slip in the table of rules does not also stand here.
# a adds, e edits, in the order of KINDS; f for facts that are only added.
KINDS = (
    "log_entry",
    "strike",
    "access_event",
    "incident",
    "incident_event",
    "organisation",
    "person",
    "desk",
    "setting",
    "team",
    "deployment_step",
)
MATRIX = {
    "unsigned": ("a", "a", "a", "ae", "a", "ae", "ae", "ae", "ae", "ae", "a"),
    "unsigned_enrolled": ("a", "a", "a", "a", "a", "", "", "", "", "", "a"),
    "duty_officer": ("a", "a", "a", "ae", "a", "ae", "ae", "", "", "ae", "a"),
    "duty_chief": ("a", "a", "a", "ae", "a", "ae", "ae", "ae", "ae", "ae", "a"),
    "leader": ("a", "a", "a", "", "", "", "", "", "", "", ""),
    "street_user": ("a", "a", "a", "ae", "a", "", "", "", "", "", "a"),
    "warehouse_keeper": ("a", "a", "a", "", "", "", "", "", "", "", ""),
    "wall": ("", "", "a", "", "", "", "", "", "", "", ""),
    "administrator": ("a", "a", "a", "", "", "ae", "ae", "ae", "ae", "ae", ""),
    "security_officer": ("", "", "a", "", "", "", "", "", "", "", ""),
    "auditor": ("", "", "a", "", "", "", "", "", "", "", ""),
    "somebody_else": ("", "", "", "", "", "", "", "", "", "", ""),
}


def allowed(
    kind: str,
    action: str,
    role: str,
    patch: dict[str, object] | None = None,
    *,
    by: UUID = ME,
    row_id: UUID = COLLEAGUE,
) -> bool:
    """Whether the rule lets it pass."""
    try:
        require(kind, action, [role], patch, by=by, row_id=row_id)
    except Refused as refused:
        if refused.code not in ("not_allowed", "not_to_oneself"):
            raise
        return False
    return True


def test_the_matrix_names_every_role() -> None:
    assert set(MATRIX) == {*ROLES, UNSIGNED, UNSIGNED_ENROLLED, "somebody_else"}
    assert set(KINDS) <= set(REGISTRY)


@pytest.mark.parametrize("role", MATRIX)
def test_every_kind_with_every_role(role: str) -> None:
    for kind, letters in zip(KINDS, MATRIX[role], strict=True):
        for action in ACTIONS:
            assert allowed(kind, action, role) == (action[0] in letters), (kind, action)
    for kind in REGISTRY:  # whatever comes: nobody but whom the table names, and nothing but these actions
        for action in (*ACTIONS, "delete", "strike", ""):
            listed = role in ACCESS.get((kind, action), ())
            assert allowed(kind, action, role) == listed, (kind, action)


def test_the_rules_of_fields_speak_of_fields_there_are() -> None:
    for kind, name in FIELDS:
        assert name in REGISTRY[kind].types
        assert FIELDS[kind, name] & ACCESS[kind, "edit"], "a field nobody may ever change"
    for kind, name, value in VALUES:
        assert value in TABLES[REGISTRY[kind].types[name].table]


def test_only_an_administrator_gives_roles_and_nobody_to_themselves() -> None:
    for role in (*ROLES, UNSIGNED_ENROLLED):
        expected = role == "administrator"
        assert allowed("person", "edit", role, {"roles": ("leader",)}) == expected, role
        assert allowed("person", "add", role, {"name": "甲", "roles": ("leader",)}) == expected, role
    assert allowed("person", "add", "duty_officer", {"name": "甲", "roles": ()})
    assert allowed("person", "edit", "duty_officer", {"phone": "1"}, by=ME, row_id=ME)
    with pytest.raises(Refused, match="not_to_oneself"):
        require("person", "edit", ["administrator"], {"roles": ("auditor",)}, by=ME, row_id=ME)
    with pytest.raises(Refused, match="not_allowed"):
        require("person", "edit", ["duty_chief"], {"roles": ("administrator",)}, by=ME, row_id=ME)
    # no role is taken together with another that would do: the self rule holds for all of them
    with pytest.raises(Refused, match="not_to_oneself"):
        require("person", "edit", ["duty_chief", "administrator"], {"roles": ()}, by=ME, row_id=ME)


def test_a_desk_is_set_up_by_whoever_opens_it_first() -> None:
    assert allowed("person", "add", UNSIGNED, {"name": "甲", "roles": ("duty_chief",)})
    assert allowed("person", "edit", UNSIGNED, {"roles": ("duty_chief",)}, by=ME, row_id=ME)
    assert allowed("incident", "edit", UNSIGNED, {"grade": "major", "state": "closed"})
    assert not allowed("incident", "edit", UNSIGNED_ENROLLED, {"place": "东街"})
    assert allowed("incident", "add", UNSIGNED_ENROLLED, {"title": "内涝", "grade": "major", "state": "open"})


def test_what_the_district_decides_of_an_incident() -> None:
    for name, value in (("grade", "major"), ("state", "closed"), ("shared_ids", ("x",)), ("retired", True)):
        assert allowed("incident", "edit", "duty_officer", {name: value})
        assert not allowed("incident", "edit", "street_user", {name: value}), name
        assert not allowed("incident", "edit", "street_user", {"place": "东街", name: value}), name
    assert allowed("incident", "edit", "street_user", {"place": "东街", "known": "水深 30 厘米"})
    for event, expected in (("opened", True), ("attached", True), ("graded", False), ("closed", False)):
        assert allowed("incident_event", "add", "street_user", {"event": event}) == expected
        assert allowed("incident_event", "add", UNSIGNED_ENROLLED, {"event": event}) == expected


def test_a_desk_is_not_moved_into_another_scope_by_its_chief() -> None:
    assert allowed("desk", "edit", "duty_chief", {"name": "一号席"})
    for name in ("organisation_id", "scope_id"):
        assert not allowed("desk", "edit", "duty_chief", {name: DISTRICT})
        assert allowed("desk", "edit", "administrator", {name: DISTRICT})


def test_the_field_concerned_is_named() -> None:
    with pytest.raises(Refused) as caught:
        require("person", "edit", ["duty_officer"], {"phone": "1", "roles": ("leader",)})
    assert caught.value.field == "roles"


def test_in_which_roles_somebody_acts() -> None:
    assert acting_roles([], passwords=True) == (UNSIGNED_ENROLLED,)
    assert acting_roles(["duty_officer"], passwords=True) == ("duty_officer",)
    assert acting_roles([], passwords=False) == (UNSIGNED,)
    assert set(acting_roles(["duty_officer"], passwords=False)) == {"duty_officer", UNSIGNED}
    assert acting_roles(["wall"], passwords=False) == ("wall",)
    assert acting_roles(["leader", "auditor"], passwords=False) == ("leader", "auditor")
    assert UNSIGNED in acting_roles(["leader", "duty_chief"], passwords=False)


# ---- whose rows a desk sees


def test_the_scopes_of_a_desk_are_its_organisation_and_what_is_below() -> None:
    assert scopes_of(STREET, PARENTS) == {STREET, COMMUNITY}
    assert scopes_of(DISTRICT, PARENTS) == {DISTRICT, STREET, COMMUNITY, OTHER}
    assert scopes_of(COMMUNITY, PARENTS) == {COMMUNITY}
    assert scopes_of(None, PARENTS) == {None}
    assert scopes_of(STREET, {STREET: COMMUNITY, COMMUNITY: STREET}) == {STREET, COMMUNITY}
    assert is_district(scopes_of(DISTRICT, PARENTS), DISTRICT)
    assert is_district(scopes_of(None, PARENTS), DISTRICT)
    assert not is_district(scopes_of(STREET, PARENTS), DISTRICT)
    assert not is_district((), None)


SCOPES = (None, DISTRICT, STREET, COMMUNITY, OTHER)
TAKING_PART = ((), (DISTRICT,), (STREET,), (DISTRICT, COMMUNITY), (OTHER,), (None,), (None, STREET))


@pytest.mark.parametrize("kind", REGISTRY)
def test_the_district_sees_and_writes_everything(kind: str) -> None:
    for desk in (scopes_of(DISTRICT, PARENTS), scopes_of(None, PARENTS)):
        for scope in SCOPES:
            for incident in TAKING_PART:
                for rule in (may_see, may_see_personal, may_write):
                    assert rule(kind, scope, incident, desk, DISTRICT)


@pytest.mark.parametrize("kind", REGISTRY)
def test_a_street_sees_and_writes_its_own(kind: str) -> None:
    desk = scopes_of(STREET, PARENTS)
    register = REGISTRY[kind].register
    for scope in SCOPES:
        own = scope in (STREET, COMMUNITY)
        for incident in TAKING_PART:
            part = bool({STREET, COMMUNITY} & set(incident))
            public = REGISTRY[kind].public
            assert may_see(kind, scope, incident, desk, DISTRICT) == (public or own or part)
            assert may_write(kind, scope, incident, desk, DISTRICT) == (own or (part and not register))
            assert may_see_personal(kind, scope, incident, desk, DISTRICT) == (own or (part and not register))


def test_a_desk_of_no_scope_reads_what_is_public_only() -> None:
    for kind, definition in REGISTRY.items():
        for scope in SCOPES:
            assert may_see(kind, scope, (), (), DISTRICT) == definition.public
            assert not may_write(kind, scope, (STREET,), (), DISTRICT)
            assert not may_see_personal(kind, scope, (), (), None)

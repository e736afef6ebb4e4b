"""Who may do what: (kind, action) -> roles. What is not listed is denied."""

from __future__ import annotations

from collections.abc import Iterable

from commandcenter.domain.errors import Refused

# Somebody at a desk where nobody is signed in: the log still takes a line (marked so), and the duty goes on.
UNSIGNED = "unsigned"
ANYBODY = frozenset(
    {UNSIGNED, "duty_officer", "duty_chief", "leader", "street_user", "warehouse_keeper", "administrator"}
)
DUTY = frozenset({UNSIGNED, "duty_officer", "duty_chief", "street_user"})
REGISTRARS = frozenset({UNSIGNED, "duty_officer", "duty_chief", "administrator"})
CHIEFS = frozenset({UNSIGNED, "duty_chief", "administrator"})

ACCESS: dict[tuple[str, str], frozenset[str]] = {
    ("log_entry", "add"): ANYBODY,
    ("strike", "add"): ANYBODY,
    ("incident", "add"): DUTY,
    ("incident", "edit"): DUTY,
    ("incident_event", "add"): DUTY,
    ("organisation", "add"): REGISTRARS,
    ("organisation", "edit"): REGISTRARS,
    ("person", "add"): REGISTRARS,
    ("person", "edit"): REGISTRARS,
    ("desk", "add"): CHIEFS,
    ("desk", "edit"): CHIEFS,
    ("setting", "add"): CHIEFS,
    ("setting", "edit"): CHIEFS,
}


def require(kind: str, action: str, roles: Iterable[str]) -> None:
    """Refused ``not_allowed`` unless one of ``roles`` may do ``action`` ("add", "edit") to ``kind``."""
    if ACCESS.get((kind, action), frozenset()).isdisjoint(roles):
        raise Refused("not_allowed", kind=kind, action=action)

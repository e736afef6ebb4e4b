"""The command that notes how teams in the field are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.services.command import Command, filled_in_now, handles
from commandcenter.services.deployments import TEAMS_MAX
from db.desk import engagements
from db.desk.store import Transaction


@dataclass(frozen=True, kw_only=True)
class CheckWelfare(Command):
    """Teams were asked how they are. ``outcome``: "answered" or "no_answer". ``happened_at`` absent: now."""

    deployment_ids: list[UUID]
    outcome: str = "answered"
    happened_at: datetime | None = None
    note: str | None = None


@handles(CheckWelfare)
def check_welfare(tx: Transaction, command: CheckWelfare) -> None:
    """A check for each deployment, all of them or none."""
    wanted = list(dict.fromkeys(command.deployment_ids))
    if not wanted:
        raise Refused("required", field="deployment_ids")
    if len(wanted) > TEAMS_MAX:
        raise Refused("group_too_large", field="deployment_ids", max=TEAMS_MAX)
    for id_ in wanted:
        now = engagements.of_deployment(tx.connection, id_)
        if now is None:
            raise Refused("unknown_row", field="deployment_ids", kind="deployment_step", id=str(id_))
        if not now.open:
            raise Refused("deployment_is_over", field="deployment_ids")
        tx.add(
            "welfare_check",
            {
                "scope_id": tx.need("team", now.team_id, "deployment_ids")["scope_id"],
                # as with steps: what is noted after another desk's step did not happen before it
                "happened_at": command.happened_at or max(filled_in_now(tx), now.since_at),
                "incident_id": now.incident_id,
                "team_id": now.team_id,
                "deployment_id": id_,
                "outcome": command.outcome,
                "note": command.note,
            },
        )

"""The deployment step (出动环节): a team was ordered somewhere, is on its way, has arrived, came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from commandcenter.domain import fields
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import Value
from commandcenter.domain.record import Fact, Situation, define
from commandcenter.domain.rules import PEOPLE_MAX, not_ahead


def of_an_incident(row: Mapping[str, Value] | None, patch: Mapping[str, Value], situation: Situation) -> None:
    """Refuse a step of no incident: nobody is sent nowhere."""
    if row is None and patch.get("incident_id") is None:
        raise Refused("required", field="incident_id")


@define(
    "deployment_step",
    public=True,
    rules=(not_ahead("happened_at"), of_an_incident),
    of="team_id",
    indexed=("deployment_id",),
)
@dataclass(frozen=True, kw_only=True)
class DeploymentStep(Fact):
    """The steps with one ``deployment_id`` are one deployment. Its scope is the team's, and every desk reads
    it, or two streets would compute two truths; ``note`` is read only where the incident or the team is.
    ``knowingly``: whoever ordered it knew of the team's other job, which goes on."""

    team_id: UUID = fields.reference("team", required=True)
    deployment_id: UUID = fields.reference(required=True)
    step: str = fields.code("deployment_step", required=True)
    strength: int | None = fields.integer(minimum=0, maximum=PEOPLE_MAX)
    knowingly: bool = fields.flag()
    note: str | None = fields.text(max_length=1_000, personal=True, searchable=True)

"""The sample forces: invented teams, plainly marked, and where some of them are in the sample night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from commandcenter.domain.projections.engagement import WAY
from commandcenter.services.deployments import AdvanceDeployment, DispatchTeam
from commandcenter.services.reference import rows
from commandcenter.services.registers import AddCard
from commandcenter.services.samples import SampleClock
from commandcenter.services.workplace import Workplace
from db.desk import engagements

# (incident, team number, minutes after the beginning that each step of the way took place)
SENT = (
    ("flood-fuqiao", 1, (300, 301, 304, 316, 320)),
    ("flood-fuqiao", 2, (300, 302, 306, 321)),
    ("flood-fuqiao", 10, (330, 333, 341)),
    ("flood-fuqiao", 15, (345,)),
    ("flood-fuqiao", 23, (346, 349)),
    ("flood-fuqiao", 25, (310, 312, 318, 330, 331, 520)),
)


def write_forces(
    workplace: Workplace, clock: SampleClock, begin: datetime, incidents: Mapping[str, UUID]
) -> None:
    """Register the teams and send some, through the commands an operator uses."""
    teams: dict[int, UUID] = {}
    for row in rows("sample_teams.csv"):
        made = workplace.execute(
            AddCard(
                kind="team",
                fields={
                    "code": row["code"],
                    "name": row["name"],
                    "category": row["category"],
                    "capabilities": row["capabilities"].split(),
                    "strength": int(row["strength"]),
                    "sample": True,
                },
            )
        )
        teams[int(row["code"])] = made.ids[0]
    for key, number, minutes in SENT:
        for minute, step in zip(minutes, WAY, strict=False):
            clock.at = begin + timedelta(minutes=minute)
            if step == "ordered":
                workplace.execute(
                    DispatchTeam(incident_id=incidents[key], team_ids=[teams[number]], happened_at=clock.at)
                )
                continue
            found = engagements.of_team(workplace.connection, teams[number])
            workplace.execute(AdvanceDeployment(deployment_id=found[0].deployment_id, step=step))

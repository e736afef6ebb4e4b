"""The record types: importing this package enters every one into the registry."""

from commandcenter.domain.records import (
    access_event,
    certificate,
    deployment_step,
    desk,
    incident,
    incident_event,
    log_entry,
    organisation,
    person,
    setting,
    station,
    strike,
    team,
    time_confirmation,
    welfare_check,
)

__all__ = [
    "access_event",
    "certificate",
    "deployment_step",
    "desk",
    "incident",
    "incident_event",
    "log_entry",
    "organisation",
    "person",
    "setting",
    "station",
    "strike",
    "team",
    "time_confirmation",
    "welfare_check",
]

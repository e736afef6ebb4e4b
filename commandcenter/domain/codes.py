"""The small code tables: codes only, their words are in the catalogues. Event codes ship as a file."""

from __future__ import annotations

CHANNELS = ("phone", "radio", "fax", "email", "wechat", "in_person", "system", "video", "other")
DIRECTIONS = ("incoming", "outgoing", "internal")
IMPORTANCE = ("normal", "important", "urgent")
# Grade of an incident (突发事件应对法 §3): for natural, accident and public-health incidents only.
GRADES = ("extremely_major", "major", "larger", "ordinary")
INCIDENT_STATES = ("open", "closed")
INCIDENT_EVENTS = ("opened", "attached", "graded", "reclassified", "closed", "reopened")
ORGANISATION_LEVELS = ("district", "street", "community", "unit")
# What somebody does that changes no record and is kept all the same (GB/T 22239-2019 §8.1.4.3).
ACCESS_ACTIONS = (
    "signed_in",
    "signed_out",
    "sign_in_failed",
    "locked_out",
    "released",
    "masked",
    "unmasked",
    "opened_personal",
    "copied_personal",
    "exported",
    "printed",
    "code_made",
    "desk_enrolled",
    "desk_withdrawn",
    "account_made",
    "account_changed",
    "desk_renewed",
    "chain_forked",
    "backup_made",
    "centre_restored",
    "centre_verified",
    "head_refused",
    "head_contradicted",
    "content_differed",
    "purged",
    "imported",
    "import_undone",
)
# Why personal data are destroyed: retention over, asked for by the person, taken in without need, other.
PURGE_BASES = ("retention_over", "person_asked", "not_needed", "other")
ACCESS_RESULTS = ("done", "refused", "failed")
# The legal kinds of teams (突发事件应对法 §39–41).
TEAM_CATEGORIES = ("comprehensive", "professional", "military", "grassroots", "unit", "volunteer", "social")
# The 13 professional sectors and 5 tasks of grassroots teams in the district's plan.
CAPABILITIES = (
    "hazardous_goods",
    "transport",
    "construction",
    "communications",
    "power",
    "municipal",
    "special_equipment",
    "roads_bridges",
    "fishery",
    "irrigation",
    "forestry",
    "tourism",
    "crowded_places",
    "typhoon_flood",
    "forest_fire",
    "earthquake",
    "geological",
    "road_transport",
)
# 下令, 回执, 出动, 到达, 开展, 归建; cancelled: stood down before it was over.
DEPLOYMENT_STEPS = ("ordered", "acknowledged", "under_way", "arrived", "working", "returned", "cancelled")
# What can be measured (commandcenter.domain.readings has the units and limits).
QUANTITIES = ("rain", "level", "flow", "wind_speed", "temperature", "pressure", "humidity")
# What a station is there for; its readings say themselves what they measured.
STATION_KINDS = ("rain", "river", "reservoir", "tide", "wind", "other")
SHELTER_CLASSES = ("disaster", "earthquake")
# A, B, C: natural-disaster shelters; class_1 to class_3, plain: earthquake shelters.
SHELTER_GRADES = ("a", "b", "c", "class_1", "class_2", "class_3", "plain")
SHELTER_STEPS = ("opened", "full", "available", "closed")
SHELTER_FLOWS = ("in", "out")
FACILITIES = ("water", "power", "toilet", "kitchen", "bedding", "medical", "accessible")
# 平安询问: a team in the field was asked how it is.
WELFARE_OUTCOMES = ("answered", "no_answer")
ROLES = (
    "duty_officer",
    "duty_chief",
    "leader",
    "street_user",
    "warehouse_keeper",
    "wall",
    "administrator",
    "security_officer",
    "auditor",
)

TABLES: dict[str, tuple[str, ...]] = {
    "channel": CHANNELS,
    "direction": DIRECTIONS,
    "importance": IMPORTANCE,
    "grade": GRADES,
    "incident_state": INCIDENT_STATES,
    "incident_event": INCIDENT_EVENTS,
    "organisation_level": ORGANISATION_LEVELS,
    "role": ROLES,
    "access_action": ACCESS_ACTIONS,
    "access_result": ACCESS_RESULTS,
    "purge_basis": PURGE_BASES,
    "team_category": TEAM_CATEGORIES,
    "capability": CAPABILITIES,
    "deployment_step": DEPLOYMENT_STEPS,
    "welfare_outcome": WELFARE_OUTCOMES,
    "shelter_class": SHELTER_CLASSES,
    "shelter_grade": SHELTER_GRADES,
    "shelter_step": SHELTER_STEPS,
    "shelter_flow": SHELTER_FLOWS,
    "facility": FACILITIES,
    "station_kind": STATION_KINDS,
    "quantity": QUANTITIES,
}

EVENT_CODE = "event_code"
# Social-security incidents have no statutory grade (突发事件应对法 §3).
UNGRADED_CLASS = "14"
INCIDENT_CLASSES = ("11", "12", "13", "14")

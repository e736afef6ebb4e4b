"""The first administrator's card: written at the centre, by a chain of one entry that only it ever has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from commandcenter.domain import change as entries
from commandcenter.domain.change import SALT_BYTES, Change, seal_created
from commandcenter.domain.clock import to_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol.messages import Beside, PushRequest, Sent
from db.centre.judgement import Caller

if TYPE_CHECKING:
    from db.centre.store import CentreStore

ROLE = "administrator"


def person_entry(
    store: CentreStore,
    person: UUID,
    name: str,
    district: UUID | None,
    new_id: Callable[[], UUID],
    now: datetime,
) -> None:
    """Push the card of a person who is an administrator. Refused as any push is."""
    device = new_id()
    set_, private = seal_created(
        REGISTRY["person"],
        {"name": name, "roles": (ROLE,), "organisation_id": district, "scope_id": district},
        lambda: secrets.token_bytes(SALT_BYTES),
    )
    change = Change(
        id=person, group=person, device=device, n=1, kind="person", row=person, at=now, offset_ms=0, set=set_
    )
    beside = {name: Beside(s=one.salt.hex(), v=one.value) for name, one in private.items()}
    caller = Caller(
        device=device,
        devices=frozenset({device}),
        scope_id=district,
        roles=("desk",),
        scopes=frozenset({None}),
        district_id=district,
        alone_until=1,  # judged as at a desk where nobody has a password: somebody must be the first
    )
    sent = Sent(e=msgspec.Raw(entries.encode(change)), p=beside)
    answer = store.push(caller, PushRequest(position=store.head(), now=to_ms(now), groups=[[sent]]))
    for verdict in answer.verdicts:
        if verdict.verdict == "refused":
            field = verdict.arguments.pop("field", None)
            raise Refused(verdict.code, field, **verdict.arguments)

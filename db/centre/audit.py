"""The centre's own entries of the audit trail: who came to its door, numbered in the feed like any others.

The centre writes them in a chain of its own, one for each epoch: after a restore the entries that were lost
come back from the desks, and a chain that went on beside them would be a fork. Its id is made from the
centre's key and the epoch, a UUID of version 5, by which an entry of the centre is told from a desk's.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import IntegrityError
from uuid_utils import uuid7

from commandcenter.domain import change as entries
from commandcenter.domain.change import GENESIS, SALT_BYTES, Change, seal_created
from commandcenter.domain.clock import to_ms, whole_ms
from commandcenter.domain.codes import TABLES
from commandcenter.domain.errors import Refused
from commandcenter.domain.lockout import Tries
from commandcenter.domain.record import REGISTRY
from commandcenter.protocol.messages import Position, PushRequest
from db.centre import accounts, admission
from db.centre.accounts import NO_DEVICE, Place
from db.centre.intake import Intake, open_feed
from db.centre.judgement import Arrived, Caller
from db.centre.tables import feed_head
from db.tables import chain

KIND = "access_event"
# What only says no is noted so often an hour and device: a word in the chain stays there for ever, and
# whoever keeps trying must not fill it. The lock of a person (five tries in thirty minutes) is beside this.
FAILURES_MOST = 20
FAILURES_SPAN = timedelta(hours=1)

_HEAD_HELD = select(feed_head.c.epoch).with_for_update()
_CHAIN = select(chain.c.n, chain.c.hash).where(chain.c.device == bindparam("device"))


def note(
    connection: Connection,
    now: datetime,
    action: str,
    *,
    by: UUID | None = None,
    subject: tuple[str, UUID | None] | None = None,
    count: int | None = None,
    extent: Mapping[str, object] | None = None,
    purpose: str | None = None,
    result: str = "done",
    scope_id: UUID | None = None,
) -> None:
    """Write one access event in the caller's transaction, as its last act: it holds the feed's head from here
    to the commit. ``by``: who did it; ``subject``: (kind, id); ``extent``: in codes; ``purpose``: words, kept
    as a personal value; ``scope_id``: whose auditors see it beside the district's."""
    now = whole_ms(now)
    epoch = connection.execute(_HEAD_HELD).scalar()
    if epoch is None:
        with contextlib.suppress(IntegrityError), connection.begin_nested():  # another was faster
            open_feed(connection, to_ms(now) // 60_000)
        epoch = connection.execute(_HEAD_HELD).scalar_one()
    device = own_device(connection, epoch, now)
    n, before = connection.execute(_CHAIN, {"device": device}).one_or_none() or (0, GENESIS)
    kind = REGISTRY[KIND]
    values: dict[str, Any] = {
        "scope_id": scope_id,
        "happened_at": now,
        "action": action,
        "subject_kind": subject[0] if subject else None,
        "subject_id": subject[1] if subject else None,
        "count": count,
        "extent": _codes(extent),
        "purpose": purpose,
        "result": result,
    }
    set_, private = seal_created(kind, values, lambda: secrets.token_bytes(SALT_BYTES))
    id_ = UUID(bytes=uuid7().bytes)
    change = Change(
        id=id_,
        group=id_,
        device=device,
        n=n + 1,
        kind=KIND,
        row=id_,
        by=by,
        at=now,
        offset_ms=0,
        set=set_,
    )
    caller = Caller(
        device=device,
        devices=frozenset({device}),
        scope_id=None,
        roles=("desk",),
        scopes=frozenset({None}),
        district_id=None,
        alone_until=n + 1,  # it judges itself as whoever sits alone: every rule but who may
    )
    intake = Intake(connection=connection, caller=caller, now=now, is_code=_is_code, shipped=frozenset)
    arrived = Arrived(data=entries.encode(change), change=change, private=private, before=bytes(before))
    request = PushRequest(position=Position(epoch=epoch, n=0), now=to_ms(now), groups=[])
    (verdict,) = intake.push(request, [[arrived]]).verdicts
    if verdict.verdict == "refused":
        raise Refused(verdict.code, **verdict.arguments)


def note_failure(
    connection: Connection, now: datetime, action: str, device: UUID | None, **said: Any
) -> None:
    """The same for what only says no: at most ``FAILURES_MOST`` of an action from one device (None: from all
    that have none) in ``FAILURES_SPAN``. The last of them says so (``limit``), and the first one after it how
    many were left out (``count``)."""
    place = Place("noted", action, device or NO_DEVICE)
    tries = accounts.tries_held(connection, place)
    began = tries.locked_at  # of the span; the table's column for when something began to be counted against
    if began is None or not timedelta(0) <= now - began < FAILURES_SPAN:
        left_out = max(0, tries.wrong - FAILURES_MOST)
        accounts.keep_tries(connection, place, Tries(wrong=1, seen_at=now, locked_at=now))
        note(connection, now, action, count=left_out or None, **said)
        return
    wrong = tries.wrong + 1
    accounts.keep_tries(connection, place, Tries(wrong=wrong, seen_at=now, locked_at=began))
    if wrong < FAILURES_MOST:
        note(connection, now, action, **said)
    elif wrong == FAILURES_MOST:
        extent = {**(said.pop("extent", None) or {}), "limit": FAILURES_MOST}
        note(connection, now, action, extent=extent, **said)


def own_device(connection: Connection, epoch: int, now: datetime) -> UUID:
    """The centre's own device id in an epoch."""
    seed = admission.key_seed(connection)
    if seed is None:
        admission.add_key(connection, secrets.token_bytes(32), now)
        seed = admission.key_seed(connection)
        assert seed is not None
    name = hashlib.sha256(b"licheng centre's own chain\0" + seed).hexdigest()
    return uuid5(UUID(int=0), f"{name}:{epoch}")


def scope_of(connection: Connection, device: UUID) -> UUID | None:
    """Whose a machine is; None for one that is not known."""
    found = admission.device_by_id(connection, device)
    return None if found is None else found.scope_id


def _codes(extent: Mapping[str, object] | None) -> str | None:
    said = " ".join(f"{name}={value}" for name, value in (extent or {}).items() if value is not None)
    return said or None


def _is_code(table: str, code: str) -> bool:
    return code in TABLES.get(table, ())

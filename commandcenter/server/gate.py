"""The gate: from a machine's token to the caller whom the store serves, and who is an administrator."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from commandcenter.domain.access import scopes_of
from commandcenter.domain.clock import to_ms
from commandcenter.domain.errors import Refused
from commandcenter.protocol.codes import verify_signature
from commandcenter.server import admission
from commandcenter.server.centre_key import CentreKey, make_key
from commandcenter.server.wire import Turned, unauthorised
from db.centre import accounts
from db.centre.admission import Device
from db.centre.engine import CentreEngine, looking, reading
from db.centre.judgement import Caller
from db.centre.people import organisations_above, roles_of

FRESH_S = 5.0  # how old the tree of organisations may be
SESSION_LASTS = timedelta(hours=12)
_SESSION = b"licheng session\0"


class _Session(msgspec.Struct):
    person: UUID
    device: UUID
    until: int


_session = msgspec.json.Decoder(_Session)


class CentreGate:
    """``shipped_parents``: the organisations that ship, which a centre that met no desk yet has no rows of;
    ``district``: the organisation whose desks see everything."""

    def __init__(
        self,
        engine: CentreEngine,
        *,
        now: Callable[[], datetime],
        district: UUID | None,
        shipped_parents: Mapping[UUID, UUID | None],
    ) -> None:
        self._engine = engine
        self._now = now
        self.district = district
        self._shipped = dict(shipped_parents)
        self._lock = threading.Lock()
        self._parents: Mapping[UUID, UUID | None] = {}
        self._scopes: dict[UUID, frozenset[UUID | None]] = {}
        self._read_at = float("-inf")
        with engine.begin() as connection:
            self.key: CentreKey = make_key(connection, now())

    def caller(self, token: str) -> Caller:
        """Whose token it is. Turned 401 ``unknown_token``, 403 ``device_withdrawn``."""
        device = self.device(token)
        return Caller(
            device=device.id,
            devices=device.ids,
            scope_id=device.scope_id,
            roles=device.roles,
            scopes=self.scopes(device.scope_id),
            district_id=self.district,
            alone_until=device.alone_until,
        )

    def device(self, token: str) -> Device:
        """The machine whose token it is. Turned as :meth:`caller`."""
        try:
            with looking(self._engine) as connection:
                found = admission.device_of(connection, token)
        except Refused as no:
            raise Turned(403, no.code) from None
        if found is None:
            raise unauthorised("unknown_token")
        self._note_seen(found)
        return found

    def still(self, tokens: Iterable[str]) -> frozenset[str]:
        """Those of ``tokens`` that are good now."""
        with looking(self._engine) as connection:
            return admission.good_tokens(connection, tokens)

    def scopes(self, organisation: UUID) -> frozenset[UUID | None]:
        """What a machine of this organisation sees whole; as of at most five seconds ago."""
        with self._lock:
            if time.monotonic() - self._read_at > FRESH_S:
                with reading(self._engine) as connection:
                    parents = {**self._shipped, **organisations_above(connection)}
                if parents != self._parents:
                    self._parents, self._scopes = parents, {}
                self._read_at = time.monotonic()
            found = self._scopes.get(organisation)
            if found is None:
                found = self._scopes[organisation] = scopes_of(organisation, self._parents)
            return found

    def organised(self) -> None:
        """The tree changed: it is read again at the next question."""
        with self._lock:
            self._read_at = float("-inf")

    def knows(self, organisation: UUID) -> bool:
        """Whether there is such an organisation; as of at most five seconds ago."""
        self.scopes(organisation)
        with self._lock:
            return organisation in self._parents

    def _note_seen(self, device: Device) -> None:
        now = self._now()
        if device.seen_at is None or now - device.seen_at >= admission.SEEN_EVERY:
            with self._engine.begin() as connection:
                admission.seen(connection, device, now)

    # --- people

    def session_for(self, person: UUID, device: UUID) -> tuple[str, int]:
        """(session, until when in milliseconds): the centre's word on who sits there, which any of its
        processes reads."""
        until = to_ms(self._now() + SESSION_LASTS)
        said = msgspec.json.encode(_Session(person, device, until))
        return base64.urlsafe_b64encode(self.key.sign(_SESSION + said) + said).decode(), until

    def require_role(self, session: str | None, device: Device, role: str) -> UUID:
        """The person in this role who sits at ``device``; see :meth:`require_one_of`."""
        return self.require_one_of(session, device, frozenset({role}))

    def require_one_of(self, session: str | None, device: Device, wanted: frozenset[str]) -> UUID:
        """The person in one of these roles who sits at ``device``. Turned 401 ``no_session``,
        ``unknown_session``; 403 ``not_allowed``."""
        if not session:
            raise unauthorised("no_session")
        try:
            raw = base64.urlsafe_b64decode(session)
            if not verify_signature(self.key.public, _SESSION + raw[64:], raw[:64]):
                raise unauthorised("unknown_session")
            said = _session.decode(raw[64:])
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            raise unauthorised("unknown_session") from None
        if said.device not in device.ids or said.until < to_ms(self._now()):
            raise unauthorised("unknown_session")
        with reading(self._engine) as connection:
            account = accounts.account_of(connection, said.person)
            roles = roles_of(connection, said.person)
        if account is None or account.withdrawn_at is not None:
            raise unauthorised("unknown_session")
        if wanted.isdisjoint(roles):
            raise Turned(403, "not_allowed")
        return said.person

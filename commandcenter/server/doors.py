"""The endpoints of admission: the centre's key, enrolling, a new id, signing in, the machines there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from commandcenter.domain.clock import to_ms
from commandcenter.domain.errors import Refused
from commandcenter.protocol import admission as messages
from commandcenter.server import accounts, admission
from commandcenter.server.gate import CentreGate
from commandcenter.server.hub import Hub
from commandcenter.server.threads import Lane, Threads
from commandcenter.server.wire import (
    Packed,
    Turned,
    accepts_gzip,
    body_of,
    decoded,
    packed,
    response,
    token_of,
)
from db.centre.admission import Device
from db.centre.engine import CentreEngine, announce, apart

if TYPE_CHECKING:
    from commandcenter.server.application import Endpoint

BODY_MAX = 16_000
# Who must wait, and who asks for what is not there; every other no is 400.
_STATUS = {
    "locked_out": 429,
    "too_many_codes": 429,
    "wrong_password": 403,
    "code_unknown": 403,
    "code_used": 403,
    "code_expired": 403,
    "device_known": 409,
    "no_desk_number": 409,
    "device_unknown": 404,
}


class Doors:
    """key, enrol, renew, sign-in, devices, devices/withdraw."""

    def __init__(
        self,
        engine: CentreEngine,
        gate: CentreGate,
        threads: Threads,
        hub: Hub,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._gate = gate
        self._threads = threads
        self._hub = hub
        self._now = now

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """{path: {method: endpoint}}."""
        return {
            "/v1/key": {"GET": self.key},
            "/v1/enrol": {"POST": self.enrol},
            "/v1/renew": {"POST": self.renew},
            "/v1/sign-in": {"POST": self.sign_in},
            "/v1/devices": {"GET": self.devices},
            "/v1/devices/withdraw": {"POST": self.withdraw},
        }

    async def key(self, request: Request) -> Response:
        """``?challenge=``, 32 bytes in hex: the centre's key, and that it has the other half of it."""
        challenge = _bytes_in(request.query_params.get("challenge", ""), messages.CHALLENGE_BYTES)
        signature = self._gate.key.sign(messages.KEY_PROOF + challenge)
        return response(packed(messages.KeyAnswer(self._gate.key.public.hex(), signature.hex()), gzip=False))

    async def enrol(self, request: Request) -> Response:
        """A code for a token, once."""
        body, encoding = await body_of(request, BODY_MAX)
        address = request.client.host if request.client else "?"

        def work() -> Any:
            asked = decoded(body, encoding, messages.enrol_request, BODY_MAX)
            if not 0 <= asked.alone_until < 2**53:
                raise Turned(400, "bad_message")
            with apart(self._engine) as connection:
                got = admission.redeem_code(
                    connection,
                    code=asked.code,
                    device=asked.device,
                    public_key=_bytes_in(asked.public_key, 32),
                    name=asked.name,
                    now=self._now(),
                    address=address,
                    alone_until=asked.alone_until,
                )
            announce(self._engine)
            return messages.EnrolAnswer(
                token=got.token,
                scope_id=got.scope_id,
                roles=got.roles,
                number=got.desk_number,
                key=got.centre_key.hex(),
                scopes=tuple(sorted(self._gate.scopes(got.scope_id), key=str)),
                district_id=self._gate.district,
            )

        return await self._answer(request, self._threads.passwords, work)

    async def renew(self, request: Request) -> Response:
        """The machine goes on under a new id."""
        token = token_of(request)
        body, encoding = await body_of(request, BODY_MAX)

        def work() -> Any:
            device = self._known(request, token)
            asked = decoded(body, encoding, messages.renew_request, BODY_MAX)
            with self._engine.begin() as connection:
                went_on = admission.renew(connection, device.id, asked.device, self._now())
            announce(self._engine)
            return messages.RenewAnswer(went_on.id, tuple(sorted(went_on.ids)))

        return await self._answer(request, self._threads.writes, work)

    async def sign_in(self, request: Request) -> Response:
        """Who somebody is; slow on purpose, on a thread of its own."""
        token = token_of(request)
        body, encoding = await body_of(request, BODY_MAX)

        def work() -> Any:
            device = self._known(request, token)
            asked = decoded(body, encoding, messages.sign_in_request, BODY_MAX)
            if len(asked.password) > accounts.PASSWORD_MAX:
                raise Turned(400, "bad_message")
            try:
                with apart(self._engine) as connection:
                    person = accounts.check_password(
                        connection,
                        login=asked.login,
                        password=asked.password,
                        device=device.id,
                        now=self._now(),
                    )
            finally:
                announce(self._engine)  # a no is in the trail too
            session, until = self._gate.session_for(person, device.id)
            return messages.SignInAnswer(person, session, until)

        return await self._answer(request, self._threads.passwords, work)

    async def devices(self, request: Request) -> Response:
        """All machines, for an administrator."""
        token = token_of(request)

        def work() -> Any:
            self._administrator(request, token)
            with self._engine.begin() as connection:
                found = admission.devices(connection)
            return messages.DevicesAnswer(tuple(_machine(device) for device in found))

        return await self._answer(request, self._threads.rare, work)

    async def withdraw(self, request: Request) -> Response:
        """A machine is heard no more; an administrator says so."""
        token = token_of(request)
        body, encoding = await body_of(request, BODY_MAX)

        def work() -> Any:
            person = self._administrator(request, token)
            asked = decoded(body, encoding, messages.withdraw_request, BODY_MAX)
            with self._engine.begin() as connection:
                admission.withdraw(connection, asked.device, self._now(), person)
                found = admission.devices(connection)
            announce(self._engine)
            return messages.DevicesAnswer(tuple(_machine(device) for device in found))

        answer = await self._answer(request, self._threads.rare, work)
        self._hub.look_around_soon()
        return answer

    async def _answer(self, request: Request, lane: Lane, work: Callable[[], Any]) -> Response:
        gzip = accepts_gzip(request)

        def whole() -> Packed:
            try:
                return packed(work(), gzip=gzip)
            except Refused as no:
                if no.code not in _STATUS:
                    raise
                plain = {
                    name: value for name, value in no.values.items() if isinstance(value, str | int | bool)
                }
                if no.field:
                    plain["field"] = no.field
                raise Turned(_STATUS[no.code], no.code, plain) from None

        return response(await lane.run(whole))

    def _known(self, request: Request, token: str) -> Device:
        device = self._gate.device(token)
        request.state.device = str(device.id)
        return device

    def _administrator(self, request: Request, token: str) -> UUID:
        device = self._known(request, token)
        session = request.headers.get(messages.SESSION_HEADER)
        return self._gate.require_role(session, device, "administrator")


def _machine(device: Device) -> messages.Machine:
    return messages.Machine(
        device=device.id,
        number=device.number,
        name=device.name,
        scope_id=device.scope_id,
        roles=device.roles,
        enrolled_at=to_ms(device.enrolled_at),
        seen_at=None if device.seen_at is None else to_ms(device.seen_at),
        withdrawn_at=None if device.withdrawn_at is None else to_ms(device.withdrawn_at),
    )


def _bytes_in(text: str, length: int) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != length:
        raise Turned(400, "bad_message")
    return found

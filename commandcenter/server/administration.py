"""The endpoints of administration: accounts, enrolment codes and lockouts, by role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from commandcenter.domain.access import RELEASERS
from commandcenter.domain.clock import to_ms
from commandcenter.domain.errors import Refused
from commandcenter.domain.lockout import LOCKED_FOR
from commandcenter.protocol import administration as messages
from commandcenter.protocol.admission import SESSION_HEADER
from commandcenter.server import accounts, admission
from commandcenter.server.gate import CentreGate
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
from db.centre.admission import AdmissionConnection
from db.centre.engine import CentreEngine

if TYPE_CHECKING:
    from commandcenter.server.application import Endpoint

M = TypeVar("M")
BODY_MAX = 16_000
ADMINISTRATOR = frozenset({"administrator"})


class Administration:
    """accounts, accounts/password, accounts/withdraw, codes, lockouts, lockouts/release."""

    def __init__(
        self, engine: CentreEngine, gate: CentreGate, threads: Threads, *, now: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._gate = gate
        self._threads = threads
        self._now = now

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """{path: {method: endpoint}}."""
        return {
            "/v1/accounts": {"GET": self.accounts, "POST": self.create},
            "/v1/accounts/password": {"POST": self.password},
            "/v1/accounts/withdraw": {"POST": self.withdraw},
            "/v1/codes": {"POST": self.code},
            "/v1/lockouts": {"GET": self.lockouts},
            "/v1/lockouts/release": {"POST": self.release},
        }

    async def accounts(self, request: Request) -> Response:
        """All accounts, for an administrator."""
        return await self._answer(
            request, self._threads.rare, ADMINISTRATOR, lambda connection, _by: _accounts(connection)
        )

    async def create(self, request: Request) -> Response:
        """Let a person sign in. Slow on purpose, on a thread of its own."""
        asked = await self._asked(request, messages.account_request)

        def work(connection: AdmissionConnection, by: UUID) -> Any:
            accounts.create_account(
                connection,
                person_id=asked().person,
                login=asked().login,
                password=asked().password,
                now=self._now(),
                by=by,
            )
            return _accounts(connection)

        return await self._answer(request, self._threads.passwords, ADMINISTRATOR, work)

    async def password(self, request: Request) -> Response:
        """A new password for somebody. Slow on purpose."""
        asked = await self._asked(request, messages.password_request)

        def work(connection: AdmissionConnection, by: UUID) -> Any:
            accounts.set_password(
                connection, person_id=asked().person, password=asked().password, now=self._now(), by=by
            )
            return _accounts(connection)

        return await self._answer(request, self._threads.passwords, ADMINISTRATOR, work)

    async def withdraw(self, request: Request) -> Response:
        """They sign in no more, or again; nobody does this to themselves."""
        asked = await self._asked(request, messages.account_withdrawal)

        def work(connection: AdmissionConnection, by: UUID) -> Any:
            if asked().person == by:
                raise Refused("not_to_oneself", field="person")
            if asked().withdrawn:
                accounts.withdraw_account(connection, asked().person, self._now(), by)
            else:
                accounts.reopen_account(connection, asked().person, self._now(), by)
            return _accounts(connection)

        return await self._answer(request, self._threads.rare, ADMINISTRATOR, work)

    async def code(self, request: Request) -> Response:
        """A code with which one machine enrols."""
        asked = await self._asked(request, messages.code_request)

        def work(connection: AdmissionConnection, by: UUID) -> Any:
            now = self._now()
            if not self._gate.knows(asked().scope):
                raise Refused("unknown_row", field="scope", kind="organisation", id=str(asked().scope))
            made = admission.new_code(connection, scope_id=asked().scope, roles=asked().roles, by=by, now=now)
            expires = to_ms(now + admission.CODE_LASTS)
            return messages.CodeAnswer(made, self._gate.key.fingerprint, expires)

        return await self._answer(request, self._threads.rare, ADMINISTRATOR, work)

    async def lockouts(self, request: Request) -> Response:
        """Who is locked out now and where, for whoever may release them."""
        return await self._answer(
            request,
            self._threads.rare,
            RELEASERS,
            lambda connection, _by: self._lockouts(connection),
        )

    async def release(self, request: Request) -> Response:
        """Five new tries, at once."""
        asked = await self._asked(request, messages.release_request)

        def work(connection: AdmissionConnection, by: UUID) -> Any:
            accounts.release_lockout(
                connection, person=asked().person, device=asked().device, by=by, now=self._now()
            )
            return self._lockouts(connection)

        return await self._answer(request, self._threads.rare, RELEASERS, work)

    def _lockouts(self, connection: AdmissionConnection) -> messages.LockoutsAnswer:
        found = accounts.lockouts(connection, self._now())
        return messages.LockoutsAnswer(
            tuple(
                messages.LockoutLine(one.person_id, one.device, to_ms(one.locked_at + LOCKED_FOR))
                for one in found
            )
        )

    async def _asked(self, request: Request, decoder: msgspec.json.Decoder[M]) -> Callable[[], M]:
        """The message, decoded on the thread that does the work and once."""
        body, encoding = await body_of(request, BODY_MAX)
        held: list[M] = []

        def asked() -> M:
            if not held:
                held.append(decoded(body, encoding, decoder, BODY_MAX))
            return held[0]

        return asked

    async def _answer(
        self,
        request: Request,
        lane: Lane,
        roles: frozenset[str],
        work: Callable[[AdmissionConnection, UUID], Any],
    ) -> Response:
        token, gzip = token_of(request), accepts_gzip(request)

        def whole() -> Packed:
            device = self._gate.device(token)
            request.state.device = str(device.id)
            by = self._gate.require_one_of(request.headers.get(SESSION_HEADER), device, roles)
            with self._engine.begin() as connection:
                try:
                    return packed(work(connection, by), gzip=gzip)
                except Refused as no:
                    raise Turned(_status(no), no.code, _plain(no)) from None

        return response(await lane.run(whole))


def _accounts(connection: AdmissionConnection) -> messages.AccountsAnswer:
    return messages.AccountsAnswer(
        tuple(
            messages.AccountLine(
                person=one.person_id,
                login=one.login,
                created_at=to_ms(one.created_at),
                withdrawn_at=None if one.withdrawn_at is None else to_ms(one.withdrawn_at),
            )
            for one in accounts.list_accounts(connection)
        )
    )


def _status(no: Refused) -> int:
    return {"no_account": 404, "not_allowed": 403, "login_taken": 409, "account_exists": 409}.get(
        no.code, 400
    )


def _plain(no: Refused) -> dict[str, Any]:
    plain = {name: value for name, value in no.values.items() if isinstance(value, str | int | bool)}
    return {**plain, "field": no.field} if no.field else plain

"""The enrolment: a code for a membership, shown to no centre but the one that it was made by."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from commandcenter.domain.clock import whole_ms
from commandcenter.domain.errors import Refused
from commandcenter.protocol import admission
from commandcenter.protocol.codes import (
    KEY_LENGTH,
    Code,
    fingerprint,
    grouped,
    matches,
    parse_code,
    verify_signature,
)
from commandcenter.services.enrolment import JoinCentre
from commandcenter.services.workplace import Workplace
from commandcenter.sync import membership as memberships
from commandcenter.sync.client import Centre, NoAnswer, TooLarge, unavailable
from commandcenter.sync.membership import Membership
from commandcenter.sync.taking import AskWriter
from db.desk import exchange, local
from db.desk.verify import head
from db.queries.registers import rows

NAME_MAX = 40
# Lines that the operator writes while the centre is asked: they too are of a desk that works alone.
MEANWHILE = 8

# How far it is: the centre's key is asked for; it is the code's; the code is shown; the desk writes it down.
Step = Literal["asking", "compared", "showing", "joining"]


class Course:
    """How far an enrolment is, and its end by somebody's word. ``told`` is called on the enrolment's thread
    with each step, and the begin of the centre's key from "compared" on."""

    def __init__(self, told: Callable[[Step, str], None] = lambda step, key: None) -> None:
        self._told = told
        self._lock = threading.Lock()
        self._centre: Centre | None = None
        self._step: Step = "asking"
        self._given_up = False

    def cancel(self) -> bool:
        """Give it up, from any thread; False where it is too late: the centre has said yes."""
        with self._lock:
            if self._step == "joining":
                return False
            self._given_up = True
            centre = self._centre
        if centre is not None:
            centre.cut()
        return True

    def at(self, step: Step, key: str = "") -> None:
        """It has come so far. Refused ``enrolment_cancelled``."""
        with self._lock:
            # what the centre gave is not thrown away: the code would be used up for nothing
            if self._given_up and step != "joining":
                raise Refused("enrolment_cancelled")
            self._step = step
        self._told(step, key)

    def asks(self, centre: Centre | None) -> None:
        """It is this one that waits for an answer now."""
        with self._lock:
            self._centre = centre

    def why(self) -> Refused | None:
        """What a failure comes to where it was somebody's word that ended it."""
        if not self._given_up:
            return None
        return Refused("enrolment_cut" if self._step == "showing" else "enrolment_cancelled")


def enrol(
    folder: Path, url: str, code: str, ask_writer: AskWriter, course: Course | None = None
) -> Membership:
    """Enrol the desk in ``folder`` at the centre at ``url``. Blocks.

    Refused ``not_an_address``, ``code_mistyped``, ``another_centre``, ``enrolled_elsewhere``,
    ``enrolment_cancelled``, ``enrolment_cut`` (the code may be used up), or what the centre says of the code;
    Unavailable where it does not answer. Nothing was changed then."""
    url = _address(url)
    wanted = parse_code(code)
    before = memberships.load(folder)
    course = course or Course()
    centre = Centre(url)
    course.asks(centre)
    try:
        course.at("asking")
        key = _key_of(centre, wanted)
        begin = grouped(fingerprint(key).replace("-", "")[:KEY_LENGTH])
        course.at("compared", begin)
        if before is not None and before.key != key.hex():
            raise Refused("enrolled_elsewhere", field="server", url=before.url)
        seed = bytes.fromhex(before.seed) if before is not None else os.urandom(32)
        course.at("showing", begin)
        got, device = _admitted(centre, code, seed, ask_writer)
        course.at("joining", begin)
    except NoAnswer as no:
        raise course.why() or unavailable(no, url) from no
    except TooLarge as error:
        raise unavailable(NoAnswer("no_answer", "too_large"), url) from error
    finally:
        course.asks(None)
        centre.close()
    everything = None in got.scopes or (got.district_id is not None and got.district_id in got.scopes)
    membership = Membership(
        url=url,
        token=got.token,
        seed=seed.hex(),
        key=key.hex(),
        device=device,
        number=got.number,
        scope_id=got.scope_id,
        scopes=() if everything else tuple(scope for scope in got.scopes if scope is not None),
        roles=got.roles,
        enrolled_at=whole_ms(datetime.now(UTC)),
    )
    memberships.keep(folder, membership)  # from here on it is done: what follows is made good at every start
    ask_writer(joined(membership))
    return membership


def joined(membership: Membership) -> Callable[[Workplace], None]:
    """Work for the writer: what the membership says stands in the database too. A database put back from a
    backup may not know of it."""

    def work(workplace: Workplace) -> None:
        connection = workplace.connection
        card = rows(connection, "desk", {"id": workplace.device})
        if (
            local.get(connection, exchange.ENROLLED)
            and card
            and card[0]["number"] == membership.number
            and card[0]["organisation_id"] == membership.scope_id
        ):
            return
        workplace.execute(
            JoinCentre(number=membership.number, scope_id=membership.scope_id, scopes=membership.scopes)
        )

    return work


def _address(url: str) -> str:
    text = url.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise Refused("not_an_address", field="server", text=text)
    return text


def _key_of(centre: Centre, code: Code) -> bytes:
    """The centre's key, which it has proved to hold and of which the code was made: before the code is
    shown to it."""
    challenge = os.urandom(admission.CHALLENGE_BYTES)
    answer = centre.get("/v1/key", admission.key_answer, challenge=challenge.hex())
    try:
        key, signature = bytes.fromhex(answer.key), bytes.fromhex(answer.signature)
        good = verify_signature(key, admission.KEY_PROOF + challenge, signature) and matches(code, key)
    except ValueError:
        good = False
    if not good:
        raise Refused("another_centre", field="code")
    return key


def _admitted(
    centre: Centre, code: str, seed: bytes, ask_writer: AskWriter
) -> tuple[admission.EnrolAnswer, UUID]:
    from nacl.signing import SigningKey

    public = bytes(SigningKey(seed).verify_key).hex()

    def asked() -> admission.EnrolRequest:
        device, name, length = ask_writer(_itself)
        return admission.EnrolRequest(
            code=code, device=device, public_key=public, name=name, alone_until=length + MEANWHILE
        )

    request = asked()
    try:
        return centre.post("/v1/enrol", request, admission.enrol_answer, may_refuse=True), request.device
    except Refused as no:
        if no.code != "device_known":
            raise
    # a copy of another desk's folder, or one that went on under a new id: the code is still good
    ask_writer(lambda workplace: workplace.begin_new_chain())
    request = asked()
    return centre.post("/v1/enrol", request, admission.enrol_answer, may_refuse=True), request.device


def _itself(workplace: Workplace) -> tuple[UUID, str, int]:
    connection = workplace.connection
    card = rows(connection, "desk", {"id": workplace.device})
    name = (card[0]["name"] if card else None) or platform.node()
    name = "".join(character for character in name if character.isprintable())[:NAME_MAX].strip() or "desk"
    return workplace.device, name, head(connection, workplace.device)[0]


def centre_says(
    membership: Membership, said: Callable[[admission.SignInAnswer], None] = lambda answer: None
) -> Callable[[str, str], UUID]:
    """Who somebody is by the centre's word, for :mod:`commandcenter.services.sign_in`: Refused is its no,
    Unavailable no answer. ``said`` is given its yes, on the same thread."""

    def ask(login: str, password: str) -> UUID:
        centre = Centre(membership.url, membership.token)
        try:
            request = admission.SignInRequest(login, password)
            answer = centre.post("/v1/sign-in", request, admission.sign_in_answer, may_refuse=True)
            said(answer)
            return answer.person
        except (NoAnswer, TooLarge) as no:
            asked = no if isinstance(no, NoAnswer) else NoAnswer("no_answer", "too_large")
            raise unavailable(asked, membership.url) from no
        finally:
            centre.close()

    return ask

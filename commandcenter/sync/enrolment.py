"""The enrolment: a code for a membership, shown to no centre but the one that it was made by."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from commandcenter.domain.errors import Refused
from commandcenter.protocol import admission
from commandcenter.protocol.codes import Code, matches, parse_code, verify_signature
from commandcenter.services.enrolment import JoinCentre
from commandcenter.services.workplace import Workplace
from commandcenter.sync import membership as memberships
from commandcenter.sync.client import Centre, NoAnswer, TooLarge, unavailable
from commandcenter.sync.membership import Membership
from commandcenter.sync.round import AskWriter
from db.desk import exchange, local
from db.desk.verify import head
from db.queries.registers import rows

NAME_MAX = 40
# Lines that the operator writes while the centre is asked: they too are of a desk that works alone.
MEANWHILE = 8


def enrol(folder: Path, url: str, code: str, ask_writer: AskWriter) -> Membership:
    """Enrol the desk in ``folder`` at the centre at ``url``. Blocks.

    Refused ``not_an_address``, ``code_mistyped``, ``another_centre``, ``enrolled_elsewhere``, or what the
    centre says of the code; Unavailable where it does not answer. Nothing was changed then."""
    url = _address(url)
    wanted = parse_code(code)
    before = memberships.load(folder)
    centre = Centre(url)
    try:
        key = _key_of(centre, wanted)
        if before is not None and before.key != key.hex():
            raise Refused("enrolled_elsewhere", field="server", url=before.url)
        seed = bytes.fromhex(before.seed) if before is not None else os.urandom(32)
        got, device = _admitted(centre, code, seed, ask_writer)
    except NoAnswer as no:
        raise unavailable(no, url) from no
    except TooLarge as error:
        raise unavailable(NoAnswer("no_answer", "too_large"), url) from error
    finally:
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
    )
    memberships.keep(folder, membership)  # from here on it is done: what follows is made good at every start
    ask_writer(joined(membership))
    return membership


def joined(membership: Membership) -> Callable[[Workplace], None]:
    """Work for the writer: what the membership says stands in the database too. A database put back from a
    backup may not know of it."""

    def work(workplace: Workplace) -> None:
        connection = workplace.connection
        scopes = [str(scope) for scope in membership.scopes]
        card = rows(connection, "desk", {"id": workplace.device})
        if (
            local.get(connection, exchange.ENROLLED)
            and local.get(connection, exchange.SCOPES) == scopes
            and card
            and card[0]["number"] == membership.number
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


def centre_says(membership: Membership) -> Callable[[str, str], UUID]:
    """Who somebody is by the centre's word, for :mod:`commandcenter.services.sign_in`: Refused is its no,
    Unavailable no answer."""

    def ask(login: str, password: str) -> UUID:
        centre = Centre(membership.url, membership.token)
        try:
            request = admission.SignInRequest(login, password)
            return centre.post("/v1/sign-in", request, admission.sign_in_answer, may_refuse=True).person
        except (NoAnswer, TooLarge) as no:
            asked = no if isinstance(no, NoAnswer) else NoAnswer("no_answer", "too_large")
            raise unavailable(asked, membership.url) from no
        finally:
            centre.close()

    return ask

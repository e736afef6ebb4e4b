"""The centre's verbs: what an administrator asks of a centre's folder, and the verb that serves."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from commandcenter.domain.clock import whole_ms
from commandcenter.domain.errors import Refused, Unavailable

# The command line asks for the arguments of every verb; what the centre is made of is loaded where it runs.
if TYPE_CHECKING:
    from commandcenter.server.gate import CentreGate
    from db.centre.admission import AdmissionConnection
    from db.centre.engine import CentreEngine
    from db.centre.store import CentreStore

NEVER = "never"
LINE_MAX = 4000


def add_verbs(verbs: Any) -> None:
    """Add the centre's verbs to the command line's."""
    place = verbs._parser_class(add_help=False)
    place.add_argument("--data", type=Path, metavar="DIR", required=True, help="the centre's folder")
    place.add_argument("--database", metavar="URL", help="postgresql://…; default: a file in the folder")
    place.add_argument("--profile", choices=("licheng", "empty"), default="licheng")
    place.add_argument("--lang", default=None)

    serve = verbs.add_parser("serve", parents=[place], help="be the centre")
    serve.add_argument("--listen", default="127.0.0.1:8710", metavar="HOST:PORT", help="port 0: any")
    serve.add_argument("--tls-cert", type=Path, metavar="FILE")
    serve.add_argument("--tls-key", type=Path, metavar="FILE")
    serve.add_argument("--proxy", metavar="ADDRESSES", help="whose X-Forwarded lines are believed")
    serve.add_argument("--backup-at", default="02:30", metavar="HH:MM", help=f"every night; or {NEVER}")

    centre = verbs.add_parser("centre", help="backup, restore and verification of the centre")
    steps = centre.add_subparsers(
        dest="step", required=True, parser_class=verbs._parser_class, metavar="STEP"
    )
    backup = steps.add_parser("backup", parents=[place], help="make a backup now")
    backup.add_argument("file", type=Path, nargs="?", help="default: among the nightly ones")
    restore = steps.add_parser("restore", parents=[place], help="put FILE in the database's place")
    restore.add_argument("file", type=Path)
    verify = steps.add_parser(
        "verify", parents=[place], help="check entries, chains, seals, rows and digests"
    )
    heads = "a desk's anchors.jsonl, with heads that this centre signed"
    verify.add_argument("--heads", action="append", default=[], type=Path, metavar="FILE", help=heads)

    admin = verbs.add_parser("admin", help="the centre's administrators")
    steps = admin.add_subparsers(dest="step", required=True, parser_class=verbs._parser_class, metavar="STEP")
    create = steps.add_parser("create", parents=[place], help="password on standard input")
    create.add_argument("name", help="to sign in with; also the person's name at first")

    account = verbs.add_parser("account", help="who signs in with which password")
    steps = account.add_subparsers(
        dest="step", required=True, parser_class=verbs._parser_class, metavar="STEP"
    )
    for step, what in (("create", "for a person of the register"), ("password", "a new one")):
        asked = steps.add_parser(step, parents=[place], help=f"{what}; password on standard input")
        if step == "create":
            asked.add_argument("login", help="what they sign in with")
        asked.add_argument("--person", required=True, metavar="NAME|ID")
    withdrawn = steps.add_parser("withdraw", parents=[place], help="they sign in no more")
    withdrawn.add_argument("--person", required=True, metavar="NAME|ID")

    code = verbs.add_parser("code", help="enrolment codes")
    steps = code.add_subparsers(dest="step", required=True, parser_class=verbs._parser_class, metavar="STEP")
    new = steps.add_parser("new", parents=[place], help="for one machine, within 15 minutes")
    new.add_argument("--scope", required=True, metavar="CODE", help="the organisation's, e.g. 350502")
    new.add_argument("--role", action="append", required=True, choices=("desk", "wall"))

    schema = verbs.add_parser("schema", help="the JSON Schema of every record type")
    schema.add_argument("--lang", default=None)


def serve(options: argparse.Namespace) -> int:
    """Serve until a signal ends it; the exit code. The only line on stdout is where it listens."""
    from commandcenter.server.administration import Administration
    from commandcenter.server.backup import Nightly, folder_of, last_good
    from commandcenter.server.centre import Centre
    from commandcenter.server.doors import Doors
    from commandcenter.server.process import Listening, parse_address
    from commandcenter.server.request_log import keep_log
    from db.centre.schema import newest

    try:
        host, port = parse_address(options.listen)
    except ValueError:
        raise Refused("usage", reason=f"--listen {options.listen}") from None
    if (options.tls_cert is None) != (options.tls_key is None):
        raise Refused("usage", reason="--tls-cert FILE --tls-key FILE")
    if options.backup_at != NEVER and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", options.backup_at):
        raise Refused("usage", reason=f"--backup-at {options.backup_at}")
    where = Listening(
        host=host,
        port=port,
        certificate=options.tls_cert,
        key=options.tls_key,
        proxies=options.proxy,
    )
    keep_log()
    with ExitStack() as stack:
        engine, store = stack.enter_context(_opened(options))
        if engine.dialect.name == "sqlite":
            stack.enter_context(_alone(options.data))
        backups = folder_of(options.data)
        if options.backup_at != NEVER:
            nightly = Nightly(engine, backups, at=options.backup_at, chores=lambda: _sweep(engine))
            nightly.start()
            stack.callback(nightly.close)
        gate = _gate(engine, options.profile)
        centre = Centre(
            engine,
            store,
            gate,
            version=_version(),
            schema=newest(),
            last_backup=lambda: last_good(backups),
            more=lambda threads, hub: {
                **Doors(engine, gate, threads, hub, now=_now).endpoints(),
                **Administration(engine, gate, threads, now=_now).endpoints(),
            },
        )
        centre.serve(where)
    return 0


def centre(options: argparse.Namespace) -> dict[str, Any]:
    """backup: ``{"file", "at", "bytes"}``; restore: ``{"file", "kept", "epoch", "n"}``; verify: see
    :func:`commandcenter.server.verification.document`."""
    from commandcenter.server import restore
    from commandcenter.server.backup import back_up, copy, folder_of

    now = _now()
    if options.step == "verify":
        return _verify(options)
    if options.step == "backup":
        with _opened(options) as (engine, _):
            if options.file is None:
                return back_up(engine, folder_of(options.data), now)
            copy(engine, options.file, now)
            return {"file": str(options.file), "bytes": options.file.stat().st_size}
    if options.database is None:
        with _alone(options.data):
            return restore.file(options.data, options.file, _store, now)
    return restore.dump(options.data, options.database, options.file, _store, now)


def _verify(options: argparse.Namespace) -> dict[str, Any]:
    from commandcenter.server.verification import check, document
    from commandcenter.services.first_start import shipped_changes
    from commandcenter.words import AUTHORITY, Words

    words = Words(options.lang or AUTHORITY)

    def kind_name(kind: str) -> str:
        return words(f"{kind}.name") if kind and words.has(f"{kind}.name") else kind

    with _opened(options) as (engine, _):
        result, noted = check(engine, options.data, options.heads, _now(), shipped=shipped_changes())
    return document(result, noted, words, kind_name)


def schema(options: argparse.Namespace) -> dict[str, Any]:
    """One JSON Schema (2020-12) with a definition for every record type."""
    from commandcenter.server.record_schema import document

    return document()


def admin(options: argparse.Namespace) -> dict[str, Any]:
    """``{"person", "login"}``: an administrator, whose password is the first line of standard input."""
    from commandcenter.runtime import new_id
    from commandcenter.server import accounts
    from commandcenter.server.first_admin import person_entry
    from commandcenter.services.first_start import district_of

    password = sys.stdin.readline(LINE_MAX).removesuffix("\n").removesuffix("\r")
    person = new_id()
    with _opened(options) as (engine, store):
        with engine.begin() as connection:
            accounts.create_account(
                connection,
                person_id=person,
                login=options.name,
                password=password,
                now=_now(),
                role="administrator",
            )
        try:
            person_entry(store, person, options.name, district_of(options.profile), new_id, _now())
        except BaseException:
            with engine.begin() as connection:
                accounts.withdraw_account(connection, person, _now())
            raise
    return {"person": str(person), "login": options.name}


def account(options: argparse.Namespace) -> dict[str, Any]:
    """``{"person", "step"}``: an account made, given another password, or withdrawn."""
    from commandcenter.server import accounts

    password = ""
    if options.step != "withdraw":
        password = sys.stdin.readline(LINE_MAX).removesuffix("\n").removesuffix("\r")
    with _opened(options) as (engine, _), engine.begin() as connection:
        person = _person(connection, options.person)
        if options.step == "create":
            accounts.create_account(
                connection, person_id=person, login=options.login, password=password, now=_now()
            )
        elif options.step == "password":
            accounts.set_password(connection, person_id=person, password=password, now=_now())
        else:
            accounts.withdraw_account(connection, person, _now())
    return {"person": str(person), "step": options.step}


def _person(connection: AdmissionConnection, said: str) -> UUID:
    from db.centre.people import persons_named

    try:
        return UUID(said)
    except ValueError:
        found = persons_named(connection, said)
    if not found:
        raise Refused("unknown_person", field="person", name=said)
    if len(found) > 1:
        raise Refused("several_persons", field="person", name=said, count=len(found))
    return found[0]


def code(options: argparse.Namespace) -> dict[str, Any]:
    """``{"code", "scope", "role", "expires_at", "key"}``: a code with which one machine enrols."""
    from commandcenter.domain.clock import instant_text
    from commandcenter.server import admission
    from commandcenter.server.centre_key import make_key
    from commandcenter.services.reference import shipped_row_id
    from db.centre.people import organisation_named

    with _opened(options) as (engine, _), engine.begin() as connection:
        shipped = shipped_row_id("organisation", options.scope)
        scope = organisation_named(connection, options.scope)
        if scope is None and shipped in _shipped_parents(options.profile):
            scope = shipped  # its row comes with the first desk
        if scope is None:
            raise Refused("unknown_code", field="scope", code=options.scope)
        now = _now()
        made = admission.new_code(connection, scope_id=scope, roles=options.role, by=None, now=now)
        key = make_key(connection, now)
    return {
        "code": made,
        "scope": str(scope),
        "role": options.role,
        "expires_at": instant_text(now + admission.CODE_LASTS),
        "key": key.fingerprint,
    }


def _sweep(engine: CentreEngine) -> None:
    from commandcenter.server import accounts, admission
    from db.centre import readings

    with engine.begin() as connection:
        accounts.forget_tries(connection, _now())
        admission.forget_codes(connection, _now())
    with engine.begin() as connection:
        readings.thin_out(connection, _now())


def _gate(engine: CentreEngine, profile: str) -> CentreGate:
    from commandcenter.server.gate import CentreGate
    from commandcenter.services.first_start import district_of

    return CentreGate(
        engine, now=_now, district=district_of(profile), shipped_parents=_shipped_parents(profile)
    )


def _shipped_parents(profile: str) -> dict[UUID, UUID | None]:
    from commandcenter.services.first_start import shipped_rows

    return {id_: values["parent_id"] for kind, id_, values in shipped_rows(profile) if kind == "organisation"}


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[tuple[CentreEngine, CentreStore]]:
    """The centre's database, its schema brought up to date."""
    from db.centre.engine import is_away, open_centre

    engine = open_centre(options.database, options.data)
    try:
        try:
            store = _store(engine)
        except Exception as error:
            if isinstance(error, Unavailable) or not is_away(error):
                raise
            raise Unavailable("centre_database_away", reason=type(error).__name__) from error
        yield engine, store
    finally:
        engine.dispose()


def _store(engine: CentreEngine) -> CentreStore:
    from commandcenter.services.first_start import shipped_changes
    from commandcenter.services.reference import is_code
    from db.centre.schema import bring_up_to_date
    from db.centre.store import CentreStore

    bring_up_to_date(engine)
    store = CentreStore(engine, is_code=is_code, shipped=shipped_changes, now=_now)
    store.open()
    return store


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Beside a file there is one serving process, and none while it is replaced."""
    from commandcenter.lock import Lock

    data.mkdir(parents=True, exist_ok=True)
    lock = Lock(data, "serve")
    if not lock.take():
        raise Unavailable("centre_is_running", path=str(data))
    try:
        yield
    finally:
        lock.release()


def _now() -> datetime:
    return whole_ms(datetime.now(UTC))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("licheng-command-centre")
    except PackageNotFoundError:  # run from a checkout
        return "0.1.0"


VERBS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "account": account,
    "admin": admin,
    "centre": centre,
    "code": code,
    "schema": schema,
}

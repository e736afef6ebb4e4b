"""The desk's verbs that meet the centre: enrolling, one round, and whose name a command is given in."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from commandcenter import import_verb, purge_verb
from commandcenter.domain.errors import Refused, Unavailable

# The command line asks for the arguments of every verb; what speaks HTTP is loaded where it runs.
if TYPE_CHECKING:
    from commandcenter.runtime import DataDirectory
    from commandcenter.services.workplace import Workplace
    from commandcenter.sync.client import Centre
    from commandcenter.sync.membership import Membership
    from commandcenter.sync.round import Round
    from db.desk.engine import Connection

T = TypeVar("T")
LINE_MAX = 4000


def add_verbs(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Add the desk's verbs to the command line's."""
    enrol = verbs.add_parser("enrol", parents=[common], help="become a desk of a centre")
    enrol.add_argument("--server", required=True, metavar="URL")
    enrol.add_argument("--code", required=True, help="as the administrator said it")

    sync = verbs.add_parser("sync", parents=[common], help="exchange with the centre")
    sync.add_argument("--once", action="store_true", required=True, help="until both are equal, and end")
    sync.add_argument("--compare", action="store_true", help="then compare what the rows say, and mend them")
    purge_verb.add_verb(verbs, common)
    import_verb.add_verbs(verbs, common)


def enrol(options: argparse.Namespace) -> dict[str, Any]:
    """``{"server", "device", "number", "scope"}``"""
    from commandcenter.sync.enrolment import enrol as enrol_at

    directory = _directory(options)
    with _held(directory, "enrol"), _workplace(options) as workplace:
        found = enrol_at(directory.path, options.server, options.code, _AtOnce(workplace))
    return {
        "server": found.url,
        "device": str(found.device),
        "number": found.number,
        "scope": str(found.scope_id),
    }


def sync(options: argparse.Namespace) -> dict[str, Any]:
    """``{"pushed", "pulled", "refused", "position": {"epoch", "n"}}``: rounds until both are equal. With
    ``--compare`` also ``{"compared": rows, "differed": [{"kind", "scope", "made_anew", "mended"}]}``, and
    ``"undecided"``, the kinds that could not be judged."""
    import msgspec

    from commandcenter.sync import membership as memberships
    from commandcenter.sync.client import Centre, NoAnswer, unavailable
    from commandcenter.sync.enrolment import joined
    from commandcenter.sync.heads import Heads
    from commandcenter.sync.known import OFFSET
    from commandcenter.sync.offset import Offset
    from commandcenter.sync.round import Round
    from db.desk import exchange, local

    directory = _directory(options)
    with _held(directory, "sync"), _workplace(options) as workplace:
        found = _member(directory)
        ask_writer = _AtOnce(workplace)
        ask_writer(joined(found))
        offset = Offset(None, lambda ms: None)

        def renewed(device: UUID) -> None:
            memberships.keep(directory.path, msgspec.structs.replace(found, device=device))

        centre = Centre(found.url, found.token, measured=offset.measured)
        round_ = Round(ask_writer, centre, found.device, renewed=renewed)
        heads = Heads(directory.path, found.key, ask_writer)
        compared: dict[str, Any] = {}
        try:
            round_.run()
            if options.compare:
                compared = _compared(workplace, round_, centre, ask_writer)
                round_.run()
            heads.heard(round_.head)
            heads.close()
        except NoAnswer as no:
            raise unavailable(no, found.url) from no
        finally:
            centre.close()
            if offset.ms is not None:
                local.put(workplace.connection, OFFSET, offset.ms)
        here = exchange.position(workplace.connection)
    tally = round_.tally
    return {
        "pushed": tally.pushed,
        "pulled": tally.pulled,
        "refused": tally.refused,
        "position": {"epoch": here.epoch, "n": here.n},
        **compared,
    } | ({"trouble": heads.trouble} if heads.trouble else {})


def _compared(workplace: Workplace, round_: Round, centre: Centre, ask_writer: _AtOnce) -> dict[str, Any]:
    from commandcenter.sync.content import Contents

    def ask_reader(question: Callable[[Connection], T]) -> T:
        return question(workplace.connection)

    found = Contents(ask_writer, ask_reader, centre, round_).whole()
    return {
        "compared": found.rows,
        "differed": [
            {
                "kind": one.kind,
                "scope": None if one.scope is None else str(one.scope),
                "made_anew": one.made_anew,
                "mended": one.mended,
            }
            for one in found.differences
        ],
    } | ({"undecided": found.undecided} if found.undecided else {})


def person_named(options: argparse.Namespace) -> UUID:
    """The person called ``--as NAME``, by name or login. Where people have passwords here theirs is the
    first line of standard input.

    Refused ``unknown_person``, ``several_persons``, ``retired``, or as signing in is."""
    from commandcenter.services import sign_in
    from commandcenter.sync import membership as memberships
    from db.desk import credentials, local
    from db.queries.registers import rows

    name: str = options.person
    directory = _directory(options)
    with _workplace(options) as workplace:
        connection = workplace.connection
        named = [row for row in rows(connection, "person", {"name": name}) if not row["retired"]]
        if not local.wants_password(local.everything(connection)):
            if not named:
                raise Refused("unknown_person", name=name)
            if len(named) > 1:
                raise Refused("several_persons", name=name, count=len(named))
            return UUID(str(named[0]["id"]))
        login = name
        if len(named) == 1 and credentials.by_login(connection, name) is None:
            known = credentials.by_person(connection, named[0]["id"])
            login = name if known is None else known.login
        password = sys.stdin.readline(LINE_MAX).removesuffix("\n").removesuffix("\r")
        found = memberships.load(directory.path)
        centre = None
        if found is not None:
            from commandcenter.sync.enrolment import centre_says

            centre = centre_says(found)
        return sign_in.prove(sign_in.AtOnce(workplace), login, password, centre)


def _directory(options: argparse.Namespace) -> DataDirectory:
    from commandcenter.runtime import DataDirectory, default_directory

    directory = DataDirectory(options.data or default_directory())
    directory.make()
    return directory


@contextmanager
def _workplace(options: argparse.Namespace) -> Iterator[Workplace]:
    from commandcenter.runtime import open_workplace

    workplace = open_workplace(_directory(options), options.profile)
    try:
        yield workplace
    finally:
        workplace.close()


@contextmanager
def _held(directory: DataDirectory, purpose: str) -> Iterator[None]:
    """The lock of the directory: only its holder synchronises."""
    from commandcenter.lock import Lock

    lock = Lock(directory.path, purpose)
    if not lock.take():
        holder, pid = lock.holder() or ("?", 0)
        raise Unavailable("directory_held", holder=holder, pid=pid)
    try:
        yield
    finally:
        lock.release()


def _member(directory: DataDirectory) -> Membership:
    from commandcenter.sync import membership as memberships

    found = memberships.load(directory.path)
    if found is None:
        raise Refused("not_enrolled")
    return found


class _AtOnce:
    """The writer of a program without lanes."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def __call__(self, work: Callable[[Workplace], T]) -> T:
        return work(self._workplace)


VERBS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "enrol": enrol,
    "sync": sync,
    "purge": purge_verb.purge,
    **import_verb.VERBS,
}

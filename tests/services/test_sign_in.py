"""Sign-in at the desk: with the centre's word and without it, wrong passwords, the lock, hidden names."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.domain.lockout import TRIES
from commandcenter.runtime import DataDirectory, Desktop
from commandcenter.services import sign_in as module
from commandcenter.services.command import COMMANDS
from commandcenter.services.desk_affairs import TakeSeat
from commandcenter.services.incidents import EditIncident, OpenIncident
from commandcenter.services.log import WriteLogEntry
from commandcenter.services.reference import shipped_row_id
from commandcenter.services.registers import AddCard, EditCard, RetireCard
from commandcenter.services.sign_in import (
    AtOnce,
    HideNames,
    ReleaseLockout,
    SignOut,
    forget_credential,
    keep_credential,
    prove,
    sign_in,
)
from commandcenter.services.workplace import Workplace
from db.desk import credentials, local
from db.queries.registers import row, rows
from tests.services.desk import Desk, MovedClock

PASSWORD = "正确的口令 correct"


class People:
    """A desk at which three people have signed in before."""

    def __init__(self, path: Path) -> None:
        self.desk = Desk(path)
        self.workplace = self.desk.open()
        self.at = AtOnce(self.workplace)
        self.officer = self.add("值班员甲", "duty_officer")
        self.colleague = self.add("值班员乙", "duty_officer")
        self.chief = self.add("值班长", "duty_chief")
        for person, login in (
            (self.officer, "jia"),
            (self.colleague, "Yi"),
            (self.chief, "zhang"),
        ):
            keep_credential(self.at, person, login, PASSWORD)

    def add(self, name: str, *roles: str) -> UUID:
        """A person, made before anybody had a password."""
        fields = {"name": name, "roles": list(roles)}
        return self.workplace.execute(AddCard(kind="person", fields=fields)).ids[0]

    @property
    def clock(self) -> MovedClock:
        """The desk's clock."""
        return self.desk.clock

    def reopen(self) -> None:
        """Another start of the program."""
        self.workplace.close()
        self.workplace = self.desk.open()
        self.at = AtOnce(self.workplace)

    def fail(self, login: str = "jia") -> Refused:
        """One wrong password."""
        with pytest.raises(Refused) as caught:
            sign_in(self.at, login, "falsch")
        return caught.value

    def author(self) -> UUID | None:
        """Whose a line written now is."""
        (id_,) = self.workplace.execute(WriteLogEntry(text="一行")).ids
        found = row(self.workplace.connection, "log_entry", id_)
        assert found is not None
        by: UUID | None = found["typed_by_id"]
        return by

    def noted(self) -> list[tuple[str, UUID | None, UUID | None]]:
        """(action, of whom, by whom) of every access noted."""
        found = rows(self.workplace.connection, "access_event")
        return [(one["action"], one["subject_id"], one["typed_by_id"]) for one in found]


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """The desk of three."""
    people = People(tmp_path)
    yield people
    people.workplace.close()


def test_a_password_seats_somebody_and_a_name_does_not(people: People) -> None:
    assert people.author() is None
    with pytest.raises(Refused, match="password_wanted"):
        people.workplace.execute(TakeSeat(person_id=people.officer))
    assert sign_in(people.at, " JIA ", PASSWORD) == people.officer
    assert people.author() == people.officer
    assert sign_in(people.at, "ｙｉ", PASSWORD) == people.colleague, "full-width letters and case"
    assert people.author() == people.colleague
    people.reopen()
    assert people.author() == people.colleague
    people.workplace.execute(SignOut())
    assert people.author() is None
    assert people.noted() == [
        ("signed_in", people.officer, people.officer),
        ("signed_out", people.officer, people.officer),
        ("signed_in", people.colleague, people.colleague),
        ("signed_out", people.colleague, people.colleague),
    ]


def test_who_sat_here_before_there_were_passwords_is_nobody_afterwards(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.working() as workplace:
        fields = {"name": "甲", "roles": ["administrator"]}
        (person,) = workplace.execute(AddCard(kind="person", fields=fields)).ids
        workplace.execute(TakeSeat(person_id=person))
        workplace.connection.execute("INSERT INTO local VALUES (?, 'true')", (local.ENROLLED,))
        workplace.execute(TakeSeat())  # whatever makes the sitting be read again
        workplace.connection.execute("UPDATE local SET value = ? WHERE key = 'person'", (f'"{person}"',))
        workplace.execute(WriteLogEntry(text="一行"))
        assert rows(workplace.connection, "log_entry")[0]["typed_by_id"] is None
        with pytest.raises(Refused, match="not_allowed"):
            workplace.execute(AddCard(kind="person", fields={"name": "乙"}))


def test_nobody_signed_in_may_do_little_where_people_have_passwords(people: People) -> None:
    execute = people.workplace.execute
    execute(WriteLogEntry(text="接报"))
    people.desk.open_incident()
    for command in (
        AddCard(kind="person", fields={"name": "丙"}),
        EditCard(kind="person", id=people.officer, fields={"phone": "1"}),
        AddCard(kind="setting", fields={"key": "x"}),
    ):
        with pytest.raises(Refused, match="not_allowed"):
            execute(command)
    sign_in(people.at, "jia", PASSWORD)
    execute(EditCard(kind="person", id=people.officer, fields={"phone": "1"}))
    with pytest.raises(Refused, match="not_allowed"):
        execute(EditCard(kind="person", id=people.officer, fields={"roles": ["administrator"]}))


def test_the_tries_left_are_said_and_the_fifth_locks(people: People) -> None:
    for left in (4, 3, 2, 1):
        refused = people.fail()
        assert (refused.code, refused.values, refused.field) == ("wrong_password", {"left": left}, "password")
    refused = people.fail()
    assert (refused.code, refused.values["minutes"]) == ("locked_out", 30)
    assert refused.values["until"] == "15:01", "14:31 in Shanghai and half an hour"
    with pytest.raises(Refused, match="locked_out"):
        sign_in(people.at, "jia", PASSWORD)
    assert sign_in(people.at, "yi", PASSWORD) == people.colleague, "a lock is one person's"
    failed = [action for action, who, _ in people.noted() if who == people.officer]
    assert failed == ["sign_in_failed"] * 5 + ["locked_out"]


def test_a_right_password_forgets_the_wrong_ones(people: People) -> None:
    for _ in range(3):
        for _ in range(TRIES - 1):
            people.fail()
        assert sign_in(people.at, "jia", PASSWORD) == people.officer
    assert people.fail().values["left"] == 4


def test_the_lock_survives_a_restart_and_a_clock_that_goes_back(people: People) -> None:
    for _ in range(TRIES):
        people.fail()
    people.reopen()
    people.clock.move(minutes=29, seconds=59)
    assert people.fail().values == {"minutes": 1, "until": "15:01"}
    people.clock.move(hours=-48)
    refused = people.fail()
    assert (refused.code, refused.values) == ("locked_out", {"minutes": 30, "until": "2026-07-28 15:01"})
    people.clock.move(hours=24)
    assert people.fail().code == "locked_out"
    people.clock.move(hours=24, seconds=1)
    assert people.fail().values == {"left": 4}, "the lock has run out, and five new tries begin"
    assert sign_in(people.at, "jia", PASSWORD) == people.officer


def test_a_clock_put_back_before_the_fifth_try_does_not_shorten_the_lock(people: People) -> None:
    for _ in range(TRIES - 1):
        people.fail()
    people.clock.move(hours=-1)
    assert people.fail().values["until"] == "15:01"
    people.clock.move(minutes=31)
    assert people.fail().code == "locked_out"


def test_a_try_cut_off_is_counted(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails while the hash is being computed: the next start knows of the try."""

    def power_cut(hash_: str, password: str) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as fault:
        fault.setattr(module, "_matches", power_cut)
        with pytest.raises(KeyboardInterrupt):
            sign_in(people.at, "jia", "falsch")
    people.reopen()
    assert people.fail().values["left"] == 3


def test_tries_made_at_once_get_no_more_than_five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve threads on real lanes, all begun before any is judged: five are judged, never more."""
    people = People(tmp_path)
    people.workplace.close()
    judged: list[str] = []
    right = module._matches

    def slow(hash_: str, password: str) -> bool:
        judged.append(password)
        time.sleep(0.05)
        return right(hash_, password)

    monkeypatch.setattr(module, "_matches", slow)
    desktop = Desktop(DataDirectory(tmp_path), changed=lambda _changes: None)
    desktop.start()
    codes: list[str] = []

    def attempt(n: int) -> None:
        try:
            sign_in(desktop, "jia", f"falsch {n}")
        except Refused as refused:
            codes.append(refused.code)

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    try:
        assert len(judged) == TRIES
        assert len(codes) == 12
        with pytest.raises(Refused, match="locked_out"):
            sign_in(desktop, "jia", PASSWORD)
        assert len(judged) == TRIES, "a locked person's password is not even looked at"
    finally:
        desktop.close()


def test_the_writer_goes_on_while_a_password_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(tmp_path)
    people.workplace.close()
    checking, go_on = threading.Event(), threading.Event()

    def stuck(hash_: str, password: str) -> bool:
        checking.set()
        assert threading.current_thread().name == "sign-in"
        return go_on.wait(20)

    monkeypatch.setattr(module, "_matches", stuck)
    desktop = Desktop(DataDirectory(tmp_path), changed=lambda _changes: None)
    desktop.start()
    try:
        answer = module.start(desktop, "jia", PASSWORD)
        assert checking.wait(20)
        assert desktop.execute(WriteLogEntry(text="此时接报")).result(20).changes == 1
        assert not answer.done()
        go_on.set()
        assert answer.result(20) == people.officer
    finally:
        go_on.set()
        desktop.close()


def test_the_chief_releases_and_nobody_else(people: People) -> None:
    for _ in range(TRIES):
        people.fail()
    release = ReleaseLockout(person_id=people.officer)
    with pytest.raises(Refused, match="not_allowed"):
        people.workplace.execute(release)
    sign_in(people.at, "yi", PASSWORD)
    with pytest.raises(Refused, match="not_allowed"):
        people.workplace.execute(release)
    sign_in(people.at, "zhang", PASSWORD)
    with pytest.raises(Refused, match="not_allowed"):
        people.workplace.execute(ReleaseLockout(person_id=people.chief))
    assert [one.login for one in credentials.with_tries(people.workplace.connection)] == ["jia"]
    people.workplace.execute(release)
    assert people.noted()[-1] == ("released", people.officer, people.chief)
    assert credentials.with_tries(people.workplace.connection) == []
    assert people.fail().values["left"] == 4
    assert sign_in(people.at, "jia", PASSWORD) == people.officer


def test_unknown_retired_and_forgotten_people(people: People) -> None:
    with pytest.raises(Refused) as caught:
        sign_in(people.at, "bing", PASSWORD)
    assert (caught.value.code, caught.value.values) == ("not_known_here", {"login": "bing"})
    for login, password, field in (("", "x", "login"), (" ", "x", "login"), ("jia", "", "password")):
        with pytest.raises(Refused, match="required") as caught:
            sign_in(people.at, login, password)
        assert caught.value.field == field
    with pytest.raises(Refused, match="too_long"):
        sign_in(people.at, "jia", "x" * 100_000)
    assert people.fail().values["left"] == 4, "what is no password was not counted"
    sign_in(people.at, "zhang", PASSWORD)
    people.workplace.execute(RetireCard(kind="person", id=people.officer))
    with pytest.raises(Refused, match="retired"):
        sign_in(people.at, "jia", PASSWORD)
    assert people.author() == people.chief
    forget_credential(people.at, people.chief)
    assert people.author() is None
    with pytest.raises(Refused, match="not_known_here"):
        sign_in(people.at, "zhang", PASSWORD)


def test_names_are_hidden_and_lines_are_nobodys_until_the_password(people: People) -> None:
    sign_in(people.at, "jia", PASSWORD)
    people.workplace.execute(HideNames())
    assert people.author() is None
    people.reopen()
    assert people.author() is None, "a second start shows nothing either"
    with pytest.raises(Refused, match="not_allowed"):
        people.workplace.execute(EditCard(kind="person", id=people.officer, fields={"phone": "1"}))
    assert sign_in(people.at, "jia", PASSWORD) == people.officer
    assert people.author() == people.officer
    people.workplace.execute(HideNames())
    assert sign_in(people.at, "yi", PASSWORD) == people.colleague, "somebody else takes the chair"
    assert [action for action, _, _ in people.noted()] == [
        "signed_in", "masked", "unmasked", "masked", "signed_in",
    ]  # fmt: skip


def test_the_centre_decides_where_it_answers(people: People) -> None:
    new = people.colleague

    def yes(login: str, password: str) -> UUID:
        return new

    def no(login: str, password: str) -> UUID:
        raise Refused("wrong_password", field="password", left=2)

    def silent(login: str, password: str) -> UUID:
        raise Unavailable("no_answer")

    assert sign_in(people.at, "neu", "neues", yes) == new
    assert sign_in(people.at, "neu", "neues") == new, "and from then on without it"
    with pytest.raises(Refused, match="not_known_here"):
        sign_in(people.at, "yi", PASSWORD)  # that login was given up for the new one
    with pytest.raises(Refused) as caught:
        sign_in(people.at, "jia", PASSWORD, no)
    assert caught.value.values == {"left": 2}
    assert people.fail().values["left"] == 3, "the centre's no counted here too"
    assert sign_in(people.at, "jia", PASSWORD, silent) == people.officer
    with pytest.raises(Refused, match="not_known_here"):
        sign_in(people.at, "bing", PASSWORD, silent)
    for _ in range(TRIES):
        with suppress(Refused):
            sign_in(people.at, "jia", "falsch", no)
    with pytest.raises(Refused, match="locked_out"):
        sign_in(people.at, "jia", PASSWORD, yes)


def test_proving_who_one_is_seats_nobody(people: People) -> None:
    sign_in(people.at, "yi", PASSWORD)
    assert prove(people.at, "jia", PASSWORD) == people.officer
    assert people.author() == people.colleague
    with pytest.raises(Refused, match="wrong_password"):
        prove(people.at, "jia", "falsch")


def test_nothing_signs_in_by_naming_it(people: People) -> None:
    assert {"SignOut", "HideNames", "ReleaseLockout"} <= COMMANDS.keys()
    assert [name for name in COMMANDS if name.startswith("_")] == []
    assert not {"Proved", "Keep", "CountTry", "Failed", "Forget"} & COMMANDS.keys()


def test_no_password_is_kept(people: People) -> None:
    sign_in(people.at, "jia", PASSWORD)
    people.workplace.close()
    folder = people.desk.path
    for file in folder.rglob("*"):
        if file.is_file():
            assert PASSWORD.encode() not in file.read_bytes(), file
    people.workplace = Workplace(
        people.desk.file,
        clock=people.clock,
        mint=people.workplace._mint,
        backups=people.desk.directory.backups,
    )
    found = credentials.by_login(people.workplace.connection, "jia")
    assert found is not None
    assert found.hash.startswith("$argon2id$")


# ---- a street's desk


def test_a_streets_desk_writes_its_own_and_what_it_takes_part_in(licheng: Desk) -> None:
    """Alone it writes everything; once there is a centre only its own scope, by the centre's own rule."""
    street, other, district = (
        shipped_row_id("organisation", code) for code in ("350502005", "350502001", "350502")
    )
    with licheng.working() as workplace:
        execute = workplace.execute
        execute(EditCard(kind="desk", id=workplace.device, fields={"organisation_id": str(street)}))
        fields = {"name": "街道值班员", "roles": ["street_user", "duty_chief"]}
        (person,) = execute(AddCard(kind="person", fields=fields)).ids
        (theirs,) = execute(
            AddCard(kind="organisation", fields={"name": "甲", "level": "unit", "scope_id": str(district)})
        ).ids
        foreign, shared = (
            execute(OpenIncident(title=title, event_code="11A01")).ids[0] for title in ("别处", "共同")
        )
        execute(EditIncident(id=foreign, fields={"scope_id": str(other)}))
        execute(EditIncident(id=shared, fields={"scope_id": str(other), "shared_ids": [str(street)]}))
        workplace.connection.execute("INSERT INTO local VALUES (?, 'true')", (local.ENROLLED,))
        keep_credential(AtOnce(workplace), person, "jie", PASSWORD)
        sign_in(AtOnce(workplace), "jie", PASSWORD)
        execute(WriteLogEntry(text="本街道"))
        execute(WriteLogEntry(text="共同处置", incident_id=shared))
        execute(EditIncident(id=shared, fields={"place": "东街"}))
        for command in (
            WriteLogEntry(text="别处", incident_id=foreign),
            EditIncident(id=foreign, fields={"place": "东街"}),
            EditCard(kind="organisation", id=theirs, fields={"duty_phone": "1"}),
        ):
            with pytest.raises(Refused, match="not_your_scope"):
                execute(command)
        own = execute(OpenIncident(title="本街道", event_code="11A01")).ids[0]
        execute(EditIncident(id=own, fields={"scope_id": str(district)}))  # handed over
        with pytest.raises(Refused, match="not_your_scope"):
            execute(EditIncident(id=own, fields={"place": "东街"}))

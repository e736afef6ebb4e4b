"""The watch over teams in the field: asks when one was not heard of, once, and louder when nobody answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from commandcenter.domain.change import ChangeSet
from commandcenter.domain.projections.welfare import RANK, Welfare, welfare
from db.queries.welfare import KINDS, Field, Watched, field
from ui.bridge import Bridge
from ui.live import Live
from ui.shell.window import Shell
from ui.workbench import Workbench

TICK_MS = 5_000
AGAIN_MS = 700  # between the two sounds of what is urgent
PAGE = "team"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A team in the field and how its clock stands."""

    watched: Watched
    welfare: Welfare

    @property
    def deployment_id(self) -> UUID:
        """Which deployment."""
        return self.watched.engagement.deployment_id


class WelfareWatch(QObject):
    """One for the program's life. A clock is held, not reset, while somebody writes its answer down."""

    changed = Signal()

    def __init__(
        self, bridge: Bridge, live: Live, now: Callable[[], datetime], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge, self._now = bridge, now
        self._field: Field | None = None
        self._held: dict[UUID, tuple[datetime, timedelta]] = {}  # the interval's beginning, for how long
        self._holding: dict[UUID, datetime] = {}
        self._states: dict[UUID, int] = {}
        self._shell: Shell | None = None
        self._workbench: Workbench | None = None
        self.sound: Callable[[], None] = QApplication.beep
        self.sounds = True
        self.asked: tuple[Asked, ...] = ()
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self.look)
        live.changed.connect(self._heard)

    def furnish(self, shell: Shell, workbench: Workbench) -> None:
        """Give a window its badge."""
        self._shell, self._workbench = shell, workbench
        workbench.welfare = self
        workbench.directory.changed.connect(self._preferred)
        self._preferred()
        self._badge()

    def read(self) -> None:
        """Who is in the field."""
        self._bridge.ask(self, field, self._show, topic="welfare")

    def of(self, deployment_id: UUID) -> Asked | None:
        """How one deployment's clock stands; None where it has none."""
        return next((one for one in self.asked if one.deployment_id == deployment_id), None)

    def due(self) -> tuple[Asked, ...]:
        """Those to be asked, the longest unheard first."""
        return tuple(one for one in self.asked if one.welfare.state != "heard")

    def hold(self, deployment_id: UUID) -> None:
        """Somebody is about to write down what this team answered."""
        self._holding.setdefault(deployment_id, self._now())

    def release(self, deployment_id: UUID) -> None:
        """They have, or put it off: the clock goes on from where it stood."""
        began = self._holding.pop(deployment_id, None)
        one = self.of(deployment_id)
        if began is not None and one is not None:
            self._held[deployment_id] = (one.welfare.asked_at, self._held_for(one.watched, began))
        self.look()

    def look(self) -> None:
        """What the clocks say now; told where it is something else."""
        if self._field is None:
            return
        now, interval = self._now(), self._field.interval
        made = []
        for one in self._field.watched:
            id_, since = one.engagement.deployment_id, one.engagement.since_at
            plain = welfare(since, one.checks, now, interval)
            held = timedelta()
            before = self._held.get(id_)
            if before is not None and before[0] == plain.asked_at:
                held = before[1]
            if id_ in self._holding:
                held += max(timedelta(), now - max(self._holding[id_], plain.asked_at))
            made.append(Asked(watched=one, welfare=welfare(since, one.checks, now, interval, held)))
        made.sort(key=lambda one: (-RANK[one.welfare.state], one.welfare.heard_at, one.deployment_id))
        states = {one.deployment_id: RANK[one.welfare.state] for one in made}
        rose = {state for id_, state in states.items() if state > self._states.get(id_, 0)}
        moved = states != self._states or tuple(made) != self.asked
        self._states, self.asked = states, tuple(made)
        if rose:
            self._sound(urgent=max(rose) == RANK["escalated"])
        if moved:
            self._badge()
            self.changed.emit()

    def _held_for(self, watched: Watched, began: datetime) -> timedelta:
        """For how long the interval that runs now has been held, the time since ``began`` included."""
        id_, now = watched.engagement.deployment_id, self._now()
        plain = welfare(watched.engagement.since_at, watched.checks, now, timedelta(days=1))
        before = self._held.get(id_)
        held = before[1] if before is not None and before[0] == plain.asked_at else timedelta()
        return held + max(timedelta(), now - max(began, plain.asked_at))

    def _heard(self, change_set: ChangeSet) -> None:
        if KINDS & change_set.touched.keys():
            self.read()

    def _show(self, found: Field) -> None:
        self._field = found
        here = {one.engagement.deployment_id for one in found.watched}
        self._held = {id_: held for id_, held in self._held.items() if id_ in here}
        if here and not self._tick.isActive():
            self._tick.start()
        elif not here:
            self._tick.stop()
        self.look()

    def _badge(self) -> None:
        if self._shell is None or self._workbench is None:
            return
        due = self.due()
        escalated = sum(one.welfare.state == "escalated" for one in due)
        key = "teams.welfare.badge_urgent" if escalated else "teams.welfare.badge"
        tip = self._workbench.words(key, count=len(due), urgent=escalated) if due else ""
        self._shell.rail.button(PAGE).set_badge(len(due), tip)

    def _preferred(self) -> None:
        if self._workbench is not None:
            self.sounds = self._workbench.directory.now.preferences.get("sound") is not False

    def _sound(self, *, urgent: bool) -> None:
        if not self.sounds:
            return
        self.sound()
        if urgent:
            QTimer.singleShot(AGAIN_MS, self, self.sound)

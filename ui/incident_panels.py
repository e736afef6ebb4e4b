"""The panels at an incident's side: forces first, then whatever else is this incident's, one row each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QWidget

from ui.panel import Panel
from ui.shell.keys import KeyHint
from ui.theme import Theme
from ui.workbench import Workbench

# (module, class) in the order of the column; each class is an ``IncidentPanel``.
PANELS: tuple[tuple[str, str], ...] = (("ui.incident_forces", "IncidentForces"),)


class IncidentPanel(Panel):
    """What the incident's page asks of a panel at its side.

    ``page`` is the page itself (for its keys), ``place`` where panels that ask something come out,
    ``shown`` says which incident is shown. A panel without anything to show hides itself.
    """

    moved = Signal()  # one of its asking panels came or went
    concerns: frozenset[str] = frozenset()  # the kinds, beside facts, whose changes it shows

    def __init__(
        self,
        workbench: Workbench,
        page: QWidget,
        place: QBoxLayout,
        shown: Callable[[], UUID | None],
        title: str,
    ) -> None:
        super().__init__(workbench.theme, title, flush=True)
        self.workbench, self.words = workbench, workbench.words
        self._page, self._place, self._shown = page, place, shown

    def read(self) -> None:
        """Read what is this incident's now."""

    def is_open(self) -> bool:
        """Whether one of its asking panels is out."""
        return False

    def close_panels(self) -> None:
        """Another incident is shown."""

    def own_hints(self) -> list[KeyHint]:
        """Its keys, for the overlay."""
        return []


P = TypeVar("P", bound=IncidentPanel)


class IncidentPanels:
    """All of them in one hand."""

    def __init__(
        self, workbench: Workbench, page: QWidget, place: QBoxLayout, shown: Callable[[], UUID | None]
    ) -> None:
        self.all: list[IncidentPanel] = [
            getattr(importlib.import_module(module), name)(workbench, page, place, shown)
            for module, name in PANELS
        ]

    def __iter__(self) -> Iterator[IncidentPanel]:
        return iter(self.all)

    def one(self, kind: type[P]) -> P:
        """The panel of this class. StopIteration if there is none."""
        return next(panel for panel in self.all if isinstance(panel, kind))

    @property
    def concerns(self) -> frozenset[str]:
        """The kinds whose changes one of them shows."""
        return frozenset[str]().union(*(panel.concerns for panel in self.all))

    def read(self) -> None:
        """All of them."""
        for panel in self.all:
            panel.read()

    def is_open(self) -> bool:
        """Whether any asks something."""
        return any(panel.is_open() for panel in self.all)

    def close_panels(self) -> None:
        """None asks any more."""
        for panel in self.all:
            panel.close_panels()

    def key_hints(self) -> Sequence[KeyHint]:
        """The keys of all."""
        return [hint for panel in self.all for hint in panel.own_hints()]

    def set_theme(self, theme: Theme) -> None:
        """Take another look or scale."""
        for panel in self.all:
            panel.set_theme(theme)

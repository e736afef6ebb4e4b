"""The trap of PySide6 6.12 on Python 3.11: calls that lose a reference to None, until the process aborts."""

from __future__ import annotations

import gc
import sys

import pytest
from PySide6.QtCore import QObject, Signal

CALLS = 1_000
# Other threads and the test runner come and go; a lost reference a call is far beyond that.
NOISE = 200


class Sender(QObject):
    """Emits None."""

    said = Signal(object)


@pytest.fixture(autouse=True)
def counted_alone() -> None:
    """What earlier tests left in cycles must not be collected while references are counted."""
    gc.collect()


def test_none_keeps_its_references() -> None:
    sender = Sender()
    heard: list[object] = []
    sender.said.connect(heard.append)
    before = sys.getrefcount(None)
    for number in range(CALLS):
        sender.setObjectName(f"sender {number}")
        sender.said.emit(None)
    lost = before + len(heard) - sys.getrefcount(None)
    assert len(heard) == CALLS
    # From Python 3.12 on None is immortal and its count stands still: then nothing can be lost.
    assert sys.version_info >= (3, 12) or abs(lost) < NOISE


def test_true_keeps_its_references() -> None:
    sender = Sender()
    before = sys.getrefcount(True)
    for _ in range(CALLS):
        sender.blockSignals(sender.signalsBlocked())
        sender.said.emit(True)
    assert sys.version_info >= (3, 12) or abs(before - sys.getrefcount(True)) < NOISE

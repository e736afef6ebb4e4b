"""Asking ahead: one question to the centre under way on a thread of its own, while something else is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def ahead(question: Callable[[], T]) -> Future[T]:
    """The answer to come. The thread ends with it; who stops cuts the connection that it waits on."""
    answer: Future[T] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:  # noqa: BLE001  it belongs to the one who asked
            answer.set_exception(error)

    threading.Thread(target=ask, name="sync-ahead", daemon=True).start()
    return answer

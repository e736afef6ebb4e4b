"""The lines' source: a log list's questions, asked of the desk's reader lanes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from uuid import UUID

from commandcenter.runtime import Desktop
from db.queries import log
from db.queries.log import DayCounts, LogFilter, LogLine


class DeskLines:
    """See ui.tables.source.LineSource."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop

    def counts(self, filter_: LogFilter, /) -> Future[DayCounts]:
        """Lines per day under the filter, as of now."""
        return self._desktop.ask(lambda connection: log.day_counts(connection, filter_))

    def page(self, counts: DayCounts, first: int, wanted: int) -> Future[list[LogLine]]:
        """Up to ``wanted`` lines from position ``first``."""
        return self._desktop.ask(lambda connection: log.page(connection, counts, first, wanted))

    def position(self, counts: DayCounts, happened_at: datetime, id_: UUID, /) -> Future[int]:
        """Where a line stands under the counts' filter."""
        return self._desktop.ask(lambda connection: log.position(connection, counts, happened_at, id_))

    def lines(self, ids: Sequence[UUID], /) -> Future[list[LogLine]]:
        """The lines with these ids."""
        return self._desktop.ask(lambda connection: log.lines_by_id(connection, ids))

"""The rows of the sync page in words: made on a reader's thread from names known when it was asked."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from commandcenter.services.exchange_sentences import ExchangeWords
from commandcenter.words import Words
from db.desk.engine import Connection
from db.queries.clash import Clash
from db.queries.clashes import ClashPage, clashes
from db.queries.exchange import (
    Backlog,
    ExchangeFilter,
    Group,
    RefusedGroup,
    RefusedPage,
    WaitingPage,
    refused,
    waiting,
)
from ui.directory import LiveDirectory
from ui.register_words import CardWords
from ui.rows_list import Row
from ui.sync_watch import backlog


class Seen(NamedTuple):
    """What a reader brings: the rows of one list, what all three count, and what the foot says of it."""

    tab: str
    rows: tuple[Row, ...]
    page: WaitingPage | RefusedPage | ClashPage
    backlog: Backlog
    oldest: str = ""  # of what waits: when it was typed


def exchange_words(words: Words, directory: LiveDirectory) -> ExchangeWords:
    """Words with the names known now; frozen."""
    cards = CardWords.of(words, directory)
    numbers = {card.id: card.code for card in directory.now.cards.values() if card.kind == "incident"}

    def name(kind: str, id_: UUID) -> str:
        return (numbers.get(id_) or "") if id_ in numbers else cards.name(id_)

    return ExchangeWords(words, name, hidden=directory.hidden)


def look(
    connection: Connection, filter_: ExchangeFilter, limit: int, put: ExchangeWords, now: datetime
) -> Seen:
    """One list in words, and the counts of all three."""
    count = backlog(connection)
    if filter_.list == "waiting":
        wait = waiting(connection, limit=limit)
        rows = tuple(_waiting(group, put, now) for group in wait.groups)
        return Seen("waiting", rows, wait, count, put.when(wait.oldest_at, now))
    if filter_.list == "refused":
        back = refused(connection, answered=filter_.answered, limit=limit)
        return Seen("refused", tuple(_refused(group, put, now) for group in back.groups), back, count)
    open_ = clashes(connection, aside=filter_.answered, limit=limit)
    return Seen("exceptions", tuple(_clash(clash, put) for clash in open_.clashes), open_, count)


def _waiting(group: Group, put: ExchangeWords, now: datetime) -> Row:
    at = put.when(group.at, now)
    detail = put.words("exchange.row.waiting", at=at, age=put.age(group.at, now))
    return Row(group.id, _one_line(put.group(group)), detail, about=group)


def _refused(group: RefusedGroup, put: ExchangeWords, now: datetime) -> Row:
    done = group.answered_at is not None
    when = put.words("exchange.row.refused", at=put.when(group.refused_at, now))
    return Row(
        group.id,
        _one_line(put.group(group.group)),
        put.words("exchange.and").join((when, put.why(group))),
        tag=put.words("exchange.row.answered") if done else "",
        quiet=done,
        about=group,
    )


def _clash(clash: Clash, put: ExchangeWords) -> Row:
    said = put.words("exchange.or").join(_one_line(put.of_clash(clash, value)) for value in clash.values)
    tag = put.words("exchange.row.values", count=len(clash.values))
    if clash.aside:
        tag = put.words("exchange.row.aside")
    return Row(clash.id, _one_line(put.clash(clash)), said, tag=tag, quiet=clash.aside, about=clash)


def _one_line(text: str) -> str:
    return " ".join(text.split())

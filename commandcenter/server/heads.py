"""The signed heads: the centre's word on its feed's chain, for those who may hold it against the centre."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from commandcenter.domain.clock import to_ms, whole_ms
from commandcenter.domain.errors import Unavailable
from commandcenter.domain.signed_head import SignedHead
from commandcenter.protocol.codes import verify_signature
from commandcenter.protocol.messages import FeedPage, Signed
from commandcenter.server.centre_key import CentreKey, centre_key_of
from db.centre import heads
from db.centre.admission import AdmissionConnection
from db.centre.engine import CentreEngine, reading

FILE = "heads.jsonl"  # beside the centre's database: what it signed when it was backed up or verified
AT_MOST_EVERY_S = 0.2


def signed(connection: AdmissionConnection, key: CentreKey, now: datetime) -> SignedHead:
    """The newest head, signed. ``now`` is taken by the caller before the connection reads, so that no later
    word can be about an earlier head."""
    epoch, n, hash_ = heads.newest(connection)
    head = SignedHead(epoch=epoch, n=n, hash=hash_.hex(), at=to_ms(whole_ms(now)))
    return dataclasses.replace(head, signature=key.sign(head.message).hex())


def is_ours(public: bytes, head: SignedHead) -> bool:
    """Whether the holder of the key signed this head."""
    try:
        signature = bytes.fromhex(head.signature)
    except ValueError:
        return False
    return verify_signature(public, head.message, signature)


class Heads:
    """Signs the head of the feed for those who have come to its end: each head once, and never more than five
    a second; in between the newest one signed is told. Thread-safe."""

    def __init__(self, engine: CentreEngine, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._now = now
        self._lock = threading.Lock()
        self._key: CentreKey | None = None
        self._newest: Signed | None = None
        self._made_at = float("-inf")
        self.made = 0  # signatures

    def put_into(self, page: FeedPage) -> FeedPage:
        """The page; where it is the feed's end, with the newest signed head."""
        if page.digests is not None:
            page.signed = self._of(page.epoch, page.head)
        return page

    def _of(self, epoch: int, n: int) -> Signed | None:
        newest = self._newest
        if newest is not None and (newest.epoch, newest.n) == (epoch, n):
            return newest
        if time.monotonic() < self._made_at + AT_MOST_EVERY_S or not self._lock.acquire(blocking=False):
            return newest
        try:
            now = self._now()
            with reading(self._engine) as connection:
                self._key = self._key or centre_key_of(connection)
                if self._key is None:  # nobody was admitted yet who could know the key
                    return None
                head = signed(connection, self._key, now)
            self.made += 1
            self._made_at = time.monotonic()
            self._newest = Signed(head.epoch, head.n, head.hash, head.at, head.signature)
            return self._newest
        finally:
            self._lock.release()


# --- heads in files


def note(folder: Path, head: SignedHead, why: str) -> None:
    """Write a head beside the database, where a changed database cannot change it."""
    line = {"why": why, "centre": as_json(head)}
    with (folder / FILE).open("ab") as stream:
        stream.write(json.dumps(line).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def as_json(head: SignedHead) -> dict[str, int | str]:
    """As lines of files have it."""
    return {"epoch": head.epoch, "n": head.n, "hash": head.hash, "at": head.at, "signature": head.signature}


def heads_in(file: Path) -> Iterator[SignedHead]:
    """The signed heads in a file of lines (a desk's ``anchors.jsonl``, or our own); lines that have none, or
    were torn by a crash, are passed over. Unavailable ``no_such_file``."""
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise Unavailable("no_such_file", file=str(file)) from error
    for line in lines:
        try:
            yield _line.decode(line).centre
        except msgspec.MsgspecError:
            continue


class _Line(msgspec.Struct):
    centre: SignedHead


_line = msgspec.json.Decoder(_Line)


def sorted_by_signature(
    public: bytes, found: Iterable[SignedHead]
) -> tuple[list[SignedHead], list[SignedHead]]:
    """(those that this key signed, those that it did not); each head once."""
    good: dict[SignedHead, None] = {}
    bad: dict[SignedHead, None] = {}
    for head in found:
        (good if is_ours(public, head) else bad)[head] = None
    return list(good), list(bad)

"""The messages between desk and centre: one JSON object each, entries in them byte for byte as first written.

Version 1 (2026-11-23). Steps, each a POST or GET below ``/v1``:

    push      the desk's unsent groups, in the order of its chain -> a verdict for each
    offer     entries that a restored centre lacks, own and others', with the number they once had
    feed      the numbered entries after a cursor -> a page; empty at the end, with the centre's digests
    history   the numbered entries of a class up to a head: a new desk's begin, and what follows
    refill    the numbered entries of one kind and scope
    content   what the centre's rows of one kind say, hashed: a piece of the kind at a time
    stream    server-sent events: each group as it is accepted

Every answer says the centre's epoch, and where the desk named another one all epochs there were. Numbers are
(epoch, n); n alone tells the order in which the feed is read. An unknown key in a message is passed over.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

VERSION = 1
CONTENT_TYPE = "application/vnd.licheng.v1+json"
VERSION_HEADER = "Licheng-Protocol"

GROUP_MAX = 500  # changes of one command
ENTRY_BYTES_MAX = 128_000  # a line of 4,000 characters is 12,000 bytes, sealed 100
PUSH_BYTES = 512_000  # what a desk puts into one push, but never less than a group
PUSH_BYTES_MAX = 4_000_000  # what the centre takes
FEED_LIMIT = 2_000  # entries of one page, and a group is never cut
STREAM_BYTES_MAX = 16_000  # a group larger than this is only named on the stream


LEFT_OUT = msgspec.Raw()  # an entry that the asker wrote itself


class Beside(msgspec.Struct, omit_defaults=True):
    """A personal value beside the chain; ``s``: the salt in hex."""

    s: str
    v: Any = None
    f: Any = None  # the former value


class Sent(msgspec.Struct, omit_defaults=True):
    """One entry on its way to the centre. ``b``: its chain's hash before it in hex, left out where it follows
    the entry before it in the same push."""

    e: msgspec.Raw
    p: dict[str, Beside] = {}
    b: str = ""


class Offered(msgspec.Struct, omit_defaults=True):
    """One entry that was numbered before the centre was restored: its first number with it."""

    e: msgspec.Raw
    epoch: int
    n: int
    p: dict[str, Beside] = {}


class Note(msgspec.Struct, omit_defaults=True):
    """What the centre remarks on an entry."""

    doubtful: bool = False  # the desk's clock was more than five minutes off what it said
    gain: tuple[UUID, ...] = ()  # the scopes that see this incident from now on
    loss: tuple[UUID, ...] = ()  # and those that no longer do


class Numbered(msgspec.Struct, omit_defaults=True):
    """One entry of the feed. ``e`` is left out where the desk that asks wrote it itself: ``id`` names it."""

    n: int
    epoch: int
    e: msgspec.Raw = LEFT_OUT
    id: UUID | None = None
    p: dict[str, Beside] = {}
    unseen: bool = False  # of a card that is not the asker's to see (any more): numbered, and out of sight
    lacks: bool = False  # the centre has not its personal values: whoever has them offers the entry again
    order: tuple[int, int] | None = None  # its first number, where it was offered again
    note: Note | None = None


class Verdict(msgspec.Struct, omit_defaults=True):
    """What became of a group: ``accepted``, ``merged`` (a field has several values now) or ``refused``."""

    group: UUID
    verdict: str
    code: str = ""
    arguments: dict[str, Any] = {}


class Epoch(msgspec.Struct):
    """An epoch, and the number after which it began."""

    epoch: int
    after: int


class Position(msgspec.Struct):
    """Where a side stands in the feed."""

    epoch: int
    n: int


class PushRequest(msgspec.Struct):
    """``now``: the desk's clock in milliseconds since 1970."""

    position: Position
    now: int
    groups: list[list[Sent]]


class OfferRequest(msgspec.Struct):
    """Entries offered again, in the order of their numbers."""

    position: Position
    entries: list[Offered]


class Answer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What every answer says: the centre's epoch, its head, its clock. ``began``: all its epochs, where the
    desk named another than the newest."""

    epoch: int
    began: list[Epoch] = []
    head: int
    now: int
    fork: bool = False  # the desk's chain went on elsewhere: it takes a new device id


class PushAnswer(Answer, kw_only=True, omit_defaults=True):
    """A verdict for each group, in their order."""

    verdicts: list[Verdict] = []


class OfferAnswer(Answer, kw_only=True, omit_defaults=True):
    """``taken``: the ids that are at the centre now."""

    taken: list[UUID] = []


class Held(msgspec.Struct):
    """A digest: how many rows of a kind in a scope, and the sum of their hashes mod 2^64 (signed)."""

    kind: str
    scope: UUID | None
    count: int
    sum: int


class Signed(msgspec.Struct, frozen=True):
    """A head of the feed's chain, signed by the centre (commandcenter.domain.signed_head): with entry ``n``
    of ``epoch`` the chain had come to ``hash``, at ``at`` by the centre's clock. Both in hex."""

    epoch: int
    n: int
    hash: str
    at: int
    signature: str


class FeedPage(Answer, kw_only=True, omit_defaults=True):
    """Entries after the cursor, ascending; ``to``: the cursor after them. At the end of the feed the digests
    of the scopes that this desk sees whole, and the newest signed head, maybe a little behind ``head``."""

    entries: list[Numbered] = []
    to: int
    more: bool = False
    digests: list[Held] | None = None
    signed: Signed | None = None


class HistoryPage(Answer, kw_only=True, omit_defaults=True):
    """Entries of one class; ``next``: where the next page begins, None at the end."""

    entries: list[Numbered] = []
    next: int | None = None


class ContentPage(Answer, kw_only=True, omit_defaults=True):
    """The content digests of the rows of one kind with ids after the one asked for, up to ``through``; None:
    to the end. They say what stood at ``head``. ``fields``: those that the centre knows of the kind; none
    where it does not know the kind. ``everything``: a scope that is not named holds nothing; else those
    named are the asker's own, and it knows nothing of others."""

    sums: list[Held] = []
    fields: list[str] = []
    through: UUID | None = None
    everything: bool = False


class Refusal(msgspec.Struct, omit_defaults=True):
    """Why a whole request was turned away."""

    code: str
    arguments: dict[str, Any] = {}


encoder = msgspec.json.Encoder()
push_request = msgspec.json.Decoder(PushRequest)
push_answer = msgspec.json.Decoder(PushAnswer)
offer_request = msgspec.json.Decoder(OfferRequest)
offer_answer = msgspec.json.Decoder(OfferAnswer)
feed_page = msgspec.json.Decoder(FeedPage)
history_page = msgspec.json.Decoder(HistoryPage)
content_page = msgspec.json.Decoder(ContentPage)
refusal = msgspec.json.Decoder(Refusal)

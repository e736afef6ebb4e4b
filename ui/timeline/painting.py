"""The lanes' painting: the ruler of time, the lanes' names, bars, points with their words, and now."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter, QPen

from ui.charts.words import tick_text, ticks_of
from ui.theme import SPACE, TYPE

if TYPE_CHECKING:
    from ui.timeline.lane import Lane
    from ui.timeline.lanes import LanesView

LABEL, RULER, ROW, TICK = 76, 26, 26, 86
DOT = 9
TOUCHING = 3  # pixels: dots nearer than this are one
# (ground, ink) of a stretch of a bar: waiting, on the way, there, over. States differ by brightness and word.
TONES = (("raised", "text"), ("mid", "mid_text"), ("accent_fill", "accent_fill_text"), ("raised", "muted"))
MIDDLE = Qt.AlignmentFlag.AlignVCenter


def paint(painter: QPainter, view: LanesView, now: float) -> None:
    """The whole of it; ``now`` in seconds since 1970."""
    theme = view.theme
    px = theme.px
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _ruler(painter, view)
    hair = px(SPACE.hair)
    for at, (lane, top) in enumerate(zip(view.lanes(), view.tops(), strict=False)):
        painter.setFont(theme.font(TYPE.small))
        painter.setPen(theme.colour("muted"))
        label = QRectF(px(SPACE.m), top, px(LABEL) - px(SPACE.m) - px(SPACE.xs), px(ROW))
        shown = painter.fontMetrics().elidedText(
            label_of(lane), Qt.TextElideMode.ElideRight, int(label.width())
        )
        painter.drawText(label, MIDDLE, shown)
        bottom = top + lane.rows * px(ROW)
        painter.fillRect(QRectF(px(LABEL), bottom, view.width(), hair), theme.colour("line_soft"))
        painter.save()
        painter.setClipRect(QRectF(px(LABEL), 0, view.width() - px(LABEL), view.height()))
        if any(item.parts for item in lane.items):
            _bars(painter, view, at, lane)
        else:
            _points(painter, view, at, lane, top)
        painter.restore()
    x = view.x_of(now)
    if px(LABEL) <= x <= view.width():
        painter.fillRect(QRectF(x, px(RULER), px(2), view.height()), theme.colour("accent"))
    if view.hasFocus():
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("accent"), px(SPACE.focus)))
        painter.drawRect(QRectF(view.rect()).adjusted(1, 1, -1, -1))


def label_of(lane: Lane) -> str:
    """Its name, and how many of it found no row."""
    return f"{lane.label} +{lane.left_out}" if lane.left_out else lane.label


def _ruler(painter: QPainter, view: LanesView) -> None:
    theme, px = view.theme, view.theme.px
    left, right = view.span()
    _, ticks = ticks_of(left, right, (view.width() - px(LABEL)) / px(TICK))
    painter.setFont(theme.font(TYPE.small, figures=True))
    for tick in ticks:
        x = view.x_of(tick)
        if x < px(LABEL):
            continue
        painter.fillRect(QRectF(x, px(RULER), px(SPACE.hair), view.height()), theme.colour("line_soft"))
        painter.setPen(theme.colour("muted"))
        box = QRectF(x - px(TICK) / 2, 0, px(TICK), px(RULER))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tick_text(view.words, tick))


def _bars(painter: QPainter, view: LanesView, at: int, lane: Lane) -> None:
    theme, px = view.theme, view.theme.px
    painter.setFont(theme.font(TYPE.small))
    chosen = view.chosen()
    for number, item in enumerate(lane.items):
        box = view.box(at, number)
        if box.right() < px(LABEL) or box.left() > view.width():
            continue
        named = False
        for part in item.parts or ():
            begin, end = view.x_of(part.begin), view.x_of(part.end)
            piece = QRectF(begin, box.top(), max(px(2), end - begin), box.height())
            ground, ink = TONES[part.tone]
            painter.setPen(QPen(theme.colour("edge" if ground == "raised" else ground), px(SPACE.hair)))
            painter.setBrush(theme.colour(ground))
            painter.drawRoundedRect(piece, px(SPACE.radius_s) / 2, px(SPACE.radius_s) / 2)
            painter.setPen(theme.colour(ink))
            seen = piece.intersected(QRectF(px(LABEL), 0, view.width(), view.height()))
            room = int(seen.width()) - px(SPACE.s)
            words = part.text if named else f"{item.text} {part.text}"
            if room > px(28):
                shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
                painter.drawText(seen.adjusted(px(SPACE.xs), 0, 0, 0), MIDDLE, shown)
                named = True
        if item is chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("text"), px(SPACE.focus)))
            painter.drawRoundedRect(box, px(SPACE.radius_s) / 2, px(SPACE.radius_s) / 2)


def _points(painter: QPainter, view: LanesView, at: int, lane: Lane, top: int) -> None:
    """Dots, the strong ones filled with the strongest ink; words where there is room before the next dot."""
    theme, px = view.theme, view.theme.px
    font = theme.font(TYPE.small)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    left, right = view.span()
    items, chosen = lane.items, view.chosen()
    first = max(0, bisect_left(items, left, key=lambda item: item.begin) - 1)
    last = bisect_left(items, right, key=lambda item: item.begin)
    dot, middle = px(DOT), top + px(ROW) / 2
    free = -1e9  # up to here a dot, or words, stand already
    rings = [QPen(theme.colour(ink), px(SPACE.hair)) for ink in ("panel", "text")]
    grounds = [QBrush(theme.colour(ink)) for ink in ("edge", "text", "accent")]
    more, least = px(4), px(40)
    begin = view.x_of(left)
    scale = (view.x_of(right) - begin) / (right - left)
    for number in range(first, min(last + 1, len(items))):
        item = items[number]
        x = begin + (item.begin - left) * scale
        if x - free < TOUCHING and item is not chosen:  # it would be painted over the one before
            continue
        if item is chosen:
            painter.setPen(rings[1])
            painter.setBrush(grounds[2])
            size = dot + more
        else:
            painter.setPen(rings[0])
            painter.setBrush(grounds[item.strong])
            size = dot
        painter.drawEllipse(QRectF(x - size / 2, middle - size / 2, size, size))
        after = float(view.width())
        if number + 1 < len(items):
            after = begin + (items[number + 1].begin - left) * scale
        room = after - x - dot * 2
        free = x
        if room > least and item.text:
            width = min(room, metrics.horizontalAdvance(item.text) + 2)
            shown = metrics.elidedText(item.text, Qt.TextElideMode.ElideRight, width)
            painter.setPen(rings[1])
            painter.drawText(QRectF(x + dot, top, width, px(ROW)), MIDDLE, shown)

"""The icons: a few signs of the Material Design Icons font, drawn as text in the colour wanted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPainter

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

# beside this package, like the catalogues; resources/fonts/README.md says where it comes from
FILE = os.path.normpath(os.path.join(__file__, "../../resources/fonts/icons.ttf"))  # noqa: PTH118

CODEPOINTS = {
    "overview": 0xF0A1D,
    "log": 0xF14E9,
    "incident": 0xF05DD,
    "search": 0xF0349,
    "register": 0xF01D7,
    "settings": 0xF08BB,
    "person": 0xF0013,
    "team": 0xF0B58,
    "keys": 0xF097B,
    "print": 0xF1786,
    "export": 0xF0207,
    "close": 0xF0156,
    "check": 0xF012C,
    "edit": 0xF0CB6,
    "add": 0xF0415,
    "place": 0xF07D9,
    "phone": 0xF0DF0,
    "clock": 0xF0150,
    "filter": 0xF0236,
    "history": 0xF02DA,
    "exchange": 0xF04E6,
    "warning": 0xF002A,
    "chart": 0xF154E,
    "book": 0xF15D6,
    "next": 0xF0142,
}


class _Loaded:
    """The family name once the font file is in Qt; "" when it cannot be had; None before."""

    family: str | None = None


def load() -> str:
    """Put the icon font into Qt once and return its family, "" where it is missing."""
    if _Loaded.family is None:
        number = QFontDatabase.addApplicationFont(FILE)
        families = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
        _Loaded.family = families[0] if families else ""
    return _Loaded.family


def loaded() -> bool:
    """Whether icons can be drawn now."""
    return bool(_Loaded.family)


def paint(painter: QPainter, rect: QRectF, name: str, colour: QColor) -> None:
    """Draw icon ``name`` centred in ``rect``; nothing while the font is not loaded. KeyError if unknown."""
    sign = chr(CODEPOINTS[name])
    if not _Loaded.family:
        return
    font = QFont(_Loaded.family)
    font.setPixelSize(max(1, round(min(rect.width(), rect.height()))))
    painter.save()
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, sign)
    painter.restore()


def icon(name: str, colour: QColor, size: int, ratio: float = 1.0) -> QIcon:
    """Icon ``name`` as a QIcon of ``size`` pixels; loads the font if needed. KeyError if unknown."""
    from PySide6.QtGui import QIcon, QPixmap

    # before the painter: a pixmap that goes while it is painted on takes the program with it
    if name not in CODEPOINTS:
        raise KeyError(name)
    load()
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint(painter, QRectF(0, 0, size, size), name, colour)
    painter.end()
    return QIcon(picture)

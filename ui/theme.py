"""The look: every colour, type size and space of the program, as tokens, and their way into Qt."""

from __future__ import annotations

from typing import Literal, NamedTuple

from PySide6.QtGui import QBrush, QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

ThemeName = Literal["dark", "light"]
SCALES = (1.0, 1.25, 1.5, 1.75, 2.0)


class Colours(NamedTuple):
    """One theme's colours as "#rrggbb". Names ending in _text are read on the name before them."""

    bg: str
    chrome: str
    panel: str
    raised: str
    line: str
    line_soft: str
    edge: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_soft: str
    accent_soft_text: str
    accent_fill: str
    accent_fill_text: str
    selection: str
    selection_text: str
    strong: str
    strong_text: str
    mid: str
    mid_text: str
    danger: str
    danger_soft: str
    danger_soft_text: str
    bar_empty: str
    warn_red: str
    warn_red_text: str
    warn_orange: str
    warn_orange_text: str
    warn_yellow: str
    warn_yellow_text: str
    warn_blue: str
    warn_blue_text: str


LIGHT = Colours(
    bg="#eef2f7",
    chrome="#ffffff",
    panel="#ffffff",
    raised="#f3f6fb",
    line="#d3dce8",
    line_soft="#e3e9f1",
    edge="#7488a6",
    text="#142033",
    muted="#4a5d78",
    faint="#596a84",
    accent="#0f766e",
    accent_soft="#d9f3ef",
    accent_soft_text="#0b4a45",
    accent_fill="#0f766e",
    accent_fill_text="#ffffff",
    selection="#d9f3ef",
    selection_text="#142033",
    strong="#142033",
    strong_text="#ffffff",
    mid="#b9c7da",
    mid_text="#142033",
    danger="#b3261e",
    danger_soft="#fdecea",
    danger_soft_text="#8c1d18",
    bar_empty="#d3dce8",
    warn_red="#d32f2f",
    warn_red_text="#ffffff",
    warn_orange="#f08c00",
    warn_orange_text="#1a1206",
    warn_yellow="#f5c518",
    warn_yellow_text="#1a1606",
    warn_blue="#1565c0",
    warn_blue_text="#ffffff",
)

DARK = Colours(
    bg="#0b1220",
    chrome="#0e1728",
    panel="#111a2c",
    raised="#152036",
    line="#24334f",
    line_soft="#1b2741",
    edge="#5f7599",
    text="#e8eef8",
    muted="#b4c4dc",
    faint="#8ea2c2",
    accent="#2bc4b0",
    accent_soft="#0f3b3a",
    accent_soft_text="#e8eef8",
    accent_fill="#0f756d",
    accent_fill_text="#ffffff",
    selection="#14474a",
    selection_text="#f4f8ff",
    strong="#e8eef8",
    strong_text="#111a2c",
    mid="#344a72",
    mid_text="#f4f8ff",
    danger="#ff8a80",
    danger_soft="#3b1a1f",
    danger_soft_text="#ffb4ab",
    bar_empty="#344a72",
    warn_red="#ff5a5a",
    warn_red_text="#1f0606",
    warn_orange="#ff922b",
    warn_orange_text="#1a1206",
    warn_yellow="#ffd43b",
    warn_yellow_text="#1a1606",
    warn_blue="#74b0ff",
    warn_blue_text="#06162b",
)

_SURFACES = ("bg", "chrome", "panel", "raised")


def text_pairs() -> list[tuple[str, str]]:
    """(text token, background token) for every pair that is read: each must reach 4.5 : 1."""
    pairs = [(ink, ground) for ink in ("text", "muted", "faint", "accent", "danger") for ground in _SURFACES]
    names = Colours._fields
    pairs += [(name, name[:-5]) for name in sorted(names) if name.endswith("_text")]
    return [*pairs, ("muted", "accent_soft"), ("accent", "accent_soft"), ("muted", "selection")]


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two "#rrggbb" colours, 1.0 to 21.0 (WCAG 2.1, relative luminance)."""
    a, b = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


class TypeScale:
    """Font sizes in pixels at 100 %."""

    tiny: int = 11
    small: int = 12
    body: int = 14
    line: int = 15
    title: int = 19
    clock: int = 24
    figure: int = 40


class SpaceScale:
    """Distances, radii and the few fixed measures of the frame, in pixels at 100 %."""

    xs: int = 4
    s: int = 8
    m: int = 12
    l: int = 16  # noqa: E741 - the size's name
    radius_s: int = 4
    radius: int = 6
    hair: int = 1
    focus: int = 2
    mark: int = 3
    row: int = 37
    control: int = 26
    header: int = 55
    rail: int = 84
    rail_item: int = 76
    box: int = 38
    status: int = 24
    icon: int = 22
    icon_s: int = 16


class Theme(NamedTuple):
    """One look: its name, the reading scale (1.0 to 2.0) and the families to write in."""

    name: ThemeName = "dark"
    scale: float = 1.0
    families: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()

    @property
    def colours(self) -> Colours:
        """The colours of this theme."""
        return DARK if self.name == "dark" else LIGHT

    def px(self, size: float) -> int:
        """A token's size in pixels at this scale, never less than one."""
        return max(1, round(size * self.scale))

    def colour(self, token: str) -> QColor:
        """A colour token as QColor. AttributeError if there is no such token."""
        return QColor(getattr(self.colours, token))

    def brush(self, token: str) -> QBrush:
        """The same for a ground. Filling with a colour makes PySide load QGradient first: 2 ms of a start."""
        return QBrush(self.colour(token))

    def font(self, size: int, *, bold: bool = False, figures: bool = False) -> QFont:
        """A font of ``size`` (a token of TYPE); ``figures`` gives digits of one width."""
        font = QFont()
        families = self.figures if figures and self.figures else self.families
        if families:
            font.setFamilies(list(families))
        font.setPixelSize(self.px(size))
        if bold:
            font.setWeight(QFont.Weight.Bold)
        if figures:
            font.setFeature(QFont.Tag.fromString("tnum"), 1)
        return font


# Given to the QApplication as arguments: asking it for its style costs a start 5 ms, for QStyle's many enums.
STYLE = ("-style", "fusion")
TYPE = TypeScale()
SPACE = SpaceScale()


def apply(app: QApplication, theme: Theme) -> None:
    """Dress the whole program: the palette, the font and one short style sheet, over the style of STYLE."""
    app.setPalette(palette(theme))
    app.setFont(theme.font(TYPE.body))
    app.setStyleSheet(style_sheet(theme))


def palette(theme: Theme) -> QPalette:
    """The theme as a QPalette, with its disabled group."""
    c, role = theme.colours, QPalette.ColorRole
    result = QPalette()
    roles = {
        role.Window: c.bg,
        role.WindowText: c.text,
        role.Base: c.panel,
        role.AlternateBase: c.raised,
        role.Text: c.text,
        role.PlaceholderText: c.faint,
        role.Button: c.panel,
        role.ButtonText: c.text,
        role.BrightText: c.danger,
        role.ToolTipBase: c.strong,
        role.ToolTipText: c.strong_text,
        role.Highlight: c.selection,
        role.HighlightedText: c.selection_text,
        role.Accent: c.accent,
        role.Link: c.accent,
        role.LinkVisited: c.accent,
        role.Light: c.raised,
        role.Midlight: c.line_soft,
        role.Mid: c.line,
        role.Dark: c.edge,
        role.Shadow: c.line,
    }
    for key, value in roles.items():
        result.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, QColor(c.faint))
    return result


def style_sheet(theme: Theme) -> str:
    """What a palette cannot say: frames of fields and buttons, table heads, slim scroll bars."""
    c, px = theme.colours, theme.px
    s = SPACE
    return f"""
QToolTip {{ background: {c.strong}; color: {c.strong_text}; border: 0; padding: {px(s.xs)}px {px(s.s)}px; }}
QLineEdit, QPlainTextEdit {{ placeholder-text-color: {c.faint}; }}
QLineEdit, QComboBox {{ background: {c.panel}; color: {c.text}; border: {px(s.hair)}px solid {c.line};
  border-radius: {px(s.radius_s)}px; padding: 0 {px(s.xs)}px; min-height: {px(s.control - 2)}px; }}
QLineEdit:focus, QComboBox:focus {{ border-color: {c.accent}; }}
QPlainTextEdit {{ background: {c.panel}; color: {c.text}; border: {px(s.hair)}px solid {c.line};
  border-radius: {px(s.radius)}px; selection-background-color: {c.selection};
  selection-color: {c.selection_text}; }}
QPlainTextEdit:focus {{ border-color: {c.accent}; }}
QLineEdit[refused="true"], QPlainTextEdit[refused="true"] {{ border-color: {c.danger}; }}
QPushButton {{ background: {c.panel}; color: {c.text}; border: {px(s.hair)}px solid {c.line};
  border-radius: {px(s.radius_s)}px; padding: 0 {px(s.m)}px; min-height: {px(s.control)}px; }}
QPushButton:hover {{ background: {c.raised}; border-color: {c.edge}; }}
QPushButton:focus {{ border-color: {c.accent}; }}
QPushButton:default, QPushButton:checked {{ background: {c.accent_fill}; color: {c.accent_fill_text};
  border-color: {c.accent}; }}
QPushButton:default:focus {{ border-color: {c.text}; }}
QPushButton:disabled {{ color: {c.faint}; }}
QAbstractItemView {{ background: {c.panel}; border: 0; outline: 0; gridline-color: {c.line_soft}; }}
QHeaderView, QHeaderView::section {{ background: {c.panel}; color: {c.muted}; border: 0; }}
QHeaderView::section {{ border-bottom: {px(s.hair)}px solid {c.line}; padding: {px(s.xs)}px {px(s.s)}px; }}
QScrollBar:vertical {{ background: transparent; width: {px(10)}px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: {px(10)}px; margin: 0; }}
QScrollBar::handle {{ background: {c.mid}; border-radius: {px(s.radius_s)}px; margin: {px(2)}px; }}
QScrollBar::handle:vertical {{ min-height: {px(28)}px; }}
QScrollBar::handle:horizontal {{ min-width: {px(28)}px; }}
QScrollBar::handle:hover {{ background: {c.edge}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""

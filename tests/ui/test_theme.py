"""The look is held: contrast, scale, fonts that show Chinese, icons, the input method's choice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import PySide6
import pytest
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QRawFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from commandcenter.words import catalogue
from ui import fonts, icons, input_method
from ui.shell.grade import GradeBadge, grade_size, paint_grade
from ui.theme import (
    DARK,
    LIGHT,
    SCALES,
    SPACE,
    TYPE,
    Colours,
    Theme,
    apply,
    contrast,
    style_sheet,
    text_pairs,
)

THEMES = {"dark": DARK, "light": LIGHT}


@pytest.fixture(autouse=True)
def undressed(qapp: QApplication) -> Iterator[None]:
    """The other tests' program stays as it was."""
    yield
    qapp.setStyleSheet("")


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("pair", text_pairs(), ids="-on-".join)
def test_every_text_can_be_read(name: str, pair: tuple[str, str]) -> None:
    """4.5 : 1 for every pair of text and ground."""
    colours = THEMES[name]
    assert contrast(getattr(colours, pair[0]), getattr(colours, pair[1])) >= 4.5


def test_contrast_is_the_published_measure() -> None:
    """Known values of WCAG."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_ink_has_its_ground_in_the_pairs() -> None:
    """No colour for text escapes the test above."""
    inks = {ink for ink, _ in text_pairs()}
    written = {name for name in Colours._fields if name.endswith("_text")}
    assert written | {"text", "muted", "faint", "accent", "danger"} == inks


@pytest.mark.parametrize("scale", SCALES)
def test_scale_reaches_type_and_space(scale: float, qapp: QApplication) -> None:
    """Every token grows with the reading scale."""
    theme = Theme("dark", scale)
    assert theme.font(TYPE.body).pixelSize() == round(TYPE.body * scale)
    assert theme.px(SPACE.m) == round(SPACE.m * scale)
    assert f"{round(SPACE.control * scale)}px" in style_sheet(theme)
    assert theme.px(0.2) == 1


@pytest.mark.parametrize("name", ["dark", "light"])
def test_apply_dresses_the_program(name: str, qapp: QApplication) -> None:
    """Fusion, palette and font."""
    theme = Theme("dark" if name == "dark" else "light", 1.5)
    apply(qapp, theme)
    assert qapp.palette().color(QPalette.ColorRole.Window) == theme.colour("bg")
    assert qapp.palette().color(QPalette.ColorRole.Highlight) == theme.colour("selection")
    assert qapp.font().pixelSize() == 21


def test_the_grade_is_word_and_bars_without_colour(qtbot: QtBot) -> None:
    """More bars, more ink; grey only; the word is there."""
    theme = Theme("light")
    size = grade_size("重大", theme)
    inks = []
    for filled in range(5):
        image = QImage(size, QImage.Format.Format_RGB32)
        image.fill(QColor("#ffffff"))
        painter = QPainter(image)
        paint_grade(painter, QRect(0, 0, size.width(), size.height()), filled, "", theme)
        painter.end()
        inks.append(sum(image.pixelColor(x, size.height() // 2) == theme.colour("text") for x in range(60)))
        warm = [c for x in range(60) if (c := image.pixelColor(x, 10)).red() > c.blue() + 20]
        assert not warm
    assert inks == sorted(inks)
    assert len(set(inks)) == 5
    with pytest.raises(ValueError, match="bars"):
        GradeBadge(theme, 5, "x")
    badge = GradeBadge(theme, 4, "特别重大")
    qtbot.addWidget(badge)
    assert badge.accessibleName() == "特别重大"
    assert badge.sizeHint().width() > size.width()


def test_the_family_chosen_shows_chinese(qapp: QApplication) -> None:
    """The district's name has glyphs, bundled or installed (the bundled one lacks U+20BB7, and says so)."""
    for bundled in (False, True):
        chosen = fonts.choose(prefer_bundled=bundled)
        assert fonts.missing_glyphs(chosen.families[0]) in (None, "rare_glyphs_missing")
        font = Theme(families=chosen.families).font(TYPE.body)
        raw = QRawFont.fromFont(font)
        assert all(raw.supportsCharacter(ord(sign)) for sign in "鲤城区应急㐂")


def test_a_family_without_chinese_is_told(qapp: QApplication) -> None:
    """The icon font has no Chinese."""
    assert fonts.missing_glyphs(icons.load()) == "no_cjk_font"


def test_figures_have_one_width(qapp: QApplication) -> None:
    """A clock does not tremble."""
    from PySide6.QtGui import QFontMetricsF

    chosen = fonts.choose()
    theme = Theme(families=chosen.families, figures=chosen.figures)
    metrics = QFontMetricsF(theme.font(TYPE.clock, figures=True, bold=True))
    assert len({metrics.horizontalAdvance(digit) for digit in "0123456789"}) == 1


def test_icons_are_in_the_font_and_take_the_colour(qapp: QApplication) -> None:
    """Each sign has a glyph; it is drawn in the colour asked for."""
    family = icons.load()
    assert family
    assert icons.loaded()
    raw = QRawFont.fromFont(Theme(families=(family,)).font(20))
    assert [name for name, sign in icons.CODEPOINTS.items() if not raw.supportsCharacter(sign)] == []
    image = QImage(24, 24, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 0))
    painter = QPainter(image)
    icons.paint(painter, QRectF(0, 0, 24, 24), "search", QColor("#0f766e"))
    painter.end()
    solid = [image.pixelColor(x, y) for x in range(24) for y in range(24)]
    assert any(c.alpha() == 255 and c.name() == "#0f766e" for c in solid)
    assert not icons.icon("close", QColor("#ffffff"), 16).isNull()
    with pytest.raises(KeyError):
        icons.icon("unknown", QColor("#ffffff"), 16)


def plugin_folder(tmp_path: Path, *names: str) -> Path:
    """A folder like Qt's platforminputcontexts."""
    for name in names:
        (tmp_path / f"lib{name}platforminputcontextplugin.so").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"QT_IM_MODULE": "fcitx"}, "ibus"),
        ({"QT_IM_MODULE": "fcitx5"}, "ibus"),
        ({"QT_IM_MODULE": "FCITX"}, "ibus"),
        ({"QT_IM_MODULES": "wayland;fcitx;ibus"}, "ibus"),
        ({"QT_IM_MODULES": "ibus;fcitx"}, None),
        ({"XMODIFIERS": "@im=fcitx"}, "ibus"),
        ({"QT_IM_MODULE": "ibus"}, None),
        ({"QT_IM_MODULE": "compose"}, None),
        ({}, None),
    ],
)
def test_fcitx_becomes_ibus_where_it_cannot_be_loaded(
    tmp_path: Path, environ: dict[str, str], expected: str | None
) -> None:
    """The wheel's plugins are compose and ibus."""
    folder = plugin_folder(tmp_path, "compose", "ibus")
    assert input_method.choose_module(environ, folder) == expected


def test_fcitx_stays_where_its_plugin_is(tmp_path: Path) -> None:
    """A distribution's own Qt may have it; the plugin of fcitx5 answers to fcitx too."""
    folder = plugin_folder(tmp_path, "fcitx5", "ibus")
    assert input_method.choose_module({"QT_IM_MODULE": "fcitx5"}, folder) is None
    assert input_method.choose_module({"QT_IM_MODULE": "fcitx"}, folder) == "fcitx5"
    assert input_method.choose_module({"QT_IM_MODULE": "fcitx"}, tmp_path / "none") == "ibus"


def test_the_wheel_itself_has_no_fcitx() -> None:
    """The reason for the rule, seen on the files that are installed."""
    folder = Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforminputcontexts"
    if os.name == "posix" and folder.is_dir():
        assert "ibus" in input_method.plugin_names(folder)
        environ = {"QT_IM_MODULE": "fcitx5", "QT_IM_MODULES": "fcitx5"}
        assert input_method.apply(environ, folder) == "ibus"
        assert environ == {"QT_IM_MODULE": "ibus", "QT_IM_MODULES": "ibus"}


def test_both_languages_say_the_same_of_the_shell() -> None:
    """The same keys and the same placeholders."""
    import string

    def shape(language: str) -> dict[str, set[str | None]]:
        texts = {key: text for key, text in catalogue(language).items() if key.startswith("shell.")}
        return {k: {name for _, name, _, _ in string.Formatter().parse(t) if name} for k, t in texts.items()}

    assert shape("zh_CN") == shape("en")
    assert shape("en")

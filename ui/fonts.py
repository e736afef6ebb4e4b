"""The fonts: which families write Chinese and figures here, and a warning where none can."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtGui import QFontDatabase

CHINESE = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei")
FIGURES = ("DejaVu Sans Mono", "Noto Sans Mono CJK SC", "Cascadia Mono", "Consolas")
PACKAGE = "pylopdf_fonts_zh_cn"
FILE = "NotoSansSC-Regular.otf"
# U+9CA4 U+57CE, the district's name, and two signs that poor fonts lack: U+20BB7, U+3402
MUST_SHOW = (0x9CA4, 0x57CE)
RARE = (0x20BB7, 0x3402)


class Fonts(NamedTuple):
    """The families to use, best first."""

    families: tuple[str, ...]
    figures: tuple[str, ...]


def choose(prefer_bundled: bool = False) -> Fonts:
    """Choose families from what Qt has; load the shipped font (about 50 ms) only where there is none.

    ``prefer_bundled`` makes pictures the same on every machine. Needs a QGuiApplication.
    """
    present = set(QFontDatabase.families())
    chinese = [] if prefer_bundled else [name for name in CHINESE if name in present]
    if not chinese:
        bundled = load_bundled()
        chinese = [bundled] if bundled else [name for name in CHINESE if name in present]
    figures = [name for name in FIGURES if name in present][:1]
    return Fonts(
        families=tuple(chinese[:1]),
        figures=(*figures, *chinese[:1]),
    )


def load_bundled() -> str:
    """Load the shipped OTF into Qt and return its family, "" where the package or file is missing."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return ""
    file = Path(spec.origin).with_name(FILE)
    number = QFontDatabase.addApplicationFont(str(file)) if file.is_file() else -1
    families = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    return families[0] if families else ""


def missing_glyphs(family: str) -> str | None:
    """The warning code for ``family``: None when the district's name and rare signs can be shown."""
    from PySide6.QtGui import QFont, QRawFont

    raw = QRawFont.fromFont(QFont(family)) if family else QRawFont.fromFont(QFont())
    if not all(raw.supportsCharacter(sign) for sign in MUST_SHOW):
        return "no_cjk_font"
    if not all(raw.supportsCharacter(sign) for sign in RARE):
        return "rare_glyphs_missing"
    return None

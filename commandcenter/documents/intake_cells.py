"""The reading of one cell as a field's value: numbers, dates and names as offices write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from commandcenter.documents.intake_table import Faulty, RawCell
from commandcenter.domain.clock import SHANGHAI, whole_ms
from commandcenter.domain.codes import TABLES
from commandcenter.domain.errors import Refused
from commandcenter.domain.fields import FieldType, Value
from commandcenter.services.code_words import code_label
from commandcenter.services.reference import event_codes
from commandcenter.words import LANGUAGES, Words

EXACT = 10**15  # a spreadsheet's numbers keep fifteen digits
_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B))}
_FULL_WIDTH |= {code: code - 0xFEE0 for code in range(0xFF41, 0xFF5B)} | {0x3000: 0x20, 0xA0: 0x20}
_SCIENTIFIC = re.compile(r"\d\.\d+[eE]\+\d+")
_NUMBER = re.compile(r"([+-]?\d[\d,]*)(?:\.0*)?\s*(%|\D{0,4})")
# year, month and day with - / . or \u5e74 \u6708 \u65e5 between them; hours and minutes may follow
_DATE = re.compile(
    r"(\d{4})\s*[-/.\u5e74]\s*(\d{1,2})\s*[-/.\u6708]\s*(\d{1,2})\s*\u65e5?"
    r"(?:[T\s]*(\d{1,2})\s*[:\u65f6]\s*(\d{1,2})\s*\u5206?(?::?(\d{1,2}))?\s*\u79d2?)?"
)
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MARKS = {True: "\u221a\u2713\u2714\u25cf", False: "\u00d7\u2717\u25cb"}  # ticks and crosses, dots and rings
_SERIALS = range(1, 2_958_466)  # days, to the end of the year 9999
_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  a sheet's times have no zone
_BETWEEN = re.compile(r"[\u3001,\uff0c;\uff1b/\n|]+")


def folded(text: str) -> str:
    """``text`` for comparing: NFKC, case and white space out of the way."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What cells are read with. ``named``: by kind the cards of a name or code, folded."""

    named: Mapping[str, Mapping[str, Collection[UUID]]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)  # filled as tables are met

    def value(self, name: str, type_: FieldType, cell: RawCell) -> Value:
        """The field's value; None for an empty cell. Refused with what is wrong with it."""
        if isinstance(cell, Faulty):
            raise Refused("cell_shows_error", field=name)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return None
        match type_.shape:
            case "text":
                return text_of(name, type_, cell)
            case "integer":
                return _integer(name, cell)
            case "instant":
                return _instant(name, cell)
            case "flag":
                return _flag(name, cell)
            case "code":
                return self._code(name, type_.table, _plain(name, cell))
            case "reference":
                return self._card(name, type_.target, _plain(name, cell))
            case _:
                parts = [part for part in _BETWEEN.split(_plain(name, cell)) if part.strip()]
                if type_.target:
                    return tuple(sorted({str(self._card(name, type_.target, part)) for part in parts}))
                return tuple(sorted({self._code(name, type_.table, part) for part in parts}))

    def _code(self, name: str, table: str, text: str) -> str:
        if table not in self.codes:
            self.codes[table] = _meanings(table)
        code = self.codes[table].get(folded(text))
        if code is None:
            raise Refused("cell_unknown_code", field=name, text=text.strip()[:40])
        return code

    def _card(self, name: str, target: str, text: str) -> UUID:
        known = self.named.get(target, {})
        found = known.get(folded(text), ())
        if len(found) > 1:
            raise Refused("cell_several_names", field=name, text=text.strip()[:40], count=len(found))
        if not found:
            raise Refused("cell_unknown_name", field=name, text=text.strip()[:40])
        return next(iter(found))


def _meanings(table: str) -> dict[str, str]:
    """A code table by what its codes are called in any language, and by the codes themselves."""
    found: dict[str, str] = {}
    every = event_codes() if table == "event_code" else TABLES.get(table, ())
    for language in LANGUAGES:
        words = Words(language)
        for code in every:
            found.setdefault(folded(code_label(words, table, code)), code)
    return found | {folded(code): code for code in every}


def _plain(name: str, cell: RawCell) -> str:
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float | int):
        return _digits(name, cell)
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == _ZERO.time() else f"{cell:%Y-%m-%d %H:%M}"
    return str(cell).translate(_FULL_WIDTH)


def _digits(name: str, number: float) -> str:
    """A number as its digits: 13812345678.0 is 13812345678. Refused where some are lost."""
    if abs(number) >= EXACT:
        raise Refused("cell_digits_lost", field=name)
    return str(int(number)) if number == int(number) else repr(number)


def text_of(name: str, type_: FieldType, cell: RawCell) -> str | None:
    """A cell as text: full-width letters and digits made plain, white space at its ends left out."""
    text = _plain(name, cell).strip()
    if _SCIENTIFIC.fullmatch(text):
        raise Refused("cell_digits_lost", field=name)
    if name.endswith("phone") or name == "code":
        text = unicodedata.normalize("NFKC", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if type_.multiline else " ".join(text.split()) or None


def _integer(name: str, cell: RawCell) -> int:
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        if cell != int(cell):
            raise Refused("cell_not_whole", field=name)
        return int(cell)
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", str(cell)).strip())
    if found is None or isinstance(cell, datetime | bool):
        raise Refused("cell_not_whole", field=name)
    return int(found[1].replace(",", ""))


def _instant(name: str, cell: RawCell) -> datetime:
    """A time of Asia/Shanghai: a date cell, 2024/3/5, 2024年3月5日 9:30, 20240305, or the serial 45321."""
    local = cell if isinstance(cell, datetime) else None
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        if int(cell) in _SERIALS:
            local = _ZERO + timedelta(days=cell)
        elif 19_000_101 <= cell <= 99_991_231:  # more days than there are: a date without its signs
            cell = str(int(cell))
    if isinstance(cell, str):
        text = unicodedata.normalize("NFKC", cell).strip()
        found = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
        try:
            if found is not None:
                local = datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            local = None
    if local is None:
        raise Refused("cell_not_a_date", field=name)
    return whole_ms(local.replace(tzinfo=SHANGHAI))


def _flag(name: str, cell: RawCell) -> bool:
    if isinstance(cell, bool):
        return cell
    said = folded(_plain(name, cell))
    for language in LANGUAGES:
        words = Words(language)
        for value, key in ((True, "import.yes"), (False, "import.no")):
            if said in map(folded, (*words(key).split(), *_MARKS[value])):
                return value
    raise Refused("cell_not_yes_or_no", field=name)

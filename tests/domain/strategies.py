"""The generators of random valid records, made from the field types of any record kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from commandcenter.domain.clock import from_ms
from commandcenter.domain.codes import EVENT_CODE, TABLES
from commandcenter.domain.fields import INTEGER_MAX, FieldType
from commandcenter.domain.record import REGISTRY, Kind
from commandcenter.services.reference import event_codes

ids: st.SearchStrategy[UUID] = st.integers(1, 2**128 - 1).map(lambda number: UUID(int=number))
# From before the program to long after it; whole milliseconds as every instant here.
instants: st.SearchStrategy[datetime] = st.integers(-(10**12), 4 * 10**12).map(from_ms)

# What people and machines put into a field: everything but controls and half surrogates.
ODD = [
    "𠮷",
    "㐂",
    "😀",
    "👨‍👩‍👧",
    "０１２",
    "\u202e",
    "\u2066",
    "\u200b",
    "é",
    "e\u0301",
    '"',
    "\\",
    "'",
    "%",
    "\u2028",
    "\ufeff",
]
_characters = st.one_of(
    st.sampled_from(ODD),
    st.characters(exclude_categories=("Cc", "Cs")),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
)


def texts(type_: FieldType) -> st.SearchStrategy[str]:
    """Valid values of a text field; a required one has something to see."""
    inside = st.one_of(_characters, st.sampled_from("\n\t")) if type_.multiline else _characters
    drawn = st.lists(inside, max_size=30).map(lambda parts: "".join(parts)[: type_.max_length])
    if not type_.required:
        return drawn
    return drawn.map(lambda text: f"{text[: type_.max_length - 1]}字")


def values(type_: FieldType) -> st.SearchStrategy[Any]:
    """Valid values of a field, absent where it may be."""
    drawn: st.SearchStrategy[Any]
    match type_.shape:
        case "text":
            drawn = texts(type_)
        case "code":
            drawn = st.sampled_from(codes(type_.table))
        case "codes" if type_.target:
            drawn = st.lists(ids.map(str), unique=True).map(tuple)
        case "codes":
            drawn = st.lists(st.sampled_from(codes(type_.table)), unique=True).map(tuple)
        case "reference":
            drawn = ids
        case "instant":
            drawn = instants
        case "integer":
            least = -INTEGER_MAX if type_.minimum is None else type_.minimum
            most = INTEGER_MAX if type_.maximum is None else type_.maximum
            drawn = st.integers(least, most)
        case _:
            drawn = st.booleans()
    return drawn if type_.required else st.one_of(st.none(), drawn)


def codes(table: str) -> list[str]:
    """The codes of a code table."""
    return list(event_codes()) if table == EVENT_CODE else list(TABLES[table])


def records(kind: Kind) -> st.SearchStrategy[Mapping[str, Any]]:
    """Values of a whole record; any field that need not be given may be absent from the mapping."""
    required = {name: values(type_) for name, type_ in kind.types.items() if type_.required}
    optional = {name: values(type_) for name, type_ in kind.types.items() if not type_.required}
    return st.fixed_dictionaries(required, optional=optional)


KINDS = tuple(REGISTRY.values())

"""The error taxonomy: what the operator can mend, what the world withholds; anything else is a bug."""

from __future__ import annotations


class Answerable(Exception):
    """An error with a code and values, told in one sentence of the operator's language.

    ``code`` is a key of the catalogue; ``field`` names the field the sentence belongs beside, if any;
    ``values`` fill the sentence's placeholders.
    """

    group = "answerable"

    def __init__(self, code: str, /, field: str | None = None, **values: object) -> None:
        super().__init__(code, field, values)
        self.code = code
        self.field = field
        self.values = values

    def __str__(self) -> str:
        particulars = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.code}({particulars})" if particulars else self.code


class Refused(Answerable):
    """The operator can mend it: a rule says no. Nothing was written."""

    group = "refused"


class Unavailable(Answerable):
    """The world withholds something: a file, a disk, a lock, a network. Nothing was written."""

    group = "unavailable"

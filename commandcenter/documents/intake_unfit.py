"""The refusal of a foreign file as the child says it: a code whose sentence its parent can say in full."""

from __future__ import annotations


class Unfit(Exception):
    """``code`` is a key of the refusals' catalogue; the parent adds the file's name to ``values``."""

    def __init__(self, code: str, /, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values

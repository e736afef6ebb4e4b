"""The folding of text for search: what counts as the same, and where in a text a query was found."""

from __future__ import annotations

import unicodedata

# Between the fields of one record: no field can hold it, so no word is found across two of them.
FIELD_BREAK = "\x1f"
_QUOTES = {'"': '"', "\u201c": "\u201d", "\uff02": "\uff02"}


def fold(text: str) -> str:
    """NFKC, then case folding: ＡＢＣ１２３ becomes abc123, ㈱ becomes (株)."""
    return text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def words(query: str) -> tuple[str, ...]:
    """The folded words that must all be found: split at white space, or one whole if it stands in quotes."""
    query = query.strip()
    if len(query) > 2 and _QUOTES.get(query[0]) == query[-1]:
        return (fold(query[1:-1]),)
    return tuple(dict.fromkeys(fold(word) for word in query.split()))


def spans(text: str, query: str) -> list[tuple[int, int]]:
    """Where the words of ``query`` stand in ``text``: (start, end) in the text as typed.

    In order, not touching one another; a character of which a part matches is taken whole.
    """
    pieces = _pieces(text)
    folded = "".join(piece for _, piece in pieces)
    starts: list[int] = []  # for each folded character: which piece it is of
    for index, (_, piece) in enumerate(pieces):
        starts += [index] * len(piece)
    ends = [start for start, _ in pieces[1:]] + [len(text)]
    found: list[tuple[int, int]] = []
    for word in words(query):
        at = folded.find(word) if word else -1
        while at >= 0:
            last = starts[at + len(word) - 1]
            found.append((pieces[starts[at]][0], ends[last]))
            at = folded.find(word, at + 1)
    return _joined(found)


def _pieces(text: str) -> list[tuple[int, str]]:
    """``text`` cut where folding the parts gives the folded whole: [(start, folded part)]."""
    whole = fold(text)
    cut = [(index, fold(character)) for index, character in enumerate(text)]
    if "".join(piece for _, piece in cut) == whole:
        return cut
    # something composes (a letter and its accent, Hangul): such characters stay together
    out: list[tuple[int, str]] = []
    start = 0
    for index in range(1, len(text) + 1):
        if index < len(text):
            character = text[index]
            if unicodedata.combining(character):
                continue
            part = text[start:index]
            if fold(part + character) != fold(part) + fold(character):
                continue
        out.append((start, fold(text[start:index])))
        start = index
    return out if "".join(piece for _, piece in out) == whole else [(0, whole)]


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out

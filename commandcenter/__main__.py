"""The command line: every verb answers with one JSON document on stdout.

Exit codes: 0 done, 2 refused, 3 unavailable, 1 our fault.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from commandcenter import centre_verbs, desk_verbs
from commandcenter.domain.errors import Answerable, Refused, Unavailable
from commandcenter.words import AUTHORITY, LANGUAGES, Words

DONE, FAULT, REFUSED, UNAVAILABLE = 0, 1, 2, 3
Verb = Callable[[argparse.Namespace], Any]


class _Parser(argparse.ArgumentParser):
    """A parser that refuses as every verb does, instead of writing a usage text and ending."""

    def error(self, message: str) -> NoReturn:
        raise Refused("usage", reason=message)


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**31:
        raise argparse.ArgumentTypeError(f"not a number of rows: {text}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="commandcenter", description="Licheng Emergency Command Centre")
    common = _Parser(add_help=False)
    common.add_argument("--data", type=Path, metavar="DIR", help="the data directory")
    common.add_argument("--profile", choices=("licheng", "empty"), default="licheng", help="first start only")
    common.add_argument("--lang", choices=LANGUAGES, default=None)
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser, metavar="VERB")

    run = verbs.add_parser("run", parents=[common], help="open the command centre")
    run.add_argument("--theme", choices=("dark", "light"), default=None)

    do = verbs.add_parser("do", parents=[common], help="carry out one command")
    do.add_argument("command")
    do.add_argument("document", nargs="?", default="{}", help="a JSON object, or - for standard input")
    do.add_argument("--as", dest="person", default=None, metavar="NAME", help="in whose name")

    list_ = verbs.add_parser("list", parents=[common], help="the rows of a kind")
    list_.add_argument("kind")
    list_.add_argument("--where", action="append", default=[], metavar="FIELD=VALUE")
    list_.add_argument("--limit", type=_count, default=None)
    list_.add_argument("--json", action="store_true", help="always so")

    search = verbs.add_parser("search", parents=[common], help="find words anywhere")
    search.add_argument("text")
    search.add_argument("--kind", default=None)
    search.add_argument("--limit", type=_count, default=50)
    search.add_argument("--json", action="store_true", help="always so")

    commands = verbs.add_parser("commands", parents=[common], help="every command with its fields")
    commands.add_argument("--json", action="store_true", help="always so")

    verify = verbs.add_parser("verify", parents=[common], help="check chain, anchors and rows")
    verify.add_argument("--anchor", action="append", default=[], metavar="[DEVICE:]N:HASH")

    verbs.add_parser("rebuild", parents=[common], help="make projections and text index anew")
    for verb, what in (("backup", "copy the database to FILE"), ("restore", "put FILE in its place")):
        verbs.add_parser(verb, parents=[common], help=what).add_argument("file", type=Path)

    export = verbs.add_parser("export", parents=[common], help="the log of a day as PDF, Excel or CSV")
    export.add_argument("file", type=Path, help="ends in .pdf, .xlsx or .csv")
    export.add_argument("--day", default=None, metavar="YYYY-MM-DD", help="default: the whole log")
    export.add_argument("--all", action="store_true", help="with what the program wrote")

    gallery = verbs.add_parser("gallery", parents=[common], help="render every page to PNG files")
    gallery.add_argument("folder", type=Path)
    gallery.add_argument("--size", default="1920x1080", metavar="WxH")
    gallery.add_argument("--theme", choices=("dark", "light"), default=None)
    gallery.add_argument("--scale", type=int, choices=(100, 125, 150, 175, 200), default=100)
    desk_verbs.add_verbs(verbs, common)
    centre_verbs.add_verbs(verbs)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code says how it went."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):  # JSON is UTF-8, whatever the machine's own encoding
            stream.reconfigure(encoding="utf-8")
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    words = Words(_spoken(arguments))
    try:
        options = _parser().parse_args(arguments)
        if options.verb == "run":
            return _run(options, words)
        if options.verb == "serve":
            return centre_verbs.serve(options)
        document = _verb(options.verb)(options)
    except Refused as refusal:
        return _answer({"refused": refusal.code, **_told(refusal, words)}, REFUSED)
    except Unavailable as absence:
        return _answer({"unavailable": absence.code, **_told(absence, words)}, UNAVAILABLE)
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001  the last resort: our fault, told as one
        traceback.print_exc(file=sys.stderr)
        return _answer({"fault": "fault", "sentence": words("refused.fault")}, FAULT)
    code = document.pop("exit", DONE) if isinstance(document, dict) else DONE
    return _answer(document, code)


def _verb(name: str) -> Verb:
    if name == "gallery":
        return _gallery
    for others in (desk_verbs.VERBS, centre_verbs.VERBS):
        if name in others:
            return others[name]
    from commandcenter import verbs

    found: Verb = getattr(verbs, name + "_" if name == "list" else name)
    return found


def _gallery(options: argparse.Namespace) -> dict[str, Any]:
    """``{"folder", "count", "files"}``: every page with sample data as PNG."""
    from ui.gallery import render

    width, _, height = options.size.partition("x")
    if not (
        width.isdigit() and height.isdigit() and 320 <= int(width) <= 16384 and 240 <= int(height) <= 16384
    ):
        raise Refused("usage", reason=f"--size {options.size}")
    files = render(
        options.folder,
        size=(int(width), int(height)),
        languages=(options.lang,) if options.lang else ("zh_CN", "en"),
        themes=(options.theme,) if options.theme else ("dark", "light"),
        scale=options.scale,
    )
    return {"folder": str(options.folder), "count": len(files), "files": [file.name for file in files]}


def _run(options: argparse.Namespace, words: Words) -> int:
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
    ):
        raise Unavailable("no_display")
    from ui.app import run

    return run(options.data, options.profile, language=options.lang, theme=options.theme)


def _spoken(arguments: Sequence[str] | None) -> str:
    """The language asked for, found before parsing so that a usage error is told in it too."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for at, argument in enumerate(given):
        language = argument.partition("=")[2] if argument.startswith("--lang=") else ""
        if argument == "--lang" and at + 1 < len(given):
            language = given[at + 1]
        if language in LANGUAGES:
            return language
    return AUTHORITY


def _told(error: Answerable, words: Words) -> dict[str, Any]:
    out: dict[str, Any] = {"sentence": words.sentence(error)}
    if error.field:
        out["field"] = error.field
    return out


def _answer(document: Any, code: int) -> int:
    text = json.dumps(document, ensure_ascii=False, default=str)
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = json.dumps(document, default=str)  # half a character: only an escape can carry it
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())

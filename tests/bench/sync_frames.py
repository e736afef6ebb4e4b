"""The bench of frames: the program's own window on a screen while changes of others pour into its file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench.save import percentile
from tests.bench.sync_place import Place, place, write_lines

QUIET_S = 3.0


class Frames(NamedTuple):
    """What a window showed. Spans in milliseconds."""

    platform: str
    quiet: list[float]  # while nothing came
    busy: list[float]  # while changes of others were taken in
    rate: float  # changes a second meanwhile
    waited: float  # the share of that time in which the window's thread had no processor


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """The environment of a window: the screen there is, a virtual one, or none at all."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        yield {}
        return
    server = shutil.which("Xvfb")
    if server is None:
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    reading, writing = os.pipe()
    arguments = [server, "-displayfd", str(writing), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"]
    with subprocess.Popen(arguments, pass_fds=(writing,), stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        with os.fdopen(reading) as said:
            number = said.readline().strip()
        try:
            yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        finally:
            process.terminate()


def measure(here: Place, folder: Path, lines: int) -> Frames:
    """The window of the desk in ``folder``, which takes in so many lines of others."""
    with screen() as environment:
        window = here.child("sync_window", folder, **environment)
        platform = window.hear()["platform"]
        quiet = window.ask("quiet", QUIET_S)
        window.ask("begin")
        found = window.ask("rows", lines)
        window.end()
    busy = [span * 1e3 for span in found["frames"]]
    return Frames(platform, [span * 1e3 for span in quiet], busy, found["rate"], found["waited"])


def alone(folder: Path, lines: int) -> Iterator[tuple[str, float, str, float | None]]:
    """(name, value, unit, goal) with a centre on a file."""
    with place(folder / "frames", None) as here:
        one, window = here.desk("one"), here.desk("window")
        here.round(one)
        write_lines(one, lines)
        here.round(one)
        yield from lines_of(measure(here, window, lines))


def lines_of(found: Frames) -> Iterator[tuple[str, float, str, float | None]]:
    """(name, value, unit, goal) of what a window showed."""
    yield f"frames while changes apply ({found.platform}), p99", percentile(found.busy, 0.99), "ms", 33
    yield "  p50", percentile(found.busy, 0.5), "ms", None
    yield "  the longest", max(found.busy), "ms", None
    yield "  of so many frames", len(found.busy), "", None
    yield "  frames before, p99", percentile(found.quiet, 0.99), "ms", None
    yield "  changes applied meanwhile", found.rate, "/s", None
    yield "  share of it without a processor", found.waited, "", None

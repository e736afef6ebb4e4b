"""The traced disk: what a real process asked of its files, and what a power cut would have left of it.

The writer runs under strace, so it is the real driver on the real system. A write is on the disk for certain
only after its file was synced; a name (made, removed, renamed) only after its folder was. What was not synced
may be there or not, each write for itself, or the first part of it.
"""

from __future__ import annotations

import codecs
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CALLS = (
    "openat,close,dup,dup2,pwrite64,write,ftruncate,fallocate,fsync,fdatasync,unlink,unlinkat,rename,mkdir"
)
SECTOR = 512
ROOT = Path(__file__).parents[2]

_LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+)(?:<.*>)?.*$", re.DOTALL)
_FILE = re.compile(r"^(-?\d+)<(.*)>$", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True)
class Step:
    """One thing that the process asked for: "write", "cut", "sync", "make", "remove", "rename" or "said"."""

    what: str
    path: str = ""
    data: bytes = b""
    offset: int = 0
    to: str = ""


def traced(command: Sequence[str], folder: Path, log: Path) -> list[Step]:
    """Run ``command`` under strace; its steps on files in ``folder``, and what it said on stdout, in order.

    FileNotFoundError without strace: `python3 dev.py test` installs it."""
    arguments = [
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        "10000000",
        "-e",
        f"trace={CALLS}",
        "-o",
        str(log),
        *command,
    ]
    done = subprocess.run(arguments, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    steps = list(_steps(log, str(folder.resolve())))
    said = b"".join(step.data for step in steps if step.what == "said")
    if said != done.stdout:
        raise RuntimeError("the trace is not whole: what was said is not what it shows")
    return steps


def _steps(log: Path, folder: str) -> Iterator[Step]:
    unfinished: dict[str, str] = {}
    for line in log.read_text(encoding="ascii").splitlines():
        pid = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>"):
            unfinished[pid] = line[: -len("<unfinished ...>")].rstrip()
            continue
        resumed = re.match(r"^\d+ +<\.\.\. \w+ resumed>(.*)$", line)
        if resumed:
            line = unfinished.pop(pid) + resumed[1]
        found = _LINE.match(line)
        if found and not found[3].startswith("-"):
            yield from _step(found[1], found[2], folder)


def _step(call: str, arguments: str, folder: str) -> Iterator[Step]:
    texts = [codecs.decode(text.replace("\\x", ""), "hex") for text, _ in _TEXT.findall(arguments)]
    place = _plain(_FILE.match(arguments.split(",", 1)[0].strip()))
    if call == "write" and arguments.startswith("1<"):
        yield Step("said", data=texts[0])
    elif place.startswith(folder):
        yield from _on_file(call, place, arguments, texts)
    elif texts and texts[0].decode().startswith(folder + "/"):
        yield from _on_name(call, texts[0].decode(), arguments, texts)


def _on_file(call: str, place: str, arguments: str, texts: list[bytes]) -> Iterator[Step]:
    match call:
        case "pwrite64":
            yield Step("write", place, texts[0], int(arguments.rsplit(",", 1)[1]))
        case "ftruncate":
            yield Step("cut", place, offset=int(arguments.rsplit(",", 1)[1]))
        case "fsync" | "fdatasync":
            yield Step("sync", place)
        case "write" | "fallocate":
            raise RuntimeError(f"{call} on {place}: this replay cannot place it")


def _on_name(call: str, path: str, arguments: str, texts: list[bytes]) -> Iterator[Step]:
    match call:
        case "openat" if "O_CREAT" in arguments:
            yield Step("make", path)
        case "unlink" | "unlinkat":
            yield Step("remove", path)
        case "rename":
            yield Step("rename", path, to=texts[1].decode())


def _plain(found: re.Match[str] | None) -> str:
    """The path that strace shows beside a file descriptor, which -xx writes in hexadecimal too."""
    if found is None:
        return ""
    text = found[2]
    return codecs.decode(text.replace("\\x", ""), "hex").decode() if text.startswith("\\x") else text


@dataclass
class _File:
    durable: bytes = b""
    pending: list[Step] = field(default_factory=list)

    def as_of(self, kept: Sequence[Step]) -> bytes:
        content = bytearray(self.durable)
        for step in kept:
            if step.what == "cut":
                del content[step.offset :]
                content.extend(bytes(step.offset - len(content)))
            else:
                content.extend(bytes(max(0, step.offset - len(content))))
                content[step.offset : step.offset + len(step.data)] = step.data
        return bytes(content)


class Disk:
    """The disk as the steps go by. The memory map of the write-ahead log's index is no file that is kept."""

    def __init__(self, lies: bool = False) -> None:
        """``lies``: a disk that says synced and has done nothing, to see that the check would notice."""
        self._lies = lies
        self._files: dict[int, _File] = {}
        self._names: dict[str, int] = {}  # as the process sees them
        self._durable: dict[str, int] = {}
        self._serial = 0
        self._unsynced_names: list[Step] = []

    def do(self, step: Step) -> bool:
        """Carry a step out. True where a power cut after it may find something else than before."""
        if step.path.endswith("-shm"):
            return False
        if step.what == "make":
            if step.path in self._names:
                return False
            self._serial += 1
            self._files[self._serial] = _File()
            self._names[step.path] = self._serial
        elif step.what == "remove":
            del self._names[step.path]
        elif step.what == "rename":
            self._names[step.to] = self._names.pop(step.path)
        elif step.what in ("write", "cut"):
            self._files[self._names[step.path]].pending.append(step)
        elif step.what == "sync" and not self._lies:
            self._sync(step.path)
        return step.what != "said"

    def _sync(self, path: str) -> None:
        number = self._names.get(path)
        if number is None:  # a folder: its names
            for name in self._durable.keys() | self._names.keys():
                if str(Path(name).parent) == path:
                    if name in self._names:
                        self._durable[name] = self._names[name]
                    else:
                        del self._durable[name]
            return
        file = self._files[number]
        file.durable, file.pending = file.as_of(file.pending), []

    def cut(self, chance: random.Random, how: str) -> dict[str, bytes]:
        """What is on the disk when the power comes back: {path: content}.

        ``how``: "least" (nothing that was not synced), "most" (everything), "some" (any of it), "torn"
        (everything, of the last write only its first sectors)."""
        names = dict(self._durable)
        for name in sorted(self._durable.keys() | self._names.keys()):
            if self._names.get(name) != self._durable.get(name) and self._chosen(chance, how):
                if name in self._names:
                    names[name] = self._names[name]
                else:
                    del names[name]
        return {name: self._content(number, chance, how) for name, number in names.items()}

    @staticmethod
    def _chosen(chance: random.Random, how: str) -> bool:
        return how in ("most", "torn") or (how == "some" and chance.random() < 0.5)

    def _content(self, number: int, chance: random.Random, how: str) -> bytes:
        file = self._files[number]
        kept = [step for step in file.pending if self._chosen(chance, how)]
        if kept and how in ("torn", "some") and len(kept[-1].data) > SECTOR:
            last = kept[-1]
            sectors = chance.randrange(len(last.data) // SECTOR)
            kept[-1] = Step(last.what, last.path, last.data[: sectors * SECTOR], last.offset)
        return file.as_of(kept)

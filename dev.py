"""The front door: sets this machine up, then becomes the program, its tests or its benches.

Standard library only, because it runs before anything is installed. It makes `.venv` beside itself with the
hash-locked requirements, checks Debian's packages, and hands over; a start that finds all in place spends a
few milliseconds here. Its own talk goes to stderr, it never asks, and it exits 3 where it cannot go on.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / ".venv.lock"
PYTHON = sys.version_info[:2]
OLDEST_PYTHON = (3, 11)

USAGE = """\
python3 dev.py [--system] VERB [ARGUMENT …]
  run, do, list, search, gallery, serve, …   the program's own verbs, passed through unchanged
  test [PYTEST ARGUMENT …]   format, lint, types, imports, tests; with arguments only pytest, with them
  lint [--fix]               the first four; --fix mends what can be mended first
  bench …                    the speed table
  campaign …                 the long tests
  migration MESSAGE          a new, empty database migration
  lock [--upgrade]           both requirements files again from packaging/*.in
  --system                   install missing system packages with sudo (root does so unasked)
"""

# What Qt's libraries and plugins (core, gui, widgets, print, pdf, svg; xcb, offscreen, ibus) name as NEEDED,
# and the fonts. Newer Debians call some of them …t64.
RUN_PACKAGES = (
    *("libdbus-1-3", "libegl1", "libfontconfig1", "libgl1", "libglib2.0-0", "libgssapi-krb5-2", "libcups2"),
    *("libx11-6", "libx11-xcb1", "libxkbcommon0", "libxkbcommon-x11-0", "libxcb1", "libxcb-cursor0"),
    *("libxcb-glx0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-randr0"),
    *("libxcb-render0", "libxcb-render-util0", "libxcb-shape0", "libxcb-shm0", "libxcb-sync1"),
    *("libxcb-util1", "libxcb-xfixes0", "libxcb-xkb1", "fonts-noto-cjk", "fonts-noto-color-emoji"),
)
TEST_PACKAGES = (*RUN_PACKAGES, "postgresql", "poppler-utils", "strace", "xvfb")

MODULE_VERBS = {"bench": "tests.bench", "campaign": "tests.campaigns", "migration": "db.migrations.new"}
OWN_VERBS = {"test", "lint", "lock", *MODULE_VERBS}


class Stop(Exception):
    """Set-up cannot go on: a sentence for the user and the exit code."""

    def __init__(self, sentence: str, code: int = 3) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Request:
    """The command line: what to do, and whether system packages may be installed with sudo."""

    verb: str
    arguments: tuple[str, ...]
    system: bool = False

    @property
    def group(self) -> str:
        """Which set of requirements and packages the verb needs: "run" or "test"."""
        return "test" if self.verb in OWN_VERBS else "run"


def parse(arguments: Sequence[str]) -> Request | None:
    """The request on the command line, or None where it names no verb. What follows the verb is not read."""
    system = bool(arguments) and arguments[0] == "--system"
    verb, *rest = list(arguments[1:] if system else arguments) or [""]
    if not verb or verb.startswith("-"):
        return None
    return Request(verb=verb, arguments=tuple(rest), system=system)


def say(sentence: str) -> None:
    """One line of our own talk."""
    print(f"dev.py: {sentence}", file=sys.stderr, flush=True)


def python_of(venv: Path) -> Path:
    """The interpreter in a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_of(venv: Path) -> Path:
    """Where a virtual environment of this Python keeps its packages."""
    lib = "Lib" if os.name == "nt" else f"lib/python{PYTHON[0]}.{PYTHON[1]}"
    return venv / lib / "site-packages"


def is_usable(venv: Path) -> bool:
    """Whether a virtual environment is whole and of this Python: one that is not is made anew."""
    if (venv / "unfinished").exists() or not python_of(venv).exists() or not (site_of(venv) / "pip").is_dir():
        return False
    try:
        lines = (venv / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    words = [line.replace("=", " ").split() for line in lines]
    version = next((line[1] for line in words if line[:1] in (["version"], ["version_info"])), "")
    return version.split(".")[:2] == [str(part) for part in PYTHON]


def requirement_files(group: str) -> list[Path]:
    """The hash-locked requirements of a group."""
    files = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    return files if group == "test" else files[:1]


def mark_of(group: str) -> str:
    """What the stamp remembers of a group: a digest of its requirements and of the kind of Python."""
    digest = hashlib.sha256(f"{sys.implementation.cache_tag} {sys.platform}".encode())
    for file in requirement_files(group):
        digest.update(b"\0" + file.read_bytes())
    return digest.hexdigest()


def read_stamp(venv: Path) -> dict[str, str]:
    """What was set up in a virtual environment; empty if nothing is known of it."""
    try:
        return dict(json.loads((venv / "stamp.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def write_stamp(venv: Path, stamp: dict[str, str]) -> None:
    """Remember what was set up, whole or not at all; one who may not write there checks again next time."""
    with contextlib.suppress(OSError):
        fresh = venv / f"stamp.{os.getpid()}.json"
        fresh.write_text(json.dumps(stamp, indent=1, sort_keys=True), encoding="utf-8")
        fresh.replace(venv / "stamp.json")


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Holds the lock of this checkout's set-up, so that two first starts do not trample each other."""
    try:
        file = LOCK.open("a+b")
    except OSError:  # somebody else's checkout, where only the system's packages can be checked anew
        yield
        return
    with file:
        if not _try_lock(file.fileno()):
            say("another start is setting up this checkout; waiting for it")
            while not _try_lock(file.fileno()):
                time.sleep(0.2)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def call(command: Sequence[str | Path]) -> int:
    """Run a command of the set-up: it reads nothing, and all it prints goes to stderr."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=2, env=environment()).returncode
    except FileNotFoundError:
        say(f"{command[0]} is not there")
        return 127


def make_venv(group: str) -> None:
    """Make `.venv` anew where it is not usable, and install the group's requirements.

    The file `unfinished` stands there meanwhile: pip takes a package half copied for a whole one.
    """
    fresh = not is_usable(VENV)
    if fresh and VENV.is_symlink():
        raise Stop(f"{VENV} is a link to something that is no environment of this Python; remove the link")
    if fresh:
        say(f"making {VENV.name} with Python {sys.version.split()[0]}")
        shutil.rmtree(VENV, ignore_errors=True)
    try:
        VENV.mkdir(exist_ok=True)
        (VENV / "unfinished").touch()
    except OSError as error:
        raise Stop(f"cannot write in {VENV}: {error.strerror}") from error
    if fresh and call([sys.executable, "-m", "venv", VENV]):
        raise Stop("python -m venv failed (see above)")
    started = time.monotonic()
    say("installing the locked requirements (about 300 MB the first time)")
    command: list[str | Path] = [python_of(VENV), "-I", "-m", "pip", "install", "-qq", "--no-input"]
    command += ["--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    for file in requirement_files(group):
        command += ["-r", file]
    if call(command):
        raise Stop("pip could not install the requirements (see above); nothing else was changed")
    # A relative line keeps working when the checkout is moved, whatever characters its path has.
    site = site_of(VENV)
    (site / "licheng.pth").write_text(os.path.relpath(ROOT, site) + "\n", encoding="ascii")
    (VENV / "unfinished").unlink()
    say(f"installed in {time.monotonic() - started:.0f} s")


def dpkg_mark() -> str:
    """Changes whenever a package is installed or removed; empty where there is no apt-get."""
    try:
        return str(Path("/var/lib/dpkg/status").stat().st_mtime_ns) if shutil.which("apt-get") else ""
    except OSError:
        return ""


def missing_packages(wanted: Iterable[str], answer: str) -> list[str]:
    """Which of the wanted packages are not shown as installed by dpkg's answer (see ask_dpkg)."""
    installed = {line.split(" ", 1)[0] for line in answer.splitlines() if line.endswith(" ok installed")}
    return [name for name in wanted if not installed & {name, f"{name}t64"}]


def ask_dpkg(wanted: Iterable[str]) -> str:
    """What dpkg knows of these packages, in one call: lines of "name want error status"."""
    names = [variant for name in wanted for variant in (name, f"{name}t64")]
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${Status}\n", *names]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout


def check_system(group: str, *, needs_venv: bool, may_sudo: bool) -> None:
    """See that the system has what the group needs. Root installs it; others get the one command."""
    missing = []
    if dpkg_mark():
        wanted = RUN_PACKAGES if group == "run" else TEST_PACKAGES
        missing = missing_packages(wanted, ask_dpkg(wanted))
        if needs_venv and not importlib.util.find_spec("ensurepip"):  # a package of its own in Debian
            missing.insert(0, f"python{PYTHON[0]}.{PYTHON[1]}-venv")
    if missing:
        install_packages(missing, may_sudo=may_sudo)
        importlib.invalidate_caches()
    if needs_venv and not importlib.util.find_spec("ensurepip"):
        raise Stop(f"{sys.executable} has no venv module; install it, or start with another Python")


def apt_commands(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The two commands that install packages on a machine whose package lists may be empty."""
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    return [*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *names]


def install_packages(names: Sequence[str], *, may_sudo: bool) -> None:
    """Install Debian packages as root or with sudo; else stop with the one command that would."""
    update, install = apt_commands(names)
    is_root = sys.platform != "win32" and os.geteuid() == 0
    if not (is_root or may_sudo):
        raise Stop(
            f"{len(names)} system packages are missing. Run this, then start again (or add --system):\n"
            f"sudo {' '.join(update)} && sudo {' '.join(install)}"
        )
    # sudo may ask for a password only where somebody can type it.
    sudo = [] if is_root else ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
    before = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive"]
    say(f"installing {len(names)} system packages: {' '.join(names)}")
    # A third-party source that does not answer must not stop us: the install tells whether it mattered.
    call([*before, *update])
    if call([*before, *install]):
        raise Stop("the system packages could not be installed (see above)")


def prepare(request: Request) -> None:
    """Bring system and `.venv` to what the request needs; does nothing where the stamp says it is so."""
    group = request.group
    mark = mark_of(group)

    def is_ready() -> bool:
        wanted = {group: mark, f"{group}-system": dpkg_mark()}
        return wanted.items() <= read_stamp(VENV).items() and is_usable(VENV)

    if is_ready():
        return
    with one_at_a_time():
        if is_ready():
            return
        check_system(group, needs_venv=not is_usable(VENV), may_sudo=request.system)
        if read_stamp(VENV).get(group) != mark or not is_usable(VENV):
            make_venv(group)
        stamp = read_stamp(VENV)
        for done in {group, "run"}:  # the set for tests holds the other
            stamp |= {done: mark_of(done), f"{done}-system": dpkg_mark()}
        write_stamp(VENV, stamp)


def environment() -> dict[str, str]:
    """The user's environment without what would lead our Python to other people's packages."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONHOME", "PYTHONPATH")}


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that starts a module in `.venv`; -P: nothing where the user stands may shadow it."""
    return [str(python_of(VENV)), "-P", "-m", module, *arguments]


def become(command: list[str]) -> int:
    """Turn into the command: signals and exit code are its own. On Windows it is a child, waited for."""
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], command, environment())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the console sends Ctrl-C to the child as well
    return subprocess.call(command, env=environment())


def steps_of(request: Request) -> list[tuple[str, list[str]]]:
    """The steps of `test` or `lint`, in order: (name, command)."""
    imports = "from importlinter.cli import lint_imports_command as check; check()"
    checks = [
        ("format", module_command("ruff", "format", "--check", "--output-format", "concise", ".")),
        ("lint", module_command("ruff", "check", ".")),
        ("types", module_command("mypy")),
        ("imports", [str(python_of(VENV)), "-c", imports]),
    ]
    if request.verb == "lint":
        if request.arguments not in ((), ("--fix",)):
            raise Stop("lint takes --fix or nothing", code=2)
        if request.arguments:
            checks[0] = ("format", module_command("ruff", "format", "."))
            checks[1] = ("lint", module_command("ruff", "check", "--fix", "."))
        return checks
    # One more than the smallest machine has processors: a third of the tests' time is waiting.
    tests = ("tests", module_command("pytest", "-n", "3", *request.arguments))
    return [tests] if request.arguments else [*checks, tests]


def run_steps(steps: Iterable[tuple[str, list[str]]]) -> int:
    """Run the steps in the checkout, each with its seconds; the exit code of the first that fails, or 0."""
    # No QT_ setting of the user's desktop reaches the tests, and no window opens.
    env = {key: value for key, value in environment().items() if not key.startswith("QT_")}
    env["QT_QPA_PLATFORM"] = "offscreen"
    running: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: running[-1].terminate())
    for name, command in steps:
        started = time.monotonic()
        running.append(subprocess.Popen(command, cwd=ROOT, env=env))
        try:
            code = running[-1].wait()
        except KeyboardInterrupt:  # the child got it as well, and says how far it came
            code = running[-1].wait()
        say(f"{name}: {'ok' if code == 0 else f'failed ({code})'}, {time.monotonic() - started:.1f} s")
        if code:
            return code if code > 0 else 128 - code
    return 0


def lock_steps(arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    """How both requirements files are made anew; the second keeps to the versions of the first."""
    options = ["--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate"]
    options += ["--python-version", ".".join(map(str, OLDEST_PYTHON)), *arguments]
    run = [*options, "packaging/requirements.in", "-o", "requirements.txt"]
    dev = [*options, "-c", "requirements.txt", "packaging/requirements-dev.in", "-o", "requirements-dev.txt"]
    return [(args[-1], module_command("uv", "pip", "compile", *args)) for args in (run, dev)]


def main(arguments: Sequence[str]) -> int:
    """Set up and hand over; returns only where it did not become another program."""
    if PYTHON < OLDEST_PYTHON:
        raise Stop(f"{sys.executable} is Python {sys.version.split()[0]}; the program needs 3.11 or newer")
    request = parse(arguments)
    if request is None:
        print(USAGE, end="", file=sys.stderr)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    prepare(request)
    if request.verb in ("test", "lint"):
        return run_steps(steps_of(request))
    if request.verb == "lock":
        return run_steps(lock_steps(request.arguments))
    if module := MODULE_VERBS.get(request.verb):
        return become(module_command(module, *request.arguments))
    return become(module_command("commandcenter", request.verb, *request.arguments))


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except Stop as stop:
        say(str(stop))
        code = stop.code
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)

"""The tests of dev.py: what it decides, on real directories. The set-up is proved on a bare machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import dev

ROOT = Path(dev.__file__).parent
DPKG = """\
libegl1 install ok installed
libglib2.0-0t64 install ok installed
libgl1 deinstall ok config-files
libxcb1 install ok half-configured
libdbus-1-3 unknown ok not-installed
"""


def make_venv(folder: Path, version: str = "") -> Path:
    """A directory that looks like a whole virtual environment of this Python, or of another version."""
    python = dev.python_of(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    (dev.site_of(folder) / "pip").mkdir(parents=True)
    version = version or ".".join(map(str, sys.version_info[:3]))
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("line", "verb", "arguments", "system", "group"),
    [
        (["run"], "run", (), False, "run"),
        (["--system", "run", "--data", "d"], "run", ("--data", "d"), True, "run"),
        (["do", "WriteLogEntry", "{}", "--system"], "do", ("WriteLogEntry", "{}", "--system"), False, "run"),
        (["test", "-k", "x"], "test", ("-k", "x"), False, "test"),
        (["bench"], "bench", (), False, "test"),
    ],
)
def test_the_verb_is_ours_or_passes_through(
    line: list[str], verb: str, arguments: tuple[str, ...], system: bool, group: str
) -> None:
    request = dev.parse(line)
    assert request == dev.Request(verb=verb, arguments=arguments, system=system)
    assert request.group == group


@pytest.mark.parametrize("line", [[], ["--system"], ["-h"], ["--nonsense", "run"]])
def test_without_a_verb_there_is_no_request(line: list[str]) -> None:
    assert dev.parse(line) is None


def test_no_verb_prints_the_usage_on_stderr_and_exits_2() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "dev.py"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "migration MESSAGE" in done.stderr


def test_only_installed_packages_count_also_under_their_new_names() -> None:
    wanted = ["libegl1", "libglib2.0-0", "libgl1", "libxcb1", "libdbus-1-3", "fonts-noto-cjk"]
    assert dev.missing_packages(wanted, DPKG) == ["libgl1", "libxcb1", "libdbus-1-3", "fonts-noto-cjk"]


def test_a_user_gets_the_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(dev.Stop) as stopped:
        dev.install_packages(["libegl1", "libgl1"], may_sudo=False)
    command = str(stopped.value).splitlines()[-1]
    assert stopped.value.code == 3
    assert command.startswith("sudo apt-get") and command.count("\n") == 0
    assert command.endswith("install -y --no-install-recommends libegl1 libgl1")


def test_a_whole_environment_is_used_and_any_other_is_made_anew(tmp_path: Path) -> None:
    assert dev.is_usable(make_venv(tmp_path / "whole"))
    assert not dev.is_usable(tmp_path / "absent")
    assert not dev.is_usable(make_venv(tmp_path / "other", version="3.9.2"))
    assert not dev.is_usable(make_venv(tmp_path / "near", version=f"3.{sys.version_info[1]}1.0"))
    cut_short = make_venv(tmp_path / "cut short")
    (cut_short / "unfinished").touch()
    assert not dev.is_usable(cut_short)
    without_python = make_venv(tmp_path / "without python")
    dev.python_of(without_python).unlink()
    assert not dev.is_usable(without_python)
    without_settings = make_venv(tmp_path / "without settings")
    (without_settings / "pyvenv.cfg").unlink()
    assert not dev.is_usable(without_settings)


def test_the_stamp_is_read_as_written_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    assert dev.read_stamp(tmp_path) == {}
    dev.write_stamp(tmp_path, {"run": "a", "run-system": "1"})
    assert dev.read_stamp(tmp_path) == {"run": "a", "run-system": "1"}
    assert [file.name for file in tmp_path.iterdir()] == ["stamp.json"]
    for damaged in ("{", "[1]", "null", ""):
        (tmp_path / "stamp.json").write_text(damaged, encoding="utf-8")
        assert dev.read_stamp(tmp_path) == {}


def test_the_mark_changes_with_the_requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    (tmp_path / "requirements.txt").write_text("a==1\n", encoding="utf-8")
    (tmp_path / "requirements-dev.txt").write_text("b==1\n", encoding="utf-8")
    run, test = dev.mark_of("run"), dev.mark_of("test")
    assert run != test
    (tmp_path / "requirements-dev.txt").write_text("b==2\n", encoding="utf-8")
    assert (dev.mark_of("run"), dev.mark_of("test") != test) == (run, True)


def test_what_is_ready_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(dev, "VENV", make_venv(tmp_path / ".venv"))
    monkeypatch.setattr(dev, "LOCK", tmp_path / ".venv.lock")
    monkeypatch.setattr(dev, "dpkg_mark", lambda: "7")
    monkeypatch.setattr(dev, "check_system", lambda group, **rest: calls.append(f"system {group}"))
    monkeypatch.setattr(dev, "make_venv", lambda group: calls.append(f"venv {group}"))
    dev.prepare(dev.Request("test", ()))
    assert calls == ["system test", "venv test"]
    for verb in ("test", "run", "lint"):  # the set for tests holds the other
        dev.prepare(dev.Request(verb, ()))
    assert calls == ["system test", "venv test"]
    monkeypatch.setattr(dev, "dpkg_mark", lambda: "8")  # a package came or went: look again, install nothing
    dev.prepare(dev.Request("run", ()))
    assert calls[2:] == ["system run"]


def test_two_starts_set_up_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "LOCK", tmp_path / ".venv.lock")
    inside, most = 0, 0

    def start() -> None:
        nonlocal inside, most
        with dev.one_at_a_time():
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            inside -= 1

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


def test_arguments_leave_only_pytest() -> None:
    names = [name for name, _ in dev.steps_of(dev.Request("test", ()))]
    assert names == ["format", "lint", "types", "imports", "tests"]
    [(name, command)] = dev.steps_of(dev.Request("test", ("tests/contracts", "-x")))
    assert (name, command[-2:]) == ("tests", ["tests/contracts", "-x"])
    assert [name for name, _ in dev.steps_of(dev.Request("lint", ()))] == names[:-1]
    with pytest.raises(dev.Stop, match="--fix"):
        dev.steps_of(dev.Request("lint", ("--all",)))


def test_the_first_failing_step_ends_it_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the runner keeps its own handlers
    mark = tmp_path / "reached"
    steps = [
        ("good", [sys.executable, "-c", "import os; assert os.environ['QT_QPA_PLATFORM'] == 'offscreen'"]),
        ("bad", [sys.executable, "-c", "raise SystemExit(7)"]),
        ("after", [sys.executable, "-c", f"open({str(mark)!r}, 'w').close()"]),
    ]
    assert dev.run_steps(steps[:1]) == 0
    assert dev.run_steps(steps) == 7
    assert not mark.exists()


def test_the_program_starts_from_the_checkout_and_not_from_where_the_user_stands() -> None:
    command = dev.module_command("commandcenter", "run", "--data", "d")
    assert command[1:] == ["-P", "-m", "commandcenter", "run", "--data", "d"]
    assert Path(command[0]).is_relative_to(ROOT / ".venv")


def test_other_peoples_packages_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("LICHENG_ANYTHING", "kept")
    assert "PYTHONPATH" not in dev.environment()
    assert dev.environment()["LICHENG_ANYTHING"] == "kept"


def test_both_locks_are_of_one_piece() -> None:
    """The tests run on the very versions that the program ships with, and every line has its hash."""

    def pins(name: str) -> dict[str, str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        entries = [line.split(" ")[0] for line in lines if not line.startswith(" ")]
        assert all("==" in entry for entry in entries)
        return dict(entry.split("==") for entry in entries)

    run, test = pins("requirements.txt"), pins("requirements-dev.txt")
    assert run["pyside6-essentials"] == run["pyside6-addons"] == run["shiboken6"]
    assert {name: test[name] for name in run.keys() & test.keys()} == {
        name: run[name] for name in run.keys() & test.keys()
    }

"""On terminals that are not UTF-8 commands print what can be shown, and escapes for the rest; JSON loses nothing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from exporter.commands.printing import plain, say_json
from tests.support.effort import PROVING

TEXT = "Café … → Ω\n"


def terminal(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", TEXT),
        ("ascii", "Caf\\xe9 ... \\u2192 \\u03a9\n"),
        ("latin-1", "Café ... \\u2192 \\u03a9\n"),
        ("cp437", "Café ... \\u2192 Ω\n"),
    ],
)
def test_a_text_is_shown_as_far_as_the_terminal_can(encoding: str, shown: str) -> None:
    assert plain(TEXT, terminal(encoding)) == shown


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_holds_the_same_on_any_terminal(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    data = {"name": TEXT, "sign": "😀"}
    stdout = terminal(encoding)
    monkeypatch.setattr(sys, "stdout", stdout)
    say_json(json.dumps(data, ensure_ascii=False))
    stdout.flush()
    assert json.loads(stdout.buffer.getvalue().decode(encoding)) == data  # type: ignore[attr-defined]


@pytest.mark.parametrize("encoding", ["latin-1"] if PROVING else ["ascii"])
def test_commands_their_help_and_their_errors_hold_nothing_that_such_a_terminal_cannot_take(encoding: str) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "exporter.commands.cli", *arguments]
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)

    status, out, err = run("demo", "--list-scenarios")
    assert (status, err) == (0, "")
    assert "..." in out
    assert run("demo", "--help")[0] == 0
    status, out, err = run("dashboards", "build", "--out", "/dev/null/x", "--config", "/nowhere/Ω…")
    assert (status, out) == (1, "")
    assert "/nowhere/\\u03a9...: cannot be read: No such file" in err

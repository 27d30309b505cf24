"""What is tried of an installed wheel: that it brings one name and all its files, and that its commands work."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from scripts.release.environment import FOREIGN, Environment
from scripts.release.running import ENVIRONMENT, say

_PATIENCE_SECONDS = 300.0


def only_one_name(added: set[str], version: str) -> None:
    """A wheel must bring no other name to the top level than its own."""
    expected = {"campaign_exporter", f"campaign_exporter-{version}.dist-info"}
    if added != expected:
        sys.exit(f"dist: the wheel installs {sorted(added)} at the top level; only {sorted(expected)} is its own")
    say(f"the wheel installs {' and '.join(sorted(added))}, nothing else")


def foreign_modules_are_left(environment: Environment) -> None:
    """What a user had of our old names is still there."""
    for name in FOREIGN:
        if "foreign" not in (environment.packages / f"{name}.py").read_text():
            sys.exit(f"dist: the wheel has overwritten a module {name}.py of the user's")


def commands(environment: Environment, version: str, root: Path) -> None:
    """The version, and boards and rules as they are committed, from a folder that is not the source tree."""
    for told in (environment.tried("--version"), _as_module(environment)):
        if told.strip() != f"campaign-exporter, version {version}":
            sys.exit(f"dist: the wheel is {version}, and `campaign-exporter --version` says {told.strip()!r}")
    say(told.strip())
    for kind in ("dashboards", "alerts"):
        made = environment.elsewhere / f"built-{kind}"
        environment.tried(kind, "build", "--out", made)
        found, committed = _contents(made), _contents(root / kind / "generated")
        unlike = sorted(name for name in found.keys() | committed.keys() if found.get(name) != committed.get(name))
        if unlike or not found:
            sys.exit(f"dist: {kind} build: not as in {kind}/generated: {', '.join(unlike) or 'nothing was written'}")
        say(f"{kind} build: {len(found)} files as in {kind}/generated")


def _as_module(environment: Environment) -> str:
    # In the folder of the foreign modules Python would take these first, as it does for every `python -m`.
    done = subprocess.run(
        [environment.python, "-m", "campaign_exporter", "--version"],
        cwd=environment.elsewhere, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout or done.stderr


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def demo(environment: Environment) -> None:
    """The demo answers with campaigns on /metrics, its dialler runs, and it stops when it is asked to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*taken.getsockname())
    log = environment.elsewhere / "demo.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [environment.command, "demo", "--no-stack", "--web.listen-address", address],
            cwd=environment.elsewhere, env=ENVIRONMENT, stdout=sink, stderr=subprocess.STDOUT,
        )  # fmt: skip
    began = time.monotonic()
    try:
        while (families := _families(f"http://{address}/metrics")) == 0:
            if process.poll() is not None or time.monotonic() > began + _PATIENCE_SECONDS:
                sys.exit(f"{log.read_text()}\ndist: the demo shows no campaign on http://{address}/metrics")
            time.sleep(1)
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
    finally:
        process.kill()
        process.wait()
    if status:
        sys.exit(f"{log.read_text()}\ndist: the demo ended with status {status} when it was asked to stop")
    say(f"demo --no-stack: {families} families on /metrics after {time.monotonic() - began:.0f} s")


def _families(url: str) -> int:
    """How many families of metrics a page shows, none unless a campaign is among them."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
    except (urllib.error.URLError, OSError):
        return 0
    return len(re.findall(r"^# TYPE ", text, re.MULTILINE)) if "\ncampaign_info{" in text else 0

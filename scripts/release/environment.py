"""A clean virtual environment outside the source tree, in which a wheel has to work beside modules of its old names."""

from __future__ import annotations

import re
import sys
import venv
from pathlib import Path

from scripts.release.running import run

_PIN = re.compile(r"^[a-z0-9.-]+==[^\\\n]+", re.MULTILINE)
FOREIGN = ("adapters", "exporter", "dashboards", "alerts")
"""Modules that a user may have, of the names that our packages have in the source tree."""


class Environment:
    """Python with its packages below `place`, installed into from outside: it holds no pip of its own."""

    def __init__(self, place: Path) -> None:
        self.elsewhere = place / "elsewhere"
        self.elsewhere.mkdir()
        self._home = place / "venv"
        venv.create(self._home, with_pip=False)
        self.python = self._home / "bin" / "python"
        [self.packages] = self._home.glob("lib/python*/site-packages")
        for folder in (self.packages, self.elsewhere):
            for name in FOREIGN:
                (folder / f"{name}.py").write_text(f"raise SystemExit({f'a foreign {name}.py was imported'!r})\n")

    @property
    def command(self) -> Path:
        """`campaign-exporter`."""
        return self._home / "bin" / "campaign-exporter"

    def install_locked(self, lock: Path) -> None:
        """Exactly the packages of a lock file."""
        self._pip("install", "--no-deps", "--require-hashes", "-r", lock)

    def install_wheel(self, wheel: Path) -> set[str]:
        """The package itself and nothing else; the names that it adds where packages lie."""
        before = set(self.packages.iterdir())
        self._pip("install", "--no-deps", "--no-index", wheel)
        return {path.name for path in set(self.packages.iterdir()) - before}

    def install_extra(self, wheel: Path, extra: str, lock: Path) -> None:
        """What an extra needs besides, in the versions of a lock file."""
        versions = self.packages.parent / "versions.txt"
        versions.write_text("\n".join(_PIN.findall(lock.read_text(encoding="utf-8"))))
        self._pip("install", "--constraint", versions, f"{wheel}[{extra}]")

    def check(self) -> None:
        """What is installed fits together."""
        self._pip("check")

    def tried(self, *arguments: str | Path) -> str:
        """What the installed command prints, run in a folder that is not the source tree."""
        return run([self.command, *arguments], self.elsewhere)

    def _pip(self, *arguments: str | Path) -> None:
        options = ("--python", self.python, "--quiet", "--disable-pip-version-check")
        run([sys.executable, "-m", "pip", *options, *arguments], self.elsewhere)

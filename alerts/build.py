"""Everything that is generated from the rules, as files."""

from __future__ import annotations

from pathlib import Path

from alerts.output import alertmanager, grafana, prometheus, unit_tests
from alerts.settings import Settings


def contents(settings: Settings) -> dict[str, str]:
    """What `campaign-exporter alerts build` writes, by path."""
    found = prometheus.files(settings) | alertmanager.files(settings) | grafana.files(settings)
    # the cases are at the default thresholds
    return found | (unit_tests.files() if settings == Settings() else {})


def build(settings: Settings, out: Path) -> list[Path]:
    """Write the files; returns their paths."""
    written = []
    for name, text in contents(settings).items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        written.append(path)
    return written

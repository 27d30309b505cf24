"""What docs/scale.md shows is taken by the programs that it is for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support import engines

pytestmark = engines.needed

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
CONFIGS = [
    text for text in re.findall(r"^ *```yaml\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL) if "scrape_configs" in text
]


def _ran(*command: str) -> tuple[int, str]:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_there_are_examples() -> None:
    assert len(CONFIGS) == 3


@pytest.mark.parametrize("text", CONFIGS, ids=["remote write", "pair", "shards"])
def test_prometheus_takes_each_configuration(text: str, tmp_path: Path) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(text)
    for promtool in ("promtool", engines.program("promtool")):
        for agent in ((), ("--agent",)):
            status, said = _ran(promtool, "check", "config", *agent, str(file))
            assert status == 0, said


@pytest.mark.parametrize("text", CONFIGS, ids=["remote write", "pair", "shards"])
def test_vmagent_takes_what_each_scrapes(text: str, tmp_path: Path) -> None:
    file = tmp_path / "scrape.yml"
    known = yaml.safe_load(text)
    file.write_text(yaml.safe_dump({name: known[name] for name in ("global", "scrape_configs") if name in known}))
    status, said = _ran(engines.program("vmagent"), "-dryRun", f"-promscrape.config={file}")
    assert status == 0, said


@pytest.mark.parametrize("program", ["vmagent", "vmalert"])
def test_each_option_of_a_command_is_one_of_its_program(program: str) -> None:
    _, known = _ran(engines.program(program), "-help")
    (command,) = re.findall(rf"^```sh\n{program} (.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    options = [*re.findall(r"-([\w.]+)", re.sub(r"=\S+", "", command)), *_named(program)]
    assert options
    assert [option for option in options if f"  -{option}" not in known] == []


def _named(program: str) -> list[str]:
    """Options that the text names."""
    return ["rule.evalDelay"] if program == "vmalert" else []

"""The pages say what the code does: nothing generated is stale, nothing is left out, no link is dead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import alerts.build
import alerts.settings
from exporter.commands.check.report import Report, as_json
from exporter.config import parse
from exporter.config.file import parse_section
from exporter.config.web_file import load_web_file
from exporter.metrics.catalogue import FAMILIES
from scripts.generate_docs import PAGES, ROOT, own_metrics, rendered, settings

ALL_PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_generated_parts_are_up_to_date(name: str) -> None:
    assert rendered(page(name), PAGES[name]) == page(name), "stale: run make docs"


def test_every_setting_has_a_meaning() -> None:
    told = set(re.findall(r"^\| `([^`]+)` \| [^|]+ \| [^|]+ \| \S", page("docs/configuration.md"), re.MULTILINE))
    assert [key for key, *_ in settings() if key not in told] == []


def test_every_metric_is_described() -> None:
    described = page("docs/metrics.md")
    assert [family.name for family in FAMILIES if f"| `{family.name}` |" not in described] == []


def test_the_operating_page_says_what_each_of_the_exporters_own_metrics_tells() -> None:
    told = page("docs/operating.md")
    assert [name for name, *_ in own_metrics() if f"`{name}`" not in told] == []


def yaml_blocks(with_key: str) -> list[tuple[str, str]]:
    """Where, and the text, of each example that has a key."""
    found = []
    for path in ALL_PAGES:
        for number, (language, text) in enumerate(_FENCED.findall(path.read_text(encoding="utf-8")), 1):
            if language == "yaml" and with_key in (yaml.safe_load(text) or {}):
                found.append((f"{path.name}, block {number}", text))
    return found


@pytest.mark.parametrize(("where", "text"), yaml_blocks("database"))
def test_every_example_of_a_configuration_is_valid(where: str, text: str) -> None:
    variables = {"CREDENTIALS_DIRECTORY": "/run/credentials", "STATE_DIRECTORY": "/var/lib/campaign-exporter"}
    parse(text, where, {"DATABASE_PASSWORD_ENCODED": "secret", **variables})


@pytest.mark.parametrize(("where", "text"), yaml_blocks("tls_server_config"))
def test_every_example_of_a_web_file_is_valid(where: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / where
    file.write_text(text)
    assert load_web_file(file, {}).tls_server_config


@pytest.mark.parametrize("key", ["answers", "routing"])
def test_every_example_of_alert_settings_is_valid(key: str) -> None:
    for where, text in yaml_blocks(key):
        assert alerts.build.contents(parse_section(alerts.settings.Settings, text, where, {}, "remedy")), where


@pytest.mark.parametrize(("where", "text"), yaml_blocks("scrape_configs"))
def test_every_example_of_a_scrape_fits_the_defaults(where: str, text: str) -> None:
    default = parse("database: {url: 'postgresql:///'}", "smallest")
    port = default.web.listen_address.rpartition(":")[2]
    for job in yaml.safe_load(text)["scrape_configs"]:
        for target in (target for static in job["static_configs"] for target in static["targets"]):
            assert target.rpartition(":")[2] == port, where


def test_the_shape_of_check_as_json_is_described() -> None:
    keys = yaml.safe_load(as_json(Report((), {}))).keys()
    described = page("docs/operating.md")
    assert [key for key in keys if f"`{key}`" not in described] == []


def _anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_no_link_between_pages_is_dead() -> None:
    assert {str(path.relative_to(ROOT)): dead for path in ALL_PAGES if (dead := list(_dead(path)))} == {}


def _dead(path: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for link in _LINK.findall(_FENCED.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists():
            yield f"{link}: there is no such file"
        elif anchor and anchor not in _anchors(target.read_text(encoding="utf-8")):
            yield f"{link}: there is no such heading"


def test_lines_fit_a_screen() -> None:
    lines = ((path, line) for path in ALL_PAGES for line in _FENCED.sub("", path.read_text("utf-8")).splitlines())
    assert [f"{path.relative_to(ROOT)}: {line}" for path, line in lines
            if len(line) > 120 and not line.startswith("|") and "](http" not in line] == []  # fmt: skip

"""The alerts' runbooks: one each, of one shape, and what they name is there: pages, panels, settings, commands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel, BeforeValidator

from alerts.catalogue import alerts
from alerts.output.inhibitions import BLIND, INHIBITIONS, OF_CAMPAIGNS
from alerts.output.routes import TOGETHER
from alerts.settings import Override, Settings
from alerts.vocabulary.rule import EXPORTER, Alert
from exporter.commands.cli import main
from exporter.config import Config
from exporter.contract.codes import BLOCKERS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "alerts" / "runbooks"
PAGES = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.md"))}
ALERTS = {alert.name: alert for alert in alerts(Settings())}
SECTIONS = ["Meaning", "Impact", "First look", "What to do", "Capture", "Escalate", "False alarms"]
CAPTURE = re.compile(
    r"^campaign-exporter capture --config.file FILE --campaign {campaign} (--task TASK )?-o evidence.zip$", re.MULTILINE
)
MINUTE, HOUR = 60, 3600
each = pytest.mark.parametrize("name", PAGES)


def section(name: str, title: str) -> str:
    """The text of a section, on one line."""
    return " ".join(PAGES[name].partition(f"## {title}\n")[2].partition("\n## ")[0].split())


def prose(name: str) -> str:
    """A page without its blocks of code, on one line."""
    return " ".join(re.sub(r"^```.*?^```$", "", PAGES[name], flags=re.DOTALL | re.MULTILINE).split())


def inline_code(name: str) -> list[str]:
    return re.findall(r"`([^`]+)`", prose(name))


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert PAGES.keys() == ALERTS.keys()


# -- their shape ----------------------------------------------------------------------------------------------


@each
def test_a_page_begins_with_its_name_and_has_its_sections_in_order(name: str) -> None:
    assert PAGES[name].startswith(f"# {name}\n\n## Meaning\n")
    assert re.findall(r"^#+ (.+)$", PAGES[name], re.MULTILINE) == [name, *SECTIONS]


@each
def test_a_page_is_short_and_plain(name: str) -> None:
    lines = PAGES[name].splitlines()
    assert 20 <= len(lines) <= 70
    assert sum(map(bool, lines)) <= 50
    assert max(map(len, lines)) <= 120
    assert "<" not in prose(name)
    assert all(section(name, title) for title in SECTIONS)


@each
def test_what_to_do_is_a_numbered_list(name: str) -> None:
    steps = re.findall(r"^(\d+)\. \S", PAGES[name].partition("## What to do\n")[2].partition("\n## ")[0], re.MULTILINE)
    assert steps == [str(n) for n in range(1, len(steps) + 1)]
    assert len(steps) >= 4


# -- what they name is there ----------------------------------------------------------------------------------


@each
def test_links_lead_to_pages_of_alerts_and_codes(name: str) -> None:
    known = {*(f"{alert}.md" for alert in ALERTS), *(f"codes/{code}.md" for code in (*BLOCKERS, "unknown"))}
    links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", prose(name))
    assert {target for _, target in links} <= {*known, "/campaigns"}
    for words, target in links:
        assert target == "/campaigns" or words.strip("`") == Path(target).stem
        assert target != f"{name}.md"


def _panels() -> dict[str, dict[str, dict[int, str]]]:
    """Boards by title: their file's name, and the titles of their panels by id."""

    def each_panel(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for panel in found:
            yield panel
            yield from each_panel(panel.get("panels", []))

    boards = {}
    for file in sorted((ROOT / "dashboards" / "generated").glob("*.json")):
        board = json.loads(file.read_text(encoding="utf-8"))
        titles = {panel["id"]: panel.get("title") or "" for panel in each_panel(board["panels"])}
        boards[board["title"]] = {file.stem: titles}
    return boards


BOARDS = _panels()
_TITLES = "|".join(map(re.escape, BOARDS))
_ITALIC = r"(?<!\*)\*[^*]+\*(?!\*)"
_OF_A_BOARD = re.compile(rf"({_TITLES}), panels? ({_ITALIC}(?:(?:, | and ){_ITALIC})*)")
_ON_THE_SAME = re.compile(rf"panels? ({_ITALIC}(?:(?:, | and ){_ITALIC})*) (?:there|(?:of|on|from) ({_TITLES}))")


def named_panels(text: str) -> set[tuple[str, str]]:
    """Boards and panels: `Campaign live, panel *Limits*`, and `panel *Limits* there`, which is on the board before."""
    found, board = set(), ""
    for match in re.finditer(rf"{_OF_A_BOARD.pattern}|{_ON_THE_SAME.pattern}", text):
        board = match[1] or match[4] or board
        found |= {(board, panel) for panel in re.findall(r"\*([^*]+)\*", match[2] or match[3])}
    return found


@each
def test_panels_are_on_the_boards_that_are_named(name: str) -> None:
    there = {
        (board, title) for board, files in BOARDS.items() for panels in files.values() for title in panels.values()
    }
    named = named_panels(prose(name))
    assert named - there == set()
    said = {" ".join(italic.strip("*").split()) for italic in re.findall(_ITALIC, prose(name))}
    assert said == {panel for _, panel in named}, "a panel is named with its board"


@each
def test_the_first_look_names_the_alerts_own_panel(name: str) -> None:
    uid, number = ALERTS[name].panel
    [own] = [(board, files[uid][number]) for board, files in BOARDS.items() if uid in files]
    look = section(name, "First look")
    assert own in named_panels(look)
    assert look.startswith("Campaigns › ")
    assert f"Campaigns › {own[0]}, panel" in look


@each
def test_parts_of_the_card_are_called_as_on_the_card(name: str) -> None:
    templates = (ROOT / "exporter" / "web" / "templates").glob("ca[mr]*.html")
    headings = {h for file in templates for h in re.findall(r"<h2[^>]*>([^<{]+)</h2>", file.read_text("utf-8"))}
    assert set(re.findall(r'"([^"]+)"', prose(name))) <= headings


def _keys(model: type[BaseModel], before: str = "") -> Iterator[str]:
    for field, info in model.model_fields.items():
        key = before + (info.alias or field)
        yield key
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _keys(info.annotation, f"{key}.")


_SETTINGS = {*_keys(Settings), *_keys(Config)}


@each
def test_settings_exist(name: str) -> None:
    for code in inline_code(name):
        if match := re.fullmatch(r"alerts\.(\w+)\.(\w+)", code):
            assert match[1] == name
            assert match[2] in _keys(Override)
        elif re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code) and not code.endswith((".txt", ".zip", ".csv")):
            assert code in _SETTINGS


def _default(key: str) -> str:
    """The default of a setting, as a page tells it."""
    name, _, field = key.partition(".")
    section_of = getattr(Settings(), name)
    value = getattr(section_of, field)
    if any(isinstance(one, BeforeValidator) for one in type(section_of).model_fields[field].metadata):
        return duration(value)
    if isinstance(value, int | str):
        return str(value)
    return f"{value:g} times" if value > 1 else f"{100 * value:g} %"


def duration(seconds: float) -> str:
    """As a page tells it."""
    if seconds in (MINUTE, HOUR):
        return "one minute" if seconds == MINUTE else "an hour"
    if seconds < MINUTE:
        return f"{seconds:g} seconds"
    return f"{seconds / MINUTE:g} minutes" if seconds < HOUR else f"{seconds / HOUR:g} hours"


@each
def test_the_meaning_tells_the_thresholds_with_their_defaults_and_how_long_it_must_hold(name: str) -> None:
    meaning = section(name, "Meaning")
    for key in ALERTS[name].rests_on:
        assert f"`{key}`" in meaning
        # a bare number is not that of a share or of a duration beside it
        assert re.search(rf"(?<!\d){_default(key)}(?!\d| %| seconds| minutes| hours)", meaning), _default(key)
    if ALERTS[name].wait:
        assert re.search(rf"(?<!\d){duration(ALERTS[name].wait)}", meaning), duration(ALERTS[name].wait)
    assert not re.search("must hold for" if not ALERTS[name].wait else "told at once", meaning)


@each
def test_how_long_an_alert_stays_is_told_as_it_is(name: str) -> None:
    for told in re.findall(r"stays for ([\w ]+?) after", section(name, "Meaning")):
        assert told == duration(ALERTS[name].keep)


def test_pages_say_what_is_told_together() -> None:
    together = {name for causes, _ in TOGETHER for name in causes}
    said = {name for name in PAGES if re.search("one (notification|ticket) for all", section(name, "Meaning"))}
    assert said == together


@each
def test_commands_and_their_options_exist(name: str) -> None:
    commands = re.findall(r"campaign-exporter ((?:[a-z]+ )?)([^`\n]*)", PAGES[name].replace("`campaign-exporter`", ""))
    for word, rest in commands:
        if rest.startswith(("--since", ">")) or not word.strip():  # of journalctl
            continue
        command = main.commands[word.strip()] if isinstance(main, click.Group) else main
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--?[a-z][\w.-]*", rest)) <= options


# -- which alerts they say are silent meanwhile ---------------------------------------------------------------


_FEW = 4
"""A page names all that hold it back, if they are not more than these."""

HOLDS = {
    (cause, symptom)
    for one in INHIBITIONS
    for cause in one.causes
    for symptom in one.symptoms
    if not (cause in BLIND and symptom in OF_CAMPAIGNS)
}


def linked(text: str) -> set[str]:
    return set(re.findall(r"\]\((\w+)\.md\)", text))


@each
def test_a_page_says_what_holds_it_back(name: str) -> None:
    causes = {cause for cause, symptom in HOLDS if symptom == name}
    said = re.findall(r"held back while (.*?) fires", section(name, "Meaning"))
    assert len(said) == bool(causes)
    assert {cause for words in said for cause in linked(words)} <= causes
    assert all(linked(words) and (linked(words) == causes or "or another alert" in words) for words in said)
    assert len(causes) > _FEW or "or another alert" not in "".join(said)


@each
def test_what_a_page_holds_back_is_held_back_by_it(name: str) -> None:
    symptoms = {symptom for cause, symptom in HOLDS if cause == name}
    for words in re.findall(r"holds back (.*?\.)(?: |$)", prose(name)):
        assert linked(words) <= symptoms
        assert linked(words)


@pytest.mark.parametrize("name", BLIND)
def test_pages_about_blindness_say_that_the_others_are_silent(name: str) -> None:
    assert re.search(
        r"While this fires, (every alert|alerts) about campaigns (is|are) silent", section(name, "Meaning")
    )


@each
def test_the_gate_is_named_as_a_label_where_alerts_carry_it(name: str) -> None:
    if re.search(r"by \([\w, ]*\bgate\b[\w, ]*\)", ALERTS[name].expr):
        assert "The label `gate` says" in section(name, "Meaning")


@each
def test_rates_of_calls_that_got_through_are_told_as_such(name: str) -> None:
    answers = name in ("CampaignAnswerRateLow", "CampaignNumberBad", "CampaignNumberFading")
    assert ("got through (outcome not `failed`)" in section(name, "Meaning")) == answers


# -- what they must say ---------------------------------------------------------------------------------------


def of_campaigns(alert: Alert) -> bool:
    return not set(EXPORTER) & set(alert.about)


@each
def test_the_evidence_is_captured_by_a_command_to_copy(name: str) -> None:
    capture = PAGES[name].partition("## Capture\n")[2].partition("\n## ")[0]
    alert = ALERTS[name]
    if not of_campaigns(alert):
        assert "campaign-exporter check --config.file FILE" in capture
        assert "/metrics" in capture
        assert "log" in capture
    else:
        assert CAPTURE.search(capture)
        assert "`/campaigns/{campaign}`" in section(name, "First look")
        assert ("campaign" in alert.about) or "CAMPAIGN is " in capture, "which campaign to take"


@pytest.mark.parametrize(
    ("name", "shift"),
    [
        ("CampaignBacklogGrows", "Pending grows while in progress stays flat: the campaign is capacity blocked "
         "(numbers, windows, queue health)."),
        ("CampaignFailureBurst", "Look at blocker codes and provider errors before scaling."),
        ("CampaignAnswerRateLow", "The answer rate drops"),
    ],
)  # fmt: skip
def test_the_shifts_of_the_key_figures_are_read_as_operators_read_them(name: str, shift: str) -> None:
    assert shift in section(name, "Meaning")


def test_moves_come_in_the_operators_order_when_the_answer_rate_drops() -> None:
    steps = section("CampaignAnswerRateLow", "What to do")
    moves = ("Take the worst number out", "reduce concurrency", "narrow the windows", "Re-check the country match")
    assert sorted(moves, key=steps.index) == list(moves)
    assert "number pool health and country match" in section("CampaignAnswerRateLow", "First look")

"""The alerts' runbooks: one each, of one shape, and what they name is there: pages, panels, settings, commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel, PlainSerializer

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


def faults(of: Callable[[str], Iterator[str]]) -> dict[str, list[str]]:
    """By page, what is said against it."""
    return {name: found for name in PAGES if (found := list(of(name)))}


def section(name: str, title: str) -> str:
    """The text of a section, on one line."""
    return " ".join(lines(name, title).split())


def lines(name: str, title: str) -> str:
    """The text of a section as it is written."""
    return PAGES[name].partition(f"## {title}\n")[2].partition("\n## ")[0]


def prose(name: str) -> str:
    """A page without its blocks of code, on one line."""
    return " ".join(re.sub(r"^```.*?^```$", "", PAGES[name], flags=re.DOTALL | re.MULTILINE).split())


def inline_code(name: str) -> list[str]:
    return re.findall(r"`([^`]+)`", prose(name))


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert PAGES.keys() == ALERTS.keys()


# -- their shape ----------------------------------------------------------------------------------------------


def test_a_page_begins_with_its_name_and_has_its_sections_in_order() -> None:
    assert [name for name, page in PAGES.items() if not page.startswith(f"# {name}\n\n## Meaning\n")] == []
    headings = {name: re.findall(r"^#+ (.+)$", page, re.MULTILINE) for name, page in PAGES.items()}
    assert {name: found for name, found in headings.items() if found != [name, *SECTIONS]} == {}


def test_a_page_is_short_and_plain() -> None:
    def long_or_odd(name: str) -> Iterator[str]:
        lines = PAGES[name].splitlines()
        if not 20 <= len(lines) <= 70 or sum(map(bool, lines)) > 50:
            yield f"{len(lines)} lines, {sum(map(bool, lines))} of them written on"
        yield from (f"too long: {line}" for line in lines if len(line) > 120)
        if "<" in prose(name):
            yield "HTML"
        yield from (f"nothing under {title}" for title in SECTIONS if not section(name, title))

    assert faults(long_or_odd) == {}


def test_what_to_do_is_a_numbered_list() -> None:
    steps = {name: re.findall(r"^(\d+)\. \S", lines(name, "What to do"), re.MULTILINE) for name in PAGES}
    assert {name: found for name, found in steps.items()
            if len(found) < 4 or found != [str(n) for n in range(1, len(found) + 1)]} == {}  # fmt: skip


# -- what they name is there ----------------------------------------------------------------------------------


def test_links_lead_to_pages_of_alerts_and_codes() -> None:
    known = {*(f"{alert}.md" for alert in ALERTS), *(f"codes/{code}.md" for code in (*BLOCKERS, "unknown"))}

    def astray(name: str) -> Iterator[str]:
        for words, target in re.findall(r"\[([^\]]+)\]\(([^)]+)\)", prose(name)):
            if target == "../campaigns":
                continue
            if target not in known or target == f"{name}.md" or words.strip("`") != Path(target).stem:
                yield f"[{words}]({target})"

    assert faults(astray) == {}


def _panels() -> dict[str, dict[str, dict[int, str]]]:
    """Boards by title: their file's name, and the titles of their panels, which headings are not, by id."""

    def each_panel(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for panel in found:
            yield panel
            yield from each_panel(panel.get("panels", []))

    boards = {}
    for file in sorted((ROOT / "dashboards" / "generated").glob("*.json")):
        board = json.loads(file.read_text(encoding="utf-8"))
        panels = (panel for panel in each_panel(board["panels"]) if panel["type"] != "row")
        titles = {panel["id"]: panel.get("title") or "" for panel in panels}
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


def test_panels_are_on_the_boards_that_are_named() -> None:
    there = {
        (board, title) for board, files in BOARDS.items() for panels in files.values() for title in panels.values()
    }

    def not_there(name: str) -> Iterator[str]:
        named = named_panels(prose(name))
        yield from (f"no panel *{panel}* on {board}" for board, panel in named - there)
        said = {" ".join(italic.strip("*").split()) for italic in re.findall(_ITALIC, prose(name))}
        yield from (f"*{panel}* without its board" for panel in said - {panel for _, panel in named})

    assert faults(not_there) == {}


def test_the_first_look_names_the_alerts_own_panel() -> None:
    def elsewhere(name: str) -> Iterator[str]:
        uid, number = ALERTS[name].panel
        [(board, panel)] = [(board, files[uid][number]) for board, files in BOARDS.items() if uid in files]
        look = section(name, "First look")
        if (board, panel) not in named_panels(look) or f"Campaigns › {board}, panel" not in look:
            yield f"not {board}, panel *{panel}*"
        if not look.startswith("Campaigns › "):
            yield f"begins with {look[:20]}"

    assert faults(elsewhere) == {}


def test_parts_of_the_card_are_called_as_on_the_card() -> None:
    templates = (ROOT / "exporter" / "web" / "templates").glob("ca[mr]*.html")
    headings = {h for file in templates for h in re.findall(r"<h2[^>]*>([^<{]+)</h2>", file.read_text("utf-8"))}
    assert faults(lambda name: iter(set(re.findall(r'"([^"]+)"', prose(name))) - headings)) == {}


def _keys(model: type[BaseModel], before: str = "") -> Iterator[str]:
    for field, info in model.model_fields.items():
        key = before + (info.alias or field)
        yield key
        for kind in (info.annotation, *get_args(info.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _keys(kind, f"{key}.")


_SETTINGS = {*_keys(Settings), *_keys(Config)}


def test_settings_exist() -> None:
    def strange(name: str) -> Iterator[str]:
        for code in inline_code(name):
            if match := re.fullmatch(r"alerts\.(\w+)\.(\w+)", code):
                if match[1] != name or match[2] not in _keys(Override):
                    yield code
            elif re.fullmatch(r"[a-z_]+(\.[a-z_]+)+(?<!\.txt)(?<!\.zip)(?<!\.csv)", code) and code not in _SETTINGS:
                yield code

    assert faults(strange) == {}


def _default(key: str) -> str:
    """The default of a setting, as a page tells it."""
    name, _, field = key.partition(".")
    section_of = getattr(Settings(), name)
    value = getattr(section_of, field)
    if any(isinstance(one, PlainSerializer) for one in type(section_of).model_fields[field].metadata):
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


def test_the_meaning_tells_the_thresholds_with_their_defaults_and_how_long_it_must_hold() -> None:
    def untold(name: str) -> Iterator[str]:
        meaning, wait = section(name, "Meaning"), ALERTS[name].wait
        for key in ALERTS[name].rests_on:
            # a bare number is not that of a share or of a duration beside it
            default = rf"(?<!\d){_default(key)}(?!\d| %| seconds| minutes| hours)"
            if f"`{key}`" not in meaning or not re.search(default, meaning):
                yield f"not `{key}`, which is {_default(key)}"
        if wait and not re.search(rf"(?<!\d){duration(wait)}", meaning):
            yield f"not that it waits {duration(wait)}"
        if wrong := re.search("told at once" if wait else "must hold for", meaning):
            yield wrong[0]

    assert faults(untold) == {}


def test_how_long_an_alert_stays_is_told_as_it_is() -> None:
    told = {name: re.findall(r"stays for ([\w ]+?) after", section(name, "Meaning")) for name in PAGES}
    assert any(told.values())
    assert {name: found for name, found in told.items() if {*found} - {duration(ALERTS[name].keep)}} == {}


def test_pages_say_what_is_told_together() -> None:
    together = {name for causes, _ in TOGETHER for name in causes}
    said = {name for name in PAGES if re.search("one (notification|ticket) for all", section(name, "Meaning"))}
    assert said == together


def test_commands_and_their_options_exist() -> None:
    def strange(name: str) -> Iterator[str]:
        text = PAGES[name].replace("`campaign-exporter`", "")
        for word, rest in re.findall(r"campaign-exporter ((?:[a-z]+ )?)([^`\n]*)", text):
            if rest.startswith(("--since", ">")) or not word.strip():  # of journalctl
                continue
            command = main.get_command(click.Context(main), word.strip())
            options = {option for parameter in command.params for option in parameter.opts} if command else set()
            if command is None or set(re.findall(r"(?<!\S)--?[a-z][\w.-]*", rest)) - options:
                yield f"campaign-exporter {word}{rest}"

    assert faults(strange) == {}


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


def test_a_page_says_what_holds_it_back() -> None:
    def otherwise(name: str) -> Iterator[str]:
        causes = {cause for cause, symptom in HOLDS if symptom == name}
        said = re.findall(r"held back while (.*?) fires", section(name, "Meaning"))
        if len(said) != bool(causes):
            yield f"{len(said)} sentences of what holds it back: {causes}"
        for words in said:
            more = "or another alert" in words
            if not linked(words) or not linked(words) <= causes or (not more and linked(words) != causes):
                yield f"{words}, and it is {causes}"
            if more and len(causes) <= _FEW:
                yield f"{words}: name all of {causes}"

    assert faults(otherwise) == {}


def test_what_a_page_holds_back_is_held_back_by_it() -> None:
    def otherwise(name: str) -> Iterator[str]:
        symptoms = {symptom for cause, symptom in HOLDS if cause == name}
        for words in re.findall(r"holds back (.*?\.)(?: |$)", prose(name)):
            if not linked(words) or not linked(words) <= symptoms:
                yield f"{words} It is {symptoms}"

    assert faults(otherwise) == {}


def test_pages_about_blindness_say_that_the_others_are_silent() -> None:
    said = r"While this fires, (every alert|alerts) about campaigns (is|are) silent"
    assert [name for name in BLIND if not re.search(said, section(name, "Meaning"))] == []


def test_the_gate_is_named_as_a_label_where_alerts_carry_it() -> None:
    carry = [name for name in PAGES if re.search(r"by \([\w, ]*\bgate\b[\w, ]*\)", ALERTS[name].expr)]
    assert carry
    assert [name for name in carry if "The label `gate` says" not in section(name, "Meaning")] == []


def test_rates_of_calls_that_got_through_are_told_as_such() -> None:
    told = "got through (outcome neither `failed` nor `other`)"
    assert [name for name in PAGES if told in " ".join(section(name, "Meaning").split())] == [
        "CampaignAnswerRateLow", "CampaignNumberBad", "CampaignNumberFading",
    ]  # fmt: skip


# -- what they must say ---------------------------------------------------------------------------------------


def of_campaigns(alert: Alert) -> bool:
    return not set(EXPORTER) & set(alert.about)


def test_the_evidence_is_captured_by_a_command_to_copy() -> None:
    def missing(name: str) -> Iterator[str]:
        capture, alert = lines(name, "Capture"), ALERTS[name]
        if not of_campaigns(alert):
            for words in ("campaign-exporter check --config.file FILE", "/metrics", "log"):
                if words not in capture:
                    yield words
            return
        if not CAPTURE.search(capture):
            yield "the command"
        if "`/campaigns/{campaign}`" not in section(name, "First look"):
            yield "the card"
        if "campaign" not in alert.about and "CAMPAIGN is " not in capture:
            yield "which campaign to take"

    assert faults(missing) == {}


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

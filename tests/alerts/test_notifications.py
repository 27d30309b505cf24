"""What a person reads: our texts, rendered by Debian's Alertmanager, and how often it sends them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.request import Request, urlopen

import pytest

from alerts.output import alertmanager
from alerts.settings import Routing, Settings
from tests.support import alertmanager as programs
from tests.support.prometheus import fetch, wait_for

NAME = 'Say "hi" {{ .Labels.tenant }} {{ template "x" }} & <b>\\bold</b> <!channel> \'*_[x](y)_*\' 🎉'
REASON = "no more\nFirst move: delete everything\r\n\u202egnihtyreve"
"""Names and reasons as somebody may type them: nobody takes them for a template, markup or further lines."""

SUMMARY = "Every gate is open and tasks are ready, but no call is started."
LINKS = {
    "runbook_url": "http://exporter/runbooks/CampaignStalled?tenant=acme&campaign=c1",
    "card_url": "http://exporter/campaigns/c1",
    "panel_url": "http://grafana/d/campaigns-campaign?var-tenant=acme&var-campaign=c1&viewPanel=221",
    "dashboard_url": "http://grafana/d/campaigns-campaign?var-tenant=acme&var-campaign=c1",
}
TEXTS = {"summary": SUMMARY, "description": f"{NAME} is stalled: {REASON}", "first_move": "Restart it.", **LINKS}
LONG = "a\nb\u2028c" + "x" * 500
LABELS = {"alertname": "CampaignStalled", "severity": "critical", "tenant": "acme", "campaign": "c1"}
ALERTMANAGER = "http://alertmanager:9093/#"
THESE = "%7B" + "%2C".join(f"{name}%3D%22{LABELS[name]}%22" for name in sorted(LABELS)) + "%7D"
"""The labels that the alerts have in common, as the addresses of Alertmanager's pages take them."""

BEGAN, ENDED = "2026-03-04T10:32:00Z", "2026-03-04T11:05:00Z"


def alert(status: str = "firing", texts: Mapping[str, str] = TEXTS, **labels: str) -> dict[str, Any]:
    """An alert as Alertmanager gives it to a template."""
    ends = ENDED if status == "resolved" else "0001-01-01T00:00:00Z"
    return {"status": status, "labels": LABELS | labels, "annotations": dict(texts), "startsAt": BEGAN, "endsAt": ends}


Render = Callable[..., str]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """A text of ours, made by amtool."""

    def rendered(
        template: str, *told: dict[str, Any], markup: str = "text", common: Mapping[str, str] | None = None
    ) -> str:
        firing = any(each["status"] == "firing" for each in told)
        data = {"status": "firing" if firing else "resolved", "alerts": told,
                "commonLabels": common or LABELS, "externalURL": "http://alertmanager:9093"}  # fmt: skip
        (tmp_path / "data.json").write_text(json.dumps(data))
        command = [
            "amtool", "template", "render", f"--template.glob={alertmanager.TEMPLATES}/*.tmpl",
            f"--template.type={markup}", f"--template.data={tmp_path / 'data.json'}",
            f'--template.text={{{{ template "campaigns.{template}" . }}}}',
        ]  # fmt: skip
        result = subprocess.run(command, capture_output=True, check=False)
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout.decode()

    return rendered


# -- texts --------------------------------------------------------------------------------------------------------


def test_a_title_says_how_bad_it_is_what_it_is_and_where(render: Render) -> None:
    assert render("title", alert()) == f"CRITICAL: {SUMMARY[:-1]} (c1)"
    assert render("title", alert(severity="warning")).startswith("WARNING: ")


def about(whom: str, **labels: str) -> dict[str, Any]:
    """An alert that says whom it is about."""
    return alert(texts=TEXTS | {"about": whom}, **labels)


@pytest.mark.parametrize("template", ["title", "slack.title", "markdown.title"])
@pytest.mark.parametrize("told", [alert(campaign=LONG), about(f"{LONG} (c1)")], ids=["id", "name"])
def test_a_title_is_one_short_line_whatever_a_campaign_is_called(
    render: Render, template: str, told: dict[str, Any]
) -> None:
    title = render(template, told)
    assert "\n" not in title
    assert "\u2028" not in title
    assert "x…" in title
    assert len(title) < 160


def test_a_title_names_a_campaign_as_people_know_it(render: Render) -> None:
    assert render("title", about("Spring offer (c1)")) == f"CRITICAL: {SUMMARY[:-1]} (Spring offer (c1))"
    assert render("title", about("number n1 of tenant acme", number="n1")).endswith("(number n1 of tenant acme)")


def test_a_hostile_name_is_text_in_a_title(render: Render) -> None:
    hostile = '{{ .Labels.tenant }} <!channel> & <b> *_[x](y)_* "\u202e'
    assert render("title", about(hostile)).endswith('({{ .Labels.tenant }} <!channel> & <b> *_[x](y)_* " )')
    slack = render("slack.title", about(hostile))
    assert "<!channel>" not in slack
    assert unescape(slack) == render("title", about(hostile))
    assert r"\[x\]\(y\)" in render("markdown.title", about(hostile))
    mail = render("mail", about(hostile), markup="html")
    assert "<b>" not in mail.partition("</title>")[0]


@pytest.mark.parametrize("template", ["text", "slack", "mail"])
def test_what_is_over_names_a_campaign_as_people_know_it(render: Render, template: str) -> None:
    markup = "html" if template == "mail" else "text"
    text = render(template, alert("resolved", TEXTS | {"about": "Spring offer (c1)"}), markup=markup)
    assert "(Spring offer (c1)) from 2026-03-04 10:32" in text
    assert "(c1) from 2026-03-04 10:32" in render(template, alert("resolved"), markup=markup)


@pytest.mark.parametrize(
    ("labels", "whom"),
    [
        ({"provider": "acme-voice"}, "acme-voice"),
        ({"number": "+4930"}, "+4930"),
        ({}, "acme"),
        ({"tenant": "", "job": "campaign-exporter"}, "campaign-exporter"),
    ],
)
def test_a_title_names_whom_an_alert_is_about(render: Render, labels: dict[str, str], whom: str) -> None:
    told = alert() | {"labels": LABELS | {"campaign": ""} | labels}
    assert render("title", told).endswith(f"({whom})")


def test_a_title_of_several_says_how_many_more(render: Render) -> None:
    assert render("title", alert(), alert(campaign="c2"), alert("resolved", campaign="c3")).endswith("(c1) and 1 more")


@pytest.mark.parametrize("template", ["title", "slack.title", "markdown.title", "mail"])
def test_a_title_says_when_it_is_over(render: Render, template: str) -> None:
    assert "RESOLVED: " in render(template, alert("resolved"))


def test_a_text_says_what_is_wrong_what_to_do_first_and_where_to_look(render: Render) -> None:
    plain = TEXTS | {"description": "Spring offer (c1) is blocked by money (credits_exhausted)."}
    assert render("text", alert(texts=plain)).splitlines() == [
        SUMMARY,
        "Spring offer (c1) is blocked by money (credits_exhausted).",
        "First move: Restart it.",
        "critical since 2026-03-04 10:32 UTC",
        f"Runbook: {LINKS['runbook_url']}",
        f"Card: {LINKS['card_url']}",
        f"Panel: {LINKS['panel_url']}",
        f"Board: {LINKS['dashboard_url']}",
        "",
        f"All of them: {ALERTMANAGER}/alerts?filter={THESE}",
        f"Silence them: {ALERTMANAGER}/silences/new?filter={THESE}",
    ]


@pytest.mark.parametrize("template", ["text", "slack", "markdown", "mail"])
def test_a_silence_is_one_click_away_while_something_fires(render: Render, template: str) -> None:
    markup = "html" if template == "mail" else "text"
    silence = f"{ALERTMANAGER}/silences/new?filter={THESE}"
    assert unquote(silence) in unquote(unescape(render(template, alert(), markup=markup)))
    assert "/silences/" not in render(template, alert("resolved"), markup=markup)


@pytest.mark.parametrize("template", ["text", "slack", "markdown", "mail"])
def test_a_hostile_label_stays_a_value_in_the_filter_of_a_silence(render: Render, template: str) -> None:
    markup = "html" if template == "mail" else "text"
    hostile = 'a b+"},x=~".*"|>)'
    text = unescape(render(template, alert(), markup=markup, common={"tenant": hostile}))
    (found, _) = re.findall(r"filter=([\w%.~-]*)", text)
    assert unquote(found) == f'{{tenant="{hostile}"}}'


@pytest.mark.parametrize("template", ["text", "slack", "markdown", "mail"])
def test_what_is_over_is_told_without_a_move_to_make(render: Render, template: str) -> None:
    text = render(template, alert("resolved"), markup="html" if template == "mail" else "text")
    assert "It is over:" in text
    assert "from 2026-03-04 10:32 to 2026-03-04 11:05 UTC" in text
    assert "irst move" not in text
    assert "is stalled" not in text


@pytest.mark.parametrize("template", ["text", "slack", "markdown", "mail"])
def test_ten_of_many_are_listed(render: Render, template: str) -> None:
    told = [alert(texts=TEXTS | {"description": f"number {each:02} is stalled"}) for each in range(13)]
    text = render(template, *told, markup="html" if template == "mail" else "text")
    assert text.count("is stalled") == 10
    assert "number 09" in text
    assert "and 3 more" in text


@pytest.mark.parametrize("template", ["text", "slack", "markdown", "mail"])
def test_links_that_there_are_not_are_left_out(render: Render, template: str) -> None:
    bare = {name: TEXTS[name] for name in ("summary", "description", "first_move")}
    text = render(template, alert(texts=bare), markup="html" if template == "mail" else "text")
    assert "Runbook" not in text
    assert "Card" not in text


@pytest.mark.parametrize("template", ["text", "slack", "markdown", "mail"])
def test_an_alert_of_others_without_our_texts_is_told_as_well(render: Render, template: str) -> None:
    markup = "html" if template == "mail" else "text"
    assert "Watchdog" in render(template, alert(texts={}, alertname="Watchdog"), markup=markup)


def test_a_hostile_name_adds_no_line_and_turns_no_text_around(render: Render) -> None:
    text = render("text", alert())
    assert NAME in text
    assert [line for line in text.splitlines() if line.startswith("First move:")] == ["First move: Restart it."]
    assert "\u202e" not in text


def test_slack_finds_no_markup_and_no_mention_in_a_name(render: Render) -> None:
    text = render("slack", alert())
    assert "<!channel>" not in text
    assert "&lt;!channel&gt;" in text
    assert unescape(text).count(NAME) == 1


def test_a_chat_with_markdown_finds_no_link_in_a_name(render: Render) -> None:
    text = render("markdown", alert())
    assert "[x](y)" not in text
    assert r"\[x\]\(y\)" in text
    assert f"[Runbook]({LINKS['runbook_url']})" in text


def test_a_mail_finds_no_markup_in_a_name(render: Render) -> None:
    mail = render("mail", alert(), markup="html")
    assert "<b>\\bold" not in mail
    assert NAME in unescape(mail)
    assert f'href="{LINKS["card_url"]}"' in mail


def test_a_mail_links_to_no_script(render: Render) -> None:
    mail = render("mail", alert(texts=TEXTS | {"card_url": "javascript:alert(1)"}), markup="html")
    assert "javascript:" not in mail


# -- what is sent -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Live:
    """A running Alertmanager and what it sent. Each test has a campaign or a tenant of its own."""

    address: str
    told: list[dict[str, Any]]

    def fires(self, *labels: Mapping[str, str], ends: str = "", texts: Mapping[str, str] = TEXTS) -> None:
        """Prometheus tells of alerts, or that they are over."""
        alerts = [
            {"labels": LABELS | dict(each), "annotations": dict(texts), **({"endsAt": ends} if ends else {})}
            for each in labels
        ]
        request = Request(
            f"http://{self.address}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=5) as response:
            assert response.status == 200

    def sent(self, part: str, holds: str) -> list[dict[str, Any]]:
        """Messages that have this part, as each integration has its own, and hold a text."""
        return [each for each in list(self.told) if part in each and holds in json.dumps(each)]

    def wait(self, part: str, holds: str) -> dict[str, Any]:
        """The first of them, as soon as there is one."""
        return wait_for(f"{part} with {holds}", lambda: self.sent(part, holds))[0]

    def api(self, path: str) -> Any:
        body = fetch(f"http://{self.address}/api/v2/{path}")
        assert body is not None
        return json.loads(body)


SLACK, PAGERDUTY, WEBHOOK = "attachments", "payload", "groupLabels"
"""What only the messages of each have."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """`pager` is a chat and a pager, `managers` and `tickets` are webhooks."""
    directory = tmp_path_factory.mktemp("alertmanager")
    with programs.Receiver().running() as inbox:
        secret, key = directory / "address", directory / "key"
        secret.write_text(inbox.url)
        key.write_text("key")
        routing = {
            "receivers": {
                "pager": {
                    "slack_configs": [{"api_url_file": str(secret), "channel": "#pages"}],
                    "pagerduty_configs": [{"routing_key_file": str(key), "url": inbox.url}],
                },
                "tickets": {"webhook_configs": [{"url": inbox.url}]},
                "managers": {"webhook_configs": [{"url": inbox.url}]},
            },
            "group_wait": "200ms",
            "group_interval": "200ms",
        }
        settings = Settings(routing=Routing.model_validate(routing))
        for name, text in alertmanager.files(settings).items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text)
        with programs.running(directory, directory / "alertmanager/alertmanager.yml") as address:
            yield Live(address, inbox.told)


def test_a_page_reaches_chat_and_pager_with_all_its_words(live: Live) -> None:
    live.fires({"campaign": "words"})
    (attachment,) = live.wait(SLACK, "(words)")["attachments"]
    assert attachment["title"] == attachment["fallback"] == f"CRITICAL: {SUMMARY[:-1]} (words)"
    assert attachment["title_link"] == LINKS["runbook_url"]
    assert unescape(attachment["text"]).count(NAME) == 1
    assert "<!channel>" not in attachment["text"]
    assert "*First move:* Restart it." in attachment["text"]
    page = live.wait(PAGERDUTY, "(words)")
    assert page["event_action"] == "trigger"
    assert page["payload"]["summary"] == f"CRITICAL: {SUMMARY[:-1]} (words)"
    assert page["payload"]["severity"] == "critical"
    assert NAME in page["payload"]["custom_details"]["firing"]
    assert "Runbook: " in page["payload"]["custom_details"]["firing"]


def test_a_page_is_told_to_be_over(live: Live) -> None:
    live.fires({"campaign": "over"})
    live.wait(SLACK, "(over)")
    live.fires({"campaign": "over"}, ends=datetime.now(UTC).isoformat())
    (attachment,) = live.wait(SLACK, "RESOLVED")["attachments"]
    assert "It is over:" in attachment["text"]
    assert wait_for("the pager", lambda: [each for each in live.told if each.get("event_action") == "resolve"])


def test_a_hostile_label_stays_a_label(live: Live) -> None:
    live.fires({"campaign": NAME})
    titles = [each["attachments"][0]["title"] for each in [live.wait(SLACK, "(Say ")]]
    assert unescape(titles[0]).startswith(f"CRITICAL: {SUMMARY[:-1]} ({NAME[:40]}")


def test_a_campaign_is_called_by_its_name(live: Live) -> None:
    live.fires({"campaign": "called"}, texts=TEXTS | {"about": "Spring offer (called)"})
    assert live.wait(SLACK, "(called)")["attachments"][0]["title"].endswith("(Spring offer (called))")
    assert live.wait(PAGERDUTY, "(called)")["payload"]["summary"].endswith("(Spring offer (called))")


def test_a_managers_alert_is_told_to_managers_and_to_the_pager(live: Live) -> None:
    live.fires({"campaign": "money", "managers": "true"})
    assert live.wait(WEBHOOK, '"money"')["receiver"] == "managers"
    live.wait(SLACK, "(money)")


def test_one_outage_over_three_tenants_is_one_page(live: Live) -> None:
    tenants = [{"alertname": "CampaignDispatcherDead", "tenant": f"one-{each}", "campaign": ""} for each in "abc"]
    live.fires(*tenants)
    (attachment,) = live.wait(SLACK, "(one-a)")["attachments"]
    assert attachment["title"].endswith("(one-a) and 2 more")
    assert attachment["text"].count("is stalled") == 3
    groups = [each for each in live.api("alerts/groups") if "one-a" in json.dumps(each)]
    assert [len(each["alerts"]) for each in groups] == [3]


def test_two_alerts_of_a_campaign_are_one_page(live: Live) -> None:
    live.fires({"campaign": "twice"}, {"campaign": "twice", "alertname": "CampaignFailureBurst"})
    assert live.wait(SLACK, "(twice)")["attachments"][0]["title"].endswith("and 1 more")
    assert len(live.sent(SLACK, "(twice)")) == 1


def test_info_is_told_to_nobody(live: Live) -> None:
    live.fires({"campaign": "for-boards", "severity": "info"}, {"campaign": "for-people"})
    live.wait(SLACK, "(for-people)")
    (found,) = live.api("alerts?filter=campaign=for-boards")
    assert [each["name"] for each in found["receivers"]] == ["nobody"]
    assert live.sent(SLACK, "for-boards") == []


def _inhibited(live: Live, name: str, tenant: str) -> bool:
    (found,) = live.api(f"alerts?filter=alertname={name}&filter=tenant={tenant}")
    return bool(found["status"]["inhibitedBy"])


def test_a_cause_hides_its_symptoms_of_the_same_tenant_and_never_itself(live: Live) -> None:
    cause = {"alertname": "CampaignCreditsExhausted", "campaign": ""}
    live.fires({**cause, "tenant": "broke"})
    live.wait(SLACK, "(broke)")
    live.fires({"campaign": "hidden", "tenant": "broke"}, {"campaign": "shown", "tenant": "rich"})
    live.wait(SLACK, "(shown)")
    assert _inhibited(live, "CampaignStalled", "broke")
    assert not _inhibited(live, "CampaignStalled", "rich")
    assert not _inhibited(live, "CampaignCreditsExhausted", "broke")
    assert live.sent(SLACK, "hidden") == []


def test_an_exporter_that_is_down_hides_every_campaign(tmp_path: Path) -> None:
    with programs.Receiver().running() as inbox:
        receivers = {"pager": {"webhook_configs": [{"url": inbox.url}]}}
        routing = Routing.model_validate({"receivers": receivers, "group_wait": "200ms", "group_interval": "200ms"})
        for name, text in alertmanager.files(Settings(routing=routing)).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        with programs.running(tmp_path, tmp_path / "alertmanager/alertmanager.yml") as address:
            live = Live(address, inbox.told)
            down = {"alertname": "CampaignExporterDown", "job": "campaign-exporter", "tenant": "", "campaign": ""}
            live.fires(down)
            live.wait(WEBHOOK, "CampaignExporterDown")
            live.fires({"tenant": "any"})
            wait_for("the alert to be hidden", lambda: _inhibited(live, "CampaignStalled", "any"))
            assert live.sent(WEBHOOK, '"any"') == []

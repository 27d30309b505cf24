"""The configuration read anew over HTTP: by whom, what is answered, and that a wrong one changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from exporter.web.app import application
from exporter.web.reloading import Reloading
from tests.support import contract, platforms
from tests.support.exporting import Loop, config, parse_text
from tests.support.http import Client

GOOD = "campaign_exporter_config_last_reload_successful"
AT = "campaign_exporter_config_last_reload_success_timestamp_seconds"


class Reloaded:
    """A service of a configuration in a file, and its web server."""

    def __init__(self, url: str, file: Path) -> None:
        self.file = file
        self._url = url
        self.loop = Loop(url)
        self.write()

    def write(self, **settings: object) -> None:
        text = config(self._url, **settings).model_dump(mode="json", by_alias=True, exclude_none=True)
        text["database"]["url"] = self._url
        self.file.write_text(yaml.safe_dump(text))

    def serving(self, act: Callable[[Client], Awaitable[None]], *, lifecycle: bool = True) -> None:
        async def run() -> None:
            app = application(self.loop.service, reloading=Reloading(self.loop.service, self.file, lifecycle=lifecycle))
            async with TestClient(TestServer(app)) as client:
                await act(client)

        asyncio.run(run())

    def ask(self, method: str = "POST", *, lifecycle: bool = True) -> tuple[int, str]:
        found: list[tuple[int, str]] = []

        async def act(client: Client) -> None:
            response = await client.request(method, "/-/reload")
            found.append((response.status, await response.text()))

        self.serving(act, lifecycle=lifecycle)
        return found[0]


@pytest.fixture
def reloaded(database_url: str, tmp_path: Path) -> Iterator[Reloaded]:
    with contract.session(database_url) as connection:
        platforms.create(connection)
    made = Reloaded(database_url, tmp_path / "exporter.yaml")
    try:
        yield made
    finally:
        made.loop.service._refresher.end()


def test_without_the_flag_nobody_may_ask(reloaded: Reloaded) -> None:
    reloaded.write(max_staleness="1h")
    assert reloaded.ask(lifecycle=False) == (403, "not allowed; start the exporter with --web.enable-lifecycle\n")
    assert reloaded.loop.service.configured.max_staleness == 300


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_only_post_and_put_ask(reloaded: Reloaded, method: str) -> None:
    assert reloaded.ask(method)[0] == 405


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_what_changed_holds_from_the_next_refresh_on(reloaded: Reloaded, method: str) -> None:
    assert reloaded.loop.step()
    reloaded.write(max_staleness="1h", retention="2h")
    assert reloaded.ask(method) == (
        200, "the configuration was read anew; taken over with the next refresh: retention, max_staleness\n",
    )  # fmt: skip
    assert reloaded.loop.service.config.max_staleness == 300
    assert reloaded.loop.step()
    assert reloaded.loop.service.config.max_staleness == 3600


def test_what_needs_a_restart_is_named_in_the_answer_and_in_the_log(reloaded: Reloaded) -> None:
    reloaded.write(series={"numbers": 7})
    with capture_logs() as logs:
        status, answer = reloaded.ask()
    assert (status, answer) == (
        200, "the configuration was read anew; as before until the exporter is restarted: series.numbers\n",
    )  # fmt: skip
    (told,) = logs
    assert (told["taken_over"], told["needs_a_restart"]) == ("none", "series.numbers")
    assert reloaded.loop.service.configured.series.numbers == 500


def test_a_campaign_that_ended_comes_into_scope_with_a_longer_retention(reloaded: Reloaded, database_url: str) -> None:
    with contract.session(database_url) as owner:
        owner.execute(
            "UPDATE campaign_monitoring.campaigns SET status = 'completed', "
            "ended_at = timestamptz '2026-03-04 12:00+00' - interval '10 days' WHERE campaign_id = 1"
        )
    reloaded.loop.step()
    assert not reloaded.loop.scrape().of("campaign_status", campaign="1")
    reloaded.write(retention="30d")
    reloaded.ask()
    reloaded.loop.step()
    assert reloaded.loop.scrape().value("campaign_status", campaign="1", status="completed") == 1


def test_a_wrong_file_changes_nothing_and_says_why(reloaded: Reloaded) -> None:
    assert reloaded.loop.step()
    at = reloaded.loop.scrape().value(AT)
    before = reloaded.loop.service.configured
    reloaded.file.write_text(reloaded.file.read_text() + "refresh: {interval: 5 parsecs}\n")
    with capture_logs() as logs:
        status, answer = reloaded.ask()
    assert status == 500
    assert answer.startswith(f"not taken over: {reloaded.file}:")
    assert reloaded.loop.service.configured is before
    (told,) = logs
    assert told["event"] == "the configuration is not taken over"
    assert reloaded.loop.step()
    scrape = reloaded.loop.scrape()
    assert (scrape.value(GOOD), scrape.value(AT)) == (0, at)


def test_a_metric_that_does_not_exist_is_refused_before_a_restart_would(reloaded: Reloaded) -> None:
    assert reloaded.loop.step()
    reloaded.write(metrics={"deny": ["campaign_cals_total"]})
    status, answer = reloaded.ask()
    assert status == 500
    assert "campaign_cals_total" in answer
    assert reloaded.loop.step()
    assert reloaded.loop.scrape().value(GOOD) == 0


def test_a_file_that_is_mended_is_taken_over(reloaded: Reloaded) -> None:
    reloaded.file.rename(reloaded.file.with_suffix(".away"))
    assert "cannot be read" in reloaded.ask()[1]
    reloaded.write()
    assert reloaded.ask() == (200, "the configuration was read anew: it is the same\n")
    reloaded.loop.step()
    assert reloaded.loop.scrape().value(GOOD) == 1


def test_wrong_reloads_in_a_loop_cost_scrapes_nothing(reloaded: Reloaded) -> None:
    assert reloaded.loop.step()
    served = reloaded.loop.scrape().samples
    reloaded.file.write_text("database: [")

    async def act(client: Client) -> None:
        async def reload() -> int:
            return (await client.post("/-/reload")).status

        async def scrape() -> bool:
            response = await client.get("/metrics")
            return parse_text(await response.read()).samples == served

        reloads = asyncio.gather(*(reload() for _ in range(50)))
        assert all([await scrape() for _ in range(50)])
        assert set(await reloads) == {500}

    reloaded.serving(act)
    assert reloaded.loop.step()
    assert reloaded.loop.scrape().of("campaign_tasks")

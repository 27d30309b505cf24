"""What `serve` says of metrics that are left out, before it reads anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from exporter.commands.cli import main
from tests.support import programs
from tests.support.prometheus import free_port, wait_for

NOWHERE = "database: {url: 'postgresql://127.0.0.1:1/x'}\n"


@pytest.mark.parametrize("command", ["serve", "check", "config"])
def test_a_name_that_is_none_is_refused_at_once(command: str, tmp_path: Path) -> None:
    file = tmp_path / "exporter.yaml"
    file.write_text(NOWHERE + "metrics: {deny: [campaign_cals_total]}\n")
    result = CliRunner().invoke(main, [command, "--config.file", str(file)])
    assert result.exit_code == 1
    assert "metrics.deny: 'campaign_cals_total': no metric is called so; did you mean" in result.output


def test_who_misses_what_is_left_out_is_logged_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yaml"
    file.write_text(NOWHERE + "metrics: {deny: [campaign_audience_rows, campaign_call_score]}\n")
    listen = f"--web.listen-address=127.0.0.1:{free_port()}"
    with programs.running(tmp_path, ["serve", f"--config.file={file}", listen]) as program:
        wait_for("the log", lambda: "listening" in program.output)
        (line,) = (line for line in program.output.splitlines() if "metrics are left out" in line)
    assert "metrics=2" in line
    assert 'alerts=CampaignAudienceRowsRejected panels="1 of campaign"' in line

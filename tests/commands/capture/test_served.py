"""The part of /metrics that concerns a campaign, and where an exporter is asked."""

from __future__ import annotations

import pytest

from exporter.commands.capture.served import (
    address_of,
    ask,
    checked,
    slice_of,
    tenant_in,
    without_login,
)
from exporter.errors import ConfigError

METRICS = """# HELP campaign_tasks Tasks.
# TYPE campaign_tasks gauge
campaign_tasks{campaign="1",status="pending",tenant="7"} 3.0
campaign_tasks{campaign="11",status="pending",tenant="7"} 4.0
campaign_tasks{campaign="2",status="pending",tenant="8"} 5.0
# HELP campaign_tenant_credits Credits.
# TYPE campaign_tenant_credits gauge
campaign_tenant_credits{tenant="7"} 9.0
campaign_tenant_credits{tenant="8"} 9.0
# HELP campaign_budget Budget.
# TYPE campaign_budget gauge
campaign_budget{campaign="2",tenant="8"} 5.0
# HELP campaign_exporter_up Up.
# TYPE campaign_exporter_up gauge
campaign_exporter_up 1.0
"""


def test_the_slice_is_the_campaign_its_tenant_and_the_exporter() -> None:
    sliced, series = slice_of(METRICS, "1", tenant_in(METRICS, "1"), lambda _, value: value)
    assert [line for line in sliced.splitlines() if not line.startswith("#")] == [
        'campaign_tasks{campaign="1",status="pending",tenant="7"} 3.0',
        'campaign_tenant_credits{tenant="7"} 9.0',
        "campaign_exporter_up 1.0",
    ]
    assert series == 3
    assert "campaign_budget" not in sliced
    assert sliced.count("# TYPE") == 3


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:10517", "http://127.0.0.1:10517"),
        (":80", "http://127.0.0.1:80"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::]:80", "http://[::1]:80"),
        ("monitor:80", "http://monitor:80"),
    ],
)
def test_an_exporter_is_asked_where_it_listens(listen: str, url: str) -> None:
    assert address_of(listen) == url


def test_a_login_is_used_but_not_written_down() -> None:
    assert without_login("http://me:secret@host:80/prefix/?x#y") == "http://host:80/prefix"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "host:80", "http://", "http://x:99999", "ftp://x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="--url"):
        checked(url)


def test_nobody_there_is_said_in_a_line() -> None:
    served = ask("http://me:secret@127.0.0.1:1", "7")
    assert (served.metrics, served.card) == (None, None)
    assert served.problem == "no exporter answers at http://127.0.0.1:1: Connection refused"


def test_what_listens_on_a_socket_is_not_asked_and_the_way_to_it_is_told() -> None:
    found = ask(address_of("unix:/run/web.sock"), "1")
    assert found.problem == (
        "the exporter answers on unix:/run/web.sock; name the address of a proxy before it with --url"
    )

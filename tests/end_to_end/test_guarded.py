"""`campaign-exporter serve --web.config.file`, asked by a real Prometheus; with a wrong file it does not start."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import contract, platforms, programs, prometheus
from tests.support.certificates import PASSWORD, Authority, hashed, tls, web_file

CLIENTS = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.pem"}
USERS = {"prometheus": hashed(PASSWORD)}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    for name in ("server", "client"):
        made.issue(name)
    return made


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Path:
    """A configuration of the exporter on a small platform."""
    with contract.session(database_url) as connection:
        platforms.create(connection)
    made = tmp_path / "config.yaml"
    made.write_text(f'database:\n  url: "{database_url}"\n')
    return made


@contextmanager
def serving(config: Path, content: Mapping[str, Any], *addresses: str) -> Iterator[programs.Program]:
    """The exporter, guarded by this."""
    file = web_file(config.parent, content)
    listen = [f"--web.listen-address={each}" for each in addresses]
    with programs.running(
        config.parent, ["serve", f"--config.file={config}", f"--web.config.file={file}", *listen]
    ) as program:
        prometheus.wait_for("the exporter", lambda: "event=ready" in program.output or program.process.poll())
        yield program


def shown(address: str, context: ssl.SSLContext) -> str:
    """Until when the certificate is good that a new client sees."""
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), 10) as client,
        context.wrap_socket(client, server_hostname=host) as secured,
    ):
        certificate = secured.getpeercert()
    assert certificate is not None
    return str(certificate["notAfter"])


@pytest.mark.usefixtures("authority")
def test_prometheus_scrapes_by_certificate_and_password(config: Path, tmp_path: Path) -> None:
    address = f"127.0.0.1:{prometheus.free_port()}"
    scrape = {
        "scheme": "https",
        "tls_config": {"ca_file": "ca.pem", "cert_file": "client.pem", "key_file": "client.key"},
        "basic_auth": {"username": "prometheus", "password": PASSWORD},
    }
    content = {"tls_server_config": tls(**CLIENTS), "basic_auth_users": USERS}
    with (
        serving(config, content, address) as program,
        prometheus.running(tmp_path, [address], scrape=scrape) as scraping,
    ):

        def scraped() -> Any:
            for target in scraping.api("targets")["activeTargets"]:
                assert target["lastError"] == "", program.output
            return scraping.api("query", query="campaign_exporter_external_url_info")["result"]

        (found,) = prometheus.wait_for("a scrape", scraped)
    assert found["metric"]["url"] == f"https://{address}"
    assert PASSWORD not in program.output
    assert USERS["prometheus"] not in program.output


def test_a_certificate_is_followed_by_the_running_program(authority: Authority, config: Path) -> None:
    address = f"127.0.0.1:{prometheus.free_port()}"
    with serving(config, {"tls_server_config": tls()}, address) as program:
        before = shown(address, authority.trusting())
        (authority.directory / "server.pem").write_text("broken")
        prometheus.wait_for("the line", lambda: "the web file is not taken over" in program.output)
        assert shown(address, authority.trusting()) == before
        authority.issue("server", days=30)
        prometheus.wait_for("the new one", lambda: shown(address, authority.trusting()) != before)
        assert program.stop() == 0
    assert "Traceback" not in program.output


def test_all_addresses_are_guarded_alike_a_socket_too(config: Path, tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    ports = [prometheus.free_port() for _ in range(2)]
    addresses = [f"127.0.0.1:{ports[0]}", f"[::]:{ports[1]}" if socket.has_dualstack_ipv6() else f":{ports[1]}"]
    with serving(config, {"basic_auth_users": USERS}, *addresses, f"unix:{path}") as program:
        for family, where in (
            (socket.AF_INET, ("127.0.0.1", ports[0])), (socket.AF_INET, ("127.0.0.1", ports[1])),
            (socket.AF_UNIX, str(path)),
        ):  # fmt: skip
            with socket.socket(family) as client:
                client.connect(where)
                client.sendall(b"GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n")
                assert client.recv(100).startswith(b"HTTP/1.1 401")
        assert program.stop() == 0
    assert not path.exists()


def no_key(directory: Path) -> None:
    (directory / "server.key").unlink()


def plain(directory: Path) -> None:
    web_file(directory, {"basic_auth_users": {"alice": "hunter2"}})


@pytest.mark.parametrize("spoil", [no_key, plain])
@pytest.mark.usefixtures("authority")
def test_it_does_not_start_with_a_wrong_file_and_says_so_in_a_sentence(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text('database: {url: "postgresql://127.0.0.1:1/nowhere"}\n')
    file = web_file(tmp_path, {"tls_server_config": tls()})
    spoil(tmp_path)
    command = [*programs.COMMAND, "serve", f"--config.file={config}", f"--web.config.file={file}"]
    done = subprocess.run(
        [*command, f"--web.listen-address=127.0.0.1:{prometheus.free_port()}"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"Error: {file}:")
    assert "hunter2" not in done.stderr

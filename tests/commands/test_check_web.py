"""A web file can be looked at before anything serves by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from exporter.commands.cli import main
from tests.support.certificates import PASSWORD, Authority, hashed, tls, web_file


def test_a_good_file_is_told_by_what_it_guards_and_what_it_leaves_to_be_desired(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.issue("server", days=-1)
    clients: dict[str, Any] = {
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": "ca.pem",
        "client_allowed_sans": ["a"],
    }
    users = {"alice": hashed(PASSWORD)}
    file = web_file(tmp_path, {"tls_server_config": tls(**clients), "basic_auth_users": users})
    result = CliRunner().invoke(main, ["check-web", str(file)])
    assert result.output.splitlines() == [
        f"{file}: guards by TLS, client certificates (RequireAndVerifyClientCert), their names, passwords",
        f"advice: clients will refuse the certificate in {tmp_path}/server.pem: certificate has expired",
    ]
    assert result.exit_code == 0


def test_a_wrong_file_is_status_1_and_a_sentence(tmp_path: Path) -> None:
    file = web_file(tmp_path, {"tls_server_config": tls()})
    result = CliRunner().invoke(main, ["check-web", str(file)])
    assert result.exit_code == 1
    assert result.output == (
        f"Error: {file}: tls_server_config.cert_file: {tmp_path}/server.pem: cannot be read: "
        "No such file or directory; name a readable file in PEM form\n"
    )

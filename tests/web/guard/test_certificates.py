"""A certificate that cannot be used is refused by its key and its file; one that clients will refuse is told."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.config.web_file import TlsConfig
from exporter.errors import ConfigError
from exporter.web.guard.certificates import context_of, objection
from tests.support.certificates import Authority, tls


def made(**settings: Any) -> TlsConfig:
    return TlsConfig.model_validate(tls(**settings))


def refusal(authority: Authority, **settings: Any) -> str:
    """What is said of it, with the directory taken out."""
    with pytest.raises(ConfigError) as raised:
        context_of(made(**settings), authority.directory / "web.yml")
    return str(raised.value).replace(f"{authority.directory}/", "")


def missing(directory: Path) -> None:
    (directory / "server.key").unlink()


def a_directory(directory: Path) -> None:
    missing(directory)
    (directory / "server.key").mkdir()


def empty(directory: Path) -> None:
    (directory / "server.key").write_text("")


def binary(directory: Path) -> None:
    command = ["openssl", "x509", "-in", "server.pem", "-outform", "DER", "-out", "server.pem"]
    subprocess.run(command, cwd=directory, check=True)


def exchanged(directory: Path) -> None:
    (directory / "server.pem").write_bytes((directory / "server.key").read_bytes())


def cut_off(directory: Path) -> None:
    whole = (directory / "server.pem").read_text()
    (directory / "server.pem").write_text(whole[: len(whole) // 3])


def encrypted(directory: Path) -> None:
    command = ["openssl", "pkey", "-in", "server.key", "-aes256", "-passout", "pass:hunter2", "-out", "new.key"]
    subprocess.run(command, cwd=directory, check=True)
    (directory / "new.key").rename(directory / "server.key")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (missing, "key_file: server.key: cannot be read: No such file or directory; name a readable file in PEM form"),
        (a_directory, "key_file: server.key: cannot be read: Is a directory; name a readable file in PEM form"),
        (empty, "key_file: server.key: holds no private key; name a file in PEM form that does"),
        (binary, "cert_file: server.pem: cannot be read: not UTF-8 text in line 1; .*name a readable file in PEM form"),
        (exchanged, "cert_file: server.pem: holds no certificate; name a file in PEM form that does"),
        (cut_off, "cert_file: server.pem: cannot be used: .*; make it, or its key, anew"),
        (encrypted, "key_file: server.key: is protected by a password, which nobody could give; name one that is not"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(authority: Authority, spoil: Callable[[Path], None], said: str) -> None:
    spoil(authority.directory)
    assert re.fullmatch(f"web.yml: tls_server_config.{said}", refusal(authority))


def test_the_key_of_another_certificate_is_named(authority: Authority) -> None:
    authority.issue("other")
    assert refusal(authority, key_file="other.key") == (
        "web.yml: tls_server_config.key_file: other.key: is not the key of the certificate in server.pem"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used: "),
    ],
)
def test_authorities_of_clients_that_are_none_are_named(authority: Authority, content: str, said: str) -> None:
    authority.file.write_text(content)
    found = refusal(authority, client_auth_type="RequireAndVerifyClientCert", client_ca_file="ca.pem")
    assert found.startswith(f"web.yml: tls_server_config.client_ca_file: ca.pem: {said}")


@pytest.mark.parametrize(("days", "said"), [(1, None), (-1, "certificate has expired")])
@pytest.mark.parametrize("kind", ["NoClientCert", "RequireAndVerifyClientCert"])
@pytest.mark.parametrize("newest", ["TLS12", "TLS13"])
def test_a_certificate_that_has_expired_is_told(
    authority: Authority, days: float, said: str | None, kind: str, newest: str
) -> None:
    authority.issue("server", days=days)
    clients = {} if kind == "NoClientCert" else {"client_auth_type": kind, "client_ca_file": "ca.pem"}
    context = context_of(made(max_version=newest, **clients), authority.directory / "web.yml")
    assert objection(context, authority.directory / "server.pem") == said

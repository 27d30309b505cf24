"""The web file says what the official exporters' says, or is refused: nothing is open because a file is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config.web_file import load_web_file
from exporter.errors import ConfigError
from tests.support.certificates import hashed

TLS = "tls_server_config: {cert_file: a.pem, key_file: a.key"
CLIENTS = "client_auth_type: RequireAndVerifyClientCert"
HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"


def mistakes(directory: Path, text: str) -> str:
    """What is said of a text, with the directory taken out."""
    path = directory / "web.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_web_file(path, {})
    return str(raised.value).replace(f"{directory}/", "")


def test_the_example_of_the_official_exporters_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "web.yml"
    path.write_text(
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
        f"basic_auth_users:\n  alice: {HASH}\n  bob: $2y$10$hLqFl9jSjoAAy95Z/zw8Ye8wkdMBM8c5Bn1ptYqP/AXyV0.oy0S8m\n"
    )
    found = load_web_file(path, {})
    assert found.tls_server_config is not None
    assert found.tls_server_config.min_version == "TLS12"
    assert found.hashes["alice"] == HASH
    assert found.http_server_config.headers.model_dump(exclude_none=True) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "web.yml:1: holds no settings; at least"),
        ("tls_server_confg: {}", "web.yml:1: tls_server_confg: no such setting; did you mean tls_server_config?"),
        (f"{TLS}, keyfile: x}}", "web.yml:1: tls_server_config.keyfile: no such setting; did you mean tls_server"),
        ("tls_server_config:", "web.yml:1: tls_server_config: has no value; write one, or leave the line out"),
        ("tls_server_config: {}", "web.yml:1: tls_server_config: holds nothing; write what belongs into it"),
        ("tls_server_config: {key_file: a}", "web.yml:1: tls_server_config.cert_file: is required"),
        ("tls_server_config: {cert_file: a}", "web.yml:1: tls_server_config.key_file: is required"),
        (f"{TLS}, min_version: TLS10}}", "min_version: 'TLS10': Input should be 'TLS12' or 'TLS13'"),
        (f"{TLS}, min_version: TLS13, max_version: TLS12}}", "tls_server_config: min_version is newer than max"),
        (f"{TLS}, cipher_suites: [X]}}", "tls_server_config.cipher_suites: is not taken here; leave it out"),
        (f"{TLS}, curve_preferences: [X]}}", "curve_preferences: is not taken here; leave it out"),
        (f"{TLS}, key: hunter2}}", "web.yml:1: tls_server_config.key: is not taken here; name its file with key_file"),
        (f"{TLS}, client_auth_type: RequireAnyClientCert}}", "takes a certificate of anybody's making; write Req"),
        (f"{TLS}, client_auth_type: requireandverify}}", "client_auth_type: 'requireandverify': Input should be"),
        (f"{TLS}, {CLIENTS}}}", "client_auth_type: RequireAndVerifyClientCert needs client_ca_file"),
        (f"{TLS}, client_ca_file: ca.pem}}", "client_ca_file is of no use without client_auth_type: RequireAnd"),
        (f"{TLS}, client_allowed_sans: [a]}}", "client_allowed_sans is of no use without client_auth_type: Requ"),
        (f"{TLS}, {CLIENTS}, client_ca_file: ca.pem, client_allowed_sans: []}}", "client_allowed_sans: names nobody"),
        ("rate_limit: {burst: 1}", "web.yml:1: rate_limit: is not taken here; leave it out: clients are bounded"),
        ("http_server_config: {headers: {X-Powered-By: me}}", "headers.X-Powered-By: no such setting"),
        ("http_server_config: {headers: {X-Frame-Options: no}}", "X-Frame-Options: 'no': Input should be 'deny'"),
        ('http_server_config: {headers: {X-XSS-Protection: "a\\nb: c"}}', "is empty or holds other than plain"),
        ("http_server_config: {http2: perhaps}", "http_server_config.http2: 'perhaps': neither true nor false"),
        ("basic_auth_users:\n  #alice: x", "web.yml:1: basic_auth_users: has no value; write one, or leave the line"),
        ("basic_auth_users: {}", "web.yml:1: basic_auth_users: holds nothing; write what belongs into it"),
        (f"basic_auth_users: {{'a:b': {HASH}}}", "basic_auth_users: a name with : in it, which no client can send"),
        (f"basic_auth_users:\n  alice: {HASH}\n  alice: {HASH}", "web.yml:3: basic_auth_users.alice: stands twice"),
        (
            f"basic_auth_users: {{alice: {HASH.replace('$10$', '$17$')}}}",
            "web.yml:1: basic_auth_users.alice: a hash of the cost 17; 4 to 16 are taken",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_file_line_key_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    found = mistakes(tmp_path, text)
    assert said in found
    assert found.startswith("web.yml:")


@pytest.mark.parametrize(
    "text",
    [
        "basic_auth_users:\n  alice: hunter2",
        "basic_auth_users:\n  alice: '23571113'\n",
        "basic_auth_users:\n  alice: 23571113\n",
        "basic_auth_users:\n  alice: {password: hunter2}\n",
        "basic_auth_users: alice:hunter2",
        "basic_auth_users:\n- alice:hunter2\n",
        "basic_auth_users:\nalice: hunter2",
        'basic_auth_users:\n  alice: "hunter2',
        f"basic_auth_users:\n  alice: hunter2{HASH}",
        f"{TLS}, key: hunter2}}",
    ],
)
def test_a_password_in_plain_text_is_refused_and_not_printed(tmp_path: Path, text: str) -> None:
    found = mistakes(tmp_path, text)
    assert "hunter2" not in found
    assert "23571113" not in found


def test_a_password_in_plain_text_is_refused_with_the_command_that_makes_a_hash(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "basic_auth_users:\n  alice: hunter2\n") == (
        "web.yml:2: basic_auth_users.alice: not the bcrypt hash of a password; make one with: htpasswd -nBC 10 NAME; "
        "see docs/web-security.md"
    )


@pytest.mark.parametrize("kind", ["$2a$", "$2b$", "$2y$"])
def test_hashes_of_all_programs_are_taken_and_never_printed(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "web.yml"
    made = hashed("x").replace("$2b$", kind)
    path.write_text(f"basic_auth_users: {{alice: {made}}}")
    found = load_web_file(path, {})
    assert found.hashes == {"alice": made}
    assert made not in repr(found)


def test_a_variable_of_the_environment_may_say_where_a_certificate_is(tmp_path: Path) -> None:
    path = tmp_path / "web.yml"
    path.write_text("tls_server_config: {cert_file: '${HERE}/a.pem', key_file: '${HERE}/a.key'}")
    found = load_web_file(path, {"HERE": "/run/credentials"}).tls_server_config
    assert found is not None
    assert found.key_file == Path("/run/credentials/a.key")

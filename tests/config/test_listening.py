"""Where to listen, and where to lead people: addresses are taken apart, or refused with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config.listening import format_address, parse_address, parse_listening
from exporter.config.web_address import web_address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:10517", "127.0.0.1", 10517), (":10517", None, 10517), ("[::]:10517", "::", 10517),
        ("[::1]:1", "::1", 1), ("localhost:0", "localhost", 0), ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
        ("exporter.example.com:65535", "exporter.example.com", 65535),
    ],
)  # fmt: skip
def test_an_address_is_a_host_and_a_port(text: str, host: str | None, port: int) -> None:
    assert parse_address(text) == (host, port)
    assert format_address(host, port) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "10517", "host", "host:", "host:http", "host:-1", "host:65536", "host:99999999999", "host:١", "::1:80",
        "[::1:80", "::1]:80", "[::1]", "[host]:80", "[]:80", "http://host:80", "me@host:80", "a b:80", "1.2.3.4:80/x",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [("unix:/run/web.sock", Path("/run/web.sock")), (" unix:/run/a b ", Path("/run/a b")), ("[::]:80", ("::", 80))],
)
def test_where_to_listen_may_be_the_path_of_a_socket(text: str, found: object) -> None:
    assert parse_listening(text) == found


@pytest.mark.parametrize(
    "text", ["unix:", "unix:web.sock", "unix:@web", f"unix:/{'x' * 107}", "unix:/a\0b", "/run/web"]
)
def test_what_is_no_path_of_a_socket_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_listening(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.com", "https://example.com"), ("https://example.com/", "https://example.com"),
        ("http://h:8080/a/b/", "http://h:8080/a/b"), ("http://[::1]:80/x", "http://[::1]:80/x"),
    ],
)  # fmt: skip
def test_an_address_of_the_web_has_no_slash_at_its_end(text: str, address: str) -> None:
    assert web_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "example.com", "/dialler", "ftp://h/", "https://", "https:///x", "https://h:x/", "https://h:0/",
        "https://me:pw@h/", "https://h/?a=b", "https://h/#a", "https://h/a b", 'https://h/"', "javascript:alert(1)",
        "https://h/ünï", "https://h/a%20b", "https://h//a", "https://h/{x}",
    ],
)  # fmt: skip
def test_what_no_link_can_begin_with_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it with http|leave"):
        web_address(text)

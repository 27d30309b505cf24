"""Where it listens: on every address that is named or on none, and on sockets that have a name."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

import pytest

from exporter.errors import ConfigError
from exporter.web.sockets import close, listen, listen_on, shown, within_files


def test_half_of_the_files_are_left_to_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for limits, places in (((256, 256), 128), ((1024, 4096), 512), ((1_048_576, 1_048_576), 512), ((256, 4096), 512)):
        changed: list[tuple[int, int]] = []
        monkeypatch.setattr(resource, "getrlimit", lambda _, limits=limits: limits)
        monkeypatch.setattr(resource, "setrlimit", lambda _, wanted, changed=changed: changed.append(wanted))
        assert within_files() == places
        assert changed == ([(1024, 4096)] if limits == (256, 4096) else [])


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["localhost", None, "::", "0.0.0.0"])
def test_port_0_is_one_free_port_on_every_address(host: str | None) -> None:
    made = listen(host, 0)
    try:
        (port,) = {each.getsockname()[1] for each in made}
        assert port
        assert answers("127.0.0.1", port)
    finally:
        for each in made:
            each.close()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this host has no IPv6")
def test_all_addresses_of_ipv6_are_those_of_ipv4_too_and_one_is_only_itself() -> None:
    (every,) = listen("::", 0)
    (one,) = listen("::1", 0)
    with every, one:
        assert all(answers(host, every.getsockname()[1]) for host in ("127.0.0.1", "::1"))
        assert [answers(host, one.getsockname()[1]) for host in ("127.0.0.1", "::1")] == [False, True]


def test_an_address_of_a_name_that_this_host_does_not_have_is_left_out_unless_it_is_the_only_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, others = ("127.0.0.1", 0), ("192.0.2.1", 0)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (others, ours)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    (made,) = listen("name", 0)
    with made:
        assert made.getsockname()[0] == "127.0.0.1"
    del found[1]
    with pytest.raises(OSError, match="Cannot assign requested address"):
        listen("name", 0)


def test_it_listens_on_all_addresses_that_are_named(tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    made = listen_on(["127.0.0.1:0", f"unix:{path}", "127.0.0.1:0"], "--web.listen-address")
    try:
        assert [shown(each) for each in made] == [
            f"127.0.0.1:{made[0].getsockname()[1]}", f"unix:{path}", f"127.0.0.1:{made[2].getsockname()[1]}"
        ]  # fmt: skip
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    finally:
        close(made)
    assert not path.exists()


def test_on_all_addresses_or_on_none() -> None:
    (taken,) = listen("127.0.0.1", 0)
    with taken, socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
        probe.close()
        with pytest.raises(ConfigError, match="Address already in use; stop what uses it"):
            listen_on([f"127.0.0.1:{free}", shown(taken)], "--web.listen-address")
        assert not answers("127.0.0.1", free)


def test_a_socket_that_a_process_left_behind_is_replaced_and_one_in_use_is_not(tmp_path: Path) -> None:
    address = f"unix:{tmp_path / 'web.sock'}"
    (left,) = listen_on([address], "--web.listen-address")
    left.close()
    made = listen_on([address], "--web.listen-address")
    with pytest.raises(ConfigError, match=r"cannot listen on .*web.sock: Address already in use; stop what uses it"):
        listen_on([address], "--web.listen-address")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "web.sock"))
    close(made)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("mine")
    with pytest.raises(ConfigError, match="stop what uses it, or remove it if it is no socket"):
        listen_on([f"unix:{file}"], "--web.listen-address")
    assert file.read_text() == "mine"
    with pytest.raises(ConfigError, match="No such file or directory; make its directory"):
        listen_on([f"unix:{tmp_path}/none/web.sock"], "--web.listen-address")

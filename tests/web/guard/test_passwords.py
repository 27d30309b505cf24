"""Who sends the right password is admitted, and remembered; nobody learns from the time it takes who is a user."""

from __future__ import annotations

import asyncio
import base64

import bcrypt
import pytest

from exporter.web.guard.passwords import Passwords, login_of
from tests.support.certificates import PASSWORD, hashed, login

ALICE = hashed(PASSWORD)
BOB = hashed("other", cost=5)


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The hashes against which a password was worked out, which is what takes time."""
    seen: list[bytes] = []
    real = bcrypt.checkpw

    def check(password: bytes, hashed_password: bytes) -> bool:
        seen.append(hashed_password)
        return real(password, hashed_password)

    monkeypatch.setattr(bcrypt, "checkpw", check)
    return seen


def admits(passwords: Passwords, *headers: str, waits: bool = True) -> list[bool]:
    async def ask() -> list[bool]:
        return list(await asyncio.gather(*(passwords.admit(each, lambda: waits) for each in headers)))

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("user", "password", "admitted"),
    [
        ("alice", PASSWORD, True), ("bob", "other", True), ("alice", "other", False), ("bob", PASSWORD, False),
        ("mallory", PASSWORD, False), ("mallory", "other", False), ("alice", "", False), ("", PASSWORD, False),
        ("alice", PASSWORD + "\0", False), ("alice", "x" * 4000, False), ("Alice", PASSWORD, False),
    ],
)  # fmt: skip
def test_only_a_user_with_the_right_password_is_admitted(user: str, password: str, admitted: bool) -> None:
    passwords = Passwords({"alice": ALICE, "bob": BOB})
    sent = login(user, password)
    assert admits(passwords, sent) == [admitted]
    assert admits(passwords, sent) == [admitted]


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !",
        "Basic YWxpY2U=",
        "Bearer YWxpY2U6eA==",
        "Basic \udce4",
        "Basic YQ==YQ==",
        "basic:",
    ],
)
def test_what_is_no_login_admits_nobody(sent: str) -> None:
    assert login_of(sent) is None
    assert admits(Passwords({"alice": ALICE}), sent) == [False]


def test_a_password_may_hold_colons_and_any_letters() -> None:
    assert admits(Passwords({"älice": hashed("a:ß:")}), login("älice", "a:ß:").replace("Basic", "basic")) == [True]


def test_of_a_long_password_as_much_counts_as_with_htpasswd() -> None:
    passwords = Passwords({"alice": hashed("x" * 72)})
    assert admits(passwords, login("alice", "x" * 80)) == [True]


def test_a_right_password_is_worked_out_once_though_a_hundred_clients_send_it_at_once(worked_out: list[bytes]) -> None:
    passwords = Passwords({"alice": ALICE})
    assert admits(passwords, *[login("alice", PASSWORD)] * 100) == [True] * 100
    assert worked_out == [ALICE.encode()]


def test_wrong_passwords_push_no_right_one_out(worked_out: list[bytes]) -> None:
    passwords = Passwords({"alice": ALICE})
    assert admits(passwords, login("alice", PASSWORD)) == [True]
    assert not any(admits(passwords, *(login("alice", str(number)) for number in range(300))))
    del worked_out[:]
    assert admits(passwords, login("alice", PASSWORD)) == [True]
    assert worked_out == []


def test_a_wrong_password_is_worked_out_for_an_unknown_user_too_and_always_at_the_same_cost(
    worked_out: list[bytes],
) -> None:
    """Also when users' hashes differ in cost: an unknown one takes as long as some user, whatever is tried."""
    passwords = Passwords({"alice": ALICE, "bob": BOB})
    admits(passwords, login("alice", PASSWORD))
    for user in ("alice", "bob", *(f"user{number}" for number in range(20))):
        del worked_out[:]
        assert admits(passwords, login(user, "a")) + admits(passwords, login(user, "b")) == [False, False]
        assert len(worked_out) == 2
        assert len(set(worked_out)) == 1
        assert worked_out[0] in (ALICE.encode(), BOB.encode())


def test_for_a_client_that_left_nothing_is_worked_out(worked_out: list[bytes]) -> None:
    assert admits(Passwords({"alice": ALICE}), *[login("alice", "wrong")] * 100, waits=False) == [False] * 100
    assert worked_out == []


def test_no_password_is_kept() -> None:
    passwords = Passwords({"alice": ALICE})
    admits(passwords, login("alice", PASSWORD))
    kept = repr({name: getattr(passwords, name) for name in vars(passwords)})
    assert PASSWORD not in kept
    assert base64.b64encode(f"alice:{PASSWORD}".encode()).decode() not in kept

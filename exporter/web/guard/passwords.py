"""Users and passwords: who sent the right one. A wrong one takes as long for a user who is unknown as for another."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping

import bcrypt

_MOST_BYTES = 72
"""What bcrypt takes of a password; all implementations leave out the rest."""


def login_of(header: str) -> tuple[bytes, bytes] | None:
    """User and password of an `Authorization` header; `None` if it holds none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except ValueError:
        return None
    return (user, password) if colon else None


class Passwords:
    """The users of a web file.

    A password that was right is not worked out again. What is remembered of it is of no use to others.
    """

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = {name.encode(): value.encode() for name, value in hashes.items()}
        self._decoys = sorted(self._hashes.values())
        self._secret = secrets.token_bytes(32)
        self._right: dict[bytes, bytes] = {}
        self._one_at_a_time = asyncio.Lock()

    async def admit(self, header: str, waits: Callable[[], bool]) -> bool:
        """Whether this header is that of a user. `waits`: whether there is still a client to be told.

        One password is worked out at a time, as that keeps a processor busy.
        """
        login = login_of(header)
        if login is None:
            return False
        user, password = login
        digest = self._digest(password)
        if self._was_right(user, digest):
            return True
        async with self._one_at_a_time:
            if self._was_right(user, digest):  # by another client, meanwhile
                return True
            if not waits():
                return False
            found = await asyncio.get_running_loop().run_in_executor(None, _matches, password, self._hash(user))
        if found and user in self._hashes:
            self._right[user] = digest
            return True
        return False

    def _was_right(self, user: bytes, digest: bytes) -> bool:
        return hmac.compare_digest(self._right.get(user, b""), digest)

    def _hash(self, user: bytes) -> bytes:
        """The hash of a user; of one who is unknown, always the same of another's: they may differ in cost."""
        number = int.from_bytes(self._digest(user), "big")
        return self._hashes.get(user, self._decoys[number % len(self._decoys)])

    def _digest(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, key=self._secret).digest()


def _matches(password: bytes, hashed: bytes) -> bool:
    return bcrypt.checkpw(password[:_MOST_BYTES], hashed)

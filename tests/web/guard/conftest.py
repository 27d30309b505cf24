"""An authority with a server's certificate, and a service to guard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.exporting import Loop, looping


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.issue("server")
    return made


@pytest.fixture
def idle() -> Iterator[Loop]:
    """A service that never asked its database."""
    with looping("postgresql://127.0.0.1:1/nowhere") as made:
        yield made

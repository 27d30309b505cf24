"""Memory goes back to the system once nothing needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is glibc that keeps what was freed")

_COLUMN = """
import numpy as np
from exporter.refresh.allocating import hand_back_large
{}
np.ones(3 << 20)  # 24 MiB come and go, and glibc takes such arrays into its heap from now on
column = np.ones(2 << 20)
after = bytes(100_000)
del column  # 16 MiB, and something lies behind them
"""
_PIECES = """
from exporter.refresh.allocating import Spare
pieces = [bytes(2000) for _ in range(10_000)]
after = bytes(100_000)
del pieces  # 20 MB, and something lies behind them
{}
"""
_TELL = r"""
import re
print(re.search(r"VmRSS:\s+(\d+)", open("/proc/self/status").read())[1])
"""


def resident(script: str) -> int:
    """KiB of a process that did this."""
    return int(
        subprocess.run([sys.executable, "-c", script + _TELL], capture_output=True, check=True, text=True).stdout
    )


@pytest.mark.parametrize(
    ("script", "call"),
    [
        pytest.param(_COLUMN, "hand_back_large()", id="a column"),
        pytest.param(_PIECES, "Spare().hand_back()", id="small pieces"),
    ],
)
def test_what_is_freed_goes_back_whatever_lies_behind_it(script: str, call: str) -> None:
    assert resident(script.format(call)) < resident(script.format("")) - 10_000

"""Memory goes back to the system once nothing needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

_COLUMN = """
import re, sys
import numpy as np
from exporter.refresh.allocating import hand_back_large
if sys.argv[1] == "hand back":
    hand_back_large()
np.ones(3 << 20)  # 24 MiB come and go, and glibc takes such arrays into its heap from now on
column = np.ones(2 << 20)
after = bytes(100_000)
del column  # something lies behind it
print(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def resident(how: str) -> int:
    """KiB of a process in which a column of 16 MiB went."""
    return int(subprocess.run([sys.executable, "-c", _COLUMN, how], capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc that keeps what was freed")
def test_what_a_column_leaves_goes_back_whatever_came_after_it() -> None:
    assert resident("hand back") < resident("keep") - 10_000

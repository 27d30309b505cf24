"""How much a run proves: `make test` what is quick, `make prove` what takes many minutes, on worlds of its seed."""

from __future__ import annotations

import os

import pytest

PROVING = "PROVE" in os.environ
"""Whether `make prove` runs."""

PROVEN = pytest.mark.skipif(PROVING, reason="proves no more than in make test")
"""Of a test that `make test` runs as well as can be, in a file that `make prove` runs too."""

SEED = int(os.environ.get("PROVE", "7"))
"""What histories and worlds are drawn from."""

HISTORIES = int(os.environ.get("HISTORIES", "300")) if PROVING else 8
"""Random histories of a database in which every figure is compared with SQL; a second of processor time each."""


def examples(few: int) -> int:
    """How many examples hypothesis draws: so few, or ten times as many when there is time."""
    return few * 10 if PROVING else few

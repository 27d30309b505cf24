"""The platform that is made up in memory has all that a refresh of this version reads."""

from __future__ import annotations

import pytest

from benchmarks import diagnosis


def test_the_made_up_platform_is_diagnosed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in {"CAMPAIGNS": 20, "TASKS": 5, "CALLS": 5, "ROUNDS": 2}.items():
        monkeypatch.setattr(diagnosis, name, small)
    (figure,) = diagnosis.measure()
    assert figure.name == "diagnosis of 20 campaigns"

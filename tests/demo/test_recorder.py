"""What a recorder makes of looks into the past is what a real Prometheus says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.demo.stack.blocks import WINDOW, Recorder, RecordingError
from tests.support import prometheus

NOON = 1_772_625_600.0
LABELS = {"instance": "127.0.0.1:10517", "job": "campaign-exporter"}
SERIES = tuple(sorted(LABELS.items()))


def text(calls: int) -> bytes:
    return (
        b"# HELP calls_total Calls, {not} a sample.\n# TYPE calls_total counter\n"
        b'calls_total{name="a \\"b\\" {c} # d, e\\\\"} %d.0\n'
        b"# HELP plain A gauge.\n# TYPE plain gauge\nplain 1e+06\n"
        b'seconds_bucket{le="+Inf"} 3.0\n' % calls
    )


def test_blocks_hold_every_sample_at_its_moment_with_the_labels_of_a_scrape(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "work", LABELS)
    for step in range(4):
        recorder.record(NOON + step * WINDOW / 2, text(step))
    assert recorder.blocks(tmp_path / "data") == 2
    recorder.record(NOON + 2 * WINDOW, text(9))
    assert recorder.blocks(tmp_path / "data") == 1
    assert recorder.blocks(tmp_path / "data") == 0
    with prometheus.running(tmp_path) as server:
        for step in range(4):
            at = NOON + step * WINDOW / 2
            name = 'a "b" {c} # d, e\\'
            own = tuple(sorted({**LABELS, "__name__": "calls_total", "name": name}.items()))
            assert server.query("calls_total", at) == {own: step}
        assert server.query("plain + on (instance, job) up", NOON) == {SERIES: 1_000_001}
        assert server.query("sum by (le) (seconds_bucket)", NOON + 2 * WINDOW) == {(("le", "+Inf"),): 3}
        assert server.query("calls_total", NOON + 301) == {}


def test_what_an_earlier_recorder_left_unfinished_is_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "1.txt").write_text("half a li")
    assert Recorder(tmp_path / "work", LABELS).blocks(tmp_path / "data") == 0


def test_without_promtool_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    recorder = Recorder(tmp_path / "work", LABELS)
    recorder.record(NOON, text(1))
    with pytest.raises(RecordingError, match=r"promtool cannot be run: .*; Debian has it in `prometheus`"):
        recorder.blocks(tmp_path / "data")


def test_what_promtool_refuses_is_said_and_nothing_is_added(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "work", LABELS)
    recorder.record(NOON, b"calls_total many\n")
    with pytest.raises(RecordingError, match=r"promtool refused .*strconv\.ParseFloat"):
        recorder.blocks(tmp_path / "data")
    assert not (tmp_path / "data").exists()

"""A saved state is read as it was written, or not at all, whatever happened to the file."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
import pytest

from exporter.errors import StateError
from exporter.state.form import FORMAT, read, write

TREE: dict[str, Any] = {
    "numbers": np.array([[1, -2], [3, 1 << 62]], np.int64),
    "small": np.array([1, -1], np.int8),
    "moments": np.array([0.1, math.nan, math.inf]),
    "flags": np.array([True, False]),
    "none": np.zeros((0, 2), np.uint64),
    "plain": {"text": "Köln \ud800", "values": [None, True, 1.5, -math.inf, [["a"], {"b": 2}]]},
}


def written(tree: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    assert write(file, tree) == len(file.getvalue())
    return file.getvalue()


def reading(data: bytes) -> dict[str, Any]:
    return read(io.BytesIO(data), len(data))


def test_a_tree_comes_back_as_it_was() -> None:
    found = reading(written(TREE))
    assert found["plain"] == TREE["plain"]
    assert found.keys() == TREE.keys()
    for name in TREE.keys() - {"plain"}:
        np.testing.assert_array_equal(found[name], TREE[name])
        assert (found[name].dtype, found[name].shape) == (TREE[name].dtype, TREE[name].shape)
        found[name][:] = 0  # whoever takes it back goes on writing


def test_a_part_of_an_array_is_written_as_what_it_shows() -> None:
    numbers = np.arange(12).reshape(3, 4)
    found = reading(written({"row": numbers[1, :2], "column": numbers[:, 1]}))
    assert (found["row"].tolist(), found["column"].tolist()) == ([4, 5], [1, 5, 9])


def test_whatever_byte_it_ends_at_it_is_refused() -> None:
    data = written(TREE)
    for length in range(len(data)):
        with pytest.raises(StateError):
            reading(data[:length])
    with pytest.raises(StateError, match="bytes, not"):
        reading(data + b"\0")


def test_whatever_bit_is_another_it_is_refused() -> None:
    data = written(TREE)
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(StateError):
            reading(bytes(damaged))


@pytest.mark.parametrize("data", [b"", b"\0" * 500, b"campaign-exporter", b"PK\x03\x04" + b"x" * 200])
def test_a_file_of_somebody_else_is_told_from_ours(data: bytes) -> None:
    with pytest.raises(StateError, match=r"no saved state of campaign-exporter|ends after"):
        reading(data)


def test_another_format_is_named() -> None:
    data = bytearray(written(TREE))
    data[24:28] = (FORMAT + 1).to_bytes(4, "little")
    with pytest.raises(StateError, match=f"has the format {FORMAT + 1}, and this version reads {FORMAT}"):
        reading(bytes(data))


@pytest.mark.parametrize("value", [{1, 2}, b"x", np.array(["a"]), np.array([{}], object), np.int64(1)])
def test_what_could_not_come_back_as_it_was_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be saved"):
        written({"value": value})


def test_nothing_in_it_is_more_than_values() -> None:
    """No pickle: JSON, and arrays of numbers."""
    data = written(TREE)
    begin = data.index(b'{"numbers"')
    text, _ = json.JSONDecoder().raw_decode(data[begin:].decode("latin-1"))
    assert {array["\0array"][0][1] for name, array in text.items() if name != "plain"} <= set("biuf")

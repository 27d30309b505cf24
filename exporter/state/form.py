"""A tree of plain values and arrays as one file, and back: as it was written, or not at all.

A head of fixed size, the tree as JSON with a mark where an array was, the arrays one after the other, a checksum of all
of it. Nothing in it can be run; whoever reads it allocates nothing that a checksum has not confirmed.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from exporter.errors import StateError

Tree = dict[str, Any]

FORMAT = 2
_MAGIC = b"campaign-exporter state\n"
_HEAD = struct.Struct("<24sIIQQ")
"""What it is, the format, the checksum of the JSON, its length and that of the whole file."""
_TAIL = struct.Struct("<I")
_ARRAY = "\0array"
_KINDS = "biuf"


def write(file: BinaryIO, tree: Mapping[str, Any]) -> int:
    """Write the tree, and how many bytes that took."""
    arrays: list[memoryview] = []

    def placed(value: Any) -> Any:
        if not isinstance(value, np.ndarray) or value.dtype.kind not in _KINDS:
            raise TypeError(f"{type(value).__name__} cannot be saved")
        arrays.append(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
        return {_ARRAY: [value.dtype.str, value.shape]}

    text = json.dumps(tree, default=placed, separators=(",", ":")).encode()
    size = _HEAD.size + len(text) + sum(array.nbytes for array in arrays) + _TAIL.size
    checksum = 0
    parts: list[bytes | memoryview] = [_HEAD.pack(_MAGIC, FORMAT, zlib.crc32(text), len(text), size), text, *arrays]
    for part in parts:
        checksum = zlib.crc32(part, checksum)
        file.write(part)
    file.write(_TAIL.pack(checksum))
    return size


def read(file: BinaryIO, size: int) -> Tree:
    """The tree of a file of this size. `StateError` says what is wrong with it."""
    head = _filled(file, bytearray(min(_HEAD.size, size)))
    if not head.startswith(_MAGIC[: len(head)]):
        raise StateError("it is no saved state of campaign-exporter")
    if len(head) < _HEAD.size:
        raise StateError(f"it ends after {size:,} bytes")
    _, form, of_text, length, total = _HEAD.unpack(head)
    if form != FORMAT:
        raise StateError(f"it has the format {form}, and this version reads {FORMAT}")
    if size != total or length > total:
        raise StateError(f"it has {size:,} bytes, not {total:,}")
    text = _filled(file, bytearray(length))
    if zlib.crc32(text) != of_text:
        raise StateError("it is damaged: the checksum of its head does not fit")
    arrays: list[NDArray[Any]] = []

    def placed(found: dict[str, Any]) -> Any:
        if _ARRAY not in found:
            return found
        kind, shape = found[_ARRAY]
        arrays.append(np.empty(shape, np.dtype(kind)))
        return arrays[-1]

    tree: Tree = json.loads(text, object_hook=placed)
    checksum = zlib.crc32(text, zlib.crc32(head))
    for array in arrays:
        checksum = zlib.crc32(_filled(file, array.reshape(-1).view(np.uint8)), checksum)
    if _TAIL.pack(checksum) != _filled(file, bytearray(_TAIL.size)):
        raise StateError("it is damaged: its checksum does not fit")
    return tree


def _filled(file: BinaryIO, room: Any) -> Any:
    """Read as much as there is room for."""
    if file.readinto(room) != len(room):  # type: ignore[attr-defined]  # every file of bytes has it
        raise StateError("it ended while it was read")
    return room

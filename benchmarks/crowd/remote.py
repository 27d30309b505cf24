"""Series written into a running Prometheus by its remote-write protocol: many samples a series at once."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from urllib.request import Request, urlopen

import numpy as np
from numpy.typing import NDArray

_BATCH_BYTES = 4 << 20
_LITERAL = 1 << 16
_HEADERS = {
    "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}  # fmt: skip


class Clock:
    """Moments as samples are written with: their bytes are made once, and only values filled in for each series."""

    def __init__(self, moments: NDArray[np.float64]) -> None:
        """Seconds since 1970, ascending."""
        self.moments = moments
        # A sample: field 2 of the series, 16 bytes long; of it field 1, eight bytes of a double, and field 2, a varint
        # of six bytes, as milliseconds of our time are.
        self._form = np.zeros((len(moments), 18), np.uint8)
        self._form[:, :3] = (0x12, 0x10, 0x09)
        self._form[:, 11] = 0x10
        left = np.round(moments * 1000).astype(np.int64)
        for place in range(12, 18):
            self._form[:, place] = (left & 0x7F) | (0x80 if place < 17 else 0)
            left >>= 7

    def samples(self, values: NDArray[np.float64]) -> bytes:
        """One value a moment."""
        form = self._form.copy()
        form[:, 3:11] = values.astype("<f8").view(np.uint8).reshape(-1, 8)
        return form.tobytes()


def labels_of(labels: Mapping[str, str]) -> bytes:
    """The labels of a series, which must be sorted by name."""
    made = bytearray()
    for name, value in sorted(labels.items()):
        pair = b"\x0a" + _long(name.encode()) + b"\x12" + _long(value.encode())
        made += b"\x0a" + _long(pair)
    return bytes(made)


def write(base: str, series: Iterable[tuple[bytes, bytes]]) -> int:
    """Write labels with samples; how many series there were."""
    batch, size, count = list[bytes](), 0, 0
    for labels, samples in series:
        text = b"\x0a" + _varint(len(labels) + len(samples)) + labels + samples
        batch.append(text)
        size += len(text)
        count += 1
        if size >= _BATCH_BYTES:
            _send(base, b"".join(batch))
            batch, size = [], 0
    if batch:
        _send(base, b"".join(batch))
    return count


def _send(base: str, body: bytes) -> None:
    request = Request(f"{base}/api/v1/write", _snappy(body), dict(_HEADERS))
    with urlopen(request, timeout=600):
        pass


def _snappy(data: bytes) -> bytes:
    """Snappy's block format without any compression: literals alone."""
    parts = [_varint(len(data))]
    for start in range(0, len(data), _LITERAL):
        piece = data[start : start + _LITERAL]
        parts += [b"\xf4" + struct.pack("<H", len(piece) - 1), piece]
    return b"".join(parts)


def _long(text: bytes) -> bytes:
    return _varint(len(text)) + text


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)

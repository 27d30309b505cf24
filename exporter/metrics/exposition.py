"""Samples to bytes, in Prometheus's text format and in OpenMetrics; byte for byte what prometheus_client prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from threading import Lock
from types import MappingProxyType

import zstandard
from prometheus_client.utils import floatToGoString

from exporter.metrics.catalogue.kinds import Family, Type
from exporter.metrics.deflating import Deflated, gzipped
from exporter.metrics.masking import tells_contact

Labels = tuple[str, ...]
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
EOF = b"# EOF\n"

_CREATED = "_created"
_SMALL_NUMBERS = tuple(f"{number}.0" for number in range(10_000))


@dataclass(frozen=True, slots=True)
class Exposed:
    """The same samples in both formats; one object where they do not differ."""

    text: bytes
    openmetrics: bytes
    series: int


EMPTY = Exposed(b"", b"", 0)


def number_text(value: float) -> str:
    """A number as Go writes it."""
    if 0 <= value < 10_000:
        whole = int(value)
        if whole == value:
            return _SMALL_NUMBERS[whole]
    if -1e6 < value < 1e6:  # from here on Go has exponents, and Python not yet
        return repr(float(value))
    return _go_text(value)


@lru_cache(maxsize=1024)
def _bound_text(bound: float) -> str:
    """The upper bound of a bucket."""
    return _go_text(bound)


def _go_text(value: float) -> str:
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call]  # prometheus_client does not type it
    return text


def escape(value: str) -> str:
    """A label's value between its quotes."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


class FamilyEncoder:
    """Sample lines of one family. The part before the value is kept, as labels hardly ever change."""

    def __init__(self, family: Family, constant: Mapping[str, str] = MappingProxyType({})) -> None:
        """`constant`: labels that each of its series has."""
        self.family = family
        names = (*constant, *family.all_labels, *(("le",) if family.type is Type.HISTOGRAM else ()))
        self._constant = tuple(constant.values())
        self._order = tuple(sorted(range(len(names)), key=names.__getitem__))
        self._names = names
        self._prefixes: dict[Labels, dict[Labels, str]] = {}

    def header(self) -> Exposed:
        """The HELP and TYPE lines."""
        name, kind = self.family.name, self.family.type.value
        bare = name.removesuffix("_total") if kind == "counter" else name.removesuffix("_info")
        text_help = self.family.help.replace("\\", r"\\").replace("\n", r"\n")
        text_kind = "gauge" if kind == "info" else kind
        text = f"# HELP {name} {text_help}\n# TYPE {name} {text_kind}\n"
        openmetrics = f"# HELP {bare} {escape(self.family.help)}\n# TYPE {bare} {kind}\n"
        return Exposed(text.encode(), openmetrics.encode(), 0)

    def forget(self, owner: Labels) -> None:
        """Drop what was kept for an owner that is exported no longer."""
        self._prefixes.pop(owner, None)
        if self.family.type is Type.HISTOGRAM and self.family.labels:
            for each in [known for known in self._prefixes if known[: len(owner)] == owner]:
                del self._prefixes[each]

    def _prefix(self, owner: Labels, suffix: str, own: Labels) -> str:
        values = (*self._constant, *owner, *own)
        labels = ",".join(
            f'{self._names[index]}="{escape(values[index])}"' for index in self._order if index < len(values)
        )
        name = self.family.name if suffix != _CREATED else self.family.name.removesuffix("_total")
        return f"{name}{suffix}{{{labels}}} "

    def samples(
        self,
        owner: Labels,
        values: Mapping[Labels, float],
        exemplars: Mapping[Labels, tuple[float, str, float]] | None = None,
        created: float | None = None,
        *,
        divisor: int = 1,
    ) -> Exposed:
        """One line a series, in the order of the label values. What it shows are the values by `divisor`.

        `created`: when a counter began, if that is told. OpenMetrics alone says so, and only where it follows the
        series at once does Prometheus 3 find it.
        """
        prefixes = self._prefixes.setdefault(owner, {})
        if len(prefixes) > 2 * len(values) + 16:  # most are of labels that are gone
            prefixes.clear()
        order = sorted(values)
        lines = []
        for own in order:
            prefix = prefixes.get(own)
            if prefix is None:
                prefix = prefixes[own] = self._prefix(owner, "", own)
            value = values[own]
            lines.append(prefix + number_text(value / divisor if divisor > 1 else value))
        began = {} if created is None else {own: self._created(owner, own, created) for own in order}
        return _exposed(order, lines, exemplars or {}, began)

    def _created(self, owner: Labels, own: Labels, at: float) -> str:
        return self._prefix(owner, _CREATED, own) + number_text(at)

    def histogram(
        self,
        owner: Labels,
        counts: Sequence[int],
        bounds: Sequence[float],
        total: float,
        exemplars: Mapping[Labels, tuple[float, str, float]],
        created: float | None = None,
        own: Labels = (),
    ) -> Exposed:
        """A histogram's lines, of the counts by bucket (not cumulative, the last one without a bound).

        `own`: the values of the family's own labels, if it has any. Exemplars are those of a family without.
        """
        prefixes = self._prefixes.setdefault((*owner, *own), {})
        if not prefixes:
            rest = (("_bucket", (*own, "+Inf")), ("_count", own), ("_sum", own))
            made = [self._prefix(owner, "_bucket", (*own, _bound_text(bound))) for bound in bounds]
            made += [self._prefix(owner, *each) for each in rest]
            names = [*((str(index),) for index in range(len(counts))), ("count",), ("sum",)]
            prefixes.update(zip(names, made, strict=True))
        cumulated = [*accumulate(counts)]
        texts = map(number_text, (*cumulated, cumulated[-1], total))
        lines = [prefix + text for prefix, text in zip(prefixes.values(), texts, strict=True)]
        began: dict[Labels, str] = {} if created is None else {("sum",): self._created(owner, own, created)}
        return _exposed(list(prefixes), lines, exemplars, began)


def joined(parts: Sequence[Exposed]) -> Exposed:
    """Several histograms of an owner, one after the other."""
    if len(parts) == 1:
        return parts[0]
    text = b"".join(part.text for part in parts)
    same = all(part.text is part.openmetrics for part in parts)
    return Exposed(
        text,
        text if same else b"".join(part.openmetrics for part in parts),
        sum(part.series for part in parts),
    )


def _exposed(
    order: Sequence[Labels],
    lines: Sequence[str],
    exemplars: Mapping[Labels, tuple[float, str, float]],
    created: Mapping[Labels, str],
) -> Exposed:
    """`created`: further lines of OpenMetrics, each after the line of its labels."""
    text = "\n".join([*lines, ""]).encode()
    if not exemplars and not created:
        return Exposed(text, text, len(lines))
    told: list[str] = []
    for own, line in zip(order, lines, strict=True):
        told.append(line + _exemplar(exemplars.get(own)))
        if own in created:
            told.append(created[own])
    return Exposed(text, "\n".join([*told, ""]).encode(errors="replace"), len(lines))


def _exemplar(exemplar: tuple[float, str, float] | None) -> str:
    if exemplar is None:
        return ""
    at, task, value = exemplar
    if tells_contact(task):
        return ""
    return f' # {{task_id="{escape(task)}"}} {number_text(value)} {at}'


class Block:
    """A part of a page that stays as it is from page to page, until something in it changes: compressed once."""

    def __init__(self, parts: Sequence[Exposed]) -> None:
        self.text = b"".join(part.text for part in parts)
        same = all(part.text is part.openmetrics for part in parts)
        self.openmetrics = self.text if same else b"".join(part.openmetrics for part in parts)
        self.series = sum(part.series for part in parts)

    def plain(self, content_type: str) -> bytes:
        """Its bytes in a format."""
        return self.text if content_type == TEXT_TYPE else self.openmetrics

    def deflated(self, content_type: str) -> Deflated:
        """The same as a part of a gzip stream."""
        return self._text_deflated if self.plain(content_type) is self.text else self._openmetrics_deflated

    @cached_property
    def _text_deflated(self) -> Deflated:
        return Deflated(self.text)

    @cached_property
    def _openmetrics_deflated(self) -> Deflated:
        return Deflated(self.openmetrics)


class Body:
    """A finished response in both formats, put together and compressed at most once each."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self._made: dict[tuple[str, str], bytes] = {}
        self._making = Lock()

    def get(self, content_type: str, encoding: str) -> bytes:
        """The bytes in a format and a content coding (`identity`, `gzip` or `zstd`)."""
        key = (content_type, encoding)
        with self._making:  # else several who ask at once would hold a copy each
            found = self._made.get(key)
            if found is None:
                found = self._made[key] = _MAKE[encoding](self._blocks, content_type)
            return found

    def ready(self, content_type: str, encoding: str) -> bool:
        """Whether `get` would hand out finished bytes at once."""
        return (encoding == "identity" and len(self._blocks) == 1) or (content_type, encoding) in self._made


def _identity(blocks: Sequence[Block], content_type: str) -> bytes:
    return b"".join(block.plain(content_type) for block in blocks)


def _gzip(blocks: Sequence[Block], content_type: str) -> bytes:
    return gzipped([block.deflated(content_type) for block in blocks])


def _zstd(blocks: Sequence[Block], content_type: str) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(_identity(blocks, content_type))


_MAKE = {"gzip": _gzip, "zstd": _zstd, "identity": _identity}
ENCODINGS = ("gzip", "zstd")

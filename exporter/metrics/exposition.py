"""Samples to bytes, in Prometheus's text format and in OpenMetrics; byte for byte what prometheus_client prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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
    return _go_text(value)


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
        self._prefixes: dict[Labels, dict[tuple[str, Labels], str]] = {}

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

    def _prefix(self, owner: Labels, suffix: str, own: Labels) -> str:
        kept = self._prefixes.setdefault(owner, {})
        prefix = kept.get((suffix, own))
        if prefix is None:
            values = (*self._constant, *owner, *own)
            labels = ",".join(
                f'{self._names[index]}="{escape(values[index])}"' for index in self._order if index < len(values)
            )
            name = self.family.name if suffix != _CREATED else self.family.name.removesuffix("_total")
            prefix = kept[(suffix, own)] = f"{name}{suffix}{{{labels}}} "
        return prefix

    def samples(
        self,
        owner: Labels,
        values: Mapping[Labels, float],
        exemplars: Mapping[Labels, tuple[float, str, float]] | None = None,
        created: float | None = None,
    ) -> Exposed:
        """One line a series, in the order of the label values; of a counter also when it was created, if that is told.

        OpenMetrics alone says so, and only where it follows the series at once does Prometheus 3 find it.
        """
        if len(self._prefixes.get(owner, ())) > 4 * len(values) + 16:  # most are of labels that are gone
            self.forget(owner)
        lines = [(own, self._prefix(owner, "", own) + number_text(values[own])) for own in sorted(values)]
        if created is None:
            return _exposed(lines, exemplars or {})
        at = number_text(created)
        return _exposed(lines, exemplars or {}, {own: self._prefix(owner, _CREATED, own) + at for own in values})

    def histogram(
        self,
        owner: Labels,
        counts: Sequence[int],
        bounds: Sequence[int],
        total: float,
        exemplars: Mapping[Labels, tuple[float, str, float]],
        created: float | None = None,
    ) -> Exposed:
        """A histogram's lines, of the counts by bucket (not cumulative, the last one without a bound)."""
        lines: list[tuple[Labels, str]] = []
        cumulated = 0
        for index, count in enumerate(counts):
            cumulated += count
            bound = _go_text(bounds[index]) if index < len(bounds) else "+Inf"
            lines.append(((str(index),), self._prefix(owner, "_bucket", (bound,)) + number_text(cumulated)))
        lines.append((("count",), self._prefix(owner, "_count", ()) + number_text(cumulated)))
        lines.append((("sum",), self._prefix(owner, "_sum", ()) + number_text(total)))
        told: dict[Labels, str] = {}
        if created is not None:
            told[("sum",)] = self._prefix(owner, _CREATED, ()) + number_text(created)
        return _exposed(lines, exemplars, told)


def _exposed(
    lines: Iterable[tuple[Labels, str]],
    exemplars: Mapping[Labels, tuple[float, str, float]],
    created: Mapping[Labels, str] = MappingProxyType({}),
) -> Exposed:
    """`created`: further lines of OpenMetrics, each after the line of its labels."""
    lines = list(lines)
    text = "".join(f"{line}\n" for _, line in lines).encode()
    if not exemplars and not created:
        return Exposed(text, text, len(lines))
    openmetrics = "".join(
        f"{line}{_exemplar(exemplars.get(own))}\n" + (f"{created[own]}\n" if own in created else "")
        for own, line in lines
    )
    return Exposed(text, openmetrics.encode(errors="replace"), len(lines))


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

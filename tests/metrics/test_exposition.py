"""Our bytes are prometheus_client's: what its parsers read of them, its encoders print again byte for byte."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import psycopg
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from exporter.metrics.catalogue import BY_NAME, FAMILIES
from exporter.metrics.catalogue.kinds import Scope, Type
from exporter.metrics.exposition import (
    EOF,
    OPENMETRICS_TYPE,
    TEXT_TYPE,
    Block,
    Body,
    Exposed,
    FamilyEncoder,
    joined,
    number_text,
)
from exporter.metrics.masking import tells_contact
from tests.support import contract, platforms
from tests.support.effort import examples
from tests.support.exporting import NOW, exporting, looping
from tests.support.exposition import samples

HOSTILE = (
    'a"b',
    "a\\b",
    "a\\nb",
    "a\nb",
    "",
    " ",
    "\\",
    '"',
    "{",
    "}",
    ",",
    'x="y"',
    "# EOF",
    "é🚀",
    "\r",
    "\x85",
    "a # {",
)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))
NUMBERS = st.one_of(
    st.floats(allow_nan=False).filter(lambda value: value != 0 or math.copysign(1, value) > 0),
    st.integers(0, 2**63),
    st.sampled_from([0, 1, 9_999, 10_000, 1e6, 123_456.789, 2**53, 1e21, 1e-9, math.inf, -math.inf]),
)
TASKS = st.text(max_size=30)
EXEMPLARS = st.tuples(st.floats(0, 4e9), TASKS.filter(lambda task: not tells_contact(task)), st.floats(0, 1e6))
"""When, of which task (one that could be a phone has none), and the value."""


class Fixed:
    """A registry of families that were parsed."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> list[Metric]:
        """All of them."""
        return self._families


def printed_again(text: bytes) -> bytes:
    """What prometheus_client prints of a text it parsed."""
    return generate_latest(cast(CollectorRegistry, Fixed(parse_text(text.decode()))))


def openmetrics_again(text: bytes, exemplars: Mapping[int, Exemplar] | None = None) -> bytes:
    """The same for OpenMetrics; `exemplars` are put on samples by their place."""
    families: list[Metric] = list(parse_openmetrics(text.decode()))  # type: ignore[no-untyped-call]
    for family in families:
        for place, sample in enumerate(family.samples):
            exemplar = (exemplars or {}).get(place, sample.exemplar)
            if exemplar is not None:  # the parser keeps a time as text with nine digits
                exemplar = exemplar._replace(timestamp=float(exemplar.timestamp or 0))
            family.samples[place] = sample._replace(exemplar=exemplar)
    again: bytes = generate_openmetrics(cast(CollectorRegistry, Fixed(families)))  # type: ignore[no-untyped-call]
    return again


def exemplar_of(known: tuple[float, str, float]) -> Exemplar:
    """As prometheus_client holds it."""
    return Exemplar({"task_id": known[1]}, known[2], known[0])


def together(encoder: FamilyEncoder, *blocks: Exposed) -> tuple[bytes, bytes]:
    """A whole exposition of one family."""
    parts = (encoder.header(), *blocks)
    return b"".join(part.text for part in parts), b"".join(part.openmetrics for part in parts) + EOF


def labels_for(name: str, values: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """An owner and own labels of a family, made of these values."""
    family = BY_NAME[name]
    filled = (values * 10)[: len(family.all_labels)]
    width = len(family.scope.value)
    return tuple(filled[:width]), tuple(filled[width:])


@settings(max_examples=examples(40))
@given(
    name=st.sampled_from([family.name for family in FAMILIES if family.type is not Type.HISTOGRAM]),
    values=st.lists(TEXTS, min_size=1, max_size=6),
    number=NUMBERS,
    exemplar=st.none() | EXEMPLARS,
    created=st.none() | st.floats(0, 4e9),
)
@example(name="campaign_info", values=list(HOSTILE), number=1, exemplar=None, created=None)
@example(
    name="campaign_calls_total", values=["1", "2", "busy"], number=3, exemplar=(1772625600.25, 'a"\\\n', 1.0),
    created=1772625600.25,
)  # fmt: skip
def test_samples_are_printed_as_prometheus_client_does(
    name: str,
    values: list[str],
    number: float,
    exemplar: tuple[float, str, float] | None,
    created: float | None,
) -> None:
    family = BY_NAME[name]
    owner, own = labels_for(name, values)
    encoder = FamilyEncoder(family)
    counted = family.type is Type.COUNTER
    number = 1.0 if family.type is Type.INFO else abs(number) if counted else number
    created = created if counted else None
    text, openmetrics = together(encoder, encoder.samples(owner, {own: number}, created=created))
    assert (b"_created{" in openmetrics) is (created is not None)
    assert printed_again(text) == text
    assert openmetrics_again(openmetrics) == openmetrics
    if counted and exemplar:
        with_exemplar = together(encoder, encoder.samples(owner, {own: number}, {own: exemplar}, created))
        assert with_exemplar == (text, openmetrics_again(openmetrics, {0: exemplar_of(exemplar)}))
    (sample,) = (sample for parsed in parse_text(text.decode()) for sample in parsed.samples)
    assert sample.value == float(number)
    assert sample.labels == dict(zip(family.all_labels, (*owner, *own), strict=True))


@settings(max_examples=examples(30))
@given(
    values=st.lists(TEXTS, min_size=2, max_size=2),
    counts=st.lists(st.integers(0, 2**40), min_size=13, max_size=13),
    total=st.floats(0, 1e15),
    exemplars=st.dictionaries(st.integers(0, 12), EXEMPLARS, max_size=4),
    created=st.none() | st.floats(0, 4e9),
)
def test_histograms_are_printed_as_prometheus_client_does(
    values: list[str],
    counts: list[int],
    total: float,
    exemplars: dict[int, tuple[float, str, float]],
    created: float | None,
) -> None:
    family = BY_NAME["campaign_call_talk_seconds"]
    encoder = FamilyEncoder(family)
    bounds = family.source.bounds  # type: ignore[union-attr]
    owner = (values[0], values[1])
    text, openmetrics = together(encoder, encoder.histogram(owner, counts, bounds, total, {}, created))
    assert printed_again(text) == text
    assert openmetrics_again(openmetrics) == openmetrics
    by_bucket: dict[tuple[str, ...], tuple[float, str, float]] = {(str(key),): each for key, each in exemplars.items()}
    block = encoder.histogram(owner, counts, bounds, total, by_bucket, created)
    again = openmetrics_again(openmetrics, {key: exemplar_of(value) for key, value in exemplars.items()})
    assert together(encoder, block) == (text, again)
    assert block.series == len(counts) + 2


def test_a_histogram_for_each_arm_is_printed_as_prometheus_client_does() -> None:
    encoder = FamilyEncoder(BY_NAME["campaign_variant_first_word_seconds"])
    arms = [encoder.histogram(("t", "c"), [1, 2, 3], [0.5, 2], 7.25, {}, 9.0, (arm,)) for arm in ("A", 'B"')]
    block = joined(arms)
    text, openmetrics = together(encoder, block)
    assert printed_again(text) == text
    assert openmetrics_again(openmetrics) == openmetrics
    assert block.series == sum(arm.series for arm in arms) == 10


@given(NUMBERS)
def test_numbers_are_printed_as_go_does(number: float) -> None:
    assert number_text(number) == floatToGoString(number)  # type: ignore[no-untyped-call]


def test_each_header_is_printed_as_prometheus_client_does() -> None:
    otherwise = {}
    for family in FAMILIES:
        encoder = FamilyEncoder(family)
        owner = ("t", "c")[: len(family.scope.value)]
        if family.type is Type.HISTOGRAM:
            block = encoder.histogram(owner, [1, 2], [5], 3.5, {}, own=("x",) * len(family.labels))
        else:
            block = encoder.samples(owner, {("x",) * len(family.labels): 1})
        ours = together(encoder, block)
        theirs = printed_again(ours[0]), openmetrics_again(ours[1])
        if theirs != ours:
            otherwise[family.name] = (ours, theirs)
    assert otherwise == {}


def test_a_family_has_the_labels_of_its_scope_first() -> None:
    assert BY_NAME["campaign_calls_total"].all_labels == (*Scope.CAMPAIGN.value, "outcome")


def test_a_whole_snapshot_is_printed_as_prometheus_client_does(database_url: str) -> None:
    with contract.session(database_url) as owner, exporting(database_url) as exporter:
        _fill(owner)
        exporter.refresh()
        snapshot = exporter.snapshot
        assert snapshot is not None
    assert snapshot.text.count(b"# TYPE") > 35
    assert b" # {task_id=" in snapshot.openmetrics
    assert printed_again(snapshot.text) == snapshot.text
    assert openmetrics_again(snapshot.openmetrics + EOF) == snapshot.openmetrics + EOF
    series = sum(not line.startswith(b"#") for line in snapshot.text.splitlines())
    assert snapshot.series == series


def test_what_other_tests_read_is_what_prometheus_client_reads(database_url: str) -> None:
    """They take plain lines apart by themselves, which is quicker: of hostile texts, exemplars and odd values too."""
    with contract.session(database_url) as owner, exporting(database_url) as exporter:
        _fill(owner)
        exporter.refresh()
        snapshot = exporter.snapshot
        assert snapshot is not None
    text = (
        snapshot.text.decode()
        + 'bare 1\nodd{a="} 2",b="x # {c} 3",d="\\\\"} +Inf\nempty{a=""} 1e-06\nlines{a="x\\ny"} 2\n'
    )
    read = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse_text(text) for sample in family.samples
    }  # fmt: skip
    assert len(read) > 300
    assert samples(text) == read
    assert ("lines", (("a", "x\ny"),)) in read
    assert samples(snapshot.openmetrics.decode()).items() <= read.items()


def test_a_series_that_is_there_twice_is_noticed_by_all_tests() -> None:
    with pytest.raises(AssertionError, match="is there twice"):
        samples("a 1\na 2\n")


def test_labels_of_the_exporter_are_on_each_of_its_series(database_url: str) -> None:
    """Beside those that it has without them, in both formats, and as prometheus_client prints them."""
    with contract.session(database_url) as owner:
        _fill(owner)
        plain, labelled = (_page(database_url, **settings) for settings in ({}, {"labels": LABELS}))
    assert printed_again(labelled[0]) == labelled[0]
    assert openmetrics_again(labelled[1]) == labelled[1]
    for without, with_labels, parse in zip(plain, labelled, (parse_text, parse_openmetrics), strict=True):
        before, after = (list(_series(page, parse)) for page in (without, with_labels))
        assert len(before) > 500
        assert after == [(name, {**labels, **LABELS}) for name, labels in before]


LABELS = {"cluster": 'e"u', "zone": "b\\1"}


def _page(url: str, **settings: Any) -> tuple[bytes, bytes]:
    """All that is served of a first refresh, in both formats."""
    with looping(url, **settings) as loop:
        assert loop.step()
        full = loop.service.page.full
        return full.get(TEXT_TYPE, "identity"), full.get(OPENMETRICS_TYPE, "identity")


def _series(page: bytes, parse: Callable[[str], Iterable[Metric]]) -> Iterable[tuple[str, Mapping[str, str]]]:
    for family in parse(page.decode()):
        for sample in family.samples:
            yield sample.name, sample.labels


def _fill(owner: psycopg.Connection[Any]) -> None:
    platforms.create(owner)
    for number, text in enumerate(HOSTILE):
        key = str(100 + number)
        platforms.campaign(owner, key, name=text, agent=text, status="paused", pause_reason=text, budget=10**number)
        platforms.call(owner, key, key, error_code=text, provider=text, sentiment=text, variant=text, updated_at=NOW)
        platforms.task(owner, key, key, disposition=text, variant=text, blocker=text)


def _one_member(data: bytes) -> bytes:
    """As clients read it that stop at the end of the first member; zlib compares the checksum and the size."""
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    plain = reader.decompress(data)
    assert reader.eof
    assert not reader.unused_data
    return plain


_UNDONE: Mapping[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": _one_member,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data),
}


def test_a_body_is_compressed_once_and_decompresses_to_the_same() -> None:
    blocks = [Block([Exposed(b"text" * size, b"openmetrics" * size, 0)]) for size in (1, 998, 0, 1)]
    body = Body(blocks)
    for content_type, plain in ((TEXT_TYPE, b"text" * 1000), (OPENMETRICS_TYPE, b"openmetrics" * 1000)):
        for coding in ("identity", "gzip", "zstd"):
            assert not body.ready(content_type, coding)
            data = body.get(content_type, coding)
            assert body.ready(content_type, coding)
            assert body.get(content_type, coding) is data
            assert _UNDONE[coding](data) == plain
            assert coding == "identity" or len(data) < len(plain)

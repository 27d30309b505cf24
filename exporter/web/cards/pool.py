"""The numbers of a campaign's pool, the worst first, with what is unusual about each; and their connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from exporter.contract.codes import ASIDE_OUTCOMES
from exporter.contract.wording import clock, count, duration, share
from exporter.diagnosis.dispatch.answering import Counts, worst_number
from exporter.diagnosis.dispatch.capacity import SHORT_SECONDS, of_caps_unknown, refusal
from exporter.diagnosis.dispatch.situation import Line, Situation
from exporter.diagnosis.recent_calls import SPAN
from exporter.diagnosis.view import Shown, View
from exporter.ledger.totals import unpack_key
from exporter.metrics.masking import mask_phone
from exporter.source.entities import PoolEntry
from exporter.web.cards.values import Json, iso, rate

WEIGHT_FACTOR = 4.0
"""A weight so many times the pool's median, or so small a part of it, is worth a look."""

EXPECTED_CALLS = 10.0
"""A number that by its weight should have had so many calls and had none: by chance one time in 20,000."""

GRAVE, WRONG, ODD, RESTING, FINE = range(5)
"""How bad what is unusual is: harms now; cannot call; worth a look; passes by itself; nothing is."""


def numbers(s: Situation, shown: Shown, view: View, mask: bool) -> list[Json] | None:
    """All numbers of the pool, the worst first; `None` where the platform does not tell them."""
    if s.pool is None:
        return None
    lines = {line.number.number_id: line for line in s.pool}
    entries = shown.platform.pools.get(s.campaign.campaign_id, ())
    called, going = _called(shown, view)
    told = s.told.has("calls", "number_id")
    judged = {name: (_through(each), _picked_up(each)) for name, each in called.items()}
    unusual = _Unusual(s, entries, judged)
    found = []
    for entry in entries:
        name = entry.number_id
        number = shown.platform.numbers.get(name)
        line = lines.get(name)
        said = sorted(unusual.of(entry, line), key=lambda item: item[0])
        trunk = s.carriers.get(number.connection_id) if number and number.connection_id is not None else None
        refused = refusal(line, s) if line is not None else None
        ever = called.get(name, Counter())
        through, answered = judged.get(name, (0, 0))
        late, late_answered = s.lately.by_number.get(name, (0, 0))
        late_failed = s.lately.failed_by_number.get(name, 0)
        about = {
            "id": name,
            "phone": (mask_phone(number.phone) if mask else number.phone) if number else None,
            "label": number.label if number else None,
            "country": number.country if number else None,
            "connection": number.connection_id if number else None,
            "provider": trunk.trunk.provider if trunk else None,
            "weight": entry.weight,
            "status": number.status if number else None,
            "usable": None if line is not None and of_caps_unknown(line, s) else line is not None and refused is None,
            "refused_by": refused[0] if refused else None,
            "usable_at": iso(refused[1]) if refused else None,
            "calls_today": line.today if line else None,
            "daily_cap": number.daily_cap if number else None,
            "cooldown_until": iso(number.cooldown_until) if number else None,
            "calling": line.in_progress if line else going.get(name, 0) if told else None,
            "calls": ever.total() if told else None,
            "failed": ever["failed"] if told else None,
            "got_through": through if told else None,
            "answered": answered if told else None,
            "answer_rate": rate(answered, through),
            "lately": {
                "calls": late + late_failed if told else None,
                "failed": late_failed if told else None,
                "got_through": late if told else None,
                "answered": late_answered if told else None,
                "answer_rate": rate(late_answered, late),
            },
            "unusual": [text for _, text in said],
        }
        found.append((said[0][0] if said else FINE, about["answer_rate"], name, about))
    found.sort(key=lambda each: (each[0], 2.0 if each[1] is None else each[1], each[2]))
    return [about for *_, about in found]


def connections(s: Situation) -> list[Json]:
    """The connections of the pool's numbers, or of the tenant where the pool is not told; the fullest first."""
    if s.pool is None:
        used = dict.fromkeys(s.carriers, 0)
    else:
        used = {}
        for line in s.pool:
            name = line.number.connection_id
            if name is not None and name in s.carriers:
                used[name] = used.get(name, 0) + 1
    found = []
    for name, size in used.items():
        carrier = s.carriers[name]
        limit = carrier.trunk.concurrency_limit
        broken = "concurrency_limit" in carrier.trunk.broken
        about = {
            "id": name,
            "provider": carrier.trunk.provider,
            "concurrency_limit": limit,
            "limit_readable": not broken,
            "calling": carrier.in_progress,
            "left": None if limit is None or carrier.in_progress is None else max(0, limit - carrier.in_progress),
            "leaked": None if carrier.in_progress is None else carrier.leaked,
            "calls_per_second": carrier.trunk.calls_per_second,
            "numbers": size if s.pool is not None else None,
        }
        full = (carrier.in_progress or 0) / limit if limit else (-1.0 if limit is None else 2.0)
        found.append((full, name, about))
    return [about for *_, about in sorted(found, key=lambda each: (-each[0], each[1]))]


def _called(shown: Shown, view: View) -> tuple[dict[str, Counter[str]], dict[str, int]]:
    """What the campaign's calls came to by number, by outcome, and how many go on."""
    over: dict[str, Counter[str]] = {}
    going: dict[str, int] = {}
    for key, (calls, *_) in view.cells.get("numbers", {}).items():
        first, second = unpack_key(key)
        number, outcome = shown.vocabulary.label("number", first), shown.vocabulary.label("outcome", second)
        if outcome == "in_progress":
            going[number] = calls
            continue
        over.setdefault(number, Counter())[outcome] += calls
    return over, going


def _through(called: Counter[str]) -> int:
    return called.total() - sum(called[aside] for aside in ASIDE_OUTCOMES)


def _picked_up(outcomes: Counter[str]) -> int:
    """Whoever was there to talk."""
    return outcomes["answered"] + outcomes["abandoned"]


class _Unusual:
    """What is out of the ordinary about the numbers of one pool."""

    def __init__(self, s: Situation, entries: Sequence[PoolEntry], called: Counts) -> None:
        self._s = s
        self._late = _outliers(s.lately.by_number)
        self._ever = _outliers(called)
        weights = [entry.weight for entry in entries if entry.weight]
        self._median = median(weights) if len(weights) > 2 else None
        usable = {line.number.number_id for line in s.pool or () if refusal(line, s) is None}
        weighty = {e.number_id: 1.0 if e.weight is None else e.weight for e in entries if e.number_id in usable}
        total = sum(weighty.values())
        recent = sum(calls for calls, _ in s.lately.by_number.values()) + sum(s.lately.failed_by_number.values())
        self._expected = {name: recent * weight / total for name, weight in weighty.items()} if total else {}

    def of(self, entry: PoolEntry, line: Line | None) -> Iterator[tuple[int, str]]:
        """How bad, and what: of one number."""
        name = entry.number_id
        if name in self._late:
            yield GRAVE, self._answers(name, self._late, f"in the last {duration(SPAN)}")
        elif name in self._ever:
            yield GRAVE, self._answers(name, self._ever, "in this campaign")
        if line is None:
            yield (RESTING, "out of the pool: its weight is 0") if entry.weight == 0 else (
                WRONG, "not among the tenant's numbers",
            )  # fmt: skip
            return
        yield from self._state(line)
        expected = self._expected.get(name, 0.0)
        if expected >= EXPECTED_CALLS and name not in self._s.lately.by_number and not line.in_progress:
            asked = f"about {expected:.0f} were to be expected"
            yield ODD, f"no call in the last {duration(SPAN)} though it can be used; {asked}"
        if entry.weight is not None and self._median:
            times = entry.weight / self._median
            if times >= WEIGHT_FACTOR or times <= 1 / WEIGHT_FACTOR:
                word = "far above" if times > 1 else "far below"
                yield ODD, f"its weight {entry.weight:g} is {word} the pool's middle, {self._median:g}"

    def _state(self, line: Line) -> Iterator[tuple[int, str]]:
        number, s = line.number, self._s
        refused = refusal(line, s)
        if refused is None:
            return
        code, until = refused
        if code == "number_cooldown" and until is not None and until - s.now < SHORT_SECONDS:
            return  # that is the pace between two calls
        when = "" if until is None else f" until {clock(until, s.now, s.tenant.timezone if s.tenant else None)}"
        match code:
            case "number_daily_cap":
                yield RESTING, f"at its daily cap of {number.daily_cap}{when}"
            case "number_cooldown":
                over = number.cooldown_until is not None and until is None
                unknown = ", though its rest is over" if over else ", nobody said until when"
                yield RESTING, f"resting{when or unknown}"
            case "number_flagged":
                yield WRONG, "flagged as spam"
            case "pool_exhausted":
                yield WRONG, "released, yet in the pool"
            case _:
                yield WRONG, "in a state that is not known"

    def _answers(self, name: str, found: Mapping[str, tuple[int, int, float]], when: str) -> str:
        calls, answered, others = found[name]
        return (
            f"answered in {share(answered, calls)} of {count(calls, 'call')} that got through {when}; "
            f"the rest of the pool in {share(others, 1)}"
        )


def _outliers(by_number: Counts) -> dict[str, tuple[int, int, float]]:
    """The numbers that are answered far less than the rest: calls, answered, and the others' rate.

    The worst is taken out before the next is looked for: it would hide the others by what it does to the rest's rate.
    """
    found: dict[str, tuple[int, int, float]] = {}
    rest = dict(by_number)
    while (worst := worst_number(rest)) is not None:
        found[worst.number] = (worst.calls, worst.answered, worst.others)
        del rest[worst.number]
    return found

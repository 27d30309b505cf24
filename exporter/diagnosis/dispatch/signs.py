"""Signs in the recent calls that something is wrong though calls are being made; each needs a minimum sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.contract.error_codes import DESTINATION, UNCODED, fault_of
from exporter.contract.wording import count, duration, money, share
from exporter.diagnosis.abandonment import LIMIT
from exporter.diagnosis.dispatch.answering import MIN_CALLS, Z, deviations, drop, worst_number
from exporter.diagnosis.dispatch.gate import is_much
from exporter.diagnosis.dispatch.gates import IMPAIRED, needs_person
from exporter.diagnosis.dispatch.gates import MIN_CALLS as PROVIDER_CALLS
from exporter.diagnosis.dispatch.situation import Situation
from exporter.source.columns import LATE_SECONDS, RING_SECONDS

MIN_ANSWERED = 20
"""Fewer say nothing (domain: rates need a minimum sample)."""

SHORT_SHARE = 0.15
"""Carriers surcharge or block from this share of answered calls of six seconds or less (domain)."""

MIN_SHORT = 8
"""Fewer short calls are chance: of 40 answered calls of a healthy campaign, of which one in twenty is short, so many
are short once in a thousand times."""

ABANDONED_SHARE = 0.20
"""Carriers surcharge or block from this share of abandoned calls among those that somebody picked up (domain)."""

SILENT_SHARE, NEGATIVE_SHARE, DEAD_SHARE, REJECTED_SHARE, UNPLACED_SHARE = 0.10, 0.50, 0.30, 0.20, 0.20
COST_FACTOR = 3.0
CUT_SHARE = 0.05
"""Unanswered calls that were given up too soon: the rule (docs/metrics.md) speaks of each, and clocks err."""

LATE_SHARE, LATE_FACTOR = 0.30, 2.0
"""So many late first words, and so many times the campaign's usual share of them."""

GRACE_SECONDS = 60.0
"""Calls that were about to be dialled when somebody paused the campaign."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that is wrong: a word for it, and what to do first about it."""

    name: str
    text: str


def signs(s: Situation) -> list[Sign]:
    """All signs, the gravest first; none where rows are hidden that they rest on."""
    if s.hidden & {"tasks", "calls"}:
        return []
    looks = (_compliance, _provider, _unplaced, _audience, _agent, _law, _numbers, _money, _leaks)
    return [sign for look in looks for sign in look(s)]


def _compliance(s: Situation) -> Iterator[Sign]:
    if s.outside_window:
        yield Sign(
            "outside_window",
            f"{count(s.outside_window, 'call')} started today while the campaign's windows were closed. Pause it, "
            "keep the evidence and tell the platform's owners: its dispatcher does not obey the schedule.",
        )
    paused, last = s.campaign.paused_at, s.calls.last_start
    if s.campaign.status == "paused" and paused is not None and last is not None and last > paused + GRACE_SECONDS:
        yield Sign(
            "calls_while_paused",
            f"A call was started {duration(last - paused)} after the campaign was paused. Keep the evidence and tell "
            "the platform's owners: its dispatcher does not obey the pause.",
        )
    late = s.lately
    if late.cut is not None and late.unanswered >= MIN_CALLS and late.cut > CUT_SHARE * late.unanswered:
        yield Sign(
            "cut_short",
            f"{share(late.cut, late.unanswered)} of the last {count(late.unanswered, 'unanswered call')} were given up "
            f"within {RING_SECONDS} seconds, sooner than the FTC's safe harbour allows. Have the ring time set longer.",
        )
    person = {code: n for code, n in s.tasks.blocked.items() if needs_person(code)}
    if is_much(sum(person.values()), s.tasks.total):
        code = max(sorted(person), key=person.__getitem__)
        yield Sign(
            "held_tasks",
            f"{share(sum(person.values()), s.tasks.pending)} of the pending tasks are held, most by {code} "
            f"({person[code]:,}). {MOVES.get(code, _UNKNOWN_CODE)}",
        )


def used_up(s: Situation) -> str:
    """What to do about tasks that stay pending though they have used their attempts."""
    n = s.tasks.exhausted
    have, them, they = ("has used its", "it", "it is") if n == 1 else ("have used their", "them", "they are")
    return (
        f"{count(n, 'task')} {have} attempts: the platform leaves {them} pending, and nobody will dial {them}. "
        f"Close {them}; raise max_attempts only if {they} to be called again."
    )


_UNKNOWN_CODE = "Nobody announced this code: ask the platform's owners what it means."
MOVES = {
    "dnc": "Never override it; keep the evidence, and ask where the list comes from.",
    "consent_missing": "Never override it; keep the evidence, and get the consent into the data.",
    "contact_frequency_cap": "Never override it; wait, or plan fewer attempts a contact.",
    "invalid_number": "Fix the list: its phone numbers cannot be dialled.",
    "timezone_missing": "Fix the list: its contacts lack a time zone.",
    "audience_not_ready": "Fix the file and import it again.",
    "no_country_match": "Add numbers of the contacts' country, or lift the country match.",
}
"""What to do first about tasks that carry a code."""


def _provider(s: Situation) -> Iterator[Sign]:
    failed: Counter[tuple[str, str]] = Counter(
        {key: n for key, n in s.calls.errors.items() if fault_of(key[1]) != DESTINATION}
    )
    if s.calls.settled >= PROVIDER_CALLS and failed.total() >= IMPAIRED * s.calls.settled:
        (name, code), _ = max(sorted(failed.items()), key=lambda item: item[1])
        of = f" of {name}" if name else ""
        said = f"{share(failed.total(), s.calls.settled)} of the last {count(s.calls.settled, 'call')} failed"
        if code == UNCODED:
            text = f"{said}, most without an error code. Reduce concurrency, then ask the provider why."
        else:
            text = f"{said}, most with {code}{of}. Reduce concurrency, then fail over to another connection."
        yield Sign("provider_impaired", text)


def _unplaced(s: Situation) -> Iterator[Sign]:
    """Calls whose outcome no code of the contract names: what is said of answers leaves them out."""
    late = s.lately
    if late.settled >= MIN_ANSWERED and late.unplaced >= UNPLACED_SHARE * late.settled:
        yield Sign(
            "outcomes_unknown",
            f"How {share(late.unplaced, late.settled)} of the last {count(late.settled, 'call')} ended is not known: "
            "their outcome is no code of the contract. Translate it in the view of calls; campaign-exporter check "
            "names it.",
        )


def _audience(s: Situation) -> Iterator[Sign]:
    upload = s.upload
    if upload is not None and upload.status == "failed" and s.tasks.total:
        yield Sign("upload_failed", f"Fix the file {upload.filename} and import it again: its import failed.")
    rejected = upload.rows_rejected if upload is not None and upload.status == "imported" else None
    total = None if upload is None else upload.rows_total
    if upload is not None and not total and upload.rows_accepted is not None and rejected is not None:
        total = upload.rows_accepted + rejected
    if upload is not None and total and rejected is not None and rejected >= max(MIN_ANSWERED, REJECTED_SHARE * total):
        yield Sign(
            "rows_rejected",
            f"{share(rejected, total)} of the rows of {upload.filename} were rejected. "
            "Look at the file before more is dialled from it.",
        )
    if is_much(s.tasks.exhausted, s.tasks.total):
        yield Sign("attempts_used_up", used_up(s))
    dead: Counter[str] = Counter()
    for (_, code), n in s.calls.errors.items():  # the same code may come from several providers
        if fault_of(code) == DESTINATION:
            dead[code] += n
    if s.calls.settled >= MIN_ANSWERED and sum(dead.values()) >= DEAD_SHARE * s.calls.settled:
        code = max(sorted(dead), key=dead.__getitem__)
        yield Sign(
            "dead_numbers",
            f"{share(sum(dead.values()), s.calls.settled)} of the last {count(s.calls.settled, 'call')} failed for the "
            f"number that was called, most with {code}. Reduce concurrency, then check the list.",
        )


def _agent(s: Situation) -> Iterator[Sign]:
    late = s.lately
    silent, short = late.silent, late.short
    picked_up = late.answered + late.abandoned
    if picked_up >= MIN_ANSWERED and late.abandoned >= ABANDONED_SHARE * picked_up:
        yield Sign(
            "abandoned_calls",
            f"In {share(late.abandoned, picked_up)} of the last {count(picked_up, 'call')} that somebody picked up "
            "nobody was free to talk. Lower the dial ratio now: people hear silence; then see who is logged in.",
        )
    if silent is not None and late.heard >= MIN_ANSWERED and silent >= SILENT_SHARE * late.heard:
        yield Sign(
            "silent_agent",
            f"In {share(silent, late.heard)} of the last {count(late.heard, 'answered call')} the agent "
            "never spoke. Reduce concurrency now: people hear silence; then check the agent.",
        )
    elif (slow := _slow(s)) is not None:
        yield slow
    elif (
        short is not None
        and late.answered >= MIN_ANSWERED
        and short > SHORT_SHARE * late.answered
        and short >= MIN_SHORT
    ):
        yield Sign(
            "short_calls",
            f"{share(short, late.answered)} of the last {count(late.answered, 'answered call')} ended within six "
            "seconds; carriers surcharge or block above 15 %. Reduce concurrency, then listen to the first seconds.",
        )
    if late.scored >= MIN_ANSWERED and late.negative >= NEGATIVE_SHARE * late.scored:
        yield Sign(
            "bad_mood",
            f"{share(late.negative, late.scored)} of the last {count(late.scored, 'scored call')} were negative. "
            "Reduce concurrency, then compare the script with the audience; sentiment is a pointer, not a proof.",
        )


def _law(s: Situation) -> Iterator[Sign]:
    period = s.abandonment
    if period is not None and period.over:
        yield Sign(
            "abandoned",
            f"{share(period.abandoned, period.answered)} of the {count(period.answered, 'answered call')} of this "
            f"30-day period were abandoned: no word of the agent came in time. The FTC's safe harbour ends at "
            f"{LIMIT:.0%}. Reduce concurrency until no call waits for the agent.",
        )


def _slow(s: Situation) -> Sign | None:
    """The agent's first word comes late in far more calls than it did."""
    late, usual = s.lately, s.usual
    earlier = usual.words - late.words
    if late.late is None or late.words < MIN_ANSWERED or earlier < 3 * MIN_ANSWERED:
        return None
    before = (usual.late - late.late) / earlier
    if late.late < max(LATE_SHARE, LATE_FACTOR * before) * late.words or deviations(late.late, late.words, before) < Z:
        return None
    return Sign(
        "slow_agent",
        f"In {share(late.late, late.words)} of the last {count(late.words, 'answered call')} the agent's first word "
        f"came after more than {LATE_SECONDS} seconds; {share(before, 1)} is usual here. Reduce concurrency: an agent "
        "without room is late; then look at its speech service.",
    )


def _numbers(s: Situation) -> Iterator[Sign]:
    if (worst := worst_number(s.lately.by_number)) is not None:
        yield Sign(
            "number_bad",
            f"Number {worst.number} was answered in {share(worst.answered, worst.calls)} of its last "
            f"{count(worst.calls, 'call')} that got through, the rest of the pool in {share(worst.others, 1)}. Take it "
            "out of the pool first, then watch.",
        )
    elif (fallen := drop(s)) is not None:
        yield Sign(
            "answer_drop",
            f"{share(fallen.answered, fallen.calls)} of the last {count(fallen.calls, 'call')} that got through were "
            f"answered; {share(fallen.usual, 1)} is usual here. Take the worst number out of the pool, then reduce "
            "concurrency, then narrow the windows to supervised hours, then check the country match.",
        )


def _money(s: Situation) -> Iterator[Sign]:
    late, usual = s.lately, s.usual
    earlier = usual.settled - late.settled
    if late.cost is None or usual.cost is None or late.settled < MIN_CALLS or earlier < MIN_CALLS:
        return
    before = (usual.cost - late.cost) / earlier
    if before > 0 and late.cost / late.settled >= COST_FACTOR * before:
        yield Sign(
            "cost_runaway",
            f"A call costs {money(late.cost / late.settled, s.campaign.currency)} lately; "
            f"{money(before, s.campaign.currency)} is usual here. Reduce concurrency, then look at what makes it dear.",
        )


def _leaks(s: Situation) -> Iterator[Sign]:
    if s.calls.doubled:
        have = "has" if s.calls.doubled == 1 else "have"
        yield Sign(
            "doubled_calls",
            f"{count(s.calls.doubled, 'task')} {have} more than one call in progress at once. If contacts are called "
            "twice, pause the campaign, keep the evidence and tell the platform's owners: its dispatcher does not lock "
            "tasks; else have the slots of calls that are over given back.",
        )
    leaked = max(s.calls.leaked, s.tasks.stale)
    if leaked:
        yield Sign(
            "leaked_slots",
            f"{count(leaked, 'slot')} of the campaign held for too long to be a real call. Ask the platform's owners "
            "to give them back; raising the limit only hides it.",
        )

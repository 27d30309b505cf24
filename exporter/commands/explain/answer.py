"""Why is this task not dialled, and when will it be? From its row and the campaign's diagnosis, in plain English."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.commands.explain.blockers import GATE_OF, NUMBER_STATE, WHEN
from exporter.commands.explain.task import Task
from exporter.contract.codes import BLOCKERS, EXHAUSTED, READY, RETRY_WAIT, Blocker
from exporter.contract.wording import clock, count, duration
from exporter.diagnosis.dispatch.capacity import SLOT_GATES, refusal
from exporter.diagnosis.dispatch.evidence import evidence
from exporter.diagnosis.dispatch.gate import UNKNOWN, Gate
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import NOTHING, Diagnosis


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer: one sentence, what to do first, and what else should be known."""

    sentence: str
    first_move: str
    notes: tuple[str, ...] = ()


def answer(task: Task, s: Situation, d: Diagnosis, stale_after: float) -> Answer:
    """The answer for one task. `s` and `d` are its campaign's; `stale_after` in seconds."""
    match task.status:
        case "completed" | "failed" | "cancelled":
            return _over(task, s)
        case "in_progress":
            return _in_progress(task, s, stale_after)
        case "pending":
            return _pending(task, s, d)
    return Answer(
        "Whether this task is dialled is not known: its status is none that the contract knows.",
        "Translate the status in the view of tasks (see docs/contract.md).",
    )


def _over(task: Task, s: Situation) -> Answer:
    how = f" as {task.disposition}" if task.disposition else ""
    last = f", last dialled {_ago(task.last_attempted_at, s)}" if task.last_attempted_at is not None else ""
    return Answer(
        f"This task is not dialled because it is over: it {_VERBS[task.status]}{how}{_used(task)}{last}; it will not "
        "be dialled again.",
        "None; import the contact again if it should be called once more.",
    )


_VERBS = {"completed": "was completed", "failed": "failed", "cancelled": "was cancelled"}


def _in_progress(task: Task, s: Situation, stale_after: float) -> Answer:
    since = task.last_attempted_at if task.last_attempted_at is not None else task.updated_at
    if since is not None and s.now - since >= stale_after:
        return Answer(
            f"This task is not dialled because it is in progress since {duration(s.now - since)}, too long to be a "
            "real call; it will be when the platform gives its slot back.",
            "Ask the platform's owners to close it: it holds a slot meanwhile.",
        )
    lasting = f" for {duration(s.now - since)}" if since is not None else ""
    return Answer(f"This task is being dialled: it is in progress{lasting}{_used(task)}.", "Nothing: let the call end.")


def _pending(task: Task, s: Situation, d: Diagnosis) -> Answer:
    code = task.effective(s.now)
    assert code is not None, "it is pending"
    number = _number(task, s)
    if code not in (READY, RETRY_WAIT):
        return _blocked(task, code, s, d, number)
    if code == RETRY_WAIT:
        return _waiting(task, s, d, number)
    gate = _holding(d)
    if gate is not None and gate.state != UNKNOWN and gate.name not in ("retry", "tasks"):
        return _held(gate, s, _notes(task, number))
    if number is not None:
        return _with_number(number, _notes(task, None))
    if d.verdict == "stalled":
        return Answer(
            "This task is not dialled because nothing is: every gate is open, it is ready, and no call was started; it "
            "will be when the platform's dispatcher works again.",
            "Check that the dispatcher runs before you touch any setting.",
            _notes(task, None),
        )
    return _next_in_line(task, s, d)


def _blocked(task: Task, code: str, s: Situation, d: Diagnosis, number: tuple[str, str] | None) -> Answer:
    if code == EXHAUSTED and task.blocker is None:
        return Answer(
            f"This task is not dialled because it has used its attempts ({_spent(task)}), and the platform leaves it "
            "pending; it will not be.",
            BLOCKERS[EXHAUSTED].first_move,
            (*_notes(task, number), *_campaign_too(d, s, None)),
        )
    known = BLOCKERS.get(code)
    if known is None:
        return Answer(
            f"This task is not dialled because it carries {code}, a code that nobody announced; when it will be, only "
            "the platform's owners know.",
            "Tell the platform's owners.",
            (*_notes(task, number), *_campaign_too(d, s, None)),
        )
    gate = d.gate(GATE_OF[code]) if code in GATE_OF else None
    matching = gate is not None and gate.closed
    when = WHEN.get(code, "when that is over")
    clears = gate.clears_at if gate is not None and matching else s.tomorrow if code == "number_daily_cap" else None
    if code == "number_cooldown" and task.line is not None:
        clears = task.line.number.cooldown_until
    then = f"it will be {when}{_at(clears, s)}" if when else "it will not be"
    notes = list(_notes(task, number))
    if gate is not None and not matching:
        own = "the contact's own zone" if gate.name == "window" else "something that the campaign's figures do not show"
        notes.append(
            f"The campaign's {gate.name} gate is open now: what is stamped here, {_ago(task.updated_at, s)}, is out of "
            f"date, or is about {own}."
        )
    elif gate is not None:
        notes.append(evidence(gate, s))
    move = known.first_move if not matching or known.group != "window" else "Wait, or fix the schedule."
    return Answer(
        f"This task is not dialled because it carries {code}: {_lower(known)}; {then}.",
        move,
        (*notes, *_campaign_too(d, s, gate)),
    )


def _waiting(task: Task, s: Situation, d: Diagnosis, number: tuple[str, str] | None) -> Answer:
    due = task.next_eligible_at
    assert due is not None, "it waits for that"
    gate = _holding(d)
    held = gate is not None and gate.name not in ("retry", "tasks") and not (gate.clears_at or float("inf")) <= due
    but = f", if the campaign's {gate.name} gate is open by then" if held and gate is not None else ""
    return Answer(
        f"This task is not dialled because its next attempt is not due yet; it will be at {clock(due, s.now)}, in "
        f"{duration(due - s.now)}{but}.",
        "Wait for that time.",
        (*_notes(task, number), *_campaign_too(d, s, None)),
    )


def _held(gate: Gate, s: Situation, notes: tuple[str, ...]) -> Answer:
    known = BLOCKERS.get(gate.code)
    when = WHEN.get(gate.code) or "when that gate opens"
    if gate.code in ("number_cooldown", "number_daily_cap"):
        when = "when the first number is free"
    if gate.name in ("priority", *SLOT_GATES):
        when = f"in its turn, among {count(max(0, s.tasks.ready - 1), 'other ready task')}"
    if not gate.closed:  # it leaves too little for all that is ready
        return Answer(
            f"This task is not dialled because others are before it: the campaign's {gate.name} gate leaves room for "
            f"little; it will be {when}.",
            "Wait, or look at that gate's limit.",
            (evidence(gate, s), *notes),
        )
    return Answer(
        f"This task is not dialled because its campaign is held at the {gate.name} gate ({gate.code}); it will be "
        f"{when}{_at(gate.clears_at, s)}.",
        "Wait: it is as planned." if gate.expected and gate.clears_at else _first_move(known),
        (evidence(gate, s), *notes),
    )


def _first_move(known: Blocker | None) -> str:
    return known.first_move if known else "Do what is said about the campaign."


def _with_number(number: tuple[str, str], notes: tuple[str, ...]) -> Answer:
    why, when = number
    return Answer(
        f"This task is not dialled because it keeps its number, and {why}; it will be {when}.",
        "Rest, replace or release the number; the contact was reached from it before.",
        notes,
    )


def _next_in_line(task: Task, s: Situation, d: Diagnosis) -> Answer:
    others = max(0, s.tasks.ready - 1)
    waited = max(task.next_eligible_at or task.created_at or s.now, task.created_at or 0.0)
    since = f"for {duration(s.now - waited)}" if s.now - waited >= 1 else "just now"
    rate = count(s.calls.started_last_minute, "call")
    notes = _notes(task, None)
    if d.verdict == "unknown":
        return Answer(
            "Whether this task may be dialled is not known: something that decides cannot be read.",
            "Mend what the gates below name as not known.",
            notes,
        )
    return Answer(
        f"This task is ready {since}, nothing holds it and its campaign may dial: it will be dialled in its turn, "
        f"among {count(others, 'other ready task')}.",
        "Wait for a minute; if others that became ready later are dialled before it, ask the platform's owners."
        if s.now - waited >= 120
        else "Wait: it is about to be dialled.",
        (f"The campaign started {rate} in the last minute.", *notes),
    )


def _number(task: Task, s: Situation) -> tuple[str, str] | None:
    """Why a sticky task's number cannot be used, and when it can; `None` when it can, or any will do."""
    if not task.sticky or task.number_id is None:
        return None
    name = _name(task)
    if task.line is None:
        return f"{name} is not among the tenant's numbers", "when the platform gives it another one"
    refused = refusal(task.line, s)
    if refused is not None:
        code, clears = refused
        state = NUMBER_STATE.get(code, "in a state that is not known")
        cap = task.line.number.daily_cap
        calls = f" ({task.line.today or 0} of {cap} calls)" if code == "number_daily_cap" else ""
        when = f"when it is free{_at(clears, s)}" if clears is not None else "when that is mended or it gets another"
        return f"{name} is {state}{calls}", when
    if not task.pooled:
        return f"{name} is not in the campaign's pool any more", "when that is put back or it gets another"
    return None


def _name(task: Task) -> str:
    label = task.line.number.label if task.line else None
    return f"number {task.number_id} ({label})" if label else f"number {task.number_id}"


def _notes(task: Task, number: tuple[str, str] | None) -> tuple[str, ...]:
    notes = []
    if number is not None:
        notes.append(f"It keeps its number, and {number[0]}: it can be used {number[1]}.")
    spent = task.attempts is not None and task.allowed is not None and task.attempts >= task.allowed
    if spent and task.blocker is not None:
        notes.append(f"It has used all of {count(task.allowed or 0, 'attempt')}: the platform should close it.")
    if task.system_retries:
        times = count(task.system_retries, "time")
        notes.append(f"It was retried {times} for a fault of the platform or the provider, which is no attempt.")
    return tuple(notes)


def _campaign_too(d: Diagnosis, s: Situation, told: Gate | None) -> tuple[str, ...]:
    """What holds the whole campaign, where the answer does not say so already."""
    gate = _holding(d)
    if gate is None or gate is told or not gate.closed or gate.name in ("retry", "tasks"):
        return ()
    return (f"The campaign as a whole is held at the {gate.name} gate: {evidence(gate, s)}",)


def _holding(d: Diagnosis) -> Gate | None:
    """The gate that binds the campaign."""
    return None if d.binding == NOTHING else d.gate(d.binding)


def _used(task: Task) -> str:
    if task.attempts is None or task.allowed is None:
        return ""
    return f", {task.attempts} of {count(task.allowed, 'attempt')} used"


def _spent(task: Task) -> str:
    return f"{task.attempts} of {task.allowed}"


def _ago(moment: float | None, s: Situation) -> str:
    return "at a time that is not told" if moment is None else f"{duration(s.now - moment)} ago"


def _at(moment: float | None, s: Situation) -> str:
    if moment is None or moment <= s.now:
        return ""
    return f", at {clock(moment, s.now, s.campaign.timezone)}, in {duration(moment - s.now)}"


def _lower(blocker: Blocker) -> str:
    text = blocker.meaning.rstrip(".")
    return text[0].lower() + text[1:]

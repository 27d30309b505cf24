"""A task's row and the answer as plain data: what `--json` adds to a card, and what goes into the evidence."""

from __future__ import annotations

from exporter.commands.explain.answer import answer
from exporter.commands.explain.task import Task
from exporter.contract.codes import READY
from exporter.diagnosis.dispatch.capacity import refusal
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import Diagnosis
from exporter.web.cards.dispatch import described
from exporter.web.cards.values import Json, iso


def told(task: Task, s: Situation, d: Diagnosis, stale_after: float) -> Json:
    """The task in the shape of docs/capture.md; nothing in it says who the contact is."""
    found = answer(task, s, d, stale_after)
    code = task.effective(s.now)
    return {
        "id": task.task_id,
        "campaign": task.campaign_id,
        "answer": {"sentence": found.sentence, "first_move": found.first_move, "notes": list(found.notes)},
        "status": task.status,
        "blocker": None if code in (None, READY) else described(code or ""),
        "ready": code == READY,
        "disposition": task.disposition,
        "variant": task.variant,
        "attempts": task.attempts,
        "max_attempts": task.max_attempts,
        "system_retries": task.system_retries,
        "next_eligible_at": iso(task.next_eligible_at),
        "last_attempted_at": iso(task.last_attempted_at),
        "created_at": iso(task.created_at),
        "updated_at": iso(task.updated_at),
        "number": _number(task, s),
    }


def _number(task: Task, s: Situation) -> Json | None:
    if task.number_id is None:
        return None
    line = task.line
    refused = refusal(line, s) if line is not None else None
    return {
        "id": task.number_id,
        "sticky": task.sticky,
        "label": line.number.label if line else None,
        "status": line.number.status if line else None,
        "in_pool": task.pooled,
        "usable": line is not None and refused is None,
        "refused_by": refused[0] if refused else None,
        "usable_at": iso(refused[1]) if refused else None,
        "calls_today": line.today if line and task.pooled else None,
        "daily_cap": line.number.daily_cap if line else None,
    }

"""Phrases of the answer on a terminal: a figure, a number of the pool, attempts, an A/B test's arms compared."""

from __future__ import annotations

from exporter.contract.wording import count, share
from exporter.web.cards.values import Json


def compared(by: Json) -> str:
    """Which arm of an A/B test is better by a measure, and how sure that is."""
    if by["winner"]:
        return f"{by['winner']} is better ({ratio(by['best_probability'].get(by['winner']))} sure)"
    leader = by["leader"]
    ahead = f"{leader} leads ({ratio(by['best_probability'].get(leader))} to be best); " if leader else ""
    return f"{ahead}no winner: {by['reason']}"


def attempts_of(task: Json) -> str | None:
    """A task's attempts of those it may have, and its system retries."""
    if task["attempts"] is None:
        return None
    of = f" of {task['max_attempts']}" if task["max_attempts"] is not None else ""
    retries = f"; {count(task['system_retries'], 'system retry')}" if task["system_retries"] else ""
    return f"{task['attempts']}{of}" + retries.replace("retrys", "retries")


def number_line(number: Json) -> str:
    """A number of the pool and what it did."""
    name = f"{number['id']}" + (f" {number['label']}" if number["label"] else "")
    parts = [number["status"] or "unknown"]
    if number["answer_rate"] is not None:
        parts.append(f"answered {ratio(number['answer_rate'])} of {count(number['calls'], 'call')}")
    if number["calls_today"] is not None:
        cap = f" of {number['daily_cap']:,}" if number["daily_cap"] is not None else ""
        parts.append(f"{number['calls_today']:,}{cap} today")
    if number["weight"] is not None:
        parts.append(f"weight {number['weight']:g}")
    return f"{name}: {', '.join(parts)}"


def figure(value: float | None) -> str:
    """A number, with a decimal where it is small."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def ratio(value: float | None) -> str:
    """A share, or that there is none."""
    return "none" if value is None else share(value, 1)

"""A card as text for a terminal: the answer first, then the gates as a ladder and what else the page shows."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from exporter.commands.explain.phrases import attempts_of, compared, figure, number_line, ratio
from exporter.contract.codes import clean_name
from exporter.contract.wording import clock, count, duration, money, share
from exporter.web.cards.values import Json

WIDTH = 80
NUMBERS, STEPS = 10, 12
"""So many numbers and steps of the waterfall are shown; the page shows all."""

_COLOURS: Mapping[str, str] = {
    "stalled": "red", "blocked": "red", "unknown": "yellow", "throttled": "yellow", "waiting": "cyan",
    "dialing": "green", "finished": "white", "open": "green", "closed": "red",
}  # fmt: skip
_LONGEST = 2_000


def as_text(card: Json, task: Json | None = None, width: int = WIDTH) -> str:
    """The lines, coloured; whoever prints them strips the colours where they do not belong."""
    page = _Page(_plain(card), width)
    if task is not None:
        page.task(_plain(task))
    page.verdict()
    page.gates()
    page.waterfall()
    page.holders()
    page.numbers()
    page.figures()
    page.experiment()
    page.links()
    return "\n".join(page.lines) + "\n"


def _plain(value: Any) -> Any:
    """The same without anything that a terminal would obey, or that has no place on a line."""
    if isinstance(value, str):
        return clean_name(value, _LONGEST)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _moment(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class _Page:
    """Lines of one card."""

    def __init__(self, card: Json, width: int) -> None:
        self.card = card
        self.width = width
        self.lines: list[str] = []
        self.now = _moment(card["at"]) or 0.0

    # -- pieces -------------------------------------------------------------------------------------------

    def title(self, text: str) -> None:
        self.lines += ["", click.style(text, bold=True)]

    def wrapped(self, text: str, first: str = "  ", rest: str | None = None) -> None:
        indent = " " * len(first) if rest is None else rest
        self.lines += textwrap.wrap(
            text, self.width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
        ) or [first.rstrip()]

    def fact(self, name: str, text: str | None) -> None:
        if text:
            self.wrapped(text, f"  {name:<12} ")

    def when(self, text: str | None, *, zone: str | None = None) -> str | None:
        """A moment, and how far it is."""
        at = _moment(text)
        if at is None:
            return None
        away = at - self.now
        far = f"in {duration(away)}" if away > 0 else f"{duration(-away)} ago"
        return f"{clock(at, self.now, zone)} ({far})"

    def links(self) -> None:
        """Addresses in one piece, as terminals open them."""
        if self.card["links"]:
            self.title("Elsewhere")
            self.lines += [f"  {link['title']}: {link['url']}" for link in self.card["links"]]

    # -- parts --------------------------------------------------------------------------------------------

    def task(self, task: Json) -> None:
        """Why not this one?"""
        self.lines.append(click.style(f"Task {task['id']} of campaign {task['campaign']}", bold=True))
        for line in textwrap.wrap(task["answer"]["sentence"], self.width - 2, break_on_hyphens=False):
            self.lines.append("  " + click.style(line, fg="green" if task["status"] == "in_progress" else "yellow"))
        self.fact("first move", task["answer"]["first_move"])
        for note in task["answer"]["notes"]:
            self.fact("note", note)
        self.fact("status", task["status"] + (f", {task['disposition']}" if task["disposition"] else ""))
        blocker = task["blocker"]
        if blocker is not None:
            self.fact("blocker", f"{blocker['code']} ({blocker['group']}): {blocker['meaning']}")
        elif task["ready"]:
            self.fact("blocker", "none: it is ready")
        self.fact("attempts", attempts_of(task))
        self.fact("due", self.when(task["next_eligible_at"]) if task["status"] == "pending" else None)
        self.fact("last dialled", self.when(task["last_attempted_at"]) or ("not told" if task["attempts"] else "never"))
        self.fact("changed", self.when(task["updated_at"]))
        self.fact("variant", task["variant"])
        self.fact("number", self._number_of(task["number"]))
        self.lines.append("")

    def _number_of(self, number: Json | None) -> str | None:
        if number is None:
            return None
        text: str = number["id"] + (f" ({number['label']})" if number["label"] else "")
        kept = {True: ", kept (sticky)", False: ", not kept: another may be used"}
        text += kept.get(number["sticky"], "; whether it is kept is not told")
        if number["status"] is None:
            return text + "; not among the tenant's numbers"
        state = "can be used" if number["usable"] else f"cannot be used: {number['refused_by']}"
        text += f"; {number['status']}, {state}"
        if number["usable_at"]:
            text += f" until {self.when(number['usable_at'])}"
        if number["calls_today"] is not None and number["daily_cap"] is not None:
            text += f"; {number['calls_today']} of {number['daily_cap']} calls today"
        return text + ("" if number["in_pool"] else "; not in the campaign's pool")

    def verdict(self) -> None:
        card, campaign, verdict = self.card, self.card["campaign"], self.card["verdict"]
        tenant = campaign["tenant"]["name"] or campaign["tenant"]["id"]
        self.wrapped(f"{campaign['name']} (campaign {campaign['id']} of {tenant}): {campaign['status']}", "", "  ")
        self.lines[-1] = click.style(self.lines[-1], bold=True)
        gate = f" at the {verdict['binding_gate']} gate" if verdict["binding_gate"] else ""
        name = click.style(verdict["name"].upper(), fg=_COLOURS.get(verdict["name"]), bold=True)
        self.lines.append(f"{name}{gate}")
        self.wrapped(verdict["meaning"])
        self.fact("since", self.when(verdict["since"]) or "not known from one look")
        self.fact("clears", self.when(verdict["clears_at"], zone=campaign["timezone"]))
        self.fact("calling", self._calling(verdict))
        self.fact("as of", self.when(card["at"]) if card["dated"] else "not known")
        for note in card["notes"]:
            self.fact("note", note)
        self.title("What to do")
        for number, hint in enumerate(verdict["hints"], 1):
            self.wrapped(hint, f"  {number}. ")

    def _calling(self, verdict: Json) -> str:
        slots = verdict["slots_available"]
        if verdict["calling"] is None or (verdict["queued"] is None and self.card["withheld"]):
            return "not known: row-level security hides rows"
        queued = "how many tasks are due is not told"
        if verdict["queued"] is not None:
            queued = f"{count(verdict['queued'], 'task')} due"
        room = "for how many more there is room is not known" if self.card["withheld"] else "no limit is known"
        room = room if slots is None else f"room for {slots} more (an estimate)"
        return f"{count(verdict['calling'], 'call')} now; {queued}; {room}"

    def gates(self) -> None:
        """A rung a gate: state, use of limit, evidence; `>` marks the one that binds."""
        self.title("Gates, from the outermost in (> binds)")
        self.lines.append(
            click.style(f"  {'gate':<10} {'state':<7} {'used/limit':>11} {'left':>6}  evidence", dim=True)
        )
        for gate in self.card["gates"]:
            state = click.style(f"{gate['state']:<7}", fg=_gate_colour(gate))
            limit = f"/{figure(gate['limit'])}" if gate["limit"] is not None else ""
            room = figure(gate["used"]) + limit
            head = (
                f"{'>' if gate['binding'] else ' '} {gate['name']:<10} {state} {room:>11} {figure(gate['left']):>6}  "
            )
            code = f"{gate['code']}: " if gate["code"] and gate["state"] == "closed" else ""
            indent = len(click.unstyle(head))
            text = textwrap.wrap(code + gate["evidence"], max(20, self.width - indent), break_on_hyphens=False) or [""]
            self.lines.append((head + text[0]).rstrip())
            self.lines += [" " * indent + line for line in text[1:]]

    def waterfall(self) -> None:
        fall = self.card["waterfall"]
        if not fall["pending"]:
            return
        self.title("Pending tasks, and what holds them")
        wide = len(f"{fall['pending']:,}") + 2
        self.lines.append(f"  {fall['pending']:>{wide},} pending")
        for step in fall["steps"][:STEPS]:
            tasks = f"-{step['tasks']:,}"
            self.wrapped(f"{step['code']}: {step['meaning']}", f"  {tasks:>{wide}} ")
        rest = fall["steps"][STEPS:]
        if rest:
            tasks = f"-{sum(step['tasks'] for step in rest):,}"
            self.lines.append(f"  {tasks:>{wide}} held by {len(rest)} more codes")
        if fall["dialable"] is None:
            self.wrapped("What holds the rest, and when it is due, is not told.")
        else:
            self.lines.append(f"  {fall['dialable']:>{wide},} can be dialled now")

    def holders(self) -> None:
        found, leaked = self.card["holders"]["campaigns"], self.card["holders"]["leaked"]
        if not found and not leaked["slots"]:
            return
        self.title("Who else holds slots of the tenant")
        for other in found:
            first = ", goes first" if other["goes_first"] else ""
            ready = "which are ready is not told" if other["ready"] is None else f"{other['ready']:,} ready"
            self.wrapped(f"{other['name']} (campaign {other['id']}): {count(other['calling'], 'call')}, {ready}{first}")
        if leaked["slots"]:
            self.wrapped(f"Held for too long to be a real call: {count(leaked['slots'], 'slot')} of this campaign.")

    def numbers(self) -> None:
        found = self.card["numbers"]
        if not found:
            return
        self.title("Numbers, the worst first")
        for number in found[:NUMBERS]:
            self.wrapped(number_line(number))
            for text in number["unusual"]:
                self.wrapped(text, "    ! ")
        if len(found) > NUMBERS:
            self.lines.append(f"  and {len(found) - NUMBERS} more")

    def figures(self) -> None:
        kpis, outlook = self.card["kpis"], self.card["outlook"]
        currency = kpis["cost"]["currency"]
        tasks = kpis["tasks"]
        self.title("Progress")
        if tasks["total"] is None:
            self.fact("not known", "row-level security hides rows that it rests on; see campaign-exporter check")
            return
        listed = self.card["campaign"]["list_known"] is not False
        done = f"{share(kpis['progress'], 1)} done of" if listed and kpis["progress"] is not None else "called so far:"
        counts = [f"{tasks[name]:,} {name.replace('_', ' ')}" for name in tasks if name != "total" and tasks[name]]
        self.fact("tasks", f"{done} {tasks['total']:,}: {', '.join(counts)}" if tasks["total"] else "none")
        rate, unknown = kpis["answer_rate"], kpis["outcome_unknown"]
        answered = "no call is over"
        if rate is not None:
            answered = f"{share(rate, 1)} of {count(kpis['calls'] - unknown, 'call')}"
            answered += f"; how {unknown:,} more ended is not known" if unknown else ""
        self.fact("answered", answered)
        people = self.card["agents"]
        if people is not None and people["logged_in"] is not None:
            states = (("free", "free"), ("on_call", "on a call"), ("paused", "on a break"))
            parts = [f"{people[key]} {what}" for key, what in states if people[key] is not None]
            self.fact("people", ", ".join((f"{people['logged_in']} logged in", *parts)))
        budget = kpis["budget"]
        spent = kpis["cost"]["total"]
        of = f" of {money(budget['amount'], currency)}" if budget else ""
        if spent is not None:
            self.fact("spent", money(spent, currency) + of)
        elif budget:
            self.fact("spent", f"not told{of}")
        if self.card["verdict"]["name"] == "finished":
            return
        self.fact("done by", self._forecast(outlook["completion"]))
        if outlook["list"] is not None and kpis["list"]["untouched"] != 0:
            self.fact("list until", self._forecast(outlook["list"]))
        if outlook["budget"] is not None:
            self.fact("money until", self._forecast(outlook["budget"]))

    def _forecast(self, forecast: Json) -> str:
        if forecast["likely"] is None:
            return f"not known: {forecast['reason']}"
        if (_moment(forecast["likely"]) or 0.0) <= self.now:
            return "now"
        early, late = self.when(forecast["early"]), self.when(forecast["late"])
        return f"{self.when(forecast['likely'])}; early {early}, late {late or 'perhaps never'}"

    def experiment(self) -> None:
        test = self.card["experiment"]
        if test is None:
            return
        self.title("A/B test")
        for arm in test["arms"]:
            goals = (
                f"goals {ratio(arm['goal_rate'])} of {arm['finished']:,} finished" if arm["goals"] is not None else ""
            )
            answers = (
                f"answered {ratio(arm['answer_rate'])} of {arm['calls']:,} calls" if arm["calls"] is not None else ""
            )
            self.wrapped(f"{arm['variant']}: {', '.join(filter(None, (answers, goals))) or 'nothing is told'}")
        for measure in ("answers", "goals"):
            self.wrapped(f"{measure}: {compared(test[measure])}")
        if test["split"]["mismatch"]:
            self.wrapped(f"The contacts are not split as configured (p = {test['split']['p_value']:.1g}).", "  ! ")


def _gate_colour(gate: Json) -> str:
    if gate["state"] == "closed":
        return "cyan" if gate["expected"] else "red"
    return _COLOURS.get(gate["state"], "yellow")

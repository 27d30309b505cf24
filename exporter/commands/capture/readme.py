"""README.txt: what the evidence shows, in ten lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from exporter.commands.capture.findings import Missing
from exporter.web.cards.values import Json

LINES = 10


def readme(
    card: Json | None,
    task: Json | None,
    subject: str,
    at: str,
    masked: bool,
    missing: Sequence[Missing],
    notes: str,
    names: Collection[str],
) -> str:
    """At most ten lines: the verdict, the first move, what is not here, and how to read on."""
    lines = [f"Evidence on {subject}, taken at {at}."]
    if task is not None:
        lines.append(f"Task: {task['answer']['sentence']} First move: {task['answer']['first_move']}")
    lines += _verdict(card) if card is not None else ["Verdict: not known, see what could not be captured below."]
    if notes:
        lines.append(f"Mind: {notes}")
    lines.append(
        "Contacts are pseudonyms that hold within this archive only; of phones the last two digits are left."
        if masked
        else "UNMASKED: this archive holds contacts' phone numbers and names. Send it to nobody who may not have them."
    )
    if missing:
        named = "; ".join(f"{each.what} ({each.why})" for each in missing[:3])
        more = f"; and {len(missing) - 3} more, see manifest.json" if len(missing) > 3 else ""
        lines.append(f"Not captured: {named}{more}.")
    else:
        lines.append("Nothing that was to be captured is missing.")
    lines.append(f"Read on: {', '.join(_readable(names))}.")
    lines.append("All times are UTC. manifest.json names every file with rows, size and SHA-256, and what was cut.")
    return "\n".join(lines[:LINES]) + "\n"


def _readable(names: Collection[str]) -> list[str]:
    """What is worth reading of what is there, in order."""
    known = [name for name in ("card.html", "served-card.json", "task.json") if name in names]
    if "card.html" in known:
        known = ["card.html in a browser", *(name for name in known[1:] if name != "served-card.json")]
    present = {name.partition("/")[0] for name in names if "/" in name}
    folders = [folder for folder in ("task", "campaign", "neighbours") if folder in present]
    rest = [name for name in ("metrics.txt", "check.txt", "config.yaml") if name in names]
    return [*known, *(f"{folder}/*.csv" for folder in folders), *rest]


def _verdict(card: Json) -> list[str]:
    verdict = card["verdict"]
    gate = next((gate for gate in card["gates"] if gate["binding"]), None)
    at = f" at the {gate['name']} gate ({gate['code'] or gate['state']})" if gate else ""
    since = f" since {_moment(verdict['since'])}" if verdict["since"] else ""
    clears = f"; clears by itself at {_moment(verdict['clears_at'])}" if verdict["clears_at"] else ""
    shown = f" {gate['evidence']}" if gate else ""
    lines = [f"Verdict: {verdict['name'].upper()}{at}{since}{clears}. {verdict['meaning']}{shown}"]
    if verdict["hints"]:
        lines.append(f"Do first: {verdict['hints'][0]}")
    return lines


def _moment(iso: str) -> str:
    return iso.replace("T", " ").replace("Z", " UTC")

"""One row a call out of a log of events: whatever their order, however often one is there, and where some are lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exporter.commands.adopt.campaigns import origin
from exporter.commands.adopt.catalogue import Column, Table
from exporter.commands.adopt.codes import Codes
from exporter.commands.adopt.expressions import Context, at, id_of, shown, time
from exporter.commands.adopt.fields import fields
from exporter.commands.adopt.meanings import ANSWERED_OR_NOT, meant
from exporter.commands.adopt.view import TODO, Item, View, comment
from exporter.commands.adopt.whose import outgoing, whose
from exporter.commands.adopt.words import any_of, words
from exporter.contract.identifiers import identifier, literal

DIALLED, ANSWERED, OVER, SPOKEN = "dialled", "answered", "over", "answered and over"
_OUTCOMES = ("voicemail", "busy", "rejected", "failed", "no_answer")
"""What an event may say besides: each is the end of the call."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log of events, and its columns. `moment`: when; `None` where no column tells."""

    table: Table
    call: Column
    event: Column
    moment: Column | None


def moment_of(table: Table) -> Column | None:
    """The column that tells when something happened."""
    times = [each for each in table.columns.values() if each.type in ("timestamptz", "timestamp")]
    late = [each for each in times if any_of(words(each.name), "create update insert")]
    epochs = [each for each in table.columns.values() if "epoch" in words(each.name)]
    return next(iter([*(each for each in times if each not in late), *epochs, *late]), None)


def said_by(code: str) -> str | None:
    """What an event says of its call, as far as its words tell."""
    found = words(code)
    meaning = meant("calls", code)
    if meaning == ANSWERED_OR_NOT:
        return SPOKEN if any_of(found, "complete") else OVER
    if meaning == "in_progress" or any_of(found, "ring"):  # an agent who does not answer ends nothing
        return DIALLED
    return meaning


def logged(context: Context, log: Log) -> View:
    """The view of calls."""
    table, call = log.table, log.call
    view = View("calls", origin("calls", table), "", counted=True, numbered=True)
    view.about.append(
        f"It is a log: the rows of one {call.name} are one call. All of it is read at each refresh. Neither the order"
        " of events matters nor one that is there twice. A call begins with its first event, whichever that is."
    )
    inner = View("calls", [], f"{table.identifier} AS a")
    belongs = whose(inner, context, table, "a")
    codes = context.codes_of(table, log.event)
    said = {code: said_by(code) for code in codes.values}
    talk = fields("calls", table).get("talk_seconds")
    if talk is not None:
        shown(inner, context, "calls", "talk_seconds", talk, "a")
    inner.conditions = [Item(f"{at('a', call.name)} IS NOT NULL"), *outgoing(context, table)]
    inner.show("call", id_of(table, "a", (call.name,)))
    inner.items["campaign"], inner.items["task"] = Item(belongs.campaign.sql), Item(belongs.task.sql)
    inner.show("at", time(context, log.moment, "a") if log.moment else "NULL::timestamptz")
    view.source = "\n".join(_grouped(log, inner, codes, said))
    _columns(view, inner, said)
    view.items["campaign_id"] = Item("e.campaign", belongs.campaign.notes)
    view.items["task_id"] = Item("e.task", belongs.task.notes)
    if said:
        known = ", ".join(literal(code) for code in said)
        event = identifier(log.event.name)
        view.about += [
            "An event that the CASE below does not know says nothing. Which there are besides:",
            f"SELECT {event}, count(*) FROM {table.identifier} WHERE {event} NOT IN ({known}) GROUP BY 1;",
        ]
    if log.moment is None:
        view.items["started_at"] = Item("e.began", (f"{TODO}no column says when something happened",))
    view.end.append("updated_at is left out: rows are worked out of several (docs/contract.md, Without a stamp).")
    return view


def _grouped(log: Log, inner: View, codes: Codes, said: dict[str, str | None]) -> Iterator[str]:
    """The events of a call as one row, above what each of them says."""
    yield "("
    yield "  SELECT g.*, g.task IS NOT NULL"
    yield "      AND lead(g.call) OVER (PARTITION BY g.task ORDER BY g.began, g.call) IS NOT NULL AS again"
    yield "  FROM ("
    yield "    SELECT call,"
    for name in ("campaign", "task"):
        yield f"           (array_agg({name} ORDER BY at) FILTER (WHERE {name} IS NOT NULL))[1] AS {name},"
    if "talk_seconds" in inner.items:
        yield "           max(talk_seconds) FILTER (WHERE talk_seconds >= 0) AS talk_seconds,"
    yield "           min(at) AS began,"
    yield f"           min(at) FILTER (WHERE says IN ('{ANSWERED}', '{SPOKEN}')) AS answered_at,"
    yield f"           max(at) FILTER (WHERE says NOT IN ('{DIALLED}', '{ANSWERED}')) AS ended_at,"
    yield "           coalesce(array_agg(DISTINCT says) FILTER (WHERE says IS NOT NULL), '{}') AS said"
    yield "    FROM ("
    yield "        SELECT"
    for name, item in inner.items.items():
        yield f"            {item.sql.replace(chr(10), chr(10) + '            ')} AS {name},"
    yield from _says(log, codes, said, "            ")
    yield f"        FROM {inner.source}"
    yield from (f"        {join}" for join in inner.joins.values())
    yield "        WHERE " + " AND ".join(each.sql for each in inner.conditions)
    yield "    ) AS event"
    yield "    GROUP BY call"
    yield "  ) AS g"
    yield ") AS e"


def _says(log: Log, codes: Codes, said: dict[str, str | None], indent: str) -> Iterator[str]:
    """What each event says of its call."""
    text = f"{at('a', log.event.name)}::text"
    if not said:
        why = codes.source or "it is empty"
        yield from comment(f"{TODO}no events were found ({why}); translate them as docs/adopt.md shows", indent)
        yield f"{indent}NULL::text AS says"
        return
    yield from comment(
        f"The events are those of {codes.source}. {TODO}is this what each says? One of"
        f" {', '.join((DIALLED, ANSWERED, OVER, SPOKEN, *_OUTCOMES))}; the last six end the call.",
        indent,
    )
    if strange := [code for code, meaning in said.items() if meaning is None]:
        yield from comment(f"{TODO}what do these say: {', '.join(strange)}? Nothing is taken.", indent)
    yield f"{indent}CASE {text}"
    order = (DIALLED, ANSWERED, SPOKEN, OVER, *_OUTCOMES)
    known = [(code, meaning) for code, meaning in said.items() if meaning is not None]
    for code, meaning in sorted(known, key=lambda each: (order.index(each[1]), each[0])):
        yield f"{indent}    WHEN {literal(code)} THEN '{meaning}'"
    yield f"{indent}    END AS says" if known else f"{indent}    WHEN NULL THEN '' END AS says"


def _columns(view: View, inner: View, said: dict[str, str | None]) -> None:
    meanings = set(said.values())
    notes = [
        "One whose end is not in the log is over when its contact is called again: how it ended is not known, if nobody"
        " had answered."
    ]
    lines = ["CASE WHEN 'voicemail' = ANY (e.said) THEN 'voicemail'"]
    until = "CASE WHEN e.again OR e.ended_at IS NOT NULL THEN 'answered' ELSE 'in_progress' END"
    answered = "e.answered_at IS NOT NULL"
    if ANSWERED not in meanings and SPOKEN not in meanings and OVER in meanings:
        answered = f"'{OVER}' = ANY (e.said)"
        notes.append(f"{TODO}no event says that somebody answered, so that what is over without more counts as that")
    if not meanings & {OVER, SPOKEN} and ANSWERED in meanings:
        lines.append(f"     WHEN {answered} THEN 'answered'")
        notes.append(f"{TODO}no event says that an answered call is over, so that it counts as over at once")
    else:
        lines.append(f"     WHEN {answered} THEN {until}")
    lines += [
        f"     WHEN '{outcome}' = ANY (e.said) THEN '{outcome}'" for outcome in _OUTCOMES[1:] if outcome in meanings
    ]
    if OVER in meanings and not answered.startswith("'"):
        lines.append(f"     WHEN '{OVER}' = ANY (e.said) THEN 'no_answer'")
        notes.append(f"{TODO}what is only over and was never answered counts as no answer; is it?")
    lines += ["     WHEN e.again THEN 'failed'", "     ELSE 'in_progress' END"]
    view.show("call_id", "e.call")
    view.show("started_at", "e.began")
    view.show("created_at", "e.began")
    if answered.startswith("e.") and meanings & {ANSWERED, SPOKEN}:
        view.show("answered_at", "e.answered_at")
    view.show("ended_at", "greatest(e.ended_at, CASE WHEN e.ended_at IS NOT NULL THEN e.answered_at END)")
    view.items["outcome"] = Item("\n".join(lines), tuple(notes))
    view.show(
        "error_code", "CASE WHEN e.again AND e.ended_at IS NULL AND e.answered_at IS NULL THEN 'no_end_logged' END"
    )
    if "talk_seconds" in inner.items:
        view.show("talk_seconds", "e.talk_seconds")

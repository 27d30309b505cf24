"""What a dialler's own codes are in the contract's, as far as their words tell. The first line that fits counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from exporter.commands.adopt.words import words
from exporter.contract.codes import OUTCOMES, TASK_STATUSES

ANSWERED_OR_NOT = "answered or not"
"""The call is over, and whether somebody answered is told elsewhere."""

LEFT = "left"
"""Whoever called or was called left: abandoned, if somebody had answered."""

TRIED = "tried"
"""The last attempt reached nobody: given up, or to be tried again."""

OPEN = frozenset({ANSWERED_OR_NOT, LEFT, TRIED})

_TELLING = frozenset({"answered", "voicemail", "no_answer", "busy", "rejected", "failed", LEFT})

_Meaning = Sequence[tuple[str, str]]

_CAMPAIGN: _Meaning = (
    ("draft", "draft"),
    ("pause inactive suspended hold", "paused"),
    ("cancel delete fail error", "cancelled"),
    ("complete end archive expire success", "completed"),
    ("schedule pending create not+start initialized initialize", "scheduled"),
    ("active start progress dial sync", "running"),
)
_TASK: _Meaning = (
    (
        "do+not+call cancel delete skip skipped opted excluded blacklist blacklisted dnc optout unsubscribed duplicate",
        "cancelled",
    ),
    ("will+retry", "pending"),
    ("fail error exhausted invalid expire unreachable reject give+up max+attempt", "failed"),
    ("no+answer not+answer not+reached noanswer busy voicemail drop dropped abandon abandoned", TRIED),
    (
        "not+interested no+interest complete end success contacted answer finalized reached converted sale sold"
        " interested",
        "completed",
    ),
    (
        "retry pending schedule callback call+back rescheduled create pause not+call not+called not+start not+dial",
        "pending",
    ),
    ("progress call calling dial active ring assigned locked start", "in_progress"),
)
_CALL: _Meaning = (
    ("abandon drop abandoned dropped", LEFT),
    ("voicemail+human", "answered"),
    ("voicemail voice+mail answering+voicemail", "voicemail"),
    ("busy", "busy"),
    ("no+answer not+answer unanswered noanswer timeout missed cancel no+user timer expire reach", "no_answer"),
    ("reject", "rejected"),
    ("answer connect human talk success bridged atendida contacted", "answered"),
    (
        "fail error congestion unallocated invalid unreachable chanunavail unavailable unobtainable blacklist route"
        " incompatible in+complete network out+of temporary recovery destination",
        "failed",
    ),
    ("complete end hangup normal disconnect", ANSWERED_OR_NOT),
    (
        "ring dial progress initiated initialized pending active start create schedule early trying dispatched",
        "in_progress",
    ),
)
_NUMBER: _Meaning = (
    ("flagged spam blocked suspended", "flagged"),
    ("resting cooldown cooling warming pause", "resting"),
    ("inactive release delete expire cancel", "released"),
    ("active assigned pending verified", "active"),
)
_MEANINGS: Mapping[str, _Meaning] = MappingProxyType(
    {"campaigns": _CAMPAIGN, "tasks": _TASK, "calls": _CALL, "numbers": _NUMBER}
)


_OWN: Mapping[str, Sequence[str]] = MappingProxyType({"calls": OUTCOMES, "tasks": TASK_STATUSES})
"""Codes that are the contract's own."""


_NOT = frozenset({"no", "not", "never"})
_DENIED = frozenset({"answered", "completed", "in_progress", "running", "active", "pending", "scheduled"})
"""Of a code with one of the words, only a phrase that has it tells of these: `not_active` is not active, but `no_route`
has failed all the same."""


def meant(relation: str, code: str) -> str | None:
    """What a relation's code is in the contract; `None` where its words do not tell."""
    found = frozenset(words(code))
    if code in _OWN.get(relation, ()):
        return code
    if relation == "calls" and "timeout" in code.lower().replace("_", ""):
        return "no_answer"
    denied = found & _NOT or ({"in"} if found >= {"in", "complete"} else frozenset())
    for phrases, meaning in _MEANINGS[relation]:
        for phrase in phrases.split():
            wanted = frozenset(phrase.split("+"))
            if found >= wanted and (meaning not in _DENIED or not denied or denied & wanted):
                return meaning
    return None


def given_up(code: str) -> bool:
    """Whether a call's code says that somebody cancelled it, and not who."""
    return frozenset(words(code)) - {"call"} == {"cancel"}


def told(codes: Iterable[str]) -> frozenset[str]:
    """The outcomes of calls that these codes tell apart."""
    found = {meaning for code in codes if not given_up(code) and (meaning := meant("calls", code)) in _TELLING}
    return frozenset(str(meaning) for meaning in found)

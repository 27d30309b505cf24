"""The codes of the contract and their meaning: states, outcomes, blockers with groups and first moves."""

from __future__ import annotations

import re
from dataclasses import dataclass

CAMPAIGN_STATUSES = ("scheduled", "running", "paused", "completed", "cancelled")
"""Exported campaign states. A `draft` is never exported."""

ENDED_STATUSES = ("completed", "cancelled")
TASK_STATUSES = ("pending", "in_progress", "completed", "failed", "cancelled")
LIVE_TASK_STATUSES = ("pending", "in_progress")
FINISHED_TASK_STATUSES = ("completed", "failed")
SETTLED_OUTCOMES = ("answered", "abandoned", "voicemail", "no_answer", "busy", "rejected", "failed")
OUTCOMES = ("in_progress", *SETTLED_OUTCOMES)
REACHED_OUTCOMES = ("no_answer", "busy", "rejected")
"""The call reached a phone that nobody took it on."""
PICKED_UP_OUTCOMES = ("answered", "abandoned")
"""Somebody picked up, whoever was free to talk."""
LOST_OUTCOME = "failed"
"""The call got through to nobody's line: that says nothing of how a number or a list is answered."""
THROUGH_OUTCOMES = ("answered", "abandoned", "voicemail")
"""The call was taken, by whomever: whatever is told of it as an error is how it ended."""
NUMBER_STATUSES = ("active", "resting", "flagged", "released")
UPLOAD_STATUSES = ("staged", "processing", "imported", "failed")
SENTIMENTS = ("positive", "neutral", "negative")

OTHER = "other"
"""What a value becomes that is outside its closed set, does not look like a code, or is over its budget."""

ASIDE_OUTCOMES = (LOST_OUTCOME, OTHER)
"""Calls by which nobody can judge how a number or a list is answered: they did not get through, or nobody knows."""

READY = "none"
"""The effective blocker of a pending task that could be dialled now."""

RETRY_WAIT = "retry_wait"

EXHAUSTED = "attempts_exhausted"
"""What holds a pending task that carries no code and has used the attempts it is allowed."""

NO_AGENT = "no_agent_available"
"""What holds a task for which no person is free to talk."""

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One blocker code: its group, what it means, and the operator's first move."""

    code: str
    group: str
    meaning: str
    first_move: str


_GROUP_MOVES = {
    "lifecycle": "Read the reason; fix it before resuming.",
    "audience": "Fix the file or the data.",
    "compliance": "Never override; keep the evidence.",
    "window": "Wait, or fix the schedule; mind the contact's zone.",
    "money": "A governance decision: ask who owns the budget.",
    "capacity": "Find who holds the slots; look for leaked slots.",
    "agents": "See who is logged in and who is on a break; mind the shifts.",
    "number": "Rest, replace or add numbers.",
    "provider": "Contain, back off, fail over.",
    "retry": "Wait for the time of the next attempt.",
    "terminal": "Close it; raise max_attempts only if it is to be called again.",
    "unknown": "Tell the platform's owners.",
}

_BLOCKERS = (
    ("campaign_paused", "lifecycle", "The campaign is paused."),
    ("not_started", "lifecycle", "The campaign has not started yet."),
    ("circuit_breaker_open", "lifecycle", "The platform stopped the campaign after too many failures."),
    ("audience_not_ready", "audience", "The list is not imported yet."),
    ("invalid_number", "audience", "The contact's number cannot be dialled."),
    ("timezone_missing", "audience", "The contact's time zone is unknown."),
    ("dnc", "compliance", "The contact is on a do-not-call list."),
    ("consent_missing", "compliance", "The contact's consent is missing."),
    ("contact_frequency_cap", "compliance", "The contact was called as often as is allowed."),
    ("outside_call_window", "window", "The call window is closed."),
    ("no_window_enabled", "window", "The schedule has no window at all."),
    ("budget_exhausted", "money", "The campaign's budget is spent."),
    ("credits_exhausted", "money", "The tenant's credits are spent."),
    ("campaign_concurrency", "capacity", "The campaign's own limit of calls at once is reached."),
    ("tenant_concurrency", "capacity", "The tenant's limit of calls at once is reached."),
    ("pool_exhausted", "capacity", "No number of the pool has capacity left."),
    ("connection_limit", "capacity", "The trunk's limit is reached."),
    ("higher_priority_campaign", "capacity", "A campaign of higher priority takes the slots."),
    (NO_AGENT, "agents", "No person is free to talk."),
    ("number_cooldown", "number", "The numbers rest between calls."),
    ("number_daily_cap", "number", "The numbers reached their calls of the day."),
    ("number_flagged", "number", "The number is flagged as spam."),
    ("no_country_match", "number", "No number of the pool fits the contact's country."),
    ("provider_throttled", "provider", "The provider asks us to slow down."),
    ("provider_error", "provider", "The provider fails."),
    ("provider_auth", "provider", "The provider refuses our credentials."),
    ("network_blocked", "provider", "The network between us and the provider is blocked."),
    (RETRY_WAIT, "retry", "The task waits for its next attempt."),
    (EXHAUSTED, "terminal", "The task has used all its attempts."),
)

BLOCKERS: dict[str, Blocker] = {
    code: Blocker(code, group, meaning, _GROUP_MOVES[group]) for code, group, meaning in _BLOCKERS
}


def blocker_group(code: str) -> str:
    """The group of an effective blocker: `ready` for `none`, `unknown` for a code outside the vocabulary."""
    if code == READY:
        return "ready"
    known = BLOCKERS.get(code)
    return known.group if known else "unknown"


_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}\Z")
# Controls, line separators, what turns the direction of the text around it, and bytes that are no UTF-8.
_ODD = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_LABEL = re.compile(rf"[^{_ODD}]{{1,64}}\Z")
_MANY_DIGITS = re.compile(r"(?:\d[\s()/.\u2010-\u2015-]{0,2}){7}")


_SEPARATORS = re.compile(r"[\s_./:-]+")
_WORDS = 4
_SPELLED = {code.replace("_", ""): code for code in BLOCKERS}


def clean_code(raw: str) -> str:
    """The code when it looks like one (letters first, at most 64 characters), else `other`.

    A blocker of the vocabulary that is spelled in another way (`Outside Call Window`) is that one.
    """
    known = _SPELLED.get(_SEPARATORS.sub("", raw).lower()) if len(raw) <= 64 else None
    if known is not None:
        return known
    return raw if _CODE.match(raw) and not _MANY_DIGITS.search(raw) else joined(raw) or OTHER


def joined(text: str) -> str | None:
    """Two to four words of letters as a code: `Busy Here` is `busy_here`; `None` for any other text."""
    words = re.split(r"[\s_-]+", text.strip()) if len(text) <= 64 else []
    fits = 1 < len(words) <= _WORDS and all(word.isascii() and word.isalpha() for word in words)
    return "_".join(words).lower() if fits else None


def clean_label(raw: str) -> str:
    """A short text fit for a label, else `other`.

    Seven digits or more may be a contact's phone number in an error text or an outcome, and an `@` somebody's
    address: neither may become a label.
    """
    text = raw.strip()
    if not _LABEL.match(text) or _MANY_DIGITS.search(text) or "@" in text:
        return OTHER
    return text


_ADDRESS = re.compile(r"\S+@\S+")


def clean_reason(raw: str) -> str:
    """An operator's reason on one line; what may be a contact's number or address in it is left out."""
    return _ADDRESS.sub("…", re.sub(_MANY_DIGITS.pattern + r"[\d\s()/.-]*\d?", "… ", clean_name(raw))).strip()


_UNPRINTABLE = re.compile(rf"[{_ODD}]+")


def clean_name(raw: str | None, limit: int = 200) -> str:
    """An owner's own words (a campaign's name, a pause reason) on one line, cut at `limit` characters."""
    text = _UNPRINTABLE.sub(" ", raw or "").strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"

"""What is said of where rows come from: how replay, subscriptions and the like stand, and what cannot be promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.contract.wording import duration
from exporter.source.origin import Origin, Replay, Subscription

STATES = ("current", "behind", "delayed", "paused", "disconnected", "copying", "undated")
"""Up to date; catching up; late by a setting; replay stands still; nothing arrives; a first copy is under way; as of
when is not known. The last that holds of any part is that of the whole."""

BEHIND_SECONDS = 60.0
"""From here on it is said to be behind: less is the work of a moment."""

MARGIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Caveat:
    """What a reader of the figures must know. `grave`: somebody has to act."""

    thing: str
    said: str
    remedy: str = ""
    grave: bool = False

    @property
    def sentence(self) -> str:
        """As one sentence."""
        return f"{self.thing[:1].upper()}{self.thing[1:]}: {self.said}."


def _longer(origin: Origin, known: float | None, seconds: float) -> bool:
    return known is None or origin.at - known > seconds


def replay_state(origin: Origin, replay: Replay, known: float | None, silence: float) -> tuple[str, tuple[Caveat, ...]]:
    """How a replica stands that is as of `known`, and may hear nothing for `silence` seconds."""
    late = _longer(origin, known, max(silence, BEHIND_SECONDS))
    cause = "the network may be cut" if silence else "it is idle, or the network is cut"
    what = lasting = None
    state = "current"
    if replay.paused and not replay.caught_up:
        state, what = "paused", ("replay is paused", "SELECT pg_wal_replay_resume();  -- on the replica")
    elif replay.receiver is None and replay.streamed:
        state, what = (
            "disconnected",
            (
                "nothing arrives from the primary: it is down, or cannot be reached from the replica",
                "see pg_stat_wal_receiver and the replica's log",
            ),
        )
    elif replay.receiver is not None and replay.caught_up and _longer(origin, known, silence or BEHIND_SECONDS):
        state, what = (
            "disconnected",
            (
                f"nothing was heard of the primary lately, though it is connected: {cause}",
                "see pg_stat_wal_receiver and the replica's log",
            ),
        )
    elif replay.delay and not replay.caught_up:
        state = "delayed"
        lasting = (
            f"it is late by intent (recovery_min_apply_delay, {duration(replay.delay)})",
            "connect to a replica without delay, or set max_staleness and the alerts' stale_after above it",
        )
    elif late:
        state, what = "behind", ("replay is behind", "see pg_stat_replication on the primary, and the replica's log")
    if replay.receiver is None and not replay.streamed:
        lasting = (
            "WAL comes from an archive, or the primary was not reached since the start: a primary that writes nothing "
            "looks like one whose WAL does not come",
            "stream from the primary (primary_conninfo), or connect to it",
        )
    elif not origin.may_see:
        seen = f": at worst it was {duration(origin.timeout)} ago (wal_receiver_timeout)" if origin.timeout else ""
        lasting = (
            f"when the primary was last heard of cannot be seen, as the role lacks pg_monitor{seen}",
            "make the role a member of pg_monitor",
        )
    caveats = []
    if what is not None:
        caveats.append(Caveat("replica", f"{what[0]}; figures are as of what was replayed", what[1], grave=True))
    if lasting is not None:
        caveats.append(Caveat("replica", *lasting))
    return state, (*caveats, *_seldom(origin))


def _seldom(origin: Origin) -> tuple[Caveat, ...]:
    """That an idle server looks like one that is cut off, where nobody asks it."""
    if origin.asks:
        return ()
    said = f"it is {duration(origin.timeout)}: who writes nothing looks like one who is cut off, and figures get old"
    return (Caveat("wal_receiver_timeout", said, "set wal_receiver_timeout to 60s"),)


def subscription_state(
    origin: Origin, each: Subscription, known: float | None, silence: float
) -> tuple[str, tuple[Caveat, ...]]:
    """How a subscription stands, likewise."""
    thing = f"subscription {each.name}"
    since = (
        "; the figures are as of when it had last caught up"
        if known is not None
        else "; as of when the figures are is not known, and campaigns are withheld"
    )
    if origin.replay is not None:
        said = "how far it is cannot be seen on a replica of the subscriber; campaigns are withheld"
        return "disconnected", (Caveat(thing, said, "connect to the subscriber itself", grave=True),)
    if each.copying:
        tables = ", ".join(each.copying)
        said = f"the first copy of {tables} is under way; campaigns are withheld until it is complete"
        remedy = "see srsubstate in pg_subscription_rel, and the server's log"
        return "copying", (Caveat(thing, said, remedy, grave=True),)
    if not each.enabled:
        remedy = f"ALTER SUBSCRIPTION {each.name} ENABLE;"
        return "disconnected", (Caveat(thing, f"it is disabled{since}", remedy, grave=True),)
    if each.worker is None:
        said = f"it has no worker: the publisher cannot be reached, or a row cannot be applied{since}"
        return "disconnected", (Caveat(thing, said, "see the server's log", grave=True),)
    caveats = _seldom(origin)
    if known is None:
        said = "it was not seen to have caught up yet; campaigns are withheld until then"
        return "behind", (Caveat(thing, said, "see pg_stat_subscription here, pg_stat_replication there"), *caveats)
    if _longer(origin, known, max(silence, BEHIND_SECONDS)):
        said = f"it is behind its publisher, or does not hear of it{since}"
        return "behind", (Caveat(thing, said, "see pg_stat_subscription here, pg_stat_replication there", grave=True),)
    return "current", caveats


def standing(origin: Origin) -> tuple[Caveat, ...]:
    """What holds for as long as the views are made so."""
    found = (
        (
            [each.name for each in origin.subscriptions if origin.replay is None],
            "logical replication",
            "transactions of the publisher cannot be seen: what was stamped up to refresh.overlap before all was "
            "applied is read again each time, longer ones are found by the audit",
            "read the publisher, or make refresh.overlap as long as its longest transaction",
        ),
        (
            origin.foreign_tables,
            "foreign tables",
            "transactions of the server behind cannot be seen, nor whether it is a replica, nor how many rows are "
            "deleted there: refresh.overlap is read again each time; longer transactions and deleted rows are found by "
            "the audit, within audit.period",
            "read that server itself if you can",
        ),
        (
            origin.materialized,
            "materialized views",
            "as of when they are is not known; the verdict stalled and forecasts are not given",
            "replace them with views, or with tables that change by row",
        ),
    )
    named = tuple(Caveat(thing, f"{_some(names)}: {said}", remedy) for names, thing, said, remedy in found if names)
    return named if origin.replay is None else (_ON_A_REPLICA, *named)


_ON_A_REPLICA = Caveat(
    "replica",
    "transactions of the primary cannot be seen: what was stamped up to refresh.overlap before the last replayed "
    "commit is read again each time, longer ones and deleted rows are found by the audit",
    "connect to the primary, or make refresh.overlap as long as its longest transaction",
)


def _some(names: Sequence[str]) -> str:
    shown = sorted(names)[:3]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")

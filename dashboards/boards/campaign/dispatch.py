"""Campaign live, dispatch and queue health: why is it not dialling?"""

from __future__ import annotations

from typing import Any

from dashboards.boards.campaign.key_figures import targets
from dashboards.boards.campaign.scope import NO_CAMPAIGN, UNKNOWN, Own, copied
from dashboards.boards.exporters import LACKING, silence
from dashboards.settings import Settings
from dashboards.vocabulary.colours import (
    ACCENT,
    BAD,
    CALM,
    FADED,
    GOOD,
    GROUP_COLOURS,
    NEUTRAL,
    SEVERITIES,
    VERDICT_STATES,
    WARNING,
    State,
)
from dashboards.vocabulary.fields import (
    COLOURED,
    codes,
    colour,
    joined,
    link,
    organised,
    override,
    sorted_by,
    steps,
    words,
)
from dashboards.vocabulary.figures import figure, figures, label
from dashboards.vocabulary.graphs import band, graph
from dashboards.vocabulary.layout import Folded, Line, folded, line
from dashboards.vocabulary.links import Way
from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.panel import Panel, heading
from dashboards.vocabulary.panels import bars, stat, table
from dashboards.vocabulary.queries import CAMPAIGN, MINIMUM_CALLS, OURS, PICKED_UP, ahead, milliseconds, ratio, total
from dashboards.vocabulary.targets import ask, now, rows
from dashboards.vocabulary.units import AGE, RATIO, WHOLE
from exporter.contract.codes import BLOCKERS, READY
from exporter.diagnosis.dispatch.gates import GATES
from exporter.diagnosis.dispatch.verdict import NOTHING

CLOSED, OPEN = State("closed", 8, "closed", CALM), State("open", 9, "open", GOOD)
"""Of gates that do not bind; the one that does bears the verdict."""

UNKNOWN_MOVE = "Tell the platform's owners: the code is not in the contract."
MOVES = {each.group: each.first_move for each in BLOCKERS.values()} | {
    "unknown": UNKNOWN_MOVE, "ready": "None: nothing of their own holds them.",
}  # fmt: skip
HORIZONS = {
    "now": "now",
    "5m": "in 5 min",
    "15m": "in 15 min",
    "1h": "in 1 hour",
    "4h": "in 4 hours",
    "24h": "in a day",
}


def card(settings: Settings) -> str:
    """The exporter's card of the campaign: hints in words, with the evidence. Empty where viewers cannot reach it."""
    return settings.pages and f"{settings.pages}/campaigns/${{campaign:percentencode}}"


def hints(settings: Settings) -> list[Json]:
    """The link from a verdict, a gate or a blocker to what it means for this campaign."""
    return [link("Hints and evidence", card(settings), elsewhere=True)] if card(settings) else []


def answer(own: Own, settings: Settings) -> Line:
    """The verdict, and the card's own sentence: what to do first, and what that rests on."""
    over = own.last("campaign_dispatch_info", verdict="finished")
    nothing = f'label_replace({over}, "hint", "Nothing: it is over.", "", "")'
    return line(
        stat(201, "Verdict",
             "dialing: nobody must act. throttled: less is dialled than is ready. waiting: idle as expected. blocked: "
             "a person must act. stalled: every gate is open and nothing is started, call the platform's owners. "
             "unknown: mend the data. The gate is the outermost that explains it. lifecycle: is it running? audience: "
             "is the list there? money: budget, credits. window: the schedule. agents: is somebody there? priority: "
             "others go first. tenant, campaign, connection: who holds the slots? pacing: starts a minute. numbers: "
             "rest, caps, flags. provider: its failures. retry: wait. tasks: blocked one by one, or none left.",
             rows(f"{own.told()} or {own.told_before_silence()}"), unit="none", empty=UNKNOWN, width=6, height=5,
             fields="/^(verdict|gate)$/",
             transformations=(organised(("verdict", "gate")),), overrides=(colour("gate", FADED),),
             mappings=[*codes(VERDICT_STATES), *words({NOTHING: ("no gate", None)})], text="value",
             orientation="horizontal", links=hints(settings)),
        stat(207, "What to do first",
             "The first hint of the campaign's card, and what the binding gate rests on. Its figures are up to five "
             "minutes old. Change one thing, then watch. Click for the other hints, and for the evidence of each gate.",
             rows(f"{own.told('campaign_dispatch_hint_info')} or {nothing} or "
                  f"{silence(own.last('campaign_info'))}"), unit="none", empty=UNKNOWN,
             width=18, height=5, fields="/^(hint|evidence)$/", transformations=(organised(("hint", "evidence")),),
             text="value", orientation="horizontal", links=hints(settings),
             options={"text": {"valueSize": 16}, "justifyMode": "auto"}),
    )  # fmt: skip


def standing(own: Own, state: Panel, settings: Settings) -> Line:
    """Its state, since when and until when the gate holds it, and what fires."""
    closes, opens = (own.last(f"campaign_window_{what}_timestamp_seconds") for what in ("closes", "opens"))
    is_open = own.last("campaign_window_open")
    seen = f"min ({own.moment('campaign_dispatch_at_least_since_timestamp_seconds')})"
    free = own.last("campaign_dispatch_info", verdict="=~dialing|throttled|finished", gate=NOTHING)
    return line(
        state,
        stat(203, "Since",
             "Since when verdict and gate are so. At least: they were so when the exporter first looked.",
             now(own.moment("campaign_dispatch_since_timestamp_seconds"), "since"), now(seen, "at least since"),
             unit=AGE, empty="Unknown", width=3, height=4, text="value_and_name"),
        stat(204, "Clears",
             "When the binding gate opens by itself. Unknown: somebody may have to act, read the hints.",
             now(f"{milliseconds(ahead(own.last('campaign_dispatch_clears_timestamp_seconds')))} or {free} * 0"),
             unit=AGE, empty="Unknown", width=3, height=4, mappings=words({"0": ("nothing holds it", None)})),
        stat(205, "Call window",
             "Whether the campaign's own call windows are open, and when that changes. Closed and it should dial: fix "
             "the schedule, and mind the contacts' zones.",
             now(f"{closes} * 1000", "Open, closes"),
             now(f"{opens} * 1000", "Closed, opens"),
             now(f"({is_open} == 1) unless on (tenant, campaign) {closes}", "Open"),
             now(f"({is_open} == 0) unless on (tenant, campaign) {opens}", "Closed"),
             unit=AGE, empty="Unknown", width=4, height=4, text="value_and_name",
             mappings=words({"1": ("always", None), "0": ("opens never", WARNING)})),
        _alerts(own, settings),
    )  # fmt: skip


def _alerts(own: Own, settings: Settings) -> Panel:
    by = "alertname, severity"

    def firing(name: str, **only: str) -> str:
        """Its own, and those of its tenant or of the exporter, which have no campaign."""
        tenants, exporters = (own.q.last(name, alertname=OURS, campaign="", tenant=t, **only) for t in ("!=", ""))
        beside = f"{tenants} and on (tenant) {own.last('campaign_info')} or {exporters}"
        return f"({own.last(name, alertname=OURS, **only)} or {beside})"

    fires = firing("ALERTS", alertstate="firing", severity="=~critical|warning")
    since = f"min by ({by}) ({firing('ALERTS_FOR_STATE')}) and on ({by}) max by ({by}) ({fires})"
    runbook = settings.runbook("${__data.fields.Alert:percentencode}?campaign=${campaign:percentencode}")
    return table(
        206, "Alerts",
        "Alerts that fire now: of this campaign, of its tenant and of the exporter. Each leads to its runbook: begin "
        "there, with a page before all else.",
        rows(f"({milliseconds(since)})"), empty="None fires, as far as Prometheus tells", width=10, height=4,
        transformations=(
            organised(("alertname", "severity", "Value"),
                      {"alertname": "Alert", "severity": "Severity", "Value": "Since"}, ("Time",)),
            sorted_by("Severity"),
        ),
        overrides=(
            override("Alert", links=[link("Runbook", runbook, elsewhere=True)] if runbook else [], custom_minWidth=140),
            override("Severity", mappings=words(SEVERITIES), custom_width=74, **COLOURED),
            override("Since", unit=AGE, custom_width=120),
        ),
    )  # fmt: skip


def reasons(own: Own, settings: Settings) -> tuple[Line, ...]:
    """What the answer rests on."""
    return _queue(own), line(_gates(own), _blocked(own, settings))


def _queue(own: Own) -> Line:
    ready = own.last("campaign_tasks_blocked", blocker=READY)
    return line(
        stat(211, "Dialling now",
             "Can start: calls that could be started now, the room of the tightest limit, an estimate; none for long: "
             "see Limits below for who holds them, and for leaked ones. Calling: calls going on; none while tasks are "
             "ready and slots are free: see the verdict. Ready: pending tasks that nothing blocks; many while slots "
             "are free: the dispatcher is slow or dead.",
             now(own.last("campaign_dispatch_slots_available"), "can start"),
             now(own.last("campaign_calls_in_progress"), "calling"), now(total(ready), "ready"),
             unit=WHOLE, decimals=0, empty=UNKNOWN, width=8, height=4, text="value_and_name",
             ),
        stat(214, "Oldest ready",
             "Since when the ready task that waits longest could be dialled. More than two minutes: it is behind.",
             now(own.moment("campaign_task_oldest_ready_timestamp_seconds")), unit=AGE, empty="None known", width=4,
             height=4),
        stat(215, "Off-window",
             "Calls started since the tenant's midnight while the campaign's own windows were closed. Any: pause the "
             "campaign, keep the evidence, and look whether the windows were edited today.",
             now(own.last("campaign_calls_outside_window_today")), unit=WHOLE, decimals=0,
             empty="Unknown", width=4, height=4, thresholds=((None, NEUTRAL), (1, BAD))),
        stat(216, "Credits",
             "Prepaid credits that the tenant has left, for all its campaigns. None: nothing is dialled until somebody "
             "adds some.",
             now(own.beside("campaign_tenant_credits")), unit=WHOLE, decimals=0, empty="None known", width=3, height=4,
             thresholds=LACKING),
        targets(own),
    )  # fmt: skip


def _gates(own: Own) -> Panel:
    verdict = own.q.band("campaign_dispatch_verdict", "verdict", [state.code for state in VERDICT_STATES],
                         campaign=CAMPAIGN)  # fmt: skip
    binding = f"max by (gate) ({own.last('campaign_dispatch_binding', gate=f'!={NOTHING}')} == 1)"
    gates = f"max by (gate) ({own.last('campaign_dispatch_gate_open')}) + {CLOSED.number}"
    return band(
        221, "Verdict and gates",
        "The verdict over time, and each gate from the outermost in: open, closed, or in the colour of the verdict "
        "where it is the one that explains it. A gap: not known. Begin with the first line that changed.",
        ask(verdict, "verdict"), ask(f"({binding}) * on () group_left () ({verdict}) or {gates}", "{{gate}}"),
        states=(*VERDICT_STATES, CLOSED, OPEN), empty=NO_CAMPAIGN, width=10, height=9, legend=False,
        transformations=(joined("Time"), organised(("Time", "verdict", *GATES))),
    )  # fmt: skip


def pending(own: Own) -> str:
    """Pending tasks by what blocks them; nothing does those that are ready."""
    return f"{total(own.last('campaign_tasks_blocked'), 'blocker', 'group')} > 0"


def _blocked(own: Own, settings: Settings) -> Panel:
    return table(
        222, "Pending tasks",
        "All pending tasks, by the code of what blocks them, with the first move; ready: nothing does. retry_wait is "
        "as planned. Most of them under one code: begin with its first move, and change one thing at a time. The tasks "
        "themselves are below.",
        rows(copied(pending(own), "group", "move")),
        empty="No pending tasks known", width=14, height=9, sort="Tasks", descending=True, pages=True, tall=True,
        transformations=(
            organised(("blocker", "group", "Value", "move"),
                      {"blocker": "Blocker", "group": "Group", "Value": "Tasks", "move": "First move"}, ("Time",)),
        ),
        overrides=(
            override("Blocker", unit="string", custom_width=168, links=hints(settings),
                     mappings=words({READY: ("ready", None)})),
            override("Group", custom_width=98, mappings=groups(), **COLOURED),
            override("Tasks", custom_width=80, unit=WHOLE, decimals=0),
            override("First move", custom_minWidth=280, custom_cellOptions={"type": "auto", "wrapText": True},
                     mappings=words({group: (text, None) for group, text in MOVES.items()})),
        ),
    )  # fmt: skip


def groups() -> list[Json]:
    """The groups of blockers in their colours."""
    return words({group: (group, colour) for group, colour in GROUP_COLOURS.items()})


def detail(own: Own, way: Way) -> Folded:
    """What one looks at next."""
    by_group = total(own.last("campaign_tasks_blocked"), "group")
    return folded(
        heading(230, "Dispatch in detail"),
        line(
            graph(
                231, "Pending tasks by group of blocker",
                "All pending tasks by what holds them; `ready`: nothing does. A group that grows while the others do "
                "not is what changed.",
                ask(f"{by_group} > 0", "{{group}}"), unit=WHOLE, decimals=0, empty="No pending tasks known",
                stacked=True, width=16, overrides=[colour(group, value) for group, value in GROUP_COLOURS.items()],
            ),
            bars(
                233, "Tasks that become due",
                "Pending tasks that nothing but time holds and that are due within each horizon, nearer ones included. "
                "None within a day, and nothing is ready: something other than time holds the rest.",
                *(now(own.last("campaign_tasks_eligible_within", horizon=code), text)
                  for code, text in HORIZONS.items()),
                unit=WHOLE, decimals=0, empty="Unknown",
            ),
        ),
        line(_limits(own), _holders(own, way)),
        line(_people(own)),
    )  # fmt: skip


_DASHED: Json = {"fill": "dash", "dash": [8, 6]}
_A_WHILE = "1h"
"""A few people pick up too few calls in minutes to make a share of."""


def _people(own: Own) -> Panel:
    states = {"on_call": ("on a call", ACCENT), "free": ("free", GOOD), "paused": ("on a break", WARNING)}
    doing = f"max by (state) ({own.last('campaign_agents')})"
    picked_up = total(own.gained("campaign_calls_total", over=_A_WHILE, **PICKED_UP))
    abandoned = total(own.gained("campaign_calls_total", over=_A_WHILE, outcome="abandoned"))
    share = f"({ratio(abandoned, picked_up, at_least=MINIMUM_CALLS)}) and on () {own.last('campaign_agents_logged_in')}"
    line_only: dict[str, Any] = {
        "custom_stacking": {"mode": "none", "group": "A"},
        "custom_lineWidth": 2,
        "custom_fillOpacity": 0,
    }
    return graph(
        235, "People",
        "Of a campaign whose calls people take: how many are free, on a call and on a break, stacked, and how many are "
        "logged in. Somebody expected (dashed) is 1 while a shift goes on. It is, and nobody is logged in: call "
        "whoever leads the shift. All on a call for hours: no fault, add people. Abandoned (right axis): share of the "
        "calls of an hour that somebody picked up while nobody was free; it rises: lower the dial ratio.",
        ask(doing, "{{state}}"),
        ask(f"max ({own.last('campaign_agents_logged_in')})", "logged in"),
        ask(f"max ({own.last('campaign_agents_expected')})", "expected"),
        ask(share, "abandoned"),
        unit=WHOLE, decimals=0, empty="No people known", width=24, steps_after=True, stacked=True, interval="2m",
        overrides=(
            *(colour(state, shade, displayName=text) for state, (text, shade) in states.items()),
            colour("logged in", NEUTRAL, **line_only),
            colour("expected", FADED, displayName="somebody expected", custom_lineStyle=_DASHED, **line_only),
            colour("abandoned", "semi-dark-orange", displayName="abandoned (right axis)", unit=RATIO, decimals=1,
                   custom_axisPlacement="right", custom_axisSoftMax=0.05, **line_only),
        ),
    )  # fmt: skip


def _limits(own: Own) -> Panel:
    def one(name: str) -> str:
        return own.last(f"campaign_dispatch_{name}")

    def starts(name: str) -> str:
        return f'label_replace({one(name)}, "scope", "starts a minute", "", "")'

    limit, used = (f"max by (scope) ({one(f'slots_{what}')} or {starts(name)})"
                   for what, name in (("limit", "starts_per_minute_limit"), ("used", "starts_per_minute")))  # fmt: skip
    leaked = f"max by (scope) ({one('slots_leaked')})"
    scopes = f"{limit} or {used} or {leaked}"
    return figures(
        232, "Limits",
        "Calls at once by scope: what is allowed, what is taken, and what is held for too long to be a real call. "
        "Beside them how many calls are started a minute. Leaked slots: have the platform close those calls, or the "
        "pool stays full.",
        scopes,
        base=scopes, key="scope",
        columns=(
            label("scope", "Scope", 0, custom_minWidth=100),
            figure("Limit", limit, 80, unit=WHOLE, decimals=0, empty="none told"),
            figure("Used", used, 80, unit=WHOLE, decimals=0),
            figure("Leaked", leaked, 80, unit=WHOLE, decimals=0, thresholds=steps((None, NEUTRAL), (1, BAD)),
                   **COLOURED),
        ),
        empty="No limits known", width=8, height=6, pages=False,
    )  # fmt: skip


def _holders(own: Own, way: Way) -> Panel:
    mine = f"on (tenant) group_left () max by (tenant) ({own.last('campaign_info')})"
    calling = f"max by (campaign) ({own.q.last('campaign_calls_in_progress')} * {mine}) > 0"
    priority = f"max by (campaign) ({own.q.last('campaign_priority')} * {mine})"
    names = f"topk by (campaign) (1, max by (campaign, name) ({own.q.last('campaign_info')} * {mine}))"
    return figures(
        234, "Who holds the tenant's slots",
        "Calls going on of all campaigns of this tenant. Those of a higher priority go first: where the gate "
        "`priority` binds, lower theirs, raise this one's, or wait until they are done.",
        f"{names} and on (campaign) ({calling})",
        columns=(
            label("name", "Campaign", 0,
                  links=[link("Campaign live", way.to("campaign", campaign="${__data.fields.campaign}"))]),
            figure("Calling now", calling, 110, unit=WHOLE, decimals=0),
            figure("Priority", f"{priority} and on (campaign) ({calling})", 110, unit=WHOLE, decimals=0),
        ),
        kept=("campaign",), base=calling, key="campaign", empty="No calling campaigns known", sort="Priority",
        descending=True, width=16, height=6,
    )  # fmt: skip

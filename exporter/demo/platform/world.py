"""The demo's two tenants with their connections, numbers and campaigns, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from exporter.demo.platform.model import BUSY, NO_ANSWER, REJECTED, VOICEMAIL
from exporter.demo.platform.traits import Break, Traits

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS = WEEK[:5]
HISTORY_DAYS = 14


@dataclass(frozen=True)
class AccountSpec:
    key: str
    name: str
    tz: str
    channels: int
    credits: float


@dataclass(frozen=True)
class TrunkSpec:
    key: str
    account: str
    provider: str
    channels: int
    cps: float


@dataclass(frozen=True)
class DidSpec:
    key: str
    trunk: str
    phone: str
    country: str
    cap: int | None
    state: str = "A"
    spacing: int = 6


@dataclass(frozen=True)
class Hours:
    """One row of a schedule; `closes` at or before `opens` means the next morning."""

    days: tuple[str, ...]
    opens: time
    closes: time


@dataclass(frozen=True)
class CrewSpec:
    """People who take a campaign's calls, and the calls that are dialled for each who is free."""

    seats: int
    ratio: float
    shift: Hours


@dataclass(frozen=True)
class ListSpec:
    """A list file: `at` is relative to the end of history; with `error` its import fails."""

    at: timedelta
    rows: int
    filename: str
    error: str | None = None


@dataclass(frozen=True)
class MoveSpec:
    """What a person does (lifecycle.Move), relative to the end of history."""

    at: timedelta
    kind: str
    actor: str = "operator"
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class CampaignSpec:
    """One campaign. `start` and the times of lists and moves are relative to the end of history."""

    key: str
    account: str
    title: str
    agent: str | None
    tz: str
    start: timedelta | None
    traits: Traits
    pool: tuple[tuple[str, float], ...]
    hours: tuple[Hours, ...] | None = None  # None: always open
    lists: tuple[ListSpec, ...] = ()
    priority: int = 5
    channels: int | None = 10
    per_minute: int | None = None
    tries: int = 3
    match_country: bool = False
    currency: str = "USD"
    budget: float | None = None
    expires: timedelta | None = None
    goal: tuple[str, int] | None = None
    arms: tuple[tuple[str, str, float], ...] = ()
    crew: CrewSpec | None = None
    moves: tuple[MoveSpec, ...] = ()


@dataclass(frozen=True)
class WorldSpec:
    """A whole world. A benchmark may hand in its own."""

    accounts: tuple[AccountSpec, ...]
    trunks: tuple[TrunkSpec, ...]
    dids: tuple[DidSpec, ...]
    campaigns: tuple[CampaignSpec, ...]


def _days(count: float) -> timedelta:
    return timedelta(days=count)


def _set(at: timedelta, **settings: object) -> MoveSpec:
    return MoveSpec(at, "set", "operator", settings)


def closed(at: timedelta, hours: float, reason: str) -> tuple[MoveSpec, MoveSpec]:
    """A holiday or the like: operators pause the campaign and resume it so many hours later."""
    return MoveSpec(at, "pause", "operator", {"reason": reason}), MoveSpec(at + timedelta(hours=hours), "resume")


_ACCOUNTS = (
    AccountSpec("northwind", "Northwind Energy", "America/New_York", 48, 2500.0),
    AccountSpec("harbour", "Blue Harbour Insurance", "Europe/Berlin", 40, 1800.0),
)

_TRUNKS = (
    TrunkSpec("nw-tellus", "northwind", "tellus", 30, 8),
    TrunkSpec("nw-carrierone", "northwind", "carrierone", 20, 6),
    TrunkSpec("bh-rheinvoice", "harbour", "rheinvoice", 26, 8),
    TrunkSpec("bh-carrierone", "harbour", "carrierone", 16, 5),
)

_DIDS = (
    DidSpec("ny-1", "nw-tellus", "+12125550111", "US", 900),
    DidSpec("ny-2", "nw-tellus", "+12125550112", "US", 900),
    DidSpec("ny-3", "nw-carrierone", "+12125550113", "US", 900),
    DidSpec("chi-1", "nw-tellus", "+17735550121", "US", 420),
    DidSpec("chi-2", "nw-carrierone", "+17735550122", "US", 420),
    DidSpec("den-1", "nw-tellus", "+13035550131", "US", 420),
    DidSpec("la-1", "nw-carrierone", "+12135550141", "US", 420),
    DidSpec("la-2", "nw-tellus", "+12135550142", "US", 200, state="S"),
    DidSpec("tor-1", "nw-carrierone", "+14165550151", "CA", 300),
    DidSpec("syd-1", "nw-carrierone", "+61255500161", "AU", 260),
    DidSpec("free-1", "nw-tellus", "+12025550101", "US", None, spacing=0),
    DidSpec("free-2", "nw-tellus", "+12025550102", "US", None, spacing=0),
    DidSpec("free-3", "nw-carrierone", "+12025550103", "US", None, spacing=0),
    DidSpec("ber-1", "bh-rheinvoice", "+493023125171", "DE", 500),
    DidSpec("ber-2", "bh-rheinvoice", "+493023125172", "DE", 500),
    DidSpec("fra-1", "bh-rheinvoice", "+496990009181", "DE", 400),
    DidSpec("ham-1", "bh-rheinvoice", "+494066969182", "DE", 400, state="R"),
    DidSpec("muc-1", "bh-carrierone", "+498999998183", "DE", 400),
    DidSpec("col-1", "bh-carrierone", "+492214710184", "DE", 200, state="X"),
    DidSpec("ldn-1", "bh-carrierone", "+442079460191", "GB", 500),
    DidSpec("ldn-2", "bh-rheinvoice", "+442079460192", "GB", 500),
    DidSpec("desk-1", "bh-carrierone", "+493023125175", "DE", 900, spacing=0),
    DidSpec("desk-2", "bh-rheinvoice", "+493023125176", "DE", 900, spacing=0),
)

_DAYTIME = (Hours(WEEK, time(8), time(20)),)
_OFFICE = (Hours(WORKDAYS, time(9), time(18)), Hours(("sat",), time(10), time(14)))
_GERMAN = {"DE": 1.0}

_CAMPAIGNS = (
    CampaignSpec(
        "appointments", "northwind", "Meter appointment reminders", "reminder-ada", "America/New_York",
        _days(-14),
        Traits(answer_rate=0.42, talk_seconds=150, goal_rate=0.62, goal_label="appointment_confirmed",
               contacts_per_hour=22, retry_minutes={NO_ANSWER: 45, BUSY: 8, VOICEMAIL: 90, REJECTED: 120}),
        (("ny-1", 3), ("ny-2", 2), ("ny-3", 2), ("chi-2", 1)), None,
        (ListSpec(_days(-14), 200, "appointments_first.csv"),),
        priority=8, channels=12, tries=3, match_country=True, goal=("appointment_confirmed", 6000),
        moves=(_set(_days(-6), max_channels=14), _set(_days(-2), max_channels=12)),
    ),
    CampaignSpec(
        # Busy at every hour of the day: whenever the demo is started, something is dialling.
        "outage", "northwind", "Outage notices, round the clock", "notice-sky", "America/New_York", _days(-1.2),
        Traits(answer_rate=0.5, talk_seconds=70, goal_rate=0.7, goal_label="notice_acknowledged",
               contacts_per_hour=150, retry_minutes={NO_ANSWER: 25, BUSY: 6, VOICEMAIL: 45, REJECTED: 60}),
        (("free-1", 2), ("free-2", 1), ("free-3", 1)), None,
        (ListSpec(_days(-1.2), 300, "outage_north.csv"),),
        priority=9, channels=14, tries=3, goal=("notice_acknowledged", 20000),
    ),
    CampaignSpec(
        "solar", "northwind", "Solar offer, script A against B", "solar-leo", "America/Chicago", _days(-13),
        Traits(answer_rate=0.27, talk_seconds=105, goal_rate=0.17, goal_label="offer_accepted",
               contacts_per_day=190, arm_lift={"B": 1.25}),
        (("chi-1", 3), ("chi-2", 2), ("den-1", 2), ("la-1", 1), ("la-2", 1)), _DAYTIME,
        (ListSpec(_days(-13), 1800, "solar_spring_wave1.csv"),),
        priority=5, channels=14, tries=4, budget=6000.0, goal=("offer_accepted", 900),
        arms=(("A", "solar-leo", 50.0), ("B", "solar-mia", 50.0)),
        moves=(MoveSpec(_days(-9), "weigh", "operator", {"did_id": 4, "weight": 2.0}),),
    ),
    CampaignSpec(
        "sydney", "northwind", "Sydney desk: supply contracts", "desk-ruby", "Australia/Sydney", _days(-12),
        Traits(answer_rate=0.31, talk_seconds=90, countries={"AU": 1.0}, contacts_per_day=70),
        (("syd-1", 1),), (Hours(WORKDAYS, time(9), time(17)),),
        (ListSpec(_days(-12), 300, "sydney_contracts.csv"),), channels=4,
    ),
    CampaignSpec(
        "nightshift", "northwind", "Night shift recruiting", "recruit-sam", "America/New_York", _days(-11),
        Traits(answer_rate=0.42, talk_seconds=65, goal_label="interview_booked", contacts_per_day=60),
        (("ny-3", 1), ("tor-1", 1)), (Hours(WEEK, time(22), time(4)),),
        (ListSpec(_days(-11), 250, "night_shift.csv"),), channels=4, goal=("interview_booked", 250),
    ),
    CampaignSpec(
        "winback", "northwind", "Winter win-back", "winback-joy", "America/Denver", _days(-3.4),
        Traits(answer_rate=0.22, talk_seconds=80), (("den-1", 2), ("la-1", 1)), _DAYTIME,
        (ListSpec(_days(-3.4), 1800, "winback_2024_lapsed.csv"),), channels=6, per_minute=8,
        moves=(MoveSpec(_days(-2.2), "pause", "j.ortiz", {"reason": "Script under legal review"}),),
    ),
    CampaignSpec(
        "survey", "northwind", "Customer satisfaction survey", "survey-kim", "America/New_York", _days(-10),
        Traits(answer_rate=0.29, talk_seconds=130), (("ny-1", 1), ("chi-1", 1)), _DAYTIME,
        (ListSpec(_days(-10), 900, "csat_q3.csv"),), priority=3, channels=6, budget=95.0,
    ),
    CampaignSpec(
        "earlybird", "northwind", "Early bird tariff", "tariff-max", "America/Chicago", _days(3),
        Traits(), (("chi-1", 1), ("chi-2", 1)), _OFFICE,
        (ListSpec(_days(-1), 600, "early_bird.csv"),), channels=8, budget=900.0,
    ),
    CampaignSpec(
        "onboarding", "northwind", "Autumn onboarding calls", "onboard-eve", "America/New_York", _days(-13.5),
        Traits(answer_rate=0.5, talk_seconds=70), (("ny-2", 1), ("tor-1", 1)), _DAYTIME,
        (ListSpec(_days(-13.5), 1000, "onboarding_autumn.csv"),), channels=8, expires=_days(-3),
    ),
    CampaignSpec(
        "greetings", "northwind", "Holiday greetings (draft)", "greet-noa", "America/New_York", None,
        Traits(), (("ny-1", 1),), _OFFICE,
    ),
    CampaignSpec(
        "renewals", "harbour", "Policy renewals", "renewal-ida", "Europe/Berlin", _days(-13),
        Traits(answer_rate=0.33, talk_seconds=115, goal_rate=0.35, goal_label="renewed", countries=_GERMAN,
               contacts_per_day=150, ai_per_minute=0.085, carrier_per_minute=0.019),
        (("ber-1", 3), ("ber-2", 2), ("fra-1", 2), ("muc-1", 1), ("ham-1", 1)), _OFFICE,
        (ListSpec(_days(-13), 1500, "renewals_q4.csv"),),
        priority=6, channels=14, tries=4, match_country=True, currency="EUR", budget=5000.0,
        goal=("renewed", 1200), moves=(
            *closed(_days(-8.3), 11, "Regional holiday"),
            _set(_days(-4), max_channels=10), _set(_days(-3.5), max_channels=14),
        ),
    ),
    CampaignSpec(
        "claims", "harbour", "Claims follow-up, round the clock", "claims-tom", "Europe/London", _days(-14),
        Traits(answer_rate=0.44, talk_seconds=120, goal_rate=0.5, goal_label="documents_promised",
               countries={"GB": 1.0}, contacts_per_hour=11, ai_per_minute=0.075, carrier_per_minute=0.011,
               retry_minutes={NO_ANSWER: 60, BUSY: 10, VOICEMAIL: 120, REJECTED: 240}),
        (("ldn-1", 1), ("ldn-2", 1)), None,
        (ListSpec(_days(-14), 120, "claims_open.csv"),),
        priority=7, channels=8, match_country=True, currency="GBP", goal=("documents_promised", 2000),
    ),
    CampaignSpec(
        "reengage", "harbour", "Large re-engagement", "reengage-pia", "Europe/Berlin", _days(-12),
        Traits(answer_rate=0.2, talk_seconds=60, countries=_GERMAN, contacts_per_day=0,
               carrier_per_minute=0.019),
        (("ber-2", 1), ("fra-1", 1), ("muc-1", 1), ("col-1", 1)), _DAYTIME,
        (ListSpec(_days(-12), 4500, "reengage_all.csv"),), priority=2, channels=5, per_minute=1,
        currency="EUR",
    ),
    CampaignSpec(
        "pilot", "harbour", "Pilot: five contacts", "pilot-uma", "Europe/Berlin", timedelta(minutes=-50),
        Traits(answer_rate=0.15, talk_seconds=90, countries=_GERMAN,
               retry_minutes={NO_ANSWER: 40, BUSY: 25, VOICEMAIL: 60, REJECTED: 60}),
        (("ber-1", 1),), None, (ListSpec(timedelta(minutes=-55), 5, "pilot.csv"),),
        channels=1, tries=4, currency="EUR",
    ),
    CampaignSpec(
        "crosssell", "harbour", "Motor cross-sell", "motor-ben", "Europe/Berlin", _days(-1.5),
        Traits(answer_rate=0.28, countries=_GERMAN), (("fra-1", 1), ("muc-1", 1)), None,
        (ListSpec(_days(-1.6), 260, "motor_part1.csv"),
         ListSpec(_days(-1.45), 4100, "motor_part2.csv", error="row 1367: column 'phone' is missing")),
        channels=5, currency="EUR",
    ),
    CampaignSpec(
        "oldtariff", "harbour", "Old tariff notice", "notice-gus", "Europe/Berlin", _days(-6.2),
        Traits(answer_rate=0.3, countries=_GERMAN), (("ber-1", 1), ("muc-1", 1)), _OFFICE,
        (ListSpec(_days(-6.2), 1500, "old_tariff.csv"),), channels=4, currency="EUR",
        moves=(MoveSpec(_days(-5), "cancel", "m.lang", {"reason": "Notice no longer needed"}),),
    ),
    CampaignSpec(
        # People take these calls: they have shifts and breaks, and now and then nobody is free.
        "desk", "harbour", "Claims desk: people call back", None, "Europe/Berlin", _days(-2.5),
        Traits(answer_rate=0.4, talk_seconds=150, goal_rate=0.45, goal_label="claim_settled", countries=_GERMAN,
               contacts_per_hour=50, silent_rate=0.0, ai_per_minute=0.0, carrier_per_minute=0.019,
               breaks=(Break(time(10, 30), 15, "coffee"), Break(time(12, 45), 40, "lunch"))),
        (("desk-1", 1), ("desk-2", 1)), _DAYTIME,
        (ListSpec(_days(-2.5), 200, "callbacks.csv"),),
        priority=6, channels=12, tries=3, currency="EUR", goal=("claim_settled", 1500),
        crew=CrewSpec(4, 1.4, Hours(WEEK, time(8, 30), time(19, 30))),
    ),
)  # fmt: skip

DEMO = WorldSpec(_ACCOUNTS, _TRUNKS, _DIDS, _CAMPAIGNS)

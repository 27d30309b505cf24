"""A platform on which nothing goes wrong: nights, weekends, ramps, tails, pauses, caps reached as planned."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from exporter.demo.platform.model import BUSY, NO_ANSWER, REJECTED, VOICEMAIL
from exporter.demo.platform.traits import Break, Traits
from exporter.demo.platform.world import (
    WEEK,
    WORKDAYS,
    AccountSpec,
    CampaignSpec,
    CrewSpec,
    DidSpec,
    Hours,
    ListSpec,
    MoveSpec,
    TrunkSpec,
    WorldSpec,
    closed,
)

START = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
"""A Wednesday night; clocks change in New York four days later, in Berlin after 25 and in Sydney after 31."""

_DAYTIME = (Hours(WEEK, time(8), time(20)),)
_OFFICE = (Hours(WORKDAYS, time(9), time(12)), Hours(WORKDAYS, time(13), time(18)), Hours(("sat",), time(10), time(14)))
_BREAKS = (Break(time(10, 30), 15, "coffee"), Break(time(12, 30), 45, "lunch"), Break(time(15, 0), 15, "coffee"))
_GERMAN = {"DE": 1.0}
_QUICK = {NO_ANSWER: 25.0, BUSY: 6.0, VOICEMAIL: 45.0, REJECTED: 60.0}


def world(days: float) -> WorldSpec:
    """The world whose history begins `days` before its origin."""

    def day(number: float) -> timedelta:
        """A moment so many days after the beginning."""
        return timedelta(days=number - days)

    def set_(at: float, **settings: object) -> MoveSpec:
        return MoveSpec(day(at), "set", "operator", settings)

    campaigns = (
        CampaignSpec(
            "clock", "east", "Round the clock", "agent", "America/New_York", day(0),
            Traits(answer_rate=0.45, talk_seconds=80, contacts_per_hour=40, retry_minutes=_QUICK),
            (("free-1", 2), ("free-2", 1)), None, (ListSpec(day(0), 60, "clock.csv"),), priority=8, channels=12,
            moves=(MoveSpec(day(2.4), "pause", "operator", {"reason": "Lunch for the supervisors"}),
                   MoveSpec(day(2.45), "resume"), *closed(day(9.5), 30, "Public holiday")),
        ),
        CampaignSpec(
            "office", "west", "Office hours, a list every morning", "agent", "Europe/Berlin", day(0.2),
            Traits(answer_rate=0.33, countries=_GERMAN, contacts_per_day=220), (("ber-1", 3), ("ber-2", 2)), _OFFICE,
            (ListSpec(day(0.1), 500, "office.csv"),), priority=6, channels=10, tries=4, match_country=True,
            currency="EUR", budget=100_000.0,
        ),
        CampaignSpec(
            "ramp", "east", "Ramps up day by day", "agent", "America/Chicago", day(1),
            Traits(answer_rate=0.3, contacts_per_day=250), (("chi-1", 1), ("chi-2", 1)), _DAYTIME,
            (ListSpec(day(1), 1500, "ramp.csv"),), priority=4, channels=1,
            moves=tuple(set_(at, max_channels=channels) for at, channels in ((2, 3), (3, 6), (5, 10), (12, 4))),
        ),
        CampaignSpec(
            "capped", "west", "More contacts than the numbers may call a day", "agent", "Europe/Berlin", day(0.5),
            Traits(answer_rate=0.25, talk_seconds=40, countries=_GERMAN, contacts_per_day=100),
            (("cap-1", 1), ("cap-2", 1)), _DAYTIME, (ListSpec(day(0.5), 2500, "capped.csv"),), priority=3, channels=6,
        ),
        CampaignSpec(
            "slow", "west", "A call a minute", "agent", "Europe/Berlin", day(0.3),
            Traits(answer_rate=0.2, countries=_GERMAN), (("ber-2", 1),), _DAYTIME,
            (ListSpec(day(0.3), 4000, "slow.csv"),), priority=2, channels=4, per_minute=1,
        ),
        CampaignSpec(
            "tail", "east", "Runs out and ends by itself", "agent", "America/New_York", day(1.2),
            Traits(answer_rate=0.4), (("chi-1", 1),), _DAYTIME, (ListSpec(day(1.1), 700, "tail.csv"),), channels=8,
        ),
        CampaignSpec(
            "pilot", "west", "Five contacts", "agent", "Europe/Berlin", day(1.4),
            Traits(answer_rate=0.15, countries=_GERMAN, retry_minutes=_QUICK), (("ber-1", 1),), None,
            (ListSpec(day(1.39), 5, "pilot.csv"),), channels=1, tries=4,
        ),
        CampaignSpec(
            "night", "east", "Over midnight", "agent", "America/New_York", day(0.1),
            Traits(answer_rate=0.42, contacts_per_day=60), (("free-1", 1),), (Hours(WEEK, time(22), time(4)),),
            (ListSpec(day(0.1), 200, "night.csv"),), channels=4,
        ),
        CampaignSpec(
            "sydney", "east", "On the other side of the world", "agent", "Australia/Sydney", day(0.1),
            Traits(answer_rate=0.31, countries={"AU": 1.0}, contacts_per_day=70), (("syd-1", 1),),
            (Hours(WORKDAYS, time(9), time(17)),), (ListSpec(day(0.1), 300, "sydney.csv"),), channels=4,
        ),
        CampaignSpec(
            "later", "east", "Starts later and expires", "agent", "America/Denver", day(3),
            Traits(answer_rate=0.3), (("chi-2", 1),), _DAYTIME, (ListSpec(day(0.2), 6000, "later.csv"),), channels=5,
            expires=day(12),
        ),
        CampaignSpec(
            "feed", "west", "A contact now and then", "agent", "Europe/London", day(0.1),
            Traits(answer_rate=0.44, countries={"GB": 1.0}, contacts_per_hour=4), (("ldn-1", 1),), None,
            (ListSpec(day(0.1), 10, "feed.csv"),), priority=7, channels=3, match_country=True,
        ),
        CampaignSpec(
            "desk", "west", "People call back: shifts, breaks, a window that is wider", None, "Europe/Berlin", day(0.1),
            Traits(answer_rate=0.38, talk_seconds=130, countries=_GERMAN, contacts_per_hour=25, silent_rate=0.0,
                   ai_per_minute=0.0, breaks=_BREAKS), (("ber-1", 1), ("ber-2", 1)), _DAYTIME,
            (ListSpec(day(0.1), 100, "desk.csv"),), priority=6, channels=6,
            crew=CrewSpec(4, 1.2, Hours(WORKDAYS, time(8, 30), time(17, 30))),
        ),
        CampaignSpec(
            "lone", "east", "One person calls back, and is away at noon", None, "America/New_York", day(0.1),
            Traits(answer_rate=0.35, talk_seconds=240, contacts_per_hour=3, silent_rate=0.0, ai_per_minute=0.0,
                   breaks=_BREAKS), (("chi-2", 1),), (Hours(WORKDAYS, time(9), time(17)),),
            (ListSpec(day(0.1), 60, "lone.csv"),), priority=5, channels=2,
            crew=CrewSpec(1, 1.0, Hours(WORKDAYS, time(9), time(17))),
        ),
    )  # fmt: skip
    return WorldSpec(
        (
            AccountSpec("east", "East", "America/New_York", 26, 2500.0),
            AccountSpec("west", "West", "Europe/Berlin", 20, 1800.0),
        ),
        (
            TrunkSpec("east-1", "east", "tellus", 20, 8), TrunkSpec("east-2", "east", "carrierone", 12, 5),
            TrunkSpec("west-1", "west", "rheinvoice", 16, 6), TrunkSpec("west-2", "west", "carrierone", 10, 4),
        ),
        (
            DidSpec("free-1", "east-1", "+12025550101", "US", None, spacing=0),
            DidSpec("free-2", "east-2", "+12025550102", "US", None, spacing=0),
            DidSpec("chi-1", "east-1", "+17735550121", "US", 600),
            DidSpec("chi-2", "east-2", "+17735550122", "US", 600),
            DidSpec("syd-1", "east-2", "+61255500161", "AU", 260),
            DidSpec("ber-1", "west-1", "+493023125171", "DE", 900),
            DidSpec("ber-2", "west-2", "+493023125172", "DE", 900),
            DidSpec("cap-1", "west-1", "+493023125173", "DE", 60),
            DidSpec("cap-2", "west-2", "+493023125174", "DE", 60),
            DidSpec("ldn-1", "west-1", "+442079460191", "GB", 500),
        ),
        campaigns,
    )  # fmt: skip

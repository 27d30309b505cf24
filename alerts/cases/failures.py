"""Cases of calls that fail, and of conversations that do not come about."""

from __future__ import annotations

from alerts.cases.case import Case, Subject, Told
from alerts.cases.series import (
    Series,
    attempts,
    counter,
    down,
    info,
    number,
    outcomes,
    replicas,
    series,
    steady,
    verdict,
)

_DIALS = verdict("dialing")
BURST = Subject("CampaignFailureBurst", "critical")


def _errors(values: str, code: str = "503", fault: str = "provider_error", provider: str = "acme") -> Series:
    return series("campaign_call_errors_total", values, provider=provider, code=code, fault=fault)


_BREAKS = (outcomes(answered=counter((10, 20), (0, 60)), failed=counter((0, 20), (10, 20), (0, 40))),
           _errors(counter((0, 20), (8, 20), (0, 40))), _errors(counter((0, 20), (2, 20), (0, 40)), "404",
                                                                "invalid_number"), _DIALS, info())  # fmt: skip


def _burst(share: str, *codes: str) -> str:
    return (f"{share} of the calls of Spring offer (c1) fail. It is dialing. Most errors within 15 minutes: "
            f"{', '.join(codes)}.")  # fmt: skip


_AT_23 = BURST.told(_burst("60%", "503 of acme (24)", "404 of acme (6)"))

_LINES = (
    series("campaign_number_info", steady(1), number="n1", phone="+49…11", label="", country="DE", connection="k1"),
    series("campaign_connection_info", steady(1), connection="k1", provider="acme"),
)
_CALLS = number("n1", answered=counter((10, 20), (0, 60)), failed=counter((0, 20), (10, 60)))
_OF_FAULT = _errors(counter((0, 20), (10, 60)))
_FAIL = outcomes(answered=counter((10, 20), (0, 60)), failed=counter((0, 20), (10, 60)))


def _fails_one(*phases: tuple[float, int], calls: float = 10, others: str = "") -> tuple[Series, ...]:
    """A provider that fails these shares of one campaign's calls, and carries 200 a minute of another one."""
    failed = counter(*((calls * share, minutes) for share, minutes in phases))
    answered = counter(*((calls * (1 - share), minutes) for share, minutes in phases))
    return (
        *outcomes(answered=answered, failed=failed), *number("n1", answered=answered, failed=failed),
        *number("n2", campaign="c2", answered=others or counter((200, 90))), _errors(failed), *_LINES, _SECOND, info(),
    )  # fmt: skip


_SECOND = series("campaign_number_info", steady(1), number="n2", phone="", label="", country="DE", connection="k1")


def _undiagnosed(share: str, *codes: str) -> Told:
    return BURST.told(_burst(share, *codes).replace("dialing", "not judged"))


def _rarely(before: float, then: float, calls: float = 3) -> tuple[Series, ...]:
    """Three hours in which this share of calls fails, and another one from then on."""
    shares = ((before, 180), (then, 60))
    return *outcomes(
        answered=counter(*((calls * (1 - share), minutes) for share, minutes in shares)),
        failed=counter(*((calls * share, minutes) for share, minutes in shares)),
    ), info()  # fmt: skip


_UNNOTICED = {"29m": (), "30m": (_undiagnosed("66.67%", "503 of acme (100)"),)}

_BURSTS = (
    BURST.fires("ten calls a minute fail after a time in which none did: told after three minutes", _BREAKS,
                at={"20m": (), "22m": (), "23m": (_AT_23,),
                    "25m": (BURST.told(_burst("100%", "503 of acme (40)", "404 of acme (10)")),)}),
    BURST.fires("ids with quotes and patterns find their own errors only",
                *(series("campaign_calls_total", counter((10, 30)), outcome="failed", campaign='x"|.*'),
                  series("campaign_call_errors_total", counter((10, 30)), campaign='x"|.*', provider='a"c', code="500",
                         fault="provider_error"), _errors(counter((50, 30)))),
                at={"20m": (BURST.told('100% of the calls of x"|.* fail. It is not judged. Most errors within 15 '
                                       'minutes: 500 of a"c (150).', campaign='x"|.*'),)}),
    BURST.fires("half of three calls a minute fail, of a campaign of which one in a hundred does", _rarely(0.01, 0.5),
                at={"188m": (),
                    "190m": (BURST.told("33.67% of the calls of Spring offer (c1) fail. It is not judged."),)}),
    BURST.edge("a third of thirty calls a minute fail, of a campaign of which 15 % do: that may be a bad hour",
               _rarely(0.15, 0.33, calls=30), at=("190m", "195m", "205m", "220m")),
    BURST.edge("all of six calls fail, of a campaign of which none did: below the smallest sample",
               outcomes(answered=counter((3, 180), (0, 60)), failed=counter((0, 180), (0.4, 60))), info(),
               at=("185m", "190m", "195m")),
    BURST.edge("30 % fail, and more is needed", outcomes(answered=counter((7, 120)), failed=counter((3, 120))), info(),
               at=("15m", "65m")),
    BURST.edge("a provider fails them, and it is known whose calls are whose: that is one alert, of the provider",
               _FAIL, _CALLS, _OF_FAULT, _LINES, info(), at=("23m", "35m", "60m")),
    BURST.edge("a provider fails nine of ten calls, and the tenth is too few, in an hour as well",
               outcomes(answered=counter((10, 20), (0, 90)), failed=counter((0, 20), (10, 90))),
               number("n1", answered=counter((10, 20), (0, 90)), failed=counter((0, 20), (10, 90))),
               _errors(counter((0, 20), (9, 90))), _LINES, info(), at=("35m", "60m", "80m", "105m")),
    BURST.edge("all of 9 calls in an hour fail: below the smallest sample",
               outcomes(failed=counter((9 / 60, 180)), answered=counter((0, 180))), info(), at=("60m", "65m")),
    BURST.edge("8 of 21 calls in an hour: that may be chance",
               outcomes(failed=counter((8 / 60, 180)), answered=counter((13 / 60, 180))), info(), at=("60m", "65m")),
    BURST.fires("six of ten calls fail for other reasons than a provider's",
                _FAIL, _CALLS, _errors(counter((0, 20), (4, 60))),
                _errors(counter((0, 20), (6, 60)), "404", "invalid_number"), _LINES, info(),
                at={"24m": (), "25m": (_undiagnosed("60%", "404 of acme (30)", "503 of acme (20)"),)}),
    BURST.fires("a provider fails all calls of one campaign, which goes unnoticed among those of another: told when "
                "that was so eight minutes ago", _fails_one((0, 20), (1, 60)), at=_UNNOTICED),
    BURST.edge("a provider fails 30 % of one campaign's calls unnoticed, and more is needed", _fails_one((0.3, 80)),
               at=("30m", "60m", "75m")),
    BURST.edge("a provider fails one campaign unnoticed for five minutes", _fails_one((0, 20), (1, 5), (0, 60)),
               at=("28m", "30m", "33m", "40m")),
    BURST.edge("a provider fails 9 calls of one campaign in a quarter of an hour unnoticed: below the smallest sample",
               _fails_one((1, 80), calls=0.6), at=("20m", "30m", "60m")),
    BURST.also("two replicas count unnoticed failures once", replicas(_fails_one((0, 20), (1, 60))), at=_UNNOTICED),
    BURST.also("a provider that was told of hides its failures of one campaign until it is well for an hour",
               _fails_one((0, 20), (1, 150), others=counter((0, 40), (200, 130))),
               at={"30m": (), "60m": (), "101m": (), "102m": (_undiagnosed("100%", "503 of acme (150)"),)}),
    BURST.also("few failed in the last quarter of an hour, after many in which all did: it stays ten minutes",
               outcomes(answered=counter((0, 40), (1, 120)), failed=counter((1, 40), (0, 120))), info(),
               at={"40m": (BURST.told("100% of the calls of Spring offer (c1) fail. It is not judged."),),
                   "58m": (BURST.told("80% of the calls of Spring offer (c1) fail. It is not judged."),),
                   "63m": ()}),
    BURST.no_data("no call is counted", _DIALS, info(), at=("15m", "30m")),
    BURST.also("two replicas count each call once", replicas(_BREAKS), at={"23m": (_AT_23,)}),
    BURST.also("Prometheus was down for an hour while calls went on as before",
               outcomes(answered=counter((8, 60), down(8, 60), (8, 90)), failed=counter((2, 60), down(2, 60), (2, 90))),
               info(), at={"119m": (), "121m": (), "122m": (), "126m": (), "136m": (), "150m": ()}),
    BURST.also("counters begin again from what is left in the database: the share is as before",
               outcomes(answered=counter((8, 60)) + " " + counter((8, 60), start=400),
                        failed=counter((2, 60)) + " " + counter((2, 60), start=100)), info(),
               at={"61m": (), "63m": (), "66m": (), "76m": ()}),
    BURST.also("a campaign that leaves takes the alert with it, after the ten minutes that it stays",
               outcomes(failed=counter((10, 30)) + " stale"), info(),
               at={"30m": (BURST.told("100% of the calls of Spring offer (c1) fail. It is not judged."),), "120m": ()}),
)  # fmt: skip

FAILING = Subject("CampaignProviderFailing", "critical", ("tenant", "provider"), provider="acme", gate="provider")
THROTTLING = Subject("CampaignProviderThrottling", "warning", ("tenant", "provider"), provider="acme")
_FAILS = (FAILING.told("60% of the calls of tenant t1 over acme fail for reasons of the provider. "
                       "Most errors within 15 minutes: 503 (30)."),)  # fmt: skip


def _slowed(rate: float) -> tuple[Series, ...]:
    return (
        *number("n1", answered=counter((10, 20), (10 - rate, 60)), failed=counter((0, 20), (rate, 60))),
        _errors(counter((0, 20), (rate, 60)), "429", "provider_throttled"),
    )


def _few(failed: float, of: float = 0) -> tuple[Series, ...]:
    """So many calls within 15 minutes that a provider fails, of so many, or of no others."""
    fails = counter((failed / 15, 120))
    return *number("n1", failed=fails, answered=counter((max(0, of - failed) / 15, 120))), _errors(fails), *_LINES


def _all_fail(errors: int) -> str:
    return ("100% of the calls of tenant t1 over acme fail for reasons of the provider. Most errors within 15 minutes: "
            f"503 ({errors}).")  # fmt: skip


_SHUT = verdict("blocked", "provider", "provider_error")

_PROVIDERS = (
    FAILING.fires("ten calls a minute fail, and the code is a provider's", _CALLS, _OF_FAULT, _LINES,
                  at={"22m": (), "23m": _FAILS}),
    FAILING.edge("30 % fail, and more is needed",
                 number("n1", answered=counter((7, 120)), failed=counter((3, 120))), _errors(counter((3, 120))), _LINES,
                 at=("15m", "65m")),
    FAILING.fires("all of six calls within 15 minutes", _few(6),
                  at={"12m": (), "30m": (FAILING.told(_all_fail(6)),)}),
    FAILING.edge("all of four calls within 15 minutes: below the smallest sample, and nobody is blocked by a provider",
                 _few(4), at=("15m", "30m")),
    FAILING.edge("a campaign is blocked by a provider, and half of eight calls fail",
                 _few(4, of=8), _SHUT, at=("15m", "30m")),
    FAILING.edge("a campaign is blocked by a provider, and two calls failed within 15 minutes", _few(2), _SHUT,
                 at=("15m", "30m")),
    FAILING.edge("numbers that do not exist are not the provider's fault",
                 _CALLS, _errors(counter((0, 20), (10, 60)), "404", "invalid_number"), _LINES, at=("23m", "40m")),
    FAILING.no_data("connections are not told: there is no relation of them", _CALLS, _OF_FAULT, _LINES[0],
                    at=("23m", "40m")),
    FAILING.no_data("no error is counted", _CALLS, _LINES, at=("23m", "40m")),
    FAILING.also("three calls within 15 minutes will do where a campaign is blocked by a provider", _few(3), _SHUT,
                 at={"20m": (FAILING.told(_all_fail(3)),)}),
    FAILING.also("two replicas count each call once", replicas(_CALLS, _OF_FAULT, _LINES), at={"23m": _FAILS}),
    FAILING.also("a number that is moved to another connection of the provider counts once", _CALLS, _OF_FAULT, _LINES,
                 series("campaign_number_info", steady(1), number="n1", phone="+49…11", label="", country="DE",
                        connection="k2", instance="b:10517"),
                 series("campaign_connection_info", steady(1), connection="k2", provider="acme"), at={"23m": _FAILS}),
    THROTTLING.fires("a fifth of the calls is refused as too many", _slowed(2), _LINES,
                     at={"33m": (), "35m": (THROTTLING.told("acme refuses 20% of the calls of tenant t1 as too many. "
                                                            "Most errors within 15 minutes: 429 (30)."),)}),
    THROTTLING.edge("a tenth of the calls, and more is needed", _slowed(1), _LINES, at=("35m", "60m")),
    THROTTLING.edge("all of four calls within 15 minutes: below the smallest sample",
                    number("n1", failed=counter((4 / 15, 120))),
                    _errors(counter((4 / 15, 120)), "429", "provider_throttled"), _LINES, at=("15m", "30m")),
    THROTTLING.no_data("no error is counted", _CALLS, _LINES, at=("35m", "60m")),
)  # fmt: skip

SILENT = Subject("CampaignAgentSilent", "critical")
ABANDONED = Subject("CampaignAbandonedCalls", "warning", managers="true")
SHORT = Subject("CampaignShortCalls", "warning")
NEGATIVE = Subject("CampaignSentimentNegative", "info")
RETRIES = Subject("CampaignRetriesOnlyCost", "warning", managers="true")


def _silent(*phases: tuple[float, int], of: float = 10) -> tuple[Series, ...]:
    minutes = sum(each[1] for each in phases)
    return (*outcomes(answered=counter((of, minutes))), series("campaign_calls_silent_total", counter(*phases)),
            _DIALS, info())  # fmt: skip


def _short(share: float) -> tuple[Series, ...]:
    return (series("campaign_call_talk_seconds_bucket", counter((10 * share, 120)), le="6.0"),
            series("campaign_call_talk_seconds_count", counter((10, 120))), info())  # fmt: skip


def _late(answered: str | None, calls: float = 9.9) -> tuple[Series, ...]:
    rest = {} if answered is None else {"answered": answered}
    return (*attempts("1", answered=counter((5, 120)), no_answer=counter((5, 120))),
            *attempts("3", no_answer=counter((calls, 120)), **rest), info())  # fmt: skip


def _moods(negative: float, rest: float) -> tuple[Series, ...]:
    return (series("campaign_call_sentiment_total", counter((negative, 90)), sentiment="negative"),
            series("campaign_call_sentiment_total", counter((rest, 90)), sentiment="neutral"), info())  # fmt: skip


_HALF_SILENT = SILENT.told("In 50% of the answered calls of Spring offer (c1) the agent never spoke. It is dialing.")

_CONVERSATIONS = (
    SILENT.fires("in half of the answered calls the agent says nothing", _silent((0, 20), (5, 60)),
                 at={"20m": (), "22m": (), "25m": (_HALF_SILENT,)}),
    SILENT.edge("a tenth, and more is needed", _silent((1, 120)), at=("15m", "65m")),
    SILENT.edge("all of 9 answered calls in an hour: below the smallest sample",
                _silent((9 / 60, 180), of=9 / 60), at=("60m", "65m")),
    SILENT.no_data("whether the agent spoke is not told", outcomes(answered=counter((10, 120))), info(),
                   at=("15m", "30m")),
    SILENT.also("two replicas count each call once", replicas(_silent((0, 20), (5, 60))), at={"25m": (_HALF_SILENT,)}),
    SILENT.also("it stays for ten minutes after a quarter of an hour with few, and is then over",
                _silent((5, 30), (0, 120)),
                at={"30m": (_HALF_SILENT,),
                    "50m": (SILENT.told(_HALF_SILENT.description.replace("50%", "36.59%")),), "60m": ()}),
    ABANDONED.fires("three of ten answered calls for an hour", _silent((3, 120)),
                    at={"15m": (), "60m": (ABANDONED.told("In 30% of the answered calls of Spring offer (c1) within "
                                                          "six hours the agent never spoke."),)}),
    ABANDONED.edge("a fifth, and more is needed", _silent((2, 120)), at=("60m",)),
    ABANDONED.no_data("whether the agent spoke is not told", outcomes(answered=counter((10, 120))), info(),
                      at=("60m",)),
    SHORT.fires("three of ten answered calls end within six seconds", _short(0.3),
                at={"30m": (SHORT.told("30% of the answered calls of Spring offer (c1) ended within six seconds."),)}),
    SHORT.edge("15 %, and more is needed", _short(0.15), at=("30m", "65m")),
    SHORT.no_data("talk time is not told", outcomes(answered=counter((10, 120))), info(), at=("30m", "65m")),
    NEGATIVE.fires("three of four scored calls are negative", _moods(3, 1),
                   at={"65m": (NEGATIVE.told("75% of the scored calls of Spring offer (c1) within an hour were "
                                             "negative."),)}),
    NEGATIVE.edge("half of the scored calls, and more is needed", _moods(0.5, 0.5), at=("65m", "85m")),
    NEGATIVE.edge("9 scored calls in an hour: below the smallest sample", _moods(9 / 60, 0), at=("65m", "85m")),
    NEGATIVE.no_data("calls are not scored", outcomes(answered=counter((10, 90))), info(), at=("65m", "85m")),
    RETRIES.fires("one of a hundred third attempts is answered, for an hour from the 200th on",
                  _late(counter((0.1, 120))),
                  at={"75m": (), "90m": (RETRIES.told("Third and later attempts of Spring offer (c1) were answered in "
                                                      "1% of the cases within a day."),)}),
    RETRIES.fires("no third attempt was ever answered, so nothing counts such answers", _late(None),
                  at={"90m": (RETRIES.told("Third and later attempts of Spring offer (c1) were answered in 0% of the "
                                           "cases within a day."),)}),
    RETRIES.edge("one of fifty, and less is needed", _late(counter((0.21, 120))), at=("90m",)),
    RETRIES.edge("199 third attempts within a day: below the smallest sample", _late(counter((0.01, 120)), 199 / 120),
                 at=("90m",)),
    RETRIES.no_data("no third attempt was made", attempts("1", answered=counter((5, 120)), busy=counter((5, 120))),
                    info(), at=("90m",)),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_BURSTS, *_PROVIDERS, *_CONVERSATIONS)

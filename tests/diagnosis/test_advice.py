"""The first hint as metrics bear it: the card's words, and figures that do not make a new series at each refresh."""

from __future__ import annotations

from dataclasses import replace

from exporter.diagnosis.advice import AT_ONCE, FIGURES_SECONDS, LONGEST, Advice, advice, aging, first, words
from exporter.diagnosis.dispatch.evidence import evidence
from exporter.diagnosis.dispatch.situation import Situation
from exporter.diagnosis.dispatch.verdict import diagnose
from tests.diagnosis.dispatch import situations as at


def failing(settled: int, now: float = at.NOW) -> Situation:
    """So many calls of the last minutes, and all of them failed at the provider."""
    s = at.situation()
    calls = replace(s.calls, settled=settled, errors={("acme", "sip_503"): settled})
    return replace(s, now=now, calls=calls)


def said(s: Situation, before: Advice | None = None) -> Advice:
    return first(s, diagnose(s), None, before)


def test_it_is_the_cards_first_hint_with_the_evidence_of_the_binding_gate() -> None:
    s = failing(30)
    d = diagnose(s)
    assert (d.verdict, d.binding) == ("blocked", "provider")
    assert said(s).hint == advice(s, d, None)[0]
    assert said(s).evidence == evidence(d.gate("provider"), s)
    assert "30 of the last 30 calls failed (100 %)" in said(s).evidence


def test_figures_that_move_are_renewed_after_a_while_only() -> None:
    before = said(failing(30))
    soon = said(failing(31, at.NOW + FIGURES_SECONDS - 1), before)
    assert (soon.hint, soon.evidence) == (before.hint, before.evidence)
    late = said(failing(31, at.NOW + FIGURES_SECONDS), soon)
    assert "31 of the last 31 calls" in late.evidence


def test_a_duration_is_a_figure_whatever_its_units() -> None:
    texts = ("opens at 22:00, in 4 h 53 min.", "opens at 22:00, in 5 h.", "opens at 22:00, in 59 s.")
    assert len({words(text) for text in texts}) == 1
    assert words("3 slots") != words("3 s")


def test_other_words_are_said_at_once() -> None:
    before = said(failing(30))
    assert said(at.situation(), before).hint == "Nothing: it is dialling."


def test_a_clock_that_was_set_back_does_not_keep_old_figures() -> None:
    before = said(failing(30))
    assert "31 of the last 31 calls" in said(failing(31, at.NOW - 1), before).evidence


def test_a_text_has_its_length() -> None:
    s = at.situation(campaign=at.campaign(status="paused", pause_reason="why " * 200))
    assert len(said(s).hint) == LONGEST
    assert said(s).hint.endswith("…")


def test_of_many_campaigns_the_longest_unasked_are_looked_at_first() -> None:
    known = [(str(number), Advice("", "", at.NOW - 100 - number, at.NOW)) for number in range(AT_ONCE + 5)]
    young = ("young", Advice("", "", at.NOW - 1, at.NOW))
    assert aging([young, ("over", None), *known], at.NOW) == {str(number) for number in range(5, AT_ONCE + 5)}

"""Whose fault a failed call is, by its error code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.contract.codes import BLOCKERS
from exporter.contract.error_codes import clean_error_code, fault_of


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("sip_429", "provider_throttled"),
        ("http 429", "provider_throttled"),
        ("rate_limited", "provider_throttled"),
        ("RateLimit", "provider_throttled"),
        ("TOO_MANY_REQUESTS", "provider_throttled"),
        ("throttled", "provider_throttled"),
        ("sip_401", "provider_auth"),
        ("sip_403", "provider_auth"),
        ("407 Proxy Authentication Required", "provider_auth"),
        ("auth_failed", "provider_auth"),
        ("invalid_credentials", "provider_auth"),
        ("network_unreachable", "network_blocked"),
        ("dns_failure", "network_blocked"),
        ("tls_handshake", "network_blocked"),
        ("connection_refused", "network_blocked"),
        ("sip_404", "invalid_number"),
        ("sip_486", "invalid_number"),
        ("603", "invalid_number"),
        ("sip_607", "invalid_number"),
        ("unallocated_number", "invalid_number"),
        ("user_busy", "invalid_number"),
        ("call_declined", "invalid_number"),
        ("no_answer", "invalid_number"),
        ("hangup", "invalid_number"),
        ("17", "invalid_number"),
        ("cause_17", "invalid_number"),
        ("Q.850;cause=17", "invalid_number"),
        ("error_17", "provider_error"),
        ("e1", "provider_error"),
        ("error_200", "provider_error"),
        ("timeout_200ms", "provider_error"),
        ("19", "invalid_number"),
        ("34", "provider_error"),
        ("38", "provider_error"),
        ("NORMAL_TEMPORARY_FAILURE", "provider_error"),
        ("sip_500", "provider_error"),
        ("sip_503", "provider_error"),
        ("timeout", "provider_error"),
        ("", "provider_error"),
        ("other", "provider_error"),
        ("\u05d7\u05d2", "provider_error"),
    ],
)
def test_a_code_names_whose_fault_it_is(code: str, fault: str) -> None:
    assert fault_of(code) == fault


@pytest.mark.parametrize("code", ["e14040", "x4290", "q_850_4299"])
def test_a_status_within_a_longer_number_is_none(code: str) -> None:
    assert fault_of(code) == "provider_error"


def test_a_status_says_more_than_the_words_around_it() -> None:
    assert fault_of("number_busy_429") == "provider_throttled"


def test_a_status_that_says_nothing_leaves_it_to_the_words() -> None:
    assert fault_of("sip_503_rate_limit") == "provider_throttled"


@given(st.text(max_size=64))
def test_any_text_is_placed(code: str) -> None:
    assert fault_of(code) in BLOCKERS


WORDS = {
    "HTTP 429 Too Many Requests": ("http_429", "provider_throttled"),
    "HTTP/1.1 429 Too Many Requests": ("http_429", "provider_throttled"),
    "429 Too Many Requests": ("429", "provider_throttled"),
    "Too Many Requests": ("too_many_requests", "provider_throttled"),
    "rate limit exceeded": ("rate_limit_exceeded", "provider_throttled"),
    "SIP 486 Busy Here": ("sip_486", "invalid_number"),
    "SIP/2.0 404 Not Found": ("sip_404", "invalid_number"),
    "Busy Here": ("busy_here", "invalid_number"),
    "503 Service Unavailable": ("503", "provider_error"),
    "Error code: 503 Service Unavailable": ("503", "provider_error"),
    "401 Unauthorized": ("401", "provider_auth"),
    "HTTP status 403": ("http_403", "provider_auth"),
    "The rate limit of this account was exceeded": ("provider_throttled", "provider_throttled"),
    "Somebody tripped over a cable again": ("other", "provider_error"),
    "Timeout after 30 s": ("other", "provider_error"),
    "486": ("486", "invalid_number"),
    "SIP_503": ("SIP_503", "provider_error"),
    "HTTP 429 for +49 151 2345678": ("other", "provider_error"),
}


@pytest.mark.parametrize("text", WORDS)
def test_an_error_in_words_has_a_short_label_that_names_the_same_fault(text: str) -> None:
    label = clean_error_code(text)
    assert (label, fault_of(label)) == WORDS[text]


@given(st.text(max_size=100))
def test_the_label_of_an_error_has_no_space_in_it(text: str) -> None:
    label = clean_error_code(text)
    assert not any(map(str.isspace, label))
    assert clean_error_code(label) == label

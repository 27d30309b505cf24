"""What an error code of a failed call says: whose fault it is, as the blocker code of that fault."""

from __future__ import annotations

import re
from functools import lru_cache

THROTTLED, AUTH, NETWORK, ERROR = "provider_throttled", "provider_auth", "network_blocked", "provider_error"
DESTINATION = "invalid_number"
"""The number that was called is at fault, not who carried the call."""

_STATUS = re.compile(r"(?<!\d)[1-6]\d\d(?!\d)")
# SIP and HTTP share these: RFC 3261 section 21, RFC 6585 section 4 (429).
_BY_STATUS = {
    "429": THROTTLED,
    **dict.fromkeys(("401", "403", "407"), AUTH),
    **dict.fromkeys(("404", "410", "480", "484", "486", "487", "600", "603", "604", "607"), DESTINATION),
}
_BY_WORD = (
    (re.compile(r"throttl|rate.?limit|too.?many"), THROTTLED),
    (re.compile(r"auth|forbidden|credential|denied"), AUTH),
    (re.compile(r"network|unreach|dns|tls|refused|firewall|blocked"), NETWORK),
    (re.compile(r"unallocated|number|not.?found|destination|busy|declin|no.?answer|hang.?up|cancel"), DESTINATION),
)


@lru_cache(maxsize=4096)
def fault_of(code: str) -> str:
    """The fault that an error code names; what nobody can place is the provider's."""
    status = _STATUS.search(code)
    if status is not None and status[0] in _BY_STATUS:
        return _BY_STATUS[status[0]]
    text = code.lower()
    return next((fault for pattern, fault in _BY_WORD if pattern.search(text)), ERROR)

"""What the running exporter shows of a campaign, taken over HTTP; and the part of /metrics that concerns it."""

from __future__ import annotations

import base64
import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from exporter.config.listening import format_address, parse_listening
from exporter.errors import ConfigError

TIMEOUT_SECONDS = 5.0
MOST_BYTES = 200_000_000

_KEYS = {"campaign", "verdict", "gates", "at", "age_seconds", "stale"}
_VERDICT_KEYS = {"name", "meaning", "since", "clears_at", "hints"}
_GATE_KEYS = {"name", "state", "code", "binding", "evidence"}
"""What is needed of a card, whatever version of the exporter made it."""

_EVERYWHERE = {None: "127.0.0.1", "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class Served:
    """What came, and why the rest did not."""

    url: str
    metrics: str | None = None
    card: dict[str, Any] | None = None
    problem: str = ""


def address_of(listen: str) -> str:
    """Where an exporter that listens so can be asked from this host."""
    found = parse_listening(listen)
    if isinstance(found, Path):
        return listen
    host, port = found
    return f"http://{format_address(_EVERYWHERE.get(host, host), port)}"


def without_login(url: str) -> str:
    """The address as it may be written down."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def checked(url: str) -> str:
    """`--url` if it is one."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise ConfigError("--url: not an address; write http://HOST:PORT, such as http://127.0.0.1:10517")
    return url


def ask(url: str, campaign_id: str) -> Served:
    """The metrics and the card of a campaign from the exporter at this address."""
    if not urlsplit(url).netloc:
        return Served(url, problem=f"the exporter answers on {url}; name the address of a proxy before it with --url")
    shown = without_login(url)
    try:
        metrics = _get(url, "/metrics", "text/plain").decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Served(shown, problem=f"no exporter answers at {shown}: {_why(error)}")
    if "campaign_exporter_up" not in metrics:
        return Served(shown, problem=f"what answers at {shown} is not the exporter")
    try:
        card = json.loads(_get(url, f"/campaigns/{quote(campaign_id, safe='')}.json", "application/json"))
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        return Served(shown, metrics, problem=f"the exporter at {shown} gives no card: {_why(error)}")
    if not _is_card(card):
        return Served(shown, metrics, problem=f"the exporter at {shown} gives something that is no card")
    return Served(shown, metrics, card)


def _is_card(card: object) -> bool:
    if not isinstance(card, dict) or not card.keys() >= _KEYS:
        return False
    verdict, gates, campaign = card["verdict"], card["gates"], card["campaign"]
    return (
        isinstance(verdict, dict)
        and verdict.keys() >= _VERDICT_KEYS
        and isinstance(gates, list)
        and all(isinstance(gate, dict) and gate.keys() >= _GATE_KEYS for gate in gates)
        and isinstance(campaign, dict)
        and campaign.keys() >= {"name", "tenant"}
        and isinstance(campaign["tenant"], dict)
    )


def _get(url: str, path: str, accept: str) -> bytes:
    parts = urlsplit(url)
    headers = {"Accept": accept, "User-Agent": "campaign-exporter capture"}
    request = urllib.request.Request(without_login(url) + path, headers=headers)
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        # Not for whomever it may be redirected to.
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    # Straight there: an exporter is no site on the Internet, whatever proxies the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
        data: bytes = response.read(MOST_BYTES)
        return data


def _why(error: Exception) -> str:
    """One line that quotes nothing that was sent."""
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return getattr(cause, "strerror", None) or type(cause).__name__


_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_OWN = "campaign_exporter_"
Masked = Callable[[str, str], str]
"""The name and value of a label, to the value to be shown."""


def slice_of(metrics: str, campaign_id: str, tenant_id: str | None, masked: Masked) -> tuple[str, int]:
    """The series of one campaign, of its tenant, and of the exporter itself, and how many there are."""
    mine, ours = _label("campaign", campaign_id), _label("tenant", tenant_id or "")
    kept: list[str] = []
    header: list[str] = []
    series = 0
    for line in metrics.splitlines():
        if line.startswith("#"):
            if line.startswith("# HELP"):
                header = []
            header.append(line)
            continue
        wanted = (mine in line or (ours in line and 'campaign="' not in line)) if not line.startswith(_OWN) else True
        if not wanted:
            continue
        kept += header
        header = []
        series += 1
        kept.append(_LABEL.sub(lambda found: f'{found[1]}="{masked(found[1], found[2])}"', line))
    return "\n".join([*kept, ""]), series


def _label(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'{name}="{escaped}"'


def tenant_in(metrics: str, campaign_id: str) -> str | None:
    """The tenant of a campaign, as its series tell."""
    mine = _label("campaign", campaign_id)
    lines: Iterable[str] = (line for line in metrics.splitlines() if mine in line and not line.startswith("#"))
    for line in lines:
        for name, value in _LABEL.findall(line):
            if name == "tenant":
                return str(value)
    return None

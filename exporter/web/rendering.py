"""Cards and lists as HTML: the templates, and how they write times, counts and signs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup

from exporter import __version__
from exporter.contract import wording
from exporter.contract.codes import CAMPAIGN_STATUSES
from exporter.web.addresses import page_of
from exporter.web.cards.summary import Wanted
from exporter.web.cards.values import Json
from exporter.web.runbooks.placeholders import code_page

STYLE = (files("exporter.web") / "static" / "style.css").read_text(encoding="utf-8")
STYLE_VERSION = hashlib.sha256(STYLE.encode()).hexdigest()[:12]
STYLE_URL = f"static/style.css?{STYLE_VERSION}"
"""Another style has another address, so that browsers may keep it."""

NOT_KNOWN = "–"
SHOWN_CAMPAIGNS, SHOWN_NUMBERS, SHOWN_ATTEMPTS = 500, 100, 20
"""So many rows a page has at most; JSON has all."""

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "stalled": ("bad", "✕"),
        "blocked": ("bad", "✕"),
        "unknown": ("warn", "?"),
        "throttled": ("warn", "▽"),
        "waiting": ("idle", "◷"),
        "dialing": ("good", "✓"),
        "finished": ("soft", "■"),
    }
)
"""Of each verdict: its class in the style, and its sign."""

SORTED: Mapping[str, str] = MappingProxyType(
    {
        "worst": "the worst first",
        "name": "by name",
        "tenant": "by tenant",
        "since": "the longest so first",
        "progress": "the least progress first",
        "queued": "the most queued first",
        "calling": "the most calling first",
    }
)
"""The orders of `cards.summary.SORTS`, in words."""


def render_campaigns(data: Json, wanted: Wanted, tenants: Sequence[tuple[str, str]]) -> str:
    """The list as a page. `tenants`: ids and names to choose from."""

    def address(state: str, ending: str = "") -> str:
        asked = {"q": wanted.text, "tenant": wanted.tenant, "state": state}
        asked["sort"] = "" if wanted.sort == "worst" else wanted.sort
        query = urlencode({key: value for key, value in asked.items() if value})
        return f"./campaigns{ending}" + (f"?{query}" if query else "")

    return render(
        "campaigns.html",
        data=data,
        wanted=wanted,
        tenants=tenants,
        statuses=CAMPAIGN_STATUSES,
        sorts=SORTED,
        by_state={state: address(state) for state in ("", *data["counts"])},
        here=address(wanted.state),
        json_url=address(wanted.state, ".json"),
        cut=data["matching"] > len(data["campaigns"]),
    )


def render_card(data: Json, self_contained: bool = False) -> str:
    """A card as a page; `self_contained`: as a file that needs no server, with its style and without links to us."""
    key = data["campaign"]["id"]
    return render(
        "campaign.html",
        data=data,
        root="../",
        here=None if self_contained else f"../{page_of(key)}",
        json_url=f"../{page_of(key, '.json')}",
        shown_numbers=SHOWN_NUMBERS,
        shown_attempts=SHOWN_ATTEMPTS,
        self_contained=self_contained,
        inline_style=STYLE if self_contained else None,
    )


def render_message(title: str, texts: Sequence[str], root: str, links: Sequence[tuple[str, str]] = ()) -> str:
    """A page that says why there is nothing to show, and where to go on: `links` as seen from the first page."""
    return render("message.html", title=title, texts=texts, root=root, links=links)


def render_landing(**values: Any) -> str:
    """The first page."""
    return render("landing.html", **values)


def render(name: str, **values: Any) -> str:
    """A template's page. `root`: the way from it to the first page."""
    return _TEMPLATES.get_template(name).render(
        **{"version": __version__, "root": "./", "style_url": STYLE_URL, "inline_style": None, **values}
    )


def write(how: str, value: object, *more: object) -> str:
    """A value as templates write it with the filter of this name."""
    return str(_TEMPLATES.filters[how](value, *more))


# -- how templates write values -------------------------------------------------------------------------------


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def _clock(iso: str | None, at: str | None = None, zone: str | None = None) -> str:
    """A moment, with its date where it is not the day of `at`."""
    if iso is None:
        return NOT_KNOWN
    return wording.clock(_seconds(iso), None if at is None else _seconds(at), zone)


def _moment(iso: str) -> str:
    """A moment to the second, in UTC."""
    return iso.replace("T", " ").replace("Z", " UTC")


def _away(iso: str, at: str) -> str:
    """How far from `at` a moment is."""
    seconds = _seconds(iso) - _seconds(at)
    if abs(seconds) < 1:
        return "just now"
    return f"in {wording.duration(seconds)}" if seconds > 0 else f"{wording.duration(-seconds)} ago"


def _ahead(iso: str, at: str) -> str:
    """How long it takes until a moment that is to come."""
    seconds = _seconds(iso) - _seconds(at)
    return f"in {wording.duration(seconds)}" if seconds >= 1 else "any moment"


def _duration(seconds: float | None) -> str:
    return NOT_KNOWN if seconds is None else wording.duration(seconds)


def _count(value: float | None) -> str:
    return NOT_KNOWN if value is None else f"{value:,.0f}"


def _figure(value: float | None) -> str:
    """A number with as many decimals as tell something."""
    if value is None:
        return NOT_KNOWN
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 0.1 else f"{value:.2g}"


def _amount(value: float | None) -> str:
    return NOT_KNOWN if value is None else f"{value:,.2f}"


def _percent(share: float | None) -> str:
    """A share; one that is nearly all or nearly nothing is not rounded to that."""
    if share is None:
        return NOT_KNOWN
    percent = 100.0 * share
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:,.0f} %" if percent.is_integer() or percent >= 1000 else f"{percent:.1f} %"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def _small(value: float) -> str:
    return f"{value:.2g}"


def _bytes(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} B"


def _width(share: float | None) -> str:
    """Of a bar: what is more than nothing can be seen."""
    if not share or share <= 0:
        return "0"
    return f"{min(100.0, max(1.0, 100 * share)):.4g}"


def _breakable(code: str) -> Markup:
    """A code that may be broken at its joints, rather than anywhere."""
    return Markup("_<wbr>").join(code.split("_"))


def _gate_state(gate: Json) -> str:
    if gate["state"] != "closed":
        return "open" if gate["state"] == "open" else "not known"
    if gate["expected"]:
        return "closed, as expected"
    return "closed, passes by itself" if gate["passing"] else "closed"


def _gate_kind(gate: Json) -> str:
    return _GATE_SIGNS[_gate_state(gate)][0]


def _gate_sign(gate: Json) -> str:
    return _GATE_SIGNS[_gate_state(gate)][1]


_GATE_SIGNS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "open": ("good", "✓"),
        "not known": ("warn", "?"),
        "closed": ("bad", "✕"),
        "closed, as expected": ("idle", "◷"),
        "closed, passes by itself": ("warn", "▽"),
    }
)


def _number_state(number: Json) -> Json:
    """Whether a number can be used, as class, sign and words."""
    if number["usable"]:
        return {"kind": "good", "sign": "✓", "text": "usable"}
    if number["usable"] is None:
        return {"kind": "warn", "sign": "?", "text": "not known"}
    resting = {"number_cooldown": "resting", "number_daily_cap": "at its cap"}.get(number["refused_by"])
    if resting is not None:
        return {"kind": "idle", "sign": "◷", "text": resting}
    return {"kind": "bad", "sign": "✕", "text": "not usable"}


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("exporter.web"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=False
)
_TEMPLATES.filters |= {
    "ahead": _ahead,
    "amount": _amount,
    "away": _away,
    "breakable": _breakable,
    "bytes": _bytes,
    "clock": _clock,
    "code_page": code_page,
    "count": _count,
    "duration": _duration,
    "figure": _figure,
    "gate_kind": _gate_kind,
    "gate_sign": _gate_sign,
    "gate_state": _gate_state,
    "kind": lambda verdict: KINDS[verdict][0],
    "moment": _moment,
    "number_state": _number_state,
    "page_of": page_of,
    "percent": _percent,
    "points": _points,
    "sign": lambda verdict: KINDS[verdict][1],
    "small": _small,
    "width": _width,
}

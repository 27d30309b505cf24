"""The words of an alert: `{campaign}`, `{value}` and the like, as templates of Prometheus or of Grafana.

Labels are data to both: what a campaign is called, or why it was paused, is never taken for a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from dashboards.vocabulary.grouping import Grouping
from dashboards.vocabulary.queries import known


@dataclass(frozen=True, slots=True)
class Ask:
    """Something looked up when an alert fires.

    `query` is PromQL in which `%q` stands for the value of each of `labels` in turn, quoted as PromQL wants it.
    `each` is what is said of each series found, in Go's template language, in the order of the label `by` if there
    is one (else as Prometheus finds them); `before` comes first and `after` last, if there is any; else `otherwise`.
    """

    query: str
    labels: tuple[str, ...]
    each: str
    before: str = ""
    after: str = ""
    by: str = ""
    otherwise: str = ""

    def within(self, groups: tuple[str, ...]) -> Ask:
        """The same within the group of the alert."""
        query = Grouping(groups, dict.fromkeys(groups, "=%q")).of(self.query)
        labels = iter(self.labels)
        asked = tuple(name if name in groups else next(labels) for name in _ASKED.findall(query))
        return replace(self, query=query, labels=asked) if groups else self

    @property
    def asked(self) -> str:
        """What Prometheus's templates look up."""
        arguments = " ".join(f"$labels.{label}" for label in self.labels)
        return f"printf {_quoted(self.query)} {arguments} | query" if arguments else f"query {_quoted(self.query)}"

    def template(self) -> str:
        """For Prometheus. Grafana's rules cannot look anything up: there it is left out."""
        found = f'sortByLabel "{self.by}" .' if self.by else "."
        listed = f"{{{{ range $index, $_ := {found} }}}}{{{{ if $index }}}}, {{{{ end }}}}{self.each}{{{{ end }}}}"
        otherwise = self.otherwise and f"{{{{ else }}}}{self.otherwise}"
        return f"{{{{ with {self.asked} }}}}{self.before}{listed}{self.after}{otherwise}{{{{ end }}}}"


_ASKED = re.compile(r"(\w+)=%q")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def of_campaign(name: str) -> str:
    """The series of a metric of the campaign that an alert is about, for an `Ask` with tenant and campaign."""
    return known(name, ("tenant", "campaign")) + "{tenant=%q,campaign=%q}"


MOMENT = '{{ (toTime .Value).UTC.Format "Mon 2006-01-02 15:04 UTC" }}'
"""A sample's value as a moment, for an `Ask`."""

NAMED = "{{ with .Labels.name }}{{ . }} ({{ end }}{{ .Labels.campaign }}{{ if .Labels.name }}){{ end }}"
"""A campaign's name, if it is told, and id, for an `Ask`."""

_CAMPAIGN = ("tenant", "campaign")
_FIRST_NAME = "{{ (. | first).Labels.name }}"
_NAME = Ask(of_campaign("campaign_info"), _CAMPAIGN, _FIRST_NAME)
# one answer each, however many replicas tell it
_TENANT = Ask(
    f'topk(1, {known("campaign_tenant_info", ("tenant", "name"))}{{tenant=%q,name!=""}})', ("tenant",), _FIRST_NAME
)
_SINCE = Ask(
    f"min({of_campaign('campaign_dispatch_since_timestamp_seconds')})",
    _CAMPAIGN,
    MOMENT,
    " since ",
)
_STATE = Ask(
    f"topk(1, max by (verdict, gate, code) ({of_campaign('campaign_dispatch_info')}))",
    _CAMPAIGN,
    "{{ .Labels.verdict }}{{ if ne .Labels.gate \"none\" }} by {{ .Labels.gate }}{{ if .Labels.code }} "
    "({{ .Labels.code }}){{ end }}{{ end }}",
    otherwise="not judged",
)  # fmt: skip
# `blocked by money (credits_exhausted)`
UNTOLD = "not told"
"""The value of a group label that a series does not have."""

_LABELS = ("tenant", "number", "connection", "provider", "job", "relation", "column", "rule", "family", "instance")


def prometheus_words(groups: tuple[str, ...] = ()) -> Mapping[str, str]:
    """What a text may name, in Prometheus's template language; what is looked up, is so within the alert's group."""

    def called(ask: Ask, label: str) -> str:
        known = f"{{{{ $labels.{label} }}}}"
        asked = ask.within(groups).asked
        return f"{{{{ with {asked} }}}}{ask.each} ({known}){{{{ else }}}}{known}{{{{ end }}}}"

    return {
        "campaign": called(_NAME, "campaign"),
        "since": _SINCE.within(groups).template(),
        "state": _STATE.within(groups).template(),
        "value": '{{ $value | printf "%.0f" }}',
        "times": '{{ $value | printf "%.1f" }}',
        "probability": '{{ $value | printf "%.2g" }}',
        "percent": "{{ $value | humanizePercentage }}",
        "duration": "{{ $value | humanizeDuration }}",
        "moment": "{{ $value | humanizeTimestamp }}",
        **{label: f"{{{{ $labels.{label} }}}}" for label in _LABELS},
        "tenant": called(_TENANT, "tenant"),
        # a server that tells its own platform from others when it tells of alerts needs no such label in its series
        **{label: f'{{{{ or $labels.{label} $externalLabels.{label} "{UNTOLD}" }}}}' for label in groups},
    }


PROMETHEUS: Mapping[str, str] = MappingProxyType(prometheus_words())
"""The same where platforms are not told apart."""

# Grafana's rules reduce to refId B, whose value is that of the alert; they have no other series to look at.
_VALUE = "$values.B.Value"
GRAFANA: Mapping[str, str] = MappingProxyType(
    {
        "campaign": "{{ $labels.campaign }}",
        "since": "",
        "state": "as its card says",
        "value": f'{{{{ printf "%.0f" {_VALUE} }}}}',
        "times": f'{{{{ printf "%.1f" {_VALUE} }}}}',
        "probability": f'{{{{ printf "%.2g" {_VALUE} }}}}',
        "percent": f"{{{{ humanizePercentage {_VALUE} }}}}",
        "duration": f"{{{{ humanizeDuration {_VALUE} }}}}",
        "moment": f"{{{{ humanizeTimestamp {_VALUE} }}}}",
        **{label: f"{{{{ $labels.{label} }}}}" for label in _LABELS},
    }
)
"""The same in Grafana's."""


def grafana_words(groups: tuple[str, ...]) -> Mapping[str, str]:
    """The same with group labels."""
    return {**GRAFANA, **{label: f'{{{{ or $labels.{label} "{UNTOLD}" }}}}' for label in groups}}


_PLACE = re.compile(r"{(\w+)}")


def written(text: str, words: Mapping[str, str], asks: Mapping[str, str]) -> str:
    """A text with its places filled. ValueError names a place that nobody knows."""

    def fill(place: re.Match[str]) -> str:
        found = asks.get(place[1], words.get(place[1]))
        if found is None:
            raise ValueError(f"{{{place[1]}}} is neither a word nor an ask; known are {sorted({*words, *asks})}")
        return found

    return _PLACE.sub(fill, text)

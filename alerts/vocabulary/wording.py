"""The words of an alert: `{campaign}`, `{value}` and the like, as templates of Prometheus or of Grafana.

Labels are data to both: what a campaign is called, or why it was paused, is never taken for a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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

    def template(self) -> str:
        """For Prometheus. Grafana's rules cannot look anything up: there it is left out."""
        arguments = " ".join(f"$labels.{label}" for label in self.labels)
        asked = f"printf {_quoted(self.query)} {arguments} | query" if arguments else f"query {_quoted(self.query)}"
        found = f'sortByLabel "{self.by}" .' if self.by else "."
        listed = f"{{{{ range $index, $_ := {found} }}}}{{{{ if $index }}}}, {{{{ end }}}}{self.each}{{{{ end }}}}"
        otherwise = self.otherwise and f"{{{{ else }}}}{self.otherwise}"
        return f"{{{{ with {asked} }}}}{self.before}{listed}{self.after}{otherwise}{{{{ end }}}}"


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
_NAME = (
    "{{ with printf \"" + of_campaign("campaign_info").replace('"', '\\"')
    + "\" $labels.tenant $labels.campaign | query }}{{ (. | first).Labels.name }} "
    "({{ $labels.campaign }}){{ else }}{{ $labels.campaign }}{{ end }}"
)  # fmt: skip
# one answer each, however many replicas tell it
_TENANT = (
    "{{ with printf \"topk(1, " + known("campaign_tenant_info", ("tenant", "name"))
    + "{tenant=%q,name!=\\\"\\\"})\" $labels.tenant | query }}{{ (. | first).Labels.name }} "
    "({{ $labels.tenant }}){{ else }}{{ $labels.tenant }}{{ end }}"
)  # fmt: skip
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
_LABELS = ("tenant", "number", "connection", "provider", "job", "relation", "column", "rule", "family", "instance")

PROMETHEUS: Mapping[str, str] = MappingProxyType(
    {
        "campaign": _NAME,
        "since": _SINCE.template(),
        "state": _STATE.template(),
        "value": '{{ $value | printf "%.0f" }}',
        "times": '{{ $value | printf "%.1f" }}',
        "probability": '{{ $value | printf "%.2g" }}',
        "percent": "{{ $value | humanizePercentage }}",
        "duration": "{{ $value | humanizeDuration }}",
        "moment": "{{ $value | humanizeTimestamp }}",
        **{label: f"{{{{ $labels.{label} }}}}" for label in _LABELS},
        "tenant": _TENANT,
    }
)
"""What a text may name, in Prometheus's template language."""

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

_PLACE = re.compile(r"{(\w+)}")


def written(text: str, words: Mapping[str, str], asks: Mapping[str, str]) -> str:
    """A text with its places filled. ValueError names a place that nobody knows."""

    def fill(place: re.Match[str]) -> str:
        found = asks.get(place[1], words.get(place[1]))
        if found is None:
            raise ValueError(f"{{{place[1]}}} is neither a word nor an ask; known are {sorted({*words, *asks})}")
        return found

    return _PLACE.sub(fill, text)

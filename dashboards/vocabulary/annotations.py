"""Vertical lines over a board's graphs: when something changed."""

from __future__ import annotations

from dashboards.vocabulary.modern_json import Json
from dashboards.vocabulary.queries import known
from dashboards.vocabulary.targets import POSTGRES, PROMETHEUS


def marks(name: str, expression: str, text: str, colour: str, *, title: str = "", metric: str) -> Json:
    """Vertical lines where a Prometheus expression is there, with a text made of its labels."""
    known(metric, ())
    return {
        "name": name,
        "datasource": PROMETHEUS,
        "enable": True,
        "hide": True,  # no switch for it among the choices
        "iconColor": colour,
        "target": {"refId": "Anno", "expr": expression, "interval": "60s"},
        "titleFormat": title,
        "textFormat": text,
        "useValueForTime": False,
    }


def events(name: str, statement: str, colour: str) -> Json:
    """Vertical lines from rows with the columns `time`, `text` and `tags`."""
    return {
        "name": name,
        "datasource": POSTGRES,
        "enable": True,
        "hide": True,
        "iconColor": colour,
        # Without a format the datasource answers 400.
        "target": {"refId": "Anno", "datasource": POSTGRES, "format": "table", "rawQuery": True, "rawSql": statement},
    }

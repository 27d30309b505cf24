"""SQL for panels: each statement in a file of its own below `sql/`, where a DBA can read it.

Grafana's role sees the schema `campaign_grafana` and nothing else. A variable is quoted by Grafana's `sqlstring`, so
that whatever a viewer types stays a value; every statement has a limit.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_UNSAFE = re.compile(r"\$\{?(\w+)(?::(?!sqlstring)\w+)?\}?")
_GRAFANA = frozenset({"__timeFrom", "__timeTo", "__interval"})


@cache
def statement(name: str) -> str:
    """The statement of this name. Raises ValueError where a variable is not quoted, or there is no limit."""
    text = (files("dashboards") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--")).strip()
    for match in _UNSAFE.finditer(code):
        if match[1] not in _GRAFANA and not match[0].endswith(":sqlstring}"):
            raise ValueError(f"sql/{name}.sql: {match[0]} is not quoted; write ${{{match[1]}:sqlstring}}")
    if "LIMIT" not in code:
        raise ValueError(f"sql/{name}.sql: has no LIMIT")
    return code

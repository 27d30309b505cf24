"""SQL for panels: each statement in a file of its own below `sql/`, where a DBA can read it.

Grafana's role sees the schema `campaign_grafana` and nothing else. A variable is quoted by Grafana's `sqlstring`, so
that whatever a viewer types stays a value; every statement has a limit.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

MOST_ROWS = 5_000
"""More than that no panel shows, and no browser draws well."""

_COMMENT = r"--[^\n]*|/\*.*?\*/"
_QUOTED = r"\b[eE]'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*'|\"(?:\"\"|[^\"])*\""
_TOKEN = re.compile(rf"(?P<comment>{_COMMENT})|(?P<quoted>{_QUOTED})", re.DOTALL)
# As Grafana finds variables, and its PostgreSQL datasource macros.
_VARIABLE = re.compile(r"\$(\w+)(\([^)]*\))?|\[\[(\w+)[^\]]*\]\]|\$\{(\w+)([^}]*)\}")
_OWN = frozenset({"__from", "__to", "__interval", "__interval_ms"})
"""Numbers and spans that Grafana itself makes."""

_MACROS = re.compile(r"\$__time(?:From\(\)|To\(\)|Filter\([\w.]+\))\Z")
_LIMIT = re.compile(r"\bLIMIT\s+(\d+)\s*\Z")
_INNERMOST = re.compile(r"\([^()]*\)")


@cache
def statement(name: str) -> str:
    """The statement of this name. Raises ValueError where a variable is not quoted, or there is no limit."""
    text = (files("dashboards") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    try:
        return checked(text)
    except ValueError as error:
        raise ValueError(f"sql/{name}.sql: {error}") from None


def checked(text: str) -> str:
    """A statement without its comments, in which a value could end a line. Raises ValueError where it is not safe."""
    code = _TOKEN.sub(lambda found: "" if found["comment"] is not None else found[0], text)
    for token in _TOKEN.finditer(code):
        for found in _VARIABLE.finditer(token[0]):
            if _name(found) not in _OWN:
                raise ValueError(f"{found[0]} stands in quotes; write it without, as ${{{_name(found)}:sqlstring}}")
    bare = _TOKEN.sub("''", code).strip()
    for found in _VARIABLE.finditer(bare):
        if not _safe(found):
            raise ValueError(f"{found[0]} is not quoted; write ${{{_name(found)}:sqlstring}}")
    if ";" in bare:
        raise ValueError("is more than one statement; leave the semicolon out")
    if not re.match(r"(SELECT|WITH)\b", bare):
        raise ValueError("does not begin with SELECT or WITH")
    limit = _LIMIT.search(_outermost(bare))
    if limit is None or int(limit[1]) > MOST_ROWS:
        raise ValueError(f"has no LIMIT at its end, of at most {MOST_ROWS} rows")
    return "\n".join(line.rstrip() for line in code.splitlines() if line.strip())


def _name(found: re.Match[str]) -> str:
    return found[1] or found[3] or found[4]


def _safe(found: re.Match[str]) -> bool:
    if found[2] is not None:
        return _MACROS.match(found[0]) is not None
    return _name(found) in _OWN or (found[4] is not None and found[5] == ":sqlstring")


def _outermost(code: str) -> str:
    """What stands in no parentheses."""
    while (shorter := _INNERMOST.sub("", code)) != code:
        code = shorter
    return code

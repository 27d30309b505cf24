"""Names and texts as SQL takes them: in quotes where PostgreSQL needs them, so that what is printed can be pasted."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql.elements import quoted_name

# Not the dialect that runs statements: that one doubles every %.
_PREPARER = PGDialect(paramstyle="named").identifier_preparer  # type: ignore[no-untyped-call]
_FURTHER_KEYWORDS = frozenset({"collation", "concurrently", "lateral", "system_user", "tablesample"})
"""Keywords that are no names without quotes, and that SQLAlchemy does not know."""


def identifier(*names: str) -> str:
    """A name, qualified by those before it: `campaign_monitoring.tasks`, `"call center".tasks`."""
    return ".".join(_PREPARER.quote(forced(name) if name in _FURTHER_KEYWORDS else name) for name in names)


def forced(name: str) -> quoted_name:
    """A name that SQLAlchemy puts in quotes, whatever it takes for a keyword."""
    return quoted_name(name, quote=True)


def literal(text: str) -> str:
    """A text between quotes."""
    return "'" + text.replace("'", "''") + "'"

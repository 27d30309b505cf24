"""Installs the reference platform in a database: its tables, the contract's views, the indexes and the roles."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from psycopg import Connection, sql

from dashboards import grants

MONITOR_ROLE = "campaign_monitor"
GRAFANA_ROLE = grants.ROLE
SCHEMA = "campaign_monitoring"
# In this order: views need tables, roles need views.
SCHEMA_FILES = ("platform.sql", "views.sql", "indexes.sql", "roles.sql")


def install(connection: Connection[Any], passwords: Mapping[str, str] | None = None) -> None:
    """Create or bring up to date everything the platform needs, in one transaction.

    `connection` must be a superuser's (it grants pg_monitor). `passwords` maps a role's name to its password;
    a role that is not named keeps the one it has, if any.
    """
    directory = files(__package__) / "schema"
    with connection.transaction():
        connection.execute("SET LOCAL client_min_messages = warning")
        for name in SCHEMA_FILES:
            connection.execute(directory.joinpath(name).read_bytes())
        # Grafana's role and its masking views: what `campaign-exporter dashboards sql` prints for this platform.
        connection.execute(grants.script(grants.looked_at(connection, SCHEMA), grants.Choice()).encode())
        for role, password in (passwords or {}).items():
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))

"""Every command that `check` prints. A test runs each against the database that caused it and sees the finding gone."""

from __future__ import annotations

from enum import Enum


class Command(Enum):
    """A command for psql. What is filled in is ready for SQL: quoted where need be."""

    GRANT_USAGE = "GRANT USAGE ON SCHEMA {schema} TO {role};"
    GRANT_SELECT = "GRANT SELECT ON {relation} TO {role};"
    GRANT_COLUMN = "GRANT SELECT ({column}) ON {relation} TO {role};"
    GRANT_EXECUTE = "GRANT EXECUTE ON FUNCTION {function} TO {role};"
    GRANT_MONITOR = "GRANT pg_monitor TO {role};"
    INHERIT_MONITOR = "GRANT pg_monitor TO {role} WITH INHERIT TRUE;"
    """From PostgreSQL 16 on a membership says itself whether it gives its rights at once, before that the role."""
    INHERIT = "ALTER ROLE {role} INHERIT;"

    TAKE_ATTRIBUTE = "ALTER ROLE {holder} NO{attribute};"
    LEAVE = "REVOKE {group} FROM {role};"
    LEAVE_GRANTED_BY = "REVOKE {group} FROM {role} GRANTED BY {grantor};"
    REVOKE = "REVOKE {privileges} ON {kind} {name} FROM {role}, PUBLIC;"
    AS_GRANTOR = "SET ROLE {grantor};"
    AS_ONESELF = "RESET ROLE;"
    CHANGE_OWNER = "ALTER {kind} {name} OWNER TO {owner};"
    REVOKE_TEMPORARY = (
        "REVOKE TEMPORARY ON DATABASE {database} FROM {holders};  -- others may need it: grant it to them"
    )
    REVOKE_LARGE_OBJECTS = (
        "REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM {role}, PUBLIC;"
        "  -- others may need it: grant it to them"
    )

    SET = "ALTER ROLE {role} SET {setting} = {value};"
    SET_IN_DATABASE = "ALTER ROLE {role} IN DATABASE {database} SET {setting} = {value};"
    LIMIT = "ALTER ROLE {role} CONNECTION LIMIT {limit};  -- {wanted} are used while loading"
    SET_SYSTEM = "ALTER SYSTEM SET {setting} = {value};"
    RESET_DATABASE = "ALTER DATABASE {database} RESET {setting};"
    RELOAD = "SELECT pg_reload_conf();"

    CREATE_INDEX = "CREATE INDEX CONCURRENTLY ON {table} ({key});"
    CREATE_INDEX_OF_PARTITIONS = "CREATE INDEX ON {table} ({key});"
    """PostgreSQL has no such index made CONCURRENTLY. It takes over those that the partitions have."""
    REINDEX = "REINDEX INDEX CONCURRENTLY {index};"
    ANALYZE = "ANALYZE {table};"

    CREATE_POLICY = "CREATE POLICY {policy} ON {table} FOR SELECT TO {role} USING (true);"
    BYPASS = "ALTER ROLE {role} BYPASSRLS;"
    CREATE_OWNER = "CREATE ROLE {role} NOLOGIN BYPASSRLS;"
    REFRESH = "REFRESH {view};"

    def of(self, **names: object) -> str:
        """The command with these names."""
        return self.value.format(**names)

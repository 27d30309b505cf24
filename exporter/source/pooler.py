"""What may stand between us and the server: whether it does, how it lends sessions, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping


class Pooler:
    """What the server's processes tell that answered on one connection. `announced`: the one the connection names.

    PostgreSQL announces the process that answers; poolers (PgBouncer, Odyssey, pgcat, Supavisor, RDS Proxy) announce
    a number of their own, or that of one process among many.
    """

    def __init__(self, announced: int) -> None:
        self._announced = announced
        self._seen: set[int] = set()

    def note(self, process: int) -> None:
        """This process answered in a transaction."""
        self._seen.add(process)

    @property
    def between(self) -> bool:
        """Whether something stands between us and the server."""
        return bool(self._seen - {self._announced})

    @property
    def lends_transactions(self) -> bool:
        """Whether transactions were seen in several sessions. That they were not says nothing."""
        return len(self._seen) > 1

    @property
    def mode(self) -> str:
        """How sessions are lent, as far as that was seen."""
        if self.lends_transactions:
            return "transaction mode: its transactions were in several sessions of the server"
        return "session mode, or transaction mode in which no other session was lent yet"


_REMEDIES: Mapping[str, str] = {
    "transaction blocks not allowed in statement pooling mode": "the pooler is in statement mode, which has no "
    "transactions: give this database pool_mode = transaction or session, or connect to the server itself",
    "unsupported startup parameter": "take it out of database.url (or out of PGOPTIONS and the like), or have "
    "PgBouncer ignore it with ignore_startup_parameters",
    "query_wait_timeout": "the pooler had no session free for so long: raise its default_pool_size (or pool_size of "
    "this database), or find who holds them with SHOW SERVERS",
    "query timeout": "that is PgBouncer's own query_timeout: raise it for this user above database.statement_timeout",
    "idle transaction timeout": "that is PgBouncer's own idle_transaction_timeout: raise it for this user",
    "server login has been failing": "PgBouncer cannot log in to the server: see its log, and log in with the same "
    "host, port, database and user; it tries again after its server_login_retry",
    "client_login_timeout": "PgBouncer waited for the server in vain: is it down, or its address in [databases] wrong?",
    "no more connections allowed": "PgBouncer has as many clients as its max_client_conn allows: raise that",
    "no such user": "PgBouncer does not know this role: add it to its auth_file, or set auth_query",
    '"trust" authentication failed': "PgBouncer does not know this role: add it to its auth_file, or set auth_query",
    "SASL authentication failed": "the password is another than PgBouncer's auth_file or auth_query has for this role",
    "no such database": "PgBouncer does not know this name: add it to [databases], or correct database.url",
}
"""By words that PgBouncer ends a session with: it gives most of them one and the same code."""


def remedy(words: str) -> str | None:
    """What helps against what a pooler said, if it is known."""
    return next((help_ for known, help_ in _REMEDIES.items() if known in words), None)

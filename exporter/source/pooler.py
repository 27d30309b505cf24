"""Whether the server's sessions are ours alone: a pooler may stand between, and lend each transaction another one."""

from __future__ import annotations


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
        return "session mode, or transaction mode with nobody else in it yet"

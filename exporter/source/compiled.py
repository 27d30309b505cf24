"""Statements as psycopg runs them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.visitors import iterate

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy does not type it


class Compiled:
    """A statement as text with its parameters' names; made once, when it is first run, and run often."""

    def __init__(
        self,
        query: sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]] | str,
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        """`fixed`: of a query that is text already, its parameters and the values that they have anyhow."""
        self._query = query
        self._fixed = fixed or {}

    @cached_property
    def _made(self) -> tuple[str, Mapping[str, Any]]:
        if isinstance(self._query, str):
            return self._query, self._fixed
        compiled = self._query.compile(dialect=_DIALECT)
        return str(compiled), compiled.construct_params(_check=False)

    @property
    def views(self) -> str:
        """The views that it reads, as PostgreSQL names them; nothing of a query that is text already."""
        if isinstance(self._query, str):
            return ""
        return " and ".join(sorted({str(each) for each in iterate(self._query) if isinstance(each, sa.Table)}))

    @property
    def text(self) -> str:
        """As psycopg runs it."""
        return self._made[0]

    @property
    def fixed(self) -> Mapping[str, Any]:
        """Every parameter, with its value where it has one."""
        return self._made[1]

    def bind(self, **values: Any) -> dict[str, Any]:
        """The parameters of one execution."""
        return {**self.fixed, **{name: value for name, value in values.items() if name in self.fixed}}

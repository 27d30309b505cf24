"""Which rows belong to a shard, in SQL: those of its tenants, by a hash of the tenant's id.

The hash is of the id as text, bytes as the database has them. So it is the same for ids of every type, in every version
of PostgreSQL and on every replica, whoever asks: a tenant is in one shard, and in the same one for ever.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BIT

from exporter.config import ShardConfig
from exporter.source.cleaning import Expression


def of_shard(tenant_id: Expression, shard: ShardConfig) -> Expression:
    """Whether rows with this owner are the shard's. Rows without one, a breach to be counted once, are the first's."""
    # Not md5(): a server that obeys FIPS has none. SQL_ASCII takes the bytes as they are, and can fail for none.
    as_they_are = sa.func.convert_to(sa.cast(tenant_id, sa.Text), sa.literal_column("'SQL_ASCII'"))
    digits = sa.func.left(sa.func.encode(sa.func.sha256(as_they_are), sa.literal_column("'hex'")), 6)
    number = sa.cast(sa.cast(sa.literal_column("'x'", sa.Text).concat(digits), BIT(24)), sa.Integer)
    return sa.func.mod(sa.func.coalesce(number, 0), shard.total) == shard.index

"""A platform of thousands of campaigns, of which most ended within the week, and what the exporter shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from benchmarks.database import Target, running
from benchmarks.options import Options

AT_ONCE = 3000
"""Campaigns that are under way; the others ended within the week."""

TASKS, LIVE, CALLS = 40, 12, 100
"""Of each campaign: few, as series do not depend on how many there are."""

# Every campaign past the first ones ended at another minute of the last six days, and nothing of it is live.
_ENDED = """
UPDATE dialler.campaign SET state_code = 'DONE', halted_at = NULL, halt_reason = NULL,
    finished_at = launched_at + interval '14 days' - interval '6 days' * (campaign_id - %(at_once)s)
        / greatest((SELECT count(*) FROM dialler.campaign) - %(at_once)s, 1)
WHERE campaign_id > %(at_once)s;
UPDATE dialler.lead AS l SET state_code = 'X', hold_code = NULL, due_at = NULL, updated_at = l.created_at
FROM dialler.campaign AS c WHERE c.campaign_id = l.campaign_id AND c.state_code = 'DONE' AND l.state_code IN ('Q', 'D');
UPDATE dialler.attempt AS a SET result_code = 'NA', hung_up_at = dialled_at + interval '20 seconds'
FROM dialler.campaign AS c WHERE c.campaign_id = a.campaign_id AND c.state_code = 'DONE' AND a.result_code = 'LIVE';
"""


@contextmanager
def crowded(options: Options, campaigns: int, directory: Path) -> Iterator[Target]:
    """A server with a database of so many campaigns in a directory, filled if it is not there already."""
    sizes = replace(
        options, tasks=TASKS * campaigns, live=LIVE * campaigns, calls=CALLS * campaigns, campaigns=campaigns,
        directory=directory,
    )  # fmt: skip
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)  # PostgreSQL may run as a user of its own
    with running(sizes) as target:
        with psycopg.connect(target.owner) as connection, psycopg.ClientCursor(connection) as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM dialler.campaign WHERE state_code = 'DONE')")
            row = cursor.fetchone()
            if campaigns > AT_ONCE and row is not None and not row[0]:
                cursor.execute(_ENDED, {"at_once": AT_ONCE})
        yield target

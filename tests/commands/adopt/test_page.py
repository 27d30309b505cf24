"""What docs/adopt.md shows as SQL runs, and says what the page says of it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.contract import session

PAGE = Path(__file__).resolve().parents[3] / "docs" / "adopt.md"


def test_a_chain_of_retries_is_one_task_that_stands_as_its_last_row_does(database_url: str) -> None:
    (recipe,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with session(database_url) as connection:
        connection.execute("""
            CREATE SCHEMA app; CREATE SCHEMA campaign_monitoring;
            CREATE TABLE app.queued (
                id int PRIMARY KEY, campaign_id int, state text, due_at timestamptz, retry_of int REFERENCES app.queued,
                created_at timestamptz DEFAULT now());
            INSERT INTO app.queued (id, campaign_id, state, retry_of) VALUES
                (1, 7, 'failed', NULL), (2, 7, 'failed', 1), (3, 7, 'pending', 2), (4, 7, 'completed', NULL)
        """)
        connection.execute(recipe.encode())
        query = "SELECT task_id, status, attempts FROM campaign_monitoring.tasks ORDER BY task_id"
        assert connection.execute(query.encode()).fetchall() == [(1, "pending", 2), (4, "completed", 1)]

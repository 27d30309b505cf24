"""Rows of dograh as its dispatcher writes them: one method for each thing that happens. For tests and trials."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from typing import Any

from adapters.dialler import Dialler

RETRY = {"enabled": True, "max_retries": 2, "retry_on_busy": True, "retry_on_no_answer": True,
         "retry_on_voicemail": True, "retry_delay_seconds": 120}  # fmt: skip
_RETRIED = {"busy": "busy", "no-answer": "no_answer", "voicemail_detected": "voicemail"}
_NOT_CONNECTED = ("failed", "busy", "no-answer", "canceled", "error")


@dataclass(slots=True)
class Dograh(Dialler):
    """A dograh with one organization, one workflow and two numbers, at a time that its user moves."""

    _turn: int = field(default=0)

    def install(self) -> None:
        """Its tables, and what all campaigns share."""
        self.connection.execute(files("adapters.dograh").joinpath("tables.sql").read_bytes())
        self.connection.execute("""
            INSERT INTO organizations (provider_id) VALUES ('acme');
            INSERT INTO organization_configurations (organization_id, key, value)
                VALUES (1, 'CONCURRENT_CALL_LIMIT', '{"value": 10}');
            INSERT INTO workflows (name) VALUES ('Reminder');
            INSERT INTO telephony_configurations (organization_id, name, provider) VALUES (1, 'main', 'twilio');
            INSERT INTO telephony_phone_numbers
                (organization_id, telephony_configuration_id, address, address_normalized, country_code)
                VALUES (1, 1, '+15550100', '+15550100', 'US'), (1, 1, '+15550101', '+15550101', 'US')
        """)

    def campaign(self, name: str, contacts: int = 0, state: str = "running", **metadata: Any) -> int:
        """A campaign with its contacts queued."""
        made = self._insert(
            "campaigns",
            name=name, organization_id=1, workflow_id=1, telephony_configuration_id=1, source_id=f"{name}.csv",
            state=state, total_rows=contacts, source_sync_status="completed", retry_config=json.dumps(RETRY),
            orchestrator_metadata=json.dumps(metadata), created_at=self.now, updated_at=self.now,
            started_at=None if state == "created" else self.now,
            completed_at=self.now if state == "completed" else None,
        )  # fmt: skip
        for place in range(contacts):
            context = json.dumps({"phone_number": f"+1555020{place:04}"})
            self._insert(
                "queued_runs", campaign_id=made, source_uuid=f"{made}_{place}", context_variables=context,
                state="queued", created_at=self.now,
            )  # fmt: skip
        return made

    def dial(self, campaign: int) -> int:
        """The next contact that is due is called: the id of the run."""
        (queued, context) = self._one(
            """UPDATE queued_runs SET state = 'processing' WHERE id = (
                   SELECT id FROM queued_runs
                   WHERE campaign_id = %s AND state = 'queued' AND (scheduled_for IS NULL OR scheduled_for <= %s)
                   ORDER BY scheduled_for NULLS LAST, id LIMIT 1)
               RETURNING id, context_variables""",
            (campaign, self.now),
        )
        self._turn += 1
        initial = {"caller_number": f"+1555010{self._turn % 2}", "called_number": context["phone_number"]}
        run = self._insert(
            "workflow_runs", name=f"WR-CAMPAIGN-{campaign}-{queued}", workflow_id=1, mode="twilio", state="initialized",
            initial_context=json.dumps(initial), gathered_context=json.dumps({"provider": "twilio"}),
            created_at=self.now, campaign_id=campaign, queued_run_id=queued,
        )  # fmt: skip
        self.connection.execute(
            "UPDATE queued_runs SET state = 'processed', processed_at = %s WHERE id = %s", (self.now, queued)
        )
        return run

    def end(self, run: int, disposition: str, seconds: float = 0) -> None:
        """A call is over; who was not reached is queued once more while retries are left."""
        gathered: dict[str, Any] = {"call_disposition": disposition, "mapped_call_disposition": disposition}
        tags = ["not_connected", f"telephony_{disposition}"] if disposition in _NOT_CONNECTED else [disposition]
        logs = {"telephony_status_callbacks": [{"status": "completed", "timestamp": self.now.isoformat()}]}
        self.connection.execute(
            """UPDATE workflow_runs SET state = 'completed', is_completed = true, gathered_context = %s,
                   usage_info = %s, logs = %s WHERE id = %s""",
            (
                json.dumps({**gathered, "call_tags": tags}), json.dumps({"call_duration_seconds": seconds}),
                json.dumps(logs), run,
            ),
        )  # fmt: skip
        if disposition in _RETRIED:
            self.connection.execute(
                """INSERT INTO queued_runs (campaign_id, source_uuid, context_variables, state, created_at, retry_count,
                                            parent_queued_run_id, scheduled_for, retry_reason)
                   SELECT q.campaign_id, q.source_uuid || '_retry_' || q.retry_count + 1, q.context_variables, 'queued',
                          %s, q.retry_count + 1, q.id, %s, %s
                   FROM queued_runs AS q JOIN workflow_runs AS r ON r.queued_run_id = q.id
                   WHERE r.id = %s AND q.retry_count < 2""",
                (self.now, self.now + timedelta(seconds=120), _RETRIED[disposition], run),
            )

    def trip(self, campaign: int) -> None:
        """The circuit breaker pauses a campaign, and says so in its log."""
        entry = {
            "ts": self.now.isoformat(),
            "level": "warning",
            "event": "circuit_breaker_tripped",
            "message": "",
        }
        self.connection.execute(
            "UPDATE campaigns SET state = 'paused', logs = %s, updated_at = %s WHERE id = %s",
            (json.dumps([entry]), self.now, campaign),
        )

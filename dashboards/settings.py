"""What a team may set about its dashboards: names, datasources, links, and who gets a shared cost board."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from exporter.config.file import Section, parse_section, read
from exporter.config.web_address import web_address

_LABEL = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
_UID = r"^[a-zA-Z0-9_-]{1,40}$"
_PREFIX = r"^[a-z0-9][a-z0-9-]{0,19}$"
TOLD = "told"
DEFAULT_ADDRESS = "http://127.0.0.1:10517"
"""Of an exporter that does not tell its own."""

Uid = Annotated[str, Field(pattern=_UID)]


class Datasources(Section):
    """Uids of Grafana's datasources. A board lets its viewer choose another one; shared boards have these fixed."""

    prometheus: Uid = Field("prometheus", description="Uid of the Prometheus datasource.")
    postgres: Uid = Field(
        "campaigns-postgres", description="Uid of the PostgreSQL datasource that signs in as Grafana's own role."
    )


class Links(Section):
    """Addresses in the calling platform. `{campaign}`, `{contact}` and `{task}` stand for ids; empty: no link."""

    campaign: str = Field(
        "", description="A campaign's page, such as `https://calls.example.com/campaigns/{campaign}`."
    )
    contact: str = Field("", description="A contact's page, such as `https://calls.example.com/contacts/{contact}`.")
    exporter: str = Field(
        TOLD,
        description=f"Where viewers reach the exporter, whose cards and runbooks the boards link to. `{TOLD}`: where "
        "it says that it is, which is its `web.external_url`; empty: nowhere, and there are no such links.",
    )

    @property
    def pages(self) -> str:
        """Where a board finds the exporter's pages: an address, or the variable that holds what the exporter tells."""
        return "${exporter}" if self.exporter == TOLD else self.exporter

    @property
    def address(self) -> str:
        """The same where no exporter can be asked."""
        return DEFAULT_ADDRESS if self.exporter == TOLD else self.exporter

    @field_validator("exporter")
    @classmethod
    def _reachable(cls, value: str) -> str:
        return web_address(value) if value not in ("", TOLD) else value

    @field_validator("campaign", "contact")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("not an address; write it with http:// or https://")
        return value.rstrip("/")


class SharedBoard(Section):
    """A tenant that gets a cost board of its own, without variables, fit for sharing outside."""

    tenant: str = Field(min_length=1, description="The tenant's id.")
    title: str = Field("", description="What the board is called; by default `Cost:` and the tenant's id.")


class Settings(Section):
    """Everything about the dashboards that a team may set."""

    folder: str = Field("Campaigns", min_length=1, description="Grafana's folder of the boards.")
    uid_prefix: str = Field(
        "campaigns", pattern=_PREFIX, description="Uids of the boards begin with it; links and alerts rest on them."
    )
    datasources: Datasources = Datasources()
    links: Links = Links()
    replica_labels: tuple[Annotated[str, Field(pattern=_LABEL)], ...] = Field(
        ("instance", "job", "pod"),
        description="Labels that tell one exporter from another on the same database; no panel counts one twice.",
    )
    shared_cost: tuple[SharedBoard, ...] = Field((), description="Tenants that get a shared cost board.")

    def uid(self, board: str) -> str:
        """The uid of one of our boards."""
        return f"{self.uid_prefix}-{board}"

    def runbook(self, alert: str) -> str:
        """The exporter's page on what to do about an alert of this name. Empty where viewers cannot reach it."""
        return self.links.pages and f"{self.links.pages}/runbooks/{alert}"


def load(path: Path | None) -> Settings:
    """The settings in a file, or the defaults. Raises ConfigError with file, line, key, value and remedy."""
    if path is None:
        return Settings()
    text, needed = read(path, "--config"), "leave --config out for the defaults"
    return parse_section(Settings, text, str(path), os.environ, needed, "docs/dashboards.md")

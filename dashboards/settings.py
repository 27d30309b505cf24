"""What a team may set about its dashboards: names, datasources, links, and who gets a shared cost board."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from exporter.config.file import Section, parse_section, read
from exporter.config.group_labels import GroupLabels, Labels, checked_names
from exporter.config.web_address import web_address
from exporter.errors import ConfigError

_LABEL = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
_UID = r"^[a-zA-Z0-9_-]{1,40}$"
_PREFIX = r"^[a-z0-9][a-z0-9-]{0,19}$"
_PLACE = re.compile(r"\{\w+\}")
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
    """Addresses in the calling platform. `{campaign}`, `{contact}` and `{task}` stand for ids; empty: no link.

    With `group_labels`, the name of one in braces, such as `{cluster}`, stands for its value.
    """

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
    def address(self) -> str:
        """The same where no exporter can be asked."""
        return DEFAULT_ADDRESS if self.exporter == TOLD else self.exporter

    @field_validator("exporter")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if value in ("", TOLD):
            return value
        web_address(_PLACE.sub("x", value))  # the value of a group label fits into any part
        return value.rstrip("/")

    @field_validator("campaign", "contact")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("not an address; write it with http:// or https://")
        return value.rstrip("/")


class SharedBoard(Section):
    """A tenant that gets a cost board of its own, without variables, fit for sharing outside."""

    tenant: str = Field(min_length=1, description="The tenant's id.")
    group: Labels = Field(
        {}, description="With `group_labels`: of which platform, a value for each of them, such as `{cluster: eu}`."
    )
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
    group_labels: GroupLabels = Field(
        (),
        description="Labels that tell one platform from another where several are scraped, such as `[cluster]`, as ids "
        "are unique within one only: see [several platforms](operating.md#several-platforms).",
    )
    shared_cost: tuple[SharedBoard, ...] = Field((), description="Tenants that get a shared cost board.")

    @property
    def pages(self) -> str:
        """Where a board finds the exporter's pages: an address, or the variable that holds what the exporter tells."""
        return self._pages(row=False)

    def _pages(self, *, row: bool) -> str:
        return "${exporter}" if self.links.exporter == TOLD else self.of_group(self.links.exporter, row=row)

    def of_group(self, address: str, *, row: bool = False) -> str:
        """An address with the group that the viewer has chosen; `row`: with that of a row of a table."""
        for label in self.group_labels:
            where = f"__data.fields.{label}" if row else label
            address = address.replace(f"{{{label}}}", f"${{{where}:percentencode}}")
        return address

    def uid(self, board: str) -> str:
        """The uid of one of our boards."""
        return f"{self.uid_prefix}-{board}"

    def runbook(self, alert: str, *, row: bool = False) -> str:
        """The exporter's page on what to do about an alert of this name. Empty where viewers cannot reach it."""
        pages = self._pages(row=row)
        return pages and f"{pages}/runbooks/{alert}"

    def regrouped(self, labels: str | None) -> Settings:
        """The same with other group labels, which a command was given: names with commas between them."""
        if labels is None:
            return self
        try:
            names = checked_names([name.strip() for name in labels.split(",")] if labels else [])
        except ValueError as error:
            raise ConfigError(f"--group-labels: {error}") from None
        return self.model_copy(update={"group_labels": names})

    def check_groups(self) -> None:
        """Raises ConfigError where platforms would be taken for one in what others see, or labels contradict."""
        for label in self.group_labels:
            if label in self.replica_labels:
                raise ConfigError(
                    f"group_labels: {label!r} is one of replica_labels too, and replicas are taken for one; "
                    "leave it out of one of the two"
                )
        for shared in self.shared_cost:
            if set(shared.group) != set(self.group_labels):
                raise ConfigError(_unplaced(f"shared_cost: tenant {shared.tenant!r}", shared.group, self.group_labels))


def _unplaced(whose: str, group: Mapping[str, str], labels: tuple[str, ...]) -> str:
    """What is wrong where a tenant is named without its platform, or with one that nothing is told of."""
    if not labels:
        return f"{whose}: has a group, {dict(group)}, and there are no group_labels; name them, or leave the group out"
    wanted = ", ".join(f"{label}: …" for label in labels)
    return f"{whose}: is of the group {dict(group)}; write {{{wanted}}}, as its id is unique within one group only"


def load(path: Path | None, group_labels: str | None = None) -> Settings:
    """The settings in a file, or the defaults. Raises ConfigError with file, line, key, value and remedy.

    `group_labels`: others than these, with commas between them.
    """
    found = Settings()
    if path is not None:
        text, needed = read(path, "--config"), "leave --config out for the defaults"
        found = parse_section(Settings, text, str(path), os.environ, needed, "docs/dashboards.md")
    return found.regrouped(group_labels)

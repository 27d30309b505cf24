"""`campaign-exporter capture`: asks the running exporter and the database, and puts together what they say."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from exporter import __version__
from exporter.commands.capture.archive import MANIFEST, File, check_target, write, zipped
from exporter.commands.capture.findings import Collector, Findings, Missing, noting
from exporter.commands.capture.formats import as_csv, as_json
from exporter.commands.capture.masking import Mask, Secrets
from exporter.commands.capture.readme import readme
from exporter.commands.capture.served import (
    Served,
    address_of,
    ask,
    checked,
    slice_of,
    tenant_in,
    without_login,
)
from exporter.commands.capture.surroundings import configuration, report_of_check, versions
from exporter.commands.explain.ids import quoted
from exporter.commands.explain.reading import Reading, open_reading
from exporter.config import Config
from exporter.config.durations import format_duration
from exporter.errors import CampaignExporterError, UnknownIdError
from exporter.refresh.clock import Clock, database_clock
from exporter.web.addresses import links_of
from exporter.web.cards.card import card
from exporter.web.cards.values import NEW, Json, iso
from exporter.web.rendering import render_card

PARTIAL = 3
"""Exit status: an archive was written, and something is missing from it."""

_CLOCKS_APART = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """What to capture. `since` is a span in seconds."""

    config_file: Path
    campaign_id: str
    task_id: str | None
    since: float
    output: Path
    masked: bool = True
    url: str | None = None
    force: bool = False

    @property
    def command(self) -> str:
        """The command line, without what is secret in it."""
        words = ["campaign-exporter", "capture", "--config.file", str(self.config_file), "--campaign", self.campaign_id]
        words += ["--task", self.task_id] if self.task_id is not None else []
        words += ["--since", format_duration(self.since), "-o", str(self.output)]
        words += [] if self.masked else ["--unmasked"]
        words += ["--url", without_login(self.url)] if self.url else []
        return shlex.join([*words, "--force"] if self.force else words)


@dataclass(slots=True)
class Captured:
    """What was written: `missing` what could not be, `notes` what else its reader must know."""

    size: int = 0
    files: int = 0
    card: Json | None = None
    missing: list[Missing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status."""
        return PARTIAL if self.missing else 0


def capture(config: Config, request: Request, clock: Clock = database_clock) -> Captured:
    """Write the archive. `UnknownIdError`: no such campaign or task; `ConfigError`: it cannot be written."""
    check_target(request.output, request.force)
    secrets = Secrets(config, request.url)
    url = checked(request.url) if request.url else address_of(config.web.listen_address)
    making = _Making(config, request, Mask(request.masked), ask(url, request.campaign_id))
    making.read(clock)
    data, count = making.archive(secrets)
    write(request.output, data, request.force)
    made = making.made
    made.size, made.files = len(data), count
    return made


class _Making:
    """One archive in the making."""

    def __init__(self, config: Config, request: Request, mask: Mask, served: Served) -> None:
        self._config = config
        self._request = request
        self._mask = mask
        self._served = served
        self._files: list[File] = []
        self._found = Findings()
        self._tenant: str | None = None
        self._campaign = request.campaign_id
        self._now: float | None = None
        self._freshness = NEW
        self._at = datetime.now(UTC).replace(microsecond=0)
        self.made = Captured()

    def read(self, clock: Clock) -> None:
        """Everything that takes asking."""
        request, made = self._request, self.made
        reading: Reading | None = None
        try:
            with open_reading(self._config, request.campaign_id, clock) as reading:
                self._freshness = reading.freshness
                self._now, self._campaign = reading.now + reading.age, reading.campaign_id
                self._tenant = reading.platform.campaigns[reading.campaign_id].tenant_id
                collector = Collector(self._config, reading, reading.now - request.since)
                self._found = collector.found
                collector.collect(request.task_id)
        except UnknownIdError:
            raise
        except CampaignExporterError as error:
            made.missing.append(Missing("everything that is read from the database", str(error)))
        made.missing += self._found.missing
        if self._found.snapshot is None and self._served.metrics is None and reading is None:
            made.missing.append(Missing("card and metrics from the running exporter", self._served.problem))
        self._files += [configuration(self._config), versions(reading)]
        if reading is None:
            made.missing.append(Missing("check.txt, check.json", "the database is needed for them"))
            return
        with noting(made.missing, "check.txt, check.json", self._config):
            self._files += report_of_check(self._config)

    def archive(self, secrets: Secrets) -> tuple[bytes, int]:
        """The finished archive, and how many files it has."""
        self._know()
        self._rows()
        card = self._cards()
        self._metrics()
        self._notes(card)
        self.made.card = card
        text = readme(
            card, self._found_task(), self._subject(card), _stamp(self._now, self._at), self._request.masked,
            self.made.missing, " ".join(self.made.notes), {file.name for file in self._files},
        )  # fmt: skip
        first = File("README.txt", "what the evidence shows", text.encode("utf-8", "replace"))
        ordered = sorted(self._files, key=lambda file: (_ORDER.get(file.name, len(_ORDER)), file.name))
        files = [
            File(file.name, file.about, secrets.without(file.data), file.rows, file.cut) for file in (first, *ordered)
        ]
        manifest = File(MANIFEST, "", secrets.without(as_json(self._manifest(files))))
        return zipped([*files, manifest], self._at), len(files) + 1

    def _know(self) -> None:
        """Ids stay what they are; contacts are looked for in all texts."""
        self._mask.know(self._campaign, *filter(None, (self._tenant, self._request.task_id)))
        if self._found.snapshot is not None:
            platform = self._found.snapshot.shown.platform
            self._mask.know(*platform.campaigns, *platform.numbers, *platform.connections, *platform.tenants)
        for extract in self._found.extracts:
            self._mask.learn(extract.rows.relation, extract.rows.rows)
        if self._found.task_row is not None:
            self._mask.learn("tasks", [self._found.task_row])

    def _rows(self) -> None:
        for extract in self._found.extracts:
            rows = extract.rows
            masked = [self._mask.row(rows.relation, row) for row in rows.rows]
            data = as_csv(rows.columns, masked)
            about = f"{extract.about} ({rows.relation}), newest first"
            self._files.append(File(extract.name, about, data, len(masked), rows.cut))
        if self._found.task_row is not None:
            row = self._mask.row("tasks", self._found.task_row)
            data = as_json({**(self._found_task() or {}), "row": row})
            self._files.append(File("task.json", "the task: why it is not dialled, and its row", data, 1))

    def _found_task(self) -> Json | None:
        task: Json | None = self._mask.shown(self._found.task)
        return task

    def _cards(self) -> Json | None:
        """The card of this look, and the one that the running exporter shows; the better one is returned."""
        served: Json | None = self._mask.shown(self._served.card)
        if served is not None:
            about = "the card as the running exporter shows it"
            self._files.append(File("served-card.json", about, as_json(served)))
        snapshot = self._found.snapshot
        if snapshot is None:
            if served is not None:
                self._page(served, "the card that the running exporter shows")
            return served
        mask = self._config.numbers.mask_phone
        links = links_of(self._config.web, self._campaign) if self._mask.id(self._campaign) == self._campaign else ()
        made: Json = self._mask.shown(card(snapshot.shown, self._campaign, self._freshness, mask=mask, links=links))
        self._page(made, "the dispatch health card")
        self._files.append(File("card.json", "the same for a program", as_json(made)))
        return made

    def _page(self, shown: Json, about: str) -> None:
        try:
            html = render_card(shown, self_contained=True)
        except Exception as error:  # a card of another version of the exporter
            self.made.missing.append(Missing("card.html", f"the card has another shape ({type(error).__name__})"))
            return
        self._files.append(File("card.html", f"{about}, for a browser", html.encode("utf-8", "replace")))

    def _metrics(self) -> None:
        served, snapshot = self._served, self._found.snapshot
        if served.metrics is not None:
            text, about = served.metrics, f"series of the campaign, its tenant and the exporter, from {served.url}"
        elif snapshot is not None:
            text, about = snapshot.text.decode(), "series of the campaign and its tenant, made by this capture"
            self.made.notes.append(f"metrics.txt and the card are made by this capture, as {served.problem}.")
        else:
            return
        tenant = self._tenant or tenant_in(text, self._campaign)
        sliced, series = slice_of(text, self._campaign, tenant, self._mask.label)
        self._files.append(File("metrics.txt", about, sliced.encode("utf-8", "replace"), series))

    def _notes(self, shown: Json | None) -> None:
        notes, now = self.made.notes, self._now
        served = self._served.card
        if now is not None and abs(now - self._at.timestamp()) > _CLOCKS_APART:
            apart = format_duration(math.floor(abs(now - self._at.timestamp())))
            notes.append(f"The clocks of the database and of this host are {apart} apart; the database's is used.")
        if shown is not None and self._found.snapshot is None:
            age = f"{shown['age_seconds']:.0f} s old then" + (
                ", which is too old to be trusted" if shown["stale"] else ""
            )
            notes.append(f"The card is what the exporter at {self._served.url} showed, of {shown['at']}, {age}.")
        elif served is not None and shown is not None:
            theirs, ours = served["verdict"]["name"], shown["verdict"]["name"]
            if theirs != ours:
                notes.append(f"The running exporter says {theirs} (served-card.json), which it has watched for longer.")
        if self._served.metrics is not None and self._served.problem:
            notes.append(f"{self._served.problem[0].upper()}{self._served.problem[1:]}.")

    def _subject(self, shown: Json | None) -> str:
        name = f"campaign {quoted(self._mask.id(self._campaign))}"
        if shown is not None:
            tenant = shown["campaign"]["tenant"]["name"] or shown["campaign"]["tenant"]["id"]
            name += f" ({shown['campaign']['name']}, of {tenant})"
        task = self._request.task_id
        return name + (f", task {quoted(self._mask.id(task))}" if task is not None else "")

    def _manifest(self, files: list[File]) -> Json:
        asked, found, mask = self._request, self._found, self._mask
        task = None if asked.task_id is None else mask.id(asked.task_id)
        request = replace(asked, campaign_id=mask.id(asked.campaign_id), task_id=task)
        return {
            "made_by": f"campaign-exporter {__version__}",
            "command": request.command,
            "created_at": iso(self._at.timestamp()),
            "database_time": iso(self._now),
            "campaign": mask.id(self._campaign),
            "task": request.task_id,
            "since": None if self._now is None else iso(self._now - request.since),
            "masked": request.masked,
            "exporter_asked": self._served.url,
            "complete": not self.made.missing,
            "not_captured": [{"what": each.what, "why": each.why} for each in self.made.missing],
            "absent": [{"what": each.what, "why": each.why} for each in found.absent],
            "notes": self.made.notes,
            "files": [file.listed() for file in files],
        }


_ORDER = {name: place for place, name in enumerate(("card.html", "card.json", "served-card.json", "task.json"))}


def _stamp(now: float | None, at: datetime) -> str:
    """The database's time, else this host's."""
    moment = at if now is None else datetime.fromtimestamp(now, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")

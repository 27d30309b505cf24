"""The command line: what each command needs is imported when it is asked for."""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from typing import Any

import click

from exporter import __version__
from exporter.commands.printing import plain
from exporter.errors import CampaignExporterError

COMMANDS = {
    "adopt": "exporter.commands.adopt.cli:adopt",
    "alerts": "exporter.commands.alerts:alerts",
    "capture": "exporter.commands.capture.cli:capture_evidence",
    "check": "exporter.commands.check.cli:check_database",
    "check-web": "exporter.commands.check_web:check_web",
    "config": "exporter.commands.config:show_config",
    "dashboards": "exporter.commands.dashboards:dashboards",
    "demo": "exporter.commands.demo:demo",
    "explain": "exporter.commands.explain.cli:explain_campaign",
    "serve": "exporter.commands.serve:serve",
}
"""Where each command is."""

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


class _Commands(click.Group):
    """Finds commands by name, and turns errors that a person can mend into a line and exit status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CampaignExporterError as error:
            raise click.ClickException(plain(str(error), sys.stderr)) from None
        except OSError as error:
            if error.errno not in _DISK:
                raise
            raise click.ClickException(f"cannot write: {error.strerror}; is the disk full?") from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="campaign-exporter")
def main() -> None:
    """Prometheus metrics of outbound calling campaigns, from PostgreSQL."""


if __name__ == "__main__":
    sys.exit(main())

"""What can go wrong when a command makes files of settings: said with the file of settings, and where it writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from exporter.errors import ConfigError

GROUP_LABELS = click.option(
    "--group-labels",
    metavar="NAME[,NAME...]",
    help="Labels that tell platforms apart, as `group_labels` in the file; see docs/operating.md, Several platforms.",
)


@contextlib.contextmanager
def building(config_file: Path | None, out: Path) -> Iterator[None]:
    """While files are made of the settings in a file and written into a folder."""
    try:
        yield
    except ConfigError as error:  # of settings that only together make no sense
        raise ConfigError(f"{config_file}: {error}" if config_file else str(error)) from None
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written: {error.strerror}; name a folder that is yours") from None

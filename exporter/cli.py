"""The command as it is started: what must be so before the rest is imported, which takes a second or two."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Run the command."""
    _open_standard_files()
    if sys.argv[1:2] == ["serve"]:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the configuration is yet to be read
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os._exit(0))
    from exporter.commands.cli import main as command

    command()


def _open_standard_files() -> None:
    """Where one of the three is closed, the next file or socket would take its place, and get what is meant for it."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
            setattr(sys, name, open(descriptor, mode, closefd=False))  # noqa: SIM115


if __name__ == "__main__":
    main()

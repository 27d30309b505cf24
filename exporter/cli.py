"""`python -m exporter.cli`: the command, under the name that scripts of the first version call."""

from __future__ import annotations

from exporter.commands.cli import main

if __name__ == "__main__":
    main()

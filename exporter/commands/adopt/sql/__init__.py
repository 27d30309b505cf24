"""What `adopt` asks of a database's catalogue, in files as the statements of the source are."""

from __future__ import annotations

from functools import partial

from exporter.source.sql import statement as _of_package

statement = partial(_of_package, package=__name__)
"""The text of `NAME.sql` in this folder."""

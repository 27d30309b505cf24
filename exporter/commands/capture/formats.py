"""How files of the archive are written: JSON and CSV in UTF-8 that people, programs and spreadsheets can open."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from exporter.commands.explain.rows import Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that begins so is run as a formula by spreadsheets (OWASP, "CSV Injection"), in full width, too."""


def as_json(value: Any) -> bytes:
    """Indented, in the order given."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    """A header and a line a row, as RFC 4180 has it; JSON in a cell stays JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_cell(column) for column in columns])
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str | int | float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value  # a negative number is no formula
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "'" + text if text.startswith(_FORMULA) else text.replace("\0", "")

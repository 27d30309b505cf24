"""The log: lines of what happened come in, and leave for standard error without anybody waiting for them.

Knows nothing of what is logged, but how an error is told without a secret or a row.
"""

from exporter.logs.lines import Repeats, configure, drain, lost, take_over, trace

__all__ = ["Repeats", "configure", "drain", "lost", "take_over", "trace"]

"""The families of audience files."""

from __future__ import annotations

from exporter.metrics.catalogue.kinds import GAUGE, INFO, Attribute, Attributes, Family, Info, mapped

AUDIENCE = (
    Family(
        "campaign_audience_upload_info",
        INFO,
        "Always 1: the campaign's newest audience file (its list of contacts), with its name and status.",
        Info("audience_uploads", mapped(upload="upload_id", filename="filename", status="status")),
        ("upload", "filename", "status"),
    ),
    Family(
        "campaign_audience_rows",
        GAUGE,
        "Rows of the newest audience file, by state: total, accepted, rejected.",
        Attributes(
            "audience_uploads", "state", mapped(total="rows_total", accepted="rows_accepted", rejected="rows_rejected")
        ),
        ("state",),
    ),
    Family(
        "campaign_audience_size_bytes",
        GAUGE,
        "Size of the newest audience file, in bytes.",
        Attribute("audience_uploads", "size_bytes"),
    ),
    Family(
        "campaign_audience_uploaded_timestamp_seconds",
        GAUGE,
        "When the newest audience file was uploaded (Unix time).",
        Attribute("audience_uploads", "uploaded_at"),
    ),
)

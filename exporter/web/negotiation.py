"""What a client asks for in its Accept headers (RFC 9110, section 12.5)."""

from __future__ import annotations

JSON_TYPE, HTML_TYPE = "application/json", "text/html"


def weights(header: str) -> dict[str, float]:
    """The values of an Accept header with their q, the highest where one is named twice."""
    found: dict[str, float] = {}
    for item in header.split(",")[:50]:
        name, *parameters = (part.strip() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                try:
                    weight = min(1.0, max(0.0, float(value)))
                except ValueError:
                    weight = 0.0
        found[name.lower()] = max(weight, found.get(name.lower(), 0.0))
    return found


def prefers_json(accept: str) -> bool:
    """Whether JSON is named, and HTML is not preferred to it; who takes anything gets HTML."""
    found = weights(accept)
    json = max(found.get(JSON_TYPE, 0.0), found.get("application/*", 0.0))
    html = found.get(HTML_TYPE, found.get("text/*", found.get("*/*", 0.0)))
    return json > html or (json > 0 and json >= html and JSON_TYPE in found and HTML_TYPE not in found)

"""Real certificates, and web files that name them."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt
import trustme
import yaml

PASSWORD = "correct horse"


class Authority:
    """One that signs certificates, and a directory in which they lie."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = trustme.CA()
        self.file = directory / "ca.pem"
        self.file.write_bytes(self.ca.cert_pem.bytes())

    def issue(self, name: str, *identities: str, days: float = 1, authority: trustme.CA | None = None) -> None:
        """`NAME.pem` and `NAME.key`, good from two days ago to so many days from now."""
        now = datetime.now(UTC)
        made = (authority or self.ca).issue_cert(
            *(identities or ("127.0.0.1", "localhost")),
            common_name=name,
            not_before=now - timedelta(days=2),
            not_after=now + timedelta(days=days),
        )
        (self.directory / f"{name}.pem").write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        (self.directory / f"{name}.key").write_bytes(made.private_key_pem.bytes())

    def trusting(self, shown: str | None = None) -> ssl.SSLContext:
        """A client that trusts this authority, and shows a certificate of that name."""
        context = ssl.create_default_context(cafile=self.file)
        if shown is not None:
            context.load_cert_chain(self.directory / f"{shown}.pem", self.directory / f"{shown}.key")
        return context


def hashed(password: str, cost: int = 4) -> str:
    """As a web file holds it."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def login(user: str, password: str) -> str:
    """As a client sends it."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def web_file(directory: Path, content: Mapping[str, Any]) -> Path:
    """A web file that says this."""
    path = directory / "web.yml"
    path.write_text(yaml.safe_dump(dict(content)))
    return path


def tls(name: str = "server", **others: Any) -> dict[str, Any]:
    """The part of a web file that names a certificate, by paths that are relative to it."""
    return {"cert_file": f"{name}.pem", "key_file": f"{name}.key", **others}

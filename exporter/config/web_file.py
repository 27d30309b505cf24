"""The file of `--web.config.file`: what guards the port, in the format of the official exporters.

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md. What is not taken of it is refused
by name, and so is what would leave the port open though somebody wrote it to be guarded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from exporter.config.file import Section, parse_section, read
from exporter.config.scalars import Switch

PAGE = "docs/web-security.md"

_HASH = re.compile(r"\$2[aby]\$([0-3][0-9])\$[./A-Za-z0-9]{53}")
_COSTS = range(4, 17)
"""With each step a password takes twice as long: four seconds at 16, and a scrape is over after ten."""
_HTPASSWD = "make one with: htpasswd -nBC 10 NAME"

_INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "cert": "name its file with cert_file",
        "key": "name its file with key_file",
        "client_ca": "name its file with client_ca_file",
        "cipher_suites": "leave it out: only what is safe is offered; min_version: TLS13 takes the newest alone",
        "curve_preferences": "leave it out: only what is safe is offered",
        "prefer_server_cipher_suites": "leave it out",
        "rate_limit": "leave it out: clients are bounded, see docs/operating.md",
    }
)
"""What the official exporters take and this one does not, with the remedy."""


def _refused(_: Any, info: ValidationInfo) -> None:
    raise ValueError(f"is not taken here; {_INSTEAD[info.field_name or '']}")


Refused = Annotated[Any, BeforeValidator(_refused)]


class TlsConfig(Section):
    """How the server shows itself, and which clients it takes."""

    cert_file: Path
    key_file: Path
    client_auth_type: Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"] = "NoClientCert"
    client_ca_file: Path | None = None
    client_allowed_sans: tuple[str, ...] | None = None
    min_version: Literal["TLS12", "TLS13"] = "TLS12"
    max_version: Literal["TLS12", "TLS13"] = "TLS13"
    cert: Refused = None
    key: Refused = None
    client_ca: Refused = None
    cipher_suites: Refused = None
    curve_preferences: Refused = None
    prefer_server_cipher_suites: Refused = None

    @field_validator("client_auth_type", mode="before")
    @classmethod
    def _looked_at(cls, name: object) -> object:
        if name in ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert"):
            raise ValueError("takes a certificate of anybody's making; write RequireAndVerifyClientCert")
        return name

    @field_validator("client_allowed_sans")
    @classmethod
    def _somebody(cls, names: tuple[str, ...] | None) -> tuple[str, ...]:
        if not names:
            raise ValueError("names nobody; write a list of names, or leave the line out")
        return names

    @model_validator(mode="after")
    def _fitting(self) -> TlsConfig:
        verifies = self.client_auth_type != "NoClientCert"
        if verifies and self.client_ca_file is None:
            raise ValueError(f"client_auth_type: {self.client_auth_type} needs client_ca_file, by which it verifies")
        if self.client_ca_file is not None and not verifies:
            raise ValueError("client_ca_file is of no use without client_auth_type: RequireAndVerifyClientCert")
        if self.client_allowed_sans and self.client_auth_type != "RequireAndVerifyClientCert":
            raise ValueError("client_allowed_sans is of no use without client_auth_type: RequireAndVerifyClientCert")
        if self.min_version > self.max_version:
            raise ValueError("min_version is newer than max_version; leave max_version out")
        return self


def _plain(value: str) -> str:
    if not re.fullmatch(r"[ -~]+", value):
        raise ValueError("is empty or holds other than plain characters; write it on one line, or leave it out")
    return value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Header = Annotated[str, BeforeValidator(_as_text), AfterValidator(_plain)]
"""`X-XSS-Protection: 0` is a text too."""


class HeadersConfig(Section):
    """Headers of every answer, instead of those that this exporter sends by itself."""

    content_security_policy: Header | None = Field(None, alias="Content-Security-Policy")
    x_frame_options: Literal["deny", "sameorigin"] | None = Field(None, alias="X-Frame-Options")
    x_content_type_options: Literal["nosniff"] | None = Field(None, alias="X-Content-Type-Options")
    x_xss_protection: Header | None = Field(None, alias="X-XSS-Protection")
    strict_transport_security: Header | None = Field(None, alias="Strict-Transport-Security")


class HttpConfig(Section):
    """What is no guard."""

    http2: Switch = False
    headers: HeadersConfig = HeadersConfig()


def _bcrypt(value: object) -> object:
    match = _HASH.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"not the bcrypt hash of a password; {_HTPASSWD}")
    if int(match[1]) not in _COSTS:
        raise ValueError(f"a hash of the cost {int(match[1])}; {_COSTS[0]} to {_COSTS[-1]} are taken: {_HTPASSWD}")
    return value


Hash = Annotated[SecretStr, BeforeValidator(_bcrypt)]


class WebFile(Section):
    """The whole file."""

    tls_server_config: TlsConfig | None = None
    http_server_config: HttpConfig = HttpConfig()
    basic_auth_users: Mapping[str, Hash] | None = None
    rate_limit: Refused = None

    @field_validator("tls_server_config", "basic_auth_users", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        """An empty guard is a mistake, of a template perhaps, and not the wish to have none."""
        if not value:
            raise ValueError("holds nothing; write what belongs into it, or take the line out: then nothing is guarded")
        return value

    @field_validator("basic_auth_users")
    @classmethod
    def _names(cls, users: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
        if any(":" in name for name in users):
            raise ValueError("a name with : in it, which no client can send; choose another")
        return users

    @property
    def hashes(self) -> Mapping[str, str]:
        """The hashes of passwords by user: never to be printed."""
        return {name: value.get_secret_value() for name, value in (self.basic_auth_users or {}).items()}


def load_web_file(path: Path, environment: Mapping[str, str] = os.environ) -> WebFile:
    """Read and validate a file. `ConfigError` lists every mistake, with line and remedy, and no password."""
    needed = "at least `tls_server_config` or `basic_auth_users` is needed"
    return parse_section(WebFile, read(path, "--web.config.file"), str(path), environment, needed, PAGE)

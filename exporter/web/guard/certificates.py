"""TLS as the web file has it: its certificates read and tried, each mistake with the key, the file and the remedy."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

from exporter.config.text_file import UnreadableError, read_text
from exporter.config.web_file import TlsConfig
from exporter.errors import ConfigError

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_MODES = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


def files_of(tls: TlsConfig | None, web_file: Path) -> dict[str, Path]:
    """By key, the files that it names: as seen from where the web file is."""
    if tls is None:
        return {}
    named = {"cert_file": tls.cert_file, "key_file": tls.key_file, "client_ca_file": tls.client_ca_file}
    return {key: web_file.parent / path for key, path in named.items() if path is not None}


def context_of(tls: TlsConfig, web_file: Path) -> ssl.SSLContext:
    """What clients are met with. `ConfigError` names the file that cannot be used."""
    files = files_of(tls, web_file)

    def wrong(key: str, what: str) -> ConfigError:
        return ConfigError(f"{web_file}: tls_server_config.{key}: {files[key]}: {what}")

    def pem(key: str, mark: str, thing: str) -> str:
        try:
            text = read_text(files[key])
        except UnreadableError as error:
            raise wrong(key, f"cannot be read: {error}; name a readable file in PEM form") from None
        if mark not in text:
            raise wrong(key, f"holds no {thing}; name a file in PEM form that does")
        return text

    def encrypted() -> str:  # instead of asking for it on the terminal
        raise wrong("key_file", "is protected by a password, which nobody could give; name one that is not")

    pem("cert_file", "CERTIFICATE-----", "certificate")
    pem("key_file", "PRIVATE KEY-----", "private key")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version, made.maximum_version = _VERSIONS[tls.min_version], _VERSIONS[tls.max_version]
    made.set_alpn_protocols(["http/1.1"])
    try:
        made.load_cert_chain(files["cert_file"], files["key_file"], password=encrypted)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise wrong("key_file", f"is not the key of the certificate in {files['cert_file']}") from None
        raise wrong("cert_file", f"cannot be used: {_reason(error)}; make it, or its key, anew") from None
    except OSError as error:  # replaced since it was read
        raise wrong("cert_file", f"cannot be read: {error.strerror}; name a readable file in PEM form") from None
    if tls.client_ca_file is not None:
        try:
            made.load_verify_locations(cadata=pem("client_ca_file", "CERTIFICATE-----", "certificate"))
        except ssl.SSLError as error:
            raise wrong("client_ca_file", f"cannot be used: {_reason(error)}; write it anew") from None
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what is in the file is trusted, be it no root
    made.verify_mode = _MODES[tls.client_auth_type]
    return made


def objection(context: ssl.SSLContext, certificate: Path) -> str | None:
    """Why any client will refuse this certificate now, such as that it has expired; found by being a client."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there)
    try:
        client.load_verify_locations(cadata=read_text(certificate))
        for side in (asking, context.wrap_bio(there, back, server_side=True), asking):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        return _reason(error)
    except UnreadableError as error:  # replaced since it was taken
        return str(error)
    return None


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "no PEM").lower().replace("_", " ")

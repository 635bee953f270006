"""A self-made certificate for 127.0.0.1, by the system's openssl."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


def make_certificate(folder: Path) -> Path:
    """Makes key and certificate in `folder`, valid for a day; OSError where openssl is missing or fails."""
    file = folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(file)]
    made = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - fixed words, our own folder
    if made.returncode:
        raise OSError(made.stderr.decode(errors="replace").strip())
    return file


def context(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return made

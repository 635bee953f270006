"""What can be said of a push line before anything is sent. Pure but for a look at a file."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from drivers.base import Finding, MisconfiguredError
from drivers.push.fcm import account_of
from drivers.push.options import PushOptions, is_address
from drivers.push.webpush import key_of

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FOREIGN: Final = {
    "fcm": ("token", "subject"),
    "ntfy": ("credentials", "subject"),
    "webpush": ("token",),
}
"""Keys that a service has no use for."""


def require_usable(options: PushOptions) -> None:
    """Raises `MisconfiguredError` for keys that cannot work."""
    for finding in contradictions(options):
        raise MisconfiguredError(finding.key, f"{finding.message}; {finding.remedy}")


def contradictions(options: PushOptions) -> list[Finding]:
    service = options.service
    findings = [
        Finding(key, f"the service {service} knows no {key}", "remove it")
        for key in _FOREIGN[service]
        if getattr(options, key) is not None
    ]
    if options.base and not is_address(options.base):
        findings.append(Finding("url", "that is no address of a service", 'write it as "https://push.example.com"'))
    if service == "ntfy" and not options.base:
        findings.append(Finding("url", "the line names no server", 'give the ntfy server, "https://ntfy.example.com"'))
    if service != "ntfy" and options.credentials is None:
        remedy = (
            "download the service account's JSON from the Firebase console"
            if service == "fcm"
            else "make one: openssl ecparam -name prime256v1 -genkey -noout -out vapid.pem"
        )
        findings.append(Finding("credentials_file", f"the service {service} needs a key", remedy))
    elif service != "ntfy":
        try:
            _ = account_of(options) if service == "fcm" else key_of(options)
        except MisconfiguredError as error:
            findings.append(Finding("credentials_file", str(error), "name the right file"))
    if service == "webpush" and not (options.subject or "").startswith(("mailto:", "https://")):
        remedy = 'give an address that push services may write to: "mailto:tecnica@norte.example"'
        findings.append(Finding("subject", "push services want to know whom to ask (RFC 8292)", remedy))
    return findings


def check(options: PushOptions) -> list[Finding]:
    """All that can be told without a connection."""
    findings = contradictions(options)
    if options.ca_file is not None and not options.ca_file.is_file():
        findings.append(Finding("ca_file", f"{options.ca_file} does not exist", "name a file of certificates (PEM)"))
    parts = urlsplit(options.base) if is_address(options.base) else None
    if parts is not None and parts.scheme == "http" and (parts.hostname or "") not in _LOOPBACK:
        findings.append(Finding("url", "tokens and texts travel in the clear", "use https, unless it is one's own net"))
    return findings

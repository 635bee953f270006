"""What can be said of a push line before anything is sent. Pure but for a look at a file."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from drivers.base import Finding, MisconfiguredError, spoken
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
        raise MisconfiguredError(finding.key, str(finding), finding)


def contradictions(options: PushOptions) -> list[Finding]:
    service = options.service
    findings = [
        Finding(
            key, spoken("the service {service} has no key {key}"), spoken("remove it"), {"service": service, "key": key}
        )
        for key in _FOREIGN[service]
        if getattr(options, key) is not None
    ]
    if options.base and not is_address(options.base):
        example = {"example": '"https://push.example.com"'}
        what, remedy = spoken("that is not a service's address"), spoken("write it as {example}")
        findings.append(Finding("url", what, remedy, example))
    if service == "ntfy" and not options.base:
        example = {"example": '"https://ntfy.example.com"'}
        what, remedy = spoken("the line names no server"), spoken("give the ntfy server, as {example}")
        findings.append(Finding("url", what, remedy, example))
    if service != "ntfy" and options.credentials is None:
        remedy = (
            spoken("download the service account's JSON from the Firebase console")
            if service == "fcm"
            else spoken("make one: openssl ecparam -name prime256v1 -genkey -noout -out vapid.pem")
        )
        what = spoken("the service {service} needs a key")
        findings.append(Finding("credentials_file", what, remedy, {"service": service}))
    elif service != "ntfy":
        try:
            _ = account_of(options) if service == "fcm" else key_of(options)
        except MisconfiguredError as error:
            findings.append(error.finding or Finding("credentials_file", str(error), spoken("name the right file")))
    if service == "webpush" and not (options.subject or "").startswith(("mailto:", "https://")):
        what = spoken("push services require a contact (RFC 8292)")
        remedy = spoken("give an address that push services may write to: {example}")
        findings.append(Finding("subject", what, remedy, {"example": '"mailto:tecnica@norte.example"'}))
    return findings


def check(options: PushOptions) -> list[Finding]:
    """Returns all that can be told without a connection."""
    findings = contradictions(options)
    if options.ca_file is not None and not options.ca_file.is_file():
        given = {"path": str(options.ca_file)}
        findings.append(
            Finding("ca_file", spoken("{path} does not exist"), spoken("name a file of certificates (PEM)"), given)
        )
    parts = urlsplit(options.base) if is_address(options.base) else None
    if parts is not None and parts.scheme == "http" and (parts.hostname or "") not in _LOOPBACK:
        remedy = spoken("use https, unless the network is your own")
        findings.append(Finding("url", spoken("tokens and texts travel in the clear"), remedy))
    return findings

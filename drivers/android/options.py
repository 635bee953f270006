"""The driver's own keys of a `[[line]]` table, and what can be said of them before anything is sent."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from drivers.base import Finding, MisconfiguredError, spoken

App = Literal["smsgate", "traccar", "rest", "generic"]

PORTS: Final[dict[str, int]] = {"smsgate": 8080, "traccar": 8082, "rest": 8080, "generic": 8080}
"""The port of each app as it comes."""
_SECONDS: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min)?")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, None: 1.0}


def _seconds(given: object) -> object:
    """`10`, `"10s"`, `"1.5m"`: seconds."""
    match = _SECONDS.fullmatch(given.strip()) if isinstance(given, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else given


def _digits(given: object) -> object:
    return str(given).strip().lstrip("+") if isinstance(given, (str, int)) else given


class AndroidOptions(BaseModel):
    """Which app on which phone, and how it is spoken to. Two lines with the same `url` use the two SIMs of a phone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    app: App = "smsgate"
    url: str = ""
    """Address of the phone: `http://192.168.1.20:8080`, or the address alone where scheme and port are the app's."""
    user: str = "sms"
    password: SecretStr | None = None
    token: SecretStr | None = None
    """SMSGate: a bearer token in place of user and password. Traccar: its key. Generic: the form field `token`."""
    sim: Annotated[int, Field(ge=1, le=4)] | None = None
    """The SIM's place in the phone, from 1; default: the phone's own choice."""
    country_code: Annotated[str, Field(pattern=r"^\d{1,3}$"), BeforeValidator(_digits)] | None = None
    """Put before numbers that this line writes without one."""
    poll: Annotated[float, Field(gt=0, le=86_400), BeforeValidator(_seconds)] | None = None
    """Seconds between looks into the inbox; default 15, or 300 where webhooks come."""
    webhook: str | None = None
    """SMSGate: the address at which the phone shall call us; without it everything is asked for."""
    webhook_secret: SecretStr | None = None
    """Key of the webhooks' signatures, as the app shows it."""
    passphrase: SecretStr | None = None
    """SMSGate: of the end-to-end encryption."""
    delivery_report: bool = True
    """SMSGate: ask the network for delivery reports."""

    @property
    def base(self) -> str:
        """The address with scheme and port, without a slash at its end."""
        text = self.url.strip().rstrip("/")
        if "://" in text:
            return text
        host, slash, path = text.partition("/")
        has_port = re.search(r"[^:]:\d+$|\]:\d+$", host) is not None
        return f"http://{host if has_port else f'{host}:{PORTS[self.app]}'}{slash}{path}"


def secret(given: SecretStr | None) -> str:
    return given.get_secret_value() if given is not None else ""


def require_usable(options: AndroidOptions) -> None:
    """Raises `MisconfiguredError` for keys that cannot work."""
    for finding in check(options):
        raise MisconfiguredError(finding.key, str(finding), finding)


def check(options: AndroidOptions) -> list[Finding]:
    findings = []
    if not options.url.strip():
        findings.append(
            Finding("url", spoken("the line names no phone"), spoken("give the address that the app shows"))
        )
    else:
        findings.extend(_check_url(options))
    if options.app == "smsgate" and options.password is None and options.token is None:
        findings.append(
            Finding("password", spoken("SMSGate asks for credentials"), spoken("give the password that the app shows"))
        )
    if options.app == "traccar" and options.token is None:
        findings.append(
            Finding("token", spoken("Traccar SMS Gateway asks for its key"), spoken("give the key that the app shows"))
        )
    if options.app != "smsgate":
        findings.extend(
            Finding(
                key, spoken("the app {app} has no key {key}"), spoken("remove it"), {"app": options.app, "key": key}
            )
            for key in ("passphrase", "webhook", "webhook_secret")
            if getattr(options, key) is not None
        )
    if options.webhook is not None and options.webhook_secret is None:
        findings.append(
            Finding(
                "webhook_secret",
                spoken("webhooks without a key could come from anyone"),
                spoken("choose a long random key"),
            )
        )
    return findings


def _check_url(options: AndroidOptions) -> list[Finding]:
    try:
        parts = urlsplit(options.base)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        example = {"example": '"http://192.168.1.20:8080"'}
        return [Finding("url", spoken("that is not a phone's address"), spoken("write it as {example}"), example)]
    if parts.username or parts.password:
        return [
            Finding("url", spoken("credentials in an address end up in logs"), spoken("give them by user and password"))
        ]
    return []

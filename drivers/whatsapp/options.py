"""The driver's own keys of a `[[line]]` table, and what can be said of them before anything is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from drivers.base import Finding, MisconfiguredError, spoken
from drivers.http.verdict import ServerErrors

GRAPH: Final = "https://graph.facebook.com"
VERSION: Final = "v23.0"

Reading = Literal["refused", "retry", "line", "uncertain"]
"""What an error code means: this message will never be taken; later; the account is to blame; it may have left."""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SECONDS: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m)")


def _seconds(given: Any) -> Any:
    match = _SECONDS.fullmatch(given.strip()) if isinstance(given, str) else None
    return float(match[1]) * (60.0 if match[2] == "m" else 1.0) if match else given


def _digits(given: Any) -> Any:
    """Returns an id of digits; TOML may have it as a number."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


class WhatsappOptions(BaseModel):
    """One telephone number of a WhatsApp Business account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone_id: Annotated[str, Field(pattern=r"^\d{1,32}$"), BeforeValidator(_digits)]
    """The number's id in Meta's console ("Phone number ID"); not the number itself."""
    token: SecretStr
    """Access token of a system user, with `whatsapp_business_messaging`."""
    app_secret: SecretStr | None = None
    """The app's secret, with which Meta signs what it calls us for; without it calls are refused, and no state beyond
    `submitted` and no reply ever comes."""
    verify_token: SecretStr | None = None
    """The word of one's own choice that Meta repeats when the address of the calls is set up."""
    url: str = GRAPH
    version: Annotated[str, Field(pattern=r"^v\d{1,3}\.\d{1,2}$")] = VERSION
    """Of the Graph API; Meta withdraws each some two years after it came."""
    preview_url: bool = False
    """Whether a link in a text shows a preview."""
    callback_data: bool = True
    """Give Meta the attempt's id (`biz_opaque_callback_data`), which comes back with every state: so a message in doubt
    is settled."""
    errors: dict[Annotated[str, Field(pattern=r"^\d{1,9}$")], Reading] = {}
    """Meta's error codes read otherwise than they are here."""
    server_errors: ServerErrors = "uncertain"
    """What a 5xx that says nothing of the message means: in doubt, or try again and risk sending it twice."""
    capacity: Annotated[int, Field(ge=1, le=500)] = 16
    """Requests at once."""
    timeout: Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=600, allow_inf_nan=False)] = 30.0
    """How long an answer may take, connecting included."""
    ca_file: Path | None = None

    @property
    def base(self) -> str:
        """Address of the number, without a slash at its end."""
        return f"{self.url.strip().rstrip('/')}/{self.version}/{self.phone_id}"

    @property
    def hooked(self) -> bool:
        return self.app_secret is not None


def require_usable(options: WhatsappOptions) -> None:
    """Raises `MisconfiguredError` for keys that cannot work."""
    for finding in contradictions(options):
        raise MisconfiguredError(finding.key, str(finding), finding)


def contradictions(options: WhatsappOptions) -> list[Finding]:
    findings = []
    if not _is_address(options.url):
        remedy = spoken("leave it out, or write it as {example}")
        findings.append(Finding("url", spoken("that is not an address of the API"), remedy, {"example": f'"{GRAPH}"'}))
    if not options.token.get_secret_value().strip():
        findings.append(Finding("token", spoken("is empty"), spoken("give the access token of a system user")))
    return findings


def check(options: WhatsappOptions) -> list[Finding]:
    """Returns all that can be told without a connection."""
    findings = contradictions(options)
    if options.app_secret is None:
        what = spoken("without it, deliveries, readings and replies are never known")
        findings.append(Finding("app_secret", what, spoken("give the app's secret, and set the webhook up")))
    elif options.verify_token is None:
        what = spoken("without it Meta cannot be told where to call")
        remedy = spoken("choose a word and give it to Meta with the webhook's address")
        findings.append(Finding("verify_token", what, remedy))
    if options.ca_file is not None and not options.ca_file.is_file():
        given = {"path": str(options.ca_file)}
        findings.append(
            Finding("ca_file", spoken("{path} does not exist"), spoken("name a file of certificates (PEM)"), given)
        )
    if _is_address(options.url):
        parts = urlsplit(options.url)
        if parts.scheme == "http" and (parts.hostname or "") not in _LOOPBACK:
            findings.append(Finding("url", spoken("the token travels in the clear"), spoken("use https")))
    return findings


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and parts.username is None
            and not parts.query
        )
    except ValueError:
        return False

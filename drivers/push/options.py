"""The driver's own keys of a `[[line]]` table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from drivers.base import Finding, MisconfiguredError, spoken
from drivers.http.verdict import ServerErrors

Service = Literal["fcm", "ntfy", "webpush"]

FCM_URL: Final = "https://fcm.googleapis.com"
TTL_MAX_S: Final = 28 * 86_400
"""Four weeks: the most FCM keeps a message, and no Web Push service keeps one longer."""
PUSH_SERVICES: Final = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "*.push.apple.com",
)
"""Hosts of the browsers' push services. A subscription comes from outside: without a list of hosts, the writer of one
could make the gateway call any address it reaches."""

_SECONDS: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def _seconds(given: Any) -> Any:
    match = _SECONDS.fullmatch(given.strip()) if isinstance(given, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else given


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=TTL_MAX_S, allow_inf_nan=False)]


class PushOptions(BaseModel):
    """One Firebase project, one ntfy server, or one VAPID key for browsers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: Service
    url: str = ""
    """ntfy: the server. fcm: in place of Google's. webpush: a push service of one's own, besides the browsers'."""
    token: SecretStr | None = None
    """ntfy: an access token (`tk_…`)."""
    credentials: SecretStr | None = None
    """fcm: the service account's JSON. webpush: the VAPID private key, PEM or base64url."""
    subject: str | None = None
    """webpush: whom a push service writes to about us, `mailto:…` or `https://…` (RFC 8292 §2.1)."""
    hosts: tuple[str, ...] = PUSH_SERVICES
    """webpush: hosts of push services, `*` for any label."""
    ttl: Seconds = 3 * 86_400.0
    """How long the service keeps what it cannot deliver, where the job does not say."""
    server_errors: ServerErrors = "uncertain"
    """What a 5xx that says nothing of the message means: in doubt, or try again and risk showing it twice."""
    capacity: Annotated[int, Field(ge=1, le=500)] = 8
    """Requests at once."""
    timeout: Seconds = 30.0
    """How long an answer may take, connecting included."""
    ca_file: Path | None = None
    """Certificates to trust in place of the system's, for a server in one's own house."""

    @property
    def base(self) -> str:
        """The service's address without a slash at its end; empty for webpush without one of its own."""
        return (self.url.strip() or (FCM_URL if self.service == "fcm" else "")).rstrip("/")


def secret(given: SecretStr | None) -> str:
    return given.get_secret_value() if given is not None else ""


def unusable(message: str, **values: str) -> MisconfiguredError:
    """That the file of credentials will not do, and why: a template of `values`, marked by `spoken`."""
    finding = Finding("credentials_file", message, spoken("name the right file"), values)
    return MisconfiguredError("credentials", str(finding), finding)


def is_address(url: str) -> bool:
    """Returns whether it is the http or https address of a service, without credentials in it."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and parts.username is None
            and not parts.query
            and not parts.fragment
        )
    except ValueError:
        return False

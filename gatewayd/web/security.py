"""What protects a browser: headers of every answer, cookies, and proof that a form is ours."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from starlette.requests import Request

SESSION_COOKIE: Final = "gatewayd"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; media-src 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content Security Policy (CSP Level 3): nothing from elsewhere, nothing inline."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "X-CSRF-Token"


def csrf_token(session: str) -> str:
    """Returns what every form of a session bears; nobody else can make it, and the page never shows the session."""
    return hmac.new(session.encode(), b"gatewayd csrf", hashlib.sha256).hexdigest()


def from_elsewhere(request: Request) -> bool:
    """Returns whether a browser says that another site made this request (Fetch Metadata, else the Origin header)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host", "")

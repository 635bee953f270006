"""Every wait of the push driver, in seconds, each with its reason. Tests hand in shorter ones."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.http.keeping import Rests

RESTS = Rests(well_s=600.0, back_s=1.0, back_most_s=60.0, blocked_s=300.0)
"""A look is one small request; a service that is back shall work within a minute; refused credentials are asked about
seldom, for some services lock those who insist."""


@dataclass(frozen=True, slots=True)
class Timing:
    margin_s: float = 120.0
    """An access token is renewed so long before its end: a send that just began still has a valid one."""
    token_default_s: float = 3600.0
    """How long a token holds whose answer does not say: what Google gives."""
    assertion_s: float = 3600.0
    """Longest life of an assertion that Google takes (RFC 7523 §3 leaves it to the service)."""
    vapid_s: float = 12 * 3600.0
    """Half of what RFC 8292 §2 allows: services' clocks differ from ours."""
    vapid_renew_s: float = 3600.0
    """A VAPID token is signed anew so long before its end."""
    quota_s: float = 60.0
    """The rest after 429 without Retry-After, as FCM asks for."""
    apart_s: float = 900.0
    """The rest of a message whose platform's key is missing at FCM: a person puts that right, within hours."""
    others_s: float = 60.0
    """A push service that never answered is the recipient's fault where another one did so long ago at most."""
    rests: Rests = RESTS

"""Access to Google's services by a service account: OAuth 2.0 with a signed assertion (RFC 7523 §2.1)."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from drivers.base import spoken
from drivers.http.answer import Request
from drivers.http.exchange import Exchange, LostError, NotWrittenError
from drivers.http.keeping import UnusableError
from drivers.push.options import is_address, unusable
from drivers.push.timing import Timing
from drivers.push.tokens import rs256

SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    project: str
    email: str
    key: rsa.RSAPrivateKey = field(repr=False)
    key_id: str | None
    token_uri: str

    @classmethod
    def parse(cls, text: str) -> ServiceAccount:
        """Reads the JSON that Google's console hands out; raises `MisconfiguredError`, which quotes nothing of it."""
        try:
            given = json.loads(text)
        except ValueError:
            given = None
        if not isinstance(given, dict) or given.get("type") != "service_account":
            raise unusable(
                spoken(
                    "the file is not the JSON of a service account: create a key in the project's settings and "
                    "download it"
                )
            )
        values = {name: given.get(name) for name in ("project_id", "client_email", "private_key")}
        if missing := [name for name, value in values.items() if not isinstance(value, str) or not value]:
            raise unusable(spoken("the file lacks {name}"), name=missing[0])
        token_uri = given.get("token_uri") or TOKEN_URI
        if not isinstance(token_uri, str) or not is_address(token_uri):
            raise unusable(spoken("the file has no usable token_uri"))
        try:
            key = load_pem_private_key(str(values["private_key"]).encode(), None)
        except (ValueError, TypeError):
            raise unusable(spoken("the file holds no usable private key")) from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise unusable(spoken("the file holds a key that is not RSA"))
        key_id = given.get("private_key_id")
        return cls(str(values["project_id"]), str(values["client_email"]), key, key_id or None, token_uri)

    def assertion(self, now: float, life_s: float) -> str:
        """`now` is Unix time."""
        claims = {
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": int(now),
            "exp": int(now + life_s),
        }
        return rs256(self.key, claims, self.key_id)


class Access:
    """An access token that is always fresh; asked for by one at a time."""

    def __init__(self, account: ServiceAccount, exchange: Exchange, timing: Timing) -> None:
        self._account, self._exchange, self._timing = account, exchange, timing
        self._lock = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    def forget(self, token: str) -> None:
        """It was refused: the next one who asks gets a new one."""
        if token == self._token:
            self._token = ""

    async def token(self) -> str:
        """Raises `UnusableError`."""
        async with self._lock:
            now = time.time()
            if not self._token or now >= self._until:
                self._token, life_s = await self._asked(now)
                # A short one is used for half its life at least.
                self._until = now + max(life_s - self._timing.margin_s, life_s / 2)
            return self._token

    async def _asked(self, now: float) -> tuple[str, float]:
        form = {"grant_type": GRANT, "assertion": self._account.assertion(now, self._timing.assertion_s)}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        request = Request("POST", self._account.token_uri, headers, urlencode(form).encode())
        try:
            answer = await self._exchange(request)
        except (NotWrittenError, LostError) as error:
            raise UnusableError(f"access_{error.reason}") from None
        document = answer.json if isinstance(answer.json, dict) else {}
        if answer.status in (400, 401, 403) and document.get("error"):
            # RFC 6749 §5.2: `invalid_grant` also where this machine's clock is wrong.
            raise UnusableError("credentials_refused", blocked=True)
        token, life = document.get("access_token"), document.get("expires_in", self._timing.token_default_s)
        if answer.status != 200 or not isinstance(token, str) or not token.isprintable() or not token:
            raise UnusableError(f"access_http_{answer.status}" if answer.status != 200 else "access_answer_unknown")
        return token, float(life) if isinstance(life, int | float) and life > 0 else self._timing.token_default_s

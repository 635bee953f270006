"""One request of a program as its handler sees it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from gatewayd.web.remote import Bearer, Remote
from gatewayd.web.v1.gathering import Gatherer

KEY_HEADER: Final = "Idempotency-Key"
REPLAYED: Final = {"Idempotent-Replayed": "true"}

_encoded: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(slots=True)
class Call:
    """A request that fits its schema, and what is needed to answer it."""

    request: Request
    remote: Remote
    gatherer: Gatherer
    bearer: Bearer
    path: Mapping[str, str]
    query: Mapping[str, Any]
    raw: bytes = b""
    body: Any = None
    key: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def account(self) -> str | None:
        """The account that an administration's token names."""
        return self.query.get("account")

    @property
    def keyed(self) -> tuple[str, str] | None:
        """The key of the request and its fingerprint: what it says, whatever its headers."""
        if self.key is None:
            return None
        said = f"{self.request.method} {self.request.url.path}?{self.request.url.query}\n".encode() + self.raw
        return self.key, hashlib.sha256(said).hexdigest()

    async def ask(self, operation: str, **arguments: Any) -> Any:
        """Performs an operation as the token's bearer."""
        return await self.remote.ask(self.bearer, operation, arguments)


def answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Returns a document as an answer."""
    return Response(_encoded(document).encode(), status, headers, "application/json")

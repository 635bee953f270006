"""What an endpoint is: one row of the table that routes, documentation and tests are made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call
from gatewayd.web.v1.forms import Schema, named
from gatewayd.web.words import spoken

Handler = Callable[[Call], Awaitable[Response]]

PAGE_MAX: Final = 200
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the path or the query."""

    name: str
    schema: Schema
    description: str
    where: str = "query"
    required: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is a whole number."""
        return self.schema.get("type") == "integer"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address."""

    method: str
    path: str
    name: str
    """The operation's id in the documentation."""
    operation: str
    """Whose right is needed; by this a test holds the API against the table of rights."""
    summary: str
    answer: str
    """Schema of the answer, by name."""
    handler: Handler
    description: str = ""
    tag: str = ""
    status: int = 200
    body: str | None = None
    """Schema of the body, by name."""
    parameters: tuple[Parameter, ...] = ()
    keyed: bool = False
    """Whether it takes an Idempotency-Key."""
    conflicts: bool = False
    """Whether it may be answered 409."""
    raw: bool = False
    """Whether the body is bytes of a file, that the handler reads by itself."""
    body_max: int = 1 << 20
    """Octets of the body."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Bodies by name; all of them are run in CI."""


ACCOUNT: Final = Parameter(
    "account", named(forms.NAME), spoken("The account; needed with a token of administration, else the token's own.")
)
CURSOR: Final = Parameter("cursor", named(forms.DIGITS), spoken("The `next` of the page before."))
LIMIT: Final = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE},
    spoken("Most entries of the page."),
)
JOB: Final = Parameter("job", named(forms.NAME), spoken("The job's id."), "path")
MESSAGE: Final = Parameter("message", named(forms.MESSAGE_ID), spoken("The message's id."), "path")
LINE: Final = Parameter("line", named(forms.LINE_NAME), spoken("The line's name."), "path")
UPLOAD: Final = Parameter("upload", named(forms.UPLOAD_ID), spoken("The upload's id."), "path")

"""Errors as RFC 9457 problem documents: every type has a status, a title and a page that says what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values import errors
from gatewayd.values.errors import GatewayError
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

PATH: Final = "/v1/problems"
MEDIA_TYPE: Final = "application/problem+json"
UNAVAILABLE_S: Final = 5
"""When a request may be tried again while the daemon is away."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem."""

    status: int
    title: str
    remedy: str
    """What a programmer does about it."""


KINDS: Final[Mapping[str, Kind]] = {
    "invalid-json": Kind(
        400,
        spoken("The body is not JSON"),
        spoken(
            "Send one JSON value in UTF-8: no key twice, no NaN, no NUL, no half surrogates."
            " The detail says what was found."
        ),
    ),
    "unauthenticated": Kind(
        401,
        spoken("No good token"),
        spoken(
            "Send Authorization: Bearer and a token. An administrator makes one in Settings › API, or with gatewayd"
            " token create; it may have expired, or have been revoked."
        ),
    ),
    "forbidden": Kind(
        403,
        spoken("The token may not do that"),
        spoken("Ask for a token with the scope that the detail names, or of administration."),
    ),
    "not-found": Kind(
        404,
        spoken("There is no such thing"),
        spoken("Check the address and the id. What belongs to another account does not exist for this token."),
    ),
    "method-not-allowed": Kind(
        405, spoken("This address has no such method"), spoken("The header Allow names the methods that there are.")
    ),
    "conflict": Kind(
        409,
        spoken("The state of things forbids it"),
        spoken("Read the state anew: the job is over, the message is settled, the name is taken."),
    ),
    "refused": Kind(
        409,
        spoken("The request is refused"),
        spoken("It has the right form, and yet cannot be carried out as things are: the detail says why."),
    ),
    "job-refused": Kind(
        409,
        spoken("The job is refused"),
        spoken(
            "The body has the right form, and yet the job cannot be sent: errors names the field and the cause, in the"
            " words of the error file that a job file gets. Nothing was recorded."
        ),
    ),
    "key-busy": Kind(
        409,
        spoken("The first request with this key is still being recorded"),
        spoken("Wait as long as Retry-After says, and send the same request again."),
    ),
    "too-large": Kind(
        413, spoken("The body is too large"), spoken("Send long lists of recipients as an upload (POST /v1/uploads).")
    ),
    "unsupported-type": Kind(
        415,
        spoken("This type of content is not taken"),
        spoken("Send application/json; to /v1/uploads, the bytes of a file that jobs use."),
    ),
    "invalid-request": Kind(
        422,
        spoken("The request does not fit the schema"),
        spoken("Each entry of errors names a place (pointer within the body, or parameter) and what is wrong there."),
    ),
    "key-reused": Kind(
        422,
        spoken("This Idempotency-Key stands for another request"),
        spoken("Use a new key for a new request; the same key only to repeat the same request."),
    ),
    "too-many-requests": Kind(
        429,
        spoken("Too many requests"),
        spoken("Wait as long as Retry-After says. Messages can be posted a thousand at a time."),
    ),
    "internal": Kind(500, spoken("The gateway failed"), spoken("Its log says why. Repeat the request with its key.")),
    "unavailable": Kind(
        503,
        spoken("The gateway takes nothing just now"),
        spoken("Nothing was recorded. Repeat the request, with its Idempotency-Key, after Retry-After seconds."),
    ),
}

_OF_ERRORS: Final[tuple[tuple[type[GatewayError], str], ...]] = (
    (errors.UnauthenticatedError, "unauthenticated"),
    (errors.ForbiddenError, "forbidden"),
    (errors.ThrottledError, "too-many-requests"),
    (errors.NotFoundError, "not-found"),
    (errors.ConflictError, "conflict"),
    (errors.UnavailableError, "unavailable"),
    # It fits the schema: what an operation finds wrong with it beyond that is no fault of its form.
    (errors.UsageError, "refused"),
)


class Problem(Exception):  # noqa: N818 - the name of RFC 9457
    """What a request is answered instead of what it asked for."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        faults: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.faults = faults
        self.headers = dict(headers or {})


def of_error(error: GatewayError) -> Problem:
    """Returns how an operation's error is answered."""
    kind = next((word for one, word in _OF_ERRORS if isinstance(error, one)), "internal")
    headers = {}
    if isinstance(error, errors.ThrottledError):
        headers["Retry-After"] = str(max(1, round(error.retry_s)))
    elif kind == "unavailable":
        headers["Retry-After"] = str(UNAVAILABLE_S)
    elif kind == "unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="gatewayd"'
    return Problem(kind, str(error), headers=headers)


def document(problem: Problem) -> dict[str, Any]:
    """Returns the problem document."""
    kind = KINDS[problem.kind]
    found: dict[str, Any] = {
        "type": f"{PATH}/{problem.kind}",
        "title": _(kind.title),
        "status": kind.status,
        "detail": problem.detail,
    }
    if problem.faults:
        found["errors"] = list(problem.faults)
    return found


def response(problem: Problem) -> Response:
    """Returns the answer."""
    body = json.dumps(document(problem), ensure_ascii=False).encode()
    return Response(body, KINDS[problem.kind].status, problem.headers, MEDIA_TYPE)

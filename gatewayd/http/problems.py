"""Errors on the wire: RFC 9457 problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gatewayd.control import error_document
from gatewayd.values import errors
from gatewayd.values.errors import GatewayError

_STATUS: Final[dict[type[GatewayError], HTTPStatus]] = {
    errors.InsufficientCreditError: HTTPStatus.PAYMENT_REQUIRED,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.UsageError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Narrow before wide, as in the tree of errors."""


def problem(status: int, detail: str, kind: str = "about:blank") -> JSONResponse:
    document = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(document, status, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Makes `app` answer every error as a problem document."""

    @app.exception_handler(GatewayError)
    async def _ours(_request: Request, error: GatewayError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), None)
        return problem(
            status or HTTPStatus.INTERNAL_SERVER_ERROR, str(error), f"gatewayd:{error_document(error)['kind']}"
        )

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def _validation(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(faults))

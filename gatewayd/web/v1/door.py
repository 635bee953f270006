"""The API's door: finds out whose token it is, holds the request against its schema, and makes errors into problems."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gatewayd.process import logs
from gatewayd.values.errors import GatewayError, UnauthenticatedError
from gatewayd.values.throttle import counted_as
from gatewayd.web.remote import Bearer, Remote
from gatewayd.web.v1 import problems
from gatewayd.web.v1.call import KEY_HEADER, Call
from gatewayd.web.v1.endpoint import Endpoint, Parameter
from gatewayd.web.v1.forms import KEY, named
from gatewayd.web.v1.gathering import Gatherer
from gatewayd.web.v1.limits import Limits
from gatewayd.web.v1.problems import Problem, of_error
from gatewayd.web.v1.schemas import SCHEMAS
from gatewayd.web.v1.validation import Schema, fault, invalid, read_json, refuse_nul
from gatewayd.web.words import gettext as _
from gatewayd.words.translation import language, speaking

TOKEN_MAX: Final = 200
LANGUAGES: Final = ("es", "en")
_WHOLE_MAX: Final = 18
"""Digits of a whole number in a query."""

Handler = Callable[[Request], Awaitable[Response]]


class Door:
    """Makes routes of endpoints, over one way to the operations."""

    def __init__(self, remote: Remote, limits: Limits | None = None) -> None:
        self._remote = remote
        self._gatherer = Gatherer(remote)
        self._limits = limits or Limits()

    def routes(self, endpoints: Iterable[Endpoint]) -> list[Route]:
        """Returns one route an address: of a method that there is not, it says which there are."""
        ordered = sorted(endpoints, key=attrgetter("path"))
        return [
            Route(path, _Address(path, {one.method: self._handler(one) for one in found}))
            for path, found in groupby(ordered, key=attrgetter("path"))
        ]

    def _handler(self, endpoint: Endpoint) -> Handler:
        checks = _Checks(endpoint)

        async def handle(request: Request) -> Response:
            token = _token(request)
            with self._limits.request(token or counted_as(_client(request))):
                if token is None:
                    raise UnauthenticatedError(_("send a token: Authorization: Bearer …"))
                bearer = Bearer(token=token, address=_client(request))
                if not checks.identified:
                    await self._remote.actor(bearer)  # before anything is said of the request itself
                call = Call(request, self._remote, self._gatherer, bearer, *checks.places(request))
                call.key = checks.key(request)
                if endpoint.body is not None:
                    call.raw = await _body(request, endpoint.body_max)
                    call.body = checks.body(request, call.raw)
                return await endpoint.handler(call)

        return handle


class _Address:
    """An ASGI application for one path: its methods, and problems for all that goes wrong."""

    def __init__(self, path: str, handlers: dict[str, Handler]) -> None:
        self._path = path
        self._handlers = handlers
        self._allow = ", ".join(sorted({*handlers, "OPTIONS"}))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive, send)
        with speaking(wanted(request)):
            response = await self._answer(request)
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("Content-Language", language())
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        handler = self._handlers.get(request.method)
        if handler is None:
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"Allow": self._allow})
            detail = _("this address takes {methods}").format(methods=self._allow)
            return problems.response(Problem("method-not-allowed", detail, headers={"Allow": self._allow}))
        try:
            return await handler(request)
        except Problem as problem:
            return problems.response(problem)
        except GatewayError as error:
            found = of_error(error)
            if found.kind == "internal":  # it is said to be in the log
                logs.get().error("api.failed", method=request.method, path=self._path, error=str(error))
            return problems.response(found)
        except ClientDisconnect:
            return problems.response(Problem("invalid-request", _("the request was not finished")))
        except Exception:  # noqa: BLE001 - a request's outermost edge: the process goes on
            logs.get().exception("api.failed", method=request.method, path=self._path)
            return problems.response(Problem("internal", _("the gateway failed; its log says why")))


class _Checks:
    """An endpoint's parameters and body, held against their schemas."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._parameters = {one.name: (one, Schema(one.schema)) for one in endpoint.parameters}
        self._required = [one.name for one in endpoint.parameters if one.required]
        self._keyed = endpoint.keyed
        self._key = Schema(named(KEY))
        self.identified = endpoint.operation == "message.post"
        """Whether the daemon alone looks at the token: what is posted by thousands need not be looked at twice."""
        self._body = None
        if endpoint.body is not None:
            components = {"components": {"schemas": SCHEMAS}}
            self._body = Schema({"$ref": f"#/components/schemas/{endpoint.body}", **components})

    def places(self, request: Request) -> tuple[dict[str, str], dict[str, Any]]:
        """Returns the parameters of path and query; Problem for one that is not known or does not fit."""
        query: dict[str, Any] = {}
        faults = []
        for name, value in request.query_params.multi_items():
            known = self._parameters.get(name)
            if known is None or known[0].where != "query":
                faults.append(fault("AdditionalProperties", parameter=name[:100]))
            elif name in query:
                faults.append(fault("UniqueItems", parameter=name))
            else:
                try:
                    query[name] = _checked(known, value)
                except Problem as problem:
                    faults += [_named(one, name) for one in problem.faults]
        faults += [fault("Required", parameter=name) for name in self._required if name not in request.query_params]
        path: dict[str, str] = {}
        for name, value in request.path_params.items():
            parameter, schema = self._parameters[name]
            try:
                path[name] = str(_checked((parameter, schema), value))
            except Problem:
                raise Problem("not-found", _("there is no {name} of that form").format(name=name)) from None
        if faults:
            raise invalid(faults)
        return path, query

    def key(self, request: Request) -> str | None:
        """Returns the Idempotency-Key; Problem for one that does not fit."""
        given = request.headers.get(KEY_HEADER) if self._keyed else None
        if given is not None:
            try:
                self._key.check(given)
            except Problem as problem:
                raise invalid([_named(one, KEY_HEADER) for one in problem.faults]) from None
        return given

    def body(self, request: Request, raw: bytes) -> Any:
        """Returns the body; Problem for another type, for what is no JSON, and for what does not fit."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Problem("unsupported-type", _("send application/json"))
        value = read_json(raw)
        assert self._body is not None
        self._body.check(value)
        refuse_nul(raw, value)
        return value


def _checked(known: tuple[Parameter, Schema], text: str) -> Any:
    parameter, schema = known
    value: Any = text
    if parameter.whole:
        digits = text.removeprefix("-")
        if not digits.isascii() or not digits.isdigit() or len(digits) > _WHOLE_MAX:
            raise invalid([fault("Type")])
        value = int(text)
    schema.check(value)
    return value


def _named(found: Any, parameter: str) -> dict[str, Any]:
    return {"parameter": parameter, "code": found["code"], "detail": found["detail"]}


async def _body(request: Request, most: int) -> bytes:
    sentence = _("at most {limit} bytes").format(limit=most)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:15]) > most:
        raise Problem("too-large", sentence)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Problem("too-large", sentence)
    return bytes(body)


def _token(request: Request) -> str | None:
    scheme, _blank, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 0 < len(token) <= TOKEN_MAX else None


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def wanted(request: Request) -> str | None:
    """Returns the first language of Accept-Language that is ours; None: the process's."""
    for one in request.headers.get("accept-language", "")[:200].split(","):
        code = one.split(";")[0].strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return None

"""The HTTP side: whether the gateway is alive, whether it can work, and its metrics."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from drivers.base import HookCall, HookRefusedError
from gatewayd.http import metrics, problems, prompts
from gatewayd.http.bodies import Bodies
from gatewayd.operations import Backend, shapes
from gatewayd.operations.base import live_of

HOOK_BYTES: Final = 4 << 20
"""A status, a reply, or a batch of some thousand of them (Meta: up to 3 MB)."""


def application(backend: Backend) -> FastAPI:
    """The ASGI application over a running daemon."""
    program = version("gatewayd")
    app = FastAPI(title="gatewayd", version=program, openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(app)
    bodies = Bodies()

    @app.get("/healthz", include_in_schema=False)
    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def ready() -> JSONResponse:
        answer = readiness(backend)
        return JSONResponse(answer, 200 if answer["ready"] else 503)

    @app.get("/metrics", include_in_schema=False)
    async def measured() -> Response:
        return Response(await metrics.exposition(backend, program), media_type=metrics.CONTENT_TYPE)

    prompts.install(app, backend)

    @app.api_route("/hooks/{line}", methods=["GET", "POST"], include_in_schema=False)
    async def called(line: str, request: Request) -> Response:
        # The device proves itself by its own signature; the line knows how.
        body = await bodies.read(request, HOOK_BYTES)
        call = HookCall(request.method, request.url.query, dict(request.headers), body)
        try:
            answer = await live_of(backend).hook(line, call)
        except HookRefusedError as refused:
            return problems.problem(refused.status, str(refused))
        # The word that Meta sent before it calls, or the one that a provider waits for; nothing that a browser runs.
        return PlainTextResponse(answer, headers={"X-Content-Type-Options": "nosniff"})

    return app


def readiness(backend: Backend) -> dict[str, Any]:
    """Whether the store takes commits and a line takes messages, and the daemon is not on its way out. Accounts that a
    service cannot serve are named; they keep nobody else from being ready."""
    live = live_of(backend)
    store = live.writer().healthy
    lines = sum(line.state in {"ready", "busy"} for line in live.lines())
    draining = live.draining()
    return {
        "ready": store and lines > 0 and not draining,
        "store": store,
        "lines_ready": lines,
        "draining": draining,
        "stalled": [shapes.stall(one) for one in live.stalls()],
    }

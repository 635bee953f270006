"""The web process's ASGI application: the panel at `/`, the API at `/v1`."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from gatewayd.web.panel import door
from gatewayd.web.remote import Remote

STATIC = Path(__file__).parent / "panel" / "static"


def application(remote: Remote) -> FastAPI:
    """Returns the application over a way to the operations."""
    app = FastAPI(title="gatewayd", openapi_url=None, docs_url=None, redoc_url=None)
    app.router.routes.extend(door.routes(remote))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app

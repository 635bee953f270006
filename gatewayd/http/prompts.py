"""`GET /prompts/{line}/{name}.wav`: what a call says, for an Asterisk elsewhere to fetch.

Whoever knows the name may have it: names are hashes with a key, told to nobody but Asterisk. What is
fetched never changes, so that a cache need not ask again.
"""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response

from gatewayd.http import problems
from gatewayd.operations import Backend
from gatewayd.operations.base import live_of

CACHE: Final = "private, max-age=604800, immutable"


def install(app: FastAPI, backend: Backend) -> None:
    @app.api_route("/prompts/{line}/{name}.wav", methods=["GET", "HEAD"], include_in_schema=False)
    async def prompt(line: str, name: str, request: Request) -> Response:
        path = live_of(backend).file(line, name)
        if path is None:
            return problems.problem(404, "no such prompt")
        headers = {"ETag": f'"{name}"', "Cache-Control": CACHE}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return FileResponse(path, media_type="audio/wav", headers=headers)

"""Files on their way to the daemon: portion by portion, never whole in memory."""

from __future__ import annotations

import base64
from typing import Any, Final

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, UPLOAD, Endpoint, Parameter
from gatewayd.web.v1.problems import Problem
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

PORTION: Final = 384 << 10
"""Octets a portion: in base64 half of what the socket takes."""
SIZE_MAX: Final = 100 << 20
"""Octets of an upload."""


async def upload_bytes(call: Call, name: str, data: bytes) -> Any:
    """Uploads bytes that are in memory; returns the upload."""
    begun = await call.ask("upload.begin", account=call.account, file=name)
    for at in range(0, len(data), PORTION):
        await _add(call, begun["id"], at, data[at : at + PORTION])
    return await call.ask("upload.end", account=call.account, upload=begun["id"])


async def _add(call: Call, upload: str, at: int, data: bytes) -> int:
    encoded = base64.b64encode(data).decode()
    added = await call.ask("upload.add", account=call.account, upload=upload, at=at, data=encoded)
    return int(added["at"])


async def post(call: Call) -> Response:
    """Takes the bytes of a file as they come; one that is cut short, or grows too large, leaves nothing."""
    begun = await call.ask("upload.begin", account=call.account, file=call.query.get("name", "file"))
    try:
        await _stream(call, begun["id"])
    except BaseException:
        await call.ask("upload.remove", account=call.account, upload=begun["id"])
        raise
    return answer(await call.ask("upload.end", account=call.account, upload=begun["id"]), 201)


async def _stream(call: Call, upload: str) -> None:
    at, kept = 0, bytearray()
    try:
        async for chunk in call.request.stream():
            kept += chunk
            if at + len(kept) > SIZE_MAX:
                raise Problem("too-large", _("an upload has at most {limit} MiB").format(limit=SIZE_MAX >> 20))
            while len(kept) >= PORTION:
                at = await _add(call, upload, at, bytes(kept[:PORTION]))
                del kept[:PORTION]
    except ClientDisconnect:
        raise Problem("invalid-request", _("the upload was not finished")) from None
    if kept:
        await _add(call, upload, at, bytes(kept))


async def remove(call: Call) -> Response:
    await call.ask("upload.remove", account=call.account, upload=call.path["upload"])
    return Response(status_code=204)


_NAME: Final = Parameter("name", forms.named(forms.FILE_NAME), spoken("The file's own name, for people to see."))

ENDPOINTS: Final = (
    Endpoint(
        *("POST", "/v1/uploads", "upload", "upload.begin", spoken("Upload a file"), "Upload", post),
        description=(
            spoken(
                "The bytes of a list (text, XLSX, XLS, ODS) or of something to attach (PDF, PNG, JPEG, GIF), as they"
                " are. A job names it in `uploads`. Kept for a day."
            )
        ),
        tag=spoken("Uploads"),
        status=201,
        parameters=(_NAME, ACCOUNT),
        conflicts=True,
        raw=True,
        body_max=SIZE_MAX,
    ),
    Endpoint(
        *("DELETE", "/v1/uploads/{upload}", "removeUpload", "upload.remove", spoken("Remove an upload"), "", remove),
        tag=spoken("Uploads"),
        status=204,
        parameters=(UPLOAD, ACCOUNT),
    ),
)

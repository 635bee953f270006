"""The panel's door: finds out who asks, judges whether the page is for them, and makes errors into pages."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gatewayd.process import logs
from gatewayd.values.actor import NOBODY
from gatewayd.values.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    NotFoundError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
    UsageError,
)
from gatewayd.web.panel.page import Page
from gatewayd.web.panel.pages import PAGES
from gatewayd.web.panel.surroundings import Surroundings
from gatewayd.web.panel.visit import LANGUAGE_COOKIE, SEE_OTHER, Visit
from gatewayd.web.remote import Bearer, Remote
from gatewayd.web.security import CSRF_FIELD, CSRF_HEADER, HEADERS, SESSION_COOKIE, csrf_token, from_elsewhere
from gatewayd.web.words import gettext as _
from gatewayd.words.translation import LANGUAGES, speaking

ZIPPED_MIN: Final = 1000
ZIPPED_LEVEL: Final = 5
"""A table of 70 kB in a millisecond, to a tenth; the levels above take twice as long for a hundredth."""
FORM_FIELDS_MAX: Final = 1000
FORM_FILES_MAX: Final = 4
FORM_PART_MAX: Final = 1 << 20
"""Bytes of a field of a form; files are streamed to disk."""

FAULT: Final = 500
_STATUS: Final[tuple[tuple[type[GatewayError], int], ...]] = (
    (UnauthenticatedError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (ThrottledError, 429),
    (UnavailableError, 503),
    (UsageError, 422),
)


async def _lose(_visit: Visit) -> Response:
    raise NotFoundError(_("there is no page at this address"))


LOST: Final = Page("/{path:path}", "GET", None, _lose, None)
"""Every address that is nobody's."""


def routes(remote: Remote) -> list[Route]:
    """Returns the routes of all pages."""
    surroundings = Surroundings()
    # An address in so many words before one that any name fits.
    pages = sorted(PAGES, key=lambda one: "{" in one.path)
    return [Route(one.path, _endpoint(one, remote, surroundings), methods=[one.method]) for one in pages]


def lost(remote: Remote) -> Route:
    """Returns the route of whatever no other takes; the last one."""
    return Route(LOST.path, _endpoint(LOST, remote, Surroundings()), methods=[LOST.method])


def _endpoint(shown: Page, remote: Remote, surroundings: Surroundings) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        session = request.cookies.get(SESSION_COOKIE)
        address = request.client.host if request.client else ""
        visit = Visit(request, remote, Bearer(session=session, address=address), NOBODY)
        with speaking(_wanted(request)):
            try:
                answer = await _answer(shown, visit, surroundings)
            except GatewayError as error:
                answer = _failed(visit, error)
            except Exception:  # noqa: BLE001 - a request's outermost edge: a fault of one page is no other's
                logs.get().exception("panel.failed", page=shown.path, method=shown.method)
                answer = _failed(
                    visit, GatewayError(_("this page has a fault of its own; its log says more")), told=True
                )
        compress(answer, request.headers.get("accept-encoding", ""))
        for name, value in HEADERS.items():
            # A page that shows what is not ours has a narrower policy of its own.
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    return endpoint


async def _answer(shown: Page, visit: Visit, surroundings: Surroundings) -> Response:
    try:
        visit.actor = await visit.remote.actor(visit.bearer)
    except UnauthenticatedError:
        visit.bearer = Bearer(address=visit.bearer.address)  # an old cookie is nobody's
        if shown.operation is not None:
            raise
    with speaking(visit.actor.language or _wanted(visit.request)):
        if visit.actor.kind != "nobody":
            await surroundings.surround(visit)
        if shown.operation is not None:
            if visit.actor.kind == "nobody":
                raise UnauthenticatedError(_("sign in first"))
            if not visit.may(shown.operation):
                if shown.method != "GET":
                    # The daemon refuses it as well, and keeps that on record.
                    with suppress(UsageError, UnavailableError):
                        await visit.remote.ask(visit.bearer, shown.operation, {})
                raise ForbiddenError(_("your role does not allow that"))
        if shown.method != "GET":
            await _read_form(visit)
            surroundings.forget()
        try:
            return await shown.handler(visit)
        except UnauthenticatedError:
            raise
        except GatewayError as error:
            return _failed(visit, error)


async def _read_form(visit: Visit) -> None:
    """Reads a form, once it is proven to be ours."""
    if from_elsewhere(visit.request):
        raise ForbiddenError(_("this form came from another site; nothing was done"))
    try:
        visit.form = await visit.request.form(
            max_files=FORM_FILES_MAX, max_fields=FORM_FIELDS_MAX, max_part_size=FORM_PART_MAX
        )
    except (HTTPException, MultiPartException, ClientDisconnect) as error:
        # Broken, too long, or not whole: the sender's fault, which our log need not tell.
        raise UsageError(_("this form cannot be read; nothing was done")) from error
    if visit.bearer.session is not None:
        shown = visit.request.headers.get(CSRF_HEADER) or visit.form.get(CSRF_FIELD)
        if shown != csrf_token(visit.bearer.session):
            visit.form = FormData()
            raise ForbiddenError(_("this form is too old; load the page again. Nothing was done"))


def _failed(visit: Visit, error: GatewayError, *, told: bool = False) -> Response:
    """Returns an error as a page that a person can act on; an ended session leads to signing in. `told`: the log says
    more already."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), FAULT)
    if status == FAULT and not told:  # the page says so
        logs.get().error("panel.failed", page=visit.request.url.path, method=visit.request.method, error=str(error))
    if status == 401 and not visit.fragment:
        back = f"?next={quote(visit.here, safe='')}" if visit.request.method == "GET" and visit.here != "/" else ""
        return RedirectResponse(f"/entrar{back}", SEE_OTHER)
    return visit.page("error.html", status=status, code=status, sentence=str(error))


def compress(answer: Response, accepted: str) -> None:
    """Compresses a page for a browser that accepts gzip; what is streamed, small or no text is left as it is."""
    text = (answer.media_type or "").startswith("text/")
    body = getattr(answer, "body", b"")
    if not text or len(body) < ZIPPED_MIN or "gzip" not in accepted.lower():
        return
    answer.body = gzip.compress(body, ZIPPED_LEVEL, mtime=0)
    answer.headers["content-length"] = str(len(answer.body))
    answer.headers["content-encoding"] = "gzip"
    answer.headers["vary"] = "accept-encoding"


def _wanted(request: Request) -> str | None:
    """Returns the language last chosen in this browser, else the first of its own that is ours; None: the process's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for one in request.headers.get("accept-language", "")[:200].split(","):
        code = one.split(";")[0].strip()[:2].lower()
        if code in {"es", "en"}:
            return code
    return None

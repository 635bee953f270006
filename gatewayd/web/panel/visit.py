"""One request of a person to the panel: who it is, what may be asked for them, and how the answer is made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gatewayd.operations import OPERATIONS
from gatewayd.operations.rights import allows
from gatewayd.values.actor import Actor
from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.frame import NONE, Frame, Notice
from gatewayd.web.panel.rendering import rendered
from gatewayd.web.remote import AwayError, Bearer, Remote
from gatewayd.web.security import csrf_token
from gatewayd.web.words import Words
from gatewayd.words.translation import language

SEE_OTHER: Final = 303
"""RFC 9110 §15.4.4: after a form, a page that may be loaded again."""
THEMES: Final = ("auto", "light", "dark")
THEME_COOKIE: Final = "theme"
LANGUAGE_COOKIE: Final = "language"
ACCOUNT_COOKIE: Final = "account"
"""The account that an administrator works in; a filter, never a right."""
SAID_COOKIE: Final = "said"
SAID_MAX: Final = 600
SAID_COOKIE_MAX: Final = 3800
"""Characters: browsers keep 4096 of a cookie."""
SAID_S: Final = 60


@dataclass(slots=True)
class Visit:
    """A request being answered."""

    request: Request
    remote: Remote
    bearer: Bearer
    actor: Actor
    form: FormData = field(default_factory=FormData)
    """What a form sent; empty for a GET. Its token has been checked."""
    frame: Frame = NONE
    """What stands around the page; before anybody is signed in, and in a fragment, nothing."""
    own_zone: str = ""
    """The zone that the account has set for itself; "" for the gateway's."""
    working_in: str = ""
    """The account that somebody who sees all of them has chosen; "" for all."""

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def fragment(self) -> bool:
        """Whether a part of a page is wanted, to be put into the one that is shown."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def here(self) -> str:
        """The address of this page with its query: what is sent to a colleague, and where one comes back to."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    @property
    def theme(self) -> str:
        """The appearance that the person, or this browser, was given: auto, light or dark."""
        wanted = getattr(self.actor, "theme", None) or self.request.cookies.get(THEME_COOKIE, "auto")
        return wanted if wanted in THEMES else "auto"

    @property
    def account(self) -> str:
        """The account that is worked in: one's own, or the one an administrator has chosen; "" for all."""
        return self.actor.account or self.working_in

    @property
    def zone(self) -> str:
        """The time zone in which times are shown."""
        return self.own_zone or str(self.remote.backend.config.timezone)

    @property
    def words(self) -> Words:
        """Speaks the person's language."""
        return Words(language())

    @property
    def formats(self) -> Formats:
        """Writes numbers and times for the person."""
        return Formats(self.words, ZoneInfo(self.zone))

    @property
    def said(self) -> Sequence[Notice]:
        """What the page before has left to say."""
        signed = self.request.cookies.get(SAID_COOKIE, "")[:SAID_COOKIE_MAX]
        data, _dot, mark = signed.partition(".")
        # Other hosts of the same domain can set cookies for ours: what they say is not shown as our word.
        if self.bearer.session is None or not hmac.compare_digest(mark.encode(), self._mark(data).encode()):
            return ()
        tone, text = json.loads(base64.urlsafe_b64decode(data))
        return (Notice(str(text)[:SAID_MAX], tone if tone in {"good", "look", "act"} else ""),)

    def _mark(self, data: str) -> str:
        """Returns what shows that a notice was left by this session's own pages."""
        return hmac.new((self.bearer.session or "").encode(), f"said {data}".encode(), hashlib.sha256).hexdigest()

    def may(self, operation: str) -> bool:
        """Returns whether the person may perform that operation: what it may not is not offered."""
        return allows(operation, self.actor)

    def offers(self, operation: str) -> bool:
        """Returns whether there is such an operation in this gateway, and the person may perform it."""
        return operation in OPERATIONS and self.may(operation)

    async def ask(self, operation: str, **arguments: Any) -> Any:
        """Performs an operation as this person; arguments that are None or empty are left to their defaults.

        An administrator who works in one account asks of that one, where the operation can be asked of one.
        """
        given = {name: value for name, value in arguments.items() if value is not None and value != ""}
        if self.working_in and "account" not in given:
            fields = OPERATIONS[operation].model_fields
            if "account" in fields and not fields["account"].is_required():
                given["account"] = self.working_in
        try:
            # A page is read by whoever it was opened by; what follows a change is asked by whoever that has left.
            by = self.actor if self.request.method == "GET" and self.actor.kind != "nobody" else None
            return await self.remote.ask(self.bearer, operation, given, by=by)
        except AwayError:
            self.frame = replace(self.frame, away=True)
            raise

    def page(self, template: str, *, status: int = 200, block: str | None = None, **values: Any) -> Response:
        """Returns a page made of a template, or one block of it as a fragment.

        The template gets `visit`, `frame`, `theme`, `csrf` and the values given.
        """
        csrf = None if self.bearer.session is None else csrf_token(self.bearer.session)
        shown = {"visit": self, "frame": self.frame, "theme": self.theme, "csrf": csrf, **values}
        answer = HTMLResponse(rendered(template, zone=self.zone, block=block, **shown), status)
        if self.frame.notices:
            answer.delete_cookie(SAID_COOKIE, path="/")
        return answer

    def go(self, path: str, said: str = "", tone: str = "good") -> Response:
        """Returns the way to another page, after a form; that page says what was done, once."""
        answer = RedirectResponse(path, SEE_OTHER)
        if said and self.bearer.session is not None:
            text = base64.urlsafe_b64encode(json.dumps([tone, said[:SAID_MAX]], ensure_ascii=False).encode()).decode()
            signed = f"{text}.{self._mark(text)}"
            answer.set_cookie(SAID_COOKIE, signed, max_age=SAID_S, httponly=True, samesite="lax", path="/")
        return answer

    def way_back(self, wanted: str, otherwise: str = "/") -> str:
        """Returns an address of ours that a form or a link names; never another site's."""
        return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else otherwise

"""One request of a person to the panel: who it is, what may be asked for them, and how the answer is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gatewayd.actor import Actor
from gatewayd.operations.rights import allows
from gatewayd.web.panel.rendering import rendered
from gatewayd.web.remote import Bearer, Remote
from gatewayd.web.security import csrf_token

SEE_OTHER: Final = 303
"""RFC 9110 §15.4.4: after a form, a page that may be loaded again."""


@dataclass(slots=True)
class Visit:
    """A request being answered."""

    request: Request
    remote: Remote
    bearer: Bearer
    actor: Actor
    form: FormData = field(default_factory=FormData)
    """What a form sent; empty for a GET. Its token has been checked."""

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def fragment(self) -> bool:
        """Whether a part of a page is wanted, to be put into the one that is shown."""
        return self.request.headers.get("hx-request") == "true"

    def may(self, operation: str) -> bool:
        """Returns whether the person may perform that operation: what it may not is not offered."""
        return allows(operation, self.actor)

    async def ask(self, operation: str, **arguments: Any) -> Any:
        """Performs an operation as this person; arguments that are None or empty are left to their defaults."""
        given = {name: value for name, value in arguments.items() if value is not None and value != ""}
        return await self.remote.ask(self.bearer, operation, given)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Returns a page made of a template, which gets `visit`, `csrf` and the values given."""
        token = None if self.bearer.session is None else csrf_token(self.bearer.session)
        return HTMLResponse(rendered(template, visit=self, csrf=token, **values), status)

    def go(self, path: str) -> Response:
        """Returns the way to another page, after a form."""
        return RedirectResponse(path, SEE_OTHER)

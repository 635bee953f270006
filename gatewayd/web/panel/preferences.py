"""How somebody wants the panel: language, appearance, and the account an administrator works in."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import ACCOUNT_COOKIE, LANGUAGE_COOKIE, THEME_COOKIE, THEMES, Visit
from gatewayd.words.translation import LANGUAGES

YEAR_S: Final = 365 * 86_400
_KEPT: Final = "me.edit"
"""The operation that keeps them with the person; the browser's cookies keep them for who is not signed in yet."""


@page("/preferencias", operation="session.show", method="POST")
async def prefer(visit: Visit) -> Response:
    """Keeps language and appearance."""
    answer = visit.go(visit.way_back(str(visit.form.get("next", "/"))))
    language, theme = str(visit.form.get("language", "")), str(visit.form.get("theme", ""))
    wanted: dict[str, str] = {}
    if language in LANGUAGES:
        wanted["language"] = language
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, httponly=True, samesite="lax", path="/")
    if theme in THEMES:
        wanted["theme"] = "" if theme == "auto" else theme
        answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, httponly=True, samesite="lax", path="/")
    if wanted and visit.may(_KEPT):
        await visit.remote.ask(visit.bearer, _KEPT, wanted)
    return answer


@page("/cuenta", operation="account.list", method="POST")
async def work_in(visit: Visit) -> Response:
    """Chooses the account to work in; "" for all of them."""
    answer = visit.go(visit.way_back(str(visit.form.get("next", "/"))))
    account = str(visit.form.get("account", ""))
    if account:
        answer.set_cookie(ACCOUNT_COOKIE, account[:100], httponly=True, samesite="lax", path="/")
    else:
        answer.delete_cookie(ACCOUNT_COOKIE, path="/")
    return answer

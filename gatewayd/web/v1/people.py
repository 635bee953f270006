"""Users and tokens."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, Endpoint, Parameter
from gatewayd.web.v1.house import performed
from gatewayd.web.words import spoken

USER: Final = Parameter("user", forms.named(forms.USER_NAME), spoken("The user's name."), "path")
_ONE: Final = "/v1/users/{user}"
TOKEN: Final = Parameter("token", forms.named("^[1-9][0-9]{0,17}$"), spoken("The token's number."), "path")


async def create_user(call: Call) -> Response:
    given: dict[str, Any] = {"account": call.account, **call.body}
    return answer(await call.ask("user.create", **given), 201)


async def create_token(call: Call) -> Response:
    given = dict(call.body)
    return answer(await call.ask("token.create", label=given.pop("name"), account=call.account, **given), 201)


ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/users", "listUsers", "user.list", spoken("List users"), "Users", performed("user.list")),
        tag=spoken("Users"),
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("POST", "/v1/users", "createUser", "user.create", spoken("Make a user"), "User", create_user),
        description=spoken("A supervisor or a user of an account; an administrator of all."),
        tag=spoken("Users"),
        status=201,
        body="NewUser",
        parameters=(ACCOUNT,),
        examples={"user": {"user": "beto", "role": "user", "password": "una-clave-bien-larga-71"}},
    ),
    Endpoint(
        *("GET", "/v1/users/{user}", "showUser", "user.show", spoken("Show a user"), "User", performed("user.show")),
        tag=spoken("Users"),
        parameters=(USER,),
    ),
    Endpoint(
        *("POST", "/v1/users/{user}/disable", "disableUser", "user.disable", spoken("Close a user's access")),
        *("User", performed("user.disable")),
        tag=spoken("Users"),
        parameters=(USER,),
    ),
    Endpoint(
        *("POST", "/v1/users/{user}/enable", "enableUser", "user.enable", spoken("Open a user's access again")),
        *("User", performed("user.enable")),
        tag=spoken("Users"),
        parameters=(USER,),
    ),
    Endpoint(
        *("PATCH", _ONE, "changeUser", "user.edit", spoken("Change a user"), "User"),
        *(performed("user.edit", name="rename"),),
        description=spoken("Only what is named; an empty text takes a value away."),
        tag=spoken("Users"),
        body="UserChange",
        conflicts=True,
        parameters=(USER,),
    ),
    Endpoint(
        *("PUT", f"{_ONE}/role", "setRole", "user.role", spoken("Give a user another role"), "User"),
        *(performed("user.role"),),
        description=spoken("Its sessions end. With a token of administration alone."),
        tag=spoken("Users"),
        body="UserRole",
        conflicts=True,
        parameters=(USER,),
    ),
    Endpoint(
        *("PUT", f"{_ONE}/password", "setPassword", "user.password", spoken("Set a user's password"), "User"),
        *(performed("user.password"),),
        description=spoken("Its sessions end."),
        tag=spoken("Users"),
        body="UserPassword",
        conflicts=True,
        parameters=(USER,),
    ),
    Endpoint(
        *("POST", f"{_ONE}/totp-reset", "resetTotp", "user.totp_reset", spoken("Take a second factor away"), "User"),
        *(performed("user.totp_reset"),),
        description=spoken("The telephone is lost, and the recovery codes too."),
        tag=spoken("Users"),
        parameters=(USER,),
    ),
    Endpoint(
        *("POST", f"{_ONE}/sign-out", "signOut", "user.sign_out", spoken("End a user's sessions"), "EndedSessions"),
        *(performed("user.sign_out"),),
        tag=spoken("Users"),
        parameters=(USER,),
    ),
    Endpoint(
        *("GET", "/v1/tokens", "listTokens", "token.list", spoken("List tokens"), "Tokens", performed("token.list")),
        description=spoken("With a token of administration alone."),
        tag=spoken("Tokens"),
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("POST", "/v1/tokens", "createToken", "token.create", spoken("Make a token"), "Token", create_token),
        description=spoken("Its `secret` is answered this once. With a token of administration alone."),
        tag=spoken("Tokens"),
        status=201,
        body="NewToken",
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("DELETE", "/v1/tokens/{token}", "revokeToken", "token.revoke", spoken("Revoke a token"), "Token"),
        *(performed("token.revoke"),),
        description=spoken("For good; it is refused within a second."),
        tag=spoken("Tokens"),
        parameters=(TOKEN,),
    ),
)

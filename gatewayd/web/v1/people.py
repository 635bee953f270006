"""Users and tokens."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, Endpoint, Parameter
from gatewayd.web.words import spoken

USER: Final = Parameter("user", forms.named(forms.USER_NAME), spoken("The user's name."), "path")
TOKEN: Final = Parameter("token", forms.named("^[1-9][0-9]{0,17}$"), spoken("The token's number."), "path")


async def users(call: Call) -> Response:
    return answer(await call.ask("user.list", **call.query))


async def user(call: Call) -> Response:
    return answer(await call.ask("user.show", user=call.path["user"]))


async def create_user(call: Call) -> Response:
    given: dict[str, Any] = {"account": call.account, **call.body}
    return answer(await call.ask("user.create", **given), 201)


async def disable_user(call: Call) -> Response:
    return answer(await call.ask("user.disable", user=call.path["user"]))


async def enable_user(call: Call) -> Response:
    return answer(await call.ask("user.enable", user=call.path["user"]))


async def tokens(call: Call) -> Response:
    return answer(await call.ask("token.list", **call.query))


async def create_token(call: Call) -> Response:
    given = dict(call.body)
    return answer(await call.ask("token.create", label=given.pop("name"), account=call.account, **given), 201)


async def revoke_token(call: Call) -> Response:
    return answer(await call.ask("token.revoke", token=int(call.path["token"])))


ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/users", "listUsers", "user.list", spoken("List users"), "Users", users),
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
        *("GET", "/v1/users/{user}", "showUser", "user.show", spoken("Show a user"), "User", user),
        tag=spoken("Users"),
        parameters=(USER,),
    ),
    Endpoint(
        *("POST", "/v1/users/{user}/disable", "disableUser", "user.disable", spoken("Close a user's access")),
        *("User", disable_user),
        tag=spoken("Users"),
        parameters=(USER,),
    ),
    Endpoint(
        *("POST", "/v1/users/{user}/enable", "enableUser", "user.enable", spoken("Open a user's access again")),
        *("User", enable_user),
        tag=spoken("Users"),
        parameters=(USER,),
    ),
    Endpoint(
        *("GET", "/v1/tokens", "listTokens", "token.list", spoken("List tokens"), "Tokens", tokens),
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
        *(revoke_token,),
        description=spoken("For good; it is refused within a second."),
        tag=spoken("Tokens"),
        parameters=(TOKEN,),
    ),
)

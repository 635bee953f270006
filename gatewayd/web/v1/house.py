"""Lines, accounts and the block list."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.errors import NotFoundError, UsageError
from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, LINE, Endpoint, Handler, Parameter
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken


async def lines(call: Call) -> Response:
    return answer(await call.ask("line.list"))


async def line(call: Call) -> Response:
    return answer(await call.ask("line.show", line=call.path["line"]))


async def enable(call: Call) -> Response:
    return answer(await call.ask("line.enable", line=call.path["line"]))


async def disable(call: Call) -> Response:
    return answer(await call.ask("line.disable", line=call.path["line"]))


async def accounts(call: Call) -> Response:
    return answer(await call.ask("account.list"))


async def account_of(call: Call) -> str:
    """Returns the account that a request is about: the one it names, else the token's own."""
    if call.account is not None:
        return call.account
    bound = (await call.remote.actor(call.bearer)).account
    if bound is None:
        raise NotFoundError(_("account: name it; this token is not bound to one"))
    return bound


def in_account(operation: str, status: int = 200) -> Handler:
    """Returns a handler that performs an operation of an account with what path, query and body say."""

    async def handle(call: Call) -> Response:
        said: dict[str, Any] = {**call.query, **call.path, **(call.body or {}), "account": await account_of(call)}
        return answer(await call.ask(operation, **said), status)

    return handle


async def account(call: Call) -> Response:
    return answer(await call.ask("account.show", account=await account_of(call)))


async def statement(call: Call) -> Response:
    wanted: dict[str, Any] = {**call.query, "account": await account_of(call)}
    return answer(await call.ask("account.statement", **wanted))


async def blocklist(call: Call) -> Response:
    return answer(await call.ask("blocklist.list", **call.query))


async def block(call: Call) -> Response:
    return answer(await call.ask("blocklist.add", source="api", **_account(call), **call.body))


def _account(call: Call) -> dict[str, Any]:
    return {} if call.account is None else {"account": call.account}


async def unblock(call: Call) -> Response:
    try:
        await call.ask("blocklist.remove", number=call.path["number"], **call.query)
    except UsageError as error:
        raise NotFoundError(str(error)) from error
    return Response(status_code=204)


ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/lines", "listLines", "line.list", spoken("List lines"), "Lines", lines),
        description=spoken("With what each is doing now."),
        tag=spoken("Lines"),
    ),
    Endpoint(
        *("GET", "/v1/lines/{line}", "showLine", "line.show", spoken("Show a line"), "Line", line),
        tag=spoken("Lines"),
        parameters=(LINE,),
    ),
    Endpoint(
        *("POST", "/v1/lines/{line}/enable", "enableLine", "line.enable", spoken("Enable a line"), "Line", enable),
        tag=spoken("Lines"),
        parameters=(LINE,),
    ),
    Endpoint(
        *("POST", "/v1/lines/{line}/disable", "disableLine", "line.disable", spoken("Disable a line"), "Line", disable),
        description=spoken("Nothing more is sent over it."),
        tag=spoken("Lines"),
        parameters=(LINE,),
    ),
    Endpoint(
        *("GET", "/v1/accounts", "listAccounts", "account.list", spoken("List accounts"), "Accounts", accounts),
        description=spoken("Those that the token may see."),
        tag=spoken("Account"),
    ),
    Endpoint(
        *("GET", "/v1/account", "showAccount", "account.show", spoken("Show the account"), "Account", account),
        description=spoken("Balance, what is held for attempts, what was charged."),
        tag=spoken("Account"),
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", "/v1/account/statement", "showStatement", "account.statement", spoken("Show the account's statement")),
        *("Statement", statement),
        description=spoken("The newest first."),
        tag=spoken("Account"),
        parameters=(ACCOUNT, CURSOR, LIMIT),
    ),
    Endpoint(
        *(
            "GET",
            "/v1/blocklist",
            "listBlocked",
            "blocklist.list",
            spoken("List blocked addresses"),
            "Blocklist",
            blocklist,
        ),
        tag=spoken("Block list"),
        parameters=(
            ACCOUNT,
            Parameter("cursor", forms.text(2200, least=1), spoken("The `next` of the page before.")),
            LIMIT,
        ),
    ),
    Endpoint(
        *("POST", "/v1/blocklist", "blockNumbers", "blocklist.add", spoken("Block addresses"), "Blocks", block),
        description=spoken("What waits for them is withdrawn. `refused` names those that could not be read."),
        tag=spoken("Block list"),
        body="NewBlocks",
        parameters=(ACCOUNT,),
        examples={"one": {"numbers": ["011-15-5987-6543"], "note": "pidió la baja por correo"}},
    ),
    Endpoint(
        *(
            "DELETE",
            "/v1/blocklist/{number}",
            "unblockNumber",
            "blocklist.remove",
            spoken("Unblock an address"),
            "",
            unblock,
        ),
        tag=spoken("Block list"),
        status=204,
        parameters=(
            Parameter("number", forms.named(forms.ADDRESS), spoken("The address."), "path"),
            ACCOUNT,
            Parameter(
                "reason",
                forms.text(1000, least=3),
                spoken("Why the person may be contacted again, for the audit trail."),
                required=True,
            ),
        ),
    ),
)

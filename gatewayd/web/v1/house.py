"""Accounts with their settings, and the block list; what handlers of other modules have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, Endpoint, Handler, Parameter
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

NO_CONTENT: Final = 204


async def account_of(call: Call) -> str:
    """Returns the account that a request is about: the one it names, else the token's own."""
    if call.account is not None:
        return call.account
    bound = (await call.remote.actor(call.bearer)).account
    if bound is None:
        raise NotFoundError(_("account: name it; this token is not bound to one"))
    return bound


def performed(operation: str, status: int = 200, **names: str) -> Handler:
    """Returns a handler that performs an operation with what path, query and body say.

    `names`: what the operation calls a thing, by what the address or the body calls it. 204 answers no document.
    """

    async def handle(call: Call) -> Response:
        done = await call.ask(operation, **_said(call, names))
        return Response(status_code=204) if status == NO_CONTENT else answer(done, status)

    return handle


def in_account(operation: str, status: int = 200, **names: str) -> Handler:
    """Returns a handler like `performed`'s for an operation that must be told of which account."""

    async def handle(call: Call) -> Response:
        said = {**_said(call, names), "account": await account_of(call)}
        done = await call.ask(operation, **said)
        return Response(status_code=204) if status == NO_CONTENT else answer(done, status)

    return handle


def _said(call: Call, names: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {**call.query, **call.path, **(call.body or {})}
    return {names.get(name, name): value for name, value in said.items()}


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
        *(
            "GET",
            "/v1/accounts",
            "listAccounts",
            "account.list",
            spoken("List accounts"),
            "Accounts",
            performed("account.list"),
        ),
        description=spoken("Those that the token may see."),
        tag=spoken("Account"),
    ),
    Endpoint(
        *(
            "GET",
            "/v1/account",
            "showAccount",
            "account.show",
            spoken("Show the account"),
            "Account",
            in_account("account.show"),
        ),
        description=spoken("Balance, what is held for attempts, what was charged."),
        tag=spoken("Account"),
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", "/v1/account/statement", "showStatement", "account.statement", spoken("Show the account's statement")),
        *("Statement", in_account("account.statement")),
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
            performed("blocklist.list"),
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
    Endpoint(
        *("POST", "/v1/accounts", "createAccount", "account.create", spoken("Make an account"), "Account"),
        *(performed("account.create", 201, name="account"),),
        tag=spoken("Account"),
        status=201,
        body="NewAccount",
        conflicts=True,
        examples={"one": {"name": "este"}},
    ),
    Endpoint(
        *("POST", "/v1/account/credit", "creditAccount", "account.credit", spoken("Grant credit, or withdraw it")),
        *("Account", in_account("account.credit")),
        description=spoken("A negative amount withdraws; never more than the balance."),
        tag=spoken("Account"),
        body="Credit",
        conflicts=True,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", "/v1/account/sums", "sumAccount", "account.sums", spoken("Sum up what the account has moved")),
        *("Sums", in_account("account.sums")),
        tag=spoken("Account"),
        parameters=(
            ACCOUNT,
            Parameter("by", {"enum": ["job", "day"]}, spoken("A sum for each of these."), required=True),
        ),
    ),
    Endpoint(
        *("GET", "/v1/account/settings", "showSettings", "account.settings", spoken("Show the account's settings")),
        *("AccountSettings", in_account("account.settings")),
        description=spoken("null: not set; `effective` says what holds."),
        tag=spoken("Account"),
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("PATCH", "/v1/account/settings", "changeSettings", "account.set", spoken("Change the account's settings")),
        *("AccountSettings", in_account("account.set")),
        description=spoken("Only what is named; null takes a setting back to the gateway's own."),
        tag=spoken("Account"),
        body="SettingsChange",
        conflicts=True,
        parameters=(ACCOUNT,),
        examples={"one": {"company": "Norte Wifi", "low_credit": "500"}},
    ),
    Endpoint(
        *("GET", "/v1/account/mass-sends", "showMassSends", "mass.show", spoken("Show what sends to many ask for")),
        *("MassSends", in_account("mass.show")),
        description=spoken("Whether there is a password, and above how many people somebody else approves."),
        tag=spoken("Account"),
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", "/v1/reports/doubtful", "listDoubtful", "blocklist.doubtful"),
        *(spoken("List texts that may ask for no more"), "Doubtful", performed("blocklist.doubtful")),
        description=spoken("Of the last weeks, for a person to judge."),
        tag=spoken("Block list"),
        parameters=(CURSOR, LIMIT),
    ),
)

"""Webhooks: endpoints that events are posted to."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.web.v1 import forms
from gatewayd.web.v1.call import Call, answer
from gatewayd.web.v1.endpoint import ACCOUNT, CURSOR, LIMIT, Endpoint, Parameter
from gatewayd.web.words import spoken

HOOK: Final = Parameter("webhook", forms.named("^[1-9][0-9]{0,17}$"), spoken("The webhook's id."), "path")


def _number(call: Call) -> int:
    return int(call.path["webhook"])


async def find(call: Call) -> Response:
    return answer(await call.ask("webhook.list", **call.query))


async def add(call: Call) -> Response:
    return answer(await call.ask("webhook.add", account=call.account, **call.body), 201)


async def show(call: Call) -> Response:
    return answer(await call.ask("webhook.show", webhook=_number(call)))


async def change(call: Call) -> Response:
    return answer(await call.ask("webhook.set", webhook=_number(call), **call.body))


async def remove(call: Call) -> Response:
    await call.ask("webhook.remove", webhook=_number(call))
    return Response(status_code=204)


async def enable(call: Call) -> Response:
    return answer(await call.ask("webhook.enable", webhook=_number(call)))


async def disable(call: Call) -> Response:
    return answer(await call.ask("webhook.disable", webhook=_number(call)))


async def test(call: Call) -> Response:
    return answer(await call.ask("webhook.test", webhook=_number(call)))


async def failures(call: Call) -> Response:
    return answer(await call.ask("webhook.failures", webhook=_number(call), **call.query))


async def replay(call: Call) -> Response:
    return answer(await call.ask("webhook.replay", webhook=_number(call), **call.body))


ENDPOINTS: Final = (
    Endpoint(
        *("GET", "/v1/webhooks", "listWebhooks", "webhook.list", spoken("List webhooks"), "Webhooks", find),
        tag=spoken("Webhooks"),
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("POST", "/v1/webhooks", "addWebhook", "webhook.add", spoken("Add a webhook"), "Webhook", add),
        description=spoken("Events are posted as Standard Webhooks 1.0.0; the `secret` is answered this once."),
        tag=spoken("Webhooks"),
        status=201,
        body="NewWebhook",
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        *("GET", "/v1/webhooks/{webhook}", "showWebhook", "webhook.show", spoken("Show a webhook"), "Webhook", show),
        tag=spoken("Webhooks"),
        parameters=(HOOK,),
    ),
    Endpoint(
        *("PATCH", "/v1/webhooks/{webhook}", "changeWebhook", "webhook.set", spoken("Change a webhook"), "Webhook"),
        *(change,),
        description=spoken("`rotate` makes a new secret, which signs beside the old one for a day."),
        tag=spoken("Webhooks"),
        body="WebhookChange",
        parameters=(HOOK,),
    ),
    Endpoint(
        *("DELETE", "/v1/webhooks/{webhook}", "removeWebhook", "webhook.remove", spoken("Remove a webhook"), ""),
        *(remove,),
        tag=spoken("Webhooks"),
        status=204,
        parameters=(HOOK,),
    ),
    Endpoint(
        *("POST", "/v1/webhooks/{webhook}/enable", "enableWebhook", "webhook.enable", spoken("Enable a webhook")),
        *("Webhook", enable),
        tag=spoken("Webhooks"),
        parameters=(HOOK,),
    ),
    Endpoint(
        *("POST", "/v1/webhooks/{webhook}/disable", "disableWebhook", "webhook.disable", spoken("Disable a webhook")),
        *("Webhook", disable),
        tag=spoken("Webhooks"),
        parameters=(HOOK,),
    ),
    Endpoint(
        *("POST", "/v1/webhooks/{webhook}/test", "testWebhook", "webhook.test", spoken("Test a webhook")),
        *("WebhookVerdict", test),
        description=spoken("Posts a test event once and says whether it was acknowledged."),
        tag=spoken("Webhooks"),
        parameters=(HOOK,),
    ),
    Endpoint(
        *("GET", "/v1/webhooks/{webhook}/failures", "listFailures", "webhook.failures", spoken("List failures")),
        *("Failures", failures),
        description=spoken("What was not acknowledged, the newest first."),
        tag=spoken("Webhooks"),
        parameters=(HOOK, CURSOR, LIMIT),
    ),
    Endpoint(
        *("POST", "/v1/webhooks/{webhook}/replay", "replayEvents", "webhook.replay", spoken("Post events again")),
        *("Replay", replay),
        description=spoken("Under the same ids: those that failed within a range, or all of it."),
        tag=spoken("Webhooks"),
        body="NewReplay",
        parameters=(HOOK,),
    ),
)
